#!/usr/bin/env python3
"""What survives: power cuts at random instants under load, and every system call and allocation of the storage path failing once.

    tests/store/run.py            100 power cuts, torture with a part of SQLite's allocations
    tests/store/run.py --long     1,000 power cuts, torture with all of them
    tests/store/run.py --seed N   other instants

A power cut: the program that writes is stopped, its files are copied as they are at that instant, it goes on. Each copy must open, be sound,
hold every record that had been acknowledged by then, and no half session. Closes with `N passed, N failed, N skipped`.
"""

import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

REPO = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("WALLBOX_BIN", REPO / "build" / "bin"))
FILES = ("manager.db", "manager.db-wal", "manager.state")  # not -shm: it does not survive a power cut
CUTS_PER_LOAD = 50
EPOCH, SESSION, EVENT = 1, 4, 5  # enum mstore_kind


class Wrong(Exception):
    pass


class Load:
    """A program that writes without a pause, in a folder of its own."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wallbox-store-"))
        self.data = self.folder / "data"
        self.data.mkdir()
        self.out = self.folder / "out"
        self.process = subprocess.Popen([BIN / "store-load", self.data], stdin=subprocess.DEVNULL, stdout=open(self.out, "wb"))

    def stop_at_once(self):
        """Stop all its threads and wait until they are."""
        self.process.send_signal(signal.SIGSTOP)
        _, status = os.waitpid(self.process.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            raise Wrong(f"the program that writes ended: {status}")

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        self.process.terminate()
        code = self.process.wait(60)
        shutil.rmtree(self.folder)
        if code != 0:
            raise Wrong(f"the program that writes ended with {code}")

    def acknowledged(self):
        """{kind: numbers} as said so far."""
        found = {EPOCH: set(), SESSION: set(), EVENT: set()}
        for line in self.out.read_text().splitlines():
            word, kind, number = line.split()
            if word != "ack":
                raise Wrong(f"refused: {line}")
            found[int(kind)].add(int(number))
        return found


def look(folder, acknowledged):
    """Raise Wrong unless the copy is as it must be."""
    done = subprocess.run([BIN / "store-load", folder, "--show"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Wrong(f"it does not open: {done.stderr}")
    _, epoch, _, damaged = done.stdout.split()
    if damaged != "0":
        raise Wrong(f"it was found damaged: {done.stderr}")
    if int(epoch) < max(acknowledged[EPOCH], default=0):
        raise Wrong(f"epoch {max(acknowledged[EPOCH])} was acknowledged, {epoch} is stored")
    db = sqlite3.connect(folder / "manager.db")
    try:
        answer = db.execute("PRAGMA integrity_check").fetchall()
        if answer != [("ok",)]:
            raise Wrong(f"integrity_check: {answer[:3]}")
        check_sessions(db, acknowledged[SESSION])
        events = {int(text) for (text,) in db.execute("SELECT text FROM event WHERE kind = 'fault_raised'")}
        if acknowledged[EVENT] - events:
            raise Wrong(f"lost events: {sorted(acknowledged[EVENT] - events)[:5]}")
    finally:
        db.close()


def check_sessions(db, acknowledged):
    rows = db.execute("SELECT id, state, stop_wh - start_wh, (SELECT count(*) FROM session_quarter WHERE session_id = id),"
                      " (SELECT coalesce(sum(energy_wh), 0) FROM session_quarter WHERE session_id = id) FROM session").fetchall()
    closed = set()
    for identity, state, energy_wh, quarters_n, sum_wh in rows:
        number = int.from_bytes(identity[:4], "little")
        if state == "open":
            if quarters_n:
                raise Wrong(f"session {number} is open and has quarter hours")
            continue
        closed.add(number)
        n = number % 20
        if (quarters_n, sum_wh, energy_wh) != (n, n * (n + 1) // 2, 1000):
            raise Wrong(f"half a session: {number} has {quarters_n} quarter hours with {sum_wh} Wh, {energy_wh} Wh in all")
    if acknowledged - closed:
        raise Wrong(f"lost sessions: {sorted(acknowledged - closed)[:5]}")


def cut(load, draw):
    """Let it write for a moment, then take a copy and look at it."""
    time.sleep(draw.uniform(0.002, 0.08))
    load.stop_at_once()
    copy = pathlib.Path(tempfile.mkdtemp(prefix="wallbox-cut-"))
    try:
        acknowledged = load.acknowledged()
        for name in FILES:
            if (load.data / name).exists():
                shutil.copyfile(load.data / name, copy / name)
        load.go_on()
        look(copy, acknowledged)
        return sum(len(numbers) for numbers in acknowledged.values())
    finally:
        shutil.rmtree(copy)


def power_cuts(cuts_n, seed):
    draw = random.Random(seed)
    records_n = 0
    for begin in range(0, cuts_n, CUTS_PER_LOAD):
        load = Load()
        try:
            while not load.out.exists() or load.out.stat().st_size == 0:  # its files are made before the first answer
                time.sleep(0.01)
                if load.process.poll() is not None:
                    raise Wrong("the program that writes did not start")
            for i in range(begin, min(begin + CUTS_PER_LOAD, cuts_n)):
                try:
                    records_n = max(records_n, cut(load, draw))
                except Wrong as wrong:
                    raise Wrong(f"cut {i + 1} of seed {seed}: {wrong}") from None
        finally:
            load.go_on()
            load.end()
    print(f"{cuts_n} power cuts, up to {records_n} acknowledged records each, nothing lost, nothing half")


def torture(every):
    return subprocess.run([BIN / "store-torture", str(every)], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def main(words):
    is_long = "--long" in words
    seed = int(words[words.index("--seed") + 1]) if "--seed" in words else 1
    failed = 0
    try:
        power_cuts(1000 if is_long else 100, seed)
    except Wrong as wrong:
        print(f"power cuts: {wrong}")
        failed += 1
    failed += not torture(1 if is_long else 100)
    print(f"{2 - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
