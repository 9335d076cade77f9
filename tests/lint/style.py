"""Rules of the house style that a machine can check. Each gives back complaints as PATH:LINE: what and why."""

import re

BANNED = {  # function: what to use instead
    "strcpy": "text_copy", "strcat": "text_copy", "sprintf": "snprintf", "vsprintf": "vsnprintf", "strtol": "strtoll with its end checked",
    "atoi": "strtoll with its end checked", "atol": "strtoll with its end checked", "atof": "strtod with its end checked", "gets": "fgets",
    "alloca": "a fixed capacity", "rand": "rng_next", "srand": "rng", "time": "clock_utc_ms", "localtime": "clock_format_utc", "gmtime": "gmtime_r",
    "sleep": "a deadline", "usleep": "a deadline", "system": "uv_spawn with an argument list", "assert": "CHECK",
}
BANNED_CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
UNITLESS = re.compile(r"\b(?:u?int(?:8|16|32|64)_t|int|long|double|float|size_t)\s+\*?(\w*(?:current|power|timeout|voltage|energy|delay|duration|interval|temperature))\s*[;,)=\[]")
LEFTOVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
FLOAT = re.compile(r"\b(float|double)\b")
PURE = ("common/base/", "manager/core/", "client/core/", "proto/msg", "proto/frame")
FUNCTION_MAX = 70
FILE_MAX = 500
WORKPLACE = re.compile(r"(/work/|/farm/|\bsub-?agent|before-stop|steering repo)", re.IGNORECASE)


def without_strings(text):
    """The text with strings, characters and comments blanked, lines kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match[0])

    return re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.DOTALL)


def lines_of(files):
    for path, text in files.items():
        for number, line in enumerate(without_strings(text).splitlines(), 1):
            yield path, number, line


def banned_functions(files):
    return [f"{path}:{number}: {match[1]} is banned, use {BANNED[match[1]]}" for path, number, line in lines_of(files) for match in BANNED_CALL.finditer(line)]


def units_in_names(files):
    return [f"{path}:{number}: {match[1]} has no unit as its last word" for path, number, line in lines_of(files) for match in UNITLESS.finditer(line)]


def block_comments_only(files):
    return [f"{path}:{number}: // is for debugging" for path, number, line in lines_of(files) if "//" in line]


def nothing_left_over(files):
    return [f"{path}:{number}: {match[1]} left over" for path, text in files.items() for number, line in enumerate(text.splitlines(), 1)
            for match in LEFTOVER.finditer(line)]


def no_floats_in_pure_code(files):
    return [f"{path}:{number}: floating point in pure code" for path, number, line in lines_of(files) if path.startswith(PURE) and FLOAT.search(line)]


def pragma_once(files):
    return [f"{path}: needs #pragma once" for path, text in files.items() if path.endswith(".h") and "#pragma once" not in text]


def short_functions(files):
    complaints = []
    for path, text in files.items():
        begin = None
        for number, line in enumerate(without_strings(text).splitlines(), 1):
            if line.startswith("{"):
                begin = number
            elif line.startswith("}") and begin is not None:
                if number - begin - 1 > FUNCTION_MAX:
                    complaints.append(f"{path}:{begin}: function of {number - begin - 1} lines, at most {FUNCTION_MAX}")
                begin = None
    return complaints


def short_files(files):
    return [f"{path}: {text.count(chr(10))} lines, at most {FILE_MAX}: would two nouns read better?" for path, text in files.items()
            if path.endswith((".c", ".h")) and text.count("\n") > FILE_MAX and not path.startswith("tests/unit/")]


def no_workplace(files):
    return [f"{path}:{number}: {match[1]} does not belong in the project" for path, text in files.items() if path != "tests/lint/style.py"
            for number, line in enumerate(text.splitlines(), 1) for match in WORKPLACE.finditer(line)]
