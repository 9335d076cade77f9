/* One wallbox in the fleet list. */
import { command, hindrance, jobs, mainVerb, type Verb } from "../lib/actions";
import { amps, clock, DASH, duration, kilowattHours, kilowatts } from "../lib/format";
import { boxes, isStale, managerNow } from "../lib/live";
import { reasonText, toneOf } from "../lib/reason";
import { useStore } from "../lib/store";
import { named, t, type Key } from "../lib/text";
import { PHASES, type Wallbox } from "../lib/types";
import { StateChip } from "../parts/basic";
import { Icon } from "../parts/icons";
import { Lights } from "../parts/lights";
import { memo } from "../parts/memo";

const part = (ma: number | null | undefined, max: number): string => `${Math.min(100, Math.round(((ma ?? 0) / max) * 1000) / 10)}%`;

/* Offered (pale) behind measured (solid), per phase. */
export function MiniBars({ box }: { box: Wallbox }) {
    const max = Math.max(box.max_ma, 1);

    return (
        <span class="mini">
            {PHASES.map((phase, p) => {
                const isWired = !/^L[123]$/.test(box.phases) || box.phases === phase;
                return (
                    <span key={phase} class={isWired ? "mini-row" : "mini-row is-unwired"}>
                        <small>{phase}</small>
                        <svg width="100%" height="5" aria-hidden="true">
                            <rect class="mini-ground" width="100%" height="5" rx="2.5" />
                            {isWired ? <rect class="mini-offered" width={part(box.offered_ma, max)} height="5" rx="2.5" /> : null}
                            <rect class={`phase-${phase}`} width={part(box.drawn_ma?.[p], max)} height="5" rx="2.5" />
                        </svg>
                        <span class="mini-figure">{amps(box.drawn_ma?.[p])}</span>
                    </span>
                );
            })}
        </span>
    );
}

export function cardText(box: Wallbox): string {
    return box.card ? (box.card.name ?? box.card.uid) : DASH;
}

export function CommandButton({ box, verb, isWide }: { box: Wallbox; verb: Verb; isWide?: boolean }) {
    const job = useStore(jobs, (all) => all.get(box.serial));
    const stale = useStore(isStale);
    const no = stale ? "problem.unreachable" : hindrance(box, verb);
    const isBusy = job?.progress === "sent" || job?.progress === "taken";
    const label = t(`verb.${verb}` as Key);

    return (
        <button
            type="button"
            class={isWide ? "button" : "button button-small"}
            aria-label={isWide ? undefined : `${label}: ${box.name}`}
            aria-disabled={no !== null || isBusy ? "true" : undefined}
            title={no ? t(no) : label}
            onClick={() => no === null && !isBusy && void command(box.serial, verb)}
        >
            <Icon name={verb} />
            {isWide ? label : null}
        </button>
    );
}

/* How far the last request has come; read aloud. */
export function JobNote({ serial }: { serial: string }) {
    const job = useStore(jobs, (all) => all.get(serial));

    if (!job) {
        return null;
    }
    const verb = t(`verb.${job.verb}` as Key);
    return (
        <span class={`job job-${job.progress}`} role="status">
            {t(`job.${job.progress}` as Key, { verb })} {job.detail}
        </span>
    );
}

function RowBody({ box, mayAct }: { box: Wallbox; mayAct: boolean }) {
    const job = useStore(jobs, (all) => all.get(box.serial));
    const session = box.session;
    const isOff = box.state === "Offline";
    const runMs = session?.start_utc ? managerNow() - Date.parse(session.start_utc) : null;

    return (
        <div class={`row tone-${toneOf(box)}`} role="row" data-box={box.serial}>
            <span role="cell" class="c-lights"><Lights lights={box.lights ?? null} /></span>
            <span role="cell" class="c-name">
                <a href={`/wallbox/${encodeURIComponent(box.serial)}`}>{box.name}</a>
                <small>{box.serial}</small>
            </span>
            <span role="cell" class="c-state"><StateChip box={box} /></span>
            <span role="cell" class="c-card">{cardText(box)}</span>
            <span role="cell" class="c-offered num"><b>{amps(box.offered_ma)}</b> <small>A</small></span>
            <span role="cell" class="c-mini"><MiniBars box={box} /></span>
            <span role="cell" class="c-power num"><b>{kilowatts(box.power_w)}</b> <small>kW</small></span>
            <span role="cell" class="c-energy num">{kilowattHours(isOff ? null : session?.energy_wh)} <small>kWh</small></span>
            <span role="cell" class="c-time num">{duration(runMs)}{session && box.wish?.departure_utc ? <small title={t("row.leaves")}>→ {clock(box.wish.departure_utc)}</small> : null}</span>
            <span role="cell" class="c-why">{job ? <JobNote serial={box.serial} /> : reasonText(box)}</span>
            <span role="cell" class="c-act">{mayAct ? <CommandButton box={box} verb={mainVerb(box)} /> : null}</span>
        </div>
    );
}

/* spoken: a change of language draws every row again */
export const Row = memo(function Row({ serial, mayAct }: { serial: string; mayAct: boolean; spoken: string }) {
    const box = useStore(boxes, (all) => all.get(serial));

    return box ? <RowBody box={box} mayAct={mayAct} /> : null;
});

export const rowText = (box: Wallbox): string => `${named("state", box.state)} ${reasonText(box)}`;
