"""A vehicle charges: no more than granted, on the phases that its wallbox is wired to, and its session is stored once with every Wh
(SR-039, SR-040; spec 04 4.1, 06 6.1, 6.6). When the house takes the current, wallboxes pause and come back (SR-214; spec 04 4.2, S7)."""

from rig import expect, wait_for
from steps import (LIMIT_MA, MIN_MA, PHASES, RESERVE_MA, charge, expect_by, expect_sessions, finish, hardware, new_rig, plug, record_of,
                   settle, start, unplug)

BOXES = ("W1", "L1-L2-L3"), ("W2", "L2-L3-L1"), ("W3", "L1")
NAMES = ("W1", "W2", "W3")
USED = {"W1": ("l1", "l2", "l3"), "W2": ("l2", "l3"), "W3": ("l1",)}  # by vehicles on three, two and three phases
HOUSE_MA = 25000


def expect_granted(rig, name):
    """What the board offers is what the manager has granted, and the vehicle draws no more, on the phases that are wired and used."""
    granted_ma = rig.wallbox(name)["granted_ma"]
    row = record_of(rig, name)[-1]
    expect(MIN_MA <= row["pilot_ma"] <= granted_ma, f"{name} offers {row['pilot_ma']} mA, granted are {granted_ma} mA")
    for phase in PHASES:
        wanted_ma = row["pilot_ma"] if phase in USED[name] else 0
        expect(row[f"drawn_{phase}_ma"] == wanted_ma, f"{name} does not draw what is offered on {USED[name]}: {row}")
    shown = rig.wallbox(name)["drawn_ma"]
    expect(shown == [row[f"drawn_{phase}_ma"] for phase in PHASES], f"{name} is shown with {shown}, the record has {row}")


def charge_from_plug_to_unplug_gives_what_is_granted_and_stores_the_session_once():
    with new_rig(*BOXES) as rig:
        start(rig)
        begin_wh = {name: hardware(rig, name)["energy_wh"] for name in NAMES}
        plug(rig, "W1", "W3")
        plug(rig, "W2", phases=2)
        settle(rig, *NAMES)
        for name in NAMES:
            expect_granted(rig, name)
        wait_for("some energy to flow", lambda: hardware(rig, "W3")["energy_wh"] >= begin_wh["W3"] + 4)
        begun_utc = {name: rig.wallbox(name)["session"]["start_utc"] for name in NAMES}
        gone_ms = rig.now_ms()
        end_wh = unplug(rig, *NAMES)
        for name in NAMES:
            stored = expect_sessions(rig, name, [(begin_wh[name], end_wh[name])])
            expect(begun_utc[name] == stored[0]["start_utc"], f"{name} was shown as begun at {begun_utc[name]}, stored is {stored}")
            rows = record_of(rig, name, gone_ms)
            expect_by(rows, lambda row: not row["contactor"], gone_ms, 100, f"{name} opens when the vehicle is gone")
            expect(rows[-1]["energy_wh"] == end_wh[name], f"{name}: the register went on after unplugging")
        finish(rig, over_ms=0)


def charge_pauses_below_the_minimum_while_the_house_needs_the_current_and_comes_back():
    with new_rig(*BOXES) as rig:
        start(rig)
        charge(rig, *NAMES)
        up_ms = rig.control("house", ma=[HOUSE_MA] * 3)["t_ms"]
        rows = record_of(rig, None, up_ms, up_ms + 10000)
        free_ma = LIMIT_MA - RESERVE_MA - HOUSE_MA
        expect_by(rows, lambda row: row["true_l1_ma"] <= LIMIT_MA * 101 // 100, up_ms, 8000, "the site is back within its limit")
        expect(rows[-1]["wallboxes_l1_ma"] <= free_ma, f"the wallboxes draw {rows[-1]['wallboxes_l1_ma']} mA of {free_ma}")
        pilots = [record_of(rig, name, to_ms=up_ms + 10000)[-1]["pilot_ma"] for name in NAMES]
        expect(sum(pilots) <= free_ma, f"{pilots} are offered together, {free_ma} mA are there")
        expect(sum(pilot_ma >= MIN_MA for pilot_ma in pilots) == 1, f"one wallbox fits, offered are {pilots}")
        expect(all(pilot_ma == 0 or pilot_ma >= MIN_MA for pilot_ma in pilots), f"between nothing and the minimum: {pilots}")
        rig.control("house", ma=[0] * 3)
        settle(rig, *NAMES)
        end_wh = unplug(rig, *NAMES)
        for name in NAMES:
            expect_sessions(rig, name, [(0, end_wh[name])])
        finish(rig, free_ma=None)


CASES = [charge_from_plug_to_unplug_gives_what_is_granted_and_stores_the_session_once,
         charge_pauses_below_the_minimum_while_the_house_needs_the_current_and_comes_back]
