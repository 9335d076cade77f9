/* A plausible site for the tests of the dashboard: grid connection, carport, wallboxes with vehicles, a sun and a house. Numbers come from a fixed seed. */

const PHASES = ["L1", "L2", "L3"];
const iso = (ms) => new Date(ms).toISOString();

export function makeRandom(seed) {
    let s = seed >>> 0;
    return () => {
        s = (s + 0x6d2b79f5) >>> 0;
        let t = Math.imul(s ^ (s >>> 15), 1 | s);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}

const lights = (colours, mode = "steady") => colours.map((colour, i) => ({ segment: i + 1, colour, mode: colour === "off" ? "steady" : mode }));
const ALL = (colour, mode) => lights([colour, colour, colour, colour], mode);

/* What kinds of rows a fleet shows: state, reason, lights, and how it draws. */
const KINDS = [
    { state: "Charging", reason: "node_full", node: "carport", phase: "L1", lights: ALL("blue", "pulse"), target: 14000, phases: 3, card: "Van 7 · Miller" },
    { state: "Charging", reason: "node_full", node: "carport", phase: "L1", lights: ALL("blue", "pulse"), target: 9600, phases: 3, card: "Van 2" },
    { state: "Charging", reason: "demand_met", lights: ALL("blue", "pulse"), target: 10200, phases: 1, at: 2, card: "Guest" },
    { state: "Suspended", reason: "waiting_turn", lights: lights(["blue", "off", "off", "off"]), target: 0, phases: 3, card: "Van 5", place: 1, turn: 360000 },
    { state: "Charging", reason: "demand_met", lights: ALL("blue", "pulse"), target: 12000, phases: 2, at: 2, card: "Van 1" },
    { state: "ReadyForCharging", reason: "asleep", lights: ALL("blue"), target: 0, phases: 3, card: "Van 9" },
    { state: "Degraded", reason: "wallbox_limit", lights: lights(["blue", "blue", "orange", "orange"], "flash"), target: 8000, phases: 3, card: "Van 3", faults: [3] },
    { state: "Idle", reason: "no_demand", lights: ALL("blue"), target: 0, phases: 3 },
    { state: "UnrecoverableError", reason: "fault", lights: lights(["blue", "red", "blue", "red"], "flash"), target: 0, phases: 3, faults: [8005] },
    { state: "Offline", reason: "offline", lights: null, target: 0, phases: 3 },
    { state: "Charging", reason: "solar", lights: ALL("blue", "pulse"), target: 7400, phases: 1, card: "Anna Berg", mode: "solar_minimum", at: 1 },
    { state: "ReadyForCharging", reason: "unauthorized", lights: ALL("white", "pulse"), target: 0, phases: 3 },
];

function makeBox(i, n, random, now) {
    const k = KINDS[i % KINDS.length];
    const isOff = k.state === "Offline";
    const hasSession = !["Idle", "UnrecoverableError", "Offline"].includes(k.state) && k.reason !== "unauthorized";
    const first = k.at ?? Math.floor(random() * 3);

    return {
        kind: k,
        used: [0, 1, 2].map((p) => (k.phases === 3 ? 1 : k.phases === 1 ? (p === first ? 1 : 0) : p !== first ? 1 : 0)),
        scale: n > 20 ? 0.6 : 1,
        json: {
            serial: String(24101870 + i), name: `Bay ${String(i + 1).padStart(n > 99 ? 3 : 2, "0")}`, node: i % KINDS.length < 6 || n > 20 ? "carport" : "grid", phases: "L1-L2-L3",
            min_ma: 6000, max_ma: 32000, fallback_ma: 6000, priority: 5, mode: k.mode ?? "fast", local_limit_ma: null, state: k.state, age_ms: isOff ? 840000 : 300,
            offered_ma: isOff ? null : k.target, drawn_ma: isOff ? null : [0, 0, 0], power_w: isOff ? null : 0, energy_wh: 4210000 + i * 13370,
            session: hasSession ? { id: `${i}`.padStart(32, "0"), energy_wh: Math.round(random() * 30000), start_utc: iso(now - 1200000 - Math.round(random() * 9e6)) } : null,
            wish: { departure_utc: hasSession && i % 5 === 0 ? iso(now + 3600000 * 3) : null, needed_wh: hasSession && i % 5 === 0 ? 40000 : null },
            contactor: isOff ? null : k.target > 0 ? "closed" : "open", pilot: isOff ? null : k.target > 0 ? "C2" : hasSession ? "B1" : "A1", used_phases: [], faults: isOff ? null : (k.faults ?? []),
            temperature_mdegc: isOff ? null : 31000 + i * 700, firmware: "1.2.8", granted_ma: isOff ? null : k.target, target_ma: k.target, demand_ma: k.target, exposure_ma: isOff ? 6000 : k.target,
            lease_left_ms: isOff ? null : 8400, reason: k.reason, reason_node: k.node ?? null, reason_phase: k.phase ?? null, turn_place: k.place ?? null, turn_in_ms: k.turn ?? null,
            card: k.card ? { uid: `04a1b2${String(i).padStart(2, "0")}`, name: k.card } : null, lights: k.lights,
        },
    };
}

export class Fleet {
    constructor(n, seed = 7) {
        this.random = makeRandom(seed);
        this.now = Date.now();
        this.boxes = Array.from({ length: n }, (_, i) => makeBox(i, n, this.random, this.now));
        this.limit = n > 20 ? 630000 : 63000;
        this.carport = n > 20 ? 560000 : 36000;
        this.house = [13800, 5500, 9500];
        this.step();
    }

    find(serial) {
        return this.boxes.find((b) => b.json.serial === serial) ?? null;
    }

    /* One second passes. */
    step() {
        this.now = Date.now();
        for (const b of this.boxes) {
            const j = b.json;
            if (j.state !== "Charging" && j.state !== "Degraded") {
                if (j.drawn_ma) {
                    j.drawn_ma = [0, 0, 0];
                    j.power_w = 0;
                }
                continue;
            }
            j.drawn_ma = b.used.map((u) => (u ? Math.round(j.offered_ma * b.scale * (0.965 + this.random() * 0.03)) : 0));
            j.used_phases = PHASES.filter((_, p) => b.used[p]);
            j.power_w = Math.round(j.drawn_ma.reduce((a, v) => a + v, 0) * 0.23);
            j.session.energy_wh += Math.ceil(j.power_w / 3600);
            j.energy_wh += Math.ceil(j.power_w / 3600);
            j.lease_left_ms = 7000 + Math.round(this.random() * 2500);
        }
        this.house = this.house.map((ma, p) => Math.max(2000, Math.round(ma + (this.random() - 0.5) * 400 + ([13800, 5500, 9500][p] - ma) * 0.05)));
    }

    node(id, parent, limit_ma, base) {
        const below = this.boxes.map((b) => b.json).filter((j) => parent === null || j.node === id);
        const drawn = [0, 1, 2].map((p) => below.reduce((a, j) => a + (j.drawn_ma?.[p] ?? 0), 0));
        const exposure = drawn.map((d) => d + Math.round(d * 0.02));
        const budget = [0, 1, 2].map((p) => limit_ma - base[p] - (id === "grid" ? 1260 : 0));

        return {
            id, parent, limit_ma: [limit_ma, limit_ma, limit_ma], limit_w: null, budget_ma: budget, base_ma: base, metered_ma: parent === null ? base.map((b, p) => b + drawn[p]) : null, drawn_ma: drawn,
            exposure_ma: exposure, free_ma: budget.map((b, p) => Math.max(0, b - exposure[p])), meter: parent === null ? "good" : null, is_fallback: false, budget_w: null, is_scheduled: false,
        };
    }

    site() {
        const solar = -3200 - Math.round(Math.sin(this.now / 20000) * 150);
        const base = this.house.map((ma) => ma - Math.round(3200 / 3 / 0.23));
        const nodes = [this.node("grid", null, this.limit, base), this.node("carport", "grid", this.carport, [0, 0, 0])];
        const online = this.boxes.filter((b) => b.json.state !== "Offline");
        const power = online.reduce((a, b) => a + b.json.power_w, 0);
        const house_w = Math.round(this.house.reduce((a, v) => a + v, 0) * 0.23);
        const meter = { age_ms: 250, explanation: null };

        return {
            utc: iso(this.now), name: "North depot", timezone: "Europe/Oslo", epoch: "00000000000004d2", state: { is_granting: true, is_restarting: false, is_second_manager: false, is_dimmed: false },
            surplus: { mode: "summed", sum_ma: 0 }, nodes,
            meters: [
                { id: "main", model: "em300", node: "grid", role: "house", state: "good", power_total_w: house_w + power + solar, ...meter },
                { id: "roof", model: "em300", node: "grid", role: "solar", state: "good", power_total_w: solar, ...meter },
            ],
            totals: {
                wallboxes_n: this.boxes.length, online_n: online.length, charging_n: online.filter((b) => b.json.state === "Charging").length, power_w: power, offered_ma: 0, drawn_ma: nodes[0].drawn_ma,
            },
        };
    }

    wallboxes() {
        return { utc: iso(this.now), wallboxes: this.boxes.map((b) => b.json) };
    }

    /* What a command does to a wallbox. false: it cannot. */
    command(serial, verb) {
        const b = this.find(serial);
        const j = b?.json;

        if (!j || j.state === "Offline") {
            return false;
        }
        if (verb === "pause") {
            Object.assign(j, { state: "Suspended", reason: "paused", offered_ma: 0, granted_ma: 0, contactor: "open", lights: lights(["blue", "off", "off", "off"]) });
        } else if (verb === "resume" || verb === "start") {
            Object.assign(j, { state: "Charging", reason: "demand_met", offered_ma: 10000, granted_ma: 10000, contactor: "closed", lights: ALL("blue", "pulse") });
            j.session ??= { id: "f".repeat(32), energy_wh: 0, start_utc: iso(Date.now()) };
        } else if (verb === "stop") {
            Object.assign(j, { state: "ReadyForCharging", reason: "no_demand", offered_ma: 0, granted_ma: 0, contactor: "open", session: null, card: null, lights: ALL("blue") });
        } else if (verb === "restart") {
            Object.assign(j, { state: "Offline", reason: "offline" });
        }
        return true;
    }

    sessions(query) {
        const random = makeRandom(11);
        const from = Date.parse(query.get("from") ?? "") || this.now - 7 * 86400000;
        const to = Math.min(this.now, Date.parse(query.get("to") ?? "") || this.now);
        const list = [];

        for (let i = 0; i < 60; i++) {
            const b = this.boxes[Math.floor(random() * this.boxes.length)].json;
            const card = Math.floor(random() * 7);
            const start = to - Math.round(random() * Math.max(3600000, to - from));
            const energy = Math.round(4000 + random() * 36000);
            list.push({ id: String(i).padStart(32, "0"), serial: b.serial, state: "closed", start_utc: iso(start), stop_utc: iso(start + 3600000 + Math.round(random() * 7e6)), energy_wh: energy, solar_wh: Math.round(energy * random() * 0.4), card_uid: card ? `04a1b20${card}` : null, card_name: card ? `Van ${card}` : null, end_reason: ["unplugged", "card", "unplugged", "command"][Math.floor(random() * 4)], cost_minor: Math.round(energy * 0.031), currency: "EUR", currency_decimals: 2 });
        }
        return list
            .filter((s) => Date.parse(s.start_utc) >= from && (!query.get("wallbox") || s.serial === query.get("wallbox")) && (!query.get("card") || s.card_uid === query.get("card")))
            .sort((a, b) => b.start_utc.localeCompare(a.start_utc))
            .slice(0, Number(query.get("limit") ?? 100));
    }

    history(query) {
        const step_ms = query.get("step") === "15min" ? 900000 : 60000;
        const from = Date.parse(query.get("from") ?? "") || this.now - 3600000;
        const to = Math.min(this.now, Date.parse(query.get("to") ?? "") || this.now);
        const quantity = query.get("quantity") ?? "current_l1_ma";
        const p = Number(/_l(\d)_/.exec(quantity)?.[1] ?? 1);
        const values = [];

        for (let at = from, i = 0; at < to && i < 20000; at += step_ms, i++) {
            const boxes = 26000 + 9000 * Math.sin(i / 15 + p) + (i % 7) * 300;
            values.push(Math.round(quantity.startsWith("wallboxes") ? boxes : boxes + 8000 + 3000 * Math.sin(i / 9 + p)));
        }
        return { quantity, node: query.get("node"), step_ms, from_utc: iso(from), values, peaks: values };
    }
}
