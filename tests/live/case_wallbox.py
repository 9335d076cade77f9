"""A whole wallbox before a person: a session of each kind with the lights and tones at each step, at a Connect and at a Plus, and every fault that
hardware can have (spec 06; SR-028..SR-065, SR-089..SR-119, SR-218..SR-231)."""

import json

from rig import ALLOWANCE_MS, expect, wait_for
from steps import HUNGRY, box, expect_sessions, hardware, is_charging, new_rig, record_of, reached, wait_online

WHITE, RED, GREEN, BLUE = "04000001", "04000002", "04000003", "04000004"
SETUP, NEW = "0400000000000A", "E004010000000099"
DELIVERED = f"white:{WHITE} red:{RED} green:{GREEN} blue:{BLUE}"
CONNECT = {"model": "connect", "cards": DELIVERED, "local_first": 1}
PLUS = {"model": "plus", "cards": f"setup:{SETUP} user:{RED} user:{GREEN}", "local_first": 1}
QUICK = {"self_test_ms": 500, "cold_start_most_s": 2, "retry_pause_ms": 500, "pilot_rise_ms": 0}
LAMPS = ("S1", "S2", "S3", "S4", "online", "mode", "card", "touch")
SIGN_MS = 2000
DARK = "dark:steady"


def start_wallbox(rig, serial, **settings):
    """A client with exactly these settings, its panel in its log."""
    keys = {"serial": serial, "wired_phases_n": 3, **QUICK, **settings}
    config = rig.folder / f"{serial}.conf"
    config.write_text("".join(f"{key} = {json.dumps(value)};\n" for key, value in keys.items()))
    rig.clients[serial] = rig._start("wallbox-client", ["--config", config, "--data", rig.folder / f"data-{serial}", "--manager", f"127.0.0.1:{rig.link_port}",
                                                        "--board", f"site:{rig.folder / 'boards'}", "--loopback-plain", "--panel"], f"client-{serial}")


def start(rig, **settings):
    rig.start_site()
    rig.import_site()
    rig.start_manager()
    for serial, own in settings.items():
        start_wallbox(rig, serial, **own)
    wait_online(rig, *settings)
    for serial in settings:
        wait_for(f"{serial} to have its first lights", lambda serial=serial: hardware(rig, serial)["lights"][0] != DARK or lights(rig, serial)["mode"] != DARK)


def lights(rig, serial):
    return dict(zip(LAMPS, hardware(rig, serial)["lights"]))


def bar_of(text):
    """The four segments: "blue:flash", or four words of them."""
    words = text.split()
    return tuple(words * 4 if len(words) == 1 else words)


def expect_lights(rig, serial, bar, within_s=8.0, **symbols):
    """The bar and the symbols named become so; every other symbol but that of the link and the charging mode is dark."""
    wanted = dict(zip(LAMPS, bar_of(bar)))
    wanted.update({name: symbols.get(name, DARK) for name in ("card", "touch")})
    wanted.update({name: text for name, text in symbols.items() if name in ("online", "mode")})
    seen = {}

    def probe():
        seen.update(lights(rig, serial))
        return all(seen[name] == text for name, text in wanted.items())

    try:
        wait_for("lights", probe, within_s)
    except Exception as error:
        raise type(error)(f"{serial}: lights {seen}, expected {wanted}") from None


def expect_tone(rig, serial, tone, number):
    wait_for(f"tone {number} of {serial} to be {tone}, not {hardware(rig, serial)['tone']} {hardware(rig, serial)['tone_n']}",
             lambda: (hardware(rig, serial)["tone"], hardware(rig, serial)["tone_n"]) == (tone, number), within_s=5)


def plug(rig, serial, **vehicle):
    rig.control("plug", wallbox=serial, vehicle={**HUNGRY, **vehicle})


def card(rig, serial, uid):
    rig.control("card", wallbox=serial, uid=uid)


def wait_charging(rig, serial, within_s=20.0):
    wait_for(f"{serial} to charge", lambda: is_charging(rig, serial), within_s)


def wait_state(rig, serial, state, within_s=20.0):
    wait_for(f"{serial} to be {state}", lambda: rig.wallbox(serial).get("state") == state, within_s)


