/* What charging costs: currency, price per kWh, price of the sun, time windows. */
import { useState } from "preact/hooks";
import { ask, type Problem } from "../lib/api";
import { changesOf } from "../lib/changes";
import { currencyName, dayClock, decimal, weekday } from "../lib/format";
import { useLoad } from "../lib/load";
import { DAYS, draftOf, linesOf, priceMax, tariffOf, WINDOW_MAX, wrongOf, type Draft, type WindowDraft } from "../lib/tariff";
import { t } from "../lib/text";
import type { TariffNow } from "../lib/types";
import { Field, Panel, Trouble } from "../parts/basic";
import { ApplyBar } from "../parts/changes";
import { Icon } from "../parts/icons";

const FRESH: WindowDraft = { days: DAYS, from: "22:00", to: "06:00", price: "" };

interface WindowProps {
    at: number;
    value: WindowDraft;
    unit: string;
    errorAt: (field: string) => string | null;
    set: (change: Partial<WindowDraft>) => void;
    remove: () => void;
}

function WindowFields({ at, value, unit, errorAt, set, remove }: WindowProps) {
    const error = (field: string): string | null => errorAt(`windows[${at}]${field}`);
    const days = error(".days");
    const toggle = (day: string, isOn: boolean): void => set({ days: DAYS.filter((d) => (d === day ? isOn : value.days.includes(d))) });

    return (
        <fieldset class="window">
            <legend>{t("price.window", { n: at + 1 })}</legend>
            <div class={days ? "field has-error" : "field"} role="group" aria-label={t("price.days")}>
                <span class="tools">
                    {DAYS.map((d, i) => <label key={d} class="check"><input type="checkbox" checked={value.days.includes(d)} onChange={(e) => toggle(d, e.currentTarget.checked)} />{weekday(i)}</label>)}
                </span>
                {days ? <small role="alert">{days}</small> : null}
            </div>
            <div class="form">
                <Field label={t("filter.from")} id={`window-${at}-from`} error={error(".from")}>
                    {(extra) => <input {...extra} type="time" step={900} value={value.from} onInput={(e) => set({ from: e.currentTarget.value })} />}
                </Field>
                <Field label={t("filter.to")} id={`window-${at}-to`} error={error(".to")}>
                    {(extra) => <input {...extra} type="time" step={900} value={value.to} onInput={(e) => set({ to: e.currentTarget.value })} />}
                </Field>
                <Field label={t("price.base")} id={`window-${at}-price`} unit={unit} error={error(".price_centicent_kwh")}>
                    {(extra) => <input {...extra} inputMode="decimal" value={value.price} onInput={(e) => set({ price: e.currentTarget.value })} />}
                </Field>
            </div>
            <button type="button" class="button" onClick={remove}>{t("price.remove")}<span class="visually-hidden">: {t("price.window", { n: at + 1 })}</span></button>
        </fieldset>
    );
}

function Prices({ now, again }: { now: TariffNow; again: () => void }) {
    const decimalsOf = (currency: string): number => now.currencies[currency] ?? 2;
    const kept = draftOf(now, decimalsOf(now.currency ?? ""));
    const [edited, setEdited] = useState<Draft | null>(null);
    const [refused, setRefused] = useState<Problem | null>(null);
    const draft = edited ?? kept;
    const decimals = decimalsOf(draft.currency);
    const most = decimal(priceMax(decimals), 0);
    const unit = t("price.per_kwh", { currency: draft.currency });
    const wrong = wrongOf(draft, decimals);
    const windows_n = Math.max(kept.windows.length, draft.windows.length);
    const changes = changesOf(linesOf(kept, windows_n, weekday), linesOf(draft, windows_n, weekday));
    const set = (change: Partial<Draft>): void => (setRefused(null), setEdited({ ...draft, ...change }));
    const setWindow = (at: number, change: Partial<WindowDraft>): void => set({ windows: draft.windows.map((w, i) => (i === at ? { ...w, ...change } : w)) });
    const errorAt = (field: string): string | null => {
        const what = wrong[field];
        if (what === undefined) {
            return refused?.field === field ? refused.detail : null;
        }
        return what === "range" ? t("error.range", { min: 0, max: most, unit: draft.currency }) : what === "days" ? t("error.days") : what === "quarter" ? t("error.quarter") : t("error.needed");
    };
    const names: Record<string, string> = { currency: t("price.currency"), price: t("price.base"), solar: t("price.solar") };
    const apply = async (): Promise<void> => {
        await ask("tariff", { method: "PUT", body: tariffOf(draft, decimals) });
        setEdited(null);
        again();
    };

    return (
        <Panel title={t("price.title")} kind="prices">
            <p class="soft">{now.number === null ? t("price.none") : t("price.since", { when: dayClock(now.valid_from_utc), number: now.number })} {t("price.under")}</p>
            <div class="form">
                <Field label={t("price.currency")} id="price-currency" error={errorAt("currency")}>
                    {(extra) => (
                        <select {...extra} value={draft.currency} onChange={(e) => set({ currency: e.currentTarget.value })}>
                            <option value="">{t("price.no_currency")}</option>
                            {Object.keys(now.currencies).sort().map((c) => <option key={c} value={c}>{c} – {currencyName(c)}</option>)}
                        </select>
                    )}
                </Field>
                {draft.currency === "" ? null : (
                    <>
                        <Field label={t("price.base")} id="price-base" unit={unit} help={t("price.base_help", { max: most })} error={errorAt("price_centicent_kwh")}>
                            {(extra) => <input {...extra} inputMode="decimal" value={draft.price} onInput={(e) => set({ price: e.currentTarget.value })} />}
                        </Field>
                        <Field label={t("price.solar")} id="price-solar" unit={unit} help={t("price.solar_help")} error={errorAt("solar_price_centicent_kwh")}>
                            {(extra) => <input {...extra} inputMode="decimal" value={draft.solar} onInput={(e) => set({ solar: e.currentTarget.value })} />}
                        </Field>
                    </>
                )}
            </div>
            {draft.currency === "" ? null : (
                <>
                    <h3>{t("price.windows")}</h3>
                    <p class="soft">{t("price.window_help")}</p>
                    {draft.windows.map((w, i) => (
                        <WindowFields key={i} at={i} value={w} unit={unit} errorAt={errorAt} set={(change) => setWindow(i, change)} remove={() => set({ windows: draft.windows.filter((_, k) => k !== i) })} />
                    ))}
                    {draft.windows.length < WINDOW_MAX ? <button type="button" class="button" onClick={() => set({ windows: [...draft.windows, FRESH] })}><Icon name="plus" />{t("price.add")}</button> : null}
                </>
            )}
            <ApplyBar
                changes={changes}
                nameOf={(field) => names[field] ?? t("price.window", { n: Number(field.slice(7)) + 1 })}
                isValid={Object.keys(wrong).length === 0}
                apply={apply}
                drop={() => (setRefused(null), setEdited(null))}
                failed={setRefused}
            />
        </Panel>
    );
}

export default function PricesPage() {
    const { data, problem, again } = useLoad<TariffNow>("tariff");

    return (
        <div class="page">
            <div class="page-head"><h1>{t("price.title")}</h1></div>
            {problem ? <Trouble problem={problem} /> : null}
            {data ? <Prices now={data} again={again} /> : null}
            {!data && !problem ? <p class="soft">{t("wait")}</p> : null}
        </div>
    );
}
