#!/usr/bin/python3
"""Every meter model read through an independent Modbus stack (python3-pymodbus of Debian) as the server.

    tests/meters/run.py            every case
    tests/meters/run.py NAME ...   the cases whose names begin so: a model, or a case

Register images are written from tests/meters/facts.py and compared with what `wallbox-manager --test-meter` prints. Prints a line per case and
closes with `N passed, N failed, N skipped`; exit 1 when one failed or none was found. WALLBOX_BIN says which programs are tested.
"""

import logging
import os
import pathlib
import subprocess
import sys
import time

DEBIAN_PYTHON = "/usr/bin/python3"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
try:
    import pymodbus  # noqa: F401
except ImportError:
    if sys.executable == DEBIAN_PYTHON:
        raise
    os.execv(DEBIAN_PYTHON, [DEBIAN_PYTHON, *sys.argv])  # pymodbus is a package of Debian's Python

import case_models  # noqa: E402
import case_places  # noqa: E402
import case_trouble  # noqa: E402
import facts  # noqa: E402
import reader  # noqa: E402
from peers import Peers  # noqa: E402

PROBLEMS = (reader.Failed, AssertionError, OSError, subprocess.SubprocessError, KeyError, ValueError, TypeError, IndexError, ArithmeticError, TimeoutError)


def all_cases():
    yield "the_list_names_every_model", lambda peers: case_models.the_list_names_every_model(peers, facts.MODELS)
    yield from case_models.cases(facts.MODELS)
    for module in (case_places, case_trouble):
        for case in module.CASES:
            yield case.__name__, case


def run_case(name, case, peers):
    begin = time.monotonic()
    try:
        case(peers)
        text = None
    except PROBLEMS as problem:
        text = f"{type(problem).__name__}: {problem}"
    print(f"{'PASS' if text is None else 'FAIL'} {name} ({time.monotonic() - begin:.1f} s){'' if text is None else ': ' + text}", flush=True)
    return text is None


def main(names):
    logging.disable(logging.CRITICAL)  # pymodbus tells of every exception that a case wants
    peers = Peers()
    results = [run_case(name, case, peers) for name, case in all_cases() if not names or any(name.startswith(word) for word in names)]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed, 0 skipped", flush=True)
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)  # servers of pymodbus do not end by themselves
