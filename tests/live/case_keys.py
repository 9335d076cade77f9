"""Who may talk on the link (spec 09 9.1): an unpaired wallbox is refused and shown, a serial number is nothing without its key, a manager is
nothing without his, and whatever strangers send instead of a handshake, paired wallboxes charge on (9.2 "a client that floods")."""

import json
import socket
import ssl
import subprocess

from case_hostile import frame, hello, message
from rig import ALLOWANCE_MS, expect, run, wait_for
from steps import box, charge, finish, hardware, new_rig, plug, record_of, start, start_client, wait_charging, wait_online

SHAKE_MS = 5000
HALF_OPEN_N = 500
JOIN_S = 10


def secure_rig(*names):
    rig = new_rig(*(box(name, max_ma=8000) for name in names))
    rig.is_secure = True
    return rig


def lines(program, *words):
    return [line for line in program.output().splitlines() if all(word in line for word in words)]


def change_pins(rig, *arguments):
    code, _, error = run("wallbox-manager", "--data", rig.folder / "manager", *arguments)
    expect(code == 0, f"{arguments}: {error}")


def is_offline(rig, serial):
    return rig.wallbox(serial).get("state") == "Offline"


def keys_of_an_unpaired_wallbox_are_refused_and_shown_until_it_is_paired():
    with secure_rig("W1", "W2") as rig:
        rig.start_site()
        rig.import_site()
        rig.start_manager()
        start_client(rig, "W1")
        wait_online(rig, "W1")
        start_client(rig, "W2", is_paired=False)
        key = rig.identity("wallbox-client", "--config", rig.folder / "W2.conf", "--data", rig.folder / "data-W2")
        wait_for("the manager to show it", lambda: lines(rig.manager, "peer_refused", "reason=not_paired", "claims=W2", f"key={key}"))
        wait_for("the wallbox to hear it", lambda: lines(rig.clients["W2"], "not_paired"))
        expect(is_offline(rig, "W2"), "an unpaired wallbox is offline")
        plug(rig, "W1", "W2")
        wait_charging(rig, "W1")
        change_pins(rig, "--pin", "W2", key)
        wait_for("W2 to join without any restart", lambda: not is_offline(rig, "W2"), within_s=45)
        wait_charging(rig, "W2", within_s=45)
        change_pins(rig, "--unpin", "W1")
        cut_ms = rig.now_ms()
        wait_for("the manager to let W1 go", lambda: lines(rig.manager, "peer_closed", "reason=no_longer_paired", "serial=W1"))
        expect(rig.now_ms() - cut_ms <= ALLOWANCE_MS, "an unpinned wallbox is cut off at once")
        wait_for("W1 to be offline", lambda: is_offline(rig, "W1"))
        finish(rig, over_ms=0)


class Thief:
    """A peer of another implementation, with a key of its own."""

    def __init__(self, rig, version=ssl.TLSVersion.TLSv1_3, has_key=True):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        self.context.maximum_version = version
        if has_key:
            key, certificate = rig.folder / "thief.key", rig.folder / "thief.crt"
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=W1", "-keyout", key,
                            "-out", certificate], check=True, capture_output=True)
            self.context.load_cert_chain(certificate, key)
        self.port = rig.link_port

    def connect(self):
        return self.context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), 10))

    def is_refused(self):
        """Nothing but an alert or the end is heard."""
        try:
            with self.connect() as link:
                return link.recv(1) == b""
        except (ssl.SSLError, ConnectionError):
            return True


def keys_not_serial_numbers_say_who_a_wallbox_is():
    with secure_rig("W1") as rig:
        start(rig)
        charge(rig, "W1")
        begin_ms = rig.now_ms()
        with Thief(rig).connect() as link:
            expect(link.version() == "TLSv1.3", f"the link speaks {link.version()}")
            link.sendall(hello(b"W1"))
            said = b""
            while block := link.recv(4096):
                said += block
        expect(0 < len(said) < 16, f"a Reject and no information is heard, not {said}")
        wait_for("the manager to show it", lambda: lines(rig.manager, "peer_refused", "reason=not_paired", "claims=W1", "key_of=nobody"))
        rows = record_of(rig, "W1", begin_ms)
        expect(all(row["contactor"] and row["pilot_ma"] == rows[0]["pilot_ma"] for row in rows), "the wallbox did not notice")
        finish(rig, over_ms=0)


