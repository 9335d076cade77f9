#!/usr/bin/env python3
"""Reaction: the house takes 20 A more on one phase of a full site; how long after the meter's answer that shows it is the last pilot lowered?

    tests/bench/reaction.py [--clients N] [--steps N]   100 clients and 15 steps, real processes on loopback

Goal of spec 11: median under 50 ms, worst under 150 ms. A proxy before the simulated meter notes when its answer leaves; boards are asked for
their pilots as fast as they answer, and how long that takes is printed, for it is the error. Nothing here fails on a figure. WALLBOX_BIN says
which programs are measured (build/bin).
"""

import argparse
import pathlib
import socket
import statistics
import struct
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))
import rig  # noqa: E402

STEP_MA = 20000
EACH_MA = 8000         # of a wallbox, before the step
BLOCK = 40             # register at which the block of tq_em300_lr with the currents begins ...
CURRENT_L1 = 60        # ... and the one of the current of L1, in mA
LOOK_S = 1.5


class Proxy(threading.Thread):
    """Between manager and meter. `seen` is when an answer left in which the current of L1 had jumped up."""

    def __init__(self, meter_port):
        super().__init__(daemon=True)
        self.meter_port = meter_port
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.last_ma = None
        self.seen = None

    def run(self):
        while True:
            manager, _ = self.server.accept()
            with manager, socket.create_connection(("127.0.0.1", self.meter_port)) as meter:
                while self.exchange(manager, meter):
                    pass

    def exchange(self, manager, meter):
        request = manager.recv(260)
        if not request:
            return False
        meter.sendall(request)
        answer = meter.recv(520)
        manager.sendall(answer)
        if len(request) >= 12 and struct.unpack(">H", request[8:10])[0] == BLOCK and len(answer) > 9 + 2 * (CURRENT_L1 - BLOCK) + 4:
            self.look(struct.unpack_from(">I", answer, 9 + 2 * (CURRENT_L1 - BLOCK))[0])
        return bool(answer)

    def look(self, ma):
        if self.last_ma is not None and ma > self.last_ma + STEP_MA // 2:
            self.seen = time.monotonic()
        self.last_ma = ma


def document(clients):
    names = [f"W{i:03d}" for i in range(clients)]
    limit_ma = clients * EACH_MA * 100 // 98
    return names, {"nodes": [{"id": "grid", "limit_ma": [limit_ma] * 3, "base_load_worst_ma": 50000}],
                   "wallboxes": [{"id": name, "node": "grid", "phases": "L1-L2-L3", "max_ma": 16000} for name in names],
                   "meters": [{"id": "house", "model": "tq_em300_lr", "node": "grid", "role": "house"}],
                   "timezone": "UTC", "manager": {"rise_hold_ms": 3000},
                   "simulation": {"tick_ms": 10, "meters": {"house": {"refresh_ms": 50, "latency_ms": 1}}}}


def pilots(site):
    return {one["serial"]: one["pilot_ma"] for one in site.control("state")["wallboxes"]}


def wait_steady(site, names):
    before = {"pilots": None, "since": 0.0}

    def probe():
        time.sleep(0.2)
        now = pilots(site)
        if now != before["pilots"] or min(now[name] for name in names) == 0:
            before.update(pilots=now, since=time.monotonic())
        return time.monotonic() - before["since"] > 9  # a rise is held for 3 s, and vehicles settle for 7
    rig.wait_for("the site to come to rest", probe, within_s=180)


def step(site, proxy):
    """One step: (ms until the last pilot was lowered, wallboxes lowered, longest ms between two looks at the boards)."""
    before = pilots(site)
    proxy.seen = None
    site.control("house", ma=[STEP_MA, 0, 0])
    end = time.monotonic() + LOOK_S
    last, lowered, gap_ms, looked = 0.0, set(), 0.0, time.monotonic()
    while time.monotonic() < end:
        now = pilots(site)
        at = time.monotonic()
        gap_ms, looked = max(gap_ms, (at - looked) * 1000), at
        fresh = {name for name, ma in now.items() if ma < before[name]} - lowered
        if fresh:
            last = at
            lowered |= fresh
    site.control("house", ma=[0, 0, 0])
    rig.expect(proxy.seen is not None and lowered, "no answer of the meter showed the step, or no pilot was lowered")
    return (last - proxy.seen) * 1000, len(lowered), gap_ms


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--steps", type=int, default=15)
    options = parser.parse_args()
    names, site_document = document(options.clients)
    with rig.Rig(site_document, record=False) as site:
        site.start_site()
        proxy = Proxy(site.meter_port)
        proxy.start()
        site_document["meters"][0]["address"] = f"tcp:127.0.0.1:{proxy.port}:1"
        site.site_file.write_text(rig.json.dumps(site_document))
        site.import_site()
        site.start_manager()
        for name in names:
            site.start_client(name, self_test_ms=0, wired_phases_n=3, pilot_rise_ms=0)
        for name in names:
            site.control("plug", wallbox=name, vehicle={"needed_wh": 100000, "up_ms": 500, "phases": 3, "max_ma": 16000})
        wait_steady(site, names)
        took = []
        for number in range(options.steps):
            ms, lowered_n, gap_ms = step(site, proxy)
            took.append(ms)
            print(f"step {number + 1}: last of {lowered_n} pilots lowered {ms:.0f} ms after the meter's answer (boards looked at every {gap_ms:.0f} ms at worst)",
                  flush=True)
            wait_steady(site, names)
        print(f"{options.clients} clients, {options.steps} steps: median {statistics.median(took):.0f} ms, worst {max(took):.0f} ms; goals 50 and 150 ms")
        site.stop_all()


if __name__ == "__main__":
    main()
