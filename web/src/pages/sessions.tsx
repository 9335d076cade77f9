/* Every charge: filtered, summed, printed, taken away as CSV. */
import { BASE, isAdmin, query, who } from "../lib/api";
import { count, dayClock, duration, kilowattHours, money, percent } from "../lib/format";
import { boxes } from "../lib/live";
import { useLoad } from "../lib/load";
import { setQuery, useQuery } from "../lib/route";
import { useStore } from "../lib/store";
import { hasText, named, plural, t } from "../lib/text";
import { idOf } from "../lib/cardid";
import type { Card, Session, Wallbox } from "../lib/types";
import { Empty, Panel, Trouble } from "../parts/basic";
import { Icon } from "../parts/icons";

const LIMIT = 500;

/* A day as typed, as the begin of that day here. */
function dayBegin(text: string | null, plusDays: number): string | null {
    const at = text ? new Date(`${text}T00:00`) : null;

    if (!at || Number.isNaN(at.getTime())) {
        return null;
    }
    at.setDate(at.getDate() + plusDays);
    return at.toISOString().replace(/\.\d+Z$/, "Z");
}

function Filters({ q, all, cards }: { q: URLSearchParams; all: ReadonlyMap<string, Wallbox>; cards: readonly Card[] | null }) {
    return (
        <div class="tools filters">
            <label>{t("filter.from")}<input type="date" value={q.get("from") ?? ""} onChange={(e) => setQuery({ from: e.currentTarget.value })} /></label>
            <label>{t("filter.to")}<input type="date" value={q.get("to") ?? ""} onChange={(e) => setQuery({ to: e.currentTarget.value })} /></label>
            <label>
                {t("col.name")}
                <select value={q.get("wallbox") ?? ""} onChange={(e) => setQuery({ wallbox: e.currentTarget.value })}>
                    <option value="">{t("filter.all")}</option>
                    {[...all.values()].map((b) => <option key={b.serial} value={b.serial}>{b.name}</option>)}
                </select>
            </label>
            {cards && cards.length > 0 ? (
                <label>
                    {t("col.card")}
                    <select value={q.get("card") ?? ""} onChange={(e) => setQuery({ card: e.currentTarget.value })}>
                        <option value="">{t("filter.all")}</option>
                        {cards.map((c) => <option key={idOf(c)} value={idOf(c)}>{c.name || idOf(c)}</option>)}
                    </select>
                </label>
            ) : null}
        </div>
    );
}

function endText(s: Session): string {
    if (s.stop_utc === null) {
        return t("end.running");
    }
    return s.end_reason && hasText("end", s.end_reason) ? named("end", s.end_reason) : (s.end_reason ?? "–");
}

const costText = (s: Pick<Session, "cost_minor" | "currency" | "currency_decimals">): string => money(s.cost_minor, s.currency, s.currency_decimals);

/* What they cost together, each currency by itself. */
function sums(sessions: readonly Session[]): string[] {
    const byCurrency = new Map<string, Session>();

    for (const s of sessions) {
        if (typeof s.cost_minor === "number" && s.currency) {
            byCurrency.set(s.currency, { ...s, cost_minor: s.cost_minor + (byCurrency.get(s.currency)?.cost_minor ?? 0) });
        }
    }
    return [...byCurrency.values()].map(costText);
}

function Line({ s, name, hasCost }: { s: Session; name: string; hasCost: boolean }) {
    const runMs = s.start_utc && s.stop_utc ? Date.parse(s.stop_utc) - Date.parse(s.start_utc) : null;
    const sun = s.solar_wh === null || s.solar_wh === undefined || !s.energy_wh ? "–" : `${percent((s.solar_wh / s.energy_wh) * 1000)} %`;

    return (
        <tr>
            <td>{dayClock(s.start_utc)}</td>
            <th scope="row"><a href={`/wallbox/${encodeURIComponent(s.serial)}`}>{name}</a></th>
            <td data-label={t("col.card")}>{s.card_name ?? s.card_uid ?? "–"}</td>
            <td class="num" data-label={t("col.time")}>{duration(runMs)}</td>
            <td class="num" data-label="kWh"><b>{kilowattHours(s.energy_wh)}</b></td>
            <td class="num" data-label={t("flow.solar")}>{sun}</td>
            {hasCost ? <td class="num" data-label={t("col.cost")}>{costText(s)}</td> : null}
            <td data-label={t("col.end")}>{endText(s)}</td>
        </tr>
    );
}

function SessionTable({ sessions, all }: { sessions: Session[]; all: ReadonlyMap<string, Wallbox> }) {
    const total = sessions.reduce((sum, s) => sum + (s.energy_wh ?? 0), 0);
    const hasCost = sessions.some((s) => typeof s.cost_minor === "number");

    return (
        <>
            <div class="scroll" tabIndex={0} role="region" aria-label={t("nav.sessions")}>
                <table class="table table-stack">
                    <thead>
                        <tr>
                            <th scope="col">{t("session.since")}</th>
                            <th scope="col">{t("col.name")}</th>
                            <th scope="col">{t("col.card")}</th>
                            <th scope="col" class="num">{t("col.time")}</th>
                            <th scope="col" class="num">kWh</th>
                            <th scope="col" class="num">{t("flow.solar")}</th>
                            {hasCost ? <th scope="col" class="num">{t("col.cost")}</th> : null}
                            <th scope="col">{t("col.end")}</th>
                        </tr>
                    </thead>
                    <tbody>
                        {sessions.map((s) => <Line key={s.id} s={s} name={all.get(s.serial)?.name ?? s.serial} hasCost={hasCost} />)}
                    </tbody>
                </table>
            </div>
            <p class="sum">
                {plural("n.sessions", sessions.length, count(sessions.length))} · <b>{kilowattHours(total)} kWh</b>{sums(sessions).map((sum) => <> · <b>{sum}</b></>)}
            </p>
            {sessions.length >= LIMIT ? <p class="note note-warn">{t("history.cut", { n: count(LIMIT) })}</p> : null}
        </>
    );
}

export default function SessionsPage() {
    const q = useQuery();
    const all = useStore(boxes);
    const w = useStore(who);
    const cards = useLoad<{ cards: Card[] }>("cards");
    const wish = { from: dayBegin(q.get("from"), 0), to: dayBegin(q.get("to"), 1), wallbox: q.get("wallbox"), card: q.get("card") };
    const { data, problem } = useLoad<{ sessions: Session[] }>("sessions" + query({ ...wish, limit: LIMIT }), 30000);

    return (
        <div class="page">
            <div class="page-head">
                <h1>{t("nav.sessions")}</h1>
                <div class="tools no-print">
                    <a class="button" href={BASE + "sessions" + query({ ...wish, limit: 1000, format: "csv" })} download="sessions.csv"><Icon name="file" />CSV</a>
                    {isAdmin(w) ? <a class="button" href="/prices">{t("price.title")}</a> : null}
                    <button type="button" class="button" onClick={() => print()}><Icon name="print" />{t("sessions.print")}</button>
                </div>
            </div>
            <Panel title={t("sessions.title")} actions={<Filters q={q} all={all} cards={cards.data?.cards ?? null} />}>
                {problem ? <Trouble problem={problem} /> : null}
                {data && data.sessions.length > 0 ? <SessionTable sessions={data.sessions} all={all} /> : null}
                {data && data.sessions.length === 0 ? <Empty icon="sessions" title={t("sessions.none")}>{t("sessions.none_how")}</Empty> : null}
                {!data && !problem ? <p class="soft">{t("wait")}</p> : null}
            </Panel>
        </div>
    );
}
