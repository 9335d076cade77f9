"""Before it leaves the factory (spec 09 9.1; SR-089, SR-111, SR-124, SR-131, SR-136): what a device is given is on its label, works, and is its own."""

import re

from rig import expect, run
from steps import box, charge, finish, new_rig, start_client, wait_online
from visitor import Browser

CARDS = ("04A1B2C0", "04A1B2C1", "04A1B2C2", "04A1B2C3")


def provision(rig, *more, data="manager"):
    return run("wallbox-manager", "--data", rig.folder / data, "--provision", *more)


def values(text):
    """What a label says, by the names of its lines."""
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)


def secrets(text):
    return set(re.findall(r"(?:[A-Z2-7]{4}-){3,}[A-Z2-9]{4}|\b[A-Z2-9]{12}\b", text))


def provision_of_a_manager_is_on_its_label_and_happens_once():
    with new_rig(box("W1")) as rig:
        drawing = rig.folder / "label.svg"
        code, label, error = provision(rig, "--cards", ",".join(CARDS), "--label", drawing)
        expect(code == 0, f"provision: {code} {error}")
        shown = values(label)
        serial, key = shown["Serial number"], shown["Recovery key"]
        expect(drawing.stat().st_mode & 0o77 == 0 and serial in drawing.read_text(), "the drawing is for its owner, and of this manager")
        hotspot = (rig.folder / "manager" / "hotspot.conf").read_text()
        expect(f"ssid = {serial}\n" in hotspot and any(word in label for word in re.findall(r"password = (\w{12})\n", hotspot)), "the hotspot is on the label")
        expect(all(card in label for card in CARDS), f"the cards are on the label: {label}")
        code, other, _ = provision(rig, data="other")
        expect(code == 0 and not secrets(label) & secrets(other) and values(other)["Serial number"] != serial, "two managers share nothing")
        code, said, error = provision(rig)
        expect(code == 2 and not said and "empty data directory" in error, f"a second time: {code} {said} {error}")
        rig.is_closed = True
        rig.import_site()
        rig.start_manager()
        expect(Browser(rig).expect(200, "POST", "/api/v1/login", {"user": "admin", "password": serial}).json()["must_change"], "the first login is not free")
        Browser(rig).expect(200, "POST", "/api/v1/recover", {"recovery_key": key, "new_password": "a new password"})
        log = rig.manager.output()
        expect(not secrets(label) & secrets(log), "the log holds a secret")
        rig.stop_all()


def provision_that_fails_leaves_nothing():
    with new_rig(box("W1")) as rig:
        taken = rig.folder / "taken.svg"
        taken.write_text("a label")
        for more, want in ((("--label", taken), "this file exists"), (("--label", rig.folder / "no" / "label.svg"), "cannot be made"),
                           (("--cards", "04A1B2C0"), "four numbers"), (("--cards", "04A1B2C0,1,2,3"), "four numbers")):
            code, said, error = provision(rig, *more)
            expect(code != 0 and not said and want in error, f"{more}: {code} {said} {error}")
        expect(taken.read_text() == "a label", "another label was overwritten")
        code, _, error = provision(rig)
        expect(code == 0, f"after these: {error}")


def provision_of_a_wallbox_gives_it_the_code_with_which_it_is_paired():
    with new_rig(box("W1", max_ma=8000)) as rig:
        rig.is_secure = True
        rig.start_site()
        rig.import_site()
        rig.start_manager()
        config = rig.folder / "factory.conf"
        config.write_text('serial = "W1";\n')
        factory = "wallbox-client", "--config", config, "--data", rig.folder / "data-W1", "--provision"
        code, label, error = run(*factory, "--label", rig.folder / "W1.svg")
        expect(code == 0, f"provision: {code} {error}")
        expect((rig.folder / "data-W1" / "identity.conf").stat().st_mode & 0o77 == 0, "others can read the code")
        code, said, error = run(*factory)
        expect(code == 2 and not said and "has a setup code already" in error, f"a second time: {code} {said} {error}")
        code, _, error = run("wallbox-manager", "--data", rig.folder / "manager", "--pair", f"W1={values(label)['Setup code']}")
        expect(code == 0, f"--pair: {error}")
        start_client(rig, "W1", is_paired=None)
        wait_online(rig, "W1")
        charge(rig, "W1")
        finish(rig, over_ms=0)


CASES = [provision_of_a_manager_is_on_its_label_and_happens_once, provision_that_fails_leaves_nothing,
         provision_of_a_wallbox_gives_it_the_code_with_which_it_is_paired]
