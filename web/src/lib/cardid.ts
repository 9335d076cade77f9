import type { Card } from "./types";

/* The number of a card, or what a vehicle calls itself. */
export const idOf = (card: Card): string => card.uid ?? card.identity ?? "";
