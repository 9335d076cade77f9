/* A new password, typed twice. */
import { t } from "../lib/text";
import { Field } from "./basic";

export const PASSWORD_MIN = 10;

export interface NewPassword {
    first: string;
    second: string;
}

/* The text of what is wrong with it; null nothing. */
export function passwordTrouble(value: NewPassword): { first: string | null; second: string | null } {
    return {
        first: [...value.first].length < PASSWORD_MIN ? t("error.short", { n: PASSWORD_MIN }) : null,
        second: value.first !== value.second ? t("error.differs") : null,
    };
}

interface Props {
    value: NewPassword;
    set: (value: NewPassword) => void;
    isAsked: boolean; /* say what is wrong only after somebody has tried */
    refused: string | null;
}

export function NewPasswordFields({ value, set, isAsked, refused }: Props) {
    const trouble = passwordTrouble(value);

    return (
        <>
            <Field label={t("login.new")} id="new-password" help={t("login.new_help", { n: PASSWORD_MIN })} error={(isAsked ? trouble.first : null) ?? refused}>
                {(extra) => <input {...extra} type="password" autoComplete="new-password" value={value.first} onInput={(e) => set({ ...value, first: e.currentTarget.value })} />}
            </Field>
            <Field label={t("login.again")} id="new-password-again" error={isAsked ? trouble.second : null}>
                {(extra) => <input {...extra} type="password" autoComplete="new-password" value={value.second} onInput={(e) => set({ ...value, second: e.currentTarget.value })} />}
            </Field>
        </>
    );
}
