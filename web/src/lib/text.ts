/* Texts of the interface: one catalogue per language, loaded when it is chosen. */
import { LANGUAGES, setLocale, type Language } from "./format";
import { createStore, useStore } from "./store";
import type en from "../texts/en.json";

export type Key = keyof typeof en;
type Catalogue = Record<string, string>;

const loaders: Record<Language, () => Promise<{ default: Catalogue }>> = {
    en: () => import("../texts/en.json"),
    fr: () => import("../texts/fr.json"),
    nb: () => import("../texts/nb.json"),
    de: () => import("../texts/de.json"),
};

export const language = createStore<Language>("en");
let catalogue: Catalogue = {};

/* The first of the wanted languages that we speak. */
export function chooseLanguage(wanted: readonly string[]): Language {
    for (const tag of wanted) {
        const base = tag.toLowerCase().split("-")[0] ?? "";
        const ours = base === "no" || base === "nn" ? "nb" : base;
        if ((LANGUAGES as readonly string[]).includes(ours)) {
            return ours as Language;
        }
    }
    return "en";
}

export async function setLanguage(chosen: Language): Promise<void> {
    catalogue = (await loaders[chosen]()).default;
    setLocale(chosen, navigator.languages);
    document.documentElement.lang = chosen;
    language.set(chosen);
}

/* For tests, and for those who have the catalogue already. */
export function useCatalogue(texts: Catalogue): void {
    catalogue = texts;
}

export type Values = Record<string, string | number>;

export function fill(text: string, values: Values): string {
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export function t(key: Key, values?: Values): string {
    const text = catalogue[key] ?? key;

    return values ? fill(text, values) : text;
}

/* The text for a number of things: KEY.one or KEY.other. */
export function plural(key: "n.sessions" | "n.found" | "n.phases_full", n: number, shown: string): string {
    const isOne = new Intl.PluralRules(language.get()).select(n) === "one";

    return t(`${key}.${isOne ? "one" : "other"}` as Key, { n: shown });
}

/* A text of a family that the manager names: unknown members are shown as they came. */
export function named(family: string, member: string): string {
    return catalogue[`${family}.${member}`] ?? member;
}

export function hasText(family: string, member: string): boolean {
    return `${family}.${member}` in catalogue;
}

/* Draw again when the language changes. */
export function useLanguage(): Language {
    return useStore(language);
}
