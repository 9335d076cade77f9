/* Figures of the dashboard as one line of JSON (tests/bench/web.py): what comes over the wire, first paint on a slow processor, long tasks with 200
 * wallboxes that change each second.
 */
import { startMock } from "../../web/tests/mock.mjs";
import { Browser } from "./browser.mjs";

const SLOW = 4; /* a phone against this machine, as browsers' own tools have it */
const PAINTS_N = 5;
const WATCH_MS = 10000;

const median = (list) => Math.round([...list].sort((x, y) => x - y)[Math.floor(list.length / 2)]);

async function slowDown(b, rate) {
    await (await b.context.newCDPSession(b.page)).send("Emulation.setCPUThrottlingRate", { rate });
}

/* Bodies of the files (nothing of /api/) that a page has fetched or found in its cache, as they come over the wire: paths and bytes. */
const fetched = () =>
    [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
        .map((e) => [new URL(e.name).pathname, e.encodedBodySize])
        .filter(([path]) => !path.startsWith("/api/"));

/* What one visitor fetches until the first page stands. */
async function wire(site) {
    const b = await site.enter();

    await b.go("/");
    await b.page.waitForSelector(".row:not(.row-head)");
    const files = await b.page.evaluate(fetched);
    await b.close();
    return { bytes: files.reduce((a, [, n]) => a + n, 0), files_n: files.length, catalogues: files.filter(([f]) => /^\/assets\/(en|fr|nb|de)-/.test(f)).length };
}

async function paint(site, rate) {
    const b = await site.enter({ width: 390, height: 844 });
    const session = await b.context.newCDPSession(b.page);
    const seen = [];

    await slowDown(b, rate);
    for (let i = 0; i < PAINTS_N; i++) {
        await session.send("Network.clearBrowserCache");
        await b.page.reload();
        await b.page.waitForSelector(".row:not(.row-head)");
        seen.push(await b.page.evaluate(() => [performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1, performance.now()]));
    }
    await b.close();
    return { rate, first_paint_ms: median(seen.map((s) => s[0])), list_ms: median(seen.map((s) => s[1])) };
}

/* Tasks of the page's main thread while `work` runs: the processor time of each, which other programs on the machine do not lengthen. */
async function tasksOf(b, work) {
    const session = await b.context.newCDPSession(b.page);
    const events = [];
    session.on("Tracing.dataCollected", (d) => events.push(...d.value));
    await session.send("Tracing.start", { traceConfig: { includedCategories: ["toplevel", "disabled-by-default-devtools.timeline", "__metadata"], excludedCategories: ["*"] } });
    await work();
    const ended = new Promise((done) => session.once("Tracing.tracingComplete", done));
    await session.send("Tracing.end");
    await ended;
    const names = new Map(events.filter((e) => e.name === "thread_name").map((e) => [`${e.pid}:${e.tid}`, e.args.name]));
    const main = events.filter((e) => e.ph === "X" && /RunTask$/.test(e.name) && names.get(`${e.pid}:${e.tid}`) === "CrRendererMain");
    const byThread = new Map();
    for (const e of main) {
        byThread.set(`${e.pid}:${e.tid}`, [...(byThread.get(`${e.pid}:${e.tid}`) ?? []), (e.tdur ?? 0) / 1000]);
    }
    return [...byThread.values()].sort((x, y) => y.reduce((a, v) => a + v, 0) - x.reduce((a, v) => a + v, 0))[0] ?? [];
}

/* Scroll up and down and count frames and what the browser calls long tasks (50 ms and more of real time, whoever took it). */
const scrollAndWatch = async (ms) => {
    const tasks = [];
    let frames = 0;
    let worst = 0;
    let last = performance.now();

    new PerformanceObserver((l) => tasks.push(...l.getEntries().map((e) => e.duration))).observe({ type: "longtask" });
    const until = performance.now() + ms;
    await new Promise((done) => {
        const step = (now) => {
            frames++;
            worst = Math.max(worst, now - last);
            last = now;
            scrollBy(0, frames % 300 < 150 ? 12 : -12);
            now < until ? requestAnimationFrame(step) : done();
        };
        requestAnimationFrame(step);
    });
    return { tasks, frames, worst };
};

async function longTasks(dist, rate) {
    const mock = await startMock({ boxes: 200, dist });
    const b = await Browser.open(mock.url);

    await b.go("/");
    await b.logIn("eva", "a good password");
    await b.page.waitForFunction(() => document.querySelectorAll(".row").length >= 200);
    await slowDown(b, rate);
    await b.page.waitForTimeout(2000); /* the list has settled */
    const cpu = await tasksOf(b, () => b.page.waitForTimeout(WATCH_MS));
    const seen = await b.page.evaluate(scrollAndWatch, WATCH_MS);
    await b.close();
    await mock.close();
    return {
        rate, longest_cpu_ms: Math.round(Math.max(0, ...cpu)), over_100_cpu_n: cpu.filter((t) => t > 100).length, busy_permille: Math.round((1000 * cpu.reduce((a, t) => a + t, 0)) / WATCH_MS),
        longest_ms: Math.round(Math.max(0, ...seen.tasks)), over_100_n: seen.tasks.filter((t) => t > 100).length, frames_n: Math.round((1000 * seen.frames) / WATCH_MS) /* a second */,
        worst_frame_gap_ms: Math.round(seen.worst),
    };
}

export async function figures(site, dist) {
    console.log(JSON.stringify({ wire: await wire(site), paint: [await paint(site, 1), await paint(site, SLOW)], tasks: [await longTasks(dist, 1), await longTasks(dist, SLOW)] }));
}
