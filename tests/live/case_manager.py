"""The manager dies or ends while vehicles charge: the wallboxes go on until their leases end and fall back by themselves; a restart within
the lease is not noticed; no session is lost or doubled (spec 05 5.2, 09 9.2; S3, L3 of 05 5.3)."""

import struct

from rig import ALLOWANCE_MS, expect, wait_for
from steps import (LEASE_MS, MIN_MA, QUICK, box, charge, expect_by, expect_sessions, finish, hardware, new_rig, plug, record_of,
                   serials, settle, start, three_boxes, unplug, wait_charging, wait_online)

STATE_BLOCK = 4096  # of client.state: a header and two slots; common/os/slot.c has the layout, client/shell/keep_file.c that of the record
FALLBACK_AT = 12 + 12
CUT_MS = 100
STATUS_MS = 1000
SHORT_LEASE_MS = 4000
SHORT = {**QUICK, "lease_ms": SHORT_LEASE_MS}


def stored_fallback_ma(rig, serial):
    """What the client has on its disk; 0 while it never heard of a fallback."""
    data = (rig.folder / f"data-{serial}" / "client.state").read_bytes()
    slots = [data[STATE_BLOCK * at:STATE_BLOCK * (at + 1)] for at in (1, 2)]
    newest = max(slots, key=lambda slot: struct.unpack_from("<Q", slot)[0])
    return struct.unpack_from("<i", newest, FALLBACK_AT)[0]


def fallback_rig(*fallbacks_ma, manager=None):
    """Three wallboxes with these fallbacks."""
    boxes = [box(name, phases, fallback_ma=ma) for (name, phases), ma in zip(three_boxes(), fallbacks_ma)]
    return new_rig(*boxes, manager=manager)


def start_charging(rig):
    """Everybody has stored his fallback and offers more than it."""
    start(rig, **{name: {"pilot_rise_ms": 0} for name in serials(rig)})
    for one in rig.document["wallboxes"]:
        wait_for(f"{one['id']} to store its fallback", lambda want=one: stored_fallback_ma(rig, want["id"]) == want["fallback_ma"])
    plug(rig, *serials(rig))
    wait_for("all to offer more than the minimum", lambda: min(hardware(rig, name)["pilot_ma"] for name in serials(rig)) > MIN_MA)
    settle(rig, *serials(rig))


def expect_fallback(rig, gone_ms, lease_ms):
    """Everybody goes to the lower of offer and fallback when the lease has ended, not before, and stays there."""
    end_ms = gone_ms + lease_ms + CUT_MS + ALLOWANCE_MS + 2000
    for one in rig.document["wallboxes"]:
        rows = record_of(rig, one["id"], gone_ms, end_ms)
        offer_ma = rows[0]["pilot_ma"]
        bound_ma = min(offer_ma, one["fallback_ma"])
        expect_by(rows, lambda row, ma=bound_ma: row["pilot_ma"] <= ma, gone_ms, lease_ms + CUT_MS, f"{one['id']} falls back to {bound_ma} mA")
        held_ms = next((row["t_ms"] for row in rows if row["pilot_ma"] < offer_ma), rows[-1]["t_ms"]) - gone_ms
        expect(held_ms >= lease_ms - STATUS_MS - ALLOWANCE_MS, f"{one['id']} gave up after {held_ms} ms, its lease was longer")
        expect(rows[-1]["pilot_ma"] == bound_ma, f"{one['id']} offers {rows[-1]['pilot_ma']} mA, the lower of offer and fallback is {bound_ma}")
        expect(rows[-1]["contactor"] == (1 if bound_ma else 0), f"{one['id']} with a fallback of {bound_ma} mA ends so: {rows[-1]}")


def manager_killed_leaves_every_wallbox_at_its_fallback_when_the_lease_ends():
    with fallback_rig(MIN_MA, MIN_MA, 0) as rig:
        start_charging(rig)
        gone_ms = rig.now_ms()
        rig.manager.kill()
        expect_fallback(rig, gone_ms, LEASE_MS)
        finish(rig)


def manager_stopped_in_order_leaves_vehicles_charging_until_the_lease_ends():
    with fallback_rig(14000, 0, 0, manager=SHORT) as rig:  # W1 offers less than its fallback and stays where it is
        start_charging(rig)
        expect(hardware(rig, "W1")["pilot_ma"] < 14000, "W1 offers less than its fallback at first")
        gone_ms = rig.now_ms()
        code = rig.manager.stop()
        expect(code == 0, f"SIGTERM ended the manager with {code}")
        expect_fallback(rig, gone_ms, SHORT_LEASE_MS)
        finish(rig)


