/* Name, priority, sun and the driver's limit of one wallbox. */
import { useState } from "preact/hooks";
import { ask, type Problem } from "../lib/api";
import { changesOf, inRange } from "../lib/changes";
import { ampsShort, parseDecimal } from "../lib/format";
import { named, t, type Key } from "../lib/text";
import type { SolarMode, Wallbox } from "../lib/types";
import { Field, Panel } from "../parts/basic";
import { ApplyBar } from "../parts/changes";

export const MODES: readonly SolarMode[] = ["fast", "solar_minimum", "solar_only"];
export const PRIORITIES = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
const NAME_MAX = 47;

function valuesOf(box: Wallbox): Record<string, string> {
    return { name: box.name, priority: String(box.priority), mode: box.mode, local_limit: box.local_limit_ma ? String(box.local_limit_ma / 1000) : "" };
}

function bodyOf(changed: Record<string, string>): Record<string, unknown> {
    const body: Record<string, unknown> = {};

    if ("name" in changed) body["name"] = changed["name"];
    if ("priority" in changed) body["priority"] = Number(changed["priority"]);
    if ("mode" in changed) body["mode"] = changed["mode"];
    if ("local_limit" in changed) {
        const amps = parseDecimal(changed["local_limit"] ?? "");
        body["local_limit_ma"] = amps === null ? null : Math.round(amps * 1000);
    }
    return body;
}

export function SettingsPanel({ box }: { box: Wallbox }) {
    const [edited, setEdited] = useState<Record<string, string>>({});
    const [refused, setRefused] = useState<Problem | null>(null);
    const values = { ...valuesOf(box), ...edited };
    const changes = changesOf(valuesOf(box), values);
    const set = (field: string, value: string): void => {
        setRefused(null);
        setEdited((was) => ({ ...was, [field]: value }));
    };
    const limit = parseDecimal(values["local_limit"] ?? "");
    const range = { min: box.min_ma / 1000, max: box.max_ma / 1000 };
    const errors: Record<string, string | null> = {
        name: values["name"]?.trim() === "" ? t("error.needed") : new TextEncoder().encode(values["name"]).length > NAME_MAX ? t("error.too_long", { n: NAME_MAX }) : null,
        local_limit: values["local_limit"] === "" || inRange(limit, range) ? null : t("error.range", { min: ampsShort(box.min_ma), max: ampsShort(box.max_ma), unit: "A" }),
    };
    const errorAt = (field: string, apiName = field): string | null => errors[field] ?? (refused?.field === apiName ? refused.detail : null);
    const apply = async (): Promise<void> => {
        const changed = Object.fromEntries(changes.map((c) => [c.field, c.after]));
        await ask(`wallboxes/${encodeURIComponent(box.serial)}`, { method: "PATCH", body: bodyOf(changed) });
    };

    return (
        <Panel title={t("set.title")} kind="box-settings">
            <div class="form">
                <Field label={t("set.name")} id="set-name" help={t("set.name_help")} error={errorAt("name")}>
                    {(extra) => <input {...extra} value={values["name"]} onInput={(e) => set("name", e.currentTarget.value)} />}
                </Field>
                <Field label={t("set.priority")} id="set-priority" help={t("set.priority_help")} error={errorAt("priority")}>
                    {(extra) => (
                        <select {...extra} value={values["priority"]} onChange={(e) => set("priority", e.currentTarget.value)}>
                            {PRIORITIES.map((p) => <option key={p} value={p}>{p}</option>)}
                        </select>
                    )}
                </Field>
                <Field label={t("set.mode")} id="set-mode" help={t(`mode_help.${values["mode"]}` as Key)} error={errorAt("mode")}>
                    {(extra) => (
                        <select {...extra} value={values["mode"]} onChange={(e) => set("mode", e.currentTarget.value)}>
                            {MODES.map((m) => <option key={m} value={m}>{named("solar", m)}</option>)}
                        </select>
                    )}
                </Field>
                <Field
                    label={t("set.local_limit")}
                    id="set-limit"
                    unit="A"
                    help={t("set.local_limit_help", { min: ampsShort(box.min_ma), max: ampsShort(box.max_ma) })}
                    error={errorAt("local_limit", "local_limit_ma")}
                >
                    {(extra) => <input {...extra} inputMode="decimal" value={values["local_limit"]} onInput={(e) => set("local_limit", e.currentTarget.value)} />}
                </Field>
            </div>
            <ApplyBar
                changes={changes}
                nameOf={(field) => t(`set.${field}` as Key)}
                isValid={Object.values(errors).every((e) => e === null)}
                apply={apply}
                drop={() => setEdited({})}
                failed={setRefused}
            />
        </Panel>
    );
}
