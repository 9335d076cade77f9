/* Light or dark: as the system wants, or as chosen here. */
import { createStore } from "./store";

export type Choice = "auto" | "light" | "dark";
const CHOICES: readonly Choice[] = ["auto", "light", "dark"];
const system = matchMedia("(prefers-color-scheme: dark)");

export function remembered(name: string): string | null {
    try {
        return localStorage.getItem(name);
    } catch {
        return null; /* storage may be forbidden; nothing is remembered then */
    }
}

export function remember(name: string, value: string): void {
    try {
        localStorage.setItem(name, value);
    } catch {
        /* as above */
    }
}

const kept = remembered("theme") as Choice | null;
export const choice = createStore<Choice>(kept && CHOICES.includes(kept) ? kept : "auto");
export const theme = createStore<"light" | "dark">("light");

function apply(): void {
    const wanted = choice.get();
    const next = wanted === "auto" ? (system.matches ? "dark" : "light") : wanted;

    document.documentElement.dataset["theme"] = next;
    theme.set(next);
}

export function startTheme(): void {
    apply();
    system.addEventListener("change", apply);
    choice.watch((now) => {
        remember("theme", now);
        apply();
    });
}

export function nextTheme(): void {
    choice.update((now) => CHOICES[(CHOICES.indexOf(now) + 1) % CHOICES.length]!);
}
