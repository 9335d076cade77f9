"""Hostile HTTP (spec 09 9.1 "All input is hostile", 8.3): whatever strangers send gets the right status and nothing else, nobody gets in, and a
wallbox that charges meanwhile does not notice: the control loop is never late by more than LATE_MS, as GET /health says."""

import http.client
import json
import os
import random
import socket
import ssl
import threading
import time

from rig import expect, run, wait_for
from steps import box, charge, finish, new_rig, serials, start

LATE_MS = 200  # the canary's bound; the figure is printed
FUZZ_N = 3000
LOGINS_N = 2000
PASSWORD = "correct horse battery"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "X" * 200)
GOOD = {200, 204, 304, 400, 401, 403, 404, 405, 409, 413, 414, 415, 422, 429, 431, 501, 503}
SECRETS = ("argon2", "BEGIN EC", "recovery_hash", "/tmp/", "SQLITE", "sqlite", ".c:")


class Answer:
    def __init__(self, answer):
        self.status = answer.status
        self.headers = answer.headers
        self.text = answer.read().decode(errors="replace")

    def json(self):
        return json.loads(self.text)


class Browser:
    """Cookies and the key against forged requests, as the dashboard handles them."""

    def __init__(self, rig, port=None, context=None):
        self.rig = rig
        self.port = port or rig.http_port
        self.context = context
        self.cookie = None
        self.csrf = None

    def ask(self, method, path, body=None, **headers):
        link = (http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=self.context) if self.context
                else http.client.HTTPConnection("127.0.0.1", self.port, timeout=10))
        sent = {} if body is None else {"Content-Type": "application/json"}
        if self.cookie:
            sent["Cookie"] = self.cookie
        if self.csrf:
            sent["X-CSRF-Token"] = self.csrf
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        try:
            link.request(method, path, body if body is None or isinstance(body, (str, bytes)) else json.dumps(body), sent)
            answer = Answer(link.getresponse())
        finally:
            link.close()
        if "Set-Cookie" in answer.headers:
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        if answer.status == 200 and '"csrf"' in answer.text:
            self.csrf = answer.json()["csrf"]
        return answer

    def expect(self, status, method, path, body=None, **headers):
        answer = self.ask(method, path, body, **headers)
        expect(answer.status == status, f"{method} {path}: {answer.status} instead of {status}: {answer.text[:200]}")
        check_quiet(answer, f"{method} {path}")
        return answer


def check_quiet(answer, what):
    """Nothing of the inside is said, and browsers are told to be careful."""
    if "openapi" not in what:
        found = [word for word in SECRETS if word in answer.text]
        expect(not found, f"{what} says {found}: {answer.text[:200]}")
    for name in ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"):
        expect(name in answer.headers, f"{what}: header {name} is missing")


def raw(rig, data, within_s=10.0):
    """Send bytes, give back what comes until the connection ends or nothing more comes."""
    said = b""
    with socket.create_connection(("127.0.0.1", rig.http_port), within_s) as link:
        try:
            link.sendall(data)
            link.shutdown(socket.SHUT_WR)
            while block := link.recv(65536):
                said += block
        except OSError:
            pass
    return said


def status_of(said):
    return int(said.split(b" ", 2)[1]) if said.startswith(b"HTTP/1.") else None


def serial_of(rig):
    return rig.manager.output().split(" serial=")[1].split()[0]


def late_ms(rig):
    return rig.get("/health")["loop_late_ms"]


class Watch:
    """Asks each second how late the loop was."""

    def __init__(self, rig):
        self.worst_ms = 0
        self._rig = rig
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop.wait(1.0):
            answer = self._rig.get("/health", quiet=True)
            self.worst_ms = max(self.worst_ms, answer["loop_late_ms"] if answer else 10**6)

    def finish(self):
        self._stop.set()
        self._thread.join()
        print(f"http: the control loop was at worst {self.worst_ms} ms late", flush=True)
        expect(self.worst_ms <= LATE_MS, f"the control loop was {self.worst_ms} ms late, {LATE_MS} are allowed")


def fuzzed_path(dice):
    parts = ["api", "v1", "site", "wallboxes", "W1", "session", "start", "users", "..", ".", "", "%2e%2e", "%00", "%2f", "etc", "passwd", "users.db", "https.key",
             "\u00e6", "x" * 40, "driver", "login", "{serial}", "stream?", "?limit=1", "?limit=%ff", "?" + "&".join("a=1" for _ in range(30)), "%", "%zz", "*"]
    return "/" + "/".join(dice.choice(parts) for _ in range(dice.randint(0, 6)))


