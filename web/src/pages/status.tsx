/* The page people see first: is everything well, where does the power flow, how full is each phase, who gets what and why not more. */
import { amps, count, kilowattHours, percent } from "../lib/format";
import { useLoad } from "../lib/load";
import { boxes, liveProblem, order, site } from "../lib/live";
import { boxesBelow, flowOf } from "../lib/picture";
import { nodeName } from "../lib/reason";
import { useStore } from "../lib/store";
import { plural, t } from "../lib/text";
import type { Site, Today as TodayFigures } from "../lib/types";
import { Panel, Trouble } from "../parts/basic";
import { Icon } from "../parts/icons";
import { Fleet } from "./fleet";
import { LastHour } from "./lasthour";
import { Phases } from "./phases";
import { PowerFlow } from "./powerflow";

const TODAY_EVERY_MS = 20000;

function Figure({ value, unit, under }: { value: string; unit: string; under: string }) {
    return (
        <div class="figure">
            <span class="figure-value">
                <b>{value}</b> {unit}
            </span>
            <span class="soft">{under}</span>
        </div>
    );
}

function Today({ now }: { now: Site }) {
    const { data: today } = useLoad<TodayFigures>("today", TODAY_EVERY_MS);
    const peak = today?.peak ?? null;
    const root = now.nodes.find((n) => n.parent === null)?.id;

    return (
        <Panel title={t("today.title")} kind="today">
            <Figure
                value={kilowattHours(today?.energy_wh)}
                unit="kWh"
                under={today?.solar_permille === null || today?.solar_permille === undefined ? t("today.charged") : t("today.charged_solar", { percent: percent(today.solar_permille) })}
            />
            <Figure
                value={count(today?.sessions_n)}
                unit={t("today.sessions")}
                under={t("today.now", { charging: count(now.totals.charging_n), online: count(now.totals.online_n), all: count(now.totals.wallboxes_n) })}
            />
            <Figure
                value={amps(peak?.ma)}
                unit={t("today.peak")}
                under={peak ? t("today.peak_where", { phase: peak.phase, node: nodeName(peak.node, peak.node === root), percent: percent(peak.permille) }) : t("today.peak_unknown")}
            />
        </Panel>
    );
}

/* What the whole site needs to know before anything else. */
function Notices({ now }: { now: Site }) {
    const lines: string[] = [];

    if (now.state.is_second_manager) lines.push(t("notice.second_manager"));
    else if (!now.state.is_granting) lines.push(t("notice.not_granting"));
    if (now.state.is_restarting) lines.push(t("notice.restarting"));
    if (now.state.is_store_failing) lines.push(t("notice.store_failing"));
    if (now.state.was_database_damaged) lines.push(t("notice.database_damaged"));
    if (now.state.is_dimmed) lines.push(t("notice.dimmed"));
    for (const meter of now.meters) {
        if (meter.state !== "good") {
            lines.push(t(meter.role === "solar" ? "notice.solar_meter" : "notice.house_meter", { meter: meter.id }));
        }
    }
    return lines.length === 0 ? null : (
        <ul class="notices">
            {lines.map((line) => (
                <li key={line} class="note note-warn">
                    <Icon name="warn" />
                    {line}
                </li>
            ))}
        </ul>
    );
}

function Upper({ now }: { now: Site }) {
    const all = useStore(boxes);
    const serials = useStore(order);

    return (
        <>
            <Panel title={t("power.title")} kind="power">
                <PowerFlow flow={flowOf(now)} chargingN={now.totals.charging_n} />
            </Panel>
            <Panel title={t("phases.title")} kind="phases">
                <Phases nodes={now.nodes} below={boxesBelow(now, all.values())} serials={serials} />
            </Panel>
            <Today now={now} />
        </>
    );
}

export default function StatusPage() {
    const now = useStore(site);

    if (!now) {
        return <Skeleton />;
    }
    const full = now.nodes.reduce((n, node) => n + node.free_ma.filter((ma) => ma < 500).length, 0);
    return (
        <div class="status">
            <h1 class="visually-hidden">{t("nav.status")}: {full > 0 ? plural("n.phases_full", full, count(full)) : t("phases.none_full")}</h1>
            <Notices now={now} />
            <div class="status-grid">
                <Upper now={now} />
                <Fleet />
                <LastHour nodes={now.nodes} />
            </div>
        </div>
    );
}

/* Before the first word of the manager: the shape of the page with its headings, and no values. */
function Skeleton() {
    const problem = useStore(liveProblem);

    if (problem) {
        return <Trouble problem={problem} />;
    }
    return (
        <div class="status status-grid is-waiting" aria-busy="true">
            <h1 class="visually-hidden">{t("nav.status")}</h1>
            <Panel title={t("power.title")} kind="power"><p class="soft">{t("wait")}</p></Panel>
            <Panel title={t("phases.title")} kind="phases"><p class="soft">{t("wait")}</p></Panel>
            <Panel title={t("today.title")} kind="today"><p class="soft">{t("wait")}</p></Panel>
            <Panel title={t("list.title")} kind="fleet"><p class="soft">{t("wait")}</p></Panel>
        </div>
    );
}
