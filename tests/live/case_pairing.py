"""Pairing by setup code (spec 09 9.1): who knows the code of a wallbox becomes its manager, and nobody else: not with a wrong code, not with what
he recorded, not between the two, and not without the service button when the wallbox has a manager already."""

import socket
import ssl
import subprocess
import threading

from case_hostile import frame, message
from case_http import PASSWORD, Browser, serial_of
from case_keys import Thief, change_pins, is_offline, lines, secure_rig
from rig import expect, run, wait_for
from steps import charge, finish, hardware, plug, start_client, wait_charging, wait_online

CODE = "ABCD-EFGH-IJKL-MNOP"
OTHER_CODE = "ABCD-EFGH-IJKL-MNO7"
PAIR_REQUEST, PAIR_PROOF = 25, 26
REDIAL_S = 45  # longest wait between two dials of a wallbox that never met a manager is 30 s


def codes(rig, *arguments):
    code, output, error = run("wallbox-manager", "--data", rig.folder / "manager", *arguments)
    expect(code == 0, f"{arguments[0]}: {error}")
    return output


def start_unpaired(*names, code=CODE, with_manager=True):
    """A site whose wallboxes have their setup codes and know no manager yet."""
    rig = secure_rig(*names)
    rig.start_site()
    rig.import_site()
    if with_manager:
        rig.start_manager()
    for name in names:
        rig.provision(name, code)
    return rig


def wait_paired(rig, *names):
    for name in names:
        wait_for(f"{name} to be paired", lambda serial=name: lines(rig.manager, " paired ", f"serial={serial} "), within_s=REDIAL_S)
    wait_online(rig, *names)


def expect_nothing_granted(rig, serial):
    board = hardware(rig, serial)
    expect(is_offline(rig, serial) and not board["contactor"] and board["pilot_ma"] == 0, f"{serial} has current: {board}")


def expect_no_code_said(rig, *names):
    """A setup code is in no log."""
    for program in (rig.manager, *(rig.clients[name] for name in names)):
        for code in (CODE, OTHER_CODE):
            expect(code not in program.output() and code.replace("-", "") not in program.output(), f"{program.name} logs a setup code")


def pairing_by_the_right_code_lets_a_wallbox_charge():
    with start_unpaired("W1", "W2") as rig:
        start_client(rig, "W1", is_paired=None)
        plug(rig, "W1")
        wait_for("the manager to see it", lambda: lines(rig.manager, "peer_refused", "reason=not_paired", "claims=W1"))
        expect_nothing_granted(rig, "W1")
        codes(rig, "--pair", f"W1={CODE}")
        wait_paired(rig, "W1")
        wait_charging(rig, "W1")
        key = rig.identity("wallbox-client", "--config", rig.folder / "W1.conf", "--data", rig.folder / "data-W1")
        expect(lines(rig.manager, " paired ", "serial=W1", f"key={key}"), "the manager names the key")
        expect("W1" not in (rig.folder / "manager" / "setup.codes").read_text(), "the code is forgotten")
        table = rig.folder / "codes.csv"
        table.write_text(f"serial;setup_code\r\nW2;{CODE.lower()}\r\n")
        expect(codes(rig, "--pair-csv", table).split() == ["wallboxes_n", "1"], "one wallbox is in the table")
        start_client(rig, "W2", is_paired=None)
        wait_paired(rig, "W2")
        charge(rig, "W2")
        change_pins(rig, "--unpin", "W2")
        wait_for("the manager to let W2 go", lambda: lines(rig.manager, "peer_closed", "reason=no_longer_paired", "serial=W2"))
        wait_for("W2 to be offline", lambda: is_offline(rig, "W2"))
        codes(rig, "--pair", f"W2={CODE}")  # its manager is pinned: it needs no button
        wait_for("W2 to be paired again", lambda: len(lines(rig.manager, " paired ", "serial=W2")) == 2, within_s=REDIAL_S)
        wait_online(rig, "W2")
        expect_no_code_said(rig, "W1", "W2")
        finish(rig, over_ms=0)


