import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { f, csv, changes } = await load({ f: "lib/format.ts", csv: "lib/csv.ts", changes: "lib/changes.ts" });
const plain = (text) => text.replace(/[\u00a0\u202f]/g, " ");

test("unknown is a dash and never 0", () => {
    for (const write of [f.amps, f.ampsShort, f.kilowatts, f.kilowattHours, f.percent, f.degrees, f.count, f.duration, f.clock, f.dayClock]) {
        assert.equal(write(null), f.DASH);
        assert.equal(write(undefined), f.DASH);
    }
    assert.equal(f.amps(Number.NaN), f.DASH);
    assert.equal(f.clock("no date"), f.DASH);
    assert.equal(f.duration(-1), f.DASH);
    assert.equal(f.amps(0), "0.0");
});

test("numbers are written as the language writes them", () => {
    const shown = {};
    for (const language of f.LANGUAGES) {
        f.setLocale(language);
        shown[language] = [f.kilowattHours(1234567), f.amps(10250), plain(f.count(1234567))];
    }
    f.setLocale("en");
    assert.deepEqual(shown.en, ["1,234.6", "10.3", "1,234,567"]);
    assert.deepEqual(shown.de, ["1.234,6", "10,3", "1.234.567"]);
    assert.deepEqual(shown.fr.map(plain), ["1 234,6", "10,3", "1 234 567"]);
    assert.deepEqual(shown.nb.map(plain), ["1 234,6", "10,3", "1 234 567"]);
});

test("the browser's region is kept where it speaks the chosen language", () => {
    f.setLocale("de", ["fr-FR", "de-CH"]);
    assert.match(f.count(1234567), /^1['’]234['’]567$/);
    f.setLocale("en");
});

test("nothing shows minus zero", () => {
    assert.equal(f.amps(-20), "0.0");
    assert.equal(f.amps(-200), "-0.2");
});

test("durations have hours and minutes", () => {
    assert.equal(f.duration(0), "0:00");
    assert.equal(f.duration(59999), "0:00");
    assert.equal(f.duration(60000), "0:01");
    assert.equal(f.duration(3600000 * 26 + 60000 * 7), "26:07");
    assert.equal(f.minutesUp(1), 1);
    assert.equal(f.minutesUp(60001), 2);
});

test("times typed come back as they were", () => {
    const utc = "2026-11-26T06:00:00Z";
    assert.equal(f.fromInput(f.toInput(utc)), utc);
    assert.equal(f.fromInput(""), null);
    assert.equal(f.toInput("nonsense"), "");
});

test("people type commas", () => {
    assert.equal(f.parseDecimal("6,5"), 6.5);
    assert.equal(f.parseDecimal(" 12 "), 12);
    assert.equal(f.parseDecimal("1e3"), null);
    assert.equal(f.parseDecimal(""), null);
    assert.equal(f.parseDecimal("12 A"), null);
});

test("card numbers have 4, 7, 8 or 10 bytes", () => {
    assert.equal(csv.cleanUid("04 A1:b2-C3"), "04A1B2C3");
    assert.equal(csv.cleanUid("04a1b2c3d4e5f6"), "04A1B2C3D4E5F6");
    assert.equal(csv.cleanUid("04a1b2"), null);
    assert.equal(csv.cleanUid("04a1b2cg"), null);
});

test("only what changed is sent", () => {
    assert.deepEqual(changes.changesOf({ a: "1", b: "2" }, { a: "1", b: "3" }), [{ field: "b", before: "2", after: "3" }]);
    assert.equal(changes.inRange(6, { min: 6, max: 32 }), true);
    assert.equal(changes.inRange(5.9, { min: 6, max: 32 }), false);
    assert.equal(changes.inRange(null, { min: 0, max: 1 }), false);
});
