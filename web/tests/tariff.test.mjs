import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { f, p } = await load({ f: "lib/format.ts", p: "lib/tariff.ts" });
const plain = (text) => text.replace(/[\u00a0\u202f]/g, " ");
const night = { days: ["mon", "sun"], from: "22:00", to: "24:00", price_centicent_kwh: 1900 };
const prices = { currency: "EUR", price_centicent_kwh: 2850, solar_price_centicent_kwh: null, windows: [night] };

test("prices go through the form unchanged", () => {
    const draft = p.draftOf(prices, 2);
    assert.deepEqual([draft.price, draft.solar, draft.windows[0].price, draft.windows[0].to], ["0.285", "", "0.19", "00:00"]);
    assert.deepEqual(p.tariffOf(draft, 2), prices);
    assert.deepEqual(p.wrongOf(draft, 2), {});
});

test("a currency without a minor unit, and one with three decimals", () => {
    assert.equal(p.tariffOf({ currency: "JPY", price: "31", solar: "", windows: [] }, 0).price_centicent_kwh, 3100);
    assert.equal(p.tariffOf({ currency: "KWD", price: "0,0285", solar: "0", windows: [] }, 3).price_centicent_kwh, 2850);
});

test("without a currency nothing costs anything, whatever stands in the form", () => {
    const draft = { currency: "", price: "x", solar: "y", windows: [{ days: [], from: "", to: "", price: "" }] };
    assert.deepEqual(p.wrongOf(draft, 2), {});
    assert.deepEqual(p.tariffOf(draft, 2), { currency: null, price_centicent_kwh: 0, solar_price_centicent_kwh: null, windows: [] });
});

test("what is wrong has the names that the manager has for it", () => {
    const draft = { currency: "EUR", price: "", solar: "-1", windows: [{ days: [], from: "22:10", to: "", price: "10001" }] };
    assert.deepEqual(p.wrongOf(draft, 2), {
        price_centicent_kwh: "needed",
        solar_price_centicent_kwh: "range",
        "windows[0].days": "days",
        "windows[0].from": "quarter",
        "windows[0].to": "needed",
        "windows[0].price_centicent_kwh": "range",
    });
});

test("a window that is taken away is a change as well", () => {
    const draft = p.draftOf(prices, 2);
    const day = (i) => "ABCDEFG"[i];
    assert.equal(p.linesOf(draft, 1, day)["window.0"], "A G 22:00–00:00: 0.19");
    assert.equal(p.linesOf({ ...draft, windows: [] }, 1, day)["window.0"], "");
});

test("money is written as the language writes it, and unknown is a dash", () => {
    const shown = f.LANGUAGES.map((language) => (f.setLocale(language), plain(f.money(123456, "EUR", 2))));
    assert.deepEqual(shown, ["€1,234.56", "1 234,56 €", "1 234,56 €", "1.234,56 €"]);
    f.setLocale("en");
    assert.equal(f.money(352, "JPY", 0), "JP¥352");
    assert.equal(f.money(null, "EUR", 2), f.DASH);
    assert.equal(f.money(1, null, null), f.DASH);
    assert.equal(f.weekday(0), "Mon");
});
