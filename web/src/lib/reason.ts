/* Why a wallbox has the current it has, as a sentence that a driver understands. */
import { ampsShort, minutesUp } from "./format";
import { hasText, named, t, type Key } from "./text";
import type { Phase } from "./types";

export interface ReasonFacts {
    state: string;
    reason: string;
    reason_node?: string | null;
    reason_phase?: Phase | null;
    turn_place?: number | null;
    turn_in_ms?: number | null;
    offered_ma?: number | null;
    min_ma?: number;
    exposure_ma?: number;
    faults?: number[] | null;
}

/* "carport" as people write it; the connection of the whole site has a name of its own. */
export function nodeName(id: string, isRoot = false): string {
    if (isRoot || id === "grid") {
        return t("node.grid");
    }
    return id.charAt(0).toUpperCase() + id.slice(1).replace(/[_-]/g, " ");
}

function turnText(box: ReasonFacts): string {
    const place = box.turn_place ?? null;
    const inMs = box.turn_in_ms ?? null;

    if (place !== null && inMs !== null) {
        return t("reason.waiting_turn_place_time", { place, minutes: minutesUp(inMs) });
    }
    if (place !== null) {
        return t("reason.waiting_turn_place", { place });
    }
    return inMs !== null ? t("reason.waiting_turn_time", { minutes: minutesUp(inMs) }) : t("reason.waiting_turn");
}

function fullText(box: ReasonFacts): string {
    const node = box.reason_node ? nodeName(box.reason_node) : null;

    if (node !== null && box.reason_phase) {
        return t("reason.node_full_phase", { phase: box.reason_phase, node });
    }
    return node !== null ? t("reason.node_full_node", { node }) : t("reason.node_full");
}

export const faultKnown = (code: number): boolean => hasText("fault", String(code));

export function faultTitle(code: number): string {
    return faultKnown(code) ? named("fault", String(code)) : t("fault.unknown");
}

export function faultHelp(code: number): string {
    return faultKnown(code) ? named("fault_help", String(code)) : t("fault_help.unknown");
}

/* Reasons that name an amount or differ with the state; the others are one fixed sentence each. */
const special: Record<string, (box: ReasonFacts) => string> = {
    waiting_turn: turnText,
    node_full: fullText,
    no_demand: (box) => (box.state === "Idle" ? t("reason.no_vehicle") : t("reason.no_demand")),
    solar: (box) => ((box.offered_ma ?? 0) > 0 ? t("reason.solar") : t("reason.solar_wait")),
    schedule: (box) => ((box.offered_ma ?? 0) > 0 ? t("reason.schedule") : t("reason.schedule_wait")),
    below_minimum: (box) => (box.min_ma === undefined ? t("reason.below_minimum") : t("reason.below_minimum_of", { amps: ampsShort(box.min_ma) })),
    meter_fallback: (box) => ((box.offered_ma ?? 0) > 0 ? t("reason.meter_fallback_at", { amps: ampsShort(box.offered_ma) }) : t("reason.meter_fallback")),
    offline: (box) => (box.exposure_ma === undefined ? t("reason.offline") : t("reason.offline_at", { amps: ampsShort(box.exposure_ma) })),
};

export function reasonText(box: ReasonFacts): string {
    const fault = box.faults?.[0];

    if (fault !== undefined && (box.reason === "fault" || box.state === "UnrecoverableError" || box.state === "Degraded")) {
        return t("reason.fault_code", { code: fault, title: faultTitle(fault) });
    }
    if (box.state === "Offline") {
        return special["offline"]!(box);
    }
    const sentence = special[box.reason];
    if (sentence) {
        return sentence(box);
    }
    return hasText("reason", box.reason) ? t(`reason.${box.reason}` as Key) : box.reason;
}

export type Tone = "charging" | "calm" | "warn" | "bad";

export function toneOf(box: ReasonFacts): Tone {
    switch (box.state) {
        case "Charging":
            return "charging";
        case "Degraded":
        case "RecoverFromError":
        case "ServiceMode":
            return "warn";
        case "UnrecoverableError":
        case "Offline":
        case "Unavailable":
            return "bad";
        default:
            return "calm";
    }
}
