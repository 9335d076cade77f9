#!/usr/bin/env python3
"""The deterministic simulator (build/release/tests/sim) on all cores: seeds for each run of the tests, more by hand.

    tests/sim/run.py                          the first 1000 seeds, their hashes twice, some with other numbers of wallboxes, ten runs of six hours
    tests/sim/run.py --first N --seeds M      those
    tests/sim/run.py --table                  how long the offers were above the budget, by fault, against the bound

Prints what failed and closes with `N passed, N failed, N skipped`.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
COUNTS = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.MULTILINE)
SLICE = 50  # seeds of one process
HASHED = 10
LONG_RUNS = 10


class Total:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def add(self, is_good):
        self.passed += is_good
        self.failed += not is_good


def sim(program, *words):
    done = subprocess.run([str(program), *(str(word) for word in words)], cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    return done.returncode, done.stdout + done.stderr


def without_closing_line(output):
    return "\n".join(line for line in output.splitlines() if not COUNTS.match(line))


def count(total, code, output):
    found = COUNTS.findall(output)
    passed, failed, _ = (int(n) for n in found[-1]) if found else (0, 0, 0)
    if passed + failed == 0 or (code != 0 and failed == 0):
        failed += 1
    total.passed += passed
    total.failed += failed
    text = without_closing_line(output)
    if text:
        print(text, flush=True)


def jobs(options):
    """Command lines that count their own seeds."""
    for first in range(options.first, options.first + options.seeds, SLICE):
        yield ["--first", first, "--seeds", min(SLICE, options.first + options.seeds - first), "--keep-going"]
    if options.all:
        yield ["--seeds", 20, "--clients", 1, "--keep-going"]
        yield ["--seeds", 20, "--clients", 3, "--keep-going"]
        yield ["--seeds", 4, "--clients", 64, "--keep-going"]
        yield ["--seeds", 20, "--calm", "--keep-going"]
        for seed in range(1, LONG_RUNS + 1):
            yield ["--seed", seed, "--hours", 6]


def hashes(program, first):
    """The same seed gives the same run twice."""
    words = ["--first", first, "--seeds", HASHED, "--keep-going", "--hash"]
    lines = [[line for line in sim(program, *words)[1].splitlines() if " hash " in line] for _ in range(2)]
    if lines[0] != lines[1] or len(lines[0]) != HASHED:
        print("the same seeds did not give the same hashes:", *(f"{a}\n{b}" for a, b in zip(*lines) if a != b), sep="\n")
        return False
    return True


def table(program, options, pool):
    """Longest time over all seeds for each fault."""
    worst = {}
    ranges = [(first, min(SLICE, options.first + options.seeds - first)) for first in range(options.first, options.first + options.seeds, SLICE)]
    for _, output in pool.map(lambda one: sim(program, "--first", one[0], "--seeds", one[1], "--keep-going", "--table"), ranges):
        for name, reached, bound, lost, lost_bound in re.findall(r"^fault (\S+) reachable_ms (\d+) of (\d+) not_reachable_ms (\d+) of (\d+)$", output, re.MULTILINE):
            row = worst.setdefault(name, [0, 0, 0, 0])
            for i, (value, limit) in enumerate(((reached, bound), (lost, lost_bound))):
                if int(value) * max(row[2 * i + 1], 1) >= row[2 * i] * int(limit):  # the largest share of its bound
                    row[2 * i:2 * i + 2] = [int(value), int(limit)]
    print(f"{'fault within the last 20 s':28} {'all reachable':>22} {'not all reachable':>22}")
    for name, row in worst.items():
        print(f"{name:28} {row[0]:>8} of {row[1]:>6} ms {row[2]:>10} of {row[3]:>6} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=0)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--program", default=str(ROOT / "build" / "release" / "tests" / "sim"))
    options = parser.parse_args()
    options.all = options.seeds == 0
    options.seeds = options.seeds or 1000
    total = Total()
    if not pathlib.Path(options.program).is_file():
        print(f"{options.program} is missing: build preset release first")
        print("0 passed, 1 failed, 0 skipped")
        return 1
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        if options.table:
            table(options.program, options, pool)
        twice = pool.submit(hashes, options.program, options.first)
        for code, output in pool.map(lambda words: sim(options.program, *words), jobs(options)):
            count(total, code, output)
        total.add(twice.result())
    print(f"{total.passed} passed, {total.failed} failed, 0 skipped")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
