/* Name of the site, pages, sign of life, language, light or dark, who is logged in. */
import { ask, who } from "../lib/api";
import { LANGUAGES, type Language } from "../lib/format";
import { isPolling, isStale, site, stopLive } from "../lib/live";
import { place } from "../lib/route";
import { useStore } from "../lib/store";
import { language, setLanguage, t, type Key } from "../lib/text";
import { choice, nextTheme, remember } from "../lib/theme";
import { useUnread } from "../lib/unread";
import { Icon, type IconName } from "./icons";

const PAGES: readonly { path: string; key: Key; icon: IconName }[] = [
    { path: "/", key: "nav.status", icon: "status" },
    { path: "/history", key: "nav.history", icon: "history" },
    { path: "/sessions", key: "nav.sessions", icon: "sessions" },
    { path: "/events", key: "nav.events", icon: "events" },
    { path: "/cards", key: "nav.cards", icon: "cards" },
];

export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", fr: "Français", nb: "Norsk", de: "Deutsch" };

export function LanguageChoice() {
    const now = useStore(language);
    const choose = (chosen: Language): void => {
        remember("language", chosen);
        void setLanguage(chosen);
    };

    return (
        <label class="language">
            <span class="visually-hidden">{t("head.language")}</span>
            <select value={now} onChange={(e) => choose(e.currentTarget.value as Language)}>
                {LANGUAGES.map((l) => (
                    <option key={l} value={l} lang={l}>{LANGUAGE_NAMES[l]}</option>
                ))}
            </select>
        </label>
    );
}

export function ThemeButton() {
    const now = useStore(choice);
    const label = `${t("head.theme")}: ${t(`theme.${now}` as Key)}`;

    return (
        <button type="button" class="button button-small button-plain theme" aria-label={label} title={label} onClick={nextTheme}>
            <Icon name={now === "auto" ? "auto" : now === "dark" ? "moon" : "sun"} />
        </button>
    );
}

function LiveMark() {
    const stale = useStore(isStale);
    const polling = useStore(isPolling);
    const known = useStore(site, (s) => s !== null);
    const state = !known ? "wait" : stale ? "stale" : "live";

    return (
        <span class={`live live-${state}`} title={polling ? t("live.polling") : t("live.stream")}>
            <i aria-hidden="true" />
            {state === "wait" ? t("wait") : state === "stale" ? t("live.stale") : t("live.live")}
        </span>
    );
}

async function logOut(): Promise<void> {
    try {
        await ask("logout", { method: "POST", body: {} });
    } finally {
        stopLive();
        who.set(null);
    }
}

function UserTools() {
    const w = useStore(who);

    if (!w || w === "open") {
        return null;
    }
    return (
        <>
            <a class="button button-small button-plain" href="/account" title={t("head.account", { user: w.user })} aria-label={t("head.account", { user: w.user })}>
                <Icon name="user" />
            </a>
            <button type="button" class="button button-small button-plain" title={t("head.logout")} aria-label={t("head.logout")} onClick={() => void logOut()}>
                <Icon name="leave" />
            </button>
        </>
    );
}

export function Header() {
    const path = useStore(place, (p) => p.path);
    const siteName = useStore(site, (s) => s?.name ?? null);
    const unread = useUnread();
    const w = useStore(who);

    return (
        <header class={w && w !== "open" ? "top has-account" : "top"}>
            <a class="skip" href="#main">{t("head.skip")}</a>
            <a class="brand" href="/">
                <span class="brand-mark"><Icon name="bolt" /></span>
                {siteName ?? t("head.product")}
            </a>
            <nav class="pages" aria-label={t("head.pages")}>
                {PAGES.map((p) => (
                    <a key={p.path} href={p.path} aria-current={path === p.path || (p.path === "/" && path.startsWith("/wallbox/")) ? "page" : undefined}>
                        <Icon name={p.icon} />
                        <span>{t(p.key)}</span>
                        {p.path === "/events" && unread > 0 ? <b class="badge">{unread}</b> : null}
                    </a>
                ))}
            </nav>
            <div class="top-tools">
                <LiveMark />
                <LanguageChoice />
                <ThemeButton />
                <UserTools />
            </div>
        </header>
    );
}
