/* Day, week, month, year: their bounds in local time, and energy gathered from sessions. Pure. */
import type { Session } from "./types";

export const SPANS = ["day", "week", "month", "year"] as const;
export type Span = (typeof SPANS)[number];

export interface Period {
    from: Date;
    to: Date;
}

/* back: how many periods before the present one. */
export function periodOf(span: Span, back: number, now: Date): Period {
    const y = now.getFullYear();
    const m = now.getMonth();
    const d = now.getDate();
    const monday = d - ((now.getDay() + 6) % 7);

    switch (span) {
        case "day":
            return { from: new Date(y, m, d - back), to: new Date(y, m, d - back + 1) };
        case "week":
            return { from: new Date(y, m, monday - 7 * back), to: new Date(y, m, monday - 7 * back + 7) };
        case "month":
            return { from: new Date(y, m - back, 1), to: new Date(y, m - back + 1, 1) };
        case "year":
            return { from: new Date(y - back, 0, 1), to: new Date(y - back + 1, 0, 1) };
    }
}

export const iso = (at: Date): string => at.toISOString().replace(/\.\d+Z$/, "Z");

/* Begins of the steps that a chart of the period shows: hours, days or months. */
export function stepsOf(span: Span, period: Period): Date[] {
    const steps: Date[] = [];
    const f = period.from;

    for (let i = 0; i < 366; i++) {
        const at =
            span === "day"
                ? new Date(f.getTime() + i * 3600000)
                : span === "year"
                  ? new Date(f.getFullYear(), i, 1)
                  : new Date(f.getFullYear(), f.getMonth(), f.getDate() + i);
        if (at >= period.to) {
            break;
        }
        steps.push(at);
    }
    return steps;
}

export interface Share {
    key: string;
    name: string;
    energy_wh: number;
    solar_wh: number | null;
    sessions_n: number;
}

/* Energy of finished and running sessions by wallbox or card, the largest first. The sun's share is known only when it is of every session. */
export function sharesOf(sessions: readonly Session[], keyOf: (s: Session) => { key: string; name: string }): Share[] {
    const shares = new Map<string, Share>();

    for (const s of sessions) {
        const { key, name } = keyOf(s);
        const share = shares.get(key) ?? { key, name, energy_wh: 0, solar_wh: 0, sessions_n: 0 };
        const solar = s.solar_wh ?? null;
        share.energy_wh += s.energy_wh ?? 0;
        share.solar_wh = share.solar_wh === null || solar === null ? null : share.solar_wh + solar;
        share.sessions_n++;
        shares.set(key, share);
    }
    return [...shares.values()].sort((a, b) => b.energy_wh - a.energy_wh);
}

/* kWh per step, each session counted whole at its begin. */
export function energyPerStep(sessions: readonly Session[], steps: readonly Date[], to: Date): number[] {
    const sums = steps.map(() => 0);

    for (const s of sessions) {
        const at = s.start_utc ? Date.parse(s.start_utc) : NaN;
        if (Number.isNaN(at) || at >= to.getTime()) {
            continue;
        }
        for (let i = steps.length - 1; i >= 0; i--) {
            if (at >= steps[i]!.getTime()) {
                sums[i] = (sums[i] ?? 0) + (s.energy_wh ?? 0) / 1000;
                break;
            }
        }
    }
    return sums;
}

export const secondsOf = (p: Period): { from_s: number; to_s: number } => ({ from_s: p.from.getTime() / 1000, to_s: p.to.getTime() / 1000 });

/* Where the bar of each step stands. */
export function middlesOf(steps: readonly Date[], to: Date): number[] {
    return steps.map((s, i) => (s.getTime() + (steps[i + 1] ?? to).getTime()) / 2000);
}
