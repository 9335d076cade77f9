#include "client/core/charge.h"

#include "common/base/check.h"
#include "common/base/units.h"

#define B(state) SM_BIT(state)

const struct sm_row charge_rows[CHARGE_STATE_N] = {
    [CHARGE_UNKNOWN] = {"unknown", B(CHARGE_IDLE) | B(CHARGE_SELF_TEST) | B(CHARGE_WAITING) | B(CHARGE_FAULT), SM_START},
    [CHARGE_IDLE] = {"idle", B(CHARGE_SELF_TEST) | B(CHARGE_FAULT), 0},
    [CHARGE_SELF_TEST] = {"self_test", B(CHARGE_IDLE) | B(CHARGE_WAITING) | B(CHARGE_FAULT), 0},
    [CHARGE_WAITING] = {"waiting", B(CHARGE_IDLE) | B(CHARGE_OFFERING) | B(CHARGE_SHOWING) | B(CHARGE_FAULT), 0},
    [CHARGE_OFFERING] = {"offering", B(CHARGE_IDLE) | B(CHARGE_WAITING) | B(CHARGE_WAKING) | B(CHARGE_CHARGING) | B(CHARGE_ASLEEP) | B(CHARGE_FAULT), 0},
    [CHARGE_WAKING] = {"waking", B(CHARGE_IDLE) | B(CHARGE_WAITING) | B(CHARGE_OFFERING) | B(CHARGE_FAULT), 0},
    [CHARGE_CHARGING] = {"charging", B(CHARGE_IDLE) | B(CHARGE_WAITING) | B(CHARGE_OFFERING) | B(CHARGE_STOPPING) | B(CHARGE_FAULT), 0},
    [CHARGE_STOPPING] = {"stopping", B(CHARGE_IDLE) | B(CHARGE_WAITING) | B(CHARGE_FAULT), 0},
    [CHARGE_ASLEEP] = {"asleep", B(CHARGE_IDLE) | B(CHARGE_WAITING) | B(CHARGE_ASKING) | B(CHARGE_CHARGING) | B(CHARGE_FAULT), 0},
    [CHARGE_ASKING] = {"asking", B(CHARGE_IDLE) | B(CHARGE_WAITING) | B(CHARGE_ASLEEP) | B(CHARGE_CHARGING) | B(CHARGE_FAULT), 0},
    [CHARGE_FAULT] = {"fault", B(CHARGE_IDLE) | B(CHARGE_SELF_TEST) | B(CHARGE_WAITING), 0},
    [CHARGE_SHOWING] = {"showing", B(CHARGE_IDLE) | B(CHARGE_WAITING) | B(CHARGE_FAULT), 0},
};

void charge_init(struct charge *ch, int64_t now_ms)
{
    *ch = (struct charge){.state = CHARGE_UNKNOWN, .since_ms = now_ms, .offered_ms = MS_NEVER, .way = -1};
}

const char *charge_state_text(enum charge_state state)
{
    return (unsigned)state < CHARGE_STATE_N ? charge_rows[state].name : "unset";
}

enum charge_vehicle charge_vehicle_of(enum pilot_state pilot)
{
    switch (pilot) {
    case PILOT_A1:
    case PILOT_A2:
        return VEHICLE_NONE;
    case PILOT_B1:
    case PILOT_B2:
        return VEHICLE_CONNECTED;
    case PILOT_C1:
    case PILOT_C2:
        return VEHICLE_READY;
    case PILOT_D1:
    case PILOT_D2:
        return VEHICLE_VENTILATE;
    case PILOT_UNSET:
    case PILOT_E:
    case PILOT_F:
    case PILOT_N:
        break;
    }
    return VEHICLE_ERROR;
}

static bool timed_out(const struct charge *ch, int64_t length_ms, int64_t now_ms)
{
    return ch->since_ms + length_ms <= now_ms;
}

/* Conditions of the ways. */

static bool is_lost(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    (void)ch;
    (void)now_ms;
    return !in->board;
}

static bool is_lost_for_long(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    return !in->board && timed_out(ch, CHARGE_STOP_MS, now_ms);
}

static bool is_faulty(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    (void)ch;
    (void)now_ms;
    return in->fault;
}

static bool is_empty(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    (void)ch;
    (void)now_ms;
    return in->vehicle == VEHICLE_NONE;
}

static bool is_plugged(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    (void)ch;
    (void)now_ms;
    return in->vehicle == VEHICLE_CONNECTED || in->vehicle == VEHICLE_READY || in->vehicle == VEHICLE_VENTILATE;
}

/* An error of the pilot says nothing about the vehicle: such a wallbox stays where it is. */
static bool was_tested(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    return is_plugged(ch, in, now_ms) && (ch->tested || in->tested);
}

