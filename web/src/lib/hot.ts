/* Row and bars belong together: pointing at one wallbox lights its share everywhere. Marks elements directly, nothing is drawn again. */

let hot: string | null = null;

export function setHot(serial: string | null): void {
    if (serial === hot) {
        return;
    }
    for (const marked of document.querySelectorAll(".is-hot")) {
        marked.classList.remove("is-hot");
    }
    hot = serial;
    document.body.classList.toggle("has-hot", serial !== null);
    if (serial !== null) {
        for (const found of document.querySelectorAll(`[data-box="${CSS.escape(serial)}"]`)) {
            found.classList.add("is-hot");
        }
    }
}

/* One listener for the page, instead of one per row and segment. */
export function startHot(): void {
    const serialAt = (target: EventTarget | null): string | null =>
        target instanceof Element ? (target.closest("[data-box]")?.getAttribute("data-box") ?? null) : null;

    document.addEventListener("pointerover", (e) => {
        if (e.pointerType !== "touch") {
            setHot(serialAt(e.target));
        }
    });
    document.addEventListener("focusin", (e) => setHot(serialAt(e.target)));
    document.addEventListener("focusout", () => setHot(null));
    document.documentElement.addEventListener("pointerleave", () => setHot(null));
}
