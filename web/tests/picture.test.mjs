import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";
import { Fleet } from "./mockfleet.mjs";

const { pic, list, period, hist } = await load({ pic: "lib/picture.ts", list: "lib/list.ts", period: "lib/period.ts", hist: "lib/phasehistory.ts" });
const node = (more) => ({ id: "grid", parent: null, limit_ma: [63000, 63000, 63000], base_ma: [10000, -4000, 0], exposure_ma: [20000, 0, 0], free_ma: [30000, 60000, 300], drawn_ma: [0, 0, 0], ...more });
const box = (serial, ma, more) => ({ serial, name: serial, node: "grid", drawn_ma: [ma, 0, 0], state: "Charging", session: null, ...more });

test("the parts of a bar stand side by side and end at the exposure", () => {
    const bar = pic.barOf(node(), 0, [box("A", 8000), box("B", 6000)]);
    assert.equal(bar.parts.length, 2);
    assert.ok(Math.abs(bar.parts[0].from - bar.house) < 0.2);
    assert.ok(Math.abs(bar.parts[1].from - bar.parts[0].from - bar.parts[0].width) < 0.2);
    assert.equal(bar.used_ma, 24000);
    assert.ok(Math.abs(bar.free.from - (bar.promised.from + bar.promised.width)) < 0.2);
    assert.ok(bar.free.from + bar.free.width <= bar.limit + 0.2, "free ends before the limit");
    assert.equal(bar.isFull, false);
});

test("export is no house load, and a full phase is full", () => {
    assert.equal(pic.barOf(node(), 1, []).house, 0);
    assert.equal(pic.barOf(node(), 2, []).isFull, true);
});

test("what the sun feeds on a phase does not push the bar beyond its limit", () => {
    const bar = pic.barOf(node({ base_ma: [-4000, 0, 0], exposure_ma: [37000, 0, 0], free_ma: [1000, 0, 0], limit_ma: [35000, 35000, 35000] }), 0, [box("A", 3000), box("B", 34000)]);
    assert.equal(bar.used_ma, 33000);
    assert.equal(bar.parts[0].width, 0);
    assert.equal(bar.parts[1].from, 0);
    assert.ok(bar.parts[1].from + bar.parts[1].width < bar.limit, "33 of 35 A end before the limit");
});

test("more than the limit is seen beyond the line", () => {
    const bar = pic.barOf(node({ exposure_ma: [70000, 0, 0], free_ma: [0, 0, 0] }), 0, [box("A", 70000)]);
    assert.equal(bar.isOver, true);
    assert.ok(bar.limit < bar.parts[0].from + bar.parts[0].width);
});

test("a wallbox counts in its node and all above", () => {
    const site = { nodes: [{ id: "grid", parent: null }, { id: "carport", parent: "grid" }, { id: "east", parent: "carport" }] };
    const below = pic.boxesBelow(site, [box("A", 1, { node: "east" }), box("B", 1, { node: "grid" })]);
    assert.deepEqual([...below].map(([id, boxes]) => [id, boxes.map((b) => b.serial)]), [["grid", ["A", "B"]], ["carport", ["A"]], ["east", ["A"]]]);
});

test("power adds up, and what is not known is not shown as a number", () => {
    const site = new Fleet(12).site();
    const flow = pic.flowOf(site);
    assert.ok(Math.abs(flow.grid_w + flow.solar_w - flow.house_w - flow.wallboxes_w) < 1);
    assert.ok(flow.solar_w > 0);
    site.meters[0].power_total_w = null;
    assert.equal(pic.flowOf(site).house_w, null);
    assert.equal(pic.flowOf(site).grid_w, null);
    site.meters = [];
    assert.equal(pic.flowOf(site).hasGrid, false);
    assert.equal(pic.flowOf(site).solar_w, null);
});

test("the list is searched, filtered and sorted, names as people count", () => {
    const all = [box("3", 0, { name: "Bay 10", power_w: 5 }), box("1", 0, { name: "Bay 9", power_w: 7 }), box("2", 0, { name: "Bay 1", power_w: null, state: "Offline" })];
    const names = (query) => list.arrange(all, list.wishOf(new URLSearchParams(query)), (b) => b.state).map((b) => b.name);
    assert.deepEqual(names(""), ["Bay 1", "Bay 9", "Bay 10"]);
    assert.deepEqual(names("sort=-power"), ["Bay 9", "Bay 10", "Bay 1"]);
    assert.deepEqual(names("find=offline bay"), ["Bay 1"]);
    assert.deepEqual(names("show=attention"), ["Bay 1"]);
    assert.deepEqual(names("show=nonsense&sort=nonsense"), ["Bay 1", "Bay 9", "Bay 10"]);
});

test("periods begin and end where the calendar says", () => {
    const now = new Date(2026, 2, 1, 15, 0); /* a Sunday */
    const begin = (span, back) => period.periodOf(span, back, now).from.toDateString();
    assert.equal(begin("day", 1), new Date(2026, 1, 28).toDateString());
    assert.equal(begin("week", 0), new Date(2026, 1, 23).toDateString());
    assert.equal(begin("month", 1), new Date(2026, 1, 1).toDateString());
    assert.equal(begin("year", 0), new Date(2026, 0, 1).toDateString());
    assert.equal(period.stepsOf("month", period.periodOf("month", 1, now)).length, 28);
    assert.equal(period.stepsOf("year", period.periodOf("year", 0, now)).length, 12);
});

test("the sun's share is known only when it is of every session", () => {
    const session = (serial, energy_wh, solar_wh) => ({ serial, energy_wh, solar_wh, start_utc: "2026-01-01T00:00:00Z" });
    const shares = period.sharesOf([session("A", 1000, 500), session("B", 3000, 0), session("A", 1000, null)], (s) => ({ key: s.serial, name: s.serial }));
    assert.deepEqual(shares.map((s) => [s.key, s.energy_wh, s.solar_wh]), [["B", 3000, 0], ["A", 2000, null]]);
});

test("a history without the phase says so", () => {
    const fleet = new Fleet(12);
    const [flow, boxes] = ["current_l2_ma", "wallboxes_l2_ma"].map((quantity) => fleet.history(new URLSearchParams({ quantity, node: "grid" })));
    const lines = hist.phaseLines(flow, boxes, 63000);
    assert.equal(lines.at_s.length, flow.values.length);
    assert.ok(lines.total[0] > lines.house[0]);
    assert.equal(hist.phaseLines({ ...flow, values: flow.values.map(() => null) }, boxes, 63000), null);
});