static bool is_self_test_over(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    return timed_out(ch, in->self_test_ms, now_ms);
}

static bool is_showing(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    return in->showing && in->sleep_ma > 0 && is_plugged(ch, in, now_ms);
}

static bool is_not_showing(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    return !is_showing(ch, in, now_ms);
}

static bool is_offered(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    return in->allowed && in->offer_ma > 0 && is_plugged(ch, in, now_ms);
}

static bool is_not_offered(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    return !is_offered(ch, in, now_ms);
}

/* The vehicle can be given current: it asks, it may, there is enough, the board shows the PWM and is fit to close. */
static bool may_close(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    return in->vehicle == VEHICLE_READY && in->pilot_ma > 0 && !in->unsafe && is_offered(ch, in, now_ms);
}

static bool is_idle_for_long(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    return in->sleep_ma > 0 && ch->offered_ms != MS_NEVER && ch->offered_ms + CHARGE_SLEEP_MS <= now_ms;
}

static bool is_to_be_woken(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    (void)in;
    return ch->resumed && ch->offered_ms != MS_NEVER && ch->offered_ms + CHARGE_WAKE_AFTER_MS <= now_ms;
}

static bool is_woken(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    return timed_out(ch, CHARGE_WAKE_MS, now_ms) || in->vehicle != VEHICLE_CONNECTED;
}

static bool has_pilot_error(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    (void)ch;
    (void)now_ms;
    return in->vehicle == VEHICLE_ERROR;
}

static bool is_not_asking(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    (void)ch;
    (void)now_ms;
    return in->vehicle != VEHICLE_READY;
}

static bool is_asking(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    return !is_not_asking(ch, in, now_ms);
}

/* The vehicle is on its way down: an offer that comes back meanwhile waits. */
static bool has_stopped(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    return in->vehicle != VEHICLE_READY || in->current_stopped || !in->contactor_closed || timed_out(ch, CHARGE_STOP_MS, now_ms);
}

static bool may_not_sleep(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    (void)ch;
    (void)now_ms;
    return !in->allowed || in->sleep_ma == 0 || in->vehicle == VEHICLE_ERROR;
}

static bool has_asked_in_vain(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    return in->vehicle == VEHICLE_READY && timed_out(ch, CHARGE_ASK_MS, now_ms);
}

#define ALL (SM_BIT(CHARGE_STATE_N) - 1)
#define BLIND true

/* Nobody knows what the vehicle does without a board: a current that flowed is let stop like any other, should the board come back in time. */
static const struct charge_way ways[] = {
    {B(CHARGE_CHARGING), CHARGE_STOPPING, is_lost, BLIND, "board lost"},
    {B(CHARGE_STOPPING), CHARGE_FAULT, is_lost_for_long, BLIND, "board lost for 6 s"},
    {ALL & ~(B(CHARGE_UNKNOWN) | B(CHARGE_FAULT) | B(CHARGE_CHARGING) | B(CHARGE_STOPPING)), CHARGE_FAULT, is_lost, BLIND, "board lost"},
    {ALL & ~B(CHARGE_FAULT), CHARGE_FAULT, is_faulty, false, "fault"},
    {B(CHARGE_FAULT), CHARGE_FAULT, is_faulty, false, "fault"},
    {ALL & ~B(CHARGE_IDLE), CHARGE_IDLE, is_empty, false, "no vehicle"},
    {B(CHARGE_UNKNOWN) | B(CHARGE_FAULT), CHARGE_WAITING, was_tested, false, "vehicle, tested before"},
    {B(CHARGE_UNKNOWN) | B(CHARGE_FAULT) | B(CHARGE_IDLE), CHARGE_SELF_TEST, is_plugged, false, "vehicle"},
    {B(CHARGE_SELF_TEST), CHARGE_WAITING, is_self_test_over, false, "self-test passed"},
    {B(CHARGE_WAITING), CHARGE_SHOWING, is_showing, false, "showroom"},
    {B(CHARGE_SHOWING), CHARGE_WAITING, is_not_showing, false, "showroom over"},
    {B(CHARGE_WAITING), CHARGE_OFFERING, is_offered, false, "allowed and offered"},
    {B(CHARGE_OFFERING) | B(CHARGE_WAKING), CHARGE_WAITING, is_not_offered, false, "not allowed or not offered"},
    {B(CHARGE_OFFERING) | B(CHARGE_ASLEEP) | B(CHARGE_ASKING), CHARGE_CHARGING, may_close, false, "C, all permissions"},
    {B(CHARGE_OFFERING), CHARGE_ASLEEP, is_idle_for_long, false, "60 s in B"},
    {B(CHARGE_OFFERING), CHARGE_WAKING, is_to_be_woken, false, "30 s in B after a pause"},
    {B(CHARGE_WAKING), CHARGE_OFFERING, is_woken, false, "4 s without pilot"},
    {B(CHARGE_CHARGING), CHARGE_WAITING, has_pilot_error, false, "pilot error"},
    {B(CHARGE_CHARGING), CHARGE_OFFERING, is_not_asking, false, "C left"},
    {B(CHARGE_CHARGING), CHARGE_STOPPING, is_not_offered, false, "not allowed or not offered"},
    {B(CHARGE_STOPPING), CHARGE_WAITING, has_stopped, false, "current stopped, or 6 s"},
    {B(CHARGE_ASLEEP) | B(CHARGE_ASKING), CHARGE_WAITING, may_not_sleep, false, "not allowed"},
    {B(CHARGE_ASKING), CHARGE_ASLEEP, is_not_asking, false, "C left"},
    {B(CHARGE_ASLEEP), CHARGE_ASKING, is_asking, false, "C"},
    {B(CHARGE_ASKING), CHARGE_WAITING, has_asked_in_vain, false, "3 s without an offer"},
};

