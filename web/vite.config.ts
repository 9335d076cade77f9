import { defineConfig } from "vite";

/* Nothing may be inlined: the page is served with `default-src 'self'`. Names carry a hash, so that everything but index.html can be kept for ever. */
export default defineConfig({
    base: "/",
    esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
    build: {
        target: "es2021",
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
        cssCodeSplit: true,
    },
});
