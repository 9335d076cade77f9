/* Search, filter and order of the fleet list. Pure. */
import { toneOf } from "./reason";
import type { Wallbox } from "./types";

export const SORTS = ["name", "state", "card", "offered", "power", "energy", "time"] as const;
export type Sort = (typeof SORTS)[number];
export const FILTERS = ["all", "charging", "waiting", "attention", "free"] as const;
export type Filter = (typeof FILTERS)[number];

export interface ListWish {
    search: string;
    filter: Filter;
    sort: Sort;
    isDown: boolean;
}

export function wishOf(query: URLSearchParams): ListWish {
    const sort = query.get("sort") ?? "";
    const name = sort.replace(/^-/, "") as Sort;
    const filter = query.get("show") as Filter | null;

    return {
        search: query.get("find") ?? "",
        filter: filter && FILTERS.includes(filter) ? filter : "all",
        sort: SORTS.includes(name) ? name : "name",
        isDown: sort.startsWith("-"),
    };
}

export function groupOf(box: Wallbox): Filter {
    if (["warn", "bad"].includes(toneOf(box))) {
        return "attention";
    }
    if (box.state === "Charging") {
        return "charging";
    }
    return box.state === "Idle" ? "free" : "waiting";
}

/* text: what else the row says in the reader's language (state, reason), so that a search finds what is seen. */
export function matches(box: Wallbox, wish: ListWish, text: string): boolean {
    if (wish.filter !== "all" && groupOf(box) !== wish.filter) {
        return false;
    }
    const hay = `${box.name} ${box.serial} ${box.card?.name ?? ""} ${box.card?.uid ?? ""} ${box.node} ${text}`.toLowerCase();
    return wish.search.toLowerCase().split(/\s+/).every((word) => hay.includes(word));
}

const STATE_ORDER = ["UnrecoverableError", "Offline", "Unavailable", "Degraded", "RecoverFromError", "Charging", "ReadyForCharging", "Suspended"];

function rank(box: Wallbox, sort: Sort): number | string {
    const place = STATE_ORDER.indexOf(box.state);

    switch (sort) {
        case "name":
            return box.name;
        case "state":
            return place < 0 ? STATE_ORDER.length : place;
        case "card":
            return box.card?.name ?? box.card?.uid ?? "\uffff";
        case "offered":
            return box.offered_ma ?? -1;
        case "power":
            return box.power_w ?? -1;
        case "energy":
            return box.session?.energy_wh ?? -1;
        case "time":
            return box.session?.start_utc ? -Date.parse(box.session.start_utc) : -Infinity;
    }
}

const collator = new Intl.Collator(undefined, { numeric: true });

export function arrange(all: readonly Wallbox[], wish: ListWish, textOf: (box: Wallbox) => string): Wallbox[] {
    const sign = wish.isDown ? -1 : 1;

    return all
        .filter((box) => matches(box, wish, textOf(box)))
        .sort((a, b) => {
            const x = rank(a, wish.sort);
            const y = rank(b, wish.sort);
            const by = typeof x === "string" || typeof y === "string" ? collator.compare(String(x), String(y)) : x === y ? 0 : x < y ? -1 : 1;
            return by * sign || collator.compare(a.name, b.name) || collator.compare(a.serial, b.serial);
        });
}
