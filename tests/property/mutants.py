#!/usr/bin/env python3
"""Wrong versions of the allocation: each must break a named property of property_allocate.

    tests/property/mutants.py [NAME ...]     all, or those whose name contains a NAME
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
import mutant  # noqa: E402

SITES = 20000
COMMAND = ["{program}", "--stop", "--seeds", str(SITES), "--only"]
BASE_COMMAND = ["{program}", "--seeds", "1000"]
POOL = "manager/core/pool.c"
ADMIT = "manager/core/admit.c"
FILL = "manager/core/fill.c"
LEVEL = "manager/core/fill_level.c"
ALLOCATE = "manager/core/allocate.c"

WRONG = [  # name, property that must break, file, old text, new text
    ("forgets one node", "A1 conservation", POOL, "i != NODE_NONE && !lacks; i = node[i].parent", "i != 0 && !lacks; i = node[i].parent"),
    ("forgets one node when it takes", "A1 conservation", POOL, "    for (uint16_t i = box->node; i != NODE_NONE; i = node[i].parent) {\n"
     "        for (int r = 0; r < p->n; r++) {\n            p->left[i][r] -= (int64_t)ma",
     "    for (uint16_t i = box->node; i != 0; i = node[i].parent) {\n"
     "        for (int r = 0; r < p->n; r++) {\n            p->left[i][r] -= (int64_t)ma"),
    ("forgets one phase", "A1 conservation", POOL, "HAS(used, 2) * (times)", "0"),
    ("forgets watts of three-phase vehicles", "A1 conservation", POOL, "COUNT(used), COUNT(used) * (sun)", "(COUNT(used) > 0), COUNT(used) * (sun)"),
    ("forgets a limit in watts of nothing", "A1 conservation", POOL, "node[i].budget_w >= 0 ? POOL_WATTS + 1", "node[i].budget_w > 0 ? POOL_WATTS + 1"),
    ("rounds watts up", "A1 conservation", POOL, "budget_w * 1000000 / voltage_mv", "(budget_w * 1000000 + voltage_mv - 1) / voltage_mv"),
    ("rounds the level up", "A1 conservation", LEVEL, " : spare / moving;", " : (spare + moving - 1) / moving;"),
    ("takes a step where less is left", "A1 conservation", FILL, "s->is_moving[i] && rise_ma > 0 && pool_fits(&s->trial, job->node, &job->box[i], job->rules->step_ma, POOL_FOR_RISE)",
     "s->is_moving[i] && rise_ma > 0 && pool_fits(&s->trial, job->node, &job->box[i], 1, POOL_FOR_RISE)"),
    ("lets a lower priority in first", "A5 priority (admission)", ADMIT, "key = key << 4 | (uint64_t)(PRIORITY_MAX - box->priority);", "key = key << 4 | (uint64_t)box->priority;"),
    ("raises a lower priority first", "A5 priority (raise)", ADMIT, "(uint64_t)(PRIORITY_MAX - box->priority) << 16 | box->rank", "(uint64_t)box->priority << 16 | box->rank"),
    ("drops a turn", "A6 no starvation", ADMIT, "return box->running_ms - box->before_turn_ms < job->rules->turn_ms ? 0 : (uint64_t)longest_ms + 1;", "return 0;"),
    ("lets nobody be overdue", "A5 priority (admission)", ADMIT, "return box->waiting_ms >= round_turns(job, box) * job->rules->turn_ms;", "return false;"),
    ("displaces those that have just started", "A7 stability (result as state)", ADMIT, "return is_running(box) && box->running_ms < job->rules->min_run_ms;", "return false;"),
    ("starts those stopped a moment ago", "A7 stability (stopped ones rest)", ADMIT, "job->box[i].blocked_ms > 0 && !job->s->is_overdue[i]", "false"),
    ("subtracts a refused wallbox", "A3 no waste", ADMIT, "        if (s->is_admitted[i]) {\n            pool_take(&s->floor", "        {\n            pool_take(&s->floor"),
    ("stops at the first that does not fit", "A3 no waste", ADMIT, "        look_at_sun(job, i, may_start);", "        look_at_sun(job, i, may_start);\n        if (!may_start) {\n            break;\n        }"),
    ("ignores the start margin", "A5 priority (admission)", ADMIT, "(is_running(&job->box[i]) ? 0 : job->rules->start_margin_ma)", "0"),
    ("asks the start margin of those running", "A7 stability (falling budgets)", ADMIT, "(is_running(&job->box[i]) ? 0 : job->rules->start_margin_ma)", "job->rules->start_margin_ma"),
    ("forgets that a turn has begun anew", "A5 priority (admission)", ADMIT, "box->running_ms - box->before_turn_ms <", "box->running_ms <"),
    ("forgets who has charged longest", "A5 priority (admission)", ADMIT, "(uint64_t)job->box[s->line[k]].served_ms", "0"),
    ("takes the largest laxity first", "A9 departure order", ADMIT, "(uint64_t)box->laxity_ms - (uint64_t)least_ms", "INT64_MAX - ((uint64_t)box->laxity_ms - (uint64_t)least_ms)"),
    ("breaks ties by list position", "A8 order free (wallboxes)", ADMIT, "<< 16 | box->rank", "<< 16 | s->class[k]"),
    ("hands out steps by list position", "A8 order free (wallboxes)", FILL, "s->key[s->mover[k]] = job->box[s->mover[k]].rank;", "s->key[s->mover[k]] = s->mover[k];"),
    ("gives a share to a wallbox at its demand", "A3 no waste", LEVEL, "move(f, i, f->job->out[i].allocated_ma, -1);",
     "move(f, i, f->job->out[i].allocated_ma + f->job->rules->step_ma, -1);"),
    ("raises beyond the demand", "A2 validity", ALLOCATE, "min_i32(min_i32(want_ma, box->cap_ma), MA_MAX)", "min_i32(min_i32(box->max_ma, box->cap_ma), MA_MAX)"),
    ("charges below the minimum", "A2 validity", ALLOCATE, "} else if (want_ma < box->min_ma) {", "} else if (want_ma < box->min_ma / 2) {"),
    ("ignores weights", "A4 fairness", LEVEL, "return f->is_mixed ? f->job->box[i].weight : 1;", "return 1;"),
    ("ignores the sun for rises", "A1 conservation (sun)", LEVEL, "    if (need == 0) {", "    if (need == 0 || (r >= POOL_SUN_SUM && r < POOL_IMBALANCE)) {"),
    ("lets a guaranteed minimum wait for the sun", "solar: guaranteed minimum", POOL, "return is_guaranteed ? shares[0][box->used] : pool_shares(box);", "return pool_shares(box);"),
    ("sums the sun although it counts per phase", "A1 conservation (sun)", POOL, "if (rules->surplus_mode == SURPLUS_SUMMED) {", "if (rules->surplus_mode == SURPLUS_PER_PHASE) {"),
    ("starts one that may only look at the sun", "solar: only from the sun", ADMIT, "may_start && job->box[i].solar != ALLOC_SOLAR_LOOK", "may_start"),
    ("finds sun that another has taken", "solar: covered", ADMIT, "if (job->out[i].is_covered || job->s->is_admitted[i]) {", "if (job->s->is_admitted[i]) {"),
    ("counts three-phase vehicles as imbalance", "A5 priority (admission)", POOL, "EACH(used, COUNT(used) < PHASE_N)", "EACH(used, 1)"),
    ("forgets the imbalance", "A1 conservation (imbalance)", POOL, "node->has_imbalance ? max_i32(node->imbalance_ma, 0) : POOL_NO_LIMIT", "POOL_NO_LIMIT"),
    ("forgets fixed wallboxes", "A1 conservation", ALLOCATE, "            pool_take_fixed(&job->s->base, job->node, &job->box[i]);", ""),
    ("names a schedule before a lost meter", "reason of those at 0", POOL, "    } else if (node[place.node].is_fallback) {", "    } else if (node[place.node].is_fallback && node[place.node].scheduled == 0) {"),
    ("names the others before a rule", "reason of those at 0", ALLOCATE, "    if (is_rule(out->reason)) {\n        return;\n    }\n", ""),
    ("counts a full round too short", "A5 priority (admission)", ADMIT, "div_up(s->competing_n[i][r], max_i32(s->fitting_n[i][r], 1))", "div_down(s->competing_n[i][r], max_i32(s->fitting_n[i][r], 1))"),
    ("keeps something from the last run", "A7 stability (equal input)", LEVEL, "    memset(s->moving, 0, sizeof s->moving[0] * node_n);\n", ""),
]

SOURCES = ["manager/core/{}.c".format(name) for name in ("allocate", "admit", "fill*", "pool", "budget*", "meter*", "params", "schedule*", "site")] + [
    "common/base/*.c", "tests/property/*.c", "proto/msg.c", "tests/lib/check_failed.c"]
PROGRAM = mutant.Program(
    name="property_allocate",
    sources=sorted({str(path.relative_to(ROOT)) for pattern in SOURCES for path in ROOT.glob(pattern)}),
    headers=["manager/core", "common/base", "proto", "tests/property"],
    defines=["_GNU_SOURCE"],
)


def explain(output):
    """Which property broke, and after how many sites."""
    found = re.search(r"^FAIL (.+) \(\d+ of (\d+) sites, first seed \d+\)$", output, re.MULTILINE)
    return found and f"{found[1]}, {'at the first site' if found[2] == '1' else f'after {found[2]} sites'}"


def main(words):
    wrong = [entry for entry in WRONG if not words or any(word in entry[0] for word in words)]
    return mutant.run_all(PROGRAM, [mutant.Mutant(name, file, old, new, [*COMMAND, must_break]) for name, must_break, file, old, new in wrong], explain, BASE_COMMAND)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
