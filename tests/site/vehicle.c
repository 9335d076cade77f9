#include "tests/site/vehicle.h"

#include "common/base/check.h"

void vehicle_spec_default(struct vehicle_spec *out)
{
    *out =
        (struct vehicle_spec){.phases_n = 3, .max_ma = 16000, .needed_wh = 20000, .down_ms = 1500, .up_ms = 3000, .overdraw_permille = 1000, .cable_ma = 32000};
}

void vehicle_plug(struct vehicle *v, const struct vehicle_spec *spec)
{
    CHECK(spec->phases_n >= 1 && spec->phases_n <= 3);
    CHECK(spec->down_ms >= 0 && spec->down_ms <= VEHICLE_DOWN_MAX_MS);
    *v = (struct vehicle){.spec = *spec,
                          .is_plugged = true,
                          .is_asleep = spec->is_asleep,
                          .down_since_ms = MS_NEVER,
                          .up_since_ms = MS_NEVER,
                          .pwm_since_ms = MS_NEVER,
                          .steady_since_ms = MS_NEVER};
}

void vehicle_unplug(struct vehicle *v)
{
    *v = (struct vehicle){.down_since_ms = MS_NEVER, .up_since_ms = MS_NEVER, .pwm_since_ms = MS_NEVER, .steady_since_ms = MS_NEVER};
}

void vehicle_wake(struct vehicle *v, int64_t more_wh)
{
    v->spec.needed_wh += more_wh;
    v->is_asleep = false;
}

static int64_t left_mwms(const struct vehicle *v)
{
    return v->spec.needed_wh * MWMS_PER_WH - v->got_mwms;
}

bool vehicle_is_full(const struct vehicle *v)
{
    return left_mwms(v) <= 0;
}

/* Decide whether it asks (its switch S2), from PWM, need and sleep. */
static void step_asking(struct vehicle *v, bool has_pwm, bool is_supplied, int64_t now_ms)
{
    if (has_pwm) {
        v->steady_since_ms = MS_NEVER;
        if (v->pwm_since_ms == MS_NEVER) {
            v->pwm_since_ms = now_ms;
        }
        if (vehicle_is_full(v)) {
            v->asks = false;
        } else if (!v->is_asleep && now_ms - v->pwm_since_ms >= VEHICLE_ASK_MS) {
            v->asks = true;
        }
        return;
    }
    if (v->pwm_since_ms != MS_NEVER) {
        v->pwm_since_ms = MS_NEVER;
        v->steady_since_ms = now_ms;
    }
    if (v->asks && (v->spec.is_stubborn ? !is_supplied : now_ms - v->steady_since_ms >= v->spec.down_ms)) {
        v->asks = false;
    }
}

/* An interruption counts from the moment PWM ended; a vehicle that has had none yet was not interrupted. */
static void step_sleep(struct vehicle *v, int64_t now_ms)
{
    if (v->is_asleep && v->steady_since_ms != MS_NEVER && now_ms - v->steady_since_ms >= VEHICLE_WAKE_MS) {
        v->is_asleep = false;
    }
}

/* Follow the pilot: down after down_ms below, up after up_ms above, whatever it did in between. */
static void step_following(struct vehicle *v, int32_t pilot_ma, int64_t now_ms)
{
    if (pilot_ma >= v->follow_ma) {
        v->down_since_ms = MS_NEVER;
    } else if (v->down_since_ms == MS_NEVER) {
        v->down_since_ms = now_ms;
    }
    if (pilot_ma <= v->follow_ma) {
        v->up_since_ms = MS_NEVER;
    } else if (v->up_since_ms == MS_NEVER) {
        v->up_since_ms = now_ms;
    }
    bool is_down_due = v->down_since_ms != MS_NEVER && now_ms - v->down_since_ms >= v->spec.down_ms;
    bool is_up_due = v->up_since_ms != MS_NEVER && now_ms - v->up_since_ms >= v->spec.up_ms;
    if (is_down_due || is_up_due) {
        v->follow_ma = pilot_ma;
        v->down_since_ms = MS_NEVER;
        v->up_since_ms = MS_NEVER;
    }
}

void vehicle_step(struct vehicle *v, int32_t pilot_ma, bool is_supplied, int64_t now_ms)
{
    if (!v->is_plugged) {
        return;
    }
    bool has_pwm = pilot_ma >= PILOT_MIN_MA;
    step_sleep(v, now_ms);
    step_asking(v, has_pwm, is_supplied, now_ms);
    if (v->asks && is_supplied) {
        step_following(v, has_pwm ? pilot_ma : 0, now_ms);
        return;
    }
    v->follow_ma = 0;
    v->down_since_ms = MS_NEVER;
    v->up_since_ms = MS_NEVER;
}

int32_t vehicle_most_ma(const struct vehicle *v)
{
    int64_t taper_mwms = v->spec.needed_wh * MWMS_PER_WH / 5;
    int64_t left = left_mwms(v);
    if (!v->is_plugged || vehicle_is_full(v)) {
        return 0;
    }
    if (left >= taper_mwms) {
        return v->spec.max_ma;
    }
    /* In 1/1000 of the last fifth, so that the product stays small. */
    int64_t permille = left / (taper_mwms / 1000 + 1);
    return min_i32(v->spec.max_ma, max_i32(VEHICLE_TAPER_MA, (int32_t)(v->spec.max_ma * permille / 1000)));
}

int32_t vehicle_draw_ma(const struct vehicle *v)
{
    if (!v->asks || v->follow_ma == 0) {
        return 0;
    }
    return (int32_t)((int64_t)min_i32(v->follow_ma, vehicle_most_ma(v)) * v->spec.overdraw_permille / 1000);
}

void vehicle_feed(struct vehicle *v, int64_t mwms)
{
    CHECK(mwms >= 0);
    if (v->is_plugged) {
        v->got_mwms += mwms;
    }
}
