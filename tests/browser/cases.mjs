/* Login, live values, language, staleness, list, keyboard. Names are sentences. */
import assert from "node:assert/strict";
import { Browser } from "./browser.mjs";

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export async function using(browser, work) {
    try {
        await work(browser.page, browser);
        assert.deepEqual(browser.errors, [], "errors in the console");
        assert.deepEqual(browser.outside, [], "requests to the outside");
    } finally {
        await browser.close();
    }
}

/* Wait until it holds; the message of the last failure counts. */
export async function soon(check, ms = 5000) {
    const until = Date.now() + ms;
    for (;;) {
        try {
            return await check();
        } catch (error) {
            if (Date.now() > until) {
                throw error;
            }
            await pause(50);
        }
    }
}

const ROW = ".row:not(.row-head)";

export const cases = [
    {
        name: "a wrong password is refused in words, the first one must be replaced, and then the status is shown",
        run: async (site) =>
            using(await Browser.open(site.base), async (page, b) => {
                b.expectsFailures = true;
                await b.go("/");
                await page.waitForSelector("#password");
                await b.logIn(site.user, "not the password");
                await page.waitForSelector(".note-bad");
                await b.logIn(site.user, site.first);
                await page.waitForSelector("#new-password", { timeout: 15000 });
                await b.go("/history");
                await page.waitForSelector("#new-password");
                assert.equal(await page.locator(".top").count(), 0, "nothing else is open before the change");
                await page.fill("#old-password", site.first);
                await page.fill("#new-password", "short");
                await page.fill("#new-password-again", "other");
                await page.click("button[type=submit]");
                assert.equal(await page.locator(".field.has-error").count(), 2);
                await page.fill("#new-password", site.password);
                await page.fill("#new-password-again", site.password);
                await page.click("button[type=submit]");
                await page.waitForSelector(".top");
                site.isChanged = true;
                await b.go("/");
                await page.waitForSelector(ROW);
            }),
    },
    {
        name: "live values change by themselves",
        run: async (site) =>
            using(await site.enter(), async (page) => {
                await page.waitForSelector(ROW);
                const values = () => page.locator(".bar-figure b, .mini-figure").allInnerTexts();
                const first = (await values()).join();
                if (site.socket) {
                    await site.control("house", { ma: [9000, 7000, 5000] });
                }
                await soon(async () => assert.notEqual((await values()).join(), first), 8000);
                assert.match(await page.locator(".live").innerText(), /live/);
            }),
    },
    {
        name: "the language is that of the browser, can be switched, and numbers follow",
        run: async (site) =>
            using(await site.enter({ language: "de-DE" }), async (page) => {
                await page.waitForSelector(ROW);
                assert.equal(await page.getAttribute("html", "lang"), "de");
                assert.match(await page.locator(".bar-figure b").first().innerText(), /^-?\d+,\d$/);
                for (const [language, word] of [["fr", "Historique"], ["nb", "Historikk"], ["en", "History"]]) {
                    await page.selectOption(".top .language select", language);
                    await page.waitForSelector(`.pages >> text=${word}`);
                    assert.equal(await page.getAttribute("html", "lang"), language);
                }
                await page.reload();
                await page.waitForSelector(".pages >> text=History");
            }),
    },
    {
        name: "losing the manager is said within 3 s, old values are not shown as live, and it recovers",
        run: async (site) => {
            if (!site.canLose()) {
                return;
            }
            await using(await site.enter(), async (page, b) => {
                await page.waitForSelector(ROW);
                await pause(1500);
                b.expectsFailures = true;
                await site.lose();
                const lost = Date.now();
                try {
                    await page.waitForSelector(".stale", { timeout: 6000 });
                    const took = Date.now() - lost;
                    assert.ok(took <= 3400, `the banner came after ${took} ms`);
                    assert.match(await page.locator(".live").innerText(), /no news/);
                    assert.match(await page.locator(".stale-age").innerText(), /\d+ s/);
                    assert.ok(await page.evaluate(() => document.body.classList.contains("is-stale")));
                } finally {
                    await site.comeBack();
                }
                await page.waitForSelector(".stale", { state: "detached", timeout: 15000 });
            });
        },
    },
    {
        name: "search, filter and order are in the address and survive a reload",
        run: async (site) =>
            using(await site.enter(), async (page) => {
                await page.waitForSelector(ROW);
                const all = await page.locator(ROW).count();
                const name = await page.locator(`${ROW} .c-name a`).last().innerText();
                await page.fill(".search input", name);
                await soon(async () => assert.ok((await page.locator(ROW).count()) < all));
                assert.match(page.url(), /find=/);
                await page.reload();
                await page.waitForSelector(ROW);
                assert.equal(await page.inputValue(".search input"), name);
                await page.fill(".search input", "");
                await page.click(".row-head .c-power button");
                await page.click(".row-head .c-power button");
                assert.match(page.url(), /sort=-power/);
                assert.equal(await page.getAttribute(".row-head .c-power", "aria-sort"), "descending");
                await page.click(".filter .tab >> nth=3");
                assert.match(page.url(), /show=attention/);
            }),
    },
    {
        name: "pointing at a row or reaching it by keyboard lights its share in the bars, and the other way round",
        run: async (site) =>
            using(await site.enter(), async (page) => {
                await page.waitForSelector(".bar-part");
                const serial = await page.getAttribute(".bar-part", "data-box");
                await page.hover(`.row[data-box="${serial}"]`, { force: true });
                await page.waitForSelector(`.bar-part.is-hot[data-box="${serial}"]`);
                await page.hover(".brand");
                await page.hover(`.bar-part[data-box="${serial}"]`);
                await page.waitForSelector(`.row.is-hot[data-box="${serial}"]`);
                await page.hover(".brand");
                await page.focus(`.row[data-box="${serial}"] .c-name a`);
                await page.waitForSelector(`.bar-part.is-hot[data-box="${serial}"]`);
            }),
    },
    {
        name: "everything can be reached by keyboard, beginning with the way past the navigation",
        run: async (site) =>
            using(await site.enter(), async (page) => {
                await page.waitForSelector(ROW);
                await page.reload();
                await page.waitForSelector(ROW);
                await page.keyboard.press("Tab");
                assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
                await page.focus(".row-head .c-state button");
                await page.keyboard.press("Enter");
                assert.match(page.url(), /sort=state/);
                await page.focus(`${ROW} .c-name a`);
                await page.keyboard.press("Enter");
                await page.waitForSelector(".box-page h1");
            }),
    },
    {
        name: "nothing moves for those who do not want motion",
        run: async (site) =>
            using(await site.enter({ reducedMotion: "reduce" }), async (page) => {
                await page.waitForSelector(ROW);
                const seen = () => page.evaluate(() => [document.getAnimations().filter((a) => a.playState === "running").length, /beat-\d/.test(document.body.className), document.querySelector(".flow path").style.strokeDashoffset].join());
                const first = await seen();
                await pause(900);
                assert.equal(first, "0,false,");
                assert.equal(await seen(), first);
            }),
    },
    {
        name: "without a stream the manager is asked every 2 s",
        needsMock: true,
        run: async (_site, { startMock }) => {
            const mock = await startMock({ hasStream: false, everyMs: 500 });
            const browser = await Browser.open(mock.url);
            try {
                await using(browser, async (page, b) => {
                    b.expectsFailures = true;
                    await b.go("/");
                    await b.logIn("eva", "a good password");
                    await page.waitForSelector(ROW);
                    await soon(async () => assert.match(await page.getAttribute(".live", "title"), /2 s/));
                    const first = await page.locator(".bar-figure b").allInnerTexts();
                    await soon(async () => assert.notDeepEqual(await page.locator(".bar-figure b").allInnerTexts(), first), 6000);
                    assert.equal(await page.locator(".stale").count(), 0);
                    assert.equal(await page.locator(`${ROW} button`).count(), 0, "a viewer sees no buttons that do not work for him");
                });
            } finally {
                await mock.close();
            }
        },
    },
    {
        name: "a manager that lacks an endpoint is named as such, and shows what it has",
        needsMock: true,
        run: async (_site, { startMock }) => {
            const mock = await startMock({ isBare: true, hasStream: false });
            const browser = await Browser.open(mock.url);
            try {
                await using(browser, async (page, b) => {
                    b.expectsFailures = true;
                    await b.go("/events");
                    await page.waitForSelector("text=This manager does not offer this yet.");
                    await b.go("/");
                    await page.waitForSelector(ROW);
                    assert.equal(await page.locator(".lasthour").count(), 0);
                });
            } finally {
                await mock.close();
            }
        },
    },
];
