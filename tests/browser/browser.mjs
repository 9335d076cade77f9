/* A browser for the tests: Debian's Chromium, with everything noted that a page must not do. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--no-first-run"];
const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";

export class Browser {
    /* base: address of the manager. Errors in the console and requests to the outside are collected. */
    static async open(base, { width = 1280, height = 900, theme = "light", language = "en-GB", reducedMotion = "no-preference" } = {}) {
        const own = new Browser();
        own.base = base;
        own.errors = [];
        own.outside = [];
        own.dir = mkdtempSync(join(tmpdir(), "dashboard-"));
        own.context = await chromium.launchPersistentContext(own.dir, {
            executablePath: EXECUTABLE, args: FLAGS, viewport: { width, height }, colorScheme: theme, locale: language, reducedMotion, ignoreHTTPSErrors: true, acceptDownloads: true,
        });
        own.page = own.context.pages()[0] ?? (await own.context.newPage());
        own.page.setDefaultTimeout(8000);
        own.page.on("console", (m) => m.type() === "error" && own.note(m.text(), m.location().url));
        own.page.on("pageerror", (e) => own.errors.push(e.message));
        own.page.on("request", (r) => {
            if (!r.url().startsWith(base) && !/^(blob|data|about):/.test(r.url())) {
                own.outside.push(r.url());
            }
        });
        return own;
    }

    /* The browser itself writes a line for every answer that is no success. Those that a test provokes are expected, so is the question who is
     * logged in. */
    note(text, url) {
        const isAnswer = text.startsWith("Failed to load resource");
        if (!(isAnswer && (/\/api\/v1\/me$/.test(url) || this.expectsFailures))) {
            this.errors.push(`${text} ${url}`);
        }
    }

    async go(path) {
        await this.page.goto(this.base + path);
    }

    async logIn(user, password) {
        await this.page.fill("#user", user);
        await this.page.fill("#password", password);
        await this.page.click("button[type=submit]");
    }

    async axe() {
        await this.page.evaluate(axeSource);
        const result = await this.page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], resultTypes: ["violations"] }));
        return result.violations.filter((v) => ["serious", "critical"].includes(v.impact)).map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join("; ")} - ${v.nodes[0]?.failureSummary?.split("\n")[1] ?? ""}`);
    }

    async close() {
        await this.context.close();
        rmSync(this.dir, { recursive: true, force: true });
    }
}
