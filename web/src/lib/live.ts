/* What is going on now: the stream of the manager, or asking every 2 s where there is none. Knows how old the picture is. */
import { ask, BASE, Problem, who } from "./api";
import { StreamReader } from "./sse";
import { createStore } from "./store";
import { forgetTrails, noteTrail } from "./trail";
import type { Boxes, Site, Wallbox } from "./types";

export const STALE_MS = 3000;
const POLL_MS = 2000;
const SILENCE_MS = 1800; /* so long without a word: ask, so that 3 s are not reached by a manager that is well */
const PROBE_MS = 1000;
const RETRY_STREAM_MS = 30000;

export const site = createStore<Site | null>(null);
export const boxes = createStore<ReadonlyMap<string, Wallbox>>(new Map());
export const order = createStore<readonly string[]>([]); /* serials, as the manager lists them */
export const isStale = createStore(false);
export const isPolling = createStore(false);
export const liveProblem = createStore<Problem | null>(null);

let heardAt = 0; /* performance.now() when the picture last moved on; 0 never */
let lastUtc: string | null = null;
let isBoxesKnown = false;
let run: AbortController | null = null;
let probing = false;

export const ageMs = (): number => (heardAt === 0 ? Infinity : performance.now() - heardAt);

/* A picture of the same instant again is no sign of life: the manager's loop may hang while its web server answers. */
function heard(utc: string | null): void {
    if (utc === null || utc !== lastUtc) {
        lastUtc = utc;
        heardAt = performance.now();
        isStale.set(false);
        liveProblem.set(null);
    }
}

export function takeSite(next: Site): void {
    heard(next.utc);
    site.set(next);
    if (isBoxesKnown) {
        noteTrail(boxes.get(), Date.now());
    }
}

export function takeBoxes(next: Boxes, isComplete: boolean): void {
    const map = new Map(isComplete ? [] : boxes.get());
    const before = boxes.get();
    let isNewOrder = isComplete;

    heard(next.utc);
    for (const box of next.wallboxes) {
        isNewOrder ||= !before.has(box.serial);
        map.set(box.serial, box);
    }
    if (isNewOrder) {
        const serials = [...map.keys()];
        const old = order.get();
        if (serials.length !== old.length || serials.some((serial, i) => serial !== old[i])) {
            order.set(serials);
        }
    }
    isBoxesKnown = true;
    boxes.set(map);
}

async function readStream(signal: AbortSignal, lastId: string | null, seenId: (id: string) => void): Promise<void> {
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    let isFirst = true;

    if (lastId !== null) {
        headers["Last-Event-ID"] = lastId;
    }
    const answer = await fetch(BASE + "stream", { headers, signal, credentials: "same-origin", cache: "no-store" });
    if (!answer.ok || !answer.body) {
        throw new Problem(answer.status, "");
    }
    isPolling.set(false);
    const reader = new StreamReader();
    const decoder = new TextDecoder();
    const body = answer.body.getReader();
    for (;;) {
        const { done, value } = await body.read();
        if (done) {
            return;
        }
        for (const item of reader.push(decoder.decode(value, { stream: true }))) {
            if (item.id !== null) {
                seenId(item.id);
            }
            if (item.event === "site") {
                takeSite(JSON.parse(item.data) as Site);
            } else if (item.event === "wallboxes") {
                takeBoxes(JSON.parse(item.data) as Boxes, isFirst);
                isFirst = false;
            }
        }
    }
}

/* Ends when the given signal does, or after so long. */
function limited(signal: AbortSignal, ms: number): AbortSignal {
    const own = new AbortController();
    const timer = setTimeout(() => own.abort(), ms);

    own.signal.addEventListener("abort", () => clearTimeout(timer));
    signal.addEventListener("abort", () => own.abort(), { signal: own.signal });
    return own.signal;
}

async function askAll(signal: AbortSignal): Promise<void> {
    const [siteNow, boxesNow] = await Promise.all([ask<Site>("site", { signal }), ask<Boxes>("wallboxes", { signal })]);

    takeBoxes(boxesNow, true);
    takeSite(siteNow);
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function poll(signal: AbortSignal, forMs: number): Promise<void> {
    const until = performance.now() + forMs;

    isPolling.set(true);
    while (!signal.aborted && performance.now() < until) {
        const begun = performance.now();
        try {
            await askAll(limited(signal, POLL_MS));
        } catch (error) {
            noteProblem(error);
        }
        await pause(Math.max(200, POLL_MS - (performance.now() - begun)));
    }
}

function noteProblem(error: unknown): void {
    const problem = error instanceof Problem ? error : new Problem(0, "");

    if (problem.status === 401) {
        who.set(null);
        stopLive();
    } else {
        liveProblem.set(problem);
    }
}

async function keepGoing(signal: AbortSignal): Promise<void> {
    let lastId: string | null = null;
    let waitMs = 500;

    while (!signal.aborted) {
        const begun = performance.now();
        try {
            await readStream(signal, lastId, (id) => (lastId = id));
        } catch (error) {
            const problem = error instanceof Problem ? error : new Problem(0, "");
            if (signal.aborted) {
                return;
            }
            if (problem.isMissing) {
                await poll(signal, RETRY_STREAM_MS);
                continue;
            }
            noteProblem(problem);
        }
        waitMs = performance.now() - begun > 5000 ? 500 : Math.min(waitMs * 1.5, 5000);
        await pause(waitMs);
    }
}

/* Twice a second: is the picture still young? Ask once before it gets too old. */
function watchAge(signal: AbortSignal): void {
    const age = ageMs();

    if (heardAt === 0) {
        return;
    }
    isStale.set(age > STALE_MS);
    if (age > SILENCE_MS && !probing && !isPolling.get()) {
        probing = true;
        ask<Site>("site", { signal: limited(signal, PROBE_MS) })
            .then(takeSite, noteProblem)
            .finally(() => (probing = false));
    }
}

export function startLive(): void {
    if (run) {
        return;
    }
    run = new AbortController();
    const { signal } = run;
    const timer = setInterval(() => watchAge(signal), 300);
    signal.addEventListener("abort", () => clearInterval(timer));
    void keepGoing(signal);
}

/* Whoever logs in next begins with an empty picture. */
export function stopLive(): void {
    run?.abort();
    run = null;
    heardAt = 0;
    lastUtc = null;
    isBoxesKnown = false;
    isStale.set(false);
    site.set(null);
    order.set([]);
    boxes.set(new Map());
    forgetTrails();
}

/* The manager's time of day: the browser's clock may be wrong. */
export function managerNow(): number {
    const utc = site.get()?.utc;

    return utc ? Date.parse(utc) + Math.min(ageMs(), STALE_MS) : Date.now();
}