def keys_of_another_manager_are_not_obeyed():
    with secure_rig("W1") as rig:
        start(rig)
        rig.manager.stop()
        (rig.folder / "manager" / "link.key").rename(rig.folder / "link.key")
        rig.start_manager()
        wait_for("the wallbox to meet the other manager", lambda: lines(rig.clients["W1"], "link_down", "another key than the pinned one"))
        expect(is_offline(rig, "W1"), "the wallbox obeys its own manager only")
        rig.manager.stop()
        (rig.folder / "link.key").rename(rig.folder / "manager" / "link.key")
        rig.start_manager()
        wait_online(rig, "W1")
        finish(rig, over_ms=0)


def keys_are_demanded_of_whoever_sends_something_else():
    with secure_rig("W1") as rig:
        start(rig)
        charge(rig, "W1")
        begin_ms = rig.now_ms()
        for data in (hello(b"W1"), b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00" + b"\xff" * 600, b"\x80" * 60000):
            with socket.create_connection(("127.0.0.1", rig.link_port), 10) as stranger:
                name = f"127.0.0.1:{stranger.getsockname()[1]}"
                stranger.sendall(data)
                try:
                    said = b"".join(iter(lambda: stranger.recv(4096), b""))
                except ConnectionResetError:
                    said = b""
            expect(len(said) < 16, f"more than an alert is heard: {said}")
            wait_for(f"a line about {data[:8]}", lambda peer=name: lines(rig.manager, "handshake_refused", f"peer={peer} "))
        expect(Thief(rig, version=ssl.TLSVersion.TLSv1_2).is_refused(), "an older version is refused")
        expect(Thief(rig, has_key=False).is_refused(), "who has no key is refused")
        wait_for("both to be shown", lambda: len(lines(rig.manager, "handshake_refused")) == 6)
        rows = record_of(rig, "W1", begin_ms)
        expect(all(row["contactor"] and row["pilot_ma"] == rows[0]["pilot_ma"] for row in rows), "the wallbox did not notice")
        finish(rig, over_ms=0)


def keys_and_500_half_open_handshakes_leave_paired_wallboxes_alone():
    with secure_rig("W1", "W2", "W3") as rig:
        rig.start_site()
        rig.import_site()
        rig.start_manager()
        start_client(rig, "W1")
        start_client(rig, "W2")
        wait_online(rig, "W1", "W2")
        charge(rig, "W1", "W2")
        plug(rig, "W3")
        begin_ms = rig.now_ms()
        strangers = []
        for number in range(HALF_OPEN_N):
            stranger = socket.create_connection(("127.0.0.1", rig.link_port), 10)
            stranger.sendall(b"\x16\x03\x01\x02" if number % 2 else b"")
            strangers.append(stranger)
        start_client(rig, "W3")
        wait_for("another wallbox to join meanwhile", lambda: not is_offline(rig, "W3"), within_s=JOIN_S)
        for stranger in strangers:  # each was ended, at the latest by its deadline
            stranger.settimeout(2 * SHAKE_MS / 1000)
            try:
                expect(stranger.recv(64)[:1] in (b"", b"\x15"), "nothing but an alert or the end is heard")
            except ConnectionResetError:
                pass
            stranger.close()
        expect(rig.get("/health")["status"] == "ok", "the manager is well")
        for name in ("W1", "W2"):
            rows = record_of(rig, name, begin_ms)
            expect(all(row["contactor"] and row["pilot_ma"] == rows[0]["pilot_ma"] for row in rows), f"{name} noticed the strangers")
            expect(hardware(rig, name)["watchdog_firings"] == 0, f"{name} lost its client")
        shown = len(lines(rig.manager, "handshake_refused"))
        expect(0 < shown <= 60, f"{shown} lines about {HALF_OPEN_N} strangers")
        finish(rig, over_ms=0)


def transfer(rig, *arguments, data="manager"):
    return run("wallbox-manager", "--data", rig.folder / data, *arguments)


def keys_leave_in_an_encrypted_export_with_which_another_machine_takes_over():
    """Export while it runs, the machine is lost, a new one imports: no wallbox is touched (spec 09 9.1), and nothing is granted twice."""
    with secure_rig("W1", "W2") as rig:
        start(rig)
        charge(rig, "W1", "W2")
        export, passphrase, other = rig.folder / "export.json", rig.folder / "passphrase", rig.folder / "other"
        passphrase.write_text("correct horse battery\n")
        other.write_text("another passphrase\n")
        code, _, error = transfer(rig, "--export", export, "--passphrase-file", passphrase)
        expect(code == 0, f"export: {error}")
        expect(export.stat().st_mode & 0o77 == 0, "others can read the export")
        document = json.loads(export.read_text())
        expect("PRIVATE KEY" not in export.read_text() and "argon2id" == document["keys"]["kdf"], "the keys leave open")
        rig.manager.kill()
        (rig.folder / "manager").rename(rig.folder / "lost")
        code, _, error = transfer(rig, "--import", export)
        expect(code == 2 and "--passphrase-file" in error, f"import without a passphrase: {code} {error}")
        code, _, error = transfer(rig, "--import", export, "--passphrase-file", other)
        expect(code == 2 and "passphrase is another one" in error, f"import with a wrong passphrase: {code} {error}")
        torn = rig.folder / "torn.json"
        torn.write_text(json.dumps({**document, "keys": {**document["keys"], "box": document["keys"]["box"][:-8]}}))
        code, _, error = transfer(rig, "--import", torn, "--passphrase-file", passphrase)
        expect(code == 2 and "they were changed" in error, f"import of a torn file: {code} {error}")
        expect(not (rig.folder / "manager" / "link.key").exists(), "a refused import has left a key")
        code, _, error = transfer(rig, "--import", export, "--passphrase-file", passphrase)
        expect(code == 0, f"import: {error}")
        rig.start_manager()
        wait_online(rig, "W1", "W2")
        wait_charging(rig, "W1", "W2", within_s=45)
        code, _, error = transfer(rig, "--export", export, "--passphrase-file", passphrase)
        expect(code == 0, f"export of the new one: {error}")
        run("wallbox-manager", "--data", rig.folder / "else", "--pin", "W9", "0" * 64)
        code, _, error = transfer(rig, "--import", export, "--passphrase-file", passphrase, data="else")
        expect(code == 2 and "paired with another key" in error, f"import where other wallboxes are paired: {code} {error}")
        finish(rig, over_ms=0)


class FormerManager:
    """Has the manager's key, and an epoch of long ago: the machine that was replaced, switched on again."""

    def __init__(self, rig):
        key, certificate = rig.folder / "manager" / "link.key", rig.folder / "former.crt"
        subprocess.run(["openssl", "req", "-x509", "-key", key, "-subj", "/CN=former", "-out", certificate], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.context.load_cert_chain(certificate, key)
        self.listener = socket.create_server(("127.0.0.1", rig.link_port))
        self.listener.settimeout(45)

    def greet(self, epoch):
        """Answer the Hello of who comes with a Welcome and a Grant of this epoch; gives back what else he said before he left."""
        link, _ = self.listener.accept()
        with self.context.wrap_socket(link, server_side=True) as client:
            client.settimeout(10)
            expect(client.recv(4096), "a Hello")
            client.sendall(frame(message({2: message({1: epoch, 2: 0, 3: 0, 4: 1000, 5: 0, 6: 0})})))
            client.sendall(frame(message({5: message({1: epoch, 2: 1, 3: 1, 4: 32000, 5: 10000, 6: 1})})))
            said = b""
            while block := client.recv(4096):
                said += block
            return said


def keys_of_the_former_manager_with_an_old_epoch_are_not_obeyed():
    with secure_rig("W1") as rig:
        start(rig)
        plug(rig, "W1")
        wait_charging(rig, "W1")
        rig.manager.stop()
        wait_for("the wallbox to fall back", lambda: not hardware(rig, "W1")["contactor"], within_s=30)
        former = FormerManager(rig)
        begin_ms = rig.now_ms()
        expect(former.greet(1) == b"", "the wallbox reports to the former manager")
        wait_for("the wallbox to show it", lambda: lines(rig.clients["W1"], "old_epoch"))
        expect(not any(row["contactor"] for row in record_of(rig, "W1", begin_ms)), "the wallbox charges by an old epoch")
        former.listener.close()
        rig.start_manager()
        wait_charging(rig, "W1", within_s=60)
        finish(rig, over_ms=0)


CASES = [keys_of_an_unpaired_wallbox_are_refused_and_shown_until_it_is_paired, keys_not_serial_numbers_say_who_a_wallbox_is,
         keys_of_another_manager_are_not_obeyed, keys_are_demanded_of_whoever_sends_something_else,
         keys_of_the_former_manager_with_an_old_epoch_are_not_obeyed,
         keys_and_500_half_open_handshakes_leave_paired_wallboxes_alone,
         keys_leave_in_an_encrypted_export_with_which_another_machine_takes_over]