const struct charge_way *charge_ways(int *out_n)
{
    *out_n = (int)(sizeof ways / sizeof ways[0]);
    return ways;
}

/* The first way that fits, -1 none. A way that leads back holds the state against those below it. */
static int find_way(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    for (int i = 0; i < (int)(sizeof ways / sizeof ways[0]); i++) {
        if ((ways[i].from & SM_BIT(ch->state)) != 0 && (in->board || ways[i].is_blind) && ways[i].when(ch, in, now_ms)) {
            return i;
        }
    }
    return -1;
}

/* Since when a vehicle in B has been offered current; the wake-up counts as offering. */
static void count_offer(struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    bool counts = ch->state == CHARGE_WAKING || (ch->state == CHARGE_OFFERING && (in->pilot_ma > 0 || ch->offered_ms != MS_NEVER));

    if (!counts || in->vehicle != VEHICLE_CONNECTED) {
        ch->offered_ms = MS_NEVER;
    } else if (ch->offered_ms == MS_NEVER) {
        ch->offered_ms = now_ms;
    }
}

bool charge_step(struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    int from = ch->state;
    int way;
    int to;

    count_offer(ch, in, now_ms);
    way = find_way(ch, in, now_ms);
    to = way >= 0 ? ways[way].to : from;
    if (to == from) {
        return false;
    }
    ch->way = way;
    sm_move(charge_rows, CHARGE_STATE_N, &ch->state, to);
    ch->since_ms = now_ms;
    if (to == CHARGE_IDLE) {
        ch->tested = false;
        ch->resumed = false;
    } else if (to == CHARGE_WAITING && (from == CHARGE_SELF_TEST || from == CHARGE_UNKNOWN)) {
        ch->tested = true;
    } else if (to == CHARGE_STOPPING) {
        ch->resumed = true;
    } else if (to == CHARGE_CHARGING || to == CHARGE_WAKING) {
        ch->resumed = false; /* once per resume */
    }
    return true;
}

int32_t charge_pilot_ma(const struct charge *ch, const struct charge_in *in)
{
    if (ch->state == CHARGE_OFFERING || ch->state == CHARGE_CHARGING) {
        return in->offer_ma;
    }
    if (ch->state == CHARGE_ASLEEP || ch->state == CHARGE_ASKING || ch->state == CHARGE_SHOWING) {
        return in->sleep_ma;
    }
    return 0;
}

bool charge_contactor(const struct charge *ch)
{
    return ch->state == CHARGE_CHARGING || ch->state == CHARGE_STOPPING;
}

int64_t charge_next_ms(const struct charge *ch, const struct charge_in *in)
{
    switch ((enum charge_state)ch->state) {
    case CHARGE_SELF_TEST:
        return ch->since_ms + in->self_test_ms;
    case CHARGE_OFFERING:
        if (ch->offered_ms == MS_NEVER) {
            return MS_FOREVER;
        }
        if (ch->resumed) {
            return ch->offered_ms + CHARGE_WAKE_AFTER_MS;
        }
        return in->sleep_ma > 0 ? ch->offered_ms + CHARGE_SLEEP_MS : MS_FOREVER;
    case CHARGE_WAKING:
        return ch->since_ms + CHARGE_WAKE_MS;
    case CHARGE_STOPPING:
        return ch->since_ms + CHARGE_STOP_MS;
    case CHARGE_ASKING:
        return ch->since_ms + CHARGE_ASK_MS;
    case CHARGE_UNKNOWN:
    case CHARGE_IDLE:
    case CHARGE_WAITING:
    case CHARGE_CHARGING:
    case CHARGE_ASLEEP:
    case CHARGE_FAULT:
    case CHARGE_SHOWING:
    case CHARGE_STATE_N:
        break;
    }
    return MS_FOREVER;
}
