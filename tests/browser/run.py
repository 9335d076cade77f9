#!/usr/bin/env python3
"""The dashboard in Debian's Chromium over a real manager and a simulated site (spec 08, 13 13.2).

    tests/browser/run.py                the site of the demo: twelve wallboxes, house, roof; five vehicles are there from the start
    tests/browser/run.py --only WORD    the cases whose name holds the word; more options: tests/browser/run.mjs

Starts wallbox-site, wallbox-manager with HTTPS and a wallbox-client for each wallbox on free ports, then run.mjs beside this file, which prints
a line per case and closes with `N passed, N failed, N skipped`. WALLBOX_BIN says which programs are tested.
"""

import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))
from rig import REPO, Failed, Rig, free_port  # noqa: E402
from steps import HUNGRY, QUICK, serials, start_client, wait_charging  # noqa: E402

CHARGING = ("W01", "W02", "W03", "W04", "W06")
FRESH = "W12"  # its vehicle comes and goes
LENGTH_S = 300


def site_document():
    """The site of the demo, where vehicles come when a case says so."""
    document = json.loads((REPO / "deploy" / "demo.json").read_text())
    simulation = document["simulation"]
    for profile in [*simulation["house"].values(), *simulation["solar"].values()]:
        profile["file"] = str((REPO / "deploy" / profile["file"]).resolve())
    del simulation["sessions"], simulation["meters"]
    simulation["wallboxes"] = {serial: {"vehicle": HUNGRY} for serial in CHARGING}
    for meter in document["meters"]:
        meter["address"] = f"tcp:127.0.0.1:{free_port()}:1"
    document["manager"] = QUICK
    return document


def browse(rig, arguments):
    https_port = free_port()
    rig.start_site()
    rig.import_site()
    rig.is_closed = True
    rig.start_manager("--https", f"127.0.0.1:{https_port}")
    for serial in serials(rig):
        start_client(rig, serial)
    wait_charging(rig, *CHARGING[:2])
    manager_serial = rig.manager.output().split(" serial=")[1].split()[0]
    return subprocess.run(["node", HERE / "run.mjs", "--base", f"https://127.0.0.1:{https_port}", "--password", manager_serial, "--pid",
                           str(rig.manager.process.pid), "--control", rig.folder / "control", "--fresh", FRESH, *arguments],
                          stdin=subprocess.DEVNULL, timeout=LENGTH_S, check=False).returncode


def main(arguments):
    try:
        with Rig(site_document(), record=False) as rig:
            code = browse(rig, arguments)
            rig.stop_all()
            return code
    except (Failed, OSError, subprocess.SubprocessError) as failure:
        print(f"FAILED  the site for the browser: {failure}\n0 passed, 1 failed, 0 skipped")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
