"""A house meter that is silent, talks nonsense, stands still or is not there at all: the fallback rule holds, and its end as well
(SR-008, SR-050; spec 04 4.2, 09 9.2)."""

import json
import socket
import threading

from rig import expect, run, wait_for
from steps import (ALLOWANCE_MS, LIMIT_MA, MIN_MA, PHASES, RESERVE_MA, STEADY_MS, box, charge, expect_by, finish, hardware, new_rig, plug,
                   reached, record_of, settle, start, wait_charging)

STALE_MS = 3000
REACT_MS = 300  # manager, network, client (S3 of spec 05 5.3)
FALLBACK_MA = 10000
WORST_MA = (20000, 20000, 5000)  # on L1 and L2 what is left is less than 10 A for each of two, on L3 it is more for all three
BOXES = box("W1"), box("W2", "L2-L3-L1"), box("W3", "L3")
NAMES = ("W1", "W2", "W3")
WIRED = {"W1": PHASES, "W2": PHASES, "W3": ("l3",)}
FREE_MA = {phase: LIMIT_MA - RESERVE_MA - worst_ma for phase, worst_ma in zip(PHASES, WORST_MA)}


def meter_rig(**simulation):
    return new_rig(*BOXES, simulation=simulation, base_load_worst_ma=list(WORST_MA))


def pilots(rig, from_ms):
    """Rows of the moments since, each with the pilots of all."""
    moments = {}
    for name in NAMES:
        for row in record_of(rig, name, from_ms):
            moments.setdefault(row["t_ms"], {"t_ms": row["t_ms"]})[name] = row["pilot_ma"]
    return [moment for _, moment in sorted(moments.items()) if len(moment) == len(NAMES) + 1]


def is_held(moment):
    """Every wallbox is at 10 A or less, and together they fit what the worst base load leaves."""
    sums = {phase: sum(moment[name] for name in NAMES if phase in WIRED[name]) for phase in PHASES}
    return max(moment[name] for name in NAMES) <= FALLBACK_MA and all(sums[phase] <= FREE_MA[phase] for phase in PHASES)


def is_fallback(rig):
    site = rig.get("/api/v1/site")
    return site["nodes"][0]["is_fallback"] and all(one["reason"] != "demand_met" for one in rig.get("/api/v1/wallboxes")["wallboxes"])


def wait_risen(rig, held_ma):
    wait_for("the wallboxes to rise again", lambda: all(hardware(rig, name)["pilot_ma"] > held_ma[name] for name in NAMES))
    wait_charging(rig, *NAMES)


def expect_held_and_risen(rig, mode):
    lost_ms = rig.control("meter", id="house", mode=mode)["t_ms"]
    wait_for("the fallback", lambda: is_fallback(rig))
    reached(rig, lost_ms + STALE_MS + REACT_MS + ALLOWANCE_MS + STEADY_MS)
    expect_by(pilots(rig, lost_ms), is_held, lost_ms, STALE_MS + REACT_MS, f"the fallback of a meter that is {mode}")
    held_ma = {name: hardware(rig, name)["pilot_ma"] for name in NAMES}
    expect(min(held_ma.values()) >= MIN_MA, f"all fit at their minimum, but these are offered: {held_ma}")
    rig.control("meter", id="house", mode="ok")
    wait_risen(rig, held_ma)


def meter_silent_holds_every_wallbox_to_the_fallback_until_it_is_back():
    with meter_rig() as rig:
        start(rig)
        charge(rig, *NAMES)
        expect(all(hardware(rig, name)["pilot_ma"] > FALLBACK_MA for name in NAMES), "the wallboxes offer more than the fallback at first")
        expect_held_and_risen(rig, "silent")
        finish(rig, over_ms=0)


def meter_with_garbage_is_lost_and_a_frozen_one_does_no_harm():
    """A frozen meter cannot be told from a steady house; the manager lives, and knows the truth when it moves again."""
    with meter_rig() as rig:
        start(rig)
        charge(rig, *NAMES)
        expect_held_and_risen(rig, "garbage")
        rig.control("meter", id="house", mode="frozen")
        frozen_ms = rig.control("house", ma=[4000] * 3)["t_ms"]
        reached(rig, frozen_ms + STALE_MS + ALLOWANCE_MS)
        expect(rig.get("/api/v1/site")["meters"][0]["state"] == "good", "a meter that answers well counts as good")
        back_ms = rig.control("meter", id="house", mode="ok")["t_ms"]
        free_ma = LIMIT_MA - RESERVE_MA - 4000
        wait_for("the wallboxes to leave the house its current", lambda: all(
            sum(hardware(rig, name)["pilot_ma"] for name in NAMES if phase in WIRED[name]) <= free_ma for phase in PHASES))
        expect(rig.now_ms() <= back_ms + 8000, "the truth came too late")
        finish(rig, free_ma=None)


