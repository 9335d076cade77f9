/* Cards as CSV (RFC 4180). Pure. */
import type { Card } from "./types";

/* A cell that begins like a formula is quoted as text: spreadsheets run formulas. */
export function cell(value: string): string {
    const safe = /^[=+\-@\t\r]/.test(value) ? "'" + value : value;

    return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

export function cardsCsv(cards: readonly Card[]): string {
    const head = ["uid", "name", "colour", "expires_utc", "blocked", "master", "wallboxes"];
    const lines = cards.map((c) => [c.uid, c.name, c.colour ?? "", c.expires_utc ?? "", String(c.blocked), String(c.master), c.wallboxes.join(" ")]);

    return [head, ...lines].map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
}

/* A card number as the manager wants it: 4, 7, 8 or 10 bytes in hexadecimal; null when it is none. */
export function cleanUid(text: string): string | null {
    const hex = text.replace(/[\s:.-]/g, "").toLowerCase();

    return /^([0-9a-f]{8}|[0-9a-f]{14}|[0-9a-f]{16}|[0-9a-f]{20})$/.test(hex) ? hex : null;
}
