import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { sse, store, live, trail } = await load({ sse: "lib/sse.ts", store: "lib/store.ts", live: "lib/live.ts", trail: "lib/trail.ts" });
const box = (serial, more) => ({ serial, name: serial, offered_ma: 6000, drawn_ma: [1000, 2000, 3000], ...more });

test("a stream is read however it is cut", () => {
    const whole = "id: 7\nevent: site\ndata: {\"a\":\ndata: 1}\n\n: heartbeat\n\nevent: wallboxes\r\ndata: {}\r\n\r\n";
    for (let cut = 1; cut < whole.length; cut++) {
        const reader = new sse.StreamReader();
        const items = [...reader.push(whole.slice(0, cut)), ...reader.push(whole.slice(cut))];
        assert.deepEqual(items.map((i) => [i.event, i.data, i.id]), [["site", '{"a":\n1}', "7"], ["", "heartbeat", null], ["wallboxes", "{}", "7"]], `cut at ${cut}`);
    }
});

test("an event without data is no event, and without a name it is a message", () => {
    const reader = new sse.StreamReader();
    assert.deepEqual(reader.push("event: site\n\ndata: x\n\n").map((i) => [i.event, i.data]), [["message", "x"]]);
});

test("a store tells its watchers once per change", () => {
    const s = store.createStore(1);
    const seen = [];
    const leave = s.watch((v) => seen.push(v));
    s.set(1);
    s.set(2);
    leave();
    s.set(3);
    assert.deepEqual(seen, [2]);
});

test("changes are put into the picture, a complete list replaces it", () => {
    live.takeBoxes({ utc: "2026-01-01T00:00:00Z", wallboxes: [box("A"), box("B")] }, true);
    const b = live.boxes.get().get("B");
    live.takeBoxes({ utc: "2026-01-01T00:00:01Z", wallboxes: [box("A", { offered_ma: 9000 })] }, false);
    assert.equal(live.boxes.get().get("A").offered_ma, 9000);
    assert.equal(live.boxes.get().get("B"), b, "what did not change stays the same object");
    assert.deepEqual(live.order.get(), ["A", "B"]);
    live.takeBoxes({ utc: "2026-01-01T00:00:02Z", wallboxes: [box("B")] }, true);
    assert.deepEqual(live.order.get(), ["B"]);
});

test("the same instant again is no sign of life", async () => {
    live.takeBoxes({ utc: "2026-01-01T00:01:00Z", wallboxes: [] }, false);
    await new Promise((done) => setTimeout(done, 30));
    live.takeBoxes({ utc: "2026-01-01T00:01:00Z", wallboxes: [] }, false);
    assert.ok(live.ageMs() >= 25);
    live.takeBoxes({ utc: "2026-01-01T00:01:01Z", wallboxes: [] }, false);
    assert.ok(live.ageMs() < 25);
});

test("a silence leaves a gap in the trail, and ten minutes are kept", () => {
    const one = new Map([["A", box("A")]]);
    trail.forgetTrails();
    trail.noteTrail(one, 1000000);
    trail.noteTrail(one, 1000100);
    assert.equal(trail.trailOf("A").atS.length, 1, "at most one a second");
    trail.noteTrail(one, 1010000);
    assert.deepEqual(trail.trailOf("A").offered, [6, null, 6]);
    for (let i = 1; i <= 700; i++) {
        trail.noteTrail(one, 1010000 + i * 1000);
    }
    assert.equal(trail.trailOf("A").atS.length, trail.TRAIL_N);
    assert.deepEqual(trail.trailOf("none").atS, []);
});
