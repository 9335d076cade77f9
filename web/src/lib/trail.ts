/* The last ten minutes of every wallbox, as this page has seen them: offered current and the three measured ones. */
import type { Wallbox } from "./types";

export const TRAIL_N = 600;
const STEP_MS = 1000;
const GAP_MS = 3500;

export interface Trail {
    atS: (number | null)[];
    offered: (number | null)[];
    drawn: [(number | null)[], (number | null)[], (number | null)[]];
}

const trails = new Map<string, Trail>();
let lastMs = 0;

const fresh = (): Trail => ({ atS: [], offered: [], drawn: [[], [], []] });

function add(trail: Trail, atS: number, box: Wallbox | null): void {
    const amps = (ma: number | null | undefined): number | null => (ma === null || ma === undefined ? null : ma / 1000);

    trail.atS.push(atS);
    trail.offered.push(amps(box?.offered_ma));
    trail.drawn.forEach((list, p) => list.push(amps(box?.drawn_ma?.[p])));
    if (trail.atS.length > TRAIL_N) {
        trail.atS.shift();
        trail.offered.shift();
        trail.drawn.forEach((list) => list.shift());
    }
}

/* At most once a second. A silence leaves a gap in the lines: nothing is drawn where nothing was known. */
export function noteTrail(boxes: ReadonlyMap<string, Wallbox>, nowMs: number): void {
    if (nowMs - lastMs < STEP_MS * 0.8) {
        return;
    }
    const isGap = lastMs !== 0 && nowMs - lastMs > GAP_MS;
    for (const box of boxes.values()) {
        let trail = trails.get(box.serial);
        if (!trail) {
            trail = fresh();
            trails.set(box.serial, trail);
        }
        if (isGap) {
            add(trail, (lastMs + STEP_MS) / 1000, null);
        }
        add(trail, nowMs / 1000, box);
    }
    lastMs = nowMs;
}

export const trailOf = (serial: string): Trail => trails.get(serial) ?? fresh();

export function forgetTrails(): void {
    trails.clear();
    lastMs = 0;
}
