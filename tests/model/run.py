#!/usr/bin/env python3
"""The lease protocol as a model, searched by spin (spec 05, 09 9.3). What the model says and leaves out: MODEL.md.

    tests/model/run.py              the correct model in every configuration, every broken variant, every goal
    tests/model/run.py NAME ...     those of these names, or whose names begin so
    tests/model/run.py long         larger configurations, for a change of the protocol (minutes)
    tests/model/run.py show NAME    the shortest run that breaks a variant or reaches a goal, step by step

The correct model is searched exhaustively: every state is stored whole, nothing is hashed away. A variant must break the property named
here, and a goal must be reached. Prints a line each and closes with `N passed, N failed, N skipped`.
"""

import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
WORK = HERE.parents[1] / "build" / "model"
MEMORY_MB = 3500
STORED = re.compile(r"^\s*(\d+) states, stored", re.MULTILINE)
VIOLATED = re.compile(r"assertion violated (.*?) \(at depth")

BASE = {"CLIENTS": 2, "MANAGERS": 1, "MAX": 1, "BUDGET": 1, "FALLBACK_0": 0, "FALLBACK_1": 0, "LEASE": 2, "SETTLE": 1, "WATCHDOG": 1, "MARGIN": 2}
RESTARTS = {"MANAGER_RESTARTS": 1, "CLIENT_RESTARTS": 1}
ONE = {"CLIENTS": 1, "MAX": 2, "BUDGET": 2, "FALLBACK_0": 1, "LINKS": 1}

CONFIGURATIONS = {
    "ledger": {**ONE, **RESTARTS, "LEASE": 1},
    "ledger-fallback": {**ONE, **RESTARTS, "MAX": 1, "BUDGET": 1, "LEASE": 3},
    "contactor": {**ONE, "FALLBACK_0": 0, "CONTACTOR": 1, "MANAGER_RESTARTS": 1},
    "fallback-set": {**ONE, **RESTARTS, "MAX": 1, "BUDGET": 1, "LEASE": 1, "WATCHDOG": 0, "FALLBACK_MOVES": 1},
    "leases": {**RESTARTS, "FREE_CLOCKS": 1},
    "levels": {"MAX": 2, "BUDGET": 2, "FALLBACK_0": 1, "LEASE": 1, "WATCHDOG": 0, "MANAGER_RESTARTS": 1},
    "fallback": {**RESTARTS, "FALLBACK_0": 1},
    "managers": {"MANAGERS": 2, "LEASE": 1, "SETTLE": 0, "WATCHDOG": 0},
}
LONG = {
    "long-ledger": {**ONE, **RESTARTS, "SETTLE": 2},
    "long-clocks": {**ONE, **RESTARTS, "MAX": 1, "BUDGET": 1, "FREE_CLOCKS": 1},
    "long-levels": {**RESTARTS, "MAX": 2, "BUDGET": 2, "FALLBACK_0": 1, "FALLBACK_1": 1, "LEASE": 1, "WATCHDOG": 0},
    "long-fallback": {**RESTARTS, "FALLBACK_0": 1, "LEASE": 3, "SETTLE": 2},
    "long-managers": {"MANAGERS": 2, "WATCHDOG": 0},
}
# name: (configuration, switches, property that fails)
VARIANTS = {
    "lease-from-arrival": ("leases", "BREAK_ARRIVAL", "S1"),
    "lease-without-drift": ("leases", "BREAK_DRIFT", "S1"),
    "settle-ignored": ("leases", "BREAK_SETTLE", "S1"),
    "raise-before-cut-is-named": ("leases", "BREAK_RAISE_EARLY", "S1"),
    "named-before-board-confirms": ("contactor", "BREAK_NAMED_EARLY", "S1"),
    "open-contactor-waives-all": ("contactor", "BREAK_OPEN_WAIVES_ALL", "S1"),
    "old-status-answered": ("contactor", "BREAK_OLD_STATUS", "S1"),
    "no-quiet-period": ("leases", "BREAK_NO_QUIET", "S1"),
    "quiet-without-board": ("leases", "BREAK_QUIET_SHORT", "S1"),
    "epoch-used-before-stored": ("leases", "BREAK_EPOCH_REUSED", "S1"),
    "first-report-does-not-settle": ("leases", "BREAK_ADOPTION", "S1"),
    "old-report-is-renewed": ("leases", "BREAK_ADOPT_OVER", "sum"),
    "renewed-beside-unheard": ("fallback", "BREAK_RENEWAL", "sum"),
    "renewed-beside-fallback": ("fallback", "BREAK_RENEWAL_FREE", "sum"),
    "lost-at-zero": ("fallback", "BREAK_LOST_AT_ZERO", "S1"),
    "fallback-at-once": ("fallback", "BREAK_RISE_AT_ONCE", "S1"),
    "fallback-after-one-lease": ("fallback", "BREAK_RISE_SHORT", "sum"),
    "fallback-from-unnamed-grant": ("fallback", "BREAK_FALLBACK_LATE", "S1"),
    "fallback-from-named-grant": ("ledger-fallback", "BREAK_P_LATE", "S1"),
    "acknowledged-before-stored": ("fallback-set", "BREAK_ACK_FIRST", "S1"),
    "larger-without-new-wait": ("fallback-set", "BREAK_NO_NEW_WAIT", "S1"),
    "larger-not-counted-when-sent": ("fallback-set", "BREAK_FALLBACK_UNCOUNTED", "S1"),
    "hello-shows-only-what-is-stored": ("fallback-set", "BREAK_HELLO", "S1"),
    "client-ignores-epochs": ("managers", "BREAK_EPOCH", "S6"),
    "client-ignores-epochs-sum": ("managers", "BREAK_EPOCH SUMS_ONLY", "sum"),
    "second-manager-counts-nobody": ("managers", "BREAK_FOREIGN", "sum"),
    "only-higher-epochs-are-foreign": ("managers", "BREAK_ONLY_HIGHER", "sum"),
    "import-forgotten": ("managers", "BREAK_IMPORT_FORGOTTEN", "sum"),
}
GOALS = {
    "reach-both-hold-grants": ("levels", 1),
    "reach-raise-after-cut": ("levels", 2),
    "reach-fallback-after-grant": ("fallback", 3),
    "reach-restart-unnoticed": ("leases", 4),
    "reach-raise-beside-unheard": ("leases", 5),
    "reach-fallback-lowered-and-raised": ("fallback-set", 6),
    "reach-second-manager-takes-over": ("managers", 7),
    "reach-first-manager-stops": ("managers", 8),
}


