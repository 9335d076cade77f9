import assert from "node:assert/strict";
import test from "node:test";
import { complaints, FAMILIES, readAll } from "../tools/check_texts.mjs";

const { catalogues, source } = readAll();
const family = Object.fromEntries(Object.entries(FAMILIES).flatMap(([f, ms]) => ms.map((m) => [`${f}.${m}`, "x"])));

test("the four languages are there and nothing is missing or left over", () => {
    assert.deepEqual(Object.keys(catalogues).sort(), ["de", "en", "fr", "nb"]);
    assert.deepEqual(complaints(catalogues, source), []);
});

test("a missing text is found", () => {
    const found = complaints({ en: { ...family, "a.b": "x" }, de: { ...family } }, '"a.b"');
    assert.deepEqual(found, ["de: a.b is missing"]);
});

test("a text that nobody shows is found", () => {
    assert.deepEqual(complaints({ en: { ...family, "a.b": "x" } }, ""), ["a.b is used nowhere"]);
});

test("a text with other places to fill is found", () => {
    const found = complaints({ en: { ...family, "a.b": "{n} x" }, de: { ...family, "a.b": "x" } }, '"a.b"');
    assert.deepEqual(found, ["de: a.b has other places to fill than the English text"]);
});

test("an empty text and a missing member of a family are found", () => {
    const { "state.Idle": _idle, ...rest } = family;
    assert.deepEqual(complaints({ en: { ...rest, "a.b": " " } }, '"a.b"'), ["en: a.b is empty", "state.Idle is wanted and exists in no language"]);
});

test("no language was left in English", () => {
    for (const language of ["fr", "nb", "de"]) {
        const same = Object.keys(catalogues.en).filter((k) => catalogues.en[k] === catalogues[language][k] && catalogues.en[k].length > 18 && !/^\{/.test(catalogues.en[k]));
        assert.deepEqual(same, [], language);
    }
});

test("every plural family has both forms in every language", () => {
    for (const texts of Object.values(catalogues)) {
        for (const key of Object.keys(texts).filter((k) => k.endsWith(".one"))) {
            assert.ok(key.replace(/one$/, "other") in texts, key);
        }
    }
});
