/* The history of one phase as lines for a chart. Columns are named PHASE_WHAT_ma: L1_base_ma, L1_wallboxes_ma, L1_limit_ma. Pure. */
import type { History, Phase } from "./types";

export interface PhaseLines {
    at_s: number[];
    house: (number | null)[];
    total: (number | null)[];
    limit: (number | null)[];
}

function columnOf(columns: readonly string[], phase: Phase, what: RegExp): number {
    return columns.findIndex((c) => c.toUpperCase().includes(phase) && what.test(c.replace(/_?L[123]_?/i, "_")));
}

/* null: the history holds nothing of this phase. limit_ma: used where the history has no limit of its own. */
export function phaseLines(h: History, phase: Phase, limit_ma: number | null): PhaseLines | null {
    const house = columnOf(h.columns, phase, /base|house/i);
    const boxes = columnOf(h.columns, phase, /wallbox|drawn/i);
    const limit = columnOf(h.columns, phase, /limit/i);
    const from_s = Date.parse(h.from_utc) / 1000;
    const amps = (value: number | null | undefined): number | null => (value === null || value === undefined ? null : value / 1000);
    const out: PhaseLines = { at_s: [], house: [], total: [], limit: [] };

    if (house < 0 || boxes < 0 || Number.isNaN(from_s)) {
        return null;
    }
    h.rows.forEach((row, i) => {
        const base = amps(row[house]);
        const drawn = amps(row[boxes]);
        out.at_s.push(from_s + i * h.step_s);
        out.house.push(base === null ? null : Math.max(0, base));
        out.total.push(base === null || drawn === null ? null : Math.max(0, base) + drawn);
        out.limit.push(limit >= 0 ? amps(row[limit]) : amps(limit_ma));
    });
    return out;
}
