#!/usr/bin/env python3
"""Live tests: real programs, real TCP, and the record of wallbox-site as the judge (spec 09 9.3, 13 13.2).

    tests/live/run.py            every case
    tests/live/run.py NAME ...   the cases of these names, or whose names begin so
    tests/live/run.py --all ...  also those that the normal run leaves out: every meter model with every misbehaviour

Cases are the functions in CASES of each case_*.py beside this file; they run one after the other. Prints a line per case and closes with
`N passed, N failed, N skipped`; exit 1 when one failed or none was found. WALLBOX_BIN says which programs are tested.
"""

import importlib
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import rig  # noqa: E402


def all_cases(with_more):
    modules = [importlib.import_module(path.stem) for path in sorted(HERE.glob("case_*.py"))]
    return [case for module in modules for case in [*module.CASES, *(getattr(module, "MORE_CASES", []) if with_more else [])]]


def chosen(names, with_more):
    return [case for case in all_cases(with_more) if not names or any(case.__name__.startswith(name) for name in names)]


def main(names):
    passed = 0
    failed = 0
    with_more = "--all" in names
    names = [name for name in names if name != "--all"]
    for case in chosen(names, with_more):
        is_good, text = rig.run_case(case.__name__, case)
        print(text, flush=True)
        passed += is_good
        failed += not is_good
    if passed + failed == 0:
        print(f"no case begins with {', '.join(names)}; there are: {', '.join(case.__name__ for case in all_cases(with_more))}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 0 if passed > 0 and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
