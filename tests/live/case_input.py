"""Wrong input is refused in one clear line per error that names what is wrong and says what is allowed: exit 2 for usage and configuration,
1 when the system refuses (spec 13 13.1, 09 9.1 "All input is hostile")."""

import copy
import json
import os
import pathlib
import shutil
import socket
import tempfile

from rig import BIN, Rig, expect, free_port, one_node, run
from steps import box

USER = "nobody" if os.geteuid() == 0 else None  # root may write anywhere
GOOD = one_node(35, [box("W1"), box("W2", "L2-L3-L1")])
GOOD["meters"][0]["address"] = "tcp:127.0.0.1:502:1"


class Folder:
    """A folder in which programs are tried."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="wallbox-live-"))
        self.path.chmod(0o755)
        return self

    def __exit__(self, kind, value, trace):
        shutil.rmtree(self.path, ignore_errors=True)

    def write(self, name, content):
        (self.path / name).write_text(content if isinstance(content, str) else json.dumps(content))

    def refused(self, code, words, name, *arguments, user=None):
        """Try a program: it must end with this code, having printed one line that holds all these words."""
        program = name
        if user:  # who may not be allowed to go where the programs are
            program = shutil.copy(BIN / name, self.path)
        done, output, error = run(program, *arguments, cwd=self.path, user=user)
        what = f"{name} {' '.join(map(str, arguments))}"
        expect(done == code, f"{what}: exit {done}, expected {code}: {error}")
        expect(output == "" and error.count("\n") == 1 and error.endswith("\n"), f"{what}: not one line: {output}{error}")
        missing = [word for word in words if word not in error]
        expect(not missing, f"{what}: does not say {missing}: {error}")

    def import_good(self, data="data"):
        self.write("site.json", GOOD)
        code, _, error = run("wallbox-manager", "--data", data, "--import", "site.json", cwd=self.path)
        expect(code == 0, f"import: {error}")


def manager(data="data", link=None, http=None):
    link_port = link or free_port()
    http_port = http or free_port()
    return "wallbox-manager", "--data", data, "--link", f"127.0.0.1:{link_port}", "--http", f"127.0.0.1:{http_port}", "--loopback-plain"


def input_of_a_configuration_file_is_refused_with_file_line_key_and_what_is_allowed():
    wrong_manager = [("colour = 1;", ("colour", "link", "log_level")),
                     ('link = "127.0.0.1";', ("link", "ADDR:PORT", '"127.0.0.1"')),
                     ('log_level = "loud";', ("log_level", "err, warn, note or dbg", '"loud"')),
                     ("loopback_plain = 1;", ("loopback_plain", "true or false")),
                     ("http = ;", ("syntax error",))]
    wrong_client = [("colour = 1;", ("colour", "serial", "rated_ma")),
                    ("rated_ma = 90000;", ("rated_ma", "0..80000 mA", "90000")),
                    ("self_test_ms = -1;", ("self_test_ms", "0..30000 ms", "-1")),
                    ('checkpoint_ms = "often";', ("checkpoint_ms", "1000..60000 ms", "often")),
                    ('model = "max";', ("model", "connect or plus", '"max"'))]
    with Folder() as folder:
        for name, first, wrong in (("wallbox-manager", "# a comment", wrong_manager), ("wallbox-client", 'serial = "W1";', wrong_client)):
            for line, words in wrong:
                folder.write("x.conf", f"{first}\n{line}\n")
                folder.refused(2, ("x.conf:2:", *words), name, "--config", "x.conf", "--check-config")
            folder.refused(2, ("none.conf", "no such file"), name, "--config", "none.conf")
            folder.refused(2, ("--colour",), name, "--colour")
        folder.write("x.conf", 'model = "plus";\n')
        folder.refused(2, ("x.conf", "serial is missing", "A-Z a-z 0-9"), "wallbox-client", "--config", "x.conf")
        folder.write("x.conf", 'colour = 1;\nlog_level = "loud";\n')
        code, _, error = run("wallbox-manager", "--config", "x.conf", cwd=folder.path)
        lines = error.splitlines()
        expect(code == 2 and len(lines) == 2 and "x.conf:1:" in lines[0] and "x.conf:2:" in lines[1], f"two errors are two lines: {error}")


def input_of_a_site_document_is_refused_with_its_json_path():
    def changed(change):
        document = copy.deepcopy(GOOD)
        change(document)
        return document

    wrong = [(lambda d: d["nodes"][0].update(limit_ma=[35000, -5, 35000]), ("nodes[0].limit_ma[1]", "1000..1000000", "-5")),
             (lambda d: d["wallboxes"][1].update(min_ma=3), ("wallboxes[1].min_ma", "6000..80000", "3")),
             (lambda d: d["wallboxes"][1].update(phases="L2-L1"), ("wallboxes[1].phases", "L1-L2-L3", "L2-L1")),
             (lambda d: d["wallboxes"][1].update(id="W1"), ("wallboxes[1].id", "another wallbox")),
             (lambda d: d["wallboxes"][1].update(node="cellar"), ("wallboxes[1].node", "cellar")),
             (lambda d: d["wallboxes"][1].update(colour="red"), ("wallboxes[1].colour", "unknown key")),
             (lambda d: d["nodes"][0].pop("base_load_worst_ma"), ("nodes[0].base_load_worst_ma", "is needed")),
             (lambda d: [one.update(fallback_ma=8000) for one in d["wallboxes"]], ("nodes[0].limit_ma", "fallback currents", "exceed")),
             (lambda d: d["meters"][0].update(model="none"), ("meters[0]", "none")),
             (lambda d: d["meters"][0].update(role="garden"), ("meters[0].role", "house or solar", "garden"))]
    with Folder() as folder:
        for change, words in wrong:
            folder.write("x.json", changed(change))
            folder.refused(2, ("x.json", *words), "wallbox-manager", "--data", "data", "--import", "x.json")
            if words[0] != "meters[0]":  # which models it simulates it says in its own words
                folder.refused(2, ("x.json", *words), "wallbox-site", "--config", "x.json")
        folder.write("x.json", {**GOOD, "manager": {"lease_ms": 5}})
        folder.refused(2, ("x.json", "manager.lease_ms", "2000..60000 ms", "5"), "wallbox-manager", "--data", "data", "--import", "x.json")
        folder.write("x.json", {**GOOD, "simulation": {"speed": 0}})
        folder.refused(2, ("x.json", "simulation.speed", "1..1440"), "wallbox-site", "--config", "x.json")
        folder.write("x.json", '{"nodes": [\n}')
        for name, arguments in (("wallbox-manager", ("--data", "data", "--import")), ("wallbox-site", ("--config",))):
            folder.refused(2, ("x.json", "line 2"), name, *arguments, "x.json")
            folder.refused(2, ("none.json", "No such file"), name, *arguments, "none.json")
        expect(not (folder.path / "data").exists(), "a refused import leaves nothing behind")


def input_of_addresses_without_tls_is_refused_unless_loopback():
    with Folder() as folder:
        folder.write("x.conf", 'serial = "W1";\n')
        client = ("wallbox-client", "--config", "x.conf", "--data", "data", "--board", "site:x")
        folder.refused(2, ("link", "loopback", "0.0.0.0:7443"), "wallbox-manager", "--data", "data", "--link", "0.0.0.0:7443", "--loopback-plain")
        folder.refused(2, ("http", "loopback", "[::]:8080"), "wallbox-manager", "--data", "data", "--http", "[::]:8080", "--loopback-plain")
        folder.refused(2, ("link", "ADDR:PORT", "here"), "wallbox-manager", "--data", "data", "--link", "here", "--loopback-plain")
        folder.refused(2, ("http", "loopback", "[::]:8080"), "wallbox-manager", "--data", "data", "--http", "[::]:8080", "--loopback-plain", "--link-tls")
        folder.refused(2, ("manager", "loopback", "10.0.0.1:7443"), *client, "--manager", "10.0.0.1:7443", "--loopback-plain")
        folder.refused(2, ("board", "site", "serial:x"), *client, "--board", "serial:x", "--loopback-plain")


def input_of_keys_is_refused_with_what_is_allowed():
    digits = "00112233445566778899aabbccddeeff" * 2
    other = "ff" + digits[2:]
    with Folder() as folder:
        folder.write("x.conf", 'serial = "W1";\n')
        manager_pin = ("wallbox-manager", "--data", "data", "--pin")
        client_pin = ("wallbox-client", "--config", "x.conf", "--data", "data-W1", "--pin")
        folder.refused(2, ("--pin", "SERIAL and HASH"), *manager_pin, "W1")
        folder.refused(2, ("64 hexadecimal digits", '"abc"'), *manager_pin, "W1", "abc")
        folder.refused(2, ("serial number", '"W 1"'), *manager_pin, "W 1", digits)
        folder.refused(2, ("64 hexadecimal digits", '"abc"'), *client_pin, "abc")
        folder.refused(2, ("no wallbox W1 is pinned",), "wallbox-manager", "--data", "data", "--unpin", "W1")
        for serial, key in (("W1", digits), ("W1", other)):
            code, output, error = run(*manager_pin, serial, key, cwd=folder.path)
            expect((code, output, error) == (0, "", ""), f"pinning ended with {code}: {error}")
        folder.refused(2, ("pinned to W1",), *manager_pin, "W2", other)
        expect((folder.path / "data" / "pins").read_text() == f"W1 {other}\n", "the newer key of a wallbox counts")
        (folder.path / "data" / "pins").write_text("W1\n")
        folder.refused(1, ("data/pins:1:", "64 hexadecimal digits"), *manager_pin, "W2", digits)
        for name, more in (("wallbox-manager", ("--data", "data")), ("wallbox-client", ("--config", "x.conf", "--data", "data-W1"))):
            keys = {run(name, *more, "--print-identity", cwd=folder.path)[1] for _ in range(2)}
            expect(len(keys) == 1, f"{name} has one key: {keys}")
            path = folder.path / more[-1] / "link.key"
            expect(path.stat().st_mode & 0o777 == 0o600, "nobody else reads the key")
            path.write_text("nonsense")
            code, _, error = run(name, *more, "--print-identity", cwd=folder.path)
            expect(code == 1 and "link.key" in error and path.read_text() == "nonsense", f"a damaged key is named and kept: {error}")


def input_of_a_busy_port_or_an_unfit_directory_ends_the_program_with_the_reason():
    with Folder() as folder:
        folder.write("x.conf", 'serial = "W1";\n')
        client = ("wallbox-client", "--config", "x.conf", "--board", "site:x", "--loopback-plain", "--data")
        folder.refused(2, ("no site is known in empty", "--import FILE"), *manager("empty"))
        folder.import_good()
        with socket.socket() as busy:
            busy.bind(("127.0.0.1", 0))
            busy.listen()
            port = busy.getsockname()[1]
            folder.refused(1, (f"link 127.0.0.1:{port}", "in use"), *manager(link=port))
            folder.refused(1, (f"http 127.0.0.1:{port}", "in use"), *manager(http=port))
            folder.write("busy.json", {**GOOD, "simulation": {"meters": {"house": {"serve": f"127.0.0.1:{port}"}}}})
            folder.refused(1, (str(port), "in use"), "wallbox-site", "--config", "busy.json")
        folder.write("file", "")
        folder.refused(1, ("data directory file", "not a directory"), *manager("file"))
        folder.refused(1, ("data directory file", "not a directory"), *client, "file")
        (folder.path / "closed").mkdir(mode=0o555)
        folder.refused(1, ("data directory closed", "permission denied"), *manager("closed"), user=USER)
        folder.refused(1, ("data directory closed", "permission denied"), *client, "closed", user=USER)
        folder.refused(1, ("data directory a/b", "no such file or directory"), *manager("a/b"))


def input_of_a_locked_or_damaged_database_is_refused_and_nothing_is_destroyed():
    with Rig(copy.deepcopy(GOOD), record=False) as rig, Folder() as folder:
        rig.import_site()
        rig.start_manager()
        data = rig.folder / "manager"
        folder.write("site.json", GOOD)
        folder.refused(1, (f"data directory {data}", "lock"), *manager(data))
        folder.refused(1, (f"data directory {data}", "lock"), "wallbox-manager", "--data", data, "--import", "site.json")
        rig.stop_all()
        good = (data / "manager.db").read_bytes()
        for what, damaged in (("no database", bytes(range(256)) * 64), ("damaged pages", good[:4096] + b"x" * (len(good) - 4096))):
            (data / "manager.db").write_bytes(damaged)
            folder.refused(1, (f"{data}/manager.db",), *manager(data))
            expect((data / "manager.db").read_bytes() == damaged, f"{what}: the file was changed")
        (data / "manager.db").write_bytes(good)
        state = (data / "manager.state").read_bytes()
        (data / "manager.state").write_bytes(b"x" * len(state))
        folder.refused(1, (f"{data}/manager.state", "damaged"), *manager(data))
        expect((data / "manager.state").read_bytes() == b"x" * len(state), "a damaged manager.state was changed")
        (data / "manager.state").write_bytes(state)
        rig.start_manager()
        rig.stop_all()
        folder.write("x.conf", 'serial = "W1";\n')
        for name in ("client.db", "client.state"):
            (folder.path / name).mkdir()
            folder.write(f"{name}/{name}", "no such file " * 1000)
            folder.refused(1, (f"{name}/{name}",), "wallbox-client", "--config", "x.conf", "--board", "site:x", "--loopback-plain", "--data", name)
            expect((folder.path / name / name).read_text() == "no such file " * 1000, f"a damaged {name} was changed")


CASES = [input_of_a_configuration_file_is_refused_with_file_line_key_and_what_is_allowed,
         input_of_a_site_document_is_refused_with_its_json_path,
         input_of_addresses_without_tls_is_refused_unless_loopback, input_of_keys_is_refused_with_what_is_allowed,
         input_of_a_busy_port_or_an_unfit_directory_ends_the_program_with_the_reason,
         input_of_a_locked_or_damaged_database_is_refused_and_nothing_is_destroyed]
