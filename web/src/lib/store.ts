/* A value that can be watched. Components see only the part they select, and are drawn again only when that part changed. */
import { useEffect, useState } from "preact/hooks";

export interface Store<T> {
    get(): T;
    set(next: T): void;
    update(change: (now: T) => T): void;
    watch(seen: (now: T) => void): () => void;
}

export function createStore<T>(first: T): Store<T> {
    let now = first;
    const watchers = new Set<(value: T) => void>();
    const set = (next: T): void => {
        if (Object.is(next, now)) {
            return;
        }
        now = next;
        for (const seen of [...watchers]) {
            seen(now);
        }
    };

    return {
        get: () => now,
        set,
        update: (change) => set(change(now)),
        watch: (seen) => {
            watchers.add(seen);
            return () => watchers.delete(seen);
        },
    };
}

export function useStore<T, P = T>(store: Store<T>, select: (value: T) => P = (value) => value as unknown as P): P {
    const [, redraw] = useState(0);
    const shown = select(store.get());

    useEffect(() => {
        let last = shown;
        const look = (value: T): void => {
            const next = select(value);
            if (!Object.is(next, last)) {
                last = next;
                redraw((n) => n + 1);
            }
        };
        look(store.get());
        return store.watch(look);
    });
    return shown;
}