class Door:
    """The place where the manager looks for its meter: nobody is there until it opens."""

    def __init__(self, port, target):
        self.target = target
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))

    def open(self):
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                inside = self.listener.accept()[0]
            except OSError:
                return
            outside = socket.create_connection(self.target)
            for pair in ((inside, outside), (outside, inside)):
                threading.Thread(target=self._carry, args=pair, daemon=True).start()

    @staticmethod
    def _carry(source, sink):
        try:
            for block in iter(lambda: source.recv(4096), b""):
                sink.sendall(block)
        except OSError:
            pass
        for end in (source, sink):
            end.close()

    def close(self):
        self.listener.close()


def meter_missing_from_the_start_is_said_once_and_recovers_when_it_appears():
    with meter_rig(meters={"house": {"serve": "127.0.0.1:0"}}) as rig:
        start(rig)
        begin_ms = rig.now_ms()
        plug(rig, *NAMES)
        settle(rig, *NAMES)
        reached(rig, begin_ms + 2 * STALE_MS)
        expect(all(is_held(moment) for moment in pilots(rig, 0)), "without its meter the manager gave more than the fallback rule allows")
        expect(is_fallback(rig), "a meter that never answered leads to the fallback")
        said = [line for line in rig.manager.output().splitlines() if "meter" in line and not line.startswith("note start")]
        expect(len(said) == 1 and "house" in said[0], f"a missing meter is said once, not so: {said}")
        held_ma = {name: hardware(rig, name)["pilot_ma"] for name in NAMES}
        host, port = rig.site.output().split("meter.house=")[1].split()[0].rsplit(":", 1)
        door = Door(rig.meter_port, (host, int(port)))
        try:
            door.open()
            wait_risen(rig, held_ma)
            said = [line for line in rig.manager.output().splitlines() if "meter" in line and not line.startswith("note start")]
            expect(len(said) <= 3, f"its coming is said once, not so: {said}")
            finish(rig, over_ms=0)
        finally:
            door.close()


def meter_that_is_not_used_is_kept_but_neither_read_nor_missed():
    """Monitoring is off while its meter stays configured (SR-182, SR-183, SR-188, SR-192): the wallboxes get what the limit leaves, nobody asks
    the meter, and nothing is said of it."""
    meter = {"id": "house", "model": "tq_em300_lr", "node": "grid", "role": "house", "used": False}
    with new_rig(*BOXES, meters=[meter], base_load_worst_ma=list(WORST_MA)) as rig:
        start(rig)
        rig.control("meter", id="house", mode="silent")
        charge(rig, *NAMES)
        reached(rig, rig.now_ms() + STALE_MS + ALLOWANCE_MS)
        expect(not rig.get("/api/v1/site")["nodes"][0]["is_fallback"], "the connection is in fallback for a meter that is not used")
        expect(any(hardware(rig, name)["pilot_ma"] > FALLBACK_MA for name in NAMES), "the wallboxes are held as if a meter were lost")
        expect("meter_lost" not in rig.manager.output(), "a meter that is not used is missed")
        expect(rig.control("state")["meters"][0]["asked"] == 0, "a meter that is not used was asked")
        finish(rig, over_ms=0)
        exported = rig.folder / "exported.json"
        code, _, error = run("wallbox-manager", "--data", rig.folder / "manager", "--export", exported)
        expect(code == 0, f"export failed with {code}: {error}")
        kept = json.loads(exported.read_text())["meters"][0]
        expect(kept["used"] is False and kept["address"] == meter["address"], f"the meter was kept as {kept}")


CASES = [meter_silent_holds_every_wallbox_to_the_fallback_until_it_is_back,
         meter_with_garbage_is_lost_and_a_frozen_one_does_no_harm,
         meter_missing_from_the_start_is_said_once_and_recovers_when_it_appears,
         meter_that_is_not_used_is_kept_but_neither_read_nor_missed]
