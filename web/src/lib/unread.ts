/* How many events wait for somebody. */
import { useEffect } from "preact/hooks";
import { useLoad } from "./load";
import type { Event } from "./types";
import { createStore, useStore } from "./store";

/* Grows when events were acknowledged here, so that the count is asked again. */
export const acknowledged = createStore(0);

/* Faults and losses want somebody; that something is well again is a record. Kinds as the manager names them (manager/shell/note.c). */
const WANTS: readonly string[] = ["fault_raised", "box_lost", "meter_lost", "second_manager", "store_failed", "database_recovered", "records_lost"];

export const wantsSomebody = (event: Event): boolean => event.acknowledged_by === null && WANTS.includes(event.kind);

export function useUnread(): number {
    const turn = useStore(acknowledged);
    const { data, again } = useLoad<{ events: Event[] }>("events?limit=200", 30000);

    useEffect(() => {
        if (turn > 0) {
            again();
        }
    }, [turn, again]);
    return data ? data.events.filter(wantsSomebody).length : 0;
}
