#!/usr/bin/env python3
"""What reading meters costs, and how often a line is really read: figures, nothing here fails.

    tests/bench/meters.py [SECONDS]   each measurement takes so long (30)

The manager (build/bin, or WALLBOX_BIN) against meters of wallbox-site: 0 and 32 meters over TCP, lines at 9600 and 38400 baud with one and several
meters on them (the simulated line takes the time of its bytes), and meters that misbehave beside good ones.
"""

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("WALLBOX_BIN", ROOT / "build" / "bin"))
TICKS_S = os.sysconf("SC_CLK_TCK")
BAD_MODES = ("silent", "trickle", "unit", "function", "exception", "too_many", "slow", "garbage")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Site:
    """A site of meters, each on a node of its own, and a manager that reads them."""

    def __init__(self, meters, stale_ms=3000):
        self.folder = tempfile.TemporaryDirectory(prefix="wallbox-bench-")
        self.path = pathlib.Path(self.folder.name)
        names = [f"n{i}" for i in range(len(meters))]
        document = {
            "nodes": [{"id": "grid", "limit_ma": [900000] * 3}] + [{"id": n, "parent": "grid", "limit_ma": [63000] * 3, "base_load_worst_ma": 20000} for n in names],
            "wallboxes": [{"id": "W1", "node": "grid", "phases": "L1-L2-L3"}],
            "meters": [{"id": f"m{i}", "model": model, "node": names[i], "role": "house", "address": address.replace("FOLDER", self.folder.name)}
                       for i, (model, address) in enumerate(meters)],
            "manager": {"meter_stale_ms": stale_ms}, "timezone": "UTC", "simulation": {"house": {n: {"ma": [9000, 4000, 2000]} for n in names}}}
        (self.path / "site.json").write_text(json.dumps(document))
        self.site = self.start("wallbox-site", "--config", self.path / "site.json", "--boards", self.path / "boards", "--control", self.path / "control")
        while not (self.path / "control").exists():
            time.sleep(0.05)
        self.control = socket.socket(socket.AF_UNIX)
        self.control.connect(str(self.path / "control"))
        self.lines = self.control.makefile("r")
        subprocess.run([BIN / "wallbox-manager", "--data", self.path / "data", "--import", self.path / "site.json"], check=True)
        self.http = free_port()
        self.manager = self.start("wallbox-manager", "--data", self.path / "data", "--link", f"127.0.0.1:{free_port()}", "--http", f"127.0.0.1:{self.http}",
                                  "--loopback-plain")
        time.sleep(4)

    def start(self, name, *arguments):
        log = open(self.path / f"{name}.log", "wb")
        return subprocess.Popen([str(BIN / name), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def command(self, **words):
        self.control.sendall((json.dumps(words) + "\n").encode())
        return json.loads(self.lines.readline())

    def asked(self):
        return {meter["id"]: meter["asked"] for meter in self.command(cmd="state")["meters"]}

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.manager.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_S

    def memory_kib(self):
        status = pathlib.Path(f"/proc/{self.manager.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def measure(self, seconds):
        """(share of one processor, KiB of memory, requests a second of each meter)."""
        before, cpu, begin = self.asked(), self.cpu_s(), time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - begin
        after = self.asked()
        return (self.cpu_s() - cpu) / took, self.memory_kib(), {key: (after[key] - before[key]) / took for key in after}

    def lost(self):
        return [line.split("meter=")[1].split()[0] for line in (self.path / "wallbox-manager.log").read_text().splitlines() if "meter_lost" in line]

    def end(self):
        for process in (self.manager, self.site):
            process.terminate()
            process.wait(20)
        self.folder.cleanup()


def tcp(model="tq_em300_lr"):
    return model, f"tcp:127.0.0.1:{free_port()}:1"


def row(label, site, seconds, requests_n, expected):
    share, kib, rates = site.measure(seconds)
    slowest, fastest = min(rates.values(), default=0) / requests_n, max(rates.values(), default=0) / requests_n
    print(f"{label:42s} {100 * share:6.2f} %  {kib:7d} KiB   {slowest:5.2f} to {fastest:5.2f} readings/s ({expected})", flush=True)


def lines(seconds):
    for baud in (9600, 38400):
        for meters_n in (1, 2, 4, 8):
            place = f"rtu:FOLDER/line:{baud}:N:"
            site = Site([("eastron_sdm630", f"{place}{unit}") for unit in range(1, meters_n + 1)], stale_ms=10000)
            wire_ms = sum(-(-(13 + 2 * count) * 10 * 1000 // baud) + 20 for count in (60, 16))
            interval_ms = max(500, meters_n * wire_ms)
            row(f"{meters_n} x SDM630 on one line at {baud} baud", site, seconds, 2, f"interval {interval_ms} ms: {1000 / interval_ms:.2f}")
            site.end()


def misbehaving(seconds):
    site = Site([tcp() for _ in range(2 * len(BAD_MODES))])
    for i, mode in enumerate(BAD_MODES):
        site.command(cmd="meter", id=f"m{i}", mode=mode)
    time.sleep(4)
    _, _, rates = site.measure(seconds)
    good = [rates[f"m{i}"] / 3 for i in range(len(BAD_MODES), 2 * len(BAD_MODES))]
    print(f"{len(BAD_MODES)} meters that misbehave beside {len(good)} good ones: {min(good):.2f} to {max(good):.2f} readings/s of the good ones (2.00);"
          f" lost: {', '.join(sorted(BAD_MODES[int(name[1:])] if int(name[1:]) < len(BAD_MODES) else name for name in site.lost()))}", flush=True)
    site.end()


def main(seconds):
    print("                                        processor   memory")
    site = Site([])
    row("no meter", site, seconds, 1, "none")
    site.end()
    site = Site([tcp() for _ in range(32)])
    row("32 x EM300-LR over TCP", site, seconds, 3, "every 500 ms: 2.00")
    site.end()
    site = Site([tcp("sunspec_203") for _ in range(32)])
    row("32 x SunSpec over TCP", site, seconds, 1, "every 500 ms: 2.00")
    site.end()
    lines(seconds)
    misbehaving(seconds)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0)
