/* Says when what is shown is old, and how old. */
import { useEffect, useState } from "preact/hooks";
import { ageMs, isStale, site } from "../lib/live";
import { useStore } from "../lib/store";
import { t } from "../lib/text";
import { clockSeconds } from "../lib/format";
import { Icon } from "./icons";

export function StaleBanner() {
    const stale = useStore(isStale);
    const lastUtc = useStore(site, (s) => s?.utc ?? null);
    const [, redraw] = useState(0);

    useEffect(() => {
        document.body.classList.toggle("is-stale", stale);
        if (!stale) {
            return undefined;
        }
        const timer = setInterval(() => redraw((n) => n + 1), 1000);
        return () => clearInterval(timer);
    }, [stale]);
    if (!stale) {
        return <div role="status" class="visually-hidden" />;
    }
    return (
        <div class="stale" role="status">
            <Icon name="warn" />
            <span>
                <strong>{t("stale.title")}</strong> {lastUtc ? t("stale.since", { time: clockSeconds(lastUtc) }) : t("stale.text")}
            </span>
            <span class="stale-age" aria-hidden="true">{t("stale.age", { seconds: Math.floor(ageMs() / 1000) })}</span>
        </div>
    );
}
