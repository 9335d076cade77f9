"""A site of real processes for live tests: wallbox-site, one manager, some clients, in a folder of their own on loopback.

The record of wallbox-site is the judge. Time bounds hold with ALLOWANCE_MS for the machine, and only while the canary (a thread that
sleeps 10 ms in a loop) was never late by more than CANARY_MS; otherwise the case is repeated, at most twice (spec 13 13.2).
"""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

ALLOWANCE_MS = 1000
CANARY_MS = 200
REPO = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("WALLBOX_BIN", REPO / "build" / "bin"))


class Failed(Exception):
    """What a test expected did not happen."""


class Skipped(Exception):
    """This machine does not let the test happen."""


def expect(condition, text):
    if not condition:
        raise Failed(text)


def wait_for(what, probe, within_s=20.0):
    """Ask `probe` until it gives something true, and give that back."""
    deadline = time.monotonic() + within_s
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not within {within_s:g} s")
        time.sleep(0.02)


class Canary:
    """Knows whether this machine gave us time when we asked for it."""

    def __init__(self):
        self.worst_ms = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop.is_set():
            begin = time.monotonic()
            time.sleep(0.01)
            self.worst_ms = max(self.worst_ms, (time.monotonic() - begin) * 1000 - 10)

    def stop(self):
        self._stop.set()
        self._thread.join()
        return self.worst_ms


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Program:
    """One process, its output in a file."""

    def __init__(self, name, arguments, folder, output_name=None, user=None, is_traced=False):
        """user: number of another user; it runs a copy of the program, because the folder of the build may be closed to him. is_traced: its system
        calls go to trace.NAME of the folder."""
        self.name = name
        path = BIN / name
        if user is not None:
            path = folder / name
            if not path.exists():
                shutil.copy(BIN / name, path)
        self.log_path = folder / f"{output_name or name}.log"
        self._log = open(self.log_path, "ab")
        self._is_asked = False
        self.is_killed = False
        environment = dict(os.environ)
        if "WALLBOX_SANITIZER_LOG" in os.environ:
            options = f"log_path={os.environ['WALLBOX_SANITIZER_LOG']}/{name}"
            environment["ASAN_OPTIONS"] = options
            environment["UBSAN_OPTIONS"] = options + ":print_stacktrace=1"
            environment["TSAN_OPTIONS"] = options
        tracer = []
        if is_traced:
            tracer = ["strace", "-D", "-f", "-qq", "-o", folder / f"trace.{output_name or name}"]
            environment["ASAN_OPTIONS"] = environment.get("ASAN_OPTIONS", "log_path=stderr") + ":detect_leaks=0"  # leaks cannot be found meanwhile
        self.process = subprocess.Popen([*map(str, tracer), str(path), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
                                        env=environment, cwd=folder, user=user)

    def output(self):
        return self.log_path.read_text(errors="replace")

    def is_running(self):
        return self.process.poll() is None

    def kill(self):
        self.is_killed = True
        self.process.kill()
        self.process.wait()

    def signal(self, number):
        self.process.send_signal(number)

    def ask_to_end(self):
        if not self._is_asked and self.is_running():
            self._is_asked = True
            self.process.terminate()

    def stop(self, within_s=20.0):
        """Ask to end, give back the exit code."""
        self.ask_to_end()
        try:
            code = self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failed(f"{self.name} did not end within {within_s:g} s of SIGTERM") from None
        finally:
            self._log.close()
        return code


def run(name, *arguments, within_s=20.0, cwd=None, user=None):
    """Run a program to its end: (exit code, standard output, standard error)."""
    done = subprocess.run([str(BIN / name), *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, timeout=within_s, cwd=cwd, user=user,
                          check=False)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


class Rig:
    def __init__(self, document, record=True):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wallbox-live-"))
        self.document = document
        self.meter_port = free_port()
        self.link_port = free_port()
        self.http_port = free_port()
        self.clients = {}
        self.manager = None
        self.is_closed = False
        self.is_traced = False  # as in Program, of manager and clients; set before anything starts
        self.is_secure = False  # the link has TLS; set before anything starts
        self.site = None
        self.record = self.folder / "record.csv" if record else None
        self._programs = []
        self._control = None
        for meter in document.get("meters", []):
            meter["address"] = meter.get("address", f"tcp:127.0.0.1:{self.meter_port}:1").replace("FOLDER", str(self.folder))
        self.site_file = self.folder / "site.json"
        self.site_file.write_text(json.dumps(document))

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            for program in self._programs:
                print(f"--- {program.log_path.name}, last lines")
                print("\n".join(program.output().splitlines()[-15:]))
        for program in self._programs:
            if program.is_running():
                program.kill()
        if self._control is not None:
            self._control.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, name, arguments, output_name=None, user=None):
        program = Program(name, arguments, self.folder, output_name, user, self.is_traced and name != "wallbox-site")
        self._programs.append(program)
        return program

    def start_site(self, *more):
        arguments = ["--config", self.site_file, "--boards", self.folder / "boards", "--control", self.folder / "control", "--seed", 1, *more]
        if self.record:
            arguments += ["--record", self.record]
        self.site = self._start("wallbox-site", arguments)
        wait_for("the site to be ready", lambda: not self.site.is_running() or "ready" in self.site.output())
        expect(self.site.is_running(), "wallbox-site ended: " + self.site.output())
        self._control = socket.socket(socket.AF_UNIX)
        self._control.connect(str(self.folder / "control"))
        self._control.settimeout(10)
        self._lines = self._control.makefile("r")

    def control(self, cmd, **more):
        """Send one command to the simulated site and give its answer back."""
        self._control.sendall((json.dumps({"cmd": cmd, **more}) + "\n").encode())
        answer = json.loads(self._lines.readline())
        expect("error" not in answer, f"control {cmd}: {answer}")
        return answer

    def import_site(self):
        code, _, error = run("wallbox-manager", "--data", self.folder / "manager", "--import", self.site_file)
        expect(code == 0, f"import failed with {code}: {error}")

    def start_manager(self, *more):
        """more: further options of its command line. Who reads need not log in, unless is_closed is set."""
        switches = ["--loopback-plain", *(["--link-tls"] if self.is_secure else []), *([] if self.is_closed else ["--open-reads"])]
        self.manager = self._start("wallbox-manager", ["--data", self.folder / "manager", "--link", f"127.0.0.1:{self.link_port}", "--http",
                                                       f"127.0.0.1:{self.http_port}", *switches, *more])
        wait_for("the manager to answer", lambda: not self.manager.is_running() or self.get("/health", quiet=True))
        expect(self.manager.is_running(), "wallbox-manager ended: " + self.manager.output())

    def identity(self, *program):
        """Hash of the key of a program with these options."""
        code, output, error = run(*program, "--print-identity", cwd=self.folder)
        expect(code == 0, f"--print-identity failed with {code}: {error}")
        return output.split()[-1]

    def pair(self, serial, both=True):
        """Pin the manager at a client whose configuration is written, and the client at the manager if both. Gives back the client's hash."""
        client = "wallbox-client", "--config", self.folder / f"{serial}.conf", "--data", self.folder / f"data-{serial}"
        manager = "wallbox-manager", "--data", self.folder / "manager"
        own = self.identity(*client)
        for command in ((*client, "--pin", self.identity(*manager)), *([(*manager, "--pin", serial, own)] if both else [])):
            code, _, error = run(*command)
            expect(code == 0, f"--pin failed with {code}: {error}")
        return own

    def provision(self, serial, code):
        """Give a wallbox that was not started yet its setup code, as the factory does."""
        data = self.folder / f"data-{serial}"
        data.mkdir(mode=0o700)
        path = data / "identity.conf"
        path.touch(mode=0o600)
        path.write_text(f"serial = {serial}\nsetup_code = {code}\n")

    def start_client(self, serial, user=None, is_paired=True, manager=None, **settings):
        """user: number of another user under which it runs. is_paired: with TLS, the manager knows it; None: nor does it know the manager. manager:
        ADDR:PORT, unless it is ours. settings: keys of its configuration."""
        config = self.folder / f"{serial}.conf"
        lines = [f'serial = "{serial}";', 'model = "plus";']
        lines += [f"{key} = {json.dumps(value)};" for key, value in settings.items()]
        config.write_text("\n".join(lines) + "\n")
        if user is not None:
            self._open_to(user, serial)
        if self.is_secure and is_paired is not None:
            self.pair(serial, is_paired)
        client = self._start("wallbox-client", ["--config", config, "--data", self.folder / f"data-{serial}", "--manager", manager or f"127.0.0.1:{self.link_port}",
                                                "--board", f"site:{self.folder / 'boards'}", *([] if self.is_secure else ["--loopback-plain"])],
                             f"client-{serial}", user)
        self.clients[serial] = client
        return client

    def _open_to(self, user, serial):
        data = self.folder / f"data-{serial}"
        data.mkdir(exist_ok=True)
        for path in (data, *data.iterdir()):
            os.chown(path, user, user)
        self.folder.chmod(0o755)
        (self.folder / "boards").chmod(0o777)
        if "WALLBOX_SANITIZER_LOG" in os.environ:
            pathlib.Path(os.environ["WALLBOX_SANITIZER_LOG"]).chmod(0o1777)

    def get(self, path, quiet=False):
        """JSON of a path of the manager; None when it does not answer and `quiet`."""
        link = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=5)
        try:
            link.request("GET", path)
            answer = link.getresponse()
            return json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            if quiet:
                return None
            raise
        finally:
            link.close()

    def wallbox(self, serial):
        """One wallbox as the manager's API shows it, {} while it does not answer."""
        return self.get(f"/api/v1/wallboxes/{serial}", quiet=True) or {}

    def rows(self, what=""):
        """The record so far, a list of dicts with integers where they are; what: "" nodes, "wallboxes"."""
        path = self.record if not what else pathlib.Path(f"{self.record}.{what}")
        lines = path.read_text().splitlines(keepends=True)
        names = lines[0].strip().split(",")
        rows = []
        for line in lines[1:]:
            if line.endswith("\n"):
                rows.append({k: v if k in ("node", "serial") else int(v) for k, v in zip(names, line.strip().split(","))})
        return rows

    def box_rows(self, serial, from_ms=0):
        return [row for row in self.rows("wallboxes") if row["serial"] == serial and row["t_ms"] >= from_ms]

    def now_ms(self):
        """Time of the simulated site, as in the record."""
        return self.control("state")["t_ms"]

    def stop_all(self):
        """Orderly end of everything: clients first and together (each lets its vehicle stop), then the manager, then the site.

        Every program that ever ran here and was not killed must have ended with 0."""
        for client in self.clients.values():
            client.ask_to_end()
        for program in sorted(self._programs, key=lambda one: one.name):
            if not program.is_killed:
                code = program.stop()
                expect(code == 0, f"{program.log_path.name} ended with {code}")