def pairing_with_a_wrong_code_is_refused_and_shown_until_the_right_one_is_given():
    with start_unpaired("W1") as rig:
        codes(rig, "--pair", f"W1={OTHER_CODE}")
        start_client(rig, "W1", is_paired=None)
        plug(rig, "W1")
        wait_for("the wallbox to say so", lambda: lines(rig.clients["W1"], "pairing_failed", "reason=wrong_proof", "failed_n=1"))
        wait_for("the manager to say so", lambda: lines(rig.manager, "pairing_failed", "reason=wrong_code", "claims=W1"))
        wait_for("the wallbox to ask again", lambda: lines(rig.manager, "peer_refused", "claims=W1"), within_s=REDIAL_S)
        expect(not lines(rig.clients["W1"], "failed_n=2"), "one wrong code fails once")
        expect_nothing_granted(rig, "W1")
        code, _, error = run("wallbox-manager", "--data", rig.folder / "manager", "--pair", "W1=ABCD-EFGH-IJKL-MNO1")
        expect(code == 2 and "setup_code must have 16 letters" in error and "MNO1" not in error, f"no code at all: {error}")
        codes(rig, "--pair", f"W1={CODE}")
        wait_paired(rig, "W1")
        wait_charging(rig, "W1")
        expect_no_code_said(rig, "W1")
        finish(rig, over_ms=0)


class Impostor(Thief):
    """Speaks for a serial number with a key of its own."""

    def __init__(self, rig):
        super().__init__(rig)
        self.link = self.connect()

    def ask(self, serial):
        self.link.sendall(frame(message({PAIR_REQUEST: message({1: serial})})))

    def prove(self, proof):
        self.link.sendall(frame(message({PAIR_PROOF: message({1: proof})})))

    def hear(self):
        """One frame of the manager; empty: the end."""
        head = self.link.recv(4)
        return head and self.link.recv(int.from_bytes(head, "big"))


def pairing_is_not_had_for_what_was_heard_before():
    with start_unpaired("W1") as rig:
        codes(rig, "--pair", f"W1={CODE}")
        impostor = Impostor(rig)
        impostor.ask(b"W1")
        heard = impostor.hear()
        expect(len(heard) == 37 and heard[:2] == b"\xd2\x01", f"the manager's proof is heard: {heard}")
        impostor.prove(heard[-32:])
        expect(impostor.hear() == b"", "a proof that is sent back is refused")
        wait_for("the manager to show it", lambda: lines(rig.manager, "pairing_failed", "reason=wrong_proof", "claims=W1", "key_of=nobody"))
        again = Impostor(rig)  # with another key, as it makes one each time
        again.ask(b"W1")
        expect(again.hear()[-32:] != heard[-32:], "each session has a proof of its own")
        again.prove(heard[-32:])
        expect(again.hear() == b"", "a proof of another session is refused")
        wait_for("the manager to show it", lambda: len(lines(rig.manager, "pairing_failed", "reason=wrong_proof")) == 2)
        early = Impostor(rig)
        early.prove(heard[-32:])
        expect(early.hear() == b"", "a proof that nobody asked for is refused")
        start_client(rig, "W1", is_paired=None)
        wait_paired(rig, "W1")
        charge(rig, "W1")
        finish(rig, over_ms=0)


class Middle:
    """Shakes hands with the wallbox as its manager and with the manager as the wallbox, and hands on what each says."""

    def __init__(self, rig, port=0):
        self.rig = rig
        self.relayed = []
        self.is_over = False
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=M", "-keyout",
                        rig.folder / "middle.key", "-out", rig.folder / "middle.crt"], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(rig.folder / "middle.crt", rig.folder / "middle.key")
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                link, _ = self.listener.accept()
                with self.context.wrap_socket(link, server_side=True) as wallbox:
                    self.serve(wallbox)
            except OSError:
                if self.is_over:
                    return

    def stop(self):
        self.is_over = True
        self.listener.shutdown(socket.SHUT_RDWR)  # ends the accept that waits
        self.thread.join(10)
        self.listener.close()

    def serve(self, wallbox):
        with Thief(self.rig).connect() as manager:
            asked = wallbox.recv(4096)
            manager.sendall(asked)
            proof = manager.recv(4096)
            wallbox.sendall(proof)
            answer = wallbox.recv(4096)
            manager.sendall(answer)
            self.relayed.append((asked, proof, answer))


