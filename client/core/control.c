/* One control cycle: faults, limits, charging state, pilot, contactor, and whether the board has confirmed the newest grant. */
#include "client/core/inside.h"
#include "common/base/units.h"

#define STOPPED_BELOW_MA 500
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

/* Not commissioned counts as not authorized: nothing is to be granted to such a wallbox (SR-043). */
bool client_is_authorized(const struct client *c)
{
    bool is_free = c->params->authorization == 0 || c->released || c->adopted; /* a session that was open had been authorized */

    return is_free && client_has_vehicle(c) && !c->refused && c->params->commissioned != 0;
}

bool client_is_paused(const struct client *c)
{
    return c->paused || c->cold_until_ms != MS_NEVER;
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
    c->command_ms = MS_NEVER; /* the first cycle goes out at once */
    if (c->sample.power_failed && c->params->cold_start_most_s > 0 && c->cold_until_ms == MS_NEVER) {
        c->cold_until_ms = c->now_ms + 1000 * rng_range(&c->rng, 1, c->params->cold_start_most_s);
    }
}

static void vehicle_gone(struct client *c)
{
    c->paused = false;
    c->refused = false;
    c->released = false;
    c->overdrawn = false;
    c->cold_until_ms = MS_NEVER; /* a vehicle that comes later is no part of the cold load */
}

void client_board_sample(struct client *c, const struct board_sample *sample)
{
    c->sample = bounded(sample, c->now_ms);
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
    if (c->sample.cycle >= c->flight_cycle) {
        c->flight_ma = 0;
    }
    if (c->sample.watchdog_latched && !c->latched) {
        client_note(c, CNOTE_WATCHDOG, c->sample.watchdog_firings, 0);
    }
    c->latched = c->sample.watchdog_latched;
    if (c->sample.temperature_mdegc >= LIMIT_SHUTOFF_MDEGC) {
        c->overheated = true;
    } else if (c->sample.temperature_mdegc <= LIMIT_COOLED_MDEGC) {
        c->overheated = false;
    }
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

static int32_t largest_ma(const struct board_sample *s)
{
    return max_i32(s->current_ma[0], max_i32(s->current_ma[1], s->current_ma[2]));
}

static void supervise(struct client *c)
{
    if (!client_board_fresh(c) || !c->sample.contactor_closed || c->overdrawn) {
        cfault_overdraw_init(&c->overdraw);
        return;
    }
    if (cfault_overdraw(&c->overdraw, max_i32(c->sample.pilot_ma, c->pilot.ma), largest_ma(&c->sample), c->now_ms)) {
        c->overdrawn = true;
    }
}

static void own_faults(struct client *c)
{
    bool overdraw = c->overdrawn || cfault_in_sample(&c->sample, CFAULT_OVERDRAW);
    bool overheat = c->overheated || cfault_in_sample(&c->sample, CFAULT_OVERHEATED);

    cfault_set(&c->fault, CFAULT_BOARD_LOST, c->board_lost, c->now_ms, c->utc_ms);
    cfault_set(&c->fault, CFAULT_WATCHDOG, c->latched, c->now_ms, c->utc_ms);
    cfault_set(&c->fault, CFAULT_OVERDRAW, overdraw, c->now_ms, c->utc_ms);
    cfault_set(&c->fault, CFAULT_OVERHEATED, overheat, c->now_ms, c->utc_ms);
}

static void limits(struct client *c)
{
    const struct client_params *p = c->params;
    struct limit_in in = {.rated_ma = p->rated_ma, .cable_ma = c->sample.cable_ma, .local_ma = c->local_ma, .min_ma = p->min_ma};

    in.derated_ma = limit_derated_ma(p->rated_ma, p->min_ma, c->sample.temperature_mdegc);
    c->own = limit_own(&in);
    c->offer = limit_with(c->own, c->grant.offer_ma, grant_by(&c->grant), p->min_ma);
}

static void charge(struct client *c)
{
    bool ready = csession_is_safe(&c->session) && !c->latched && c->stop == CLIENT_RUNS;

    c->in = (struct charge_in){
        .board = client_board_fresh(c),
        .fault = cfault_blocks(&c->fault),
        .allowed = ready && client_is_authorized(c) && !client_is_paused(c),
        .vehicle = client_vehicle(c),
        .offer_ma = c->offer.ma,
        .sleep_ma = c->own.ma > 0 ? c->params->min_ma : 0,
        .pilot_ma = min_i32(c->sample.pilot_ma, c->pilot.ma),
        .current_stopped = largest_ma(&c->sample) < STOPPED_BELOW_MA,
        .contactor_closed = c->sample.contactor_closed || c->sample.cycle < c->applied_cycle, /* a closing that is not carried out yet */
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
 * is open and this cycle offers nothing. */
static uint32_t rearm(const struct client *c, const struct board_command *next)
{
    bool safe = !c->sample.contactor_closed && !next->contactor_closed && next->pilot_ma == 0;

    return c->latched && safe ? c->sample.watchdog_firings : 0;
}

static bool cycle_due(const struct client *c)
{
    return c->command_ms == MS_NEVER || c->command_ms + c->params->board_cycle_ms <= c->now_ms;
}

/* Give the board its cycle: at once when something changed, else often enough to feed its watchdog; never from an old reading. */
static void command(struct client *c)
{
    struct board_command next = {.pilot_ma = c->pilot.ma, .contactor_closed = charge_contactor(&c->charge)};
    bool moved = next.pilot_ma != c->command.pilot_ma || next.contactor_closed != c->command.contactor_closed;

    next.rearm_firing = rearm(c, &next);
    if (!client_board_fresh(c) || !(moved || next.rearm_firing != c->command.rearm_firing || cycle_due(c))) {
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
    bool is_asleep = c->charge.state == CHARGE_ASLEEP || c->charge.state == CHARGE_ASKING;

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
    limits(c);
    charge(c);
    command(c);
    confirm(c);
}

int64_t client_control_next_ms(const struct client *c)
{
    int64_t at_ms = c->cold_until_ms == MS_NEVER ? MS_FOREVER : c->cold_until_ms;

    if (!client_board_fresh(c)) {
        return at_ms;
    }
    at_ms = min_i64(at_ms, c->sample.taken_ms + CLIENT_BOARD_STALE_MS + 1);
    at_ms = min_i64(at_ms, c->command_ms == MS_NEVER ? c->now_ms : c->command_ms + c->params->board_cycle_ms);
    at_ms = min_i64(at_ms, charge_next_ms(&c->charge, &c->in));
    at_ms = min_i64(at_ms, pilot_next_ms(&c->pilot, c->want_ma, c->params->pilot_rise_ms));
    return min_i64(at_ms, cfault_overdraw_next_ms(&c->overdraw));
}
