/* Small line drawings. Always beside a text, so never read aloud. */
const PATHS = {
    bolt: "M13 2 5 13h6l-1 9 9-12h-6z",
    status: "M3 12h4l3-8 4 16 3-8h4",
    history: "M4 20V10m6 10V4m6 16v-7m4 7H2",
    sessions: "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
    events: "M12 3a6 6 0 0 0-6 6c0 6-2 7-2 8h16c0-1-2-2-2-8a6 6 0 0 0-6-6zm-2 17a2 2 0 0 0 4 0",
    cards: "M3 6h18v12H3zM3 10h18M7 15h4",
    start: "M7 4v16l13-8z",
    pause: "M8 5v14M16 5v14",
    resume: "M6 4v16M10 5v14l10-7z",
    stop: "M6 6h12v12H6z",
    restart: "M4 4v6h6M20 12a8 8 0 1 1-3-6.2L20 9",
    unlock: "M6 11h12v9H6zM8 11V7a4 4 0 0 1 7.5-2",
    grid: "M8 2 4 22M16 2l4 20M6 9h12M5 15h14M8 9l8 6M16 9l-8 6",
    sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.5 1.5M17.5 17.5 19 19M5 19l1.5-1.5M17.5 6.5 19 5",
    moon: "M20 14A8 8 0 0 1 10 4a8 8 0 1 0 10 10z",
    auto: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18",
    house: "M3 11 12 4l9 7M6 10v10h12V10",
    plug: "M9 3v5m6-5v5M6 8h12v4a6 6 0 0 1-12 0zM12 18v4",
    user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c1-5 4-6 8-6s7 1 8 6",
    leave: "M14 4h6v16h-6M3 12h11M10 8l4 4-4 4",
    search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l5 5",
    up: "M6 15l6-6 6 6",
    down: "M6 9l6 6 6-6",
    left: "M15 5l-7 7 7 7",
    right: "M9 5l7 7-7 7",
    warn: "M12 3 2 20h20zM12 9v5m0 3v.01",
    check: "M4 12l5 6L20 6",
    file: "M6 2h8l5 5v15H6zM14 2v6h5M12 11v7m-3-3 3 3 3-3",
    plus: "M12 5v14M5 12h14",
    print: "M7 8V3h10v5M5 8h14v8h-3v5H8v-5H5zM8 13h8",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
    return (
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
            <path d={PATHS[name]} />
        </svg>
    );
}
