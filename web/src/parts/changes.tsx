/* What a form would change, before it is applied, and how applying went. */
import { useState } from "preact/hooks";
import type { Problem } from "../lib/api";
import type { Change } from "../lib/changes";
import { t } from "../lib/text";
import { problemText } from "./basic";

interface ApplyProps {
    changes: Change[];
    nameOf: (field: string) => string;
    isValid: boolean;
    apply: () => Promise<void>;
    drop: () => void;
    failed: (problem: Problem) => void;
}

export function ApplyBar({ changes, nameOf, isValid, apply, drop, failed }: ApplyProps) {
    const [state, setState] = useState<"" | "busy" | "done">("");
    const [problem, setProblem] = useState<Problem | null>(null);
    const send = async (): Promise<void> => {
        setState("busy");
        setProblem(null);
        try {
            await apply();
            setState("done");
        } catch (error) {
            setState("");
            setProblem(error as Problem);
            failed(error as Problem);
        }
    };

    if (changes.length === 0) {
        return <p class="apply soft" role="status">{state === "done" ? t("apply.done") : t("apply.none")}</p>;
    }
    return (
        <div class="apply">
            <ul>
                {changes.map((c) => (
                    <li key={c.field}>
                        {nameOf(c.field)}: <s>{c.before === "" ? "–" : c.before}</s> → <b>{c.after === "" ? "–" : c.after}</b>
                    </li>
                ))}
            </ul>
            {problem ? <p class="note note-bad" role="alert">{problemText(problem)}</p> : null}
            <button type="button" class="button button-main" disabled={!isValid || state === "busy"} onClick={() => void send()}>{t("apply.apply")}</button>
            <button type="button" class="button" onClick={drop}>{t("apply.drop")}</button>
        </div>
    );
}
