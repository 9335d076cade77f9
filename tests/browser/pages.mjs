/* Every page: what it does, that axe finds nothing serious on it, and how it looks. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Browser } from "./browser.mjs";
import { soon, using } from "./cases.mjs";

const ROW = ".row:not(.row-head)";
const PAGES = { status: "/", history: "/history?span=week", sessions: "/sessions", prices: "/prices", events: "/events", alarms: "/alarms", cards: "/cards", account: "/account" };

/* A wallbox that charges, by its serial. */
async function chargingSerial(page) {
    await page.waitForSelector(`${ROW} .chip-charging`);
    return page.locator(ROW, { has: page.locator(".chip-charging") }).first().getAttribute("data-box");
}

/* What the sticker of a wallbox carries. */
const driverCode = (page, serial) => page.evaluate(async (s) => (await (await fetch(`/api/v1/wallboxes/${s}/driver-code`)).json()).code, serial);

async function open(site, options, path) {
    const b = await site.enter(options);
    await b.page.waitForSelector(ROW);
    const at = typeof path === "function" ? await path(b.page) : path;
    if (at !== "/") {
        await b.go(at);
        await b.page.waitForSelector("main h1");
    }
    return b;
}

export const pageCases = [
    {
        name: "pausing is taken at once, seen when it has happened, and undone by resuming",
        run: async (site) =>
            using(await site.enter(), async (page) => {
                const serial = await chargingSerial(page);
                const row = page.locator(`.row[data-box="${serial}"]`);
                await row.locator(".c-act button").click();
                await row.locator(".job").waitFor();
                await row.locator(".job-done").waitFor({ timeout: 15000 });
                await soon(async () => assert.match(await row.locator(".c-act button").getAttribute("aria-label"), /^Resume/), 8000);
                await row.locator(".c-act button").click();
                await row.locator(".chip-charging").waitFor({ timeout: 30000 });
            }),
    },
    {
        name: "a button that cannot work now says why",
        run: async (site) =>
            using(await site.enter(), async (page) => {
                const serial = await chargingSerial(page);
                await page.click(`.row[data-box="${serial}"] .c-name a`);
                await page.waitForSelector(".actions");
                const start = page.locator(".actions button", { hasText: "Start" }).first();
                assert.equal(await start.getAttribute("aria-disabled"), "true");
                assert.match(await start.getAttribute("title"), /charging already/);
            }),
    },
    {
        name: "the settings of a wallbox are checked at the field, shown before they are applied, and then hold",
        run: async (site) =>
            using(await site.enter(), async (page) => {
                const serial = await chargingSerial(page);
                await page.click(`.row[data-box="${serial}"] .c-name a`);
                await page.fill("#set-limit", "5");
                await page.waitForSelector(".box-settings .field.has-error");
                assert.ok(await page.locator(".box-settings .button-main").isDisabled());
                await page.fill("#set-limit", "");
                const before = await page.inputValue("#set-priority");
                const after = before === "7" ? "6" : "7";
                await page.selectOption("#set-priority", after);
                await page.waitForSelector(`.box-settings .apply >> text=${before}`);
                await page.click(".box-settings .button-main");
                await soon(async () => assert.match(await page.locator(".box-settings .apply").innerText(), /Applied/), 8000);
                assert.equal(await page.inputValue("#set-priority"), after);
            }),
    },
    {
        name: "the wallbox page draws offered and measured current, lights, faults and identity",
        run: async (site) =>
            using(await site.enter(), async (page) => {
                const serial = await chargingSerial(page);
                await page.click(`.row[data-box="${serial}"] .c-name a`);
                await page.waitForSelector(".box-live canvas");
                assert.equal(await page.locator(".device .led").count(), 4);
                assert.match(await page.locator(".box-identity").innerText(), new RegExp(serial));
            }),
    },
    {
        name: "sessions are filtered in the address and leave as CSV",
        run: async (site) =>
            using(await open(site, {}, "/sessions"), async (page) => {
                await page.waitForSelector(".panel .table, .panel .empty");
                const link = await page.locator("a[download]").getAttribute("href");
                const answer = await page.evaluate(async (at) => { const a = await fetch(at); return [a.status, a.headers.get("content-type")]; }, link);
                assert.equal(answer[0], 200);
                assert.match(answer[1], /text\/csv/);
                await page.selectOption(".filters select >> nth=0", { index: 1 });
                assert.match(page.url(), /wallbox=/);
            }),
    },
    {
        name: "prices are checked at the field, shown before they are applied, hold, and sessions show their cost",
        run: async (site) =>
            using(await open(site, {}, "/sessions"), async (page) => {
                await page.click("a[href='/prices']");
                await page.selectOption("#price-currency", "EUR");
                await page.fill("#price-base", "a lot");
                await page.waitForSelector(".prices .field.has-error");
                assert.ok(await page.locator(".prices .apply .button-main").isDisabled());
                await page.fill("#price-base", "0,285");
                await page.fill("#price-solar", "0.10");
                await page.click(".prices button:has-text('Add a time window')");
                await page.fill("#window-0-from", "22:10");
                await page.fill("#window-0-price", "0.19");
                await page.waitForSelector(".window .has-error");
                await page.fill("#window-0-from", "22:00");
                await page.uncheck(".window .check input >> nth=6");
                await page.waitForSelector(".prices .apply >> text=22:00–06:00: 0.19");
                await page.click(".prices .apply .button-main");
                await page.waitForSelector(".prices .apply >> text=Applied");
                await page.reload();
                await page.waitForSelector("#window-0-price");
                const values = await Promise.all(["#price-base", "#price-solar", "#window-0-from", "#window-0-to", "#window-0-price"].map((at) => page.inputValue(at)));
                assert.deepEqual(values, ["0.285", "0.1", "22:00", "06:00", "0.19"]);
                assert.ok(!(await page.isChecked(".window .check input >> nth=6")));
                assert.match(await page.locator(".prices").innerText(), /Valid since .* \(no\. \d+\)/);
                if (!site.socket) {
                    await page.goto(new URL("/sessions", page.url()).href);
                    await page.waitForSelector("td[data-label='Cost'] >> text=/^€\\d+\\.\\d\\d$/");
                    assert.match(await page.locator(".sum").innerText(), /kWh · €[\d,]+\.\d\d$/);
                }
            }),
    },
    {
        name: "an event that wants somebody is acknowledged, and the count falls",
        needsMock: true,
        run: async (site) =>
            using(await open(site, {}, "/events"), async (page) => {
                await page.waitForSelector(".event.is-open button");
                const badge = Number(await page.locator(".badge").innerText());
                const openBefore = await page.locator(".event.is-open").count();
                await page.locator(".event.is-open button").first().click();
                await soon(async () => assert.equal(await page.locator(".event.is-open").count(), openBefore - 1));
                await soon(async () => assert.equal(badge > 1 ? Number(await page.locator(".badge").innerText()) : 0, badge - 1));
            }),
    },
    {
        name: "a card is added, refused with a wrong number, changed and deleted",
        run: async (site) =>
            using(await open(site, {}, "/cards"), async (page) => {
                await page.click(".button-main");
                await page.fill("#card-uid", "12 zz");
                await page.click("dialog button[type=submit]");
                await page.waitForSelector("dialog .field.has-error");
                await page.fill("#card-uid", "04 DE AD BE");
                await page.fill("#card-name", "Test van");
                await page.click("dialog button[type=submit]");
                const row = page.locator("tr", { hasText: "04DEADBE" });
                await row.waitFor();
                await row.locator("button").click();
                await page.check("dialog .check >> nth=0");
                await page.click("dialog button[type=submit]");
                await row.locator(".chip-bad").waitFor();
                await row.locator("button").click();
                await page.click(".dialog-foot button >> nth=0");
                await page.click(".dialog-foot .button-bad");
                await row.waitFor({ state: "detached" });
            }),
    },
    {
        name: "whom to tell of alarms is checked at the field, kept, and tried at once",
        run: async (site) =>
            using(await site.enter(), async (page, b) => {
                await page.waitForSelector(ROW);
                await b.go("/events");
                await page.click("a[href='/alarms']");
                await page.fill("#hook_url", "ftp://nowhere");
                b.expectsFailures = true;
                await page.click(".alarms .apply .button-main");
                await page.waitForSelector(".alarms .field.has-error #hook_url");
                b.expectsFailures = false;
                await page.fill("#hook_url", "http://127.0.0.1:9/alarms");
                await page.click(".alarms .apply .button-main");
                await page.waitForSelector(".alarms .apply >> text=Applied");
                await page.click(".alarms button:has-text('Send a test')");
                await page.waitForSelector(".alarms .bad:has-text('connect')");
                await page.reload();
                await page.waitForFunction(() => document.querySelector("#hook_url")?.value === "http://127.0.0.1:9/alarms");
            }),
    },
    {
        name: "the driver's page needs no login and answers in words",
        run: async (site) => {
            const inside = await site.enter();
            await inside.page.waitForSelector(ROW);
            const code = await driverCode(inside.page, await inside.page.locator(ROW).first().getAttribute("data-box"));
            await inside.close();
            await using(await Browser.open(site.base, { width: 390, height: 844 }), async (page, b) => {
                await b.go(`/d/${code}`);
                await page.waitForSelector(".driver-reason");
                assert.ok((await page.locator(".driver-state").innerText()).length > 2);
                assert.deepEqual(await b.axe(), []);
            });
        },
    },
    {
        name: "the recovery key brings a new password",
        needsMock: true,
        run: async (site) =>
            using(await Browser.open(site.base), async (page, b) => {
                b.expectsFailures = true;
                await b.go("/");
                await page.click(".login .link");
                await page.fill("#recovery", "WRONG");
                await page.fill("#new-password", site.password);
                await page.fill("#new-password-again", site.password);
                await page.click("button[type=submit]");
                await page.waitForSelector(".field.has-error");
                await page.fill("#recovery", "ABCD-EFGH");
                await page.click("button[type=submit]");
                await page.waitForSelector("text=Log in with it");
            }),
    },
    ...["light", "dark"].map((theme) => ({
        name: `axe finds nothing serious on any page (${theme})`,
        run: async (site) =>
            using(await site.enter({ theme }), async (page, b) => {
                await page.waitForSelector(ROW);
                const serial = await page.locator(ROW).first().getAttribute("data-box");
                for (const path of [...Object.values(PAGES), `/wallbox/${serial}`]) {
                    await b.go(path);
                    await page.waitForSelector("main h1");
                    await page.waitForTimeout(900);
                    assert.deepEqual(await b.axe(), [], path);
                }
            }),
    })),
    {
        name: "axe finds nothing serious on the login page and on a phone",
        run: async (site) => {
            await using(await Browser.open(site.base, { width: 390, height: 844 }), async (page, b) => {
                await b.go("/");
                await page.waitForSelector("#password");
                assert.deepEqual(await b.axe(), []);
            });
            await using(await site.enter({ width: 390, height: 844 }), async (page, b) => {
                await page.waitForSelector(ROW);
                assert.deepEqual(await b.axe(), []);
            });
        },
    },
    ...[390, 1280, 2560].flatMap((width) =>
        ["light", "dark"].map((theme) => ({
            isLong: width === 1280 ? theme === "light" : theme === "dark",
            name: `pictures of every page, ${width} px, ${theme}; nothing is wider than the window`,
            run: async (site, { shots }) =>
                using(await site.enter({ width, height: width === 390 ? 844 : width === 2560 ? 1440 : 900, theme }), async (page, b) => {
                    await page.waitForSelector(ROW);
                    const serial = await page.locator(ROW).first().getAttribute("data-box");
                    for (const [name, path] of Object.entries({ ...PAGES, wallbox: `/wallbox/${serial}`, driver: `/d/${await driverCode(page, serial)}` })) {
                        await b.go(path);
                        await page.waitForSelector("main h1");
                        await page.waitForTimeout(1400);
                        await page.screenshot({ path: join(shots, `${name}-${width}-${theme}.png`) });
                        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
                        assert.ok(over <= 0, `${path} is ${over} px too wide`);
                    }
                }),
        })),
    ),
];