def fuzz(rig, dice):
    """Random requests, most of them nonsense, several on a connection."""
    link = http.client.HTTPConnection("127.0.0.1", rig.http_port, timeout=10)
    for _ in range(FUZZ_N):
        method = dice.choice(METHODS)
        path = fuzzed_path(dice).encode("ascii", "ignore").decode()
        if path.endswith("stream?"):
            continue  # it would be listened to
        body = None if dice.random() < 0.6 else dice.randbytes(dice.randint(0, 2000))
        try:
            link.putrequest(method, path, skip_accept_encoding=True)
            link.putheader("Content-Type", dice.choice(("application/json", "text/plain", "multipart/form-data; boundary=x", "", "application/json; charset=utf-8")))
            if body is not None:
                link.putheader("Content-Length", str(len(body)))
            link.endheaders(body)
            answer = Answer(link.getresponse())
        except (http.client.HTTPException, OSError):
            link.close()
            continue
        expect(answer.status in GOOD or method in ("CONNECT", "TRACE", "X" * 200), f"{method} {path}: {answer.status}")
        expect(not any(word in answer.text for word in SECRETS) or "openapi" in path, f"{method} {path}: {answer.text[:200]}")
        expect(answer.status != 200 or method in ("GET", "HEAD"), f"{method} {path} was done without a login")
    link.close()


def malformed(rig):
    """Requests that are none, or two at once."""
    head = b"Host: x\r\n"
    cases = [(b"GET /health HTTP/1.1\r\n\r\n", {400}),
             (b"GET /health HTTP/1.1\r\n" + head + b"X: " + b"a" * 1000000 + b"\r\n\r\n", {431, None}),
             (b"GET /" + b"a" * 1000000 + b" HTTP/1.1\r\n" + head + b"\r\n", {414, 431, None}),
             (b"POST /api/v1/login HTTP/1.1\r\n" + head + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
             (b"POST /api/v1/login HTTP/1.1\r\n" + head + b"Content-Length: -1\r\n\r\n", {400, 413, None}),
             (b"POST /api/v1/login HTTP/1.1\r\n" + head + b"Content-Length: 99999999999999999999\r\n\r\n", {400, 413, None}),
             (b"POST /api/v1/login HTTP/1.1\r\n" + head + b"Content-Length: 65537\r\n\r\n", {413}),
             (b"GET /api/v1/../../etc/passwd HTTP/1.1\r\n" + head + b"\r\n", {404}),
             (b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + head + b"\r\n", {404}),
             (b"GET //etc/passwd HTTP/1.1\r\n" + head + b"\r\n", {404}),
             (b"GET /users.db HTTP/1.1\r\n" + head + b"\r\n", {404}),
             (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200, {400, None}),
             (b"\x00" * 5000, {400, 431, None}),
             (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 404, 405, 505, None})]
    for data, allowed in cases:
        said = raw(rig, data)
        expect(status_of(said) in allowed, f"{data[:60]!r}: {said[:80]!r}")
        expect(b"root:" not in said, f"{data[:60]!r} gets a file")


