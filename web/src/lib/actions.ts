/* What can be asked of a wallbox now, why not, and how far the last request has come. */
import { ask, Problem } from "./api";
import { boxes } from "./live";
import { createStore } from "./store";
import type { Key } from "./text";
import type { Wallbox } from "./types";

export const VERBS = ["start", "stop", "pause", "resume", "restart", "unlock"] as const;
export type Verb = (typeof VERBS)[number];
export type Progress = "sent" | "taken" | "done" | "late" | "failed";

export interface Job {
    verb: Verb;
    progress: Progress;
    detail: string;
}

export const jobs = createStore<ReadonlyMap<string, Job>>(new Map());

const LATE_MS = 15000;
const SHOWN_MS = 5000;

const isDown = (box: Wallbox): boolean => box.state === "Offline";
const isPaused = (box: Wallbox): boolean => box.reason === "paused";
const hasVehicle = (box: Wallbox): boolean => box.session !== null || !["Idle", "Offline", "Unavailable"].includes(box.state);

/* null: it can be done; else the text that says why not. */
export function hindrance(box: Wallbox, verb: Verb): Key | null {
    if (isDown(box)) {
        return "why.offline";
    }
    switch (verb) {
        case "start":
            if (box.state === "Charging") return "why.charging";
            if (box.state === "UnrecoverableError") return "why.fault";
            if (isPaused(box)) return "why.use_resume";
            return hasVehicle(box) ? null : "why.no_vehicle";
        case "stop":
            return box.session === null && box.state !== "Charging" ? "why.no_session" : null;
        case "pause":
            if (isPaused(box)) return "why.paused";
            return box.session === null && box.state !== "Charging" ? "why.no_session" : null;
        case "resume":
            return isPaused(box) ? null : "why.not_paused";
        case "restart":
            return null;
        case "unlock":
            return box.state === "Charging" || box.contactor === "closed" ? "why.stop_first" : null;
    }
}

/* The one thing most wanted of a wallbox, for its row in the list. */
export function mainVerb(box: Wallbox): Verb {
    if (isPaused(box)) {
        return "resume";
    }
    return box.session !== null || box.state === "Charging" || box.state === "Degraded" ? "pause" : "start";
}

/* What is seen of a wallbox when it has obeyed. Unlocking shows nothing: that it was taken is all we know. */
function isSeen(box: Wallbox, verb: Verb): boolean {
    switch (verb) {
        case "start":
            return box.state === "Charging" || (box.session !== null && box.reason !== "unauthorized");
        case "stop":
            return box.state !== "Charging" && (box.session === null || box.offered_ma === 0);
        case "pause":
            return isPaused(box);
        case "resume":
            return !isPaused(box);
        case "restart":
            return isDown(box);
        case "unlock":
            return false;
    }
}

function note(serial: string, job: Job | null): void {
    const next = new Map(jobs.get());

    if (job) {
        next.set(serial, job);
    } else {
        next.delete(serial);
    }
    jobs.set(next);
}

function settle(serial: string, job: Job): void {
    note(serial, job);
    setTimeout(() => {
        if (jobs.get().get(serial) === job) {
            note(serial, null);
        }
    }, SHOWN_MS);
}

function waitSeen(serial: string, taken: Job): void {
    const isMine = (): boolean => jobs.get().get(serial) === taken;
    const leave = boxes.watch((all) => {
        const box = all.get(serial);
        if (!isMine()) {
            leave();
        } else if (box && isSeen(box, taken.verb)) {
            leave();
            clearTimeout(timer);
            settle(serial, { ...taken, progress: "done" });
        }
    });
    const timer = setTimeout(() => {
        leave();
        if (isMine()) {
            settle(serial, { ...taken, progress: taken.verb === "unlock" ? "taken" : "late" });
        }
    }, LATE_MS);
}

export async function command(serial: string, verb: Verb): Promise<void> {
    note(serial, { verb, progress: "sent", detail: "" });
    try {
        await ask(`wallboxes/${encodeURIComponent(serial)}/${verb}`, { method: "POST", body: {} });
        const taken: Job = { verb, progress: "taken", detail: "" };
        note(serial, taken);
        waitSeen(serial, taken);
    } catch (error) {
        settle(serial, { verb, progress: "failed", detail: (error as Problem).detail });
    }
}
