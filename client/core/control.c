/* One control cycle: faults, limits, charging state, pilot, contactor, and whether the board has confirmed the newest grant. */
#include "client/core/inside.h"
#include "common/base/units.h"

#define COLDEST_MDEGC (-60000)
#define HOTTEST_MDEGC 200000

bool client_board_fresh(const struct client *c)
{
    return c->has_sample && !c->board_lost && c->now_ms - c->sample.taken_ms <= CLIENT_BOARD_STALE_MS;
}

enum charge_vehicle client_vehicle(const struct client *c)
{
    return c->has_sample ? charge_vehicle_of(c->sample.pilot) : VEHICLE_ERROR;
}

bool client_has_vehicle(const struct client *c)
{
    enum charge_vehicle v = client_vehicle(c);

    return v == VEHICLE_CONNECTED || v == VEHICLE_READY || v == VEHICLE_VENTILATE;
}

/* Not commissioned or out of service counts as not authorized: nothing is to be granted to such a wallbox (SR-043). A vehicle that is plugged in
 * to be registered is not there to charge. */
bool client_is_authorized(const struct client *c)
{
    bool is_free = !client_wants_card(c) || c->released || c->adopted; /* a session that was open had been authorized */
    bool is_in_use = client_is_commissioned(c) && !modes_forbid(&c->modes) && c->teach.state != TEACH_REGISTER;

    return (is_free || c->authorize.state == AUTHORIZE_ACTIVE) && client_has_vehicle(c) && !c->refused && is_in_use;
}

bool client_is_paused(const struct client *c)
{
    return c->paused || c->cold_until_ms != MS_NEVER || c->modes.is_showroom; /* which uses no grant */
}

/* Figures of a board stay inside what the rest counts on, whatever its driver let through. */
static struct board_sample bounded(const struct board_sample *from, int64_t now_ms)
{
    struct board_sample s = *from;

    s.taken_ms = min_i64(s.taken_ms, now_ms);
    s.taken_ms = max_i64(s.taken_ms, 0);
    s.pilot_ma = clamp_i32(s.pilot_ma, 0, PILOT_MOST_MA);
    for (int p = 0; p < PHASE_N; p++) {
        s.current_ma[p] = clamp_i32(s.current_ma[p], 0, MA_MAX);
        s.voltage_mv[p] = clamp_i32(s.voltage_mv[p], 0, MV_MAX);
    }
    s.power_w = clamp_i32(s.power_w, 0, 1000000);
    s.energy_wh = max_i64(0, s.energy_wh);
    s.temperature_mdegc = clamp_i32(s.temperature_mdegc, COLDEST_MDEGC, HOTTEST_MDEGC);
    s.cable_ma = clamp_i32(s.cable_ma, 0, MA_MAX);
    s.switch_ma = clamp_i32(s.switch_ma, 0, MA_MAX);
    if (s.faults_n > FAULT_MAX) {
        s.faults_n = FAULT_MAX;
    }
    if ((unsigned)s.pilot >= PILOT_N) {
        s.pilot = PILOT_UNSET;
    }
    return s;
}

static void attach(struct client *c)
{
    if (c->board_lost) {
        client_note(c, CNOTE_BOARD_BACK, 0, 0);
    }
    c->board_lost = false;
    c->board_attached = true;
    c->command_ms = MS_NEVER;     /* the first cycle goes out at once */
    if (c->sample.power_failed) { /* the mains were off: what they alone could end is over */
        c->want.is_welded = false;
        c->want.is_unsafe = false;
    }
    if (c->sample.power_failed && c->params->cold_start_most_s > 0 && c->cold_until_ms == MS_NEVER) {
        c->cold_until_ms = c->now_ms + 1000 * rng_range(&c->rng, 1, c->params->cold_start_most_s);
    }
}

static void vehicle_gone(struct client *c)
{
    c->paused = false;
    c->refused = false;
    c->released = false;
    health_retry(&c->health);
    c->cold_until_ms = MS_NEVER; /* a vehicle that comes later is no part of the cold load */
}

