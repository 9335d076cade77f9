#include "client/core/charge.h"

#include "common/base/check.h"
#include "common/base/units.h"

#define B(state) SM_BIT(state)

const struct sm_row charge_rows[CHARGE_STATE_N] = {
    [CHARGE_UNKNOWN] = {"unknown", B(CHARGE_IDLE) | B(CHARGE_SELF_TEST) | B(CHARGE_WAITING) | B(CHARGE_FAULT), SM_START},
    [CHARGE_IDLE] = {"idle", B(CHARGE_SELF_TEST) | B(CHARGE_FAULT), 0},
    [CHARGE_SELF_TEST] = {"self_test", B(CHARGE_IDLE) | B(CHARGE_WAITING) | B(CHARGE_FAULT), 0},
    [CHARGE_WAITING] = {"waiting", B(CHARGE_IDLE) | B(CHARGE_OFFERING) | B(CHARGE_FAULT), 0},
    [CHARGE_OFFERING] = {"offering", B(CHARGE_IDLE) | B(CHARGE_WAITING) | B(CHARGE_WAKING) | B(CHARGE_CHARGING) | B(CHARGE_ASLEEP) | B(CHARGE_FAULT), 0},
    [CHARGE_WAKING] = {"waking", B(CHARGE_IDLE) | B(CHARGE_WAITING) | B(CHARGE_OFFERING) | B(CHARGE_FAULT), 0},
    [CHARGE_CHARGING] = {"charging", B(CHARGE_IDLE) | B(CHARGE_WAITING) | B(CHARGE_OFFERING) | B(CHARGE_STOPPING) | B(CHARGE_FAULT), 0},
    [CHARGE_STOPPING] = {"stopping", B(CHARGE_IDLE) | B(CHARGE_WAITING) | B(CHARGE_FAULT), 0},
    [CHARGE_ASLEEP] = {"asleep", B(CHARGE_IDLE) | B(CHARGE_WAITING) | B(CHARGE_ASKING) | B(CHARGE_CHARGING) | B(CHARGE_FAULT), 0},
    [CHARGE_ASKING] = {"asking", B(CHARGE_IDLE) | B(CHARGE_WAITING) | B(CHARGE_ASLEEP) | B(CHARGE_CHARGING) | B(CHARGE_FAULT), 0},
    [CHARGE_FAULT] = {"fault", B(CHARGE_IDLE) | B(CHARGE_SELF_TEST) | B(CHARGE_WAITING), 0},
};

