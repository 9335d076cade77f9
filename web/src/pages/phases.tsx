/* How full each phase of each node is: the house, each wallbox's share, what is promised, what is free, the limit. This picture answers "why not more?". */
import { memo } from "../parts/memo";
import { amps, ampsShort } from "../lib/format";
import { go } from "../lib/route";
import { barOf, type Bar } from "../lib/picture";
import { nodeName } from "../lib/reason";
import { t } from "../lib/text";
import { PHASES, type Node, type Phase, type Wallbox } from "../lib/types";

const SHADES = 6;
const permille = (n: number): string => `${n / 10}%`;

interface BarProps {
    bar: Bar;
    phase: Phase;
    shades: ReadonlyMap<string, number>;
    names: (serial: string) => string;
}

function barText(bar: Bar, phase: Phase): string {
    return t("phases.bar", { phase, used: amps(bar.used_ma), limit: ampsShort(bar.limit_ma), house: amps(bar.house_ma), free: amps(bar.free_ma), n: bar.parts.length });
}

function PhaseBar({ bar, phase, shades, names }: BarProps) {
    const verdict = bar.isOver ? t("phases.over") : bar.isFull ? t("phases.full") : t("phases.free", { amps: amps(bar.free_ma) });

    return (
        <div class="bar-row">
            <b class={`bar-phase tick-${phase}`}>{phase}</b>
            <svg class="bar" role="img" aria-label={barText(bar, phase)} height="20" width="100%">
                <rect class="bar-ground" width="100%" height="20" />
                <rect class="bar-house" width={permille(bar.house)} height="20" />
                {bar.parts.map((p) => (
                    <rect
                        key={p.serial}
                        class={`bar-part shade-${(shades.get(p.serial) ?? 0) % SHADES}`}
                        data-box={p.serial}
                        x={permille(p.from)}
                        width={permille(p.width)}
                        height="20"
                        onClick={() => go(`/wallbox/${encodeURIComponent(p.serial)}`)}
                    >
                        <title>{`${names(p.serial)}: ${amps(p.ma)} A`}</title>
                    </rect>
                ))}
                <rect class="bar-promised" x={permille(bar.promised.from)} width={permille(bar.promised.width)} height="20" />
                <rect class="bar-free" x={permille(bar.free.from)} width={permille(bar.free.width)} height="20" fill="url(#hatch)" />
                <rect class="bar-limit" x={permille(bar.limit)} width="3" height="20" />
            </svg>
            <span class={bar.isOver ? "bar-figure is-over" : "bar-figure"}>
                <span>
                    <b>{amps(bar.used_ma)}</b> / {ampsShort(bar.limit_ma)} A
                </span>
                <small class={bar.isFull ? "is-full" : ""}>{verdict}</small>
            </span>
        </div>
    );
}

function limits(node: Node): string {
    const [a, b, c] = node.limit_ma;

    return a === b && b === c ? `3 × ${ampsShort(a)} A` : node.limit_ma.map((l) => ampsShort(l)).join(" / ") + " A";
}

interface PhasesProps {
    nodes: readonly Node[];
    below: ReadonlyMap<string, readonly Wallbox[]>;
    serials: readonly string[];
}

function PhasesBare({ nodes, below, serials }: PhasesProps) {
    const shades = new Map(serials.map((serial, i) => [serial, i]));

    return (
        <>
            <svg class="hidden-defs" aria-hidden="true" width="0" height="0">
                <pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                    <rect class="hatch-line" width="2" height="7" />
                </pattern>
            </svg>
            <div class="nodes">
                {nodes.map((node) => {
                    const boxes = below.get(node.id) ?? [];
                    const names = (serial: string): string => boxes.find((b) => b.serial === serial)?.name ?? serial;
                    return (
                        <div key={node.id} class="node">
                            <h3>
                                {nodeName(node.id, node.parent === null)} <span class="soft">{limits(node)}</span>
                                {node.is_fallback ? <span class="chip chip-warn">{t("phases.fallback")}</span> : null}
                                {node.is_scheduled ? <span class="chip chip-warn">{t("phases.scheduled")}</span> : null}
                            </h3>
                            {PHASES.map((phase, p) => (
                                <PhaseBar key={phase} phase={phase} bar={barOf(node, p, boxes)} shades={shades} names={names} />
                            ))}
                        </div>
                    );
                })}
            </div>
            <ul class="legend">
                <li><i class="key key-house" />{t("legend.house")}</li>
                <li><i class="key key-box" />{t("legend.wallbox")}</li>
                <li><i class="key key-promised" />{t("legend.promised")}</li>
                <li><i class="key key-free" />{t("legend.free")}</li>
                <li><i class="key key-limit" />{t("legend.limit")}</li>
            </ul>
        </>
    );
}

export const Phases = memo(PhasesBare);
