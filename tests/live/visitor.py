"""Those who come to the manager by HTTP: people with a browser, programs, strangers who send whatever they like, and a watch over the control loop."""

import http.client
import json
import socket
import threading

from rig import expect

LATE_MS = 200  # the canary's bound; the figure is printed
NO_ANSWER_MS = 10**6
PASSWORD = "correct horse battery"
SECRETS = ("argon2", "BEGIN EC", "recovery_hash", "/tmp/", "SQLITE", "sqlite", ".c:", "microhttpd", "GnuTLS", "jansson", "libuv", "sodium", "0x", "wallbox-live-")
PROBLEM_KEYS = {"type", "title", "status", "detail", "field"}


class Answer:
    def __init__(self, answer):
        self.status = answer.status
        self.headers = answer.headers
        self.text = answer.read().decode(errors="replace")

    def json(self):
        return json.loads(self.text)


class Browser:
    """Cookies and the key against forged requests, as the dashboard handles them. source: address that it comes from."""

    def __init__(self, rig, port=None, context=None, source="127.0.0.1"):
        self.rig = rig
        self.port = port or rig.http_port
        self.context = context
        self.source = (source, 0)
        self.cookie = None
        self.csrf = None

    def _connect(self):
        if self.context:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=self.context, source_address=self.source)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10, source_address=self.source)

    def ask(self, method, path, body=None, **headers):
        """headers: with _ for -; None leaves one out that would be sent."""
        link = self._connect()
        sent = {} if body is None else {"Content-Type": "application/json"}
        if self.cookie:
            sent["Cookie"] = self.cookie
        if self.csrf:
            sent["X-CSRF-Token"] = self.csrf
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        try:
            link.request(method, path, body if body is None or isinstance(body, (str, bytes)) else json.dumps(body),
                         {name: value for name, value in sent.items() if value is not None})
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

    def log_in(self, user, password):
        return self.expect(200, "POST", "/api/v1/login", {"user": user, "password": password})


def check_quiet(answer, what):
    """Nothing of the inside is said, browsers are told to be careful, and an error is a problem document."""
    if "openapi" not in what:
        found = [word for word in SECRETS if word in answer.text]
        expect(not found, f"{what} says {found}: {answer.text[:200]}")
    for name in ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"):
        expect(name in answer.headers, f"{what}: header {name} is missing")
    expect("Server" not in answer.headers, f"{what} names its server: {answer.headers}")
    if answer.status >= 400:
        check_problem(answer, what)


def check_problem(answer, what):
    """An answer of RFC 9457."""
    expect(answer.headers["Content-Type"] == "application/problem+json", f"{what}: {answer.status} of type {answer.headers['Content-Type']}")
    said = answer.json()
    expect(said["status"] == answer.status and said["title"] and said["detail"] and set(said) <= PROBLEM_KEYS, f"{what}: {said}")


def raw(rig, data, within_s=3.0):
    """Send bytes, give back what comes until the connection ends or nothing more comes. What comes before all is sent counts as well."""
    said = b""
    with socket.create_connection(("127.0.0.1", rig.http_port), within_s) as link:
        try:
            link.sendall(data)
            link.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it was ended early: the answer is there all the same
        try:
            while block := link.recv(65536):
                said += block
        except OSError:
            pass
    return said


def status_of(said):
    return int(said.split(b" ", 2)[1]) if said.startswith(b"HTTP/1.") else None


def serial_of(rig):
    return rig.manager.output().split(" serial=")[1].split()[0]


def log_in_first(rig, browser):
    """The first login of all, with the change that it demands."""
    browser.log_in("admin", serial_of(rig))
    browser.expect(403, "GET", "/api/v1/site")
    browser.expect(200, "POST", "/api/v1/password", {"password": serial_of(rig), "new_password": PASSWORD})


class Watch:
    """Asks each second how late the loop was, on a connection that it keeps: others may take all there are."""

    def __init__(self, rig):
        self.worst_ms = 0
        self._rig = rig
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        link = http.client.HTTPConnection("127.0.0.1", self._rig.http_port, timeout=5, source_address=("127.0.0.8", 0))
        while not self._stop.wait(1.0):
            try:
                link.request("GET", "/health")
                late_ms = json.loads(link.getresponse().read())["loop_late_ms"]
            except (OSError, http.client.HTTPException, ValueError):
                late_ms = NO_ANSWER_MS
            self.worst_ms = max(self.worst_ms, late_ms)
        link.close()

    def finish(self, what="strangers"):
        self._stop.set()
        self._thread.join()
        print(f"http: with {what} the control loop was at worst {self.worst_ms} ms late", flush=True)
        expect(self.worst_ms <= LATE_MS, f"the control loop was {self.worst_ms} ms late, {LATE_MS} are allowed")


__all__ = ["PASSWORD", "SECRETS", "Answer", "Browser", "Watch", "check_problem", "check_quiet", "log_in_first", "raw", "serial_of", "status_of"]