class Guesser(Middle):
    """A manager that does not know the code and tries one proof after the other."""

    def serve(self, wallbox):
        if wallbox.recv(4096):
            wallbox.sendall(frame(message({PAIR_PROOF: message({1: len(self.relayed).to_bytes(32, "big")})})))
            self.relayed.append(wallbox.recv(4096))


def pairing_through_somebody_in_between_fails_on_both_sides():
    with start_unpaired("W1") as rig:
        codes(rig, "--pair", f"W1={CODE}")
        middle = Middle(rig)
        start_client(rig, "W1", is_paired=None, manager=f"127.0.0.1:{middle.port}")
        plug(rig, "W1")
        wait_for("the proof to be handed on", lambda: middle.relayed)
        middle.stop()
        asked, proof, answer = middle.relayed[0]
        expect(b"W1" in asked and len(proof) == 41 and len(answer) < 41, f"a proof of the manager is relayed and none comes back: {middle.relayed[0]}")
        wait_for("the wallbox to notice", lambda: lines(rig.clients["W1"], "pairing_failed", "reason=wrong_proof"))
        wait_for("the manager to notice", lambda: lines(rig.manager, "pairing_failed", "claims=W1", "key_of=nobody"))
        expect(not (rig.folder / "data-W1" / "manager.pin").exists(), "the wallbox has pinned nobody")
        expect("W1" not in (rig.folder / "manager" / "pins").read_text() if (rig.folder / "manager" / "pins").exists() else True, "the manager has pinned nobody")
        expect_nothing_granted(rig, "W1")
        finish(rig, over_ms=0)


def pairing_with_another_manager_needs_the_service_button():
    with start_unpaired("W1") as rig:
        codes(rig, "--pair", f"W1={CODE}")
        start_client(rig, "W1", is_paired=None)
        wait_paired(rig, "W1")
        rig.manager.stop()
        for name in ("link.key", "pins"):
            (rig.folder / "manager" / name).unlink()
        rig.start_manager()  # one with another key, which knows the code
        codes(rig, "--pair", f"W1={CODE}")
        wait_for("the wallbox to meet it", lambda: lines(rig.clients["W1"], "link_down", "another key than the pinned one"))
        plug(rig, "W1")
        expect_nothing_granted(rig, "W1")
        expect(not lines(rig.manager, "peer_refused"), "the wallbox asks nothing of a manager that it has not pinned")
        rig.control("button", wallbox="W1", kind="service", ms=300)
        wait_for("the window", lambda: lines(rig.clients["W1"], "pairing_window", "reason=service_button"))
        wait_paired(rig, "W1")
        wait_charging(rig, "W1")
        finish(rig, over_ms=0)


def pairing_over_http_lists_who_asks_takes_codes_and_ends_a_pairing():
    with start_unpaired("W1", "W2") as rig:
        admin = Browser(rig)
        admin.expect(200, "POST", "/api/v1/login", {"user": "admin", "password": serial_of(rig)})
        admin.expect(200, "POST", "/api/v1/password", {"password": serial_of(rig), "new_password": PASSWORD})

        def states():
            return {one["serial"]: one["state"] for one in admin.expect(200, "GET", "/api/v1/pairing").json()["wallboxes"]}

        start_client(rig, "W1", is_paired=None)
        wait_for("W1 to be seen", lambda: states() == {"W1": "seen"})
        seen = admin.expect(200, "GET", "/api/v1/pairing").json()["wallboxes"][0]
        expect(seen["key"] == rig.identity("wallbox-client", "--config", rig.folder / "W1.conf", "--data", rig.folder / "data-W1"), f"its key: {seen}")
        expect(seen["address"].startswith("127.0.0.1:"), f"its address: {seen}")
        admin.expect(201, "POST", "/api/v1/pairing", {"serial": "W1", "setup_code": OTHER_CODE})
        wait_for("W1 to be shown as failed", lambda: states() == {"W1": "failed"}, within_s=REDIAL_S)
        table = f"serial,setup_code\nW1,{CODE}\nW2,{CODE}\n"
        admin.expect(200, "POST", "/api/v1/pairing/import", table, Content_Type="text/csv")
        start_client(rig, "W2", is_paired=None)
        wait_paired(rig, "W1", "W2")
        wait_for("both to be shown as paired", lambda: states() == {"W1": "paired", "W2": "paired"})
        charge(rig, "W1", "W2")
        admin.expect(204, "DELETE", "/api/v1/pairing/W2")
        wait_for("the manager to let W2 go", lambda: lines(rig.manager, "peer_closed", "reason=no_longer_paired", "serial=W2"))
        wait_for("W2 to be offline", lambda: is_offline(rig, "W2"))
        trail = admin.expect(200, "GET", "/api/v1/changes").text
        for what in ("setup_codes_put", "paired", "unpair"):
            expect(f'"{what}"' in trail, f"{what} is in the audit trail: {trail[:500]}")
        expect(CODE not in trail and OTHER_CODE not in trail, "no code is in the audit trail")
        expect_no_code_said(rig, "W1", "W2")
        finish(rig, over_ms=0)