class Broken(Exception):
    """spin, the compiler or the search did not do what was asked."""


def run(command, folder):
    """Run to the end: exit code, output, seconds of processor, MB at most."""
    log = folder / "out"
    with log.open("wb") as out:
        process = subprocess.Popen([str(word) for word in command], cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, log.read_text(errors="replace"), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def must(command, folder):
    code, output, seconds, _ = run(command, folder)
    if code != 0:
        raise Broken(f"{command[0]} failed: {output.strip()[:500]}")
    return seconds


def search(name, settings, shortest):
    """Build the search for these settings and run it. shortest: breadth first, for a run to look at; else depth first, for all states."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for source in HERE.glob("*.pml"):
        shutil.copy(source, folder)
    seconds = must(["spin", "-a", *(f"-D{key}={value}" for key, value in {**BASE, **settings}.items()), "lease.pml"], folder)
    how = ["-O0", "-DBFS"] if shortest else ["-O1"]
    seconds += must(["gcc", "-w", *how, "-DSAFETY", "-DNOREDUCE", "-DNOFAIR", "-DNOBOUNDCHECK", f"-DMEMLIM={MEMORY_MB}", "-o", "pan", "pan.c"], folder)
    _, output, more, mb = run(["./pan", "-m2000000", "-w20" if shortest else "-w22"], folder)
    stored = STORED.search(output)
    if not stored:
        raise Broken(output.strip()[-500:])
    return output, int(stored[1]), seconds + more, mb


def figures(states, seconds, mb):
    return f"{states:,} states, {seconds:.1f} s, {mb:.0f} MB"


def failed_property(output):
    found = VIOLATED.search(output)
    if not found:
        return None
    if "g_epoch" in found[1]:
        return "S6"
    return "S1" if "up[0]" in found[1] else "sum"


def check_correct(name, settings):
    output, states, seconds, mb = search(name, settings, False)
    text = figures(states, seconds, mb)
    if "errors: 0" not in output:
        return False, f"{failed_property(output) or 'an error'} is violated, {text}\n{told(name)}"
    if "Search not completed" in output or "max search depth too small" in output:
        return False, f"the search was not complete, {text}"
    return True, text


def check_variant(name, variant):
    configuration, switches, wanted = variant
    output, states, seconds, mb = search(name, {**CONFIGURATIONS[configuration], **{switch: 1 for switch in switches.split()}}, True)
    found = failed_property(output)
    return found == wanted, f"{found or 'nothing'} is violated{'' if found == wanted else f', expected was {wanted}'}, {figures(states, seconds, mb)}"


def check_goal(name, goal):
    configuration, number = goal
    output, states, seconds, mb = search(name, {**CONFIGURATIONS[configuration], "GOAL": number}, True)
    is_reached = VIOLATED.search(output) is not None
    return is_reached, f"{'reached' if is_reached else 'not reached'}, {figures(states, seconds, mb)}"


def told(name):
    """The run that the last search found, as the model tells it."""
    _, output, _, _ = run(["./pan", "-r"], WORK / name)
    return "\n".join(line.strip() for line in output.splitlines() if re.match(r" *(client \d[ :]|manager \d|-- a tick)", line))


def checks():
    every = {name: lambda name=name, settings=settings: check_correct(name, settings) for name, settings in CONFIGURATIONS.items()}
    every.update({name: lambda name=name, variant=variant: check_variant(name, variant) for name, variant in VARIANTS.items()})
    every.update({name: lambda name=name, goal=goal: check_goal(name, goal) for name, goal in GOALS.items()})
    return every


def chosen(words):
    if words == ["long"]:
        return {name: lambda name=name, settings=settings: check_correct(name, settings) for name, settings in LONG.items()}
    return {name: check for name, check in checks().items() if not words or any(name.startswith(word) for word in words)}


def main(words):
    is_show = words[:1] == ["show"]
    if shutil.which("spin") is None or shutil.which("gcc") is None:
        print("FAIL spin or gcc is missing: deploy/setup --tests installs them")
        print("0 passed, 1 failed, 0 skipped")
        return 1
    passed = 0
    failed = 0
    begin = time.monotonic()
    for name, check in chosen(words[1:] if is_show else words).items():
        try:
            is_good, text = check()
        except Broken as error:
            is_good, text = False, str(error)
        print(f"{'PASS' if is_good else 'FAIL'} {name}: {text}", flush=True)
        if is_show:
            print(told(name))
        passed += is_good
        failed += not is_good
    if passed + failed == 0:
        print(f"nothing begins with {', '.join(words)}; there are: {', '.join([*checks(), 'long'])}")
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{time.monotonic() - begin:.0f} s, of these {spent.ru_utime + spent.ru_stime:.0f} s of processor")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 0 if passed > 0 and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
