"""Nothing is lost: sessions sum to the registers of the wallboxes, a disk that is full or a database that is damaged stops nobody, a back-up
is a manager's memory (spec 01 promise 3, 09 9.2)."""

import resource
import sqlite3
from contextlib import closing

from case_http import Browser, log_in_first
from rig import Failed, expect, run, wait_for
from steps import QUICK, charge, finish, hardware, is_charging, new_rig, plug, sessions, start, start_client, unplug, wait_charging, wait_online

NAMES = ("W1", "W2", "W3")
THREE = ("W1", "L1-L2-L3"), ("W2", "L2-L3-L1"), ("W3", "L3-L1-L2")


def state(rig):
    return (rig.get("/api/v1/site", quiet=True) or {}).get("state", {})


def kinds(rig):
    return [event["kind"] for event in (rig.get("/api/v1/events?limit=1000", quiet=True) or {}).get("events", [])]


def closed(rig, serial):
    return [one for one in sessions(rig, serial) if one["state"] == "closed"]


def wh(rig):
    return {name: hardware(rig, name)["energy_wh"] for name in NAMES}


def expect_sums(rig, before_wh, after_wh, sessions_n):
    """To the Wh: what the sessions of each wallbox sum to is what its register has moved by."""
    wait_for("all sessions to be stored", lambda: all(len(closed(rig, name)) == sessions_n for name in NAMES))
    for name in NAMES:
        sum_wh = sum(one["energy_wh"] for one in closed(rig, name))
        moved_wh = after_wh[name] - before_wh[name]
        expect(sum_wh == moved_wh, f"{name}: its sessions sum to {sum_wh} Wh, its register has moved by {moved_wh} Wh")
        expect(sum_wh > 0, f"{name} has not charged")


def store_sessions_sum_to_the_registers_to_the_wh():
    with new_rig(*THREE) as rig:
        start(rig)
        before_wh = wh(rig)
        for _ in range(2):
            charge(rig, *NAMES)
            begun_wh = wh(rig)
            wait_for("some energy to flow", lambda: all(wh(rig)[name] >= begun_wh[name] + 5 for name in NAMES), within_s=60)
            after_wh = unplug(rig, *NAMES)
            wait_for("all wallboxes to see it", lambda: all(rig.wallbox(name).get("session", "?") is None for name in NAMES))
        expect_sums(rig, before_wh, after_wh, 2)
        finish(rig)


def store_full_disk_lets_charging_go_on_and_takes_the_records_when_there_is_space():
    """A limit on the size of files stands for the full disk: the manager's log of writes cannot grow any more."""
    with new_rig(*THREE) as rig:
        start(rig)
        before_wh = wh(rig)
        charge(rig, *NAMES)
        data = rig.folder / "manager"
        pid = rig.manager.process.pid
        soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (min((data / name).stat().st_size for name in ("manager.db", "manager.db-wal")), hard))
        after_wh = unplug(rig, *NAMES)
        wait_for("all wallboxes to see it", lambda: all(rig.wallbox(name).get("session", "?") is None for name in NAMES))
        plug(rig, "W1", "W2")
        wait_for("the alarm", lambda: state(rig).get("is_store_failing"))
        wait_charging(rig, "W1", "W2")
        expect(not closed(rig, "W1"), "a session was stored on a full disk")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
        wait_for("the alarm to end", lambda: not state(rig).get("is_store_failing"), within_s=30)
        expect_sums(rig, before_wh, after_wh, 1)
        wait_for("the events to be written", lambda: {"store_failed", "store_back"} <= set(kinds(rig)), within_s=30)
        expect(is_charging(rig, "W1") and is_charging(rig, "W2"), "charging did not go on")
        unplug(rig, "W1", "W2")
        finish(rig)


