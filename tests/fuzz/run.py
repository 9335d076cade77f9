#!/usr/bin/env python3
"""Fuzz targets: builds all (clang, preset fuzz) and runs each on its corpus, then on what libFuzzer makes of it.

    python3 tests/fuzz/run.py [--seconds N] [TARGET...]

--seconds N  how long each runs, default 10
TARGET       only these: names of tests/fuzz/NAME.c

New inputs go to build/fuzz/found/NAME, those that break something to build/fuzz/broken. Closes with `N passed, N failed, N skipped`.
"""

import argparse
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "fuzz"
BUILD = ROOT / "build" / "fuzz"
INPUT_MAX_LEN = 4096  # longer ones find nothing new in these parsers and cost time
ONE_INPUT_MAX_S = 10
MEMORY_MAX_MB = 2048


def build():
    if not (BUILD / "build.ninja").is_file() and subprocess.run(["cmake", "--preset", "fuzz"], cwd=ROOT, check=False).returncode != 0:
        return False
    return subprocess.run(["cmake", "--build", BUILD, "--target", "fuzz_targets", "--", "--quiet"], cwd=ROOT, check=False).returncode == 0


def run(name, seconds):
    """Whether a target survived, and what it said."""
    found = BUILD / "found" / name
    broken = BUILD / "broken"
    corpus = HERE / "corpus" / name
    found.mkdir(parents=True, exist_ok=True)
    broken.mkdir(parents=True, exist_ok=True)
    if not any(corpus.glob("*")):
        return False, f"{corpus} is empty"
    longest = max(path.stat().st_size for path in corpus.glob("*"))
    done = subprocess.run([BUILD / "tests" / f"fuzz_{name}", f"-max_total_time={seconds}", f"-timeout={ONE_INPUT_MAX_S}", f"-rss_limit_mb={MEMORY_MAX_MB}",
                           f"-max_len={max(INPUT_MAX_LEN, longest)}", f"-artifact_prefix={broken}/{name}-", "-close_fd_mask=2", "-print_final_stats=1", found, corpus],
                          cwd=BUILD, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode == 0, done.stdout.decode(errors="replace")


def stat(output, key):
    lines = [line for line in output.splitlines() if line.startswith(f"stat::{key}:")]
    return lines[0].split()[-1] if lines else "?"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10, help="how long each target runs (default 10)")
    parser.add_argument("target", nargs="*", help="only these")
    arguments = parser.parse_args()
    every = sorted(path.stem for path in HERE.glob("*.c"))
    unknown = set(arguments.target) - set(every)
    if unknown or arguments.seconds < 1:
        print(f"there are {', '.join(every)}; --seconds is 1 or more", file=sys.stderr)
        return 2
    names = arguments.target or every
    if shutil.which("clang") is None:
        print("clang is not installed: nothing was fuzzed")
        print(f"0 passed, 0 failed, {len(names)} skipped")
        return 0
    if not build():
        print(f"0 passed, {len(names)} failed, 0 skipped")
        return 1
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for name, (is_good, output) in zip(names, pool.map(lambda name: run(name, arguments.seconds), names)):
            if not is_good:
                failed += 1
                print(output[-6000:])
            print(f"{name}: {'passed' if is_good else 'FAILED'}, {stat(output, 'number_of_executed_units')} inputs", flush=True)
    print(f"{len(names) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
