/* Requests to the manager. Every failure is a Problem with a sentence for people (RFC 9457). */
import { createStore } from "./store";
import type { Me } from "./types";

export const BASE = "/api/v1/";

export class Problem extends Error {
    constructor(
        readonly status: number, /* 0: the manager was not reached */
        readonly detail: string,
        readonly field: string | null = null,
    ) {
        super(detail);
    }

    /* This manager does not have what was asked for. */
    get isMissing(): boolean {
        return this.status === 404 || this.status === 405 || this.status === 501;
    }
}

/* undefined: not asked yet; null: must log in; "open": this manager has no login, and only shows. */
export type Who = undefined | null | "open" | Me;
export const who = createStore<Who>(undefined);

export function mayOperate(w: Who): boolean {
    return w !== undefined && w !== null && w !== "open" && w.role !== "viewer";
}

export function isAdmin(w: Who): boolean {
    return w !== undefined && w !== null && w !== "open" && w.role === "admin";
}

async function problemOf(answer: Response): Promise<Problem> {
    let detail = "";
    let field: string | null = null;

    try {
        const body = (await answer.json()) as { detail?: unknown; title?: unknown; field?: unknown };
        detail = String(body.detail ?? body.title ?? "");
        field = typeof body.field === "string" ? body.field : null;
    } catch {
        /* no problem document: the status has to do */
    }
    return new Problem(answer.status, detail, field);
}

export interface Ask {
    method?: "GET" | "POST" | "PATCH" | "DELETE" | "PUT";
    body?: unknown;
    csv?: string;
    signal?: AbortSignal;
}

export async function request(path: string, ask: Ask = {}): Promise<Response> {
    const headers: Record<string, string> = { Accept: "application/json" };
    const method = ask.method ?? "GET";
    const me = who.get();
    let answer: Response;

    if (ask.body !== undefined) {
        headers["Content-Type"] = "application/json";
    } else if (ask.csv !== undefined) {
        headers["Content-Type"] = "text/csv";
    }
    if (method !== "GET" && me && me !== "open") {
        headers["X-CSRF-Token"] = me.csrf;
    }
    try {
        answer = await fetch(BASE + path, {
            method,
            headers,
            body: ask.csv ?? (ask.body !== undefined ? JSON.stringify(ask.body) : null),
            signal: ask.signal ?? null,
            credentials: "same-origin",
            cache: "no-store",
        });
    } catch {
        throw new Problem(0, "");
    }
    if (answer.status === 401 && path !== "login" && !path.startsWith("driver/")) {
        who.set(null);
    }
    if (!answer.ok) {
        throw await problemOf(answer);
    }
    return answer;
}

export async function ask<T>(path: string, how: Ask = {}): Promise<T> {
    const answer = await request(path, how);
    const text = answer.status === 204 ? "" : await answer.text();

    try {
        return (text === "" ? null : JSON.parse(text)) as T;
    } catch {
        throw new Problem(answer.status, "");
    }
}

/* Find out who is logged in. */
export async function askWho(): Promise<void> {
    try {
        who.set(await ask<Me | null>("me"));
    } catch (error) {
        const problem = error as Problem;
        if (problem.isMissing) {
            who.set("open");
        } else if (problem.status !== 401) {
            throw problem;
        }
    }
}

export function query(values: Record<string, string | number | null | undefined>): string {
    const parts = new URLSearchParams();

    for (const [name, value] of Object.entries(values)) {
        if (value !== null && value !== undefined && value !== "") {
            parts.set(name, String(value));
        }
    }
    const text = parts.toString();
    return text === "" ? "" : "?" + text;
}
