/* Plays the manager for the tests of the dashboard: serves dist/ and a made-up fleet. Never shipped.
 *
 *   node tests/mock.mjs [--port 8090] [--boxes 12] [--no-stream] [--bare]
 *
 * --bare: only what the manager offered at first: no login, no stream, no events.
 */
import { createHash, randomBytes } from "node:crypto";
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { Fleet } from "./mockfleet.mjs";

const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain" };
const CSP = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
const APP = /^\/($|wallbox\/|d\/|history$|sessions$|prices$|alarms$|events$|cards$|account$|login$)/;

function problem(reply, status, detail, field) {
    reply.writeHead(status, { "Content-Type": "application/problem+json" });
    reply.end(JSON.stringify({ type: "about:blank", title: detail, status, detail, ...(field ? { field } : {}) }));
}

function json(reply, value, status = 200, headers = {}) {
    reply.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store", ...headers });
    reply.end(JSON.stringify(value));
}

async function bodyOf(request) {
    let text = "";
    for await (const piece of request) {
        text += piece;
    }
    try {
        return JSON.parse(text || "{}");
    } catch {
        return { text };
    }
}

export function startMock({ boxes = 12, port = 0, hasStream = true, isBare = false, everyMs = 1000, dist = DIST } = {}) {
    const fleet = new Fleet(boxes);
    const streams = new Set();
    const logins = new Map(); /* cookie -> user */
    const users = { admin: { password: "24101870", role: "admin", must_change: true }, eva: { password: "a good password", role: "viewer", must_change: false } };
    const cards = [1, 2, 3, 4, 5, 6].map((i) => ({ uid: `04A1B20${i}`, identity: null, kind: i === 1 ? "master" : "user", name: `Van ${i}`, colour: ["white", "red", "green", "blue"][i % 4], blocked: i === 5, expires: i === 3 ? "2024-12-31T23:00:00.000Z" : null, wallboxes: i === 2 ? ["24101870", "24101871"] : [], departure: i === 4 ? "06:00" : null, needed_wh: i === 4 ? 40000 : null, priority: i === 4 ? 7 : null }));
    const ago = (m) => new Date(Date.now() - m * 60000).toISOString();
    const alarms = {
        mail_url: "", mail_from: "", mail_to: "", mail_user: "", hook_url: "", language: "en", quiet_from: null, quiet_to: null, least_s: 60, hour_n: 12, tells_solved: true, has_password: false,
        classes: ["meter", "offline", "fault", "overload", "storage", "security", "departure"].map((c) => ({ class: c, when: "always" })),
    };
    const changes = [
        { number: 1, utc: new Date(Date.now() - 7200000).toISOString(), who: "admin", what: "login", subject: "admin", before: null, after: { address: "192.0.2.7" } },
        { number: 2, utc: new Date(Date.now() - 3600000).toISOString(), who: "admin", what: "setting", subject: "W05", before: { name: "", priority: 5 }, after: { name: "Left", priority: 7 } },
    ];
    const events = [
        { number: 41, utc: ago(3), kind: "fault_raised", serial: "24101878", code: 8005, text: "Residual current", acknowledged_by: null },
        { number: 40, utc: ago(14), kind: "box_lost", serial: "24101879", code: null, text: "Connection lost", acknowledged_by: null },
        { number: 39, utc: ago(52), kind: "config", serial: "24101871", code: null, text: "priority 5 → 7", acknowledged_by: null },
        { number: 38, utc: ago(95), kind: "fault_raised", serial: "24101876", code: 3, text: "Too warm", acknowledged_by: "admin" },
        { number: 37, utc: ago(300), kind: "login", serial: null, code: null, text: "admin logged in from 192.168.1.20", acknowledged_by: null },
    ];
    let tariff = { currency: null, price_centicent_kwh: 0, solar_price_centicent_kwh: null, windows: [], number: null, valid_from_utc: null };
    const currencies = { CHF: 2, DKK: 2, EUR: 2, GBP: 2, JPY: 0, NOK: 2, SEK: 2 };
    /* A manager that hangs: connections stay, nothing is said, new requests wait. */
    let isFrozen = false;
    const waiting = [];
    const frozen = () => (isFrozen ? new Promise((go) => waiting.push(go)) : Promise.resolve());
    let id = 0;
    let seq = 0;
    let last = new Map();

    const meOf = (login) => ({ user: login.user, role: users[login.user].role, must_change: users[login.user].must_change, csrf: login.csrf });
    const frame = (event, value) => `id: ${++id}\nevent: ${event}\ndata: ${JSON.stringify(value)}\n\n`;
    const tick = setInterval(() => {
        if (isFrozen) return;
        fleet.step();
        const all = fleet.wallboxes();
        const changed = all.wallboxes.filter((b) => last.get(b.serial) !== JSON.stringify(b));
        last = new Map(all.wallboxes.map((b) => [b.serial, JSON.stringify(b)]));
        for (const s of streams) {
            s.write(frame("wallboxes", { utc: all.utc, wallboxes: changed }));
            s.write(frame("site", fleet.site()));
        }
    }, everyMs);

    async function api(request, reply, path, query) {
        const login = logins.get(/sid=(\w+)/.exec(request.headers.cookie ?? "")?.[1] ?? "") ?? null;
        const method = request.method ?? "GET";
        const parts = path.split("/");
        const open = path === "login" || path === "recover" || parts[0] === "driver" || isBare;

        if (!open && !login) return problem(reply, 401, "log in first");
        if (isBare && !["site", "wallboxes", "sessions", "driver"].includes(parts[0])) return problem(reply, 404, "there is nothing at this path");
        if (method !== "GET" && !open && request.headers["x-csrf-token"] !== login.csrf) return problem(reply, 403, "the CSRF token is missing or wrong");
        if (login && users[login.user].must_change && !["me", "password", "logout"].includes(path)) return problem(reply, 403, "the password must be changed first");
        if (method !== "GET" && login && users[login.user].role === "viewer" && !["password", "logout"].includes(path)) return problem(reply, 403, "viewers only watch");
        const body = method === "GET" ? {} : await bodyOf(request);

        switch (`${method} ${parts[0]}`) {
            case "GET site": return json(reply, fleet.site());
            case "GET wallboxes": {
                if (parts[2] === "driver-code") {
                    if (query.get("format") !== "svg") return json(reply, { serial: parts[1], code: parts[1], url: `/d/${parts[1]}` });
                    reply.writeHead(200, { "Content-Type": "image/svg+xml" });
                    return reply.end('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 29 29"><rect width="29" height="29" fill="#fff"/><path d="M4 4h7v7h-7z"/></svg>');
                }
                const box = parts[1] ? fleet.find(parts[1]) : null;
                return parts[1] ? (box ? json(reply, box.json) : problem(reply, 404, "no such wallbox")) : json(reply, fleet.wallboxes());
            }
            case "POST wallboxes": if (parts[2] === "driver-code") return json(reply, { serial: parts[1], code: parts[1] }); return fleet.command(parts[1], parts[2]) ? json(reply, { seq: ++seq }, 202) : problem(reply, 409, "the wallbox cannot be reached");
            case "PATCH wallboxes": {
                const box = fleet.find(parts[1])?.json;
                if (!box) return problem(reply, 404, "no such wallbox");
                if (body.priority > 9) return problem(reply, 400, "priority must be 0 to 9", "priority");
                if (parts[2] === "session" && box.session) Object.assign(box.wish, "departure" in body ? { departure_utc: body.departure } : {}, "needed_wh" in body ? { needed_wh: body.needed_wh } : {});
                else Object.assign(box, body);
                return json(reply, box);
            }
            case "GET stream": {
                if (!hasStream) return problem(reply, 404, "there is nothing at this path");
                reply.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
                reply.write(frame("wallboxes", fleet.wallboxes()) + frame("site", fleet.site()));
                streams.add(reply);
                request.on("close", () => streams.delete(reply));
                return undefined;
            }
            case "GET me": return json(reply, meOf(login));
            case "POST login": {
                const user = users[body.user];
                if (!user || user.password !== body.password) return problem(reply, 401, "user or password is wrong");
                const sid = randomBytes(12).toString("hex");
                logins.set(sid, { user: body.user, csrf: randomBytes(12).toString("hex") });
                return json(reply, meOf(logins.get(sid)), 200, { "Set-Cookie": `sid=${sid}; HttpOnly; SameSite=Strict; Path=/` });
            }
            case "POST logout": return logins.clear(), json(reply, {});
            case "POST password": {
                const user = users[login.user];
                if (body.password !== user.password) return problem(reply, 403, "is not the present password", "password");
                Object.assign(user, { password: body.new_password, must_change: false });
                return json(reply, meOf(login));
            }
            case "POST recover": return body.recovery_key === "ABCD-EFGH" ? (Object.assign(users.admin, { password: body.new_password, must_change: false }), json(reply, {})) : problem(reply, 403, "this key is not right", "recovery_key");
            case "GET sessions": {
                const list = fleet.sessions(query);
                if (query.get("format") !== "csv") return json(reply, { sessions: list });
                reply.writeHead(200, { "Content-Type": "text/csv", "Content-Disposition": "attachment; filename=sessions.csv" });
                return reply.end(["id,serial,energy_wh", ...list.map((s) => `${s.id},${s.serial},${s.energy_wh}`)].join("\r\n"));
            }
            case "GET history": return json(reply, fleet.history(query));
            case "GET today": return json(reply, { from_utc: new Date(new Date().setHours(0, 0, 0, 0)).toISOString(), energy_wh: 187400, sessions_n: 23, solar_permille: 214, peak: { node: "grid", phase: "L1", ma: 61900, permille: 983 } });
            case "GET changes": return json(reply, { changes, next: changes.length });
            case "GET events": return json(reply, { events: events.filter((e) => !query.get("kind") || e.kind === query.get("kind")) });
            case "POST events": {
                const event = events.find((e) => String(e.number) === parts[1]);
                return event ? ((event.acknowledged_by = login.user), json(reply, event)) : problem(reply, 404, "no such event");
            }
            case "GET cards": return json(reply, { cards });
            case "POST cards":
                if (parts[1] === "import") return json(reply, {});
                if (cards.some((c) => c.uid === body.uid)) return problem(reply, 409, "this card exists already", "uid");
                return cards.push(body), json(reply, body, 201);
            case "PUT cards": return json(reply, Object.assign(cards.find((c) => c.uid === parts[1]) ?? {}, body));
            case "DELETE cards": return cards.splice(cards.findIndex((c) => c.uid === parts[1]), 1), json(reply, {});
            case "GET alarms": return json(reply, alarms);
            case "PUT alarms":
                if (body.hook_url && !/^https?:/.test(body.hook_url)) return problem(reply, 422, "must be http://... or https://..., or empty", "hook_url");
                return json(reply, Object.assign(alarms, body, { has_password: alarms.has_password || !!body.mail_password }));
            case "POST alarms": return json(reply, { is_told: false, why: "mail: Couldn't connect to server" });
            case "GET tariff": return users[login.user].role === "admin" ? json(reply, { ...tariff, currencies }) : problem(reply, 403, "an administrator may do this");
            case "PUT tariff": {
                const bad = (body.windows ?? []).findIndex((w) => !/:(00|15|30|45)$/.test(w.from));
                if (bad >= 0) return problem(reply, 422, "must be a whole quarter hour from 00:00 to 23:45", `windows[${bad}].from`);
                tariff = { ...body, number: (tariff.number ?? 0) + 1, valid_from_utc: new Date().toISOString() };
                return json(reply, body);
            }
            case "GET driver": {
                const b = fleet.find(parts[1])?.json;
                return b ? json(reply, { name: b.name, state: b.state, reason: b.reason, turn_place: b.turn_place, turn_in_ms: b.turn_in_ms, power_w: b.power_w, session_wh: b.session?.energy_wh ?? null }) : problem(reply, 404, "no such wallbox");
            }
            default: return problem(reply, 404, "there is nothing at this path");
        }
    }

    function file(reply, path) {
        const wanted = APP.test(path) ? join(dist, "index.html") : join(dist, normalize(path));
        if (!wanted.startsWith(dist) || !existsSync(wanted) || !statSync(wanted).isFile()) return problem(reply, 404, "there is nothing at this path");
        reply.writeHead(200, { "Content-Type": TYPES[extname(wanted)] ?? "application/octet-stream", "Content-Security-Policy": CSP, ETag: createHash("sha256").update(wanted).digest("hex").slice(0, 16) });
        return createReadStream(wanted).pipe(reply);
    }

    const server = createServer((request, reply) => {
        const url = new URL(request.url ?? "/", "http://localhost");
        const isApi = url.pathname.startsWith("/api/v1/");
        void frozen().then(() => (isApi ? api(request, reply, url.pathname.slice(8), url.searchParams) : file(reply, url.pathname)));
    });

    return new Promise((ready) => {
        server.listen(port, "127.0.0.1", () =>
            ready({
                url: `http://127.0.0.1:${server.address().port}`,
                fleet,
                freeze: () => (isFrozen = true),
                thaw: () => ((isFrozen = false), waiting.splice(0).forEach((go) => go())),
                close: () => new Promise((done) => {
                    clearInterval(tick);
                    server.close(done);
                    server.closeAllConnections();
                }),
            }),
        );
    });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const value = (name, otherwise) => (process.argv.includes(name) ? Number(process.argv[process.argv.indexOf(name) + 1]) : otherwise);
    const mock = await startMock({ port: value("--port", 8090), boxes: value("--boxes", 12), hasStream: !process.argv.includes("--no-stream"), isBare: process.argv.includes("--bare") });
    console.log(mock.url);
}
