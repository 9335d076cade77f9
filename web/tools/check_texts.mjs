/* Every text exists in every language with the same places to fill, and none is left over. Run by the build.
 *
 * A text is used when its key stands in the sources, or when it belongs to a family that the sources build by name:
 * named("state", x), hasText("state", x), t(`state.${x}` as Key), plural("n.found", ...). Families that the manager names are listed in full here.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/* Members of the families whose keys are built while running: a missing one would show a code to a person. */
export const FAMILIES = {
    state: ["Idle", "ReadyForCharging", "Charging", "Suspended", "RecoverFromError", "TokenProgrammingMode", "UnrecoverableError", "ServiceMode", "Degraded", "Unavailable", "Offline"],
    fault: ["1", "3", "5", "8", "4003", "8001", "8002", "8005", "8007", "9001", "9002", "9003", "unknown"],
    fault_help: ["1", "3", "5", "8", "4003", "8001", "8002", "8005", "8007", "9001", "9002", "9003", "unknown"],
    colour: ["blue", "green", "orange", "red", "white", "off"],
    mode: ["flash", "pulse"],
    solar: ["fast", "solar_minimum", "solar_only"],
    mode_help: ["fast", "solar_minimum", "solar_only"],
    contactor: ["open", "closed"],
    role: ["admin", "operator", "viewer"],
    end: ["unplugged", "card", "command", "fault", "power_loss", "running"],
    verb: ["start", "stop", "pause", "resume", "restart", "unlock"],
    job: ["sent", "taken", "done", "late", "failed"],
    kind: ["fault_raised", "fault_cleared", "box_lost", "box_back", "meter_lost", "meter_back", "second_manager", "store_failed", "store_back", "database_recovered", "records_lost"],
    did: ["login", "login_refused", "password", "recovery", "recovery_refused", "user_add", "user_delete", "token_add", "token_delete", "setting", "session_wish", "command_start", "command_stop", "command_pause", "command_resume", "command_restart", "command_unlock", "card_add", "card_put", "card_delete", "cards_put", "setup_codes_put", "paired", "unpair", "alarms_put", "driver_code", "event_acknowledged", "import", "provision", "tariff_put", "session_cost"],
    alarm: ["mail_url", "mail_from", "mail_to", "mail_user", "mail_password", "hook_url", "quiet_from", "quiet_to", "least_s", "hour_n", "tells_solved", "language"],
    alarm_class: ["meter", "offline", "fault", "overload", "storage", "security", "departure"],
    alarm_when: ["always", "by_day", "off"],
    theme: ["auto", "light", "dark"],
    span: ["day", "week", "month", "year"],
    col: ["name", "state", "card", "offered", "power", "energy", "time"],
    filter: ["all", "charging", "waiting", "attention", "free"],
    set: ["name", "priority", "mode", "local_limit"],
    session: ["departure", "needed"],
    reason: ["demand_met", "wallbox_limit", "watts", "fallback", "settling", "hold", "paused", "unauthorized", "asleep", "fault", "not_commissioned", "restart", "imbalance", "priority", "no_demand", "waiting_turn", "node_full", "below_minimum", "schedule", "solar", "meter_fallback", "offline"],
};

function sources(dir) {
    return readdirSync(dir, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? sources(join(dir, e.name)) : /\.tsx?$/.test(e.name) ? [readFileSync(join(dir, e.name), "utf8")] : []));
}

const places = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort().join();

/* Complaints, one per line; none: all is well. */
export function complaints(catalogues, source) {
    const out = [];
    const all = new Set(Object.values(catalogues).flatMap(Object.keys));
    const wanted = new Set(Object.entries(FAMILIES).flatMap(([family, members]) => members.map((m) => `${family}.${m}`)));
    const literal = new Set([...source.matchAll(/"([a-z_]+(?:\.[A-Za-z0-9_]+)?)"/g)].map((m) => m[1]));

    for (const [language, texts] of Object.entries(catalogues)) {
        for (const key of all) {
            if (!(key in texts)) {
                out.push(`${language}: ${key} is missing`);
            } else if (typeof texts[key] !== "string" || texts[key].trim() === "") {
                out.push(`${language}: ${key} is empty`);
            } else if (places(texts[key]) !== places(catalogues.en?.[key] ?? texts[key])) {
                out.push(`${language}: ${key} has other places to fill than the English text`);
            }
        }
    }
    for (const key of wanted) {
        if (!all.has(key)) {
            out.push(`${key} is wanted and exists in no language`);
        }
    }
    for (const key of all) {
        const base = key.replace(/\.(one|other)$/, "");
        if (!wanted.has(key) && !literal.has(key) && !(base !== key && literal.has(base))) {
            out.push(`${key} is used nowhere`);
        }
    }
    return out;
}

export function readAll() {
    const dir = join(ROOT, "src", "texts");
    const catalogues = Object.fromEntries(readdirSync(dir).filter((f) => f.endsWith(".json")).map((f) => [f.replace(".json", ""), JSON.parse(readFileSync(join(dir, f), "utf8"))]));

    return { catalogues, source: sources(join(ROOT, "src")).join("\n") };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const { catalogues, source } = readAll();
    const found = complaints(catalogues, source);

    for (const line of found) {
        console.error(`texts: ${line}`);
    }
    process.exit(found.length > 0 ? 1 : 0);
}
