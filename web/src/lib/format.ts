/* Numbers and times as the reader's language writes them. Unknown is a dash. Pure but for the language that is set. */

export const DASH = "–";
export type Language = "en" | "fr" | "nb" | "de";
export const LANGUAGES: readonly Language[] = ["en", "fr", "nb", "de"];

type Maybe = number | null | undefined;

let locale = "en-GB";
const numbers = new Map<string, Intl.NumberFormat>();
const dates = new Map<string, Intl.DateTimeFormat>();
const LOCALES: Record<Language, string> = { en: "en-GB", fr: "fr-FR", nb: "nb-NO", de: "de-DE" };

/* wanted: the browser's own languages; its region is kept where it speaks the chosen language. */
export function setLocale(language: Language, wanted: readonly string[] = []): void {
    const own = wanted.find((l) => l.toLowerCase().split("-")[0] === (language === "nb" ? "nb" : language));

    locale = own && own.includes("-") ? own : LOCALES[language];
    numbers.clear();
    dates.clear();
}

function number(value: number, digits: number): string {
    const key = String(digits);
    let format = numbers.get(key);

    if (!format) {
        format = new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
        numbers.set(key, format);
    }
    const text = format.format(value);
    return /^[-−]0([.,]0+)?$/.test(text) ? text.slice(1) : text;
}

function isKnown(value: Maybe): value is number {
    return typeof value === "number" && Number.isFinite(value);
}

export const count = (n: Maybe): string => (isKnown(n) ? number(n, 0) : DASH);
export const amps = (ma: Maybe): string => (isKnown(ma) ? number(ma / 1000, 1) : DASH);
export const ampsShort = (ma: Maybe): string => (isKnown(ma) ? number(ma / 1000, ma % 1000 === 0 ? 0 : 1) : DASH);
export const kilowatts = (w: Maybe): string => (isKnown(w) ? number(w / 1000, 1) : DASH);
export const kilowattHours = (wh: Maybe): string => (isKnown(wh) ? number(wh / 1000, 1) : DASH);
export const percent = (permille: Maybe): string => (isKnown(permille) ? number(permille / 10, 0) : DASH);
export const degrees = (mdegc: Maybe): string => (isKnown(mdegc) ? number(mdegc / 1000, 0) : DASH);
export const decimal = (value: Maybe, digits: number): string => (isKnown(value) ? number(value, digits) : DASH);

/* An amount in the minor unit of its currency, as 352 for 3.52 EUR. */
export function money(minor: Maybe, currency: string | null | undefined, decimals: Maybe): string {
    if (!isKnown(minor) || !currency || !isKnown(decimals)) {
        return DASH;
    }
    const key = currency + decimals;
    let format = numbers.get(key);

    if (!format) {
        format = new Intl.NumberFormat(locale, { style: "currency", currency, minimumFractionDigits: decimals, maximumFractionDigits: decimals });
        numbers.set(key, format);
    }
    return format.format(minor / 10 ** decimals);
}

/* h:mm, or d h:mm above a day. */
export function duration(ms: Maybe): string {
    if (!isKnown(ms) || ms < 0) {
        return DASH;
    }
    const minutes = Math.floor(ms / 60000);
    const hours = Math.floor(minutes / 60);
    return `${hours}:${String(minutes % 60).padStart(2, "0")}`;
}

/* Whole minutes, at least 1: "about 6 min" must not say 0. */
export const minutesUp = (ms: number): number => Math.max(1, Math.ceil(ms / 60000));

function date(key: string, options: Intl.DateTimeFormatOptions, utc: string | number | null | undefined): string {
    const at = utc === null || utc === undefined ? NaN : new Date(utc).getTime();

    if (Number.isNaN(at)) {
        return DASH;
    }
    let format = dates.get(key);
    if (!format) {
        format = new Intl.DateTimeFormat(locale, options);
        dates.set(key, format);
    }
    return format.format(at);
}

type When = string | number | null | undefined;
export const clock = (utc: When): string => date("t", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, utc);
export const clockSeconds = (utc: When): string => date("ts", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }, utc);
export const day = (utc: When): string => date("d", { day: "numeric", month: "short" }, utc);
export const dayLong = (utc: When): string => date("dl", { day: "numeric", month: "long", year: "numeric" }, utc);
export const dayClock = (utc: When): string =>
    date("dt", { day: "2-digit", month: "2-digit", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, utc);

/* 0 Monday. */
export const weekday = (i: number): string => date("wd", { weekday: "short", timeZone: "UTC" }, Date.UTC(2024, 0, 1 + i));

export const currencyName = (code: string): string => new Intl.DisplayNames(locale, { type: "currency" }).of(code) ?? code;

/* Local date and time as an input of type datetime-local wants it, and back. */
export function toInput(utc: string | null | undefined): string {
    const at = utc ? new Date(utc) : null;

    if (!at || Number.isNaN(at.getTime())) {
        return "";
    }
    return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

export function fromInput(text: string): string | null {
    const at = new Date(text);

    return text === "" || Number.isNaN(at.getTime()) ? null : at.toISOString().replace(/\.\d+Z$/, "Z");
}

/* The number a person typed, with comma or point; null when it is none. */
export function parseDecimal(text: string): number | null {
    const clean = text.trim().replace(/\s/g, "").replace(",", ".");

    return /^-?\d+(\.\d+)?$/.test(clean) ? Number(clean) : null;
}
