/* Which page is shown, and to whom. */
import type { ComponentChildren, FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";
import { askWho, who, type Problem } from "./lib/api";
import { startLive, stopLive } from "./lib/live";
import { place } from "./lib/route";
import { useStore } from "./lib/store";
import { t, useLanguage } from "./lib/text";
import { Empty, Trouble } from "./parts/basic";
import { Header } from "./parts/header";
import { StaleBanner } from "./parts/stale";
import StatusPage from "./pages/status";

type Page = FunctionComponent<{ id: string }>;
type Loader = () => Promise<{ default: Page }>;

/* Pages but the first are loaded when they are wanted. */
const LATER: Record<string, Loader> = {
    wallbox: () => import("./pages/wallbox"),
    history: () => import("./pages/history"),
    sessions: () => import("./pages/sessions"),
    prices: () => import("./pages/prices"),
    alarms: () => import("./pages/alarms"),
    events: () => import("./pages/events"),
    cards: () => import("./pages/cards"),
    account: () => import("./pages/account"),
    login: () => import("./pages/login"),
    d: () => import("./pages/driver"),
};

function Later({ name, id }: { name: string; id: string }) {
    const [page, setPage] = useState<{ name: string; Page: Page } | null>(null);
    const [isLost, setLost] = useState(false);

    useEffect(() => {
        LATER[name]!().then(
            (loaded) => setPage({ name, Page: loaded.default }),
            () => setLost(true),
        );
    }, [name]);
    if (isLost) {
        return <p class="note note-bad" role="status">{t("problem.unreachable")}</p>;
    }
    return page && page.name === name ? <page.Page key={id} id={id} /> : <p class="soft" role="status">{t("wait")}</p>;
}

function Shell({ children }: { children: ComponentChildren }) {
    return (
        <>
            <Header />
            <StaleBanner />
            <main id="main" tabIndex={-1}>{children}</main>
        </>
    );
}

function NoPage() {
    return (
        <Empty icon="search" title={t("nopage.title")}>
            <a href="/">{t("nav.status")}</a>
        </Empty>
    );
}

/* The first part of the path names the page, the second what it is about. */
function partsOf(path: string): [string, string] {
    const [, name = "", id = ""] = path.split("/");

    try {
        return [name, decodeURIComponent(id)];
    } catch {
        return [name, ""];
    }
}

function Inside({ path }: { path: string }) {
    const [name, id] = partsOf(path);

    useEffect(() => {
        startLive();
        return stopLive;
    }, []);
    return (
        <Shell>
            {name === "" ? <StatusPage /> : name in LATER && name !== "login" ? <Later name={name} id={id} /> : name === "login" ? <StatusPage /> : <NoPage />}
        </Shell>
    );
}

export function App() {
    const path = useStore(place, (p) => p.path);
    const w = useStore(who);
    const [problem, setProblem] = useState<Problem | null>(null);
    const [name, id] = partsOf(path);
    const isDriver = name === "d" && id !== "";

    useLanguage();
    useEffect(() => {
        let timer: ReturnType<typeof setTimeout> | undefined;
        const look = (): void => {
            askWho().then(
                () => setProblem(null),
                (error: Problem) => {
                    setProblem(error);
                    timer = setTimeout(look, 2000);
                },
            );
        };
        if (!isDriver) {
            look();
        }
        return () => clearTimeout(timer);
    }, [isDriver]);
    useEffect(() => {
        document.title = t("head.product");
    });
    if (isDriver) {
        return <Later name="d" id={id} />;
    }
    if (w === undefined) {
        return <main class="lonely">{problem ? <Trouble problem={problem} /> : <h1 class="soft">{t("wait")}</h1>}</main>;
    }
    if (w === null || (w !== "open" && w.must_change)) {
        return <Later name="login" id={w === null ? "" : "change"} />;
    }
    return <Inside path={path} />;
}