void charge_init(struct charge *ch, int64_t now_ms)
{
    *ch = (struct charge){.state = CHARGE_UNKNOWN, .since_ms = now_ms, .offered_ms = MS_NEVER};
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

/* The vehicle can be given current: it asks, it may, there is enough, and the board shows the PWM. */
static bool may_close(const struct charge_in *in)
{
    return in->vehicle == VEHICLE_READY && in->allowed && in->offer_ma > 0 && in->pilot_ma > 0;
}

/* After unknown and fault: where a vehicle that is or is not there belongs. An error of the pilot says nothing about that. */
static int arrive(const struct charge *ch, const struct charge_in *in)
{
    if (in->vehicle == VEHICLE_ERROR) {
        return ch->state;
    }
    if (in->vehicle == VEHICLE_NONE) {
        return CHARGE_IDLE;
    }
    return ch->tested || in->tested ? CHARGE_WAITING : CHARGE_SELF_TEST;
}

static int from_offering(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    if (!in->allowed || in->offer_ma == 0 || in->vehicle == VEHICLE_ERROR) {
        return CHARGE_WAITING;
    }
    if (may_close(in)) {
        return CHARGE_CHARGING;
    }
    if (in->sleep_ma > 0 && ch->offered_ms != MS_NEVER && ch->offered_ms + CHARGE_SLEEP_MS <= now_ms) {
        return CHARGE_ASLEEP;
    }
    if (ch->resumed && ch->offered_ms != MS_NEVER && ch->offered_ms + CHARGE_WAKE_AFTER_MS <= now_ms) {
        return CHARGE_WAKING;
    }
    return ch->state;
}

static int from_charging(const struct charge_in *in)
{
    if (in->vehicle == VEHICLE_ERROR) {
        return CHARGE_WAITING;
    }
    if (in->vehicle != VEHICLE_READY) {
        return CHARGE_OFFERING;
    }
    return in->allowed && in->offer_ma > 0 ? CHARGE_CHARGING : CHARGE_STOPPING;
}

static int from_asleep(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    if (!in->allowed || in->sleep_ma == 0 || in->vehicle == VEHICLE_ERROR) {
        return CHARGE_WAITING;
    }
    if (in->vehicle != VEHICLE_READY) {
        return CHARGE_ASLEEP;
    }
    if (may_close(in)) {
        return CHARGE_CHARGING;
    }
    return ch->state == CHARGE_ASKING && timed_out(ch, CHARGE_ASK_MS, now_ms) ? CHARGE_WAITING : CHARGE_ASKING;
}

/* Nobody knows what the vehicle does. A current that flowed is let stop like any other, should the board come back in time. */
static int without_board(const struct charge *ch, int64_t now_ms)
{
    if (ch->state == CHARGE_UNKNOWN || ch->state == CHARGE_FAULT) {
        return ch->state;
    }
    if (ch->state == CHARGE_CHARGING) {
        return CHARGE_STOPPING;
    }
    return ch->state == CHARGE_STOPPING && !timed_out(ch, CHARGE_STOP_MS, now_ms) ? CHARGE_STOPPING : CHARGE_FAULT;
}

/* The vehicle is on its way down: an offer that comes back meanwhile waits. */
static int from_stopping(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    bool is_over = in->vehicle != VEHICLE_READY || in->current_stopped || !in->contactor_closed;

    return is_over || timed_out(ch, CHARGE_STOP_MS, now_ms) ? CHARGE_WAITING : CHARGE_STOPPING;
}

static int next_state(const struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    if (!in->board) {
        return without_board(ch, now_ms);
    }
    if (in->fault) {
        return CHARGE_FAULT;
    }
    if (in->vehicle == VEHICLE_NONE) {
        return CHARGE_IDLE;
    }
    switch ((enum charge_state)ch->state) {
    case CHARGE_UNKNOWN:
    case CHARGE_FAULT:
        return arrive(ch, in);
    case CHARGE_IDLE:
        return in->vehicle == VEHICLE_ERROR ? CHARGE_IDLE : CHARGE_SELF_TEST;
    case CHARGE_SELF_TEST:
        return timed_out(ch, in->self_test_ms, now_ms) ? CHARGE_WAITING : ch->state;
    case CHARGE_WAITING:
        return in->allowed && in->offer_ma > 0 && in->vehicle != VEHICLE_ERROR ? CHARGE_OFFERING : ch->state;
    case CHARGE_OFFERING:
        return from_offering(ch, in, now_ms);
    case CHARGE_WAKING:
        if (!in->allowed || in->offer_ma == 0 || in->vehicle == VEHICLE_ERROR) {
            return CHARGE_WAITING;
        }
        return timed_out(ch, CHARGE_WAKE_MS, now_ms) || in->vehicle != VEHICLE_CONNECTED ? CHARGE_OFFERING : ch->state;
    case CHARGE_CHARGING:
        return from_charging(in);
    case CHARGE_STOPPING:
        return from_stopping(ch, in, now_ms);
    case CHARGE_ASLEEP:
    case CHARGE_ASKING:
        return from_asleep(ch, in, now_ms);
    case CHARGE_STATE_N:
        break;
    }
    CHECK(ch->state < CHARGE_STATE_N);
    return ch->state;
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
    int to;

    count_offer(ch, in, now_ms);
    to = next_state(ch, in, now_ms);
    if (to == from) {
        return false;
    }
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
    if (ch->state == CHARGE_ASLEEP || ch->state == CHARGE_ASKING) {
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
    case CHARGE_STATE_N:
        break;
    }
    return MS_FOREVER;
}
