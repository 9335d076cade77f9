#!/usr/bin/env python3
"""Lint: the rules of the project as tests: all, those named, or all but -NAME. Prints one line per broken rule and place, and `N passed, N failed, N skipped`."""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import coverage  # noqa: E402
import deps  # noqa: E402
import style  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOP = {"CMakeLists.txt", "CMakePresets.json", "manager", "client", "proto", "common", "web", "tests", "deploy", "README.md"}
ALLOWED_SYMBOLS = {"memcpy", "memset", "memmove", "memcmp", "check_failed", "__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_"}
PURE_ARCHIVES = ["common/libcommon_base.a", "proto/libproto_msg.a", "manager/libmanager_core.a", "client/libclient_core.a"]


def tracked(*patterns):
    """Files git knows or would know: what a clone holds."""
    out = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(name for name in set(out.stdout.splitlines()) if (ROOT / name).is_file())


def texts(*patterns):
    return {name: (ROOT / name).read_text(errors="replace") for name in tracked(*patterns)}


def formatted():
    names = tracked("*.c", "*.h")
    done = subprocess.run(["clang-format", "--dry-run", "--Werror", *names], cwd=ROOT, capture_output=True, text=True, check=False)
    return sorted({line.split(": ")[0] + ": not as clang-format would write it" for line in done.stderr.splitlines() if "error:" in line})


def headers_alone():
    complaints = []
    flags = subprocess.run(["pkg-config", "--cflags", "libuv", "jansson", "libmodbus", "libmicrohttpd", "sqlite3", "libprotobuf-c"], capture_output=True, text=True, check=True)
    for name in tracked("*.h"):
        if name.startswith("tests/unit/") or name == "proto/codec_parts.h":
            continue
        done = subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}", *flags.stdout.split(),
                               "-include", str(ROOT / name), "-x", "c", "/dev/null"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            complaints.append(f"{name}: does not compile alone: {done.stderr.splitlines()[0]}")
    return complaints


def pure_symbols():
    """Pure archives have no mutable data and need nothing but the allowed few (build folder of preset strict)."""
    complaints = []
    build = ROOT / "build" / "strict"
    provided = set()
    needed = []
    for archive in PURE_ARCHIVES:
        if not (build / archive).is_file():
            return [f"build/strict/{archive} is missing: build preset strict first"]
        listing = subprocess.run(["objdump", "-t", str(build / archive)], capture_output=True, text=True, check=True).stdout
        member = ""
        for line in listing.splitlines():
            named = re.match(r"(\S+\.o):\s+file format", line)
            member = named[1] if named else member
            match = re.match(r"[0-9a-f]+ (.{7}) (\S+)\s+([0-9a-f]+)\s+(?:\.hidden )?(\S+)$", line)
            if not match:
                continue
            flags, section, size, symbol = match[1], match[2], int(match[3], 16), match[4]
            if section == "*UND*":
                needed.append((archive, member, symbol))
                continue
            provided.add(symbol)
            is_data = section == "*COM*" or section.startswith((".data", ".bss", ".tdata", ".tbss")) and not section.startswith(".data.rel.ro")
            if is_data and size > 0 and "d" not in flags:
                complaints.append(f"{archive}({member}): mutable data {symbol} in {section}")
    for archive, member, symbol in needed:
        if symbol not in provided and symbol not in ALLOWED_SYMBOLS:
            complaints.append(f"{archive}({member}): needs {symbol}")
    return complaints


def tidy():
    """clang-tidy over everything that is not a unit test (build folder of preset dev), two files at a time."""
    if not (ROOT / "build" / "dev" / "compile_commands.json").is_file():
        return ["build/dev is missing: configure preset dev first"]

    def one(name):
        done = subprocess.run(["clang-tidy", "--quiet", "-p", "build/dev", name], cwd=ROOT, capture_output=True, text=True, check=False)
        return [line.replace(f"{ROOT}/", "") for line in done.stdout.splitlines() if re.search(r": (error|warning): ", line)]

    names = [name for name in tracked("*.c") if not name.startswith("tests/unit/")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return sorted({line for lines in pool.map(one, names) for line in lines})


def fixed_top():
    return [f"{name}: not part of the fixed top level" for name in {name.split("/")[0] for name in tracked()} if not name.startswith(".") and name not in TOP
            and not name.startswith("LICENSE")]


def no_download_addresses():
    return [f"{name}: holds download addresses" for name in tracked("*package-lock.json") if '"resolved"' in (ROOT / name).read_text()]


def deps_finds_a_wrong_include():
    """The dependency check itself works: a core that includes the operating system is found."""
    wrong = {"manager/core/x.c": '#include "common/os/clock.h"\n#include <unistd.h>\n', "common/os/clock.h": ""}
    return [] if len(deps.check(wrong)) == 2 else ["tests/lint/deps.py: does not see a wrong include"]


def main():
    sources = texts("*.c", "*.h")
    everything = texts("*.c", "*.h", "*.py", "*.sh", "*.md", "*.proto", "*.txt", "*.conf", "*.json", "*.ts", "*.css", "deploy/*", "tests/run")
    rules = [
        ("dependency_rule", lambda: deps.check(sources)),
        ("dependency_rule_is_checked", deps_finds_a_wrong_include),
        ("banned_functions", lambda: style.banned_functions(sources)),
        ("units_in_names", lambda: style.units_in_names(sources)),
        ("block_comments_only", lambda: style.block_comments_only(sources)),
        ("nothing_left_over", lambda: style.nothing_left_over(sources)),
        ("no_floats_in_pure_code", lambda: style.no_floats_in_pure_code(sources)),
        ("pragma_once", lambda: style.pragma_once(sources)),
        ("short_functions", lambda: style.short_functions(sources)),
        ("short_files", lambda: style.short_files(sources)),
        ("no_workplace", lambda: style.no_workplace(everything)),
        ("formatted", formatted),
        ("headers_compile_alone", headers_alone),
        ("tidy", tidy),
        ("pure_symbols", pure_symbols),
        ("fixed_top_level", fixed_top),
        ("no_download_addresses", no_download_addresses),
        ("requirements_have_tests", lambda: coverage.counts_rightly() + coverage.missing(coverage.test_files())),
    ]
    wanted = {word for word in sys.argv[1:] if not word.startswith("-")}
    skipped = {word[1:] for word in sys.argv[1:] if word.startswith("-")}
    failed = 0
    ran = 0
    for name, rule in rules:
        if wanted and name not in wanted or name in skipped:
            continue
        ran += 1
        complaints = rule()
        failed += bool(complaints)
        for complaint in complaints[:40]:
            print(f"{name}: {complaint}")
        if len(complaints) > 40:
            print(f"{name}: and {len(complaints) - 40} more")
    print(f"{ran - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed or ran == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
