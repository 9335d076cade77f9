/* The sticker with the QR code that leads drivers to their page. */
import { useState } from "preact/hooks";
import { ask, BASE, isAdmin, who, type Problem } from "../lib/api";
import { useStore } from "../lib/store";
import { t } from "../lib/text";
import { Panel, problemText } from "../parts/basic";

export function StickerPanel({ serial, name }: { serial: string; name: string }) {
    const [version, setVersion] = useState(0);
    const [isAsked, setAsked] = useState(false);
    const [problem, setProblem] = useState<Problem | null>(null);
    const mayRenew = isAdmin(useStore(who));
    const path = `wallboxes/${encodeURIComponent(serial)}/driver-code`;
    const picture = `${BASE}${path}?format=svg&v=${version}`;
    const renew = (): void => {
        setAsked(false);
        ask(path, { method: "POST" }).then(() => setVersion((n) => n + 1), setProblem);
    };

    return (
        <Panel title={t("box.sticker")} kind="box-sticker">
            <p class="soft">{t("box.sticker_help")}</p>
            <img class="sticker" src={picture} alt={`${t("box.sticker")}: ${name}`} width="180" />
            <p class="tools">
                <a class="button" href={picture} target="_blank" rel="noopener">{t("box.sticker_print")}</a>
                {mayRenew ? <button type="button" class="button" onClick={() => (isAsked ? renew() : setAsked(true))}>{t("box.sticker_renew")}</button> : null}
            </p>
            {isAsked ? <p class="note note-warn" role="status">{t("box.sticker_sure")}</p> : null}
            {version > 0 && !isAsked ? <p class="soft" role="status">{t("box.sticker_renewed")}</p> : null}
            {problem ? <p class="bad" role="alert">{problemText(problem)}</p> : null}
        </Panel>
    );
}
