/* A line chart over time. The drawing library is loaded when the first chart is shown. */
import { useEffect, useRef } from "preact/hooks";
import type uPlot from "uplot";
import { clock, clockSeconds, day, decimal } from "../lib/format";
import { useStore } from "../lib/store";
import { t, useLanguage } from "../lib/text";
import { theme } from "../lib/theme";

export interface Line {
    label: string;
    colour: string; /* name of a CSS variable */
    width?: number;
    dash?: number[];
    fill?: boolean;
    bars?: boolean;
    steps?: boolean;
}

export interface ChartProps {
    label: string; /* what it shows, for those who do not see it */
    data: uPlot.AlignedData;
    lines: Line[];
    unit: string;
    height: number;
    max?: number;
    days?: boolean; /* dates instead of times along the bottom */
    digits?: number;
    from_s?: number; /* the time shown; else that of the data */
    to_s?: number;
    last_s?: number; /* or: the newest so many seconds, fewer while there are no more */
}

function variable(name: string): string {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function series(lib: typeof uPlot, line: Line, unit: string, digits: number): uPlot.Series {
    const stroke = variable(line.colour);
    const bars = line.bars ? lib.paths.bars?.({ size: [0.7, 60], radius: 0.15 }) : undefined;
    const steps = line.steps ? lib.paths.stepped?.({ align: 1 }) : undefined;

    return {
        label: line.label,
        stroke,
        width: line.width ?? 1.5,
        points: { show: false },
        value: (_self, value) => (value === null || value === undefined ? "–" : `${decimal(value, digits)} ${unit}`),
        ...(line.dash ? { dash: line.dash } : {}),
        ...(line.fill || line.bars ? { fill: stroke + (line.bars ? "" : "cc") } : {}),
        ...(bars ? { paths: bars } : steps ? { paths: steps } : {}),
    };
}

const DAYS_S = [1, 2, 7, 31, 61, 92].map((n) => n * 86400);
const LEAST_S = 60;
const SECONDS_BELOW_S = 300;

/* Times along the bottom: dates, times, or with seconds where only a few minutes are shown. */
function timeText(props: ChartProps, splits: number[]): string[] {
    const width_s = (splits[splits.length - 1] ?? 0) - (splits[0] ?? 0);
    const write = props.days ? day : width_s < SECONDS_BELOW_S ? clockSeconds : clock;

    return splits.map((s) => write(s * 1000));
}

function spanOf(props: ChartProps, min: number, max: number): [number, number] {
    if (props.last_s !== undefined) {
        return [Math.max(max - props.last_s, Math.min(min, max - LEAST_S)), max];
    }
    return [props.from_s ?? min, props.to_s ?? max];
}

function options(lib: typeof uPlot, props: ChartProps, width: number, latest: () => ChartProps): uPlot.Options {
    const ink = variable("--soft");
    const grid = { stroke: variable("--line"), width: 1 };
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const digits = props.digits ?? 1;
    const top = props.max;

    return {
        width,
        height: props.height,
        cursor: { y: false, points: { size: 7 } },
        legend: { live: true },
        scales: {
            x: { time: true, range: (_self, min, max) => spanOf(latest(), min, max) },
            y: { range: (_self, _min, max) => [0, Math.max(top ?? 0, max ?? 0, 1) * 1.06] },
        },
        axes: [
            { stroke: ink, grid, ticks: grid, font, values: (_self, splits) => timeText(props, splits), ...(props.days ? { incrs: DAYS_S } : {}) },
            { stroke: ink, grid, ticks: grid, font, size: (_self, texts) => 18 + 7 * Math.max(4, ...(texts ?? []).map((s) => s.length)), values: (_self, splits) => splits.map((s) => `${decimal(s, s % 1 === 0 ? 0 : 1)} ${props.unit}`) },
        ],
        series: [{ value: (_self, value) => (value === null || value === undefined ? "–" : props.days ? day(value * 1000) : clockSeconds(value * 1000)), label: t("chart.at") }, ...props.lines.map((l) => series(lib, l, props.unit, digits))],
    };
}

export default function Chart(props: ChartProps) {
    const own = useRef<HTMLDivElement>(null);
    const plot = useRef<uPlot | null>(null);
    const latest = useRef(props);
    const look = useStore(theme);
    const spoken = useLanguage();
    const shape = props.lines.map((l) => l.label + l.colour).join("|") + props.unit + props.height + String(props.max) + String(props.days);

    latest.current = props;
    useEffect(() => {
        const at = own.current;
        let isGone = false;
        let sizes: ResizeObserver | null = null;

        void Promise.all([import("uplot"), import("uplot/dist/uPlot.min.css")]).then(([{ default: lib }]) => {
            if (isGone || !at) {
                return;
            }
            plot.current = new lib(options(lib, latest.current, at.clientWidth || 300, () => latest.current), latest.current.data, at);
            sizes = new ResizeObserver(() => plot.current?.setSize({ width: at.clientWidth, height: latest.current.height }));
            sizes.observe(at);
        });
        return () => {
            isGone = true;
            sizes?.disconnect();
            plot.current?.destroy();
            plot.current = null;
        };
    }, [look, spoken, shape]);
    useEffect(() => {
        plot.current?.setData(props.data);
    }, [props.data]);
    return <div ref={own} class="chart" role="img" aria-label={props.label} />;
}
