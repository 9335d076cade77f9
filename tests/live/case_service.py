"""As a service (spec 09 9.1): the watchdog of systemd hears of completed control cycles and of nothing else, the units hold what they promise, and
the system calls they allow are enough."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess

from rig import Skipped, expect, wait_for
from steps import box, charge, finish, new_rig, start

UNITS = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "systemd"
EXPOSURE_MOST = 2.0  # of systemd-analyze security, 0 (nothing to attack) to 10


class Ears:
    """Stands where systemd listens."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(20)
        os.environ["NOTIFY_SOCKET"] = str(path)

    def next(self):
        return self.socket.recv(256).decode()

    def drop(self):
        self.socket.setblocking(False)
        try:
            while self.socket.recv(256):
                pass
        except BlockingIOError:
            pass
        self.socket.settimeout(20)


def service_watchdog_hears_of_control_cycles_and_of_nothing_else():
    with new_rig(box("W1")) as rig:
        ears = Ears(rig.folder / "notify")
        os.environ["WATCHDOG_USEC"] = "900000"
        rig.start_site()
        rig.import_site()
        rig.start_manager()
        expect(ears.next() == "READY=1", "the service manager hears first that it is ready")
        expect([ears.next() for _ in range(4)] == 4 * ["WATCHDOG=1"], "an idle manager completes control cycles")
        rig.manager.signal(signal.SIGSTOP)
        ears.drop()
        ears.socket.settimeout(2)
        try:
            expect(False, f"a process that stands still says {ears.next()}")
        except TimeoutError:
            ears.socket.settimeout(20)
        rig.manager.signal(signal.SIGCONT)
        expect(ears.next() == "WATCHDOG=1", "it goes on")
        del os.environ["NOTIFY_SOCKET"]
        rig.stop_all()


def service_units_are_understood_and_leave_little_to_attack():
    if shutil.which("systemd-analyze") is None:
        raise Skipped("systemd-analyze is missing")
    for name in ("wallbox-manager", "wallbox-client"):
        unit = UNITS / f"{name}.service"
        said = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
        wrong = [line for line in (said.stdout + said.stderr).splitlines() if name in line and "is not executable" not in line]
        expect(not wrong, f"systemd-analyze verify: {wrong}")
        said = subprocess.run(["systemd-analyze", "security", "--no-pager", "--offline=yes", unit], capture_output=True, text=True).stdout
        exposure = float(re.search(r"Overall exposure level.*?: ([0-9.]+)", said).group(1))
        print(f"service: {name} is exposed at {exposure} of 10")
        expect(exposure <= EXPOSURE_MOST, f"{name}: {said}")


def lines_of(key):
    return [line.split("=", 1)[1] for line in (UNITS / "wallbox-manager.service").read_text().splitlines() if line.startswith(key + "=")]


def line_of(key):
    return lines_of(key)[0]


def allowed():
    """System calls that the units leave, by the words of their filter."""
    words = lines_of("SystemCallFilter")
    sets, current = {}, None
    for line in subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"], capture_output=True, text=True).stdout.splitlines():
        if line.startswith("@"):
            current = sets.setdefault(line.strip(), [])
        elif current is not None and line.strip() and not line.strip().startswith("#"):
            current.append(line.strip())

    def members(word):
        return {word} if not word.startswith("@") else {call for inner in sets[word] for call in members(inner)}

    calls = {call for word in ("@default", *words[0].split()) for call in members(word)}
    return calls - {call for words_out in words[1:] for word in words_out.lstrip("~").split() for call in members(word)}


def service_units_allow_the_system_calls_that_are_made():
    """From start to end with a vehicle charging: each system call is one that the filter lets through."""
    if shutil.which("systemd-analyze") is None or shutil.which("strace") is None:
        raise Skipped("systemd-analyze or strace is missing")
    may = allowed() | ({"fchown"} if os.geteuid() == 0 else set())  # SQLite keeps the owner of its files, when it is root
    with new_rig(box("W1")) as rig:
        rig.is_secure = True
        rig.is_traced = True
        start(rig)
        charge(rig, "W1")
        finish(rig)
        for path in rig.folder.glob("trace.*"):
            made = set(re.findall(r"^(?:\d+ +)?([a-z0-9_]+)\(", path.read_text(errors="replace"), re.M))
            families = set(re.findall(r"socket\((AF_[A-Z0-9]+)", path.read_text(errors="replace")))
            expect(len(made) > 20, f"{path.name}: the trace holds {made}")
            expect(families <= set(line_of("RestrictAddressFamilies").split()), f"{path.name}: the units do not allow {families}")
            expect(made <= may, f"{path.name}: the units do not allow {sorted(made - may)}")


CASES = [service_watchdog_hears_of_control_cycles_and_of_nothing_else, service_units_are_understood_and_leave_little_to_attack,
         service_units_allow_the_system_calls_that_are_made]
