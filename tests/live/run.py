#!/usr/bin/env python3
"""Live tests: real programs, real TCP, and the record of wallbox-site as the judge (spec 09 9.3, 13 13.2).

    tests/live/run.py            every case
    tests/live/run.py NAME ...   the cases of these names, or whose names begin so
    tests/live/run.py --all ...  also those that the normal run leaves out: every meter model with every misbehaviour, more swarms of faults

Cases are the functions in CASES of each case_*.py beside this file. Each runs in a process of its own, three at a time: they mostly wait. Prints
a line per case and closes with `N passed, N failed, N skipped`; exit 1 when one failed or none was found. WALLBOX_BIN says which programs are
tested.
"""

import concurrent.futures
import importlib
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import rig  # noqa: E402

AT_ONCE = 3
SKIPPED = 3  # exit code of the process of a case


def all_cases(with_more):
    modules = [importlib.import_module(path.stem) for path in sorted(HERE.glob("case_*.py"))]
    return [case for module in modules for case in [*module.CASES, *(getattr(module, "MORE_CASES", []) if with_more else [])]]


def chosen(names, with_more):
    return [case for case in all_cases(with_more) if not names or any(case.__name__.startswith(name) for name in names)]


def one(name):
    """The process of a case."""
    case = next(case for case in all_cases(True) if case.__name__ == name)
    is_good, text = rig.run_case(name, case)
    print(text, flush=True)
    return SKIPPED if is_good is None else int(not is_good)


def in_its_process(name):
    done = subprocess.run([sys.executable, __file__, "--one", name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    print(done.stdout.decode(errors="replace"), end="", flush=True)
    return done.returncode


def main(names):
    if names[:1] == ["--one"]:
        return one(names[1])
    with_more = "--all" in names
    names = [name for name in names if name != "--all"]
    cases = [case.__name__ for case in chosen(names, with_more)]
    if not cases:
        print(f"no case begins with {', '.join(names)}; there are: {', '.join(case.__name__ for case in all_cases(with_more))}")
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        codes = list(pool.map(in_its_process, cases))
    passed, skipped = codes.count(0), codes.count(SKIPPED)
    print(f"{passed} passed, {len(codes) - passed - skipped} failed, {skipped} skipped")
    return 0 if passed > 0 and passed + skipped == len(codes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
