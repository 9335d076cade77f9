"""Wallboxes that are charge controllers on Modbus: charging, and nothing that flows when the client dies, stands still, or loses its guard as well
(spec 06 6.5; 05 5.2 watchdogs)."""

import json
import os
import pathlib
import signal

from rig import expect, free_port, wait_for
from steps import HUNGRY, QUICK, box, expect_sessions, hardware, is_charging, new_rig, wait_charging, wait_online

START_A = 32  # what the simulated controller offers by itself after a start, as delivered
GUARD_S = 5  # 3 s without food, its way to the line, and what a busy machine adds
OPEN_S = 8  # the vehicle's 5 s or the controller's 6 s


def start(rig, model, line):
    """A site whose wallbox W1 is a controller on this line, and everything around it."""
    serve = f"pty:{rig.folder / 'line'}" if line == "rtu" else f"127.0.0.1:{free_port()}"
    rig.document["simulation"]["wallboxes"] = {"W1": {"controller": {"model": model, "serve": serve, "boot_a": START_A, "baud": 9600 if line == "rtu" else 0}}}
    rig.site_file.write_text(json.dumps(rig.document))
    rig.start_site()
    rig.import_site()
    rig.start_manager()
    place = f"rtu:{rig.folder / 'line'}:9600:N:1" if line == "rtu" else f"tcp:{serve}:1"
    start_client(rig, f"modbus_evse:{model},{place}" + (",meter=2" if model == "evse_wb_din" else ""))
    wait_online(rig, "W1")


def start_client(rig, board):
    config = rig.folder / "W1.conf"
    config.write_text('serial = "W1"; model = "plus"; self_test_ms = 0; wired_phases_n = 3; authorization = 0;\n')
    rig.clients["W1"] = rig._start("wallbox-client", ["--config", config, "--data", rig.folder / "data-W1", "--manager", f"127.0.0.1:{rig.link_port}", "--board",
                                                      board, "--loopback-plain"], "client-W1")
    rig.board = board


def guards_of(pid):
    """Processes that the client has started."""
    return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def plug(rig):
    rig.control("plug", wallbox="W1", vehicle=HUNGRY)


def set_a(rig):
    return hardware(rig, "W1")["controller"]["set_a"]


def expect_off(rig, within_s):
    wait_for("the pilot to be away", lambda: hardware(rig, "W1")["pilot_ma"] == 0, within_s)
    wait_for("the contactor to open", lambda: not hardware(rig, "W1")["contactor"], OPEN_S)


def is_stopped(rig):
    return not is_charging(rig, "W1")


def controller_evse_on_a_serial_line_charges_with_its_grant_and_ends_in_good_order():
    with new_rig(box("W1"), manager=QUICK) as rig:
        start(rig, "evse_wb_din", "rtu")
        controller = hardware(rig, "W1")["controller"]
        expect(controller == {"set_a": 0, "boot_a": 0, "saved_n": 1}, f"its start was not made safe: {controller}")
        plug(rig)
        wait_charging(rig, "W1")
        wait_for("the manager to show it", lambda: rig.wallbox("W1").get("state") == "Charging")
        rig.control("house", ma=[20000, 20000, 20000])  # leaves 14 A and some
        wait_for("the controller to follow", lambda: 6 <= set_a(rig) <= 14)
        rig.control("house", ma=[33000, 33000, 33000])
        wait_for("the vehicle to pause", lambda: is_stopped(rig) and set_a(rig) == 0)
        rig.control("house", ma=[0, 0, 0])
        wait_charging(rig, "W1", within_s=40)
        rig.control("unplug", wallbox="W1")
        expect_sessions(rig, "W1", [(0, hardware(rig, "W1")["energy_wh"])])
        rig.stop_all()
        expect("guard place" not in rig.clients["W1"].output(), "the guard acted although all was well")


def controller_evse_is_cut_by_the_guard_when_its_client_is_killed():
    with new_rig(box("W1"), manager=QUICK) as rig:
        start(rig, "evse_wb_din", "rtu")
        plug(rig)
        wait_charging(rig, "W1")
        rig.clients["W1"].kill()
        expect_off(rig, GUARD_S)
        start_client(rig, rig.board)  # it goes on with the session
        wait_charging(rig, "W1", within_s=60)
        rig.control("unplug", wallbox="W1")
        expect_sessions(rig, "W1", [(0, hardware(rig, "W1")["energy_wh"])])
        rig.stop_all()


def controller_evse_is_cut_by_the_guard_when_its_client_stands_still():
    with new_rig(box("W1"), manager=QUICK) as rig:
        start(rig, "evse_wb_din", "tcp")
        plug(rig)
        wait_charging(rig, "W1")
        rig.clients["W1"].signal(signal.SIGSTOP)
        expect_off(rig, GUARD_S + 2)
        rig.clients["W1"].signal(signal.SIGCONT)
        wait_charging(rig, "W1", within_s=60)
        guard = guards_of(rig.clients["W1"].process.pid)
        expect(len(guard) == 1, f"one guard, not {guard}")
        rig.stop_all()


def controller_charx_takes_the_current_away_by_itself_when_client_and_guard_are_killed():
    with new_rig(box("W1"), manager=QUICK) as rig:
        start(rig, "phoenix_charx", "tcp")
        plug(rig)
        wait_charging(rig, "W1")
        for pid in guards_of(rig.clients["W1"].process.pid):
            os.kill(pid, signal.SIGKILL)
        rig.clients["W1"].kill()
        expect_off(rig, GUARD_S)
        start_client(rig, rig.board)
        wait_charging(rig, "W1", within_s=60)
        rig.stop_all()


CASES = [
    controller_evse_on_a_serial_line_charges_with_its_grant_and_ends_in_good_order,
    controller_evse_is_cut_by_the_guard_when_its_client_is_killed,
    controller_evse_is_cut_by_the_guard_when_its_client_stands_still,
    controller_charx_takes_the_current_away_by_itself_when_client_and_guard_are_killed,
]
