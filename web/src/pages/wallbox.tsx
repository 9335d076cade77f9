/* One wallbox: what it does, why, what can be done about it, and who it is. */
import { useMemo } from "preact/hooks";
import { hindrance, VERBS } from "../lib/actions";
import { mayOperate, who } from "../lib/api";
import { amps, ampsShort, degrees, kilowattHours, kilowatts } from "../lib/format";
import { boxes, site } from "../lib/live";
import { faultHelp, faultTitle, nodeName, reasonText } from "../lib/reason";
import { useStore } from "../lib/store";
import { named, t } from "../lib/text";
import { trailOf } from "../lib/trail";
import { PHASES, type Wallbox } from "../lib/types";
import { Amount, Empty, Fact, Panel, StateChip } from "../parts/basic";
import Chart from "../parts/chart";
import { Icon } from "../parts/icons";
import { Device, lightsText } from "../parts/lights";
import { CommandButton, JobNote } from "./row";
import { SessionPanel } from "./wallboxsession";
import { SettingsPanel } from "./wallboxsettings";
import { StickerPanel } from "./wallboxsticker";

const LIVE_AGE_MS = 3000;

function Actions({ box }: { box: Wallbox }) {
    const hints = VERBS.map((verb) => ({ verb, why: hindrance(box, verb) })).filter((h) => h.why !== null);

    return (
        <div class="actions">
            <div class="action-row">
                {VERBS.map((verb) => (
                    <CommandButton key={verb} box={box} verb={verb} isWide />
                ))}
            </div>
            <JobNote serial={box.serial} />
            {hints.length > 0 ? (
                <details class="soft">
                    <summary>{t("action.why_not")}</summary>
                    <ul>
                        {hints.map((h) => (
                            <li key={h.verb}>{named("verb", h.verb)}: {t(h.why!)}</li>
                        ))}
                    </ul>
                </details>
            ) : null}
        </div>
    );
}

function Hero({ box }: { box: Wallbox }) {
    const mayAct = mayOperate(useStore(who));
    const isOld = box.age_ms !== null && box.age_ms > LIVE_AGE_MS;

    return (
        <section class="panel hero" data-box={box.serial}>
            <Device lights={box.lights ?? null} isPlugged={box.session !== null || box.state === "Charging"} />
            <div class="hero-text">
                <h1>{box.name}</h1>
                <p>
                    <StateChip box={box} /> <span class="soft">{box.serial}</span>
                    {box.card ? <span class="soft"> · {box.card.name ?? box.card.uid}</span> : null}
                </p>
                <p class="hero-reason">{reasonText(box)}</p>
                {isOld ? <p class="note note-warn">{t("box.old", { seconds: Math.floor((box.age_ms ?? 0) / 1000) })}</p> : null}
                <p class="soft hero-lights">{lightsText(box.lights ?? null)}</p>
                {mayAct ? <Actions box={box} /> : null}
            </div>
            <dl class="hero-figures">
                <Fact name={t("col.power")}><Amount value={kilowatts(box.power_w)} unit="kW" /></Fact>
                <Fact name={t("col.offered")}><Amount value={amps(box.offered_ma)} unit="A" /></Fact>
                <Fact name={t("box.session_energy")}><Amount value={kilowattHours(box.session?.energy_wh)} unit="kWh" /></Fact>
            </dl>
        </section>
    );
}

