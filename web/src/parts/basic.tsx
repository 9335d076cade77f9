/* Pieces that every page uses. */
import type { ComponentChildren } from "preact";
import type { Problem } from "../lib/api";
import { toneOf, type ReasonFacts } from "../lib/reason";
import { named, t } from "../lib/text";
import { Icon, type IconName } from "./icons";

export function Panel({ title, children, actions, kind }: { title: string; children: ComponentChildren; actions?: ComponentChildren; kind?: string }) {
    return (
        <section class={`panel ${kind ?? ""}`} aria-label={title}>
            <header class="panel-head">
                <h2>{title}</h2>
                {actions}
            </header>
            {children}
        </section>
    );
}

export function StateChip({ box }: { box: ReasonFacts }) {
    return <span class={`chip chip-${toneOf(box)}`} title={box.state}>{named("state", box.state)}</span>;
}

/* value with its unit, kept together */
export function Amount({ value, unit }: { value: string; unit: string }) {
    return (
        <span class="amount">
            {value}
            {"\u00a0"}
            <small>{unit}</small>
        </span>
    );
}

export function problemText(problem: Problem): string {
    if (problem.status === 0) {
        return t("problem.unreachable");
    }
    if (problem.isMissing) {
        return t("problem.missing");
    }
    if (problem.status === 403) {
        return t("problem.forbidden");
    }
    return problem.detail !== "" ? problem.detail : t("problem.other", { status: problem.status });
}

export function Trouble({ problem }: { problem: Problem }) {
    return (
        <p class={problem.isMissing ? "note" : "note note-bad"} role="status">
            {problemText(problem)}
        </p>
    );
}

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
    return (
        <div class="empty">
            <Icon name={icon} />
            <strong>{title}</strong>
            {children ? <p>{children}</p> : null}
        </div>
    );
}

export interface FieldProps {
    label: string;
    id: string;
    help?: string;
    unit?: string;
    error?: string | null;
    children: (extra: { id: string; "aria-describedby"?: string; "aria-invalid"?: "true" }) => ComponentChildren;
}

/* A labelled field: unit beside it, range and default under it, the error in words at the field. */
export function Field({ label, id, help, unit, error, children }: FieldProps) {
    const under = error ?? help;

    return (
        <div class={error ? "field has-error" : "field"}>
            <label for={id}>{label}</label>
            <span class="field-row">
                {children({ id, ...(under ? { "aria-describedby": `${id}-note` } : {}), ...(error ? { "aria-invalid": "true" as const } : {}) })}
                {unit ? <span class="unit">{unit}</span> : null}
            </span>
            {under ? (
                <small id={`${id}-note`} {...(error ? { role: "alert" } : {})}>
                    {under}
                </small>
            ) : null}
        </div>
    );
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
    return (
        <div class="fact">
            <dt>{name}</dt>
            <dd>{children}</dd>
        </div>
    );
}
