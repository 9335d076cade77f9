"""The client dies, hangs or ends while its vehicle charges, or its board loses power: the board takes the pilot away by itself, the
session goes on or ends rightly, and no Wh is lost (spec 05 5.2 "Watchdogs", 06 6.1, 6.6, 09 9.2; SR-013, SR-044)."""

from rig import ALLOWANCE_MS, expect, signal, wait_for
from steps import (LEASE_MS, ROW_MS, box, charge, expect_by, expect_sessions, finish, first_ms, hardware, is_charging, new_rig, reached,
                   record_of, start, start_client, unplug, wait_charging)

WATCHDOG_MS = 3000
OPEN_MS = 6000  # a contactor under load opens at the latest so long after the pilot went away
DOWN_MS = 1500  # a vehicle without pilot stops drawing after this
COLD_MOST_S = 5
CUT_MS = 3000
AGAIN_MS = 1000  # from power to a pilot: the board is dialled every 500 ms, a report, a grant
BOXES = ("W1", "L1-L2-L3"), ("W2", "L2-L3-L1")
NAMES = ("W1", "W2")


def expect_dead(rig, name, gone_ms, pilot_ms):
    """Pilot away and contactor open in time, and still so."""
    rows = record_of(rig, name, gone_ms)
    expect_by(rows, lambda row: row["pilot_ma"] == 0, gone_ms, pilot_ms, f"the pilot of {name} goes away")
    expect_by(rows, lambda row: not row["contactor"], gone_ms, pilot_ms + OPEN_MS, f"the contactor of {name} opens")


def session_id(rig, name):
    return (rig.wallbox(name).get("session") or {}).get("id")


def client_killed_opens_the_contactor_and_its_session_goes_on_after_the_restart():
    with new_rig(*BOXES) as rig:
        start(rig)
        charge(rig, *NAMES)
        ids = {name: session_id(rig, name) for name in NAMES}
        gone_ms = rig.now_ms()
        for name in NAMES:
            rig.clients[name].kill()
        wait_for("the contactors to open", lambda: not any(hardware(rig, name)["contactor"] for name in NAMES))
        end_wh = unplug(rig, "W2")
        for name in NAMES:
            expect_dead(rig, name, gone_ms, 0)
        for name in NAMES:
            start_client(rig, name)
        expect_sessions(rig, "W2", [(0, end_wh["W2"])])
        wait_charging(rig, "W1")
        wait_for("the manager to see the session", lambda: session_id(rig, "W1"))
        expect(session_id(rig, "W1") == ids["W1"], "W1 began another session after the restart of its client")
        charged_wh = hardware(rig, "W1")["energy_wh"]
        wait_for("some energy to flow", lambda: hardware(rig, "W1")["energy_wh"] >= charged_wh + 2)
        end_wh = unplug(rig, "W1")
        found = expect_sessions(rig, "W1", [(0, end_wh["W1"])])
        expect(found[0]["id"] == ids["W1"], f"W1: stored {found[0]}, begun was {ids['W1']}")
        finish(rig)


def client_ended_in_order_opens_the_contactor_without_load_and_goes_on_after_the_restart():
    with new_rig(*BOXES) as rig:
        start(rig)
        charge(rig, *NAMES)
        begun = session_id(rig, "W1")
        gone_ms = rig.now_ms()
        code = rig.clients["W1"].stop()
        expect(code == 0, f"SIGTERM ended the client with {code}")
        wait_for("the contactor to open", lambda: not hardware(rig, "W1")["contactor"])
        rows = record_of(rig, "W1", gone_ms)
        expect_by(rows, lambda row: not row["contactor"], gone_ms, OPEN_MS, "the contactor of W1 opens")
        away_ms = first_ms(rows, lambda row: row["pilot_ma"] == 0, "the pilot of W1 going away")
        waited_ms = first_ms(rows, lambda row: not row["contactor"], "W1 opening") - away_ms
        expect(waited_ms >= DOWN_MS - ROW_MS, f"the contactor of W1 opened under load, {waited_ms} ms after the pilot went away")
        start_client(rig, "W1")
        wait_charging(rig, "W1")
        expect(session_id(rig, "W1") == begun, "W1 began another session after the restart of its client")
        end_wh = unplug(rig, *NAMES)
        for name in NAMES:
            expect_sessions(rig, name, [(0, end_wh[name])])
        finish(rig)


