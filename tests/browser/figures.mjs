/* Figures of the dashboard, printed: size of the bundle, first paint on a slow processor, long tasks with 200 wallboxes. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { startMock } from "../../web/tests/mock.mjs";
import { Browser } from "./browser.mjs";

const DIST = fileURLToPath(new URL("../../web/dist", import.meta.url));

function filesOf(dir) {
    return readdirSync(dir).flatMap((f) => (statSync(join(dir, f)).isDirectory() ? filesOf(join(dir, f)) : [join(dir, f)]));
}

function sizes() {
    const files = filesOf(DIST).map((f) => ({ name: f.slice(DIST.length + 1), n: gzipSync(readFileSync(f), { level: 9 }).length }));
    const isTexts = (f) => /^assets\/(en|fr|nb|de)-/.test(f.name);
    const sum = (list) => list.reduce((a, f) => a + (f.n ?? f), 0);
    const texts = files.filter(isTexts).map((f) => f.n);
    const rest = sum(files.filter((f) => !isTexts(f)));
    const first = sum(files.filter((f) => /index|favicon/.test(f.name)));

    console.log(`bundle_gzip_len status_page=${first + Math.max(...texts)} all_pages_one_language=${rest + Math.max(...texts)} all_languages=${rest + sum(texts)}`);
}

async function paint(mock, throttle) {
    const b = await Browser.open(mock.url, { width: 390, height: 844 });
    const session = await b.context.newCDPSession(b.page);
    await b.go("/");
    await b.logIn("eva", "a good password");
    await b.page.waitForSelector(".row:not(.row-head)");
    await session.send("Emulation.setCPUThrottlingRate", { rate: throttle });
    const seen = [];
    for (let i = 0; i < 5; i++) {
        await session.send("Network.clearBrowserCache");
        await b.page.reload();
        await b.page.waitForSelector(".row:not(.row-head)");
        seen.push(await b.page.evaluate(() => [performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1, performance.now()]));
    }
    await b.close();
    const median = (list) => Math.round(list.sort((x, y) => x - y)[2]);
    console.log(`first_paint_ms throttle=${throttle} first_contentful=${median(seen.map((s) => s[0]))} list_with_values=${median(seen.map((s) => s[1]))}`);
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

async function longTasks(throttle) {
    const mock = await startMock({ boxes: 200 });
    const b = await Browser.open(mock.url);
    await b.go("/");
    await b.logIn("eva", "a good password");
    await b.page.waitForSelector(".row:not(.row-head)");
    await b.page.waitForFunction(() => document.querySelectorAll(".row").length >= 200);
    if (throttle > 1) {
        await (await b.context.newCDPSession(b.page)).send("Emulation.setCPUThrottlingRate", { rate: throttle });
    }
    await b.page.waitForTimeout(2000);
    const cpu = await tasksOf(b, () => b.page.waitForTimeout(10000));
    console.log(`updates_200_cpu throttle=${throttle} seconds=10 tasks_n=${cpu.length} longest_task_cpu_ms=${Math.round(Math.max(0, ...cpu))} over_100_ms_n=${cpu.filter((t) => t > 100).length} busy_permille=${Math.round(cpu.reduce((a, t) => a + t, 0) / 10)}`);
    const seen = await b.page.evaluate(async () => {
        const tasks = [];
        let frames = 0;
        let worst = 0;
        let last = performance.now();
        new PerformanceObserver((l) => tasks.push(...l.getEntries().map((e) => e.duration))).observe({ type: "longtask" });
        const until = performance.now() + 10000;
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
    });
    console.log(`updates_200 throttle=${throttle} seconds=10 long_tasks_n=${seen.tasks.length} longest_task_ms=${Math.round(Math.max(0, ...seen.tasks))} frames_n=${seen.frames} worst_frame_gap_ms=${Math.round(seen.worst)}`);
    await b.close();
    await mock.close();
}

export async function figures(site) {
    sizes();
    await paint(site.mock ?? { url: site.base }, 4);
    await longTasks(1);
    await longTasks(4);
}
