/* Be told: who hears of alarms, of which, and when not. */
import { useState } from "preact/hooks";
import { ask, type Problem } from "../lib/api";
import { changesOf } from "../lib/changes";
import { useLoad } from "../lib/load";
import { named, t, type Key } from "../lib/text";
import { Field, Panel, problemText, Trouble } from "../parts/basic";
import { ApplyBar } from "../parts/changes";

interface Alarms {
    mail_url: string;
    mail_from: string;
    mail_to: string;
    mail_user: string;
    hook_url: string;
    language: string;
    classes: { class: string; when: string }[];
    quiet_from: string | null;
    quiet_to: string | null;
    least_s: number;
    hour_n: number;
    tells_solved: boolean;
    has_password: boolean;
}

const TEXTS = ["mail_url", "mail_from", "mail_to", "mail_user", "mail_password", "hook_url"] as const;
const TIMES = ["quiet_from", "quiet_to"] as const;
const NUMBERS = ["least_s", "hour_n"] as const;
const WHENS = ["always", "by_day", "off"];
const LANGUAGES = ["en", "fr", "nb", "de"];

const flat = (a: Alarms): Record<string, string> => ({
    mail_url: a.mail_url, mail_from: a.mail_from, mail_to: a.mail_to, mail_user: a.mail_user, mail_password: "", hook_url: a.hook_url, language: a.language,
    quiet_from: a.quiet_from ?? "", quiet_to: a.quiet_to ?? "", least_s: String(a.least_s), hour_n: String(a.hour_n), tells_solved: String(a.tells_solved),
    ...Object.fromEntries(a.classes.map((c) => [`class.${c.class}`, c.when])),
});

/* What changed, as the manager wants it. */
function bodyOf(values: Record<string, string>, fields: readonly string[]): Record<string, unknown> {
    const body: Record<string, unknown> = {};
    const classes = fields.filter((f) => f.startsWith("class.")).map((f) => ({ class: f.slice(6), when: values[f] }));

    for (const f of fields) {
        if ((TEXTS as readonly string[]).includes(f) || f === "language") body[f] = values[f]?.trim();
        if ((NUMBERS as readonly string[]).includes(f)) body[f] = Number(values[f]);
    }
    if (fields.some((f) => f.startsWith("quiet_"))) {
        for (const f of TIMES) body[f] = values[f] === "" ? null : values[f];
    }
    if (fields.includes("tells_solved")) body["tells_solved"] = values["tells_solved"] === "true";
    return classes.length > 0 ? { ...body, classes } : body;
}

function TestButton() {
    const [said, setSaid] = useState<{ is_told: boolean; why: string } | null>(null);
    const [problem, setProblem] = useState<Problem | null>(null);
    const [isBusy, setBusy] = useState(false);
    const send = (): void => {
        setBusy(true);
        setSaid(null);
        setProblem(null);
        ask<{ is_told: boolean; why: string }>("alarms/test", { method: "POST" }).then(setSaid, setProblem).finally(() => setBusy(false));
    };

    return (
        <p class="tools">
            <button type="button" class="button" disabled={isBusy} onClick={send}>{isBusy ? t("wait") : t("alarm.test")}</button>
            {said ? <span role="status" class={said.is_told ? "good" : "bad"}>{said.is_told ? t("alarm.test_good") : t("alarm.test_bad", { why: said.why })}</span> : null}
            {problem ? <span class="bad" role="alert">{problemText(problem)}</span> : null}
        </p>
    );
}

function Settings({ now, again }: { now: Alarms; again: () => void }) {
    const [edited, setEdited] = useState<Record<string, string>>({});
    const [refused, setRefused] = useState<Problem | null>(null);
    const values = { ...flat(now), ...edited };
    const changes = changesOf(flat(now), values).map((c) => (c.field === "mail_password" ? { ...c, after: "••••" } : c));
    const set = (field: string, value: string): void => (setRefused(null), setEdited((was) => ({ ...was, [field]: value })));
    const errorAt = (field: string): string | null => (refused?.field === field || (field.startsWith("class.") && refused?.field === "classes") ? refused.detail : null);
    const label = (field: string): string => (field.startsWith("class.") ? named("alarm_class", field.slice(6)) : t(`alarm.${field}` as Key));
    const apply = async (): Promise<void> => {
        await ask("alarms", { method: "PUT", body: bodyOf(values, changes.map((c) => c.field)) });
        setEdited({});
        again();
    };
    const choice = (field: string, options: readonly string[], textOf: (value: string) => string) => (
        <Field key={field} label={label(field)} id={field} error={errorAt(field)}>
            {(extra) => <select {...extra} value={values[field]} onChange={(e) => set(field, e.currentTarget.value)}>{options.map((o) => <option key={o} value={o}>{textOf(o)}</option>)}</select>}
        </Field>
    );
    const line = (field: string, type = "text", help = "") => (
        <Field key={field} label={label(field)} id={field} {...(help ? { help } : {})} error={errorAt(field)}>
            {(extra) => <input {...extra} type={type} autoComplete={type === "password" ? "new-password" : "off"} value={values[field]} onInput={(e) => set(field, e.currentTarget.value)} />}
        </Field>
    );

    return (
        <Panel title={t("alarm.title")} kind="alarms">
            <p class="soft">{t("alarm.under")}</p>
            <h3>{t("alarm.mail")}</h3>
            <div class="form">
                {line("mail_url", "text", t("alarm.mail_url_help"))}
                {line("mail_from")}
                {line("mail_to", "text", t("alarm.mail_to_help"))}
                {line("mail_user")}
                {line("mail_password", "password", now.has_password ? t("alarm.password_kept") : undefined)}
            </div>
            <h3>{t("alarm.hook")}</h3>
            <div class="form">{line("hook_url", "text", t("alarm.hook_url_help"))}</div>
            <h3>{t("alarm.which")}</h3>
            <div class="form">
                {now.classes.map((c) => choice(`class.${c.class}`, WHENS, (w) => named("alarm_when", w)))}
                {TIMES.map((f) => line(f, "time"))}
                {NUMBERS.map((f) => line(f, "number"))}
                {choice("tells_solved", ["true", "false"], (v) => t(v === "true" ? "alarm.yes" : "alarm.no"))}
                {choice("language", LANGUAGES, (l) => new Intl.DisplayNames([l], { type: "language" }).of(l) ?? l)}
            </div>
            <ApplyBar changes={changes} nameOf={label} isValid apply={apply} drop={() => (setRefused(null), setEdited({}))} failed={setRefused} />
            <TestButton />
        </Panel>
    );
}

export default function AlarmsPage() {
    const { data, problem, again } = useLoad<Alarms>("alarms");

    return (
        <div class="page">
            <div class="page-head"><h1>{t("alarm.title")}</h1></div>
            {problem ? <Trouble problem={problem} /> : null}
            {data ? <Settings now={data} again={again} /> : null}
            {!data && !problem ? <p class="soft">{t("wait")}</p> : null}
        </div>
    );
}
