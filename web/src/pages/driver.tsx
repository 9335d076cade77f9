/* What a driver sees after scanning the code on the wallbox: no login, one answer. */
import { useEffect, useState } from "preact/hooks";
import { ask, type Problem } from "../lib/api";
import { kilowattHours, kilowatts, minutesUp } from "../lib/format";
import { reasonText, toneOf } from "../lib/reason";
import { named, t } from "../lib/text";
import type { DriverView } from "../lib/types";
import { Amount, problemText } from "../parts/basic";
import { LanguageChoice, ThemeButton } from "../parts/header";
import { Icon, type IconName } from "../parts/icons";

const EVERY_MS = 1500;
const STALE_MS = 3000;
const LIMIT_MS = 2000;

const ICONS: Record<string, IconName> = { charging: "bolt", calm: "plug", warn: "warn", bad: "warn" };

interface Picture {
    view: DriverView | null;
    problem: Problem | null;
    heardAt: number;
}

function useDriver(serial: string): Picture & { ageMs: number } {
    const [now, setNow] = useState(performance.now());
    const [picture, setPicture] = useState<Picture>({ view: null, problem: null, heardAt: 0 });

    useEffect(() => {
        let isGone = false;
        const look = async (): Promise<void> => {
            const limit = new AbortController();
            const cut = setTimeout(() => limit.abort(), LIMIT_MS);
            try {
                const view = await ask<DriverView>(`driver/${encodeURIComponent(serial)}`, { signal: limit.signal });
                setPicture({ view, problem: null, heardAt: performance.now() });
            } catch (error) {
                setPicture((was) => ({ ...was, problem: error as Problem }));
            }
            clearTimeout(cut);
            if (!isGone) {
                setTimeout(() => !isGone && void look(), EVERY_MS);
            }
        };
        const timer = setInterval(() => setNow(performance.now()), 500);
        void look();
        return () => {
            isGone = true;
            clearInterval(timer);
        };
    }, [serial]);
    return { ...picture, ageMs: Math.max(0, now - picture.heardAt) };
}

function Answer({ view, isStale }: { view: DriverView; isStale: boolean }) {
    const tone = toneOf(view);

    return (
        <section class={`panel driver tone-${tone} ${isStale ? "is-old" : ""}`}>
            <span class="driver-mark"><Icon name={ICONS[tone] ?? "plug"} /></span>
            <h1>{view.name}</h1>
            <p class="driver-state">{named("state", view.state)}</p>
            <p class="driver-reason">{reasonText({ ...view, turn_in_ms: null })}</p>
            {view.turn_in_ms !== null ? (
                <p class="driver-turn">
                    <b>{t("driver.minutes", { minutes: minutesUp(view.turn_in_ms) })}</b>
                    <span class="soft">{t("driver.until_turn")}</span>
                </p>
            ) : null}
            <dl class="hero-figures">
                <div class="fact"><dt>{t("col.power")}</dt><dd><Amount value={kilowatts(isStale ? null : view.power_w)} unit="kW" /></dd></div>
                <div class="fact"><dt>{t("box.session_energy")}</dt><dd><Amount value={kilowattHours(view.session_wh)} unit="kWh" /></dd></div>
            </dl>
        </section>
    );
}

export default function DriverPage({ id }: { id: string }) {
    const { view, problem, ageMs } = useDriver(id);
    const isStale = view !== null && ageMs > STALE_MS;

    return (
        <main class="lonely driver-page">
            {isStale ? (
                <p class="stale" role="status"><Icon name="warn" /><span><strong>{t("stale.title")}</strong> {t("stale.text")}</span> <span class="stale-age" aria-hidden="true">{t("stale.age", { seconds: Math.floor(ageMs / 1000) })}</span></p>
            ) : null}
            {view ? <Answer view={view} isStale={isStale} /> : problem ? (
                <section class="panel driver"><h1>{id}</h1><p role="status">{problem.status === 404 ? t("driver.unknown") : problemText(problem)}</p></section>
            ) : <h1 class="soft">{t("wait")}</h1>}
            <div class="login-tools"><LanguageChoice /><ThemeButton /></div>
        </main>
    );
}