def expect_never_closed(rig, serial, from_ms):
    reached(rig, from_ms + 1500)  # the record is on the disk once a second
    rows = record_of(rig, serial, from_ms)
    expect(not any(row["contactor"] for row in rows), f"{serial} closed its contactor")


def wallbox_session_without_authorization_shows_every_step():
    """SR-028..SR-031, SR-039, SR-040, SR-058..SR-060: plug in, self-test, ready, charging, full, unplug."""
    with new_rig(box("W1"), box("W2", "L2-L3-L1")) as rig:
        start(rig, W1={**CONNECT, "authorization": 0}, W2=PLUS)
        expect_lights(rig, "W1", "blue:steady", online="green:steady", mode="blue:steady")
        expect_lights(rig, "W2", "blue:steady")
        for name in ("W1", "W2"):
            plug(rig, name, needed_wh=6)
        expect_lights(rig, "W1", "orange:steady", mode="green:steady")
        expect_lights(rig, "W2", "blue:run")
        expect_lights(rig, "W1", "blue:flash", mode="green:steady")
        expect_lights(rig, "W2", "blue:breathe")
        for name in ("W1", "W2"):
            wait_for(f"{name} to be full", lambda name=name: not hardware(rig, name)["contactor"] and hardware(rig, name)["vehicle"]["full"])
            expect_lights(rig, name, "blue:steady")
            rig.control("unplug", wallbox=name)
        expect_lights(rig, "W1", "blue:steady", mode="blue:steady")
        for name in ("W1", "W2"):
            wait_state(rig, name, "Idle")
            expect_sessions(rig, name, [(0, hardware(rig, name)["energy_wh"])])
        panel = rig.clients["W1"].output()
        expect("W1 S1=orange:steady S2=orange:steady" in panel and "state=Charging" in panel, "the panel of W1 has not shown what its lamps did")
        rig.stop_all()


def wallbox_session_card_first_is_released_charged_and_ended_by_the_same_card():
    """SR-049, SR-091..SR-095, SR-033: dark and asking, released, rejected for others, charging, ended."""
    with new_rig(box("W1")) as rig:
        start(rig, W1=CONNECT)  # in Europe a card is needed as delivered (SR-099)
        expect_lights(rig, "W1", DARK, card="white:slow", mode="blue:steady")
        card(rig, "W1", RED)
        expect_lights(rig, "W1", "blue:steady", card="green:steady")
        expect_tone(rig, "W1", "accepted", 1)
        card(rig, "W1", GREEN)
        expect_lights(rig, "W1", "blue:steady", card="red:steady")
        expect_tone(rig, "W1", "rejected", 2)
        expect_lights(rig, "W1", "blue:steady")
        plug(rig, "W1")
        expect_lights(rig, "W1", "orange:steady")
        expect_lights(rig, "W1", "blue:flash", mode="green:steady")
        wait_charging(rig, "W1")
        card(rig, "W1", RED)
        expect_tone(rig, "W1", "accepted", 3)
        wait_for("the contactor to open", lambda: not hardware(rig, "W1")["contactor"])
        expect_lights(rig, "W1", DARK, card="white:slow")
        found = expect_sessions(rig, "W1", [(0, hardware(rig, "W1")["energy_wh"])])
        expect(found[0].get("end") in (None, "card") or found[0].get("end_reason") == "card", f"ended by {found[0]}")
        rig.control("unplug", wallbox="W1")
        expect_lights(rig, "W1", DARK, card="white:slow", mode="blue:steady")
        rig.stop_all()


def wallbox_session_plug_first_waits_for_a_card_that_is_on_its_list():
    """SR-041, SR-042, SR-059, SR-093: nothing without a card, an unknown one is rejected, a listed one starts and ends."""
    with new_rig(box("W1")) as rig:
        start(rig, W1={**PLUS, "authorization": 1})
        began_ms = rig.now_ms()
        plug(rig, "W1")
        expect_lights(rig, "W1", "blue:run")
        expect_lights(rig, "W1", "blue:steady")
        card(rig, "W1", "01020304")  # neither the manager nor the wallbox knows it
        expect_tone(rig, "W1", "rejected", 1)
        expect_never_closed(rig, "W1", began_ms)
        card(rig, "W1", GREEN)
        expect_tone(rig, "W1", "accepted", 2)
        expect_lights(rig, "W1", "blue:breathe")
        wait_charging(rig, "W1")
        reached(rig, rig.now_ms() + SIGN_MS)
        card(rig, "W1", GREEN)
        wait_for("the contactor to open", lambda: not hardware(rig, "W1")["contactor"])
        expect_lights(rig, "W1", "blue:steady")
        expect_sessions(rig, "W1", [(0, hardware(rig, "W1")["energy_wh"])])
        rig.stop_all()