def frozen_client_loses_its_pilot_and_charges_again_by_itself():
    """W1 goes on before its lease is over, W2 when it is: neither takes up an old grant."""
    with new_rig(*BOXES) as rig:
        start(rig)
        charge(rig, *NAMES)
        gone_ms = rig.now_ms()
        for name in NAMES:
            rig.clients[name].signal(signal.SIGSTOP)
        wait_for("the contactors to open", lambda: not any(hardware(rig, name)["contactor"] for name in NAMES))
        for name in NAMES:
            expect_dead(rig, name, gone_ms, WATCHDOG_MS)
        rig.clients["W1"].signal(signal.SIGCONT)
        wait_charging(rig, "W1")
        expect_dead(rig, "W2", gone_ms, WATCHDOG_MS)
        reached(rig, gone_ms + LEASE_MS + ALLOWANCE_MS)
        rig.clients["W2"].signal(signal.SIGCONT)
        wait_charging(rig, *NAMES)
        expect("lease_end" in rig.clients["W2"].output(), "W2 did not notice that its lease had ended meanwhile")
        for name in NAMES:
            board = hardware(rig, name)
            expect(board["watchdog_firings"] == 1 and not board["watchdog_latched"], f"{name}: the watchdog fired once and is rearmed, not {board}")
        end_wh = unplug(rig, *NAMES)
        for name in NAMES:
            expect_sessions(rig, name, [(0, end_wh[name])])
        finish(rig)


def power_cut_of_the_boards_keeps_the_sessions_and_resumes_after_the_cold_delay():
    """W1 resumes after 1 s up to COLD_MOST_S, drawn by lot; W2, whose delay is 0, at once. Both together fit, so nobody waits for the other."""
    small = {"rated_ma": 16000}
    with new_rig(box("W1", max_ma=16000), box("W2", "L2-L3-L1", max_ma=16000)) as rig:
        start(rig, W1={**small, "cold_start_most_s": COLD_MOST_S}, W2={**small, "cold_start_most_s": 0})
        charge(rig, *NAMES)
        ids = {name: session_id(rig, name) for name in NAMES}
        cut_ms = rig.control("power_cut", wallbox="*", ms=CUT_MS)["t_ms"]
        again = {}

        def probe():
            now_ms = rig.now_ms()
            for name in NAMES:
                if name not in again and now_ms > cut_ms + CUT_MS and is_charging(rig, name):
                    again[name] = now_ms
            return len(again) == len(NAMES)

        wait_for("both to charge again", probe)
        back_ms = cut_ms + CUT_MS
        for name in NAMES:
            rows = record_of(rig, name, cut_ms + ROW_MS, again[name])
            dark = [row for row in rows if row["t_ms"] <= back_ms]
            expect(all(row["pilot_ma"] == 0 and not row["contactor"] for row in dark), f"{name} has no power and shows {dark[-1]}")
            offered_ms = first_ms(rows, lambda row: row["pilot_ma"] > 0, f"{name} offering again") - back_ms
            least_ms, most_ms = (1000, COLD_MOST_S * 1000) if name == "W1" else (0, 0)
            expect(least_ms <= offered_ms <= most_ms + AGAIN_MS + ALLOWANCE_MS, f"{name} offered current {offered_ms} ms after its power came back")
            expect(session_id(rig, name) == ids[name], f"{name} began another session after the power cut")
        end_wh = unplug(rig, *NAMES)
        for name in NAMES:
            expect_sessions(rig, name, [(0, end_wh[name])])
        finish(rig)


CASES = [client_killed_opens_the_contactor_and_its_session_goes_on_after_the_restart,
         client_ended_in_order_opens_the_contactor_without_load_and_goes_on_after_the_restart,
         frozen_client_loses_its_pilot_and_charges_again_by_itself,
         power_cut_of_the_boards_keeps_the_sessions_and_resumes_after_the_cold_delay]
