/* A modal question, with the browser's own dialog: focus stays inside, Escape closes. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
    const own = useRef<HTMLDialogElement>(null);

    useEffect(() => {
        const before = document.activeElement as HTMLElement | null;
        own.current?.showModal();
        return () => before?.focus?.();
    }, []);
    return (
        <dialog ref={own} aria-label={title} onCancel={(e) => (e.preventDefault(), onClose())}>
            <h2>{title}</h2>
            {children}
        </dialog>
    );
}