def run_case(name, case):
    """One live test, repeated at most twice when the machine was busy. Gives back (passed, text); None: it was skipped."""
    for attempt in range(3):
        canary = Canary()
        begin = time.monotonic()
        try:
            case()
            error = None
        except Skipped as reason:
            canary.stop()
            return None, f"SKIP {name}: {reason}"
        except (Failed, AssertionError, OSError, subprocess.SubprocessError, KeyError, ValueError, TypeError, IndexError) as failure:
            error = f"{type(failure).__name__}: {failure}"
        late_ms = canary.stop()
        took_s = time.monotonic() - begin
        if error is None:
            return True, f"PASS {name} ({took_s:.1f} s)"
        if late_ms <= CANARY_MS:
            return False, f"FAIL {name} ({took_s:.1f} s): {error}"
        print(f"busy {name}: the machine was late by {late_ms:.0f} ms, attempt {attempt + 1}: {error}", flush=True)
    return False, f"FAIL {name}: {error} (the machine was busy three times)"


def one_node(limit_a=35, boxes=(), meter=True, **node):
    """A site document: one connection, a house meter, wallboxes given as (serial, phases) or dicts."""
    document = {"nodes": [{"id": "grid", "limit_ma": [limit_a * 1000] * 3, **node}],
                "wallboxes": [box if isinstance(box, dict) else {"id": box[0], "node": "grid", "phases": box[1]} for box in boxes],
                "timezone": "Europe/Berlin", "simulation": {}}
    if meter:
        document["nodes"][0].setdefault("base_load_worst_ma", 20000)
        document["meters"] = [{"id": "house", "model": "tq_em300_lr", "node": "grid", "role": "house"}]
    return document


__all__ = ["ALLOWANCE_MS", "BIN", "Failed", "Rig", "Skipped", "expect", "free_port", "one_node", "run", "run_case", "signal", "wait_for"]
