"""Hostile HTTP (spec 09 9.1 "All input is hostile", 8.3): whatever strangers send gets the right status and nothing else, nobody gets in, and a
wallbox that charges meanwhile does not notice: the control loop is never late by more than LATE_MS, as GET /health says."""

import http.client
import os
import random
import socket
import ssl
import time

from rig import expect, run, wait_for
from steps import box, charge, finish, new_rig, serials, start
from visitor import PASSWORD, SECRETS, Answer, Browser, Watch, log_in_first, raw, serial_of, status_of

FUZZ_N = 3000
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "X" * 200)
GOOD = {200, 204, 304, 400, 401, 403, 404, 405, 409, 413, 414, 415, 422, 429, 431, 501, 503}


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
             (b"GET /health HTTP/1.1\r\n" + head + b"X: " + b"a" * 1000000 + b"\r\n\r\n", {431}),
             (b"GET /" + b"a" * 1000000 + b" HTTP/1.1\r\n" + head + b"\r\n", {414, 431}),
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


def http_hostile_strangers_disturb_nobody():
    with new_rig(box("W1")) as rig:
        start(rig)
        charge(rig, *serials(rig))
        watch = Watch(rig)
        dice = random.Random(int(os.environ.get("WALLBOX_SEED", "20261125")))
        fuzz(rig, dice)
        malformed(rig)
        slow(rig)
        watch.finish()
        expect(rig.manager.is_running(), "the manager has ended")
        expect(serial_of(rig) and "WALLBOX" not in rig.manager.output(), "the log holds a secret")
        finish(rig)


def trail(browser):
    return [(e["who"], e["what"], e["subject"]) for e in browser.expect(200, "GET", "/api/v1/changes").json()["changes"]]


def http_logins_cannot_be_forged_or_kept():
    """Forced change, forged requests, fixed sessions, roles, tokens, recovery, a restart: over the network and by HTTPS."""
    with new_rig(box("W1")) as rig:
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
        stranger.expect(404, "GET", "/api/v1/driver/W1")
        stranger.expect(401, "GET", "/api/v1/wallboxes/W1/driver-code")
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
        stranger.expect(403, "GET", "/api/v1/wallboxes/W1/driver-code", **program)
        code = admin.expect(200, "GET", "/api/v1/wallboxes/W1/driver-code").json()["code"]
        expect(stranger.expect(200, "GET", f"/api/v1/driver/{code}").json()["serial"] == "W1", "the code of a sticker leads elsewhere")
        expect("<svg" in admin.expect(200, "GET", "/api/v1/wallboxes/W1/driver-code?format=svg").text, "the sticker is no drawing")
        other = admin.expect(200, "POST", "/api/v1/wallboxes/W1/driver-code").json()["code"]
        stranger.expect(404, "GET", f"/api/v1/driver/{code}")
        stranger.expect(200, "GET", f"/api/v1/driver/{other}")
        old = Browser(rig, https_port, context)
        old.cookie, old.csrf = admin.cookie, admin.csrf
        admin.expect(204, "POST", "/api/v1/logout")
        old.expect(401, "GET", "/api/v1/site")
        rig.manager.stop()
        rig.start_manager()
        wait_for("the first picture after the restart", lambda: stranger.ask("GET", "/api/v1/site", **program).status == 200)
        expect(stranger.expect(200, "GET", "/api/v1/wallboxes/W1", **program).json()["name"] == "Yard", "the name is gone after a restart")
        stranger.expect(200, "GET", f"/api/v1/driver/{other}")
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
