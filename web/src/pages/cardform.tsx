/* Add or change one card. */
import { useState } from "preact/hooks";
import { ask, type Problem } from "../lib/api";
import { idOf } from "../lib/cardid";
import { cleanUid } from "../lib/csv";
import { fromInput, toInput } from "../lib/format";
import { boxes } from "../lib/live";
import { useStore } from "../lib/store";
import { named, t } from "../lib/text";
import type { Card } from "../lib/types";
import { Field, problemText } from "../parts/basic";
import { Dialog } from "../parts/dialog";

const COLOURS = ["white", "red", "green", "blue"];
const BLANK: Card = { uid: "", identity: null, kind: "user", name: "", colour: "white", blocked: false, expires: null, wallboxes: [], departure: null, needed_wh: null, priority: null };

interface Props {
    card: Card | null; /* null: a new one */
    close: () => void;
    done: () => void;
}

export function CardForm({ card, close, done }: Props) {
    const [values, setValues] = useState<Card>(card ?? BLANK);
    const [problem, setProblem] = useState<Problem | null>(null);
    const [isAsked, setAsked] = useState(false);
    const [isBusy, setBusy] = useState(false);
    const [wantsDelete, setWantsDelete] = useState(false);
    const all = [...useStore(boxes).values()];
    const set = (change: Partial<Card>): void => (setProblem(null), setValues((was) => ({ ...was, ...change })));
    const isVehicle = values.identity !== null;
    const uid = isVehicle ? null : cleanUid(values.uid ?? "");
    const at = (field: string): string | null => (problem?.field === field ? problem.detail : null);
    const run = (work: Promise<unknown>): void => {
        setBusy(true);
        work.then(done, setProblem).finally(() => setBusy(false));
    };
    const save = (e: SubmitEvent): void => {
        e.preventDefault();
        setAsked(true);
        if (uid === null && !isVehicle) {
            return;
        }
        const { uid: _uid, identity, ...rest } = values;
        run(card ? ask(path, { method: "PUT", body: rest }) : ask("cards", { method: "POST", body: { uid, identity, ...rest } }));
    };
    const path = card ? `cards/${encodeURIComponent(idOf(card))}` : "";
    const number = (text: string, factor: number): number | null => (text === "" ? null : Math.round(Number(text.replace(",", ".")) * factor));
    const toggle = (serial: string, isOn: boolean): void => set({ wallboxes: isOn ? [...values.wallboxes, serial] : values.wallboxes.filter((s) => s !== serial) });

    return (
        <Dialog title={card ? t("card.change") : t("card.add")} onClose={close}>
            <form onSubmit={save} noValidate>
                <Field label={t("card.uid")} id="card-uid" help={t("card.uid_help")} error={isAsked && uid === null && !isVehicle ? t("error.uid") : at("uid")}>
                    {(extra) => <input {...extra} class="mono" value={idOf(values)} readOnly={card !== null} autoComplete="off" onInput={(e) => set({ uid: e.currentTarget.value })} />}
                </Field>
                <Field label={t("set.name")} id="card-name" help={t("card.name_help")} error={at("name")}>
                    {(extra) => <input {...extra} value={values.name} onInput={(e) => set({ name: e.currentTarget.value })} />}
                </Field>
                <Field label={t("card.colour")} id="card-colour" error={at("colour")}>
                    {(extra) => (
                        <select {...extra} value={values.colour} onChange={(e) => set({ colour: e.currentTarget.value })}>
                            {(COLOURS.includes(values.colour) ? COLOURS : [values.colour, ...COLOURS]).map((c) => <option key={c} value={c}>{COLOURS.includes(c) ? named("colour", c) : c || "–"}</option>)}
                        </select>
                    )}
                </Field>
                <Field label={t("card.expires")} id="card-expires" help={t("card.expires_help")} error={at("expires")}>
                    {(extra) => <input {...extra} type="datetime-local" value={toInput(values.expires)} onInput={(e) => set({ expires: fromInput(e.currentTarget.value) })} />}
                </Field>
                <label class="check"><input type="checkbox" checked={values.blocked} onChange={(e) => set({ blocked: e.currentTarget.checked })} />{t("card.blocked")}</label>
                {isVehicle ? null : <label class="check"><input type="checkbox" checked={values.kind === "master"} onChange={(e) => set({ kind: e.currentTarget.checked ? "master" : "user" })} />{t("card.master")}</label>}
                <details>
                    <summary>{t("card.presets")}</summary>
                    <Field label={t("session.departure")} id="card-departure" help={t("card.departure_help")} error={at("departure")}>
                        {(extra) => <input {...extra} type="time" value={values.departure ?? ""} onInput={(e) => set({ departure: e.currentTarget.value || null })} />}
                    </Field>
                    <Field label={t("session.needed")} id="card-needed" help={t("card.needed_help")} error={at("needed_wh")}>
                        {(extra) => <input {...extra} inputMode="decimal" value={values.needed_wh === null ? "" : String(values.needed_wh / 1000)} onChange={(e) => set({ needed_wh: number(e.currentTarget.value, 1000) })} />}
                    </Field>
                    <Field label={t("set.priority")} id="card-priority" help={t("set.priority_help")} error={at("priority")}>
                        {(extra) => <input {...extra} inputMode="numeric" value={values.priority ?? ""} onChange={(e) => set({ priority: number(e.currentTarget.value, 1) })} />}
                    </Field>
                </details>
                <details>
                    <summary>{t("card.where")}: {values.wallboxes.length === 0 ? t("card.all_wallboxes") : values.wallboxes.length}</summary>
                    <div class="check-list">
                        {all.map((b) => (
                            <label key={b.serial} class="check"><input type="checkbox" checked={values.wallboxes.includes(b.serial)} onChange={(e) => toggle(b.serial, e.currentTarget.checked)} />{b.name}</label>
                        ))}
                    </div>
                </details>
                {problem && problem.field === null ? <p class="note note-bad" role="alert">{problemText(problem)}</p> : null}
                <div class="dialog-foot">
                    {card ? (
                        wantsDelete ? (
                            <button type="button" class="button button-bad" disabled={isBusy} onClick={() => run(ask(path, { method: "DELETE" }))}>{t("card.delete_sure")}</button>
                        ) : (
                            <button type="button" class="button" onClick={() => setWantsDelete(true)}>{t("card.delete")}</button>
                        )
                    ) : null}
                    <span class="grow" />
                    <button type="button" class="button" onClick={close}>{t("card.cancel")}</button>
                    <button type="submit" class="button button-main" disabled={isBusy}>{t("card.save")}</button>
                </div>
            </form>
        </Dialog>
    );
}