def slow(rig):
    """Fifty bodies that never end and fifty heads; others are served meanwhile."""
    links = []
    for i in range(100):
        link = socket.create_connection(("127.0.0.1", rig.http_port), 10)
        link.sendall(b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\n" + (b"Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n{" if i % 2 else b"X"))
        links.append(link)
    for _ in range(20):
        for link in links:
            try:
                link.sendall(b" ")
            except OSError:
                pass
        begin = time.monotonic()
        expect(rig.get("/health")["status"] == "ok", "health while many are slow")
        expect(time.monotonic() - begin < 2, "health took long while many are slow")
        time.sleep(0.1)
    for link in links:
        link.close()


def guess(rig):
    """Passwords by the hundred from several at once: all are refused, most of them without being looked at."""
    seen = {}
    lock = threading.Lock()

    def one(n):
        for i in range(LOGINS_N // 4):
            status = Browser(rig).ask("POST", "/api/v1/login", {"user": f"u{(n * 1000 + i) % 7}", "password": "x" * (1 + i % 128)}).status
            with lock:
                seen[status] = seen.get(status, 0) + 1

    threads = [threading.Thread(target=one, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(set(seen) <= {401, 429, 503} and sum(seen.values()) == LOGINS_N, f"answers to guesses: {seen}")
    expect(seen.get(429, 0) > LOGINS_N // 2, f"guessing is not slowed down: {seen}")


def http_hostile_strangers_disturb_nobody():
    rig = new_rig(box("W1"))
    start(rig)
    charge(rig, *serials(rig))
    watch = Watch(rig)
    dice = random.Random(int(os.environ.get("WALLBOX_SEED", "20261125")))
    fuzz(rig, dice)
    malformed(rig)
    slow(rig)
    guess(rig)
    watch.finish()
    expect(rig.manager.is_running(), "the manager has ended")
    expect(serial_of(rig) and "WALLBOX" not in rig.manager.output(), "the log holds a secret")
    finish(rig)


def log_in_first(rig, browser):
    browser.expect(200, "POST", "/api/v1/login", {"user": "admin", "password": serial_of(rig)})
    browser.expect(403, "GET", "/api/v1/site")
    browser.expect(200, "POST", "/api/v1/password", {"password": serial_of(rig), "new_password": PASSWORD})


def trail(browser):
    return [(e["who"], e["what"], e["subject"]) for e in browser.expect(200, "GET", "/api/v1/changes").json()["changes"]]


def http_logins_cannot_be_forged_or_kept():
    """Forced change, forged requests, fixed sessions, roles, tokens, recovery, a restart: over the network and by HTTPS."""
    rig = new_rig(box("W1"))
    https_port = 0
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        https_port = probe.getsockname()[1]
    rig.is_closed = True
    rig.start_site()
    rig.import_site()
    rig.start_manager("--https", f"127.0.0.1:{https_port}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(rig.folder / "manager" / "https.crt")
    context.check_hostname = False
    stranger = Browser(rig)
    for path in ("/api/v1/site", "/api/v1/wallboxes", "/api/v1/sessions", "/api/v1/stream", "/api/v1/users", "/api/v1/me"):
        stranger.expect(401, "GET", path)
    stranger.expect(200, "GET", "/api/v1/driver/W1")
    admin = Browser(rig, https_port, context)
    admin.cookie = "session=" + "0" * 64
    log_in_first(rig, admin)
    expect(admin.cookie != "session=" + "0" * 64, "a cookie of the visitor's was kept")
    admin.expect(200, "GET", "/api/v1/site")
    for headers in ({"X_CSRF_Token": "0" * 32}, {"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}):
        admin.expect(403, "PATCH", "/api/v1/wallboxes/W1", {"name": "forged"}, **headers)
    admin.expect(415, "PATCH", "/api/v1/wallboxes/W1", "name=forged", Content_Type="application/x-www-form-urlencoded")
    named = admin.expect(200, "PATCH", "/api/v1/wallboxes/W1", {"name": "Yard", "priority": 7}).json()
    expect(named == {"name": "Yard", "priority": 7, "mode": "fast", "local_limit_ma": None}, f"answer to a setting: {named}")
    wait_for("the new name to show", lambda: admin.expect(200, "GET", "/api/v1/wallboxes/W1").json()["name"] == "Yard")
    expect(trail(admin)[-2:] == [("admin", "password", "admin"), ("admin", "setting", "W1")], f"the audit trail says {trail(admin)}")
    setting = admin.expect(200, "GET", "/api/v1/changes?limit=1").json()["changes"][0]
    expect((setting["before"]["name"], setting["after"]["name"]) == ("", "Yard"), f"the audit trail says of the setting: {setting}")
    token = admin.expect(201, "POST", "/api/v1/tokens", {"name": "script", "scope": "viewer"}).json()["token"]
    program = {"Authorization": f"Bearer {token}"}
    stranger.expect(200, "GET", "/api/v1/site", **program)
    stranger.expect(403, "POST", "/api/v1/wallboxes/W1/start", **program)
    stranger.expect(403, "GET", "/api/v1/changes", **program)
    old = Browser(rig, https_port, context)
    old.cookie, old.csrf = admin.cookie, admin.csrf
    admin.expect(204, "POST", "/api/v1/logout")
    old.expect(401, "GET", "/api/v1/site")
    rig.manager.stop()
    rig.start_manager()
    stranger.expect(200, "GET", "/api/v1/site", **program)
    expect(stranger.expect(200, "GET", "/api/v1/wallboxes/W1", **program).json()["name"] == "Yard", "the name is gone after a restart")
    code, shown, _ = run("wallbox-manager", "--data", rig.folder / "manager", "--recovery-key")
    expect(code == 0 and "recovery_key " in shown, f"--recovery-key: {code} {shown}")
    key = shown.split("recovery_key ")[1].strip()
    code, shown, _ = run("wallbox-manager", "--data", rig.folder / "manager", "--recovery-key")
    expect(code == 1 and not shown, f"--recovery-key a second time: {code} {shown}")
    stranger.expect(403, "POST", "/api/v1/recover", {"recovery_key": key[::-1], "new_password": "quite another one"})
    stranger.expect(200, "POST", "/api/v1/recover", {"recovery_key": key, "new_password": "quite another one"})
    stranger.expect(200, "GET", "/api/v1/site")
    log = rig.manager.output()
    expect(PASSWORD not in log and key not in log and token not in log, "the log holds a secret")
    rig.stop_all()


CASES = [http_hostile_strangers_disturb_nobody, http_logins_cannot_be_forged_or_kept]
