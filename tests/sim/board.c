#include "tests/sim/board.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"

void board_init(struct board *b, enum board_watchdog watchdog, int64_t apply_us, int wired_n)
{
    *b = (struct board){.watchdog = watchdog, .apply_us = apply_us, .wired = wired_n == 1 ? PHASE_BIT(0) : PHASE_ALL, .temperature_mdegc = 25000};
    vehicle_unplug(&b->vehicle);
}

static void fire(struct board *b, int64_t now_us)
{
    b->firings_n++;
    b->is_armed = false;
    b->is_latched = true;
    b->fired_us = now_us;
    b->pilot_ma = 0;
    b->pending_n = 0;
}

void board_attach(struct board *b)
{
    b->cycle = 0;
}

void board_detach(struct board *b, int64_t now_us)
{
    if (b->is_armed) {
        fire(b, now_us);
    }
    b->pending_n = 0;
}

void board_take(struct board *b, const struct board_command *command, int64_t show_us, int64_t now_us)
{
    if (b->is_silent || (b->is_latched && command->rearm_firing != b->firings_n)) {
        return;
    }
    CHECK(b->pending_n < BOARD_PENDING_MAX);
    b->is_latched = false;
    b->is_armed = b->watchdog != WATCHDOG_NONE;
    b->fed_us = now_us;
    if (b->pending_n > 0) {
        show_us = max_i64(show_us, b->pending[b->pending_n - 1].at_us);
    }
    b->pending[b->pending_n] = (struct board_pending){.at_us = show_us, .command = *command};
    b->pending_n++;
}

static void show_pending(struct board *b, int64_t now_us)
{
    uint8_t n = 0;

    while (n < b->pending_n && b->pending[n].at_us <= now_us) {
        b->cycle = b->pending[n].command.cycle;
        b->pilot_ma = b->pending[n].command.pilot_ma;
        b->wants_closed = b->pending[n].command.contactor_closed;
        n++;
    }
    if (n > 0) {
        b->pending_n = (uint8_t)(b->pending_n - n);
        memmove(&b->pending[0], &b->pending[n], b->pending_n * sizeof b->pending[0]);
    }
}

static bool is_drawing(const struct board *b)
{
    return b->drawn_ma[0] > 0 || b->drawn_ma[1] > 0 || b->drawn_ma[2] > 0;
}

static void count(struct board *b, int64_t now_us)
{
    int64_t maus = ((int64_t)b->drawn_ma[0] + b->drawn_ma[1] + b->drawn_ma[2]) * (now_us - b->counted_us);

    b->maus += maus;
    if (b->vehicle.is_plugged) {
        b->vehicle.got_maus += maus;
    }
    b->counted_us = now_us;
}

bool board_step(struct board *b, int64_t now_us)
{
    int32_t before_ma[PHASE_N];
    int32_t pilot_ma = b->pilot_ma;
    bool was_closed = b->is_closed;
    bool asked = b->vehicle.asks;

    count(b, now_us);
    memcpy(before_ma, b->drawn_ma, sizeof before_ma);
    show_pending(b, now_us);
    if (b->is_armed && now_us - b->fed_us >= BOARD_DOG_US) {
        fire(b, now_us);
    }
    if (b->is_latched && (!is_drawing(b) || now_us - b->fired_us >= BOARD_OPEN_US)) {
        b->wants_closed = false;
    }
    b->is_closed = b->wants_closed || (b->is_closed && b->is_welded);
    vehicle_step(&b->vehicle, b->pilot_ma, b->is_closed, now_us);
    memset(b->drawn_ma, 0, sizeof b->drawn_ma);
    if (b->is_closed) {
        vehicle_draw(&b->vehicle, now_us, b->drawn_ma);
        for (int t = 0; t < PHASE_N; t++) {
            b->drawn_ma[t] = (b->wired & PHASE_BIT(t)) != 0 ? b->drawn_ma[t] : 0;
        }
    }
    return memcmp(before_ma, b->drawn_ma, sizeof before_ma) != 0 || pilot_ma != b->pilot_ma || was_closed != b->is_closed || asked != b->vehicle.asks;
}

int64_t board_next_us(const struct board *b, int64_t now_us)
{
    int64_t next_us = vehicle_next_us(&b->vehicle, now_us);

    if (b->pending_n > 0) {
        next_us = min_i64(next_us, b->pending[0].at_us);
    }
    if (b->is_armed) {
        next_us = min_i64(next_us, b->fed_us + BOARD_DOG_US);
    }
    if (b->is_latched && b->wants_closed) {
        next_us = min_i64(next_us, is_drawing(b) ? b->fired_us + BOARD_OPEN_US : now_us + 1);
    }
    return next_us;
}

static enum pilot_state pilot_state(const struct board *b)
{
    if (!b->vehicle.is_plugged) {
        return b->pilot_ma > 0 ? PILOT_A2 : PILOT_A1;
    }
    if (!b->vehicle.asks) {
        return b->pilot_ma > 0 ? PILOT_B2 : PILOT_B1;
    }
    return b->pilot_ma > 0 ? PILOT_C2 : PILOT_C1;
}

int64_t board_energy_wh(const struct board *b)
{
    return b->maus / MAUS_PER_WH;
}

void board_read(const struct board *b, int64_t taken_ms, struct board_sample *out)
{
    int64_t sum_ma = (int64_t)b->drawn_ma[0] + b->drawn_ma[1] + b->drawn_ma[2];

    *out = (struct board_sample){.taken_ms = taken_ms,
                                 .pilot = pilot_state(b),
                                 .pilot_ma = b->pilot_ma,
                                 .contactor_closed = b->is_closed,
                                 .power_w = (int32_t)(sum_ma * 230 / 1000),
                                 .energy_wh = board_energy_wh(b),
                                 .temperature_mdegc = b->temperature_mdegc,
                                 .cable_ma = b->vehicle.is_plugged ? b->vehicle.spec.cable_ma : 0,
                                 .cycle = b->cycle,
                                 .watchdog_firings = b->firings_n,
                                 .watchdog_latched = b->is_latched};
    for (int t = 0; t < PHASE_N; t++) {
        out->current_ma[t] = b->drawn_ma[t];
        out->voltage_mv[t] = (b->wired & PHASE_BIT(t)) != 0 ? 230000 : 0;
    }
}
