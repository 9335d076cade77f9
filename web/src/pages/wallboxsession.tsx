/* The running session: who, since when, how much, and what it is meant to reach. */
import { useState } from "preact/hooks";
import { ask, type Problem } from "../lib/api";
import { changesOf, inRange } from "../lib/changes";
import { clock, dayClock, duration, fromInput, kilowattHours, parseDecimal, toInput } from "../lib/format";
import { managerNow } from "../lib/live";
import { t, type Key } from "../lib/text";
import type { BoxWish, Wallbox } from "../lib/types";
import { Empty, Fact, Field, Panel, problemText } from "../parts/basic";
import { ApplyBar } from "../parts/changes";
import { cardText } from "./row";

const NEEDED_KWH = { min: 0, max: 200 };

function valuesOf(wish: BoxWish | null | undefined): Record<string, string> {
    return { departure: toInput(wish?.departure_utc), needed: wish?.needed_wh ? String(wish.needed_wh / 1000) : "" };
}

function bodyOf(changes: { field: string; after: string }[]): Record<string, unknown> {
    const body: Record<string, unknown> = {};

    for (const c of changes) {
        if (c.field === "departure") {
            body["departure"] = fromInput(c.after);
        } else {
            const kwh = parseDecimal(c.after);
            body["needed_wh"] = kwh === null ? null : Math.round(kwh * 1000);
        }
    }
    return body;
}

function ChargeNow({ box }: { box: Wallbox }) {
    const [state, setState] = useState<"" | "busy" | "done">("");
    const [problem, setProblem] = useState<Problem | null>(null);
    const send = (): void => {
        setState("busy");
        setProblem(null);
        ask(`wallboxes/${encodeURIComponent(box.serial)}/session`, { method: "PATCH", body: { charge_now: true } }).then(
            () => setState("done"),
            (error: Problem) => (setState(""), setProblem(error)),
        );
    };

    return (
        <p class="charge-now">
            <button type="button" class="button" disabled={state === "busy"} onClick={send}>{t("session.charge_now")}</button>{" "}
            <span class={problem ? "bad" : "soft"} role="status">{problem ? problemText(problem) : t(state === "done" ? "session.charge_now_done" : "session.charge_now_help")}</span>
        </p>
    );
}

function Wishes({ box }: { box: Wallbox }) {
    const [edited, setEdited] = useState<Record<string, string>>({});
    const [refused, setRefused] = useState<Problem | null>(null);
    const values = { ...valuesOf(box.wish), ...edited };
    const changes = changesOf(valuesOf(box.wish), values);
    const set = (field: string, value: string): void => (setRefused(null), setEdited((was) => ({ ...was, [field]: value })));
    const departure = values["departure"] ? Date.parse(values["departure"]) : null;
    const errors = {
        departure: departure !== null && departure < managerNow() ? t("error.past") : null,
        needed: values["needed"] === "" || inRange(parseDecimal(values["needed"] ?? ""), NEEDED_KWH) ? null : t("error.range", { ...NEEDED_KWH, unit: "kWh" }),
    };
    const refusedAt = (name: string): string | null => (refused?.field === name ? refused.detail : null);

    return (
        <>
            <div class="form">
                <Field label={t("session.departure")} id="ses-departure" help={t("session.departure_help")} error={(edited["departure"] ? errors.departure : null) ?? refusedAt("departure")}>
                    {(extra) => <input {...extra} type="datetime-local" value={values["departure"]} onInput={(e) => set("departure", e.currentTarget.value)} />}
                </Field>
                <Field label={t("session.needed")} id="ses-needed" unit="kWh" help={t("session.needed_help")} error={errors.needed ?? refusedAt("needed_wh")}>
                    {(extra) => <input {...extra} inputMode="decimal" value={values["needed"]} onInput={(e) => set("needed", e.currentTarget.value)} />}
                </Field>
            </div>
            <ApplyBar
                changes={changes}
                nameOf={(field) => t(`session.${field}` as Key)}
                isValid={(errors.departure === null || !edited["departure"]) && errors.needed === null}
                apply={() => ask(`wallboxes/${encodeURIComponent(box.serial)}/session`, { method: "PATCH", body: bodyOf(changes) })}
                drop={() => setEdited({})}
                failed={setRefused}
            />
            <ChargeNow box={box} />
        </>
    );
}

export function SessionPanel({ box, mayAct }: { box: Wallbox; mayAct: boolean }) {
    const session = box.session;

    if (!session) {
        return (
            <Panel title={t("session.title")} kind="box-session">
                <Empty icon="plug" title={t("session.none")}>{t("session.none_how")}</Empty>
            </Panel>
        );
    }
    const needed = box.wish?.needed_wh ?? null;

    return (
        <Panel title={t("session.title")} kind="box-session">
            <dl class="facts">
                <Fact name={t("col.card")}>{cardText(box)}</Fact>
                <Fact name={t("session.since")}>{dayClock(session.start_utc)}</Fact>
                <Fact name={t("col.time")}>{session.start_utc ? duration(managerNow() - Date.parse(session.start_utc)) : "–"}</Fact>
                <Fact name={t("col.energy")}>
                    {kilowattHours(session.energy_wh)} {needed ? `/ ${kilowattHours(needed)} ` : ""}kWh
                </Fact>
                {box.wish?.departure_utc ? <Fact name={t("session.departure")}>{clock(box.wish.departure_utc)}</Fact> : null}
            </dl>
            {needed ? <progress max={needed} value={Math.min(session.energy_wh, needed)} aria-label={t("session.progress")} /> : null}
            {mayAct ? <Wishes key={session.id} box={box} /> : null}
        </Panel>
    );
}
