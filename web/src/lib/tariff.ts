/* Prices as a form holds them, and as the manager takes them. Pure. */
import { parseDecimal } from "./format";
import type { PriceWindow, Tariff } from "./types";

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
export const WINDOW_MAX = 16;
export const PRICE_MAX = 100000000; /* in 1/100 of the minor unit */

export interface WindowDraft {
    days: string[];
    from: string;
    to: string; /* 00:00: the end of the day */
    price: string;
}

/* Prices are texts in the currency itself, as "0.285". */
export interface Draft {
    currency: string; /* "": none */
    price: string;
    solar: string;
    windows: WindowDraft[];
}

export type Wrong = "needed" | "range" | "days" | "quarter";

const scaleOf = (decimals: number): number => 10 ** (decimals + 2);
const centicents = (text: string, decimals: number): number => Math.round((parseDecimal(text) ?? 0) * scaleOf(decimals));
export const priceMax = (decimals: number): number => PRICE_MAX / scaleOf(decimals);

export function draftOf(tariff: Tariff, decimals: number): Draft {
    const text = (price: number): string => String(price / scaleOf(decimals));
    const windows = tariff.windows.map((w) => ({ days: w.days, from: w.from, to: w.to === "24:00" ? "00:00" : w.to, price: text(w.price_centicent_kwh) }));

    return {
        currency: tariff.currency ?? "",
        price: tariff.currency === null ? "" : text(tariff.price_centicent_kwh),
        solar: tariff.solar_price_centicent_kwh === null ? "" : text(tariff.solar_price_centicent_kwh),
        windows,
    };
}

export function tariffOf(draft: Draft, decimals: number): Tariff {
    if (draft.currency === "") {
        return { currency: null, price_centicent_kwh: 0, solar_price_centicent_kwh: null, windows: [] };
    }
    const window = (w: WindowDraft): PriceWindow => ({
        days: DAYS.filter((d) => w.days.includes(d)),
        from: w.from,
        to: w.to === "00:00" ? "24:00" : w.to,
        price_centicent_kwh: centicents(w.price, decimals),
    });

    return {
        currency: draft.currency,
        price_centicent_kwh: centicents(draft.price, decimals),
        solar_price_centicent_kwh: draft.solar.trim() === "" ? null : centicents(draft.solar, decimals),
        windows: draft.windows.map(window),
    };
}

function priceWrong(text: string, decimals: number): Wrong | null {
    const price = parseDecimal(text);

    return text.trim() === "" ? "needed" : price === null || price < 0 || price > priceMax(decimals) ? "range" : null;
}

const timeWrong = (text: string): Wrong | null => (text === "" ? "needed" : /^\d\d:(00|15|30|45)$/.test(text) ? null : "quarter");

/* What is wrong, by the names that the manager has for the fields. */
export function wrongOf(draft: Draft, decimals: number): Record<string, Wrong> {
    const out: Record<string, Wrong> = {};
    const note = (field: string, wrong: Wrong | null): void => {
        if (wrong) {
            out[field] = wrong;
        }
    };

    if (draft.currency !== "") {
        note("price_centicent_kwh", priceWrong(draft.price, decimals));
        note("solar_price_centicent_kwh", draft.solar.trim() === "" ? null : priceWrong(draft.solar, decimals));
        draft.windows.forEach((w, i) => {
            note(`windows[${i}].days`, w.days.length === 0 ? "days" : null);
            note(`windows[${i}].from`, timeWrong(w.from));
            note(`windows[${i}].to`, timeWrong(w.to));
            note(`windows[${i}].price_centicent_kwh`, priceWrong(w.price, decimals));
        });
    }
    return out;
}

/* What a form shows as one value each, for the list of its changes: currency, price, solar, and each window as a line. */
export function linesOf(draft: Draft, windows_n: number, dayName: (i: number) => string): Record<string, string> {
    const isFree = draft.currency === "";
    const out: Record<string, string> = { currency: draft.currency, price: isFree ? "" : draft.price, solar: isFree ? "" : draft.solar };

    for (let i = 0; i < windows_n; i++) {
        const w = isFree ? undefined : draft.windows[i];
        const days = DAYS.map((d, n) => (w?.days.includes(d) ? dayName(n) : "")).filter((d) => d !== "");
        out[`window.${i}`] = w ? `${days.join(" ")} ${w.from}–${w.to}: ${w.price}` : "";
    }
    return out;
}
