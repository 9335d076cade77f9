"""Run `wallbox-manager --test-meter` and compare what it prints with an image."""

import json
import os
import pathlib
import subprocess
import time

REPO = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("WALLBOX_BIN", REPO / "build" / "bin"))
KEYS = ["current_ma", "voltage_mv", "power_w", "power_total_w", "energy_import_wh", "energy_export_wh", "frequency_mhz"]


class Failed(Exception):
    """A test did not find what it expected."""


def expect(condition, text):
    if not condition:
        raise Failed(text)


class Answer:
    def __init__(self, code, out, error, took_s):
        self.code = code
        self.out = out
        self.error = error
        self.took_s = took_s


def manager(*arguments):
    environment = dict(os.environ)
    if "WALLBOX_SANITIZER_LOG" in os.environ:
        options = f"log_path={os.environ['WALLBOX_SANITIZER_LOG']}/meters"
        environment["ASAN_OPTIONS"] = options
        environment["UBSAN_OPTIONS"] = options + ":print_stacktrace=1"
    begin = time.monotonic()
    done = subprocess.run([str(BIN / "wallbox-manager"), *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, env=environment,
                          check=False)
    return Answer(done.returncode, done.stdout.decode(), done.stderr.decode(), time.monotonic() - begin)


def test_meter(model, address):
    return manager("--test-meter", model, address)


def sample_of(answer):
    expect(answer.code == 0, f"exit {answer.code}: {answer.error.strip()}")
    sample = json.loads(answer.out)
    expect(list(sample) == KEYS, f"the keys are {list(sample)}")
    return sample


def compare(sample, expected, what=""):
    """Each value as written, within one of its units (rounding), and null exactly where there is none."""
    for key, want in expected.items():
        got = sample[key]
        pairs = list(zip(got, want)) if isinstance(want, list) else [(got, want)]
        for i, (is_value, want_value) in enumerate(pairs):
            expect((is_value is None) == (want_value is None), f"{what}{key}[{i}] is {is_value}, {want_value} was written")
            slack = 3 if key == "power_total_w" else 1  # it may be the sum of three that were rounded
            expect(is_value is None or abs(is_value - want_value) <= slack, f"{what}{key}[{i}] is {is_value}, {float(want_value or 0)} was written")


def expect_refused(answer, *words, code=1, within_s=None):
    """It gives no sample but an explanation with these words."""
    expect(answer.code == code and answer.out == "", f"exit {answer.code}, {answer.out.strip()} {answer.error.strip()}")
    for word in words:
        expect(word in answer.error, f"\"{word}\" is not in: {answer.error.strip()}")
    expect(within_s is None or answer.took_s <= within_s, f"it took {answer.took_s:.2f} s, {within_s} s are allowed")
