/* Energy by wallbox and card, and how loaded the phases were: by day, week, month, year. */
import { useMemo, useState } from "preact/hooks";
import { query } from "../lib/api";
import { count, day, dayLong, kilowattHours, percent } from "../lib/format";
import { boxes, managerNow, site } from "../lib/live";
import { useLoad } from "../lib/load";
import { energyPerStep, iso, middlesOf, periodOf, secondsOf, sharesOf, SPANS, stepsOf, type Period, type Share, type Span } from "../lib/period";
import { nodeName } from "../lib/reason";
import { setQuery, useQuery } from "../lib/route";
import { useStore } from "../lib/store";
import { t, type Key } from "../lib/text";
import type { Node, Phase, Session } from "../lib/types";
import { Empty, Panel, Trouble } from "../parts/basic";
import Chart from "../parts/chart";
import { Icon } from "../parts/icons";
import { PhaseTabs } from "./lasthour";
import { PhaseChart, usePhaseHistory } from "./phasechart";

const LIMIT = 1000;
const STEP: Record<Span, string> = { day: "1min", week: "15min", month: "15min", year: "15min" };

function SpanChoice({ span, back, period }: { span: Span; back: number; period: Period }) {
    const last = new Date(period.to.getTime() - 1);
    const text = span === "day" ? dayLong(iso(period.from)) : span === "year" ? String(period.from.getFullYear()) : `${day(iso(period.from))} – ${dayLong(iso(last))}`;
    const move = (to: number): void => setQuery({ back: to === 0 ? null : String(to) });

    return (
        <div class="tools">
            <div class="filter" role="group" aria-label={t("history.span")}>
                {SPANS.map((s) => (
                    <button key={s} type="button" class="tab" aria-pressed={s === span} onClick={() => setQuery({ span: s === "day" ? null : s, back: null })}>{t(`span.${s}` as Key)}</button>
                ))}
            </div>
            <div class="stepper">
                <button type="button" class="button button-small" aria-label={t("history.earlier")} onClick={() => move(back + 1)}><Icon name="left" /></button>
                <strong aria-live="polite">{text}</strong>
                <button type="button" class="button button-small" aria-label={t("history.later")} disabled={back === 0} onClick={() => move(back - 1)}><Icon name="right" /></button>
            </div>
        </div>
    );
}

function ShareTable({ title, what, shares }: { title: string; what: string; shares: Share[] }) {
    const most = Math.max(1, ...shares.map((s) => s.energy_wh));

    return (
        <Panel title={title} kind="shares">
            <div class="scroll" tabIndex={0} role="region" aria-label={title}>
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">{what}</th>
                            <th scope="col"><span class="visually-hidden">{t("history.share")}</span></th>
                            <th scope="col" class="num">kWh</th>
                            <th scope="col" class="num">{t("flow.solar")}</th>
                            <th scope="col" class="num">{t("today.sessions")}</th>
                        </tr>
                    </thead>
                    <tbody>
                        {shares.map((s) => (
                            <tr key={s.key}>
                                <th scope="row">{s.name}</th>
                                <td class="share-cell"><meter min={0} max={most} value={s.energy_wh} aria-label={s.name} /></td>
                                <td class="num">{kilowattHours(s.energy_wh)}</td>
                                <td class="num">{s.solar_wh === null || s.energy_wh === 0 ? "–" : `${percent((s.solar_wh / s.energy_wh) * 1000)} %`}</td>
                                <td class="num">{count(s.sessions_n)}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
        </Panel>
    );
}

function EnergyPanels({ span, period }: { span: Span; period: Period }) {
    const { data, problem } = useLoad<{ sessions: Session[] }>("sessions" + query({ from: iso(period.from), to: iso(period.to), limit: LIMIT }));
    const names = useStore(boxes);
    const steps = useMemo(() => stepsOf(span, period), [span, period]);
    const chart = useMemo(() => (data ? [middlesOf(steps, period.to), energyPerStep(data.sessions, steps, period.to)] : null), [data, steps, period]);

    if (problem) {
        return <Panel title={t("history.energy")}><Trouble problem={problem} /></Panel>;
    }
    if (!data || !chart) {
        return <Panel title={t("history.energy")}><p class="soft">{t("wait")}</p></Panel>;
    }
    if (data.sessions.length === 0) {
        return <Panel title={t("history.energy")}><Empty icon="history" title={t("history.none")}>{t("history.none_how")}</Empty></Panel>;
    }
    const total = data.sessions.reduce((sum, s) => sum + (s.energy_wh ?? 0), 0);
    return (
        <>
            <Panel title={t("history.energy")} actions={<strong>{kilowattHours(total)} kWh</strong>}>
                <Chart label={t("history.energy_chart")} data={chart as never} lines={[{ label: t("history.energy"), colour: "--shade-0", bars: true }]} unit="kWh" height={220} days={span !== "day"} {...secondsOf(period)} />
                {data.sessions.length >= LIMIT ? <p class="note note-warn">{t("history.cut", { n: count(LIMIT) })}</p> : null}
            </Panel>
            <div class="pair">
                <ShareTable title={t("history.by_wallbox")} what={t("col.name")} shares={sharesOf(data.sessions, (s) => ({ key: s.serial, name: names.get(s.serial)?.name ?? s.serial }))} />
                <ShareTable title={t("history.by_card")} what={t("col.card")} shares={sharesOf(data.sessions, (s) => ({ key: s.card_uid ?? "", name: s.card_name ?? s.card_uid ?? t("history.no_card") }))} />
            </div>
        </>
    );
}

function PhasePanel({ span, period, nodes }: { span: Span; period: Period; nodes: readonly Node[] }) {
    const [phase, setPhase] = useState<Phase>("L1");
    const [chosen, setChosen] = useState<string | null>(null);
    const node = nodes.find((n) => n.id === chosen) ?? nodes.find((n) => n.parent === null) ?? nodes[0];
    const { data, problem } = usePhaseHistory(node, phase, { from: iso(period.from), to: iso(period.to), step: STEP[span] });

    if (!node) {
        return null;
    }
    const tools = (
        <div class="tools">
            {nodes.length > 1 ? (
                <select aria-label={t("id.node")} value={node.id} onChange={(e) => setChosen(e.currentTarget.value)}>
                    {nodes.map((n) => <option key={n.id} value={n.id}>{nodeName(n.id, n.parent === null)}</option>)}
                </select>
            ) : null}
            <PhaseTabs phase={phase} choose={setPhase} />
        </div>
    );
    return (
        <Panel title={t("history.load")} actions={tools}>
            {problem ? <Trouble problem={problem} /> : data ? <PhaseChart history={data} node={node} phase={phase} height={260} days={span !== "day"} span={secondsOf(period)} /> : <p class="soft">{t("wait")}</p>}
        </Panel>
    );
}

export default function HistoryPage() {
    const q = useQuery();
    const span = SPANS.find((s) => s === q.get("span")) ?? "day";
    const back = Math.max(0, Math.min(1000, Number.parseInt(q.get("back") ?? "0", 10) || 0));
    const today = new Date(managerNow()).toDateString();
    const period = useMemo(() => periodOf(span, back, new Date(managerNow())), [span, back, today]);
    const nodes = useStore(site, (s) => s?.nodes ?? null) ?? [];

    return (
        <div class="page">
            <div class="page-head">
                <h1>{t("nav.history")}</h1>
                <SpanChoice span={span} back={back} period={period} />
            </div>
            <EnergyPanels span={span} period={period} />
            <PhasePanel span={span} period={period} nodes={nodes} />
        </div>
    );
}
