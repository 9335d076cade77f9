/* Card numbers as people type them. Pure. */

/* A card number as the manager wants it: 4, 7, 8 or 10 bytes in hexadecimal; null when it is none. */
export function cleanUid(text: string): string | null {
    const hex = text.replace(/[\s:.-]/g, "").toUpperCase();

    return /^([0-9A-F]{8}|[0-9A-F]{14}|[0-9A-F]{16}|[0-9A-F]{20})$/.test(hex) ? hex : null;
}
