/* Who did what: the audit trail, newest first. */
import { query } from "../lib/api";
import { dayClock } from "../lib/format";
import { useLoad } from "../lib/load";
import { hasText, named, t } from "../lib/text";
import type { Entry } from "../lib/types";
import { Empty, Panel, Trouble } from "../parts/basic";

const LIMIT = 100;

const shown = (value: unknown): string => (value === null || value === undefined || value === "" ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value));

/* What differs, field by field, under the names that the interface has for them. */
function differences({ before, after }: Entry): string[] {
    const from = (before ?? {}) as Record<string, unknown>;
    const to = (after ?? {}) as Record<string, unknown>;

    return [...new Set([...Object.keys(from), ...Object.keys(to)])]
        .filter((field) => JSON.stringify(from[field]) !== JSON.stringify(to[field]))
        .map((field) => (before === null ? `${field}: ${shown(to[field])}` : `${field}: ${shown(from[field])} → ${shown(to[field])}`));
}

export function Audit() {
    const { data, problem } = useLoad<{ changes: Entry[] }>("changes" + query({ limit: LIMIT }), 10000);
    const entries = [...(data?.changes ?? [])].reverse();

    return (
        <Panel title={t("audit.title")}>
            {problem ? <Trouble problem={problem} /> : null}
            {!data && !problem ? <p class="soft">{t("wait")}</p> : null}
            {data && entries.length === 0 ? <Empty icon="check" title={t("audit.none")} /> : null}
            <ul class="events">
                {entries.map((e) => (
                    <li key={e.number} class="event">
                        <div class="event-text">
                            <strong>{hasText("did", e.what) ? named("did", e.what) : e.what}</strong> <span class="soft">{[e.subject, e.who].filter((s) => s).join(" · ")}</span>
                            {differences(e).map((line) => <p key={line} class="soft">{line}</p>)}
                        </div>
                        <time class="soft" dateTime={e.utc ?? ""}>{dayClock(e.utc)}</time>
                    </li>
                ))}
            </ul>
        </Panel>
    );
}
