#!/usr/bin/env python3
"""Reconnecting: how soon a whole fleet is back, what its handshakes cost the manager's loop, and what a connection costs in memory.

    tests/bench/reconnect.py [--clients N] [--plain]   1,000 wallboxes of one process (bench-fleet), one real manager, loopback

Four times: all dial at once for the first time; all hang up and come back; the manager is killed and started again; and a flood of half-open
handshakes of another source comes on top. Each time: seconds until all are welcome again, dials that took, and the worst lateness of the manager's
loop (/health, loop_late_ms, asked ten times a second). Then processor and memory of the manager at one Status a second from each.

Goals: all back within 15 s (spec 09 9.2); 1,000 clients under 5 % of a core and under 40 MB (spec 11). Nothing here fails on a figure.
"""

import argparse
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))
import rig  # noqa: E402

WITHIN_S = 60
STEADY_S = 20
FLOOD_N = 900
FLOOD_SOURCE = "127.0.0.2"


def document(clients):
    return {"nodes": [{"id": "grid", "limit_ma": [1000000] * 3}],
            "wallboxes": [{"id": f"W{i:04d}", "node": "grid", "phases": "L1-L2-L3", "max_ma": 16000} for i in range(clients)], "timezone": "UTC"}


class Loop(threading.Thread):
    """Asks the manager how late its loop was. A window of the answer covers more than the time between two questions."""

    def __init__(self, site):
        super().__init__(daemon=True)
        self.site = site
        self.worst_ms = 0
        self.start()

    def run(self):
        while True:
            answer = self.site.get("/health", quiet=True)
            if answer and answer.get("loop_late_ms") is not None:
                self.worst_ms = max(self.worst_ms, answer["loop_late_ms"])
            time.sleep(0.1)

    def take(self):
        worst_ms, self.worst_ms = self.worst_ms, 0
        return worst_ms


def cpu_s(pid):
    words = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def private_kb(pid):
    lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Private_", "Swap:")))


class Fleet:
    def __init__(self, site, clients, is_plain):
        self.folder = site.folder / "fleet"
        self.folder.mkdir()
        self.clients = clients
        self.is_plain = is_plain
        self.command = [str(rig.BIN / "bench-fleet"), str(self.folder), str(clients)]

    def pins(self):
        return subprocess.run(self.command, check=True, capture_output=True, text=True).stdout

    def start(self, address, key):
        self.process = subprocess.Popen([*self.command, address, "plain" if self.is_plain else key], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def again(self):
        self.process.stdin.write("again\n")
        self.process.stdin.flush()

    def wait(self):
        """(ms, dials) of the next time that all are welcome."""
        words = self.process.stdout.readline().split()
        rig.expect(len(words) == 4, "the fleet ended")
        return int(words[2].split("=")[1]), int(words[3].split("=")[1])

    def stop(self):
        self.process.stdin.close()
        rig.expect(self.process.wait(20) == 0, "the fleet ended badly")


def flood(port):
    strangers = []
    for _ in range(FLOOD_N):
        stranger = socket.socket()
        stranger.bind((FLOOD_SOURCE, 0))
        stranger.setblocking(False)
        stranger.connect_ex(("127.0.0.1", port))
        strangers.append(stranger)
    return strangers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--plain", action="store_true")
    options = parser.parse_args()
    with rig.Rig(document(options.clients), record=False) as site:
        site.is_secure = not options.plain
        site.import_site()
        fleet = Fleet(site, options.clients, options.plain)
        (site.folder / "manager" / "pins").write_text(fleet.pins())
        key = site.identity("wallbox-manager", "--data", site.folder / "manager")
        site.start_manager()
        loop = Loop(site)
        time.sleep(2)
        empty_kb, idle_ms = private_kb(site.manager.process.pid), loop.take()
        print(f"{options.clients} wallboxes, {'plain TCP' if options.plain else 'TLS 1.3'}; an idle manager has {empty_kb / 1024:.1f} MB, "
              f"its loop was {idle_ms} ms late at worst\n")
        print("                                       all back      dials   loop late at worst     private memory")

        def told(what, result):
            time.sleep(1.5)  # the window of the last answer
            print(f"{what:36s} {result[0] / 1000:8.1f} s {result[1]:10d} {loop.take():12d} ms {private_kb(site.manager.process.pid) / 1024:20.1f} MB", flush=True)

        fleet.start(f"127.0.0.1:{site.link_port}", key)
        told("all dial at once", fleet.wait())
        fleet.again()
        told("all hang up and come back", fleet.wait())
        site.manager.signal(signal.SIGKILL)
        site.manager.kill()
        site.start_manager()
        told("the manager is killed and comes back", fleet.wait())
        strangers = flood(site.link_port)
        fleet.again()
        told(f"{FLOOD_N} half-open handshakes on top", fleet.wait())
        for stranger in strangers:
            stranger.close()
        pid = site.manager.process.pid
        begin_cpu_s, begin_s = cpu_s(pid), time.monotonic()
        time.sleep(STEADY_S)
        share = (cpu_s(pid) - begin_cpu_s) / (time.monotonic() - begin_s)
        full_kb = private_kb(pid)
        print(f"\none Status a second from each: {share * 100:.1f} % of a core, {full_kb / 1024:.1f} MB, "
              f"{(full_kb - empty_kb) / options.clients:.1f} KiB more for each wallbox than for none")
        fleet.stop()
        rig.expect(site.manager.stop() == 0, "the manager ended badly")
    print("\n1 passed, 0 failed, 0 skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