function LivePanel({ box }: { box: Wallbox }) {
    const at = useStore(site, (s) => s?.utc ?? null);
    const trail = trailOf(box.serial);
    const data = useMemo(() => [[...trail.atS], [...trail.offered], ...trail.drawn.map((d) => [...d])], [at, trail, trail.atS.length]);

    return (
        <Panel title={t("box.live")} kind="box-live">
            <table class="phase-table">
                <thead>
                    <tr>
                        <th scope="col">{t("history.phase")}</th>
                        <th scope="col" class="num">{t("col.offered")}</th>
                        <th scope="col" class="num">{t("box.measured")}</th>
                    </tr>
                </thead>
                <tbody>
                    {PHASES.map((phase, p) => (
                        <tr key={phase}>
                            <th scope="row"><i class={`tick phase-${phase}`} />{phase}</th>
                            <td class="num"><Amount value={amps(box.offered_ma)} unit="A" /></td>
                            <td class="num"><Amount value={amps(box.drawn_ma?.[p])} unit="A" /></td>
                        </tr>
                    ))}
                </tbody>
            </table>
            <Chart
                label={t("box.live_chart", { name: box.name })}
                data={data as never}
                lines={[
                    { label: t("col.offered"), colour: "--accent", dash: [5, 4], width: 2, steps: true },
                    ...PHASES.map((phase) => ({ label: phase, colour: `--${phase.toLowerCase()}`, width: 2 })),
                ]}
                unit="A"
                height={220}
                max={box.max_ma / 1000}
                last_s={600}
            />
            <p class="soft">{t("box.live_note")}</p>
        </Panel>
    );
}

function FaultsPanel({ box }: { box: Wallbox }) {
    const faults = box.faults;

    return (
        <Panel title={t("box.faults")} kind="box-faults">
            {faults === null ? <p class="soft">{t("box.faults_unknown")}</p> : null}
            {faults !== null && faults.length === 0 ? <p class="good"><Icon name="check" />{t("box.faults_none")}</p> : null}
            <ul class="faults">
                {(faults ?? []).map((code) => (
                    <li key={code}>
                        <strong>{faultTitle(code)}</strong> <span class="soft">{t("box.fault_code", { code })}</span>
                        <p>{faultHelp(code)}</p>
                    </li>
                ))}
            </ul>
        </Panel>
    );
}

function IdentityPanel({ box }: { box: Wallbox }) {
    const isRoot = useStore(site, (s) => s?.nodes.find((n) => n.id === box.node)?.parent === null);
    const ampsOf = (ma: number | null): string => `${ampsShort(ma)} A`;

    return (
        <Panel title={t("box.identity")} kind="box-identity">
            <dl class="facts">
                <Fact name={t("id.serial")}>{box.serial}</Fact>
                <Fact name={t("id.firmware")}>{box.firmware ?? "–"}</Fact>
                <Fact name={t("id.node")}>{nodeName(box.node, isRoot)}</Fact>
                <Fact name={t("id.phases")}>{box.phases}</Fact>
                <Fact name={t("id.range")}>{ampsShort(box.min_ma)}–{ampsOf(box.max_ma)}</Fact>
                <Fact name={t("id.fallback")}>{ampsOf(box.fallback_ma)}</Fact>
                <Fact name={t("id.energy")}>{kilowattHours(box.energy_wh)} kWh</Fact>
                <Fact name={t("id.temperature")}>{degrees(box.temperature_mdegc)} °C</Fact>
                <Fact name={t("id.contactor")}>{box.contactor ? named("contactor", box.contactor) : "–"}</Fact>
                <Fact name={t("id.pilot")}>{box.pilot ?? "–"}</Fact>
                <Fact name={t("id.granted")}>{ampsOf(box.granted_ma)}</Fact>
                <Fact name={t("id.lease")}>{box.lease_left_ms === null ? "–" : `${Math.round(box.lease_left_ms / 1000)} s`}</Fact>
            </dl>
        </Panel>
    );
}

export default function WallboxPage({ id }: { id: string }) {
    const box = useStore(boxes, (all) => all.get(id));
    const isKnown = useStore(boxes, (all) => all.size > 0);
    const mayAct = mayOperate(useStore(who));

    if (!box) {
        return isKnown ? <Empty icon="search" title={t("box.unknown", { serial: id })}><a href="/">{t("box.back")}</a></Empty> : <p class="soft" role="status">{t("wait")}</p>;
    }
    return (
        <div class={mayAct ? "box-page" : "box-page is-viewer"}>
            <a class="back" href="/"><Icon name="left" />{t("box.back")}</a>
            <Hero box={box} />
            <LivePanel box={box} />
            <SessionPanel box={box} mayAct={mayAct} />
            <FaultsPanel box={box} />
            {mayAct ? <SettingsPanel box={box} /> : null}
            {mayAct ? <StickerPanel serial={box.serial} name={box.name} /> : null}
            <IdentityPanel box={box} />
        </div>
    );
}

