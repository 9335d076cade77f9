#include "tests/sim/vehicle.h"

#include "common/base/check.h"
#include "common/base/units.h"

#define DIP_SHARE 4

void vehicle_plug(struct vehicle *v, const struct vehicle_spec *spec)
{
    CHECK(spec->phases_n >= 1);
    CHECK(spec->phases_n <= PHASE_N);
    vehicle_unplug(v);
    v->spec = *spec;
    v->is_plugged = true;
    v->is_asleep = spec->asleep_until_us != VEHICLE_NEVER_US;
}

void vehicle_unplug(struct vehicle *v)
{
    *v = (struct vehicle){.down_since_us = VEHICLE_NEVER_US,
                          .up_since_us = VEHICLE_NEVER_US,
                          .pwm_since_us = VEHICLE_NEVER_US,
                          .steady_since_us = VEHICLE_NEVER_US,
                          .supplied_since_us = VEHICLE_NEVER_US};
}

bool vehicle_is_full(const struct vehicle *v)
{
    return v->got_maus >= v->spec.need_wh * MAUS_PER_WH;
}

static bool is_over_at(int64_t since_us, int64_t length_us, int64_t now_us)
{
    return since_us != VEHICLE_NEVER_US && now_us - since_us >= length_us;
}

/* Whether it asks (its switch S2), from PWM, need and sleep. */
static void step_asking(struct vehicle *v, bool has_pwm, bool is_supplied, int64_t now_us)
{
    if (v->is_asleep && (now_us >= v->spec.asleep_until_us || is_over_at(v->steady_since_us, VEHICLE_WAKE_US, now_us))) {
        v->is_asleep = false;
    }
    if (has_pwm) {
        v->steady_since_us = VEHICLE_NEVER_US;
        v->pwm_since_us = v->pwm_since_us == VEHICLE_NEVER_US ? now_us : v->pwm_since_us;
        if (vehicle_is_full(v)) {
            v->asks = false;
        } else if (!v->is_asleep && is_over_at(v->pwm_since_us, VEHICLE_ASK_US, now_us)) {
            v->asks = true;
        }
        return;
    }
    if (v->pwm_since_us != VEHICLE_NEVER_US) {
        v->pwm_since_us = VEHICLE_NEVER_US;
        v->steady_since_us = now_us;
    }
    if (v->asks && (v->spec.is_stubborn ? !is_supplied : is_over_at(v->steady_since_us, v->spec.down_us, now_us))) {
        v->asks = false;
    }
}

/* Follow the pilot: down after down_us below, up after up_us above, whatever it did in between. */
static void step_following(struct vehicle *v, int32_t pilot_ma, int64_t now_us)
{
    if (pilot_ma >= v->follow_ma) {
        v->down_since_us = VEHICLE_NEVER_US;
    } else if (v->down_since_us == VEHICLE_NEVER_US) {
        v->down_since_us = now_us;
    }
    if (pilot_ma <= v->follow_ma) {
        v->up_since_us = VEHICLE_NEVER_US;
    } else if (v->up_since_us == VEHICLE_NEVER_US) {
        v->up_since_us = now_us;
    }
    if (is_over_at(v->down_since_us, v->spec.down_us, now_us) || is_over_at(v->up_since_us, v->spec.up_us, now_us)) {
        v->follow_ma = pilot_ma;
        v->down_since_us = VEHICLE_NEVER_US;
        v->up_since_us = VEHICLE_NEVER_US;
    }
}

void vehicle_step(struct vehicle *v, int32_t pilot_ma, bool is_supplied, int64_t now_us)
{
    if (!v->is_plugged) {
        return;
    }
    step_asking(v, pilot_ma > 0, is_supplied, now_us);
    if (v->asks && is_supplied) {
        v->supplied_since_us = v->supplied_since_us == VEHICLE_NEVER_US ? now_us : v->supplied_since_us;
        step_following(v, pilot_ma, now_us);
        return;
    }
    v->supplied_since_us = VEHICLE_NEVER_US;
    v->follow_ma = 0;
    v->down_since_us = VEHICLE_NEVER_US;
    v->up_since_us = VEHICLE_NEVER_US;
}

