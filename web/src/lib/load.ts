/* Something asked of the manager for a page: loading, there, or a problem in words. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ask, Problem } from "./api";

export interface Loaded<T> {
    data: T | null;
    problem: Problem | null;
    isLoading: boolean;
    again(): void;
}

/* path null: nothing to ask. everyMs: ask again so often while the page is seen. */
export function useLoad<T>(path: string | null, everyMs = 0): Loaded<T> {
    const [state, setState] = useState<{ path: string | null; data: T | null; problem: Problem | null; isLoading: boolean }>({
        path: null,
        data: null,
        problem: null,
        isLoading: path !== null,
    });
    const [turn, setTurn] = useState(0);
    const latest = useRef(path);
    latest.current = path;

    useEffect(() => {
        if (path === null) {
            return undefined;
        }
        const ending = new AbortController();
        const load = (): void => {
            ask<T>(path, { signal: ending.signal }).then(
                (data) => setState({ path, data, problem: null, isLoading: false }),
                (error: unknown) => {
                    if (!ending.signal.aborted) {
                        const problem = error instanceof Problem ? error : new Problem(0, "");
                        setState((was) => ({ path, data: was.path === path ? was.data : null, problem, isLoading: false }));
                    }
                },
            );
        };
        setState((was) => ({ ...was, isLoading: true }));
        load();
        const timer = everyMs > 0 ? setInterval(() => !document.hidden && load(), everyMs) : undefined;
        return () => {
            ending.abort();
            clearInterval(timer);
        };
    }, [path, turn, everyMs]);

    const again = useCallback(() => setTurn((n) => n + 1), []);
    return { data: state.data, problem: state.problem, isLoading: state.isLoading, again };
}
