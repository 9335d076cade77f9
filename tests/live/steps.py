"""Steps that many live cases take: a site with quick clients, vehicles that charge, and questions to the record."""

from rig import ALLOWANCE_MS, Rig, expect, one_node, wait_for

LIMIT_MA = 35000
RESERVE_MA = 700  # the default: the larger of 500 mA and 2 % of the limit (spec 04 4.2)
MIN_MA = 6000
LEASE_MS = 10000
STEADY_MS = 1000
ROW_MS = 100
QUICK = {"rise_hold_ms": 1000, "min_pause_ms": 1000}  # parameters of the manager with which a wallbox soon comes back
HUNGRY = {"needed_wh": 100000, "up_ms": 500}  # a vehicle that is soon at its current and never full
PHASES = ("l1", "l2", "l3")


def new_rig(*boxes, manager=None, simulation=None, meters=None, **node):
    """One grid connection of LIMIT_MA with a house meter, or with these meters. boxes: as one_node takes them; manager and simulation: sections
    of the document; node: keys of the grid connection."""
    document = one_node(LIMIT_MA // 1000, boxes, **node)
    document["meters"] = document["meters"] if meters is None else meters
    document["manager"] = manager or QUICK
    document["simulation"] = simulation or {}
    return Rig(document)


def three_boxes():
    """One of each way to wire three phases."""
    return ("W1", "L1-L2-L3"), ("W2", "L2-L3-L1"), ("W3", "L3-L1-L2")


def box(serial, phases="L1-L2-L3", **more):
    return {"id": serial, "node": "grid", "phases": phases, **more}


def serials(rig):
    return [one["id"] for one in rig.document["wallboxes"]]


def start(rig, **settings):
    """Start all programs; settings: more keys for the client of a serial."""
    rig.start_site()
    rig.import_site()
    rig.start_manager()
    for serial in serials(rig):
        start_client(rig, serial, **settings.get(serial, {}))
    wait_online(rig, *serials(rig))


def start_client(rig, serial, **settings):
    """A client that does not pause for its self-test, wired as its wallbox is."""
    wiring = next(one["phases"] for one in rig.document["wallboxes"] if one["id"] == serial)
    return rig.start_client(serial, **{"self_test_ms": 0, "wired_phases_n": 3 if "-" in wiring else 1, **settings})


def wait_online(rig, *names):
    wait_for(f"{', '.join(names)} to be online", lambda: all(rig.wallbox(name).get("state", "Offline") != "Offline" for name in names))


def hardware(rig, serial):
    """The board of a wallbox as it is now."""
    return next(one for one in rig.control("state")["wallboxes"] if one["serial"] == serial)


def is_charging(rig, serial):
    board = hardware(rig, serial)
    return board["contactor"] and max(board["drawn_ma"]) >= MIN_MA


def wait_charging(rig, *names, within_s=20.0):
    wait_for(f"{', '.join(names)} to charge", lambda: all(is_charging(rig, name) for name in names), within_s)


def plug(rig, *names, **vehicle):
    for name in names:
        rig.control("plug", wallbox=name, vehicle={**HUNGRY, **vehicle})


def unplug(rig, *names):
    """Register of each when its vehicle was gone."""
    for name in names:
        rig.control("unplug", wallbox=name)
    return {name: hardware(rig, name)["energy_wh"] for name in names}


def settle(rig, *names):
    """Wait until all of these charge and no pilot and no current of them has moved for STEADY_MS."""
    seen = {"boards": None, "since_ms": 0}

    def probe():
        state = rig.control("state")
        boards = [(one["pilot_ma"], one["drawn_ma"], one["contactor"]) for one in state["wallboxes"] if one["serial"] in names]
        if boards != seen["boards"] or not all(contactor and max(drawn) >= MIN_MA for _, drawn, contactor in boards):
            seen.update(boards=boards, since_ms=state["t_ms"])
        return state["t_ms"] - seen["since_ms"] >= STEADY_MS

    wait_for(f"{', '.join(names)} to charge steadily", probe)


def charge(rig, *names, **vehicle):
    plug(rig, *names, **vehicle)
    settle(rig, *names)


def reached(rig, t_ms):
    """Let the site's time come to a moment: a steady period passes."""
    wait_for(f"{t_ms} ms of the site", lambda: rig.now_ms() >= t_ms, within_s=60)


def record_of(rig, serial=None, from_ms=0, to_ms=None):
    """Rows of a wallbox, or of the grid connection, up to a moment (the first row after now); waits until they are on the disk."""
    to_ms = rig.now_ms() + 2 * ROW_MS if to_ms is None else to_ms
    what = "wallboxes" if serial else ""

    def probe():
        rows = rig.rows(what)
        return rows if rows and rows[-1]["t_ms"] > to_ms - ROW_MS else None

    rows = wait_for("the record to be written", probe, within_s=max(20.0, (to_ms - rig.now_ms()) / 1000 + 5))
    return [row for row in rows if from_ms <= row["t_ms"] <= to_ms and row.get("serial") == serial]


def first_ms(rows, is_it, what):
    """When the record first shows it."""
    found = next((row["t_ms"] for row in rows if is_it(row)), None)
    expect(found is not None, f"the record does not show {what}; it ends with {rows[-1] if rows else 'nothing'}")
    return found


def expect_by(rows, is_it, since_ms, bound_ms, what):
    """The rows end so, and are so from since_ms + bound_ms (and what the machine is allowed) on."""
    expect(rows and is_it(rows[-1]), f"{what}: the record ends with {rows[-1] if rows else 'nothing'}")
    took_ms = max((row["t_ms"] for row in rows if not is_it(row)), default=since_ms) - since_ms
    expect(took_ms <= bound_ms + ALLOWANCE_MS, f"{what}: not yet after {took_ms} ms, {bound_ms} + {ALLOWANCE_MS} ms are allowed")


def finish(rig, over_ms=8000, free_ma=LIMIT_MA - RESERVE_MA):
    """Everything ends in order; then the whole record is looked at.

    No phase is above its limit + 1 % for longer than over_ms (S7 of spec 05 5.3), and on no phase do wallboxes with a closed contactor
    together offer more than free_ma: raises come after cuts (S5). free_ma None: not asked, for sites whose house load moves."""
    rig.stop_all()
    run_ms = dict.fromkeys(PHASES, 0)
    for row in rig.rows():
        for phase in PHASES:
            run_ms[phase] = run_ms[phase] + ROW_MS if row[f"true_{phase}_ma"] > row[f"limit_{phase}_ma"] * 101 // 100 else 0
            expect(run_ms[phase] <= over_ms, f"{phase} above its limit + 1 % for {run_ms[phase]} ms at {row['t_ms']} ms")
    if free_ma is not None:
        expect_offers_fit(rig, free_ma)


def expect_offers_fit(rig, free_ma):
    wiring = {one["id"]: one["phases"].lower().split("-") for one in rig.document["wallboxes"]}
    sums = {}
    for row in rig.rows("wallboxes"):
        for phase in wiring[row["serial"]]:
            at = (row["t_ms"], phase)
            sums[at] = sums.get(at, 0) + (row["pilot_ma"] if row["contactor"] else 0)
    for (t_ms, phase), sum_ma in sums.items():
        expect(sum_ma <= free_ma, f"{sum_ma} mA are offered together on {phase} at {t_ms} ms, {free_ma} mA are there")


def sessions(rig, serial):
    return [session for session in rig.get("/api/v1/sessions?limit=1000")["sessions"] if session["serial"] == serial]


def expect_sessions(rig, serial, registers):
    """Exactly these sessions are stored, each once: (register at its begin, register at its end) in the order of time."""
    def probe():
        found = sessions(rig, serial)
        return found if len(found) >= len(registers) and all(session["state"] == "closed" for session in found) else None

    found = wait_for(f"{len(registers)} sessions of {serial} to be stored", probe)
    expect(len({session["id"] for session in found}) == len(found), f"{serial}: an id twice in {found}")
    stored = sorted((session["start_wh"], session["stop_wh"], session["energy_wh"]) for session in found)
    wanted = sorted((begin, end, end - begin) for begin, end in registers)
    expect(stored == wanted, f"{serial}: stored {stored}, the register says {wanted}")
    return found
