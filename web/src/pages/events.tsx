/* What happened: faults, losses, limits, changes. Those that want somebody are acknowledged here. */
import { useState } from "preact/hooks";
import { ask, isAdmin, mayOperate, query, who, type Problem } from "../lib/api";
import { dayClock } from "../lib/format";
import { boxes } from "../lib/live";
import { useLoad } from "../lib/load";
import { faultHelp, faultKnown, faultTitle } from "../lib/reason";
import { setQuery, useQuery } from "../lib/route";
import { useStore } from "../lib/store";
import { hasText, named, t } from "../lib/text";
import type { Event } from "../lib/types";
import { acknowledged, wantsSomebody } from "../lib/unread";
import { Empty, Panel, problemText, Trouble } from "../parts/basic";
import { Icon } from "../parts/icons";
import { Audit } from "./audit";

const LIMIT = 200;

const kindText = (kind: string): string => (hasText("kind", kind) ? named("kind", kind) : kind);

function EventRow({ event, name, mayAct, done }: { event: Event; name: string | null; mayAct: boolean; done: () => void }) {
    const [problem, setProblem] = useState<Problem | null>(null);
    const [isBusy, setBusy] = useState(false);
    const wants = wantsSomebody(event);
    const send = (): void => {
        setBusy(true);
        ask(`events/${event.number}/acknowledge`, { method: "POST", body: {} })
            .then(done, setProblem)
            .finally(() => setBusy(false));
    };

    return (
        <li class={wants ? "event is-open" : "event"}>
            <Icon name={wants ? "warn" : "check"} />
            <div class="event-text">
                <strong>{event.code !== null && faultKnown(event.code) ? faultTitle(event.code) : event.text || kindText(event.kind)}</strong>{" "}
                <span class="soft">
                    {kindText(event.kind)}
                    {event.code !== null ? ` ${event.code}` : ""}
                    {event.serial ? <> · <a href={`/wallbox/${encodeURIComponent(event.serial)}`}>{name ?? event.serial}</a></> : null}
                </span>
                {event.code !== null && faultKnown(event.code) ? <p>{faultHelp(event.code)}</p> : null}
                {problem ? <p class="bad" role="alert">{problemText(problem)}</p> : null}
            </div>
            <time class="soft" dateTime={event.utc ?? ""}>{dayClock(event.utc)}</time>
            <div class="event-act">
                {event.acknowledged_by !== null ? (
                    <span class="soft">{t("events.by", { user: event.acknowledged_by })}</span>
                ) : wants && mayAct ? (
                    <button type="button" class="button" disabled={isBusy} onClick={send}>{t("events.acknowledge")}<span class="visually-hidden">: {event.text}</span></button>
                ) : null}
            </div>
        </li>
    );
}

export default function EventsPage() {
    const q = useQuery();
    const kind = q.get("kind") ?? "";
    const onlyOpen = q.get("open") === "1";
    const mayAct = mayOperate(useStore(who));
    const names = useStore(boxes);
    const { data, problem, again } = useLoad<{ events: Event[] }>("events" + query({ limit: LIMIT }), 10000);
    const kinds = [...new Set([...(data?.events ?? []).map((e) => e.kind), ...(kind ? [kind] : [])])].sort();
    const events = (data?.events ?? []).filter((e) => (kind === "" || e.kind === kind) && (!onlyOpen || wantsSomebody(e))).reverse(); /* the manager says the oldest first */
    const done = (): void => {
        acknowledged.update((n) => n + 1);
        again();
    };
    const tools = (
        <div class="tools filters">
            <label>
                {t("events.kind")}
                <select value={kind} onChange={(e) => setQuery({ kind: e.currentTarget.value })}>
                    <option value="">{t("filter.all")}</option>
                    {kinds.map((k) => <option key={k} value={k}>{kindText(k)}</option>)}
                </select>
            </label>
            <label class="check"><input type="checkbox" checked={onlyOpen} onChange={(e) => setQuery({ open: e.currentTarget.checked ? "1" : null })} />{t("events.only_open")}</label>
        </div>
    );

    return (
        <div class="page">
            <div class="page-head"><h1>{t("nav.events")}</h1>{isAdmin(useStore(who)) ? <a class="button" href="/alarms">{t("alarm.title")}</a> : null}</div>
            <Panel title={t("events.title")} actions={tools}>
                {problem ? <Trouble problem={problem} /> : null}
                {!data && !problem ? <p class="soft">{t("wait")}</p> : null}
                {data && events.length === 0 ? <Empty icon="check" title={t(onlyOpen ? "events.none_open" : "events.none")} /> : null}
                <ul class="events">
                    {events.map((e) => <EventRow key={e.number} event={e} name={e.serial ? (names.get(e.serial)?.name ?? null) : null} mayAct={mayAct} done={done} />)}
                </ul>
            </Panel>
            {mayAct ? <Audit /> : null}
        </div>
    );
}