/* What a reading says about the plug, before it replaces the last one. A pilot error says nothing. */
static void watch_plug(struct client *c, enum charge_vehicle now)
{
    bool was_drawing = c->charge.state == CHARGE_CHARGING && c->sample.contactor_closed && health_largest_ma(&c->sample) >= HEALTH_DRAWN_MA;

    if (now == VEHICLE_ERROR || (now != VEHICLE_NONE) == c->is_plugged) {
        return;
    }
    c->is_plugged = now != VEHICLE_NONE;
    if (c->is_plugged) {
        health_plugged(&c->health);
        return;
    }
    c->reader.identity[0] = '\0';
    if (c->charge.state == CHARGE_SELF_TEST || was_drawing) { /* SR-032, SR-220 */
        health_pulled(&c->health, c->now_ms);
    }
    if (c->retry.is_exhausted && c->session.state != CSESSION_NONE) {
        c->refuse_end = END_FAULT; /* its end is what acknowledges the fault (SR-036) */
    }
    retry_init(&c->retry);
}

void client_board_sample(struct client *c, const struct board_sample *sample)
{
    struct board_sample s = bounded(sample, c->now_ms);

    if (c->now_ms - s.taken_ms <= CLIENT_BOARD_STALE_MS) {
        watch_plug(c, charge_vehicle_of(s.pilot));
    }
    c->sample = s;
    c->has_sample = true;
    if (c->now_ms - c->sample.taken_ms > CLIENT_BOARD_STALE_MS) {
        return;
    }
    if (!c->board_attached) {
        attach(c);
    }
    if (c->sample.cycle > c->command.cycle) { /* cycles of an earlier run of this program: ours go on above them */
        c->command.cycle = c->sample.cycle;
        c->applied_cycle = c->sample.cycle + 1;
        c->command_ms = MS_NEVER;
    }
    if (c->sample.cycle >= c->flight_cycle || c->sample.watchdog_latched) { /* a board that has fired forgets what was under way */
        c->flight_ma = 0;
    }
    if (c->sample.watchdog_latched && !c->latched) {
        client_note(c, CNOTE_WATCHDOG, c->sample.watchdog_firings, 0);
    }
    c->latched = c->sample.watchdog_latched;
    health_sample(&c->health, &c->sample);
    c->want.is_unsafe = c->want.is_unsafe || cfault_in_sample(&c->sample, CFAULT_SAFETY);
    cfault_board(&c->fault, &c->sample, c->now_ms, c->utc_ms);
    if (client_vehicle(c) == VEHICLE_NONE) {
        vehicle_gone(c);
    }
}

void client_board_lost(struct client *c)
{
    if (!c->board_lost) {
        c->board_lost = true;
        c->board_attached = false;
        client_note(c, CNOTE_BOARD_LOST, 0, 0);
    }
}

static void supervise(struct client *c)
{
    struct health_in in = {
        .sample = &c->sample,
        .is_fresh = client_board_fresh(c),
        .is_latched = c->latched,
        .has_command = c->command.cycle != 0,
        .is_applied = c->sample.cycle >= c->applied_cycle,
        .wants_closed = c->command.contactor_closed,
        .has_clock = c->utc_ms != CLOCK_UNSET_UTC_MS,
        .offered_ma = max_i32(c->sample.pilot_ma, c->pilot.ma),
        .wired_n = c->params->wired_phases_n,
    };

    health_step(&c->health, &in, c->now_ms);
    c->want.is_welded = c->want.is_welded || c->health.welded;
}

/* Whether a fault that the client judges by itself is there; what the board says about it counts as well. */
static bool own_fault(const struct client *c, uint16_t code)
{
    switch (code) {
    case CFAULT_BOARD_LOST:
        return c->board_lost;
    case CFAULT_WATCHDOG:
        return c->latched;
    case CFAULT_WELDED:
        return c->want.is_welded;
    case CFAULT_SAFETY:
        return c->want.is_unsafe;
    case CFAULT_STORE_FULL: /* the journal says so (book.c) */
        return cfault_has(&c->fault, code);
    default: /* health knows, or the board */
        return health_has(&c->health, code, c->now_ms) || (c->has_sample && cfault_in_sample(&c->sample, code));
    }
}

static void own_faults(struct client *c)
{
    size_t n = 0;
    const struct cfault_def *defs = cfault_defs(&n);

    for (size_t i = 0; i < n; i++) {
        if (defs[i].is_own) {
            cfault_set(&c->fault, defs[i].code, own_fault(c, defs[i].code), c->now_ms, c->utc_ms);
        }
    }
}

