/* Where the power flows at this moment. Arrows show the direction, numbers the power; the lines move with it unless motion is unwanted. */
import { kilowatts } from "../lib/format";
import type { Flow } from "../lib/picture";
import { Icon, type IconName } from "../parts/icons";
import { t } from "../lib/text";

interface LineProps {
    d: string;
    w: number | null;
    arrow: { x: number; y: number; turn: number };
    kind: string;
}

const MOVES_FROM_W = 20;

/* The same line from its end: dashes always move along the path. */
function reversed(d: string): string {
    const [, x, y, way, to] = /^M(\d+) (\d+)([HV])(\d+)$/.exec(d) ?? [];

    return way === "H" ? `M${to} ${y}H${x}` : `M${x} ${to}V${y}`;
}

/* Positive: along the path. */
function FlowLine({ d, w, arrow, kind }: LineProps) {
    const moves = w !== null && Math.abs(w) >= MOVES_FROM_W;
    const direction = (w ?? 0) < 0 ? "back" : "on";
    const pace = !moves ? "still" : Math.abs(w) > 20000 ? "fast" : Math.abs(w) > 4000 ? "medium" : "slow";
    const turn = arrow.turn + (direction === "back" ? 180 : 0);

    return (
        <g class={`flow flow-${kind} flow-${pace}`}>
            <path d={direction === "back" ? reversed(d) : d} data-pace={moves ? pace : undefined} />
            {moves ? <polygon points="-7,-6 7,0 -7,6" transform={`translate(${arrow.x} ${arrow.y}) rotate(${turn})`} /> : null}
        </g>
    );
}

interface SpotProps {
    x: number;
    y: number;
    r: number;
    w: number | null;
    icon: IconName;
    label: string;
    kind: string;
}

function Spot({ x, y, r, w, icon, label, kind }: SpotProps) {
    const isBelow = kind !== "solar" && kind !== "house";
    const side = isBelow ? { x, y: y + r + 16, "text-anchor": "middle" as const } : { x: x + r + 10, y: y + 4, "text-anchor": "start" as const };

    return (
        <g class={`spot spot-${kind}`}>
            <circle cx={x} cy={y} r={r} />
            <svg x={x - 9} y={y - 27} width="18" height="18">
                <Icon name={icon} />
            </svg>
            <text class="spot-value" x={x} y={y + 11}>
                {kilowatts(w === null ? null : Math.abs(w))}
            </text>
            <text class="spot-unit" x={x} y={y + 24}>
                kW
            </text>
            <text class="spot-label" {...side}>
                {label}
            </text>
        </g>
    );
}

export function PowerFlow({ flow, chargingN }: { flow: Flow; chargingN: number }) {
    const gridLabel = flow.grid_w === null ? t("flow.grid") : flow.grid_w < 0 ? t("flow.to_grid") : t("flow.from_grid");
    const kw = (w: number | null): string => `${kilowatts(w === null ? null : Math.abs(w))} kW`;
    const parts = [`${gridLabel}: ${kw(flow.grid_w)}`, flow.hasSolar ? `${t("flow.solar")}: ${kw(flow.solar_w)}` : "", `${t("flow.house")}: ${kw(flow.house_w)}`];
    const text = [...parts.filter((p) => p !== ""), `${t("flow.wallboxes")}: ${kw(flow.wallboxes_w)}`].join(", ");

    return (
        <>
            <svg class="powerflow" viewBox={flow.hasSolar ? "0 0 360 236" : "0 62 360 174"} role="img" aria-label={text}>
                <FlowLine kind="grid" d="M96 118H180" w={flow.grid_w} arrow={{ x: 136, y: 118, turn: 0 }} />
                {flow.hasSolar ? <FlowLine kind="solar" d="M180 76V118" w={flow.solar_w} arrow={{ x: 180, y: 95, turn: 90 }} /> : null}
                <FlowLine kind="house" d="M180 118V160" w={flow.house_w} arrow={{ x: 180, y: 140, turn: 90 }} />
                <FlowLine kind="boxes" d="M180 118H252" w={flow.wallboxes_w} arrow={{ x: 218, y: 118, turn: 0 }} />
                <circle class="hub" cx="180" cy="118" r="5" />
                <Spot kind="grid" x={56} y={118} r={40} w={flow.grid_w} icon="grid" label={gridLabel} />
                {flow.hasSolar ? <Spot kind="solar" x={180} y={40} r={36} w={flow.solar_w} icon="sun" label={t("flow.solar")} /> : null}
                <Spot kind="house" x={180} y={196} r={36} w={flow.house_w} icon="house" label={t("flow.house")} />
                <Spot kind="boxes" x={300} y={118} r={48} w={flow.wallboxes_w} icon="plug" label={t("flow.charging", { n: chargingN })} />
            </svg>
            {flow.hasGrid ? null : <p class="note">{t("flow.no_meter")}</p>}
        </>
    );
}