def manager_asked_to_end_as_soon_as_it_answers_ends_in_order():
    with new_rig(*three_boxes()) as rig:
        rig.import_site()
        for _ in range(5):
            rig.start_manager()
            code = rig.manager.stop()
            expect(code == 0, f"SIGTERM ended the manager with {code}")


def manager_restarted_within_the_lease_is_not_noticed_by_a_charging_vehicle():
    with new_rig(*three_boxes()) as rig:
        start(rig)
        begin_wh = {name: hardware(rig, name)["energy_wh"] for name in serials(rig)}
        charge(rig, *serials(rig))
        ids = {name: rig.wallbox(name)["session"]["id"] for name in serials(rig)}
        gone_ms = rig.now_ms()
        rig.manager.kill()
        rig.start_manager()
        wait_online(rig, *serials(rig))
        for name in serials(rig):
            rows = record_of(rig, name, gone_ms - 100, gone_ms + 20000)
            for before, after in zip(rows, rows[1:]):
                expect(after["pilot_ma"] >= before["pilot_ma"], f"{name} notices: from {before} to {after}")
                expect(after["contactor"], f"{name} notices, its contactor opens: {after}")
            expect(rig.wallbox(name)["session"]["id"] == ids[name], f"{name} began another session")
        end_wh = unplug(rig, *serials(rig))
        for name in serials(rig):
            found = expect_sessions(rig, name, [(begin_wh[name], end_wh[name])])
            expect(found[0]["id"] == ids[name], f"{name}: stored {found[0]}, begun was {ids[name]}")
        finish(rig)


def session_that_ends_without_a_manager_is_stored_once_when_it_is_back():
    with new_rig(("W1", "L1-L2-L3"), ("W2", "L2-L3-L1")) as rig:
        start(rig)
        plug(rig, "W1", "W2")
        wait_for("some energy to flow", lambda: min(hardware(rig, name)["energy_wh"] for name in ("W1", "W2")) >= 3)
        rig.manager.kill()
        end_wh = unplug(rig, "W1")
        wait_for("the session to end", lambda: "session_end" in rig.clients["W1"].output())
        rig.start_manager()
        expect_sessions(rig, "W1", [(0, end_wh["W1"])])
        end_wh.update(unplug(rig, "W2"))
        expect_sessions(rig, "W2", [(0, end_wh["W2"])])
        expect_sessions(rig, "W1", [(0, end_wh["W1"])])
        finish(rig)


def session_is_stored_once_when_the_manager_is_killed_as_it_arrives():
    """Three rounds, the kill a little later each time: before the record is sent, around its storing, around its acknowledgement."""
    registers = {"W1": [], "W2": []}
    with new_rig(("W1", "L1-L2-L3"), ("W2", "L2-L3-L1")) as rig:
        start(rig)
        for ended_n, later_ms in ((1, 0), (2, 5), (3, 25)):
            begin_wh = {name: hardware(rig, name)["energy_wh"] for name in registers}
            plug(rig, *registers)
            wait_charging(rig, *registers)
            wait_for("some energy to flow", lambda begin=begin_wh: all(hardware(rig, name)["energy_wh"] > begin[name] for name in registers))
            end_wh = unplug(rig, *registers)
            wait_for("a session to end", lambda n=ended_n: rig.clients["W2"].output().count("session_end") == n)
            reached_ms = rig.now_ms() + later_ms
            wait_for("the moment of the kill", lambda at_ms=reached_ms: rig.now_ms() >= at_ms)
            rig.manager.kill()
            rig.start_manager()
            for name, pairs in registers.items():
                pairs.append((begin_wh[name], end_wh[name]))
                expect_sessions(rig, name, pairs)
        finish(rig)


CASES = [manager_killed_leaves_every_wallbox_at_its_fallback_when_the_lease_ends,
         manager_stopped_in_order_leaves_vehicles_charging_until_the_lease_ends,
         manager_asked_to_end_as_soon_as_it_answers_ends_in_order,
         manager_restarted_within_the_lease_is_not_noticed_by_a_charging_vehicle,
         session_that_ends_without_a_manager_is_stored_once_when_it_is_back,
         session_is_stored_once_when_the_manager_is_killed_as_it_arrives]