/* What has come while a vehicle was connecting or charging is an interruption; when its pause is over the next attempt begins (SR-035). */
static void retry(struct client *c)
{
    uint8_t used_n = c->retry.used_n;
    bool was_exhausted = c->retry.is_exhausted;

    for (uint16_t code = cfault_take_fresh(&c->fault); code != 0; code = cfault_take_fresh(&c->fault)) {
        if (c->is_plugged && cfault_def(code)->retry == CFAULT_RETRY_COUNTED) {
            retry_interrupted(&c->retry, code, c->params->retry_pause_ms, c->now_ms);
        }
    }
    if (c->retry.used_n != used_n || c->retry.is_exhausted != was_exhausted) {
        client_note(c, CNOTE_RETRY, c->retry.code, c->retry.is_exhausted ? 0 : c->retry.used_n);
    }
    if (retry_due(&c->retry, c->now_ms)) {
        health_retry(&c->health);
        own_faults(c);
    }
}

static void limits(struct client *c)
{
    const struct client_params *p = c->params;
    int32_t rated_ma = c->sample.has_switch ? min_i32(p->rated_ma, c->sample.switch_ma) : p->rated_ma;
    int32_t local_ma = c->want.has_local ? c->want.local_ma : LIMIT_NONE_MA;
    struct limit_in in = {.rated_ma = rated_ma, .cable_ma = c->sample.cable_ma, .local_ma = local_ma, .min_ma = p->min_ma};

    in.local_ma = c->want.has_config ? min_i32(local_ma, c->want.config_ma) : local_ma;
    in.derated_ma = limit_derated_ma(rated_ma, p->min_ma, c->sample.temperature_mdegc);
    c->own = limit_own(&in);
    c->offer = limit_with(c->own, c->grant.offer_ma, grant_by(&c->grant), p->min_ma);
}

static void charge(struct client *c)
{
    bool ready = !c->latched && c->stop == CLIENT_RUNS && client_is_authorized(c);
    bool is_shown = c->sample.contactor_closed || c->sample.closes_itself; /* PWM would supply the vehicle */
    bool is_unbidden = c->sample.contactor_closed && !c->command.contactor_closed && !health_closes_itself(&c->sample);
    enum charge_vehicle vehicle = client_vehicle(c);

    c->in = (struct charge_in){
        .board = client_board_fresh(c),
        .fault = cfault_blocks(&c->fault) || retry_waits(&c->retry, c->now_ms),
        .allowed = ready && csession_is_safe(&c->session) && !client_is_paused(c),
        .showing = ready && c->modes.is_showroom && !c->paused,
        .vehicle = vehicle == VEHICLE_VENTILATE && c->params->ventilation == 1 ? VEHICLE_READY : vehicle,
        .offer_ma = c->offer.ma,
        .sleep_ma = c->own.ma > 0 && !is_shown ? c->params->min_ma : 0, /* a welded contactor would supply it */
        .pilot_ma = min_i32(c->sample.pilot_ma, c->pilot.ma),
        .current_stopped = health_largest_ma(&c->sample) < HEALTH_DRAWN_MA,
        .contactor_closed = c->sample.contactor_closed || c->sample.cycle < c->applied_cycle, /* a closing that is not carried out yet */
        .unsafe = is_unbidden || c->sample.diode_failed,
        .tested = c->adopted,
        .self_test_ms = c->params->self_test_ms,
    };
    for (int i = 0; i < CHARGE_STATE_N; i++) {
        int from = c->charge.state;

        if (!charge_step(&c->charge, &c->in, c->now_ms)) {
            break;
        }
        client_note(c, CNOTE_STATE, from, c->charge.state);
    }
    c->want_ma = charge_pilot_ma(&c->charge, &c->in);
    pilot_follow(&c->pilot, c->want_ma, c->params->pilot_rise_ms, c->now_ms);
}

/* The watchdog is rearmed by a cycle that knows of the firing, and only when the board has finished what the firing began: its contactor
 * is open, or known to be welded, and this cycle offers nothing. */
static uint32_t rearm(const struct client *c, const struct board_command *next)
{
    bool is_over = !c->sample.contactor_closed || c->want.is_welded;
    bool safe = is_over && !next->contactor_closed && next->pilot_ma == 0;

    return c->latched && safe ? c->sample.watchdog_firings : 0;
}

static bool cycle_due(const struct client *c)
{
    return c->command_ms == MS_NEVER || c->command_ms + c->params->board_cycle_ms <= c->now_ms;
}

