import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { load } from "./load.mjs";

const { r, text, f } = await load({ r: "lib/reason.ts", text: "lib/text.ts", f: "lib/format.ts" });
const catalogue = (language) => JSON.parse(readFileSync(new URL(`../src/texts/${language}.json`, import.meta.url), "utf8"));
const box = (more) => ({ state: "Suspended", reason: "waiting_turn", offered_ma: 0, ...more });

text.useCatalogue(catalogue("en"));

test("a waiting wallbox says its place and about how long", () => {
    assert.equal(r.reasonText(box({ turn_place: 2, turn_in_ms: 640000 })), "waits for its turn, place 2, about 11 min");
    assert.equal(r.reasonText(box({ turn_place: 2, turn_in_ms: null })), "waits for its turn, place 2");
    assert.equal(r.reasonText(box({ turn_in_ms: 100 })), "waits for its turn, about 1 min");
    assert.equal(r.reasonText(box({})), "waits for its turn");
});

test("a full phase is named with its node", () => {
    assert.equal(r.reasonText(box({ reason: "node_full", reason_node: "carport", reason_phase: "L1" })), "L1 of Carport is full");
    assert.equal(r.reasonText(box({ reason: "node_full", reason_node: "grid", reason_phase: "L3" })), "L3 of Grid connection is full");
    assert.equal(r.reasonText(box({ reason: "node_full", reason_node: "east_wing" })), "East wing is full");
    assert.equal(r.reasonText(box({ reason: "node_full" })), "the connection is full");
});

test("a lost house meter says what is left", () => {
    assert.equal(r.reasonText(box({ reason: "meter_fallback", offered_ma: 10000 })), "house meter lost: held to 10 A");
    assert.equal(r.reasonText(box({ reason: "meter_fallback", offered_ma: 0 })), "house meter lost: waits");
});

test("no demand is told apart from no vehicle", () => {
    assert.equal(r.reasonText(box({ state: "Idle", reason: "no_demand" })), "no vehicle");
    assert.equal(r.reasonText(box({ state: "ReadyForCharging", reason: "no_demand" })), "vehicle asks for nothing");
});

test("a fault goes before the reason, in words with its code", () => {
    assert.equal(r.reasonText(box({ state: "UnrecoverableError", reason: "no_demand", faults: [8005] })), "Residual current (code 8005)");
    assert.equal(r.reasonText(box({ state: "UnrecoverableError", reason: "fault", faults: [77] })), "Unknown fault (code 77)");
    assert.equal(r.faultHelp(77), "Call service and name the code.");
});

test("an offline wallbox says the most it might draw", () => {
    assert.equal(r.reasonText(box({ state: "Offline", reason: "no_demand", exposure_ma: 6000 })), "no contact: draws at most 6 A");
});

test("every reason of the protocol has a sentence in every language", () => {
    const header = readFileSync(new URL("../../proto/msg.h", import.meta.url), "utf8");
    const reasons = [...header.matchAll(/X\(REASON_\w+, "(\w+)"\)/g)].map((m) => m[1]);
    const states = [...header.matchAll(/X\(BOX_\w+, "(\w+)"\)/g)].map((m) => m[1]);
    assert.ok(reasons.length >= 22 && states.length >= 10);
    for (const language of f.LANGUAGES) {
        const texts = catalogue(language);
        text.useCatalogue(texts);
        f.setLocale(language);
        for (const reason of reasons) {
            const sentence = r.reasonText(box({ reason, min_ma: 6000, turn_place: 1, turn_in_ms: 1 }));
            assert.notEqual(sentence, reason, `${language} ${reason}`);
            assert.doesNotMatch(sentence, /[{}]|reason\./, `${language} ${reason}`);
        }
        for (const state of states) {
            assert.ok(`state.${state}` in texts, `${language} ${state}`);
        }
    }
    text.useCatalogue(catalogue("en"));
    f.setLocale("en");
});

test("an unknown reason of a newer manager is shown as it came", () => {
    assert.equal(r.reasonText(box({ reason: "full_moon" })), "full_moon");
});

test("the language follows the browser", () => {
    assert.equal(text.chooseLanguage(["nn-NO", "en"]), "nb");
    assert.equal(text.chooseLanguage(["no"]), "nb");
    assert.equal(text.chooseLanguage(["sv", "de-AT"]), "de");
    assert.equal(text.chooseLanguage(["ja"]), "en");
});
