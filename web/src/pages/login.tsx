/* Log in, replace the first password before anything else, or get back in with the recovery key. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { ask, askWho, who, type Problem } from "../lib/api";
import { t } from "../lib/text";
import type { Me } from "../lib/types";
import { Field, problemText } from "../parts/basic";
import { LanguageChoice, ThemeButton } from "../parts/header";
import { Icon } from "../parts/icons";
import { NewPasswordFields, passwordTrouble, type NewPassword } from "../parts/password";

let typed = ""; /* the first password, kept between logging in and replacing it, so that it is typed once */

const EMPTY: NewPassword = { first: "", second: "" };

function Box({ title, under, children, submit, label, problem, isBusy }: { title: string; under: string; children: ComponentChildren; submit: () => void; label: string; problem: Problem | null; isBusy: boolean }) {
    const general = problem && problem.field === null ? (problem.status === 401 ? t("login.wrong") : problem.status === 429 ? t("login.slow") : problemText(problem)) : null;

    return (
        <main class="lonely">
            <form class="panel login" onSubmit={(e) => (e.preventDefault(), submit())} noValidate>
                <span class="brand-mark"><Icon name="bolt" /></span>
                <h1>{title}</h1>
                <p class="soft">{under}</p>
                {children}
                {general ? <p class="note note-bad" role="alert">{general}</p> : null}
                <button type="submit" class="button button-main button-wide" disabled={isBusy}>{label}</button>
            </form>
            <div class="login-tools"><LanguageChoice /><ThemeButton /></div>
        </main>
    );
}

function useSend(): { problem: Problem | null; isBusy: boolean; send: (work: () => Promise<void>) => void } {
    const [problem, setProblem] = useState<Problem | null>(null);
    const [isBusy, setBusy] = useState(false);
    const send = (work: () => Promise<void>): void => {
        setBusy(true);
        setProblem(null);
        work().catch(setProblem).finally(() => setBusy(false));
    };

    return { problem, isBusy, send };
}

function LogIn({ recover }: { recover: () => void }) {
    const [user, setUser] = useState("");
    const [password, setPassword] = useState("");
    const { problem, isBusy, send } = useSend();
    const submit = (): void =>
        send(async () => {
            const me = await ask<Me>("login", { method: "POST", body: { user, password } });
            typed = me.must_change ? password : "";
            who.set(me);
        });

    return (
        <Box title={t("login.title")} under={t("login.under")} submit={submit} label={t("login.enter")} problem={problem} isBusy={isBusy}>
            <Field label={t("login.user")} id="user">
                {(extra) => <input {...extra} autoComplete="username" autoCapitalize="none" value={user} onInput={(e) => setUser(e.currentTarget.value)} />}
            </Field>
            <Field label={t("login.password")} id="password">
                {(extra) => <input {...extra} type="password" autoComplete="current-password" value={password} onInput={(e) => setPassword(e.currentTarget.value)} />}
            </Field>
            <button type="button" class="link" onClick={recover}>{t("login.forgot")}</button>
        </Box>
    );
}

function Recover({ back }: { back: () => void }) {
    const [key, setKey] = useState("");
    const [fresh, setFresh] = useState(EMPTY);
    const [isAsked, setAsked] = useState(false);
    const [isDone, setDone] = useState(false);
    const { problem, isBusy, send } = useSend();
    const trouble = passwordTrouble(fresh);
    const submit = (): void => {
        if (isDone) {
            back();
            return;
        }
        setAsked(true);
        if (key.trim() !== "" && !trouble.first && !trouble.second) {
            send(async () => {
                await ask("recover", { method: "POST", body: { recovery_key: key.trim(), new_password: fresh.first } });
                setDone(true);
            });
        }
    };

    return (
        <Box title={t("recover.title")} under={isDone ? t("recover.done") : t("recover.under")} submit={submit} label={isDone ? t("login.title") : t("login.save")} problem={problem} isBusy={isBusy}>
            {isDone ? null : (
                <>
                    <Field label={t("recover.key")} id="recovery" help={t("recover.key_help")} error={isAsked && key.trim() === "" ? t("error.needed") : problem?.field === "recovery_key" ? problem.detail : null}>
                        {(extra) => <input {...extra} class="mono" autoComplete="off" value={key} onInput={(e) => setKey(e.currentTarget.value)} />}
                    </Field>
                    <NewPasswordFields value={fresh} set={setFresh} isAsked={isAsked} refused={problem?.field === "new_password" ? problem.detail : null} />
                    <button type="button" class="link" onClick={back}>{t("recover.back")}</button>
                </>
            )}
        </Box>
    );
}

function Change() {
    const [old, setOld] = useState(typed);
    const [fresh, setFresh] = useState(EMPTY);
    const [isAsked, setAsked] = useState(false);
    const isTyped = typed !== "";
    const { problem, isBusy, send } = useSend();
    const submit = (): void => {
        const trouble = passwordTrouble(fresh);
        setAsked(true);
        if (!trouble.first && !trouble.second) {
            send(async () => {
                await ask("password", { method: "POST", body: { password: old, new_password: fresh.first } });
                typed = "";
                await askWho();
            });
        }
    };

    return (
        <Box title={t("change.title")} under={t("change.under")} submit={submit} label={t("login.save")} problem={problem} isBusy={isBusy}>
            {isTyped ? null : (
                <Field label={t("login.old")} id="old-password" error={problem?.field === "password" ? problem.detail : null}>
                    {(extra) => <input {...extra} type="password" autoComplete="current-password" value={old} onInput={(e) => setOld(e.currentTarget.value)} />}
                </Field>
            )}
            <NewPasswordFields value={fresh} set={setFresh} isAsked={isAsked} refused={problem?.field === "new_password" ? problem.detail : null} />
        </Box>
    );
}

/* id "change": logged in, but the first password must go. */
export default function LoginPage({ id }: { id: string }) {
    const [isRecover, setRecover] = useState(false);

    if (id === "change") {
        return <Change />;
    }
    return isRecover ? <Recover back={() => setRecover(false)} /> : <LogIn recover={() => setRecover(true)} />;
}
