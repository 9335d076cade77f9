/* What the manager answers, as the API documents it. Unknown is null, never 0. */

export type Three = [number, number, number];
export type Phase = "L1" | "L2" | "L3";
export const PHASES: readonly Phase[] = ["L1", "L2", "L3"];

export interface Node {
    id: string;
    parent: string | null;
    limit_ma: Three;
    limit_w: number | null;
    budget_ma: Three;
    base_ma: Three;
    metered_ma: Three | null;
    drawn_ma: Three;
    exposure_ma: Three;
    free_ma: Three;
    meter: string | null;
    is_fallback: boolean;
    budget_w: number | null;
    is_scheduled: boolean;
}

export interface Meter {
    id: string;
    node: string;
    role: "house" | "solar";
    state: string;
    age_ms: number | null;
    power_total_w: number | null;
    explanation: string | null;
}

export interface Today {
    energy_wh: number | null;
    sessions_n: number | null;
    solar_permille: number | null;
    peak: { node: string; phase: Phase; ma: number; permille: number } | null;
}

export interface Totals {
    wallboxes_n: number;
    online_n: number;
    charging_n: number;
    power_w: number;
    offered_ma: number;
    drawn_ma: Three;
}

export interface Site {
    utc: string | null;
    name?: string | null;
    timezone: string;
    epoch: string | null;
    state: { is_granting: boolean; is_restarting: boolean; is_second_manager: boolean; is_dimmed: boolean; is_store_failing: boolean; was_database_damaged: boolean };
    nodes: Node[];
    meters: Meter[];
    totals: Totals;
}

export type LightColour = "blue" | "green" | "orange" | "red" | "white" | "off";

export interface Light {
    segment: number;
    colour: LightColour;
    mode: "steady" | "flash" | "pulse";
}

export type SolarMode = "fast" | "solar_minimum" | "solar_only";

export interface BoxSession {
    id: string;
    energy_wh: number;
    start_utc?: string | null;
}

/* What is wished for the session under way. */
export interface BoxWish {
    departure_utc: string | null;
    needed_wh: number | null;
}

export interface Wallbox {
    serial: string;
    name: string;
    node: string;
    phases: string;
    min_ma: number;
    max_ma: number;
    fallback_ma: number;
    priority: number;
    mode: SolarMode;
    local_limit_ma?: number | null;
    state: string;
    age_ms: number | null;
    offered_ma: number | null;
    drawn_ma: Three | null;
    power_w: number | null;
    energy_wh: number | null;
    session: BoxSession | null;
    wish?: BoxWish | null;
    contactor: "open" | "closed" | null;
    pilot: string | null;
    used_phases: Phase[];
    faults: number[] | null;
    temperature_mdegc: number | null;
    firmware: string | null;
    granted_ma: number | null;
    target_ma: number;
    demand_ma: number;
    exposure_ma: number;
    lease_left_ms: number | null;
    reason: string;
    reason_node: string | null;
    reason_phase: Phase | null;
    turn_place: number | null;
    turn_in_ms?: number | null;
    card?: { uid: string; name: string | null } | null;
    lights?: Light[] | null;
}

export interface Boxes {
    utc: string | null;
    wallboxes: Wallbox[];
}

export type Role = "admin" | "operator" | "viewer";

export interface Me {
    user: string;
    role: Role;
    must_change: boolean;
    csrf: string;
}

export interface Session {
    id: string;
    serial: string;
    state: string;
    start_utc: string | null;
    stop_utc: string | null;
    energy_wh: number | null;
    solar_wh?: number | null;
    card_uid: string | null;
    card_name?: string | null;
    end_reason: string | null;
    cost_minor?: number | null; /* of the minor unit of the currency, which has so many decimals */
    currency?: string | null;
    currency_decimals?: number | null;
}

/* From a time of day to another, on the site's clock; 24:00 is the end of the day. */
export interface PriceWindow {
    days: string[];
    from: string;
    to: string;
    price_centicent_kwh: number;
}

/* Prices in 1/100 of the minor unit. */
export interface Tariff {
    currency: string | null; /* null: nothing costs anything */
    price_centicent_kwh: number;
    solar_price_centicent_kwh: number | null;
    windows: PriceWindow[];
}

export interface TariffNow extends Tariff {
    number: number | null;
    valid_from_utc: string | null;
    currencies: Record<string, number>; /* decimals of each */
}

export interface Entry {
    number: number;
    utc: string | null;
    who: string;
    what: string;
    subject: string | null;
    before: unknown;
    after: unknown;
}

export interface Event {
    number: number;
    utc: string | null;
    kind: string;
    serial: string | null;
    code: number | null; /* of a fault */
    text: string | null;
    acknowledged_by: string | null;
}

/* A card, or a vehicle that tells who it is: one of uid and identity is set. */
export interface Card {
    uid: string | null;
    identity: string | null;
    kind: "user" | "master" | "setup";
    name: string;
    colour: string;
    blocked: boolean;
    expires: string | null;
    wallboxes: string[];
    departure: string | null;
    needed_wh: number | null;
    priority: number | null;
}

export interface History {
    quantity: string;
    node: string;
    step_ms: number;
    from_utc: string;
    values: (number | null)[];
    peaks: (number | null)[] | null; /* null: seconds have none */
}

export interface DriverView {
    name: string;
    state: string;
    reason: string;
    reason_node?: string | null;
    reason_phase?: Phase | null;
    turn_place: number | null;
    turn_in_ms: number | null;
    power_w: number | null;
    session_wh: number | null;
    offered_ma?: number | null;
}
