/* The list of all wallboxes: search, filter and order are in the address. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { mayOperate, who } from "../lib/api";
import { FILTERS, SORTS, arrange, groupOf, wishOf, type Filter, type ListWish, type Sort } from "../lib/list";
import { boxes, order } from "../lib/live";
import { setQuery, useQuery } from "../lib/route";
import { useStore } from "../lib/store";
import { plural, t, useLanguage, type Key } from "../lib/text";
import { count } from "../lib/format";
import { Empty, Panel } from "../parts/basic";
import { Icon } from "../parts/icons";
import { Row, rowText } from "./row";

const FIRST_N = 24;
const MORE_N = 24;
const REORDER_MS = 1000;

/* The rows come in a few steps, so that a large fleet does not hold up the first picture. */
function useGrowing(all: number): number {
    const [shown, setShown] = useState(FIRST_N);

    useEffect(() => {
        if (shown >= all) {
            return undefined;
        }
        const timer = setTimeout(() => setShown((n) => n + MORE_N), 30);
        return () => clearTimeout(timer);
    }, [shown, all]);
    return Math.min(shown, all);
}

/* Which rows, in which order. Values in rows move by themselves; the order is looked at once a second, and kept while nothing changed in it. */
function useArranged(wish: ListWish, spoken: string): readonly string[] {
    const [serials, setSerials] = useState<readonly string[]>([]);
    const known = useStore(order);

    useEffect(() => {
        let last: readonly string[] = [];
        const look = (): void => {
            const next = arrange([...boxes.get().values()], wish, rowText).map((b) => b.serial);
            if (next.length !== last.length || next.some((s, i) => s !== last[i]) || last.length === 0) {
                last = next;
                setSerials(next);
            }
        };
        look();
        const timer = setInterval(look, REORDER_MS);
        return () => clearInterval(timer);
    }, [wish.search, wish.filter, wish.sort, wish.isDown, spoken, known]);
    return serials;
}

function Heading({ sort, wish, kind }: { sort: Sort; wish: ListWish; kind?: string }) {
    const isBy = wish.sort === sort;
    const next = isBy && !wish.isDown ? `-${sort}` : isBy ? (sort === "name" ? null : null) : sort === "name" ? null : sort;

    return (
        <span role="columnheader" class={`c-${sort} ${kind ?? ""}`} aria-sort={isBy ? (wish.isDown ? "descending" : "ascending") : "none"}>
            <button type="button" onClick={() => setQuery({ sort: next })}>
                {t(`col.${sort}` as Key)}
                {isBy ? <Icon name={wish.isDown ? "down" : "up"} /> : null}
            </button>
        </span>
    );
}

function Head({ wish }: { wish: ListWish }) {
    return (
        <div role="rowgroup" class="list-head">
            <div class="row row-head" role="row">
                <span role="columnheader" class="c-lights">{t("col.lights")}</span>
                <Heading sort="name" wish={wish} />
                <Heading sort="state" wish={wish} />
                <Heading sort="card" wish={wish} />
                <Heading sort="offered" wish={wish} kind="num" />
                <span role="columnheader" class="c-mini">{t("col.drawn")}</span>
                <Heading sort="power" wish={wish} kind="num" />
                <Heading sort="energy" wish={wish} kind="num" />
                <Heading sort="time" wish={wish} kind="num" />
                <span role="columnheader" class="c-why">{t("col.why")}</span>
                <span role="columnheader" class="c-act"><span class="visually-hidden">{t("col.action")}</span></span>
            </div>
        </div>
    );
}

function groups(): Record<Filter, number> {
    const counts: Record<Filter, number> = { all: 0, charging: 0, waiting: 0, attention: 0, free: 0 };

    for (const box of boxes.get().values()) {
        counts.all++;
        counts[groupOf(box)]++;
    }
    return counts;
}

function Tools({ wish }: { wish: ListWish }) {
    const counted = useStore(boxes, () => FILTERS.map((f) => groups()[f]).join());
    const counts = useMemo(groups, [counted]);

    return (
        <div class="tools">
            <div class="filter" role="group" aria-label={t("list.show")}>
                {FILTERS.map((f) => (
                    <button key={f} type="button" class="tab" aria-pressed={wish.filter === f} onClick={() => setQuery({ show: f === "all" ? null : f })}>
                        {t(`filter.${f}` as Key)} <small>{count(counts[f])}</small>
                    </button>
                ))}
            </div>
            <label class="phone-sort">
                <span class="visually-hidden">{t("list.sort")}</span>
                <select value={wish.sort} onChange={(e) => setQuery({ sort: e.currentTarget.value === "name" ? null : e.currentTarget.value })}>
                    {SORTS.map((s) => (
                        <option key={s} value={s}>{t(`col.${s}` as Key)}</option>
                    ))}
                </select>
            </label>
            <label class="search">
                <Icon name="search" />
                <span class="visually-hidden">{t("list.find")}</span>
                <input type="search" value={wish.search} placeholder={t("list.find")} onInput={(e) => setQuery({ find: e.currentTarget.value })} />
            </label>
        </div>
    );
}

export function Fleet() {
    const spoken = useLanguage();
    const wish = wishOf(useQuery());
    const mayAct = mayOperate(useStore(who));
    const total = useStore(order, (serials) => serials.length);
    const serials = useArranged(wish, spoken);
    const shown = useGrowing(serials.length);

    if (total === 0) {
        return (
            <Panel title={t("list.title")} kind="fleet">
                <Empty icon="plug" title={t("list.none")}>{t("list.none_how")}</Empty>
            </Panel>
        );
    }
    return (
        <Panel title={t("list.title")} kind="fleet" actions={<Tools wish={wish} />}>
            <div class="list" role="table" aria-label={t("list.title")} aria-rowcount={serials.length + 1}>
                <Head wish={wish} />
                <div role="rowgroup">
                    {serials.slice(0, shown).map((serial) => (
                        <Row key={serial} serial={serial} mayAct={mayAct} spoken={spoken} />
                    ))}
                </div>
            </div>
            {serials.length === 0 ? <Empty icon="search" title={t("list.no_match")} /> : null}
            {wish.search !== "" || wish.filter !== "all" ? (
                <p class="soft list-foot" role="status">
                    {plural("n.found", serials.length, count(serials.length))}{" "}
                    <button type="button" class="link" onClick={() => setQuery({ find: null, show: null })}>{t("list.show_all")}</button>
                </p>
            ) : null}
        </Panel>
    );
}
