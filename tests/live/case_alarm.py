"""Who wants to be told is told (spec 08 8.1 "Be told"): by mail and by web hook, of the begin and of the end; a server that is down is tried again,
and the control loop does not wait for anybody."""

import http.server
import json
import socketserver
import threading

from rig import expect, free_port, wait_for
from steps import box, charge, new_rig, start
from visitor import PASSWORD, Browser, serial_of

SETTLED_S = 30


class Hook:
    """Takes what is posted."""

    def __init__(self, port):
        got = self.got = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Mailbox:
    """As much SMTP as a sender needs."""

    def __init__(self, port):
        got = self.got = []

        class Handler(socketserver.StreamRequestHandler):
            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")

            def handle(self):
                self.say("220 mailbox")
                to, mail = [], None
                for raw in self.rfile:
                    line = raw.decode().rstrip("\r\n")
                    if mail is not None and line == ".":
                        got.append((to, "\n".join(mail)))
                        mail = None
                    elif mail is not None:
                        mail.append(line)
                        continue
                    elif line.upper().startswith("RCPT"):
                        to.append(line.split("<")[1].split(">")[0])
                    elif line.upper() == "DATA":
                        mail = []
                        self.say("354 go on")
                        continue
                    elif line.upper() == "QUIT":
                        self.say("221 bye")
                        return
                    self.say("250 fine")

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def text_of(message):
    return f"{message['subject']}\n{message['text']}"


def alarm_of_a_lost_meter_is_told_by_mail_and_hook_and_so_is_its_end():
    with new_rig(box("W1")) as rig:
        hook_port, mail_port = free_port(), free_port()
        start(rig)
        admin = Browser(rig)
        admin.log_in("admin", serial_of(rig))
        admin.expect(200, "POST", "/api/v1/password", {"password": serial_of(rig), "new_password": PASSWORD})
        charge(rig, "W1")
        for body, field in (({"hook_url": "ftp://here"}, "hook_url"), ({"mail_url": "smtp://127.0.0.1", "mail_to": "", "mail_from": "a@b"}, "mail_to"),
                            ({"mail_to": "not an address"}, "mail_to"), ({"quiet_from": "22:00"}, "quiet_to"), ({"least_s": -1}, "least_s"),
                            ({"classes": [{"class": "meter", "when": "sometimes"}]}, "classes"), ({"mail_from": "a@b\\r\\nBcc: c@d"}, "mail_from")):
            expect(admin.expect(422, "PUT", "/api/v1/alarms", body).json()["field"] == field, f"{body} is not refused at {field}")
        admin.expect(409, "POST", "/api/v1/alarms/test")
        shown = admin.expect(200, "PUT", "/api/v1/alarms", {"mail_url": f"smtp://127.0.0.1:{mail_port}", "mail_from": "site@example.org",
                                                            "mail_to": "anna@example.org, otto@example.org", "mail_password": "hidden-42",
                                                            "hook_url": f"http://127.0.0.1:{hook_port}/alarms", "least_s": 1, "language": "de"}).json()
        expect(shown["has_password"] and "hidden-42" not in json.dumps(shown), f"a password comes out: {shown}")
        tried = admin.expect(200, "POST", "/api/v1/alarms/test").json()
        expect(not tried["is_told"] and tried["why"], f"nobody listens, and the test says {tried}")
        mailbox = Mailbox(mail_port)
        hook = Hook(hook_port)
        expect(admin.expect(200, "POST", "/api/v1/alarms/test").json() == {"is_told": True, "why": ""}, "the test is not told")
        expect(len(mailbox.got) == 1 and len(hook.got) == 1, "the test did not arrive once")
        mailbox.close()
        rig.control("meter", id="house", mode="silent")
        lost = wait_for("the hook to hear of the meter", lambda: [m for m in hook.got[1:] if any(a["class"] == "meter" for a in m["alarms"])], SETTLED_S)[0]
        expect("house" in text_of(lost) and not lost["alarms"][0]["is_solved"], f"the hook heard {lost}")
        wait_for("the mail to fail", lambda: "alarm_not_told" in rig.manager.output(), SETTLED_S)
        mailbox = Mailbox(mail_port)
        receivers, mail = wait_for("the mail to come at the next try", lambda: mailbox.got, SETTLED_S)[0]
        expect(receivers == ["anna@example.org", "otto@example.org"], f"the mail went to {receivers}")
        expect("house" in mail and "From: <site@example.org>" in mail, f"the mail says {mail}")
        rig.control("meter", id="house", mode="ok")
        wait_for("the hook to hear of its end", lambda: any(a["class"] == "meter" and a["is_solved"] for m in hook.got for a in m["alarms"]), SETTLED_S)
        expect(rig.get("/health")["loop_late_ms"] < 200, f"the control loop was late: {rig.get('/health')}")
        expect("hidden-42" not in rig.manager.output(), "the log holds a password")
        rig.manager.stop()
        rig.start_manager()
        admin.log_in("admin", PASSWORD)
        expect(admin.expect(200, "GET", "/api/v1/alarms").json()["mail_to"] == shown["mail_to"], "the settings are gone after a restart")
        mailbox.close()
        hook.close()
        rig.stop_all()


CASES = [alarm_of_a_lost_meter_is_told_by_mail_and_hook_and_so_is_its_end]
