/* From the site's figures to what is drawn: the flow of power, and the parts of each phase bar. Pure. */
import type { Node, Site, Wallbox } from "./types";

export interface Flow {
    grid_w: number | null; /* positive: from the grid */
    solar_w: number | null; /* what the sun gives; null: no solar meter, or not known */
    house_w: number | null;
    wallboxes_w: number | null;
    hasSolar: boolean;
    hasGrid: boolean;
}

function sum(values: (number | null)[]): number | null {
    return values.length === 0 || values.some((v) => v === null) ? null : values.reduce<number>((a, v) => a + (v ?? 0), 0);
}

export function flowOf(site: Site): Flow {
    const root = site.nodes.find((n) => n.parent === null);
    const house = site.meters.filter((m) => m.role === "house" && m.node === root?.id);
    const solar = site.meters.filter((m) => m.role === "solar");
    const grid_w = sum(house.map((m) => m.power_total_w));
    const solarFlow = sum(solar.map((m) => m.power_total_w));
    const solar_w = solarFlow === null ? null : -solarFlow || 0; /* a solar meter counts what it feeds in as negative */
    const wallboxes_w = site.totals.online_n === 0 && site.totals.wallboxes_n > 0 ? null : site.totals.power_w;
    const isSunKnown = solar.length === 0 || solar_w !== null;
    const house_w = grid_w === null || wallboxes_w === null || !isSunKnown ? null : Math.max(0, grid_w + (solar_w ?? 0) - wallboxes_w);

    return { grid_w, solar_w, house_w, wallboxes_w, hasSolar: solar.length > 0, hasGrid: house.length > 0 };
}

/* The wallboxes at or below each node. */
export function boxesBelow(site: Site, all: Iterable<Wallbox>): Map<string, Wallbox[]> {
    const parent = new Map(site.nodes.map((n) => [n.id, n.parent]));
    const below = new Map<string, Wallbox[]>(site.nodes.map((n) => [n.id, []]));

    for (const box of all) {
        let at: string | null | undefined = box.node;
        for (let depth = 0; at && depth <= site.nodes.length; depth++) {
            below.get(at)?.push(box);
            at = parent.get(at);
        }
    }
    return below;
}

export interface Part {
    serial: string;
    from: number; /* permille of the bar */
    width: number;
    ma: number;
}

export interface Bar {
    house: number; /* width, permille */
    house_ma: number;
    parts: Part[];
    promised: { from: number; width: number }; /* granted, not drawn */
    free: { from: number; width: number };
    limit: number; /* place of the line */
    used_ma: number;
    limit_ma: number;
    free_ma: number;
    isFull: boolean;
    isOver: boolean;
}

const FULL_BELOW_MA = 500;
const HEADROOM = 1.05; /* the limit line stands a little before the end of the bar, so that passing it can be seen */

/* One phase of a node. What is left blank between free and limit is the reserve. */
export function barOf(node: Node, phase: number, below: readonly Wallbox[]): Bar {
    const limit_ma = node.limit_ma[phase] ?? 0;
    const base_ma = node.base_ma[phase] ?? 0;
    const house_ma = Math.max(0, base_ma);
    const drawn = below.map((box) => ({ serial: box.serial, ma: box.drawn_ma?.[phase] ?? 0 })).filter((d) => d.ma >= 100);
    const drawn_ma = drawn.reduce((a, d) => a + d.ma, 0);
    const promised_ma = Math.max(0, (node.exposure_ma[phase] ?? 0) - drawn_ma);
    const free_ma = node.free_ma[phase] ?? 0;
    const whole_ma = Math.max(limit_ma * HEADROOM, base_ma + drawn_ma + promised_ma, 1);
    const at = (ma: number): number => Math.round((ma / whole_ma) * 10000) / 10;
    const parts: Part[] = [];
    const place = (ma: number): number => at(Math.max(0, ma)); /* what the sun of this phase feeds needs no place: it does not come through the connection */
    let from_ma = base_ma;

    for (const d of drawn) {
        parts.push({ serial: d.serial, from: place(from_ma), width: place(from_ma + d.ma) - place(from_ma), ma: d.ma });
        from_ma += d.ma;
    }
    const used_ma = base_ma + drawn_ma;
    const shown_free_ma = Math.min(free_ma, Math.max(0, limit_ma - Math.max(0, from_ma + promised_ma)));
    return {
        house: at(house_ma),
        house_ma: base_ma,
        parts,
        promised: { from: place(from_ma), width: place(from_ma + promised_ma) - place(from_ma) },
        free: { from: place(from_ma + promised_ma), width: at(shown_free_ma) },
        limit: at(limit_ma),
        used_ma,
        limit_ma,
        free_ma,
        isFull: free_ma < FULL_BELOW_MA,
        isOver: used_ma > limit_ma,
    };
}
