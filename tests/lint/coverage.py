#!/usr/bin/env python3
"""Which test holds which row of the requirements.

    tests/lint/coverage.py           the table, rows of requirements.txt with their tests
    tests/lint/coverage.py --check   only what is missing; exit 1 when a row has no test

A test cites a row by SR-nnn in the comment directly above it or inside it, or by SR_nnn in its name; a live test in its docstring. What stands
elsewhere in a file counts for nothing, and of a range its ends only.
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CITATION = re.compile(r"SR[-_](\d{3})")
C_TEST = re.compile(r"^(?:Parameterized)?Test\(\s*(\w+)\s*,\s*(\w+)", re.MULTILINE)
PY_TEST = re.compile(r"^def (\w+)\(.*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)


def rows():
    """The rows that must have a test: {number: what it says}."""
    found = {}
    for line in (HERE / "requirements.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            number, text = line.split(" ", 1)
            found[number] = text
    return found


def cited(text):
    return {f"SR-{number}" for number in CITATION.findall(text)}


def begin_of(text, place):
    """Where the comment directly above a test begins, or the test itself."""
    end = text.rfind("*/", 0, place)
    return text.rfind("/*", 0, end) if end >= 0 and not text[end + 2:place].strip() else place


def c_tests(text):
    """Every Criterion test of a file with the rows that it cites: its comment above, its name, its body."""
    places = list(C_TEST.finditer(text))
    begins = [begin_of(text, place.start()) for place in places]
    for i, place in enumerate(places):
        end = begins[i + 1] if i + 1 < len(places) else len(text)
        yield f"{place[1]}::{place[2]}", cited(text[begins[i]:end])


def python_tests(text):
    """Every case of a live test file: functions named in its CASES."""
    cases = text[text.index("\nCASES"):] if "\nCASES" in text else ""
    for place in PY_TEST.finditer(text):
        if re.search(rf"\b{place[1]}\b", cases):
            yield place[1], cited(place[0])


def table(files):
    """{row: [(path, test), ...]} of {path: text}."""
    found = {}
    for path, text in sorted(files.items()):
        tests = c_tests(text) if path.endswith(".c") else python_tests(text)
        for name, numbers in tests:
            for number in numbers:
                found.setdefault(number, []).append((path, name))
    return found


def test_files():
    paths = [*ROOT.glob("tests/unit/**/*.c"), *ROOT.glob("tests/live/case_*.py")]
    return {str(path.relative_to(ROOT)): path.read_text(errors="replace") for path in paths}


def missing(files):
    """Complaints about rows without a test."""
    found = table(files)
    return [f"tests/lint/requirements.txt: {number} ({text}) has no test" for number, text in rows().items() if number not in found]


def counts_rightly():
    """The collection itself: what is above and inside a test counts, what is elsewhere does not."""
    text = "/* SR-001 */\n\n/* SR-002 */\nTest(a, one_SR_003)\n{\n    x(); /* SR-004 */\n}\n\n/* SR-005..SR-009 */\nTest(a, two)\n{\n}\n"
    wanted = {"a::one_SR_003": {"SR-002", "SR-003", "SR-004"}, "a::two": {"SR-005", "SR-009"}}
    live = '"""SR-010"""\n\n\ndef helper():\n    """SR-011"""\n\n\ndef case():\n    """SR-012"""\n\n\nCASES = [case]\n'
    is_right = dict(c_tests(text)) == wanted and dict(python_tests(live)) == {"case": {"SR-012"}}
    return [] if is_right else ["tests/lint/coverage.py: does not count citations rightly"]


def main(arguments):
    files = test_files()
    complaints = counts_rightly() + missing(files)
    if "--check" not in arguments:
        found = table(files)
        for number, text in rows().items():
            print(f"{number}  {text}")
            for path, name in found.get(number, []):
                print(f"        {path}: {name}")
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
