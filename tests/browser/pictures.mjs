/* The pictures of README: a site of twelve wallboxes that has been charging for a while, as its people see it. */
import { join } from "node:path";

const ROW = ".row[data-box]";
const WAIT_MS = 90000; /* until the lines of the last minutes have a shape */

const PICTURES = [
    { name: "status", path: () => "/", width: 1280, height: 900, theme: "light" },
    { name: "wallbox", path: (serial) => `/wallbox/${serial}`, width: 1280, height: 900, theme: "dark" },
];

export async function pictures(site, dir) {
    const open = [];

    for (const one of PICTURES) {
        const b = await site.enter({ width: one.width, height: one.height, theme: one.theme });
        await b.page.waitForSelector(`${ROW} .chip-charging`);
        const serial = await b.page.locator(ROW, { has: b.page.locator(".chip-charging") }).first().getAttribute("data-box");
        await b.go(one.path(serial));
        await b.page.waitForSelector("main h1");
        open.push([one, b]);
    }
    await open[0][1].page.waitForTimeout(WAIT_MS);
    for (const [one, b] of open) {
        await b.page.screenshot({ path: join(dir, `${one.name}.png`) });
        console.log(join(dir, `${one.name}.png`));
        await b.close();
    }
}
