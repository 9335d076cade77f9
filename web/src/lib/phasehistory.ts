/* The history of one phase as lines for a chart: what flows in all, and what the wallboxes take of it. Pure. */
import type { History } from "./types";

export interface PhaseLines {
    at_s: number[];
    house: (number | null)[];
    total: (number | null)[];
    limit: (number | null)[];
}

/* flow: current_l1_ma of a node; boxes: wallboxes_l1_ma of it. null: nothing of this phase is known. */
export function phaseLines(flow: History, boxes: History, limit_ma: number | null): PhaseLines | null {
    const from_s = Date.parse(flow.from_utc) / 1000;
    const out: PhaseLines = { at_s: [], house: [], total: [], limit: [] };

    if (Number.isNaN(from_s) || flow.from_utc !== boxes.from_utc || flow.step_ms !== boxes.step_ms || flow.values.every((v) => v === null)) {
        return null;
    }
    flow.values.forEach((all_ma, i) => {
        const drawn_ma = boxes.values[i] ?? null;
        const house = all_ma === null || drawn_ma === null ? null : Math.max(0, all_ma - drawn_ma) / 1000;
        out.at_s.push(from_s + (i * flow.step_ms) / 1000);
        out.house.push(house);
        out.total.push(house === null || drawn_ma === null ? null : house + drawn_ma / 1000);
        out.limit.push(limit_ma === null ? null : limit_ma / 1000);
    });
    return out;
}