def wallbox_session_by_the_identity_of_a_vehicle_that_was_registered_before():
    """SR-113..SR-121: setup card, a card, a vehicle, setup card; then the vehicle charges without a card and another one does not."""
    mine, other = "0007CBEA0001", "0007CBEA0002"
    with new_rig(box("W1")) as rig:
        start(rig, W1={**PLUS, "authorization": 1})
        card(rig, "W1", SETUP)
        expect_tone(rig, "W1", "short", 1)
        wait_state(rig, "W1", "TokenProgrammingMode")
        card(rig, "W1", NEW)
        expect_tone(rig, "W1", "short_twice", 2)
        began_ms = rig.now_ms()
        plug(rig, "W1", identity=mine)
        expect_tone(rig, "W1", "short_twice", 3)
        rig.control("unplug", wallbox="W1")
        expect_never_closed(rig, "W1", began_ms)
        wait_for("the vehicle to be gone", lambda: hardware(rig, "W1")["pilot"] == "A1")
        card(rig, "W1", SETUP)
        expect_tone(rig, "W1", "long", 4)
        plug(rig, "W1", identity=other)
        expect_tone(rig, "W1", "rejected", 5)
        rig.control("unplug", wallbox="W1")
        expect_never_closed(rig, "W1", began_ms)
        plug(rig, "W1", identity=mine)
        expect_tone(rig, "W1", "accepted", 6)
        expect_lights(rig, "W1", "blue:breathe")
        wait_charging(rig, "W1")
        rig.stop_all()


def wallbox_interrupted_five_times_is_retried_and_the_sixth_time_waits_for_the_driver():
    """SR-035, SR-036, SR-227: pauses of 0.5, 1, 2, 4 and 8 s; then the session must end normally."""
    with new_rig(box("W1")) as rig:
        start(rig, W1={**CONNECT, "authorization": 0})
        plug(rig, "W1")
        wait_charging(rig, "W1")
        for _ in range(5):
            cut_ms = rig.control("fault", wallbox="W1", kind="residual")["t_ms"]
            expect_lights(rig, "W1", "blue:flash red:flash blue:flash red:flash")
            wait_for("the contactor to open", lambda: not hardware(rig, "W1")["contactor"], within_s=2)
            rows = record_of(rig, "W1", cut_ms)
            opened_ms = next(row["t_ms"] for row in rows if not row["contactor"])
            expect(opened_ms - cut_ms <= 200 + ALLOWANCE_MS, f"opened only {opened_ms - cut_ms} ms after the fault")
            rig.control("fault", wallbox="W1", kind="residual", on=False)
            wait_charging(rig, "W1")
            expect_lights(rig, "W1", "blue:flash")
        rig.control("fault", wallbox="W1", kind="residual")
        wait_for("the contactor to open", lambda: not hardware(rig, "W1")["contactor"], within_s=2)
        rig.control("fault", wallbox="W1", kind="residual", on=False)
        wait_state(rig, "W1", "UnrecoverableError")
        tried_ms = rig.now_ms()
        reached(rig, tried_ms + 4000)
        expect_lights(rig, "W1", "blue:flash red:flash blue:flash red:flash")
        expect_never_closed(rig, "W1", tried_ms)
        rig.control("unplug", wallbox="W1")
        expect_lights(rig, "W1", "blue:steady", mode="blue:steady")
        plug(rig, "W1")
        wait_charging(rig, "W1")
        expect_lights(rig, "W1", "blue:flash")
        rig.stop_all()