/* The plug of a socket is held while it may carry current, and until the vehicle's session is over. */
static bool is_locked(const struct client *c)
{
    bool is_session = c->session.state == CSESSION_OPEN || charge_contactor(&c->charge) || c->sample.contactor_closed;

    return c->is_plugged && is_session && c->unlock_ms <= c->now_ms;
}

static bool differs(const struct board_command *a, const struct board_command *b)
{
    bool face = !indicator_same(&a->lights, &b->lights) || a->tone_n != b->tone_n || a->locked != b->locked;

    return face || a->rearm_firing != b->rearm_firing;
}

/* Give the board its cycle: at once when something changed, else often enough to feed its watchdog; never from an old reading. */
static void command(struct client *c)
{
    struct board_command next = {.pilot_ma = c->pilot.ma, .contactor_closed = charge_contactor(&c->charge), .locked = is_locked(c), .lights = c->lights};
    bool moved = next.pilot_ma != c->command.pilot_ma || next.contactor_closed != c->command.contactor_closed;

    next.tone = c->tone;
    next.tone_n = c->tone_n;
    next.rearm_firing = rearm(c, &next);
    if (!client_board_fresh(c) || !(moved || differs(&next, &c->command) || cycle_due(c))) {
        return;
    }
    next.cycle = c->command.cycle + 1;
    if (next.pilot_ma < c->command.pilot_ma) {
        c->flight_ma = max_i32(c->flight_ma, c->command.pilot_ma);
        c->flight_cycle = next.cycle;
    }
    if (moved || c->applied_cycle == 0) {
        c->applied_cycle = next.cycle;
    }
    c->command = next;
    c->command_ms = c->now_ms;
    client_fx(c, CFX_BOARD)->board = next;
}

/* A Status names a grant only when the board has confirmed its value: it carried out a cycle made with it, and shows what the grant leads
 * to after the own limits, not more than was granted. The minimum of an asleep vehicle needs no grant: its contactor is open. */
static void confirm(struct client *c)
{
    bool shown = c->sample.cycle >= c->applied_cycle && pilot_same(c->sample.pilot_ma, c->command.pilot_ma);
    bool is_open = !c->command.contactor_closed && !c->sample.contactor_closed;
    bool is_asleep = c->charge.state == CHARGE_ASLEEP || c->charge.state == CHARGE_ASKING || c->charge.state == CHARGE_SHOWING;

    if (!c->grant.live || !client_board_fresh(c) || c->command.cycle == 0 || c->command.pilot_ma != c->want_ma) {
        return;
    }
    if (shown && (c->sample.pilot_ma <= c->grant.current_ma || (is_asleep && is_open))) {
        grant_confirm(&c->grant);
    }
}

void client_control(struct client *c)
{
    if (c->has_sample && !c->board_lost && !client_board_fresh(c)) {
        client_board_lost(c);
    }
    if (c->cold_until_ms != MS_NEVER && c->cold_until_ms <= c->now_ms) {
        c->cold_until_ms = MS_NEVER;
    }
    supervise(c);
    own_faults(c);
    retry(c);
    client_access(c);
    limits(c);
    charge(c);
    client_show(c);
    command(c);
    confirm(c);
}

int64_t client_control_next_ms(const struct client *c)
{
    int64_t at_ms = c->cold_until_ms == MS_NEVER ? MS_FOREVER : c->cold_until_ms;

    at_ms = min_i64(at_ms, health_next_ms(&c->health, c->now_ms));
    at_ms = min_i64(at_ms, retry_next_ms(&c->retry));
    at_ms = min_i64(at_ms, client_access_next_ms(c));
    if (!client_board_fresh(c)) {
        return at_ms;
    }
    at_ms = min_i64(at_ms, client_show_next_ms(c));
    at_ms = min_i64(at_ms, c->unlock_ms > c->now_ms ? c->unlock_ms : MS_FOREVER);
    at_ms = min_i64(at_ms, c->sample.taken_ms + CLIENT_BOARD_STALE_MS + 1);
    at_ms = min_i64(at_ms, c->command_ms == MS_NEVER ? c->now_ms : c->command_ms + c->params->board_cycle_ms);
    at_ms = min_i64(at_ms, charge_next_ms(&c->charge, &c->in));
    return min_i64(at_ms, pilot_next_ms(&c->pilot, c->want_ma, c->params->pilot_rise_ms));
}
