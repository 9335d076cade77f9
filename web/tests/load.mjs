/* Loads a module of the sources for a test: the build's own translator, no browser. */
import { build } from "esbuild";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../src/", import.meta.url));

/* names: { name: path under src } -> one object with all of them, sharing one copy of what they share. */
export async function load(modules) {
    const dir = mkdtempSync(join(tmpdir(), "web-test-"));
    const out = join(dir, "bundle.mjs");
    const lines = Object.entries(modules).map(([name, path]) => `export * as ${name} from ${JSON.stringify(join(ROOT, path))};`);

    try {
        await build({ stdin: { contents: lines.join("\n"), resolveDir: ROOT }, bundle: true, format: "esm", platform: "node", outfile: out, jsx: "automatic", jsxImportSource: "preact", logLevel: "error" });
        return await import(pathToFileURL(out).href);
    } finally {
        rmSync(dir, { recursive: true, force: true });
    }
}
