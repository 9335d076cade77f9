/* The address is the state of the page: which page, and what is searched, filtered and sorted there. */
import { createStore, useStore } from "./store";

export interface Place {
    path: string;
    query: string;
}

const here = (): Place => ({ path: location.pathname, query: location.search });

export const place = createStore<Place>({ path: "/", query: "" });

export function startRouting(): void {
    place.set(here());
    addEventListener("popstate", () => place.set(here()));
    document.addEventListener("click", (click) => {
        const link = (click.target as Element | null)?.closest?.("a");
        const isPlain = click.button === 0 && !click.metaKey && !click.ctrlKey && !click.shiftKey && !click.altKey;

        if (!link || !isPlain || link.target !== "" || link.hasAttribute("download") || link.origin !== location.origin || click.defaultPrevented) {
            return;
        }
        if (link.pathname.startsWith("/api/") || (link.hash !== "" && link.pathname === location.pathname)) {
            return;
        }
        click.preventDefault();
        go(link.pathname + link.search);
    });
}

export function go(to: string): void {
    if (to !== location.pathname + location.search) {
        history.pushState(null, "", to);
        place.set(here());
        scrollTo(0, 0);
    }
}

/* Change one value of the query, without a step in the browser's history. */
export function setQuery(changes: Record<string, string | null>): void {
    const query = new URLSearchParams(location.search);

    for (const [name, value] of Object.entries(changes)) {
        if (value === null || value === "") {
            query.delete(name);
        } else {
            query.set(name, value);
        }
    }
    const text = query.toString();
    history.replaceState(null, "", location.pathname + (text === "" ? "" : "?" + text));
    place.set(here());
}

export function useQuery(): URLSearchParams {
    return new URLSearchParams(useStore(place, (p) => p.query));
}
