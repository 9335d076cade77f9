/* Load of one phase over time: house below, wallboxes above it, the limit. */
import { useMemo } from "preact/hooks";
import { query, type Problem } from "../lib/api";
import { useLoad } from "../lib/load";
import { phaseLines } from "../lib/phasehistory";
import { t } from "../lib/text";
import type { History, Node, Phase } from "../lib/types";
import { nodeName } from "../lib/reason";
import Chart from "../parts/chart";

export interface PhaseHistory {
    flow: History;
    boxes: History;
}

/* step: "1min" or "15min", as the manager keeps them. */
export function usePhaseHistory(node: Node | undefined, phase: Phase, span: { from: string; to?: string; step: string }, everyMs = 0): { data: PhaseHistory | null; problem: Problem | null } {
    const path = (what: string): string | null => (node ? "history" + query({ quantity: `${what}_${phase.toLowerCase()}_ma`, node: node.id, ...span }) : null);
    const flow = useLoad<History>(path("current"), everyMs);
    const boxes = useLoad<History>(path("wallboxes"), everyMs);
    const data = useMemo(() => (flow.data && boxes.data ? { flow: flow.data, boxes: boxes.data } : null), [flow.data, boxes.data]);

    return { data, problem: flow.problem ?? boxes.problem };
}

export function PhaseChart({ history, node, phase, height, days, span }: { history: PhaseHistory; node: Node; phase: Phase; height: number; days?: boolean; span?: { from_s: number; to_s: number } }) {
    const limit_ma = node.limit_ma[Number(phase[1]) - 1] ?? null;
    const lines = useMemo(() => phaseLines(history.flow, history.boxes, limit_ma), [history, limit_ma]);

    if (!lines) {
        return <p class="note">{t("history.no_phase")}</p>;
    }
    return (
        <Chart
            label={t("history.phase_chart", { phase, node: nodeName(node.id, node.parent === null) })}
            data={[lines.at_s, lines.total, lines.house, lines.limit]}
            lines={[
                { label: t("legend.wallboxes"), colour: "--shade-1", fill: true, steps: true },
                { label: t("legend.house"), colour: "--house", fill: true, steps: true },
                { label: t("legend.limit"), colour: "--limit", dash: [6, 4], width: 2 },
            ]}
            unit="A"
            height={height}
            days={days ?? false}
            {...(span ?? {})}
        />
    );
}
