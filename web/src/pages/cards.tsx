/* Cards that may charge: list, add, change, take away, CSV in and out. */
import { useState } from "preact/hooks";
import { isAdmin, mayOperate, request, who, type Problem } from "../lib/api";
import { idOf } from "../lib/cardid";
import { day, dayLong } from "../lib/format";
import { boxes, managerNow } from "../lib/live";
import { useLoad } from "../lib/load";
import { useStore } from "../lib/store";
import { hasText, named, t } from "../lib/text";
import type { Card } from "../lib/types";
import { Empty, Panel, problemText, Trouble } from "../parts/basic";
import { Icon } from "../parts/icons";
import { CardForm } from "./cardform";

function statusText(card: Card): string {
    if (card.blocked) {
        return t("card.blocked");
    }
    if (card.expires !== null && Date.parse(card.expires) < managerNow()) {
        return t("card.expired", { date: day(card.expires) });
    }
    return card.expires ? t("card.until", { date: dayLong(card.expires) }) : t("card.valid");
}

function CardRow({ card, mayEdit, edit }: { card: Card; mayEdit: boolean; edit: () => void }) {
    const names = useStore(boxes);
    const status = statusText(card);
    const isGood = !card.blocked && (card.expires === null || Date.parse(card.expires) >= managerNow());

    return (
        <tr>
            <th scope="row">
                <i class={`card-dot card-${card.colour || "none"}`} title={card.colour && hasText("colour", card.colour) ? named("colour", card.colour) : ""} />
                {card.name || "–"} {card.kind === "master" ? <span class="chip chip-calm">{t("card.master")}</span> : null}
            </th>
            <td class="mono">{idOf(card)}</td>
            <td><span class={isGood ? "chip chip-good" : "chip chip-bad"}>{status}</span></td>
            <td data-label={t("card.where")}>{card.wallboxes.length === 0 ? t("card.all_wallboxes") : card.wallboxes.map((s) => names.get(s)?.name ?? s).join(", ")}</td>
            <td class="num">{mayEdit ? <button type="button" class="button" onClick={edit}>{t("card.edit")}<span class="visually-hidden">: {card.name || idOf(card)}</span></button> : null}</td>
        </tr>
    );
}

function Import({ done }: { done: () => void }) {
    const [problem, setProblem] = useState<Problem | null>(null);
    const [isDone, setDone] = useState(false);
    const take = async (file: File | undefined): Promise<void> => {
        if (!file) {
            return;
        }
        setProblem(null);
        setDone(false);
        try {
            await request("cards/import", { method: "POST", csv: await file.text() });
            setDone(true);
            done();
        } catch (error) {
            setProblem(error as Problem);
        }
    };

    return (
        <>
            <label class="button file-button">
                <Icon name="file" />
                {t("card.import")}
                <input type="file" accept=".csv,text/csv" class="visually-hidden" onChange={(e) => (void take(e.currentTarget.files?.[0]), (e.currentTarget.value = ""))} />
            </label>
            <span role="status" class={problem ? "bad" : "good"}>{problem ? problemText(problem) : isDone ? t("card.imported") : ""}</span>
        </>
    );
}

export default function CardsPage() {
    const w = useStore(who);
    const mayEdit = isAdmin(w) || mayOperate(w);
    const { data, problem, again } = useLoad<{ cards: Card[] }>("cards");
    const [edited, setEdited] = useState<Card | "new" | null>(null);
    const cards = data?.cards ?? [];

    return (
        <div class="page">
            <div class="page-head">
                <h1>{t("nav.cards")}</h1>
                <div class="tools">
                    {mayEdit && data ? <Import done={again} /> : null}
                    {cards.length > 0 ? <a class="button" href="/api/v1/cards?format=csv" download><Icon name="file" />CSV</a> : null}
                    {mayEdit && data ? <button type="button" class="button button-main" onClick={() => setEdited("new")}><Icon name="plus" />{t("card.add")}</button> : null}
                </div>
            </div>
            <Panel title={t("card.title")}>
                {problem ? <Trouble problem={problem} /> : null}
                {!data && !problem ? <p class="soft">{t("wait")}</p> : null}
                {data && cards.length === 0 ? <Empty icon="cards" title={t("card.none")}>{t("card.none_how")}</Empty> : null}
                {cards.length > 0 ? (
                    <div class="scroll" tabIndex={0} role="region" aria-label={t("card.title")}>
                        <table class="table table-stack">
                            <thead>
                                <tr>
                                    <th scope="col">{t("set.name")}</th>
                                    <th scope="col">{t("card.uid")}</th>
                                    <th scope="col">{t("col.state")}</th>
                                    <th scope="col">{t("card.where")}</th>
                                    <th scope="col"><span class="visually-hidden">{t("col.action")}</span></th>
                                </tr>
                            </thead>
                            <tbody>{cards.map((c) => <CardRow key={idOf(c)} card={c} mayEdit={mayEdit} edit={() => setEdited(c)} />)}</tbody>
                        </table>
                    </div>
                ) : null}
            </Panel>
            {edited ? <CardForm card={edited === "new" ? null : edited} close={() => setEdited(null)} done={() => (setEdited(null), again())} /> : null}
        </div>
    );
}
