#!/usr/bin/env python3
"""Wrong versions of the cores: the simulator must find each within 500 seeds, by an invariant.

    tests/sim/mutants.py [NAME ...]     all, or those whose name contains a NAME
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
import mutant  # noqa: E402

COMMAND = ["{program}", "--seeds", "500"]
BASE_COMMAND = ["{program}", "--seeds", "20"]
FAILED = re.compile(r"^FAILED seed (\d+) at ([\d.]+) s: ([A-Z]\d): ", re.MULTILINE)
GENERATED = "build/release/proto"
GRANT = "client/core/grant.c"
LEASE = "manager/core/lease.c"

WRONG = [  # name, file, old text, new text
    ("lease counted from the arrival of the grant", GRANT, "    g->ends_ms = after_ms(sent_ms, m->lease_ms);", "    g->ends_ms = after_ms(now_ms, m->lease_ms);"),
    ("no quiet period after a restart of the manager", "manager/core/epoch.c", "MS_FOREVER : m->now_ms + wait_ms;", "MS_FOREVER : m->now_ms;"),
    ("raise sent before the cut was acknowledged", LEASE, "    live_add(l, g);\n    l->booked_ma = max_i32(l->booked_ma, ma);",
     "    l->live_n = 0;\n    live_add(l, g);\n    rebook(l, now_ms, LOWER_BY_CUT);"),
    ("lost client booked at nothing instead of its fallback", LEASE, "    return l->alive_ms == MS_NEVER ? MS_NEVER : l->alive_ms + l->rules->least_ms;", "    return MS_FOREVER;"),
    ("epoch not checked", GRANT, "    if (m->epoch == 0 || m->epoch < g->epoch_seen) {\n        return RC_REFUSED;\n    }\n    if (m->epoch == g->epoch_kept) {",
     "    if (m->epoch < g->epoch) {\n        g->epoch = 0;\n    }\n    if (m->epoch <= g->epoch_kept) {"),
    ("settle time ignored", LEASE, "        settle_add(l, (struct lease_settle){l->booked_ma, at_ms + settle_ms, why == LOWER_BY_CUT});",
     "        settle_add(l, (struct lease_settle){l->booked_ma, at_ms + 0 * settle_ms, why == LOWER_BY_CUT});"),
    ("fallback acknowledged before it was stored", "client/core/book.c",
     "    if (c->ack_due && fallback_is_stored(c)) { /* stored first, acknowledged then */\n        fallback_ack(c);",
     "    if (c->ack_due) {\n        struct client_keep have = c->have;\n        c->have = c->want;\n        fallback_ack(c);\n        c->have = have;"),
    ("client rises to its fallback at once", GRANT, "    if (!g->live && !g->risen && after_ms(g->wait_from_ms, g->rise_after_ms) <= now_ms) {", "    if (!g->live && !g->risen) {"),
    ("a fired watchdog is not latched", "tests/sim/board.c", "    b->is_latched = true;", "    b->is_latched = false;"),
    ("measurement below the offer ends the settle time", LEASE, "    l->drawn_until_ms = now_ms + with_drift_ms(l->rules->lease_ms)",
     "    if (max_i32(drawn_ma[0], max_i32(drawn_ma[1], drawn_ma[2])) <= l->newest_ma) {\n        l->settle_n = 0;\n    }\n"
     "    l->drawn_until_ms = now_ms + with_drift_ms(l->rules->lease_ms)"),
    ("lease renewed although no control cycle was complete", "manager/core/core.c", "m->now_ms >= cycle_next_ms(m) && cycle_is_complete(m)) {", "m->now_ms >= cycle_next_ms(m)) {"),
]


def sources():
    folders = ["common/base", "proto", "manager/core", "client/core", "tests/sim"]
    return [str(path.relative_to(ROOT)) for folder in folders for path in sorted((ROOT / folder).glob("*.c"))] + [f"{GENERATED}/fleet.pb-c.c"]


def explain(output):
    found = FAILED.search(output)
    return f"{found[3]} at seed {found[1]}, {float(found[2]):.1f} s" if found else None


def main():
    names = sys.argv[1:]
    if not (ROOT / GENERATED / "fleet.pb-c.c").is_file():
        print(f"{GENERATED}/fleet.pb-c.c is missing: build preset release first")
        print(f"0 passed, 1 failed, {len(WRONG)} skipped")
        return 1
    program = mutant.Program("sim", sources(), ["common/base", "proto", "manager/core", "client/core", "tests/sim", GENERATED], libraries=["protobuf-c"],
                             includes=[ROOT / GENERATED])
    chosen = [mutant.Mutant(name, file, old, new, COMMAND) for name, file, old, new in WRONG if not names or any(word in name for word in names)]
    return mutant.run_all(program, chosen, explain, BASE_COMMAND)


if __name__ == "__main__":
    sys.exit(main())