def damage(path):
    """Noise on a page in the middle of the sessions' quarter hours, found by asking the file itself."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    page = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'event_by_time'").fetchone()[0]
    size = db.execute("PRAGMA page_size").fetchone()[0]
    db.close()
    with open(path, "r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)


def store_damaged_database_is_set_aside_and_the_manager_goes_on_with_what_is_left():
    with new_rig(*THREE) as rig:
        start(rig)
        charge(rig, *NAMES)
        unplug(rig, *NAMES)
        wait_for("the sessions to be stored", lambda: all(closed(rig, name) for name in NAMES))
        stored = sorted(one["id"] for name in NAMES for one in closed(rig, name))
        rig.manager.stop()
        rig.manager.is_killed = True
        data = rig.folder / "manager"
        damage(data / "manager.db")
        rig.start_manager()
        expect(sorted(one["id"] for name in NAMES for one in closed(rig, name)) == stored, "sessions were lost that could be read")
        expect(state(rig).get("was_database_damaged"), "the site does not say that its database was damaged")
        wait_for("the alarm to be stored", lambda: "database_recovered" in kinds(rig))
        expect(list(data.glob("manager.db.damaged-*")), "the damaged file is not there any more")
        lines = [line for line in rig.manager.output().splitlines() if "database_damaged" in line]
        expect(len(lines) == 1 and "aside=" in lines[0], f"the log says {lines}")
        wait_online(rig, *NAMES)
        charge(rig, "W1")
        unplug(rig, "W1")
        finish(rig)


def store_backup_of_a_running_manager_is_its_memory():
    with new_rig(*THREE) as rig:
        start(rig)
        charge(rig, *NAMES)
        unplug(rig, *NAMES)
        wait_for("the sessions to be stored", lambda: all(closed(rig, name) for name in NAMES))
        stored = sorted(one["id"] for name in NAMES for one in closed(rig, name))
        copy = rig.folder / "backup.db"
        code, _, error = run("wallbox-manager", "--data", rig.folder / "manager", "--backup", copy)
        expect(code == 0 and copy.exists(), f"--backup: {code} {error}")
        code, _, error = run("wallbox-manager", "--data", rig.folder / "manager", "--restore", copy)
        expect(code == 1 and "lock" in error, f"--restore under a running manager: {code} {error}")
        rig.manager.stop()
        rig.manager.is_killed = True
        (rig.folder / "manager" / "manager.db").write_bytes(b"gone")
        code, _, error = run("wallbox-manager", "--data", rig.folder / "manager", "--restore", copy)
        expect(code == 0, f"--restore: {code} {error}")
        rig.start_manager()
        expect(sorted(one["id"] for name in NAMES for one in closed(rig, name)) == stored, "the back-up does not hold the sessions")
        expect(list((rig.folder / "manager").glob("manager.db.replaced-*")), "what was there is gone")
        wait_online(rig, *NAMES)
        finish(rig)


def is_released(rig, name, uid):
    """Hold a card at a wallbox with a vehicle; true when it charges within some seconds."""
    plug(rig, name)
    wait_for(f"{name} to see its vehicle", lambda: rig.wallbox(name).get("pilot", "A1")[0] != "A")
    rig.control("card", wallbox=name, uid=uid)
    try:
        wait_charging(rig, name, within_s=8)
        return True
    except Failed:
        return False


def store_cards_of_the_manager_rule_at_every_wallbox_also_without_it():
    with new_rig(*THREE, manager={**QUICK, "authorization_rule": 1}) as rig:
        rig.import_site()
        table = rig.folder / "cards.csv"
        table.write_text("uid,name,wallboxes,blocked\nAABBCCDD,Van,,false\n11223344,Only W2,W2,false\n55667788,Lost,,true\n")
        code, _, error = run("wallbox-manager", "--data", rig.folder / "manager", "--import-cards", table)
        expect(code == 0, f"--import-cards: {code} {error}")
        code, text, _ = run("wallbox-manager", "--data", rig.folder / "manager", "--export-cards", "-")
        expect(code == 0 and text.count("\r\n") == 4 and "11223344,,user,Only W2,,false,,W2,,," in text, f"--export-cards: {code} {text}")
        rig.start_site()
        rig.start_manager()
        for name in NAMES:
            start_client(rig, name)
        wait_online(rig, *NAMES)
        expect([card["uid"] for card in rig.get("/api/v1/cards")["cards"]] == ["11223344", "55667788", "AABBCCDD"], "the API shows other cards")
        expect(is_released(rig, "W1", "AABBCCDD"), "a card of the list does not release W1")
        expect(not is_released(rig, "W3", "11223344"), "a card of W2 releases W3")
        unplug(rig, "W1", "W3")
        wait_for("the session to be stored", lambda: closed(rig, "W1"))
        expect(closed(rig, "W1")[0]["card_name"] == "Van", f"the session does not know its card: {closed(rig, 'W1')}")
        rig.manager.kill()
        wait_for("W2 to notice", lambda: "link_down" in rig.clients["W2"].output() or "link_lost" in rig.clients["W2"].output(), within_s=30)
        rig.control("plug", wallbox="W2", vehicle={"needed_wh": 1000, "up_ms": 500})
        rig.control("card", wallbox="W2", uid="11223344")
        wait_for("W2 to release by its own list", lambda: "session_begin" in rig.clients["W2"].output(), within_s=20)
        rig.control("plug", wallbox="W3", vehicle={"needed_wh": 1000, "up_ms": 500})
        for uid in ("11223344", "55667788"):
            rig.control("card", wallbox="W3", uid=uid)
        expect("session_begin" not in rig.clients["W3"].output(), "a card that is blocked or not valid there releases W3")
        unplug(rig, "W2", "W3")
        finish(rig)


def store_cards_changed_over_http_count_at_once():
    """A card that is added releases a wallbox, one that is blocked or deleted does not, and the audit trail knows who did it (spec 08 8.4)."""
    with new_rig(*THREE, manager={**QUICK, "authorization_rule": 1}) as rig:
        start(rig)
        browser = Browser(rig)
        log_in_first(rig, browser)
        browser.expect(201, "POST", "/api/v1/cards", {"uid": "AABBCCDD", "name": "Van", "departure": "06:00", "needed_wh": 40000, "priority": 7})
        browser.expect(409, "POST", "/api/v1/cards", {"uid": "AABBCCDD"})
        expect(is_released(rig, "W1", "AABBCCDD"), "a card that was added does not release W1")
        wish = wait_for("the session to have the presets of its card", lambda: rig.wallbox("W1").get("wish"))
        expect((wish["needed_wh"], wish["priority"]) == (40000, 7), f"the presets of the card are not in its session: {wish}")
        expect(wish["departure_utc"].endswith(("T04:00:00.000Z", "T05:00:00.000Z")), f"06:00 in Berlin is not {wish['departure_utc']}")
        browser.expect(200, "PUT", "/api/v1/cards/AABBCCDD", {"name": "Van", "blocked": True})
        expect(not is_released(rig, "W2", "AABBCCDD"), "a blocked card releases W2")
        browser.expect(200, "PUT", "/api/v1/cards/AABBCCDD", {"name": "Van"})
        browser.expect(204, "DELETE", "/api/v1/cards/AABBCCDD")
        expect(not is_released(rig, "W3", "AABBCCDD"), "a deleted card releases W3")
        expect(browser.ask("GET", "/api/v1/cards").json() == {"cards": []}, "the deleted card is still listed")
        unplug(rig, *NAMES)
        finish(rig)
        with closing(sqlite3.connect(rig.folder / "manager" / "manager.db")) as db:
            trail = [tuple(row) for row in db.execute("SELECT who, what, subject FROM audit WHERE subject = 'AABBCCDD' ORDER BY number")]
        expect(trail == [("admin", what, "AABBCCDD") for what in ("card_add", "card_put", "card_put", "card_delete")], f"the audit trail says {trail}")


CASES = [store_sessions_sum_to_the_registers_to_the_wh, store_full_disk_lets_charging_go_on_and_takes_the_records_when_there_is_space,
         store_cards_of_the_manager_rule_at_every_wallbox_also_without_it, store_cards_changed_over_http_count_at_once, store_damaged_database_is_set_aside_and_the_manager_goes_on_with_what_is_left, store_backup_of_a_running_manager_is_its_memory]