def wallbox_that_gets_too_hot_reduces_stops_and_goes_on_when_it_has_cooled():
    """SR-045, SR-046, SR-051, SR-221 at a Connect and at a Plus."""
    with new_rig(box("W1"), box("W2", "L2-L3-L1")) as rig:
        start(rig, W1={**CONNECT, "authorization": 0}, W2=PLUS)
        for name in ("W1", "W2"):
            plug(rig, name)
        for name in ("W1", "W2"):
            wait_charging(rig, name)
            rig.control("temperature", wallbox=name, mdegc=82000)
        for name in ("W1", "W2"):
            wait_state(rig, name, "Degraded")
            expect(hardware(rig, name)["contactor"], f"{name} must only reduce")
        expect_lights(rig, "W1", "blue:flash")
        expect_lights(rig, "W2", "blue:breathe")
        for name in ("W1", "W2"):
            rig.control("temperature", wallbox=name, mdegc=86000)
        expect_lights(rig, "W1", "white:flash white:flash orange:flash orange:flash")
        expect_lights(rig, "W2", "blue:run")
        expect(not hardware(rig, "W1")["contactor"] and not hardware(rig, "W2")["contactor"], "too hot and still closed")
        expect_lights(rig, "W1", f"{DARK} {DARK} orange:flash orange:flash", within_s=10)
        for name in ("W1", "W2"):
            rig.control("temperature", wallbox=name, mdegc=60000)
        for name in ("W1", "W2"):
            wait_charging(rig, name, within_s=30)
        expect_lights(rig, "W1", "blue:flash")
        expect_lights(rig, "W2", "blue:breathe")
        rig.stop_all()


def wallbox_without_power_is_dark_and_charges_again_by_itself_when_it_is_back():
    """SR-013, SR-044, SR-049: dark, then up to cold_start_most_s, then on."""
    with new_rig(box("W1")) as rig:
        start(rig, W1={**CONNECT, "authorization": 0})
        plug(rig, "W1")
        wait_charging(rig, "W1")
        cut_ms = rig.control("power_cut", wallbox="W1", ms=2000)["t_ms"]
        expect_lights(rig, "W1", DARK, within_s=1, mode=DARK, online=DARK)
        expect_lights(rig, "W1", "blue:steady", within_s=10, mode="green:steady")
        expect_lights(rig, "W1", "blue:flash", within_s=10)
        wait_charging(rig, "W1")
        rows = record_of(rig, "W1", cut_ms)
        again_ms = next(row["t_ms"] for row in rows if row["t_ms"] > cut_ms + 300 and row["contactor"])
        expect(again_ms >= cut_ms + 2000 + 1000, f"it began {again_ms - cut_ms - 2000} ms after its power came back, at least 1 s must pass")
        rig.stop_all()


def wallbox_button_erases_all_cards_and_a_new_master_teaches_another():
    """SR-103..SR-108, SR-110: restart at the first tone, erase at the second, learn a master, teach a card."""
    with new_rig(box("W1")) as rig:
        start(rig, W1=CONNECT)
        rig.control("button", wallbox="W1", kind="service", ms=2600)
        wait_for("a restart", lambda: rig.clients["W1"].output().count("start serial=W1") == 2)
        expect_lights(rig, "W1", DARK, card="white:slow", mode="blue:steady")
        rig.control("button", wallbox="W1", kind="service", ms=6600)
        expect_tone(rig, "W1", "button_first", 1)
        expect_tone(rig, "W1", "button_second", 2)
        wait_for("another restart", lambda: rig.clients["W1"].output().count("start serial=W1") == 3)
        expect_lights(rig, "W1", DARK, card="white:steady", mode="blue:steady")
        card(rig, "W1", NEW)
        expect_tone(rig, "W1", "accepted", 1)
        expect_lights(rig, "W1", DARK, card="white:slow")
        reached(rig, rig.now_ms() + SIGN_MS)
        card(rig, "W1", NEW)
        expect_tone(rig, "W1", "accepted", 2)
        card(rig, "W1", BLUE)
        expect_tone(rig, "W1", "read", 3)
        expect_lights(rig, "W1", DARK, card="orange:steady")
        wait_state(rig, "W1", "TokenProgrammingMode")
        reached(rig, rig.now_ms() + SIGN_MS)
        card(rig, "W1", NEW)
        expect_tone(rig, "W1", "accepted", 4)
        expect_lights(rig, "W1", DARK, card="white:slow")
        card(rig, "W1", RED)  # one of the erased
        expect_tone(rig, "W1", "rejected", 5)
        card(rig, "W1", BLUE)
        expect_tone(rig, "W1", "accepted", 6)
        expect_lights(rig, "W1", "blue:steady")
        rig.stop_all()


