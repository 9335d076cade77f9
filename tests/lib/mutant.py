"""Mutants: deliberately wrong versions of a source must make a test fail. A test that no mutant breaks proves nothing.

A mutant is (name, file, exact old text, new text, command that must fail). The sources of a program are copied to build/mutants/NAME, the
replacement, which must match exactly once, is applied there, the program is compiled with gcc, and the command runs. In a command the word
{program} stands for the program. Files that the mutant does not touch are compiled once for all.

A mutant passes when its command fails and `explain` finds in the output by what: a crash, or a test that fails for another reason than
the mutant, catches nothing. Before all others the unchanged sources must pass every command.
"""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import time
import typing

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "mutants"
FLAGS = ["-std=c11", "-O1", "-w"]
TIMEOUT = 240  # seconds of one command, on a machine that does other things as well; what is bounded is the work, in seeds or cases


class Mutant(typing.NamedTuple):
    name: str
    file: str
    old: str
    new: str
    command: list


class Program(typing.NamedTuple):
    name: str
    sources: list  # .c files, from the root of the project
    headers: list  # folders whose headers are copied
    defines: list = []
    libraries: list = []
    includes: list = []  # folders searched besides that of the copy


class Broken(Exception):
    """A mutant that cannot be made."""


def copy(program, folder):
    shutil.rmtree(folder, ignore_errors=True)
    names = list(program.sources) + [str(path.relative_to(ROOT)) for name in program.headers for path in (ROOT / name).glob("*.h")]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)


def object_of(folder, source):
    return folder / "objects" / (source.replace("/", "_") + ".o")


def compile_one(program, folder, source):
    out = object_of(folder, source)
    out.parent.mkdir(exist_ok=True)
    done = subprocess.run(["gcc", *FLAGS, *(f"-D{word}" for word in program.defines), f"-I{folder}", *(f"-I{name}" for name in program.includes), "-c", folder / source, "-o", out],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Broken(f"does not compile: {done.stderr.strip()[:300]}")


def link(program, folder, objects):
    done = subprocess.run(["gcc", *objects, "-o", folder / program.name, *(f"-l{word}" for word in program.libraries)],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Broken(f"does not link: {done.stderr.strip()[:300]}")


def run(program, folder, command):
    words = [str(folder / program.name) if word == "{program}" else word for word in command]
    try:
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return None, ""
    return done.returncode, done.stdout


def change(folder, mutant):
    path = folder / mutant.file
    if not path.is_file():
        raise Broken(f"{mutant.file} is not among the sources")
    text = path.read_text()
    found = text.count(mutant.old)
    if found != 1:
        raise Broken(f"the old text stands {found} times in {mutant.file}, it must stand there once")
    path.write_text(text.replace(mutant.old, mutant.new))


def make(program, base, mutant):
    """Copy, change, compile what that touches, link. Gives back the folder."""
    folder = FOLDER / mutant.name.replace(" ", "_")
    copy(program, folder)
    change(folder, mutant)
    changed = [mutant.file] if mutant.file in program.sources else program.sources
    for source in changed:
        compile_one(program, folder, source)
    link(program, folder, [object_of(folder if source in changed else base, source) for source in program.sources])
    return folder


def judge(program, base, mutant, explain):
    """(whether it was caught, what to say)"""
    try:
        folder = make(program, base, mutant)
    except Broken as error:
        return False, str(error)
    code, output = run(program, folder, mutant.command)
    if code is None:
        return False, f"did not end within {TIMEOUT} s"
    if code == 0:
        return False, "no test noticed"
    by = explain(output)
    return (True, by) if by else (False, f"ended with {code}, but no test failed by name")


def make_base(program):
    base = FOLDER / "unchanged"
    copy(program, base)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(lambda source: compile_one(program, base, source), program.sources))
    link(program, base, [object_of(base, source) for source in program.sources])
    return base


def run_all(program, mutants, explain, base_command):
    """Print `PASS name (by what)` or `FAIL name (why not)` for each, and the closing line. Gives back the exit code."""
    begin = time.monotonic()
    passed = failed = 0
    try:
        base = make_base(program)
        trouble = None if run(program, base, base_command)[0] == 0 else "the command fails already"
    except Broken as error:
        trouble = str(error)
    if trouble:
        print(f"FAIL unchanged ({trouble}: nothing that follows would mean anything)")
        print(f"0 passed, 1 failed, {len(mutants)} skipped")
        return 1
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for mutant, (is_caught, text) in zip(mutants, pool.map(lambda mutant: judge(program, base, mutant, explain), mutants)):
            print(f"{'PASS' if is_caught else 'FAIL'} {mutant.name} ({text})", flush=True)
            passed += is_caught
            failed += not is_caught
    print(f"{time.monotonic() - begin:.0f} s")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not mutants else 0
