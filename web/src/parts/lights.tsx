/* The four segments of a wallbox as they are lit at this moment. Not known: outlines only. */
import { named, t } from "../lib/text";
import type { Light } from "../lib/types";

export function lightsText(lights: readonly Light[] | null): string {
    if (!lights || lights.length === 0) {
        return t("lights.unknown");
    }
    const isSame = lights.every((l) => l.colour === lights[0]!.colour && l.mode === lights[0]!.mode);
    const one = (l: Light): string => (l.colour === "off" || l.mode === "steady" ? named("colour", l.colour) : `${named("colour", l.colour)} ${named("mode", l.mode)}`);

    return isSame ? t("lights.all", { what: one(lights[0]!) }) : lights.map((l) => `S${l.segment} ${one(l)}`).join(", ");
}

export function segmentClass(lights: readonly Light[] | null, segment: number): string {
    const light = lights?.find((l) => l.segment === segment);

    return light ? `led led-${light.colour} led-${light.mode}` : "led led-unknown";
}

export function Lights({ lights }: { lights: readonly Light[] | null }) {
    const text = lightsText(lights);

    return (
        <span class="lights" role="img" aria-label={text} title={text}>
            {[1, 2, 3, 4].map((s) => (
                <i key={s} class={segmentClass(lights, s)} />
            ))}
        </span>
    );
}

/* The wallbox from the front, with its bar lit. */
export function Device({ lights, isPlugged }: { lights: readonly Light[] | null; isPlugged: boolean }) {
    return (
        <svg class="device" viewBox="0 0 120 150" role="img" aria-label={lightsText(lights)}>
            <rect class="device-body" x="16" y="6" width="88" height="118" rx="20" />
            <rect class="device-face" x="24" y="14" width="72" height="102" rx="14" />
            {[1, 2, 3, 4].map((s) => (
                <rect key={s} class={segmentClass(lights, s)} x={32 + (s - 1) * 14.4} y="28" width="12.6" height="7" rx="2" />
            ))}
            <circle class="device-ring" cx="60" cy="76" r="20" />
            <path class="device-ring" d="M54 70a9 9 0 0 1 12 0M51 66a14 14 0 0 1 18 0M58 76a3 3 0 0 1 4 0" />
            <path class={isPlugged ? "device-cable is-plugged" : "device-cable"} d="M60 124v8c0 10 14 10 26 10h22" />
        </svg>
    );
}
