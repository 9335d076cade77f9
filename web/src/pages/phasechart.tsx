/* Load of one phase over time: house below, wallboxes above it, the limit. */
import { useMemo } from "preact/hooks";
import { phaseLines } from "../lib/phasehistory";
import { t } from "../lib/text";
import type { History, Node, Phase } from "../lib/types";
import { nodeName } from "../lib/reason";
import Chart from "../parts/chart";

export function PhaseChart({ history, node, phase, height, days, span }: { history: History; node: Node; phase: Phase; height: number; days?: boolean; span?: { from_s: number; to_s: number } }) {
    const limit_ma = node.limit_ma[Number(phase[1]) - 1] ?? null;
    const lines = useMemo(() => phaseLines(history, phase, limit_ma), [history, phase, limit_ma]);

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