def wallbox_shows_every_fault_that_its_hardware_can_have():
    """SR-054..SR-057, SR-220..SR-230: each opens at once, is shown by its colours, and is over with its cause or its pause."""
    codes = (("load", "white:flash red:flash white:flash red:flash"), ("cable", "red:flash white:flash white:flash white:flash"),
             ("pilot_short", "white:flash red:flash red:flash red:flash"), ("diode", "white:flash red:flash red:flash white:flash"),
             ("earth", "red:steady"), ("ccid", "red:steady"))
    with new_rig(box("W1"), box("W2", "L2-L3-L1")) as rig:
        start(rig, W1={**CONNECT, "authorization": 0}, W2={**CONNECT, "authorization": 0, "market": "na"})
        for kind, bar in codes:
            plug(rig, "W1")
            wait_charging(rig, "W1")
            rig.control("fault", wallbox="W1", kind=kind)
            expect_lights(rig, "W1", bar)
            expect(not hardware(rig, "W1")["contactor"], f"{kind}: the contactor is closed")
            rig.control("fault", wallbox="W1", kind=kind, on=False)
            rig.control("unplug", wallbox="W1")
            expect_lights(rig, "W1", "blue:steady", mode="blue:steady")
        plug(rig, "W1")
        wait_charging(rig, "W1")
        rig.control("fault", wallbox="W1", kind="voltage", mv=[150000, 230000, 230000])
        expect_lights(rig, "W1", "blue:flash blue:flash red:flash blue:flash")
        rig.control("fault", wallbox="W1", kind="voltage", mv=[0, 0, 0])
        rig.control("unplug", wallbox="W1")
        rig.control("fault", wallbox="W1", kind="stuck")
        plug(rig, "W1")
        expect_lights(rig, "W1", "blue:flash blue:flash blue:flash red:flash", within_s=15)
        rig.control("unplug", wallbox="W1")
        rig.control("fault", wallbox="W1", kind="stuck", on=False)
        plug(rig, "W1", max_ma=32000, overdraw_permille=2500)
        expect_lights(rig, "W1", "blue:flash blue:flash red:flash red:flash", within_s=20)
        rig.control("unplug", wallbox="W1")
        for name, bar in (("W1", "blue:flash red:flash red:flash red:flash"), ("W2", "red:steady")):
            rig.control("fault", wallbox=name, kind="safety")
            expect_lights(rig, name, bar)
            rig.control("fault", wallbox=name, kind="safety", on=False)
            wait_state(rig, name, "UnrecoverableError")
        rig.control("power_cut", wallbox="*", ms=500)  # which alone ends it (SR-228)
        for name in ("W1", "W2"):
            wait_state(rig, name, "Idle")
        plug(rig, "W1")
        wait_charging(rig, "W1")
        rig.control("fault", wallbox="W1", kind="welded")
        rig.control("unplug", wallbox="W1")
        expect_lights(rig, "W1", "red:steady", within_s=10)
        wait_state(rig, "W1", "UnrecoverableError")
        rig.stop_all()


CASES = [wallbox_session_without_authorization_shows_every_step,
         wallbox_session_card_first_is_released_charged_and_ended_by_the_same_card,
         wallbox_session_plug_first_waits_for_a_card_that_is_on_its_list,
         wallbox_session_by_the_identity_of_a_vehicle_that_was_registered_before,
         wallbox_interrupted_five_times_is_retried_and_the_sixth_time_waits_for_the_driver,
         wallbox_that_gets_too_hot_reduces_stops_and_goes_on_when_it_has_cooled,
         wallbox_without_power_is_dark_and_charges_again_by_itself_when_it_is_back,
         wallbox_button_erases_all_cards_and_a_new_master_teaches_another,
         wallbox_shows_every_fault_that_its_hardware_can_have]
