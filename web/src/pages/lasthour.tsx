/* The last hour of one phase, below the list. Not shown where the manager keeps no history. */
import { useMemo, useState } from "preact/hooks";
import { nodeName } from "../lib/reason";
import { t } from "../lib/text";
import { PHASES, type Node, type Phase } from "../lib/types";
import { Panel } from "../parts/basic";
import { PhaseChart, usePhaseHistory } from "./phasechart";

const HOUR_MS = 3600000;

export function PhaseTabs({ phase, choose }: { phase: Phase; choose: (p: Phase) => void }) {
    return (
        <div class="filter" role="group" aria-label={t("history.phase")}>
            {PHASES.map((p) => (
                <button key={p} type="button" class="tab" aria-pressed={p === phase} onClick={() => choose(p)}>{p}</button>
            ))}
        </div>
    );
}

export function LastHour({ nodes }: { nodes: readonly Node[] }) {
    const [phase, setPhase] = useState<Phase>("L1");
    const node = nodes.find((n) => n.parent === null);
    const from = useMemo(() => new Date(Math.floor((Date.now() - HOUR_MS) / 60000) * 60000).toISOString().replace(/\.\d+/, ""), []);
    const { data } = usePhaseHistory(node, phase, { from, step: "1min" }, 60000);

    if (!node || !data) {
        return null;
    }
    return (
        <Panel title={t("lasthour.title", { node: nodeName(node.id, true) })} kind="lasthour" actions={<PhaseTabs phase={phase} choose={setPhase} />}>
            <PhaseChart history={data} node={node} phase={phase} height={innerWidth >= 2200 ? 330 : 190} />
        </Panel>
    );
}
