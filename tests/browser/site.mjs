/* What happens at the wallboxes is seen in the page, and what is clicked in the page happens at the wallboxes: the simulated site is asked. */
import assert from "node:assert/strict";
import { soon, using } from "./cases.mjs";

const SEEN_MS = 2000;
const VEHICLE = { needed_wh: 100000, up_ms: 500 };

/* How long it took until it held, ms. */
async function took(check, ms) {
    const begin = Date.now();
    await soon(check, ms);
    return Date.now() - begin;
}

export const siteCases = [
    {
        name: "a vehicle that comes or goes is seen within 2 s",
        needsSite: true,
        run: async (site) =>
            using(await site.enter(), async (page) => {
                const row = page.locator(`.row[data-box="${site.fresh}"]`);
                const isFree = () => row.locator('.chip[title="Idle"]').count();
                await soon(async () => assert.equal(await isFree(), 1));
                await site.control("plug", { wallbox: site.fresh, vehicle: VEHICLE });
                const came = await took(async () => assert.equal(await isFree(), 0), 6000);
                await site.control("unplug", { wallbox: site.fresh });
                const went = await took(async () => assert.equal(await isFree(), 1), 6000);
                assert.ok(came <= SEEN_MS && went <= SEEN_MS, `seen after ${came} ms, gone after ${went} ms`);
            }),
    },
    {
        name: "pausing in the page opens the contactor of the wallbox, resuming closes it",
        needsSite: true,
        run: async (site) =>
            using(await site.enter(), async (page) => {
                await page.waitForSelector(".row .chip-charging");
                const serial = await page.locator(".row:not(.row-head)", { has: page.locator(".chip-charging") }).first().getAttribute("data-box");
                const button = page.locator(`.row[data-box="${serial}"] .c-act button`);
                await button.click();
                await soon(async () => assert.equal((await site.hardware(serial)).contactor, false), 15000);
                await soon(async () => assert.match(await button.getAttribute("aria-label"), /^Resume/), 8000);
                await button.click();
                await soon(async () => assert.equal((await site.hardware(serial)).contactor, true), 30000);
            }),
    },
    {
        name: "energy that is wanted is wished in the page, known to the manager and shown",
        needsSite: true,
        run: async (site) =>
            using(await site.enter(), async (page, b) => {
                await page.waitForSelector(".row .chip-charging");
                const serial = await page.locator(".row:not(.row-head)", { has: page.locator(".chip-charging") }).first().getAttribute("data-box");
                await b.go(`/wallbox/${serial}`);
                await page.fill("#ses-needed", "41.5");
                await page.click(".box-session .apply .button-main");
                const known = async () => page.evaluate(async (path) => (await (await fetch(path)).json()).wish?.needed_wh, `/api/v1/wallboxes/${serial}`);
                await soon(async () => assert.equal(await known(), 41500), 8000);
                await soon(async () => assert.match(await page.locator(".box-session .facts").innerText(), /41\.5/), 8000);
            }),
    },
];