static bool is_drawing(const struct vehicle *v)
{
    return v->asks && v->follow_ma > 0 && v->supplied_since_us != VEHICLE_NEVER_US;
}

bool vehicle_is_over(const struct vehicle *v, int64_t now_us)
{
    return is_drawing(v) && v->spec.over_permille > 1000 && is_over_at(v->supplied_since_us, v->spec.over_after_us, now_us);
}

uint8_t vehicle_terminals(const struct vehicle *v, int64_t now_us)
{
    int n = is_over_at(v->supplied_since_us, v->spec.late_us, now_us) ? v->spec.phases_n : v->spec.first_phases_n;

    return (uint8_t)(is_drawing(v) ? PHASE_BIT(n) - 1 : 0);
}

static bool is_dipping(const struct vehicle *v, int64_t now_us)
{
    return v->spec.dip_every_us > 0 && (now_us - v->supplied_since_us) % v->spec.dip_every_us >= v->spec.dip_every_us - v->spec.dip_us;
}

void vehicle_draw(const struct vehicle *v, int64_t now_us, int32_t out_ma[PHASE_N])
{
    uint8_t terminals = vehicle_terminals(v, now_us);
    int32_t ma = 0;

    if (terminals != 0) {
        ma = min_i32(v->follow_ma, v->spec.max_ma);
        ma = is_dipping(v, now_us) ? ma / DIP_SHARE : ma;
        ma = vehicle_is_over(v, now_us) ? (int32_t)((int64_t)ma * v->spec.over_permille / 1000) : ma;
    }
    for (int t = 0; t < PHASE_N; t++) {
        out_ma[t] = (terminals & PHASE_BIT(t)) != 0 ? ma : 0;
    }
}

static int64_t sooner_us(int64_t next_us, int64_t since_us, int64_t length_us, int64_t now_us)
{
    return since_us == VEHICLE_NEVER_US || since_us + length_us <= now_us ? next_us : min_i64(next_us, since_us + length_us);
}

/* Next moment at which its current changes while it draws. */
static int64_t draw_next_us(const struct vehicle *v, int64_t now_us)
{
    int64_t next_us = INT64_MAX;
    int32_t ma[PHASE_N];
    int64_t sum_ma;

    next_us = sooner_us(next_us, v->supplied_since_us, v->spec.late_us, now_us);
    next_us = sooner_us(next_us, v->supplied_since_us, v->spec.over_after_us, now_us);
    if (v->spec.dip_every_us > 0) {
        int64_t phase_us = (now_us - v->supplied_since_us) % v->spec.dip_every_us;
        int64_t edge_us = v->spec.dip_every_us - v->spec.dip_us;

        next_us = min_i64(next_us, now_us + (phase_us < edge_us ? edge_us : v->spec.dip_every_us) - phase_us);
    }
    vehicle_draw(v, now_us, ma);
    sum_ma = (int64_t)ma[0] + ma[1] + ma[2];
    if (sum_ma > 0 && !vehicle_is_full(v)) {
        next_us = min_i64(next_us, now_us + div_up(v->spec.need_wh * MAUS_PER_WH - v->got_maus, sum_ma));
    }
    return next_us;
}

int64_t vehicle_next_us(const struct vehicle *v, int64_t now_us)
{
    int64_t next_us = INT64_MAX;

    if (!v->is_plugged) {
        return next_us;
    }
    if (!v->asks && !vehicle_is_full(v)) {
        next_us = sooner_us(next_us, v->pwm_since_us, VEHICLE_ASK_US, now_us);
    }
    if (v->is_asleep) {
        next_us = sooner_us(next_us, v->spec.asleep_until_us, 0, now_us);
        next_us = sooner_us(next_us, v->steady_since_us, VEHICLE_WAKE_US, now_us);
    }
    if (v->asks && !v->spec.is_stubborn) {
        next_us = sooner_us(next_us, v->steady_since_us, v->spec.down_us, now_us);
    }
    next_us = sooner_us(next_us, v->down_since_us, v->spec.down_us, now_us);
    next_us = sooner_us(next_us, v->up_since_us, v->spec.up_us, now_us);
    return is_drawing(v) ? min_i64(next_us, draw_next_us(v, now_us)) : next_us;
}
