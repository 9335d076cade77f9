/* Moves the dashes of the power flow and the lights: ten pictures a second, by one timer. The browser's own animations would paint sixty,
 * which costs a slow machine a fifth of its time.
 */
const TICK_MS = 100;
const DASH_LEN = 12; /* one dash and one gap */
const STEP_LEN: Record<string, number> = { slow: 0.8, medium: 1.5, fast: 2.6 };
const BEAT_TICKS = 3;
const BEATS = 8; /* one breath; the flash of the wallbox is two per breath */

const still = matchMedia("(prefers-reduced-motion: reduce)");

function moveFlow(tick: number): void {
    for (const path of document.querySelectorAll<SVGPathElement>(".flow path[data-pace]")) {
        const length = STEP_LEN[path.dataset["pace"] ?? ""] ?? 0;
        path.style.strokeDashoffset = String(-(tick * length) % DASH_LEN);
    }
}

function beat(n: number): void {
    document.body.classList.remove(`beat-${(n + BEATS - 1) % BEATS}`);
    document.body.classList.add(`beat-${n}`);
}

export function startMotion(): void {
    let tick = 0;

    setInterval(() => {
        if (document.hidden || still.matches || document.body.classList.contains("is-stale")) {
            return;
        }
        tick++;
        moveFlow(tick);
        if (tick % BEAT_TICKS === 0) {
            beat((tick / BEAT_TICKS) % BEATS);
        }
    }, TICK_MS);
}
