/* A form whose changes are collected, shown, and sent together. Pure. */

export interface Change {
    field: string;
    before: string;
    after: string;
}

export function changesOf(before: Record<string, string>, after: Record<string, string>): Change[] {
    return Object.keys(after)
        .filter((field) => after[field] !== before[field])
        .map((field) => ({ field, before: before[field] ?? "", after: after[field] ?? "" }));
}

export interface Range {
    min: number;
    max: number;
}

/* The number typed, when it lies in the range. */
export function inRange(value: number | null, range: Range): boolean {
    return value !== null && value >= range.min && value <= range.max;
}
