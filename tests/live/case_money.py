"""What a session costs (spec 08, Money): prices that are set over HTTP, a vehicle that charges, the cost in the session, the table and the statement."""

import csv
import io
import json
import re
import sqlite3
from contextlib import closing

from case_store import closed, is_released
from rig import expect, run, wait_for
from steps import QUICK, box, finish, hardware, new_rig, start, unplug
from visitor import Browser, log_in_first

CARD = "AABBCCDD"
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
MINOR_PER_WH = 400  # dear enough that each Wh is seen: 4,000 EUR a kWh
PRICES = {"currency": "EUR", "price_centicent_kwh": 90000000,
          "windows": [{"days": EVERY_DAY, "from": "00:00", "to": "24:00", "price_centicent_kwh": MINOR_PER_WH * 100000}]}


def charge_some(rig, wh):
    """A session of the card; its entry when it is stored."""
    known = len(closed(rig, "W1"))
    expect(is_released(rig, "W1", CARD), "the card does not release W1")
    begin_wh = hardware(rig, "W1")["energy_wh"]
    wait_for(f"{wh} Wh to be charged", lambda: hardware(rig, "W1")["energy_wh"] >= begin_wh + wh, within_s=60)
    unplug(rig, "W1")
    wait_for("the session to be stored", lambda: len(closed(rig, "W1")) > known)
    return max(closed(rig, "W1"), key=lambda one: one["start_utc"])


def table(browser):
    return list(csv.DictReader(io.StringIO(browser.expect(200, "GET", "/api/v1/sessions?format=csv").text)))


def money(minor):
    return f"{minor // 100:,}.{minor % 100:02d}\u00a0EUR"


def money_a_session_costs_what_its_energy_costs_and_keeps_that():
    with new_rig(box("W1"), manager={**QUICK, "authorization_rule": 1}) as rig:
        start(rig)
        browser = Browser(rig)
        log_in_first(rig, browser)
        browser.expect(201, "POST", "/api/v1/cards", {"uid": CARD, "name": "Van"})
        free = charge_some(rig, 5)
        expect((free["cost_minor"], free["currency"], free["tariff"]) == (None, None, None), f"without prices: {free}")
        wrong = browser.expect(422, "PUT", "/api/v1/tariff", {**PRICES, "windows": [{**PRICES["windows"][0], "to": "24:15"}]}).json()
        expect(wrong["field"] == "windows[0].to", f"the wrong field is named: {wrong}")
        browser.expect(200, "PUT", "/api/v1/tariff", PRICES)
        expect(browser.expect(200, "GET", "/api/v1/tariff").json()["windows"] == PRICES["windows"], "the prices are not read back")
        paid = charge_some(rig, 20)
        cost_minor = paid["energy_wh"] * MINOR_PER_WH
        expect(paid["energy_wh"] >= 20 and (paid["cost_minor"], paid["currency"], paid["tariff"]) == (cost_minor, "EUR", 1), f"with prices: {paid}")
        browser.expect(200, "PUT", "/api/v1/tariff", {"currency": "NOK", "price_centicent_kwh": 1})
        expect(max(closed(rig, "W1"), key=lambda one: one["start_utc"]) == paid, "other prices change what has ended")
        rows = {row["id"]: row for row in table(browser)}
        expect((rows[paid["id"]]["cost_minor"], rows[paid["id"]]["currency"]) == (str(cost_minor), "EUR"), f"the table says {rows[paid['id']]}")
        expect((rows[free["id"]]["cost_minor"], rows[free["id"]]["currency"]) == ("", ""), f"the table says {rows[free['id']]}")
        months = sorted({one["stop_utc"][:7] for one in (free, paid)})
        page = browser.expect(200, "GET", f"/api/v1/statement?card={CARD}&month={months[-1]}&lang=en").text
        expect(re.search(rf"<td></td><td class=\"n\">{re.escape(money(cost_minor))}</td></tr></tfoot>", page), f"the statement does not sum to {money(cost_minor)}: {page}")
        expect(f"{MINOR_PER_WH * 10:,}.0000\u00a0EUR" in page and "not legally certified" in page, f"the statement lacks prices: {page}")
        trail = [one for one in browser.expect(200, "GET", "/api/v1/changes?limit=100").json()["changes"] if one["what"] == "tariff_put"]
        expect([(one["who"], one["after"]["currency"]) for one in trail] == [("admin", "EUR"), ("admin", "NOK")], f"the audit trail says {trail}")
        expect(trail[1]["before"]["windows"] == PRICES["windows"], f"the audit trail lacks what was before: {trail[1]}")
        finish(rig)


def money_prices_leave_in_an_export_and_come_back():
    """What a site charges is part of its configuration; importing the same prices again makes no new ones."""
    with new_rig(box("W1")) as rig:
        start(rig)
        browser = Browser(rig)
        log_in_first(rig, browser)
        browser.expect(200, "PUT", "/api/v1/tariff", PRICES)
        rig.stop_all()
        file = rig.folder / "export.json"
        data = ("wallbox-manager", "--data", rig.folder / "manager")
        code, _, error = run(*data, "--export", file)
        expect(code == 0, f"--export: {code} {error}")
        document = json.loads(file.read_text())
        expect(document["tariff"] == {**PRICES, "solar_price_centicent_kwh": None}, f"the export has other prices: {document['tariff']}")
        wrong = rig.folder / "wrong.json"
        wrong.write_text(json.dumps({**document, "tariff": {**PRICES, "price_centicent_kwh": -1}}))
        code, _, error = run(*data, "--import", wrong)
        expect(code == 2 and "tariff.price_centicent_kwh: must be a whole number" in error, f"--import of a wrong price: {code} {error}")
        code, _, error = run(*data, "--import", file)
        expect(code == 0, f"--import: {code} {error}")
        code, _, error = run("wallbox-manager", "--data", rig.folder / "other", "--import", file)
        expect(code == 0, f"--import into a new one: {code} {error}")
        for folder, who in (("manager", "admin"), ("other", "command line")):
            with closing(sqlite3.connect(rig.folder / folder / "manager.db")) as db:
                rows = [(by, json.loads(text)) for by, text in db.execute("SELECT who, prices FROM tariff")]
            expect(rows == [(who, document["tariff"])], f"{folder} has {rows}")


CASES = [money_prices_leave_in_an_export_and_come_back, money_a_session_costs_what_its_energy_costs_and_keeps_that]