def pairing_with_a_manager_that_was_found_on_the_local_network():
    with start_unpaired("W1", with_manager=False) as rig:
        codes(rig, "--pair", f"W1={CODE}")
        start_client(rig, "W1", is_paired=None, manager=f"search:{rig.link_port}")
        wait_for("the wallbox to miss its manager", lambda: lines(rig.clients["W1"], "manager_not_found", f"search=search:{rig.link_port}"))
        rig.start_manager()
        wait_paired(rig, "W1")
        charge(rig, "W1")
        rig.manager.kill()
        rig.start_manager()
        wait_online(rig, "W1")
        wait_charging(rig, "W1", within_s=45)
        finish(rig, over_ms=0)


def pairing_anew_of_a_wallbox_that_lost_its_key_needs_its_code_again():
    with start_unpaired("W1") as rig:
        codes(rig, "--pair", f"W1={CODE}")
        start_client(rig, "W1", is_paired=None)
        wait_paired(rig, "W1")
        rig.clients["W1"].stop()
        (rig.folder / "data-W1" / "link.key").unlink()
        start_client(rig, "W1", is_paired=None)
        plug(rig, "W1")
        wait_for("the manager to refuse its new key", lambda: lines(rig.manager, "peer_refused", "reason=not_paired", "claims=W1", "key_of=nobody"))
        wait_for("W1 to be offline", lambda: is_offline(rig, "W1"))
        expect_nothing_granted(rig, "W1")
        codes(rig, "--pair", f"W1={CODE}")
        wait_for("the new key to be paired", lambda: len(lines(rig.manager, " paired ", "serial=W1")) == 2, within_s=REDIAL_S)
        wait_online(rig, "W1")
        wait_charging(rig, "W1")
        finish(rig, over_ms=0)


def pairing_ends_for_now_after_twenty_wrong_proofs():
    """A wallbox that has met a manager dials every 4 s at the latest: this takes a minute."""
    with start_unpaired("W1") as rig:
        codes(rig, "--pair", f"W1={CODE}")
        start_client(rig, "W1", is_paired=None)
        wait_paired(rig, "W1")
        rig.manager.stop()
        guesser = Guesser(rig, rig.link_port)
        rig.control("button", wallbox="W1", kind="service", ms=300)
        wait_for("20 guesses", lambda: lines(rig.clients["W1"], "pairing_window_closed", "reason=too_many_failed"), within_s=120)
        expect(len(lines(rig.clients["W1"], "pairing_failed", "reason=wrong_proof")) == 20, "each guess is shown")
        wait_for("it to refuse the guesser", lambda: lines(rig.clients["W1"], "link_down", "another key than the pinned one"))
        expect(len(guesser.relayed) <= 20, f"{len(guesser.relayed)} guesses were taken")
        guesser.stop()
        rig.start_manager()
        wait_online(rig, "W1")
        finish(rig, over_ms=0)


CASES = [pairing_by_the_right_code_lets_a_wallbox_charge, pairing_with_a_wrong_code_is_refused_and_shown_until_the_right_one_is_given,
         pairing_is_not_had_for_what_was_heard_before, pairing_through_somebody_in_between_fails_on_both_sides,
         pairing_with_another_manager_needs_the_service_button, pairing_over_http_lists_who_asks_takes_codes_and_ends_a_pairing,
         pairing_with_a_manager_that_was_found_on_the_local_network, pairing_anew_of_a_wallbox_that_lost_its_key_needs_its_code_again]
MORE_CASES = [pairing_ends_for_now_after_twenty_wrong_proofs]
