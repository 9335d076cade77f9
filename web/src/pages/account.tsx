/* Who is logged in; a new password. */
import { useState } from "preact/hooks";
import { ask, askWho, who, type Problem } from "../lib/api";
import { useStore } from "../lib/store";
import { named, t } from "../lib/text";
import { LanguageChoice, ThemeButton } from "../parts/header";
import { Empty, Fact, Field, Panel, problemText } from "../parts/basic";
import { NewPasswordFields, passwordTrouble, type NewPassword } from "../parts/password";

const EMPTY: NewPassword = { first: "", second: "" };

export default function AccountPage() {
    const w = useStore(who);
    const [old, setOld] = useState("");
    const [fresh, setFresh] = useState(EMPTY);
    const [isAsked, setAsked] = useState(false);
    const [state, setState] = useState<"" | "busy" | "done">("");
    const [problem, setProblem] = useState<Problem | null>(null);

    if (!w || w === "open") {
        return <Empty icon="user" title={t("account.none")} />;
    }
    const submit = async (e: SubmitEvent): Promise<void> => {
        const trouble = passwordTrouble(fresh);
        e.preventDefault();
        setAsked(true);
        setProblem(null);
        if (trouble.first || trouble.second) {
            return;
        }
        setState("busy");
        try {
            await ask("password", { method: "POST", body: { password: old, new_password: fresh.first } });
            await askWho();
            setOld("");
            setFresh(EMPTY);
            setAsked(false);
            setState("done");
        } catch (error) {
            setProblem(error as Problem);
            setState("");
        }
    };
    return (
        <div class="page page-narrow">
            <div class="page-head"><h1>{t("account.title")}</h1></div>
            <Panel title={w.user}>
                <dl class="facts"><Fact name={t("account.role")}>{named("role", w.role)}</Fact><Fact name={t("head.language")}><LanguageChoice /></Fact><Fact name={t("head.theme")}><ThemeButton /></Fact></dl>
            </Panel>
            <Panel title={t("account.password")}>
                <form class="form form-one" onSubmit={(e) => void submit(e)} noValidate>
                    <input class="visually-hidden" tabIndex={-1} aria-hidden="true" autoComplete="username" value={w.user} readOnly />
                    <Field label={t("login.old")} id="old-password" error={problem?.field === "password" ? problem.detail : null}>
                        {(extra) => <input {...extra} type="password" autoComplete="current-password" value={old} onInput={(ev) => setOld(ev.currentTarget.value)} />}
                    </Field>
                    <NewPasswordFields value={fresh} set={setFresh} isAsked={isAsked} refused={problem?.field === "new_password" ? problem.detail : null} />
                    {problem && problem.field === null ? <p class="note note-bad" role="alert">{problemText(problem)}</p> : null}
                    {state === "done" ? <p class="good" role="status">{t("account.done")}</p> : null}
                    <div><button type="submit" class="button button-main" disabled={state === "busy"}>{t("login.save")}</button></div>
                </form>
            </Panel>
        </div>
    );
}
