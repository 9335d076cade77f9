/* The dashboard in a real browser.
 *
 *   node tests/browser/run.mjs                        against a made-up manager (web/tests/mock.mjs, needs web/dist)
 *   node tests/browser/run.mjs --base https://127.0.0.1:8443 --user admin --password 17140332 [--pid 4711]
 *                                                     against a real one, freshly started; --pid: it may be stopped for a while
 *     [--control SOCKET --fresh SERIAL]            the site of that manager (tests/site/SITE.md), and a wallbox without vehicle: tests/browser/run.py
 *   --pictures DIR those of README (deploy/pictures), nothing else
 *   --dist DIR     the built dashboard that the made-up manager serves (web/dist)
 *   --all          also the pictures that a run over a simulated site leaves out
 *   --only WORD    those whose name holds the word        --shots DIR   where pictures go        --figures   what tests/bench/web.py prints
 *
 * Closes with `N passed, N failed, N skipped`.
 */
import { mkdirSync } from "node:fs";
import { createConnection } from "node:net";
import { startMock } from "../../web/tests/mock.mjs";
import { Browser } from "./browser.mjs";
import { cases } from "./cases.mjs";
import { pageCases } from "./pages.mjs";
import { siteCases } from "./site.mjs";
import { figures } from "./figures.mjs";
import { pictures } from "./pictures.mjs";

const argument = (name, otherwise = null) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : otherwise);

const NEW_PASSWORD = "quiet-harbour-42";
const real = argument("--base");
const shots = argument("--shots", "/tmp/dashboard-shots");
const only = argument("--only", "");

class Site {
    constructor(mock) {
        this.mock = mock;
        this.base = real ?? mock.url;
        this.user = argument("--user", "admin");
        this.first = argument("--password", "24101870");
        this.password = argument("--new-password", NEW_PASSWORD);
        this.pid = argument("--pid");
        this.isReal = real !== null;
        this.socket = argument("--control");
        this.fresh = argument("--fresh");
    }

    /* A browser that is logged in, with the first password replaced when that is still to do. */
    async enter(options = {}, path = "/") {
        const b = await Browser.open(this.base, options);
        await b.go(path);
        await b.page.waitForSelector("#password");
        b.expectsFailures = true;
        await b.logIn(this.user, this.isChanged ? this.password : this.first);
        await b.page.waitForSelector(".top, #new-password, .note-bad");
        if (await b.page.locator(".note-bad").count()) {
            await b.logIn(this.user, this.password);
            await b.page.waitForSelector(".top, #new-password");
        }
        if (await b.page.locator("#new-password").count()) {
            await b.page.fill("#new-password", this.password);
            await b.page.fill("#new-password-again", this.password);
            await b.page.click("button[type=submit]");
        }
        await b.page.waitForSelector(".top");
        b.expectsFailures = false;
        this.isChanged = true;
        return b;
    }

    canLose() {
        return !this.isReal || this.pid !== null;
    }

    /* One command for the simulated site; its answer. */
    async control(cmd, more = {}) {
        const answer = await new Promise((done, fail) => {
            let text = "";
            const link = createConnection(this.socket, () => link.write(`${JSON.stringify({ cmd, ...more })}\n`));
            link.on("data", (piece) => {
                text += piece;
                if (text.includes("\n")) {
                    link.end();
                    done(JSON.parse(text));
                }
            });
            link.on("error", fail);
        });
        if (answer.error) {
            throw new Error(`site: ${cmd}: ${answer.error}`);
        }
        return answer;
    }

    /* The board of a wallbox as it truly is. */
    async hardware(serial) {
        return (await this.control("state")).wallboxes.find((one) => one.serial === serial);
    }

    async lose() {
        await (this.isReal ? process.kill(Number(this.pid), "SIGSTOP") : this.mock.freeze());
    }

    async comeBack() {
        await (this.isReal ? process.kill(Number(this.pid), "SIGCONT") : this.mock.thaw());
    }
}

async function main() {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const dist = argument("--dist", undefined);
    const mock = real ? null : await startMock({ dist });
    const site = new Site(mock);

    mkdirSync(shots, { recursive: true });
    if (process.argv.includes("--figures")) {
        await figures(site, dist);
        await mock?.close();
        return 0;
    }
    if (process.argv.includes("--pictures")) {
        await pictures(site, argument("--pictures"));
        return 0;
    }
    for (const one of [...cases, ...siteCases, ...pageCases]) {
        if (!one.name.includes(only) || (one.isLong && site.socket && only === "" && !process.argv.includes("--all"))) {
            continue;
        }
        if ((site.isReal && one.needsMock) || (!site.socket && one.needsSite)) {
            counts.skipped++;
            continue;
        }
        try {
            await one.run(site, { shots, startMock: (more) => startMock({ dist, ...more }) });
            counts.passed++;
            console.log(`ok      ${one.name}`);
        } catch (error) {
            counts.failed++;
            console.log(`FAILED  ${one.name}\n        ${String(error?.stack ?? error).split("\n").slice(0, 6).join("\n        ")}`);
        }
    }
    await mock?.close();
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
    return counts.failed > 0 ? 1 : 0;
}

process.exit(await main());
