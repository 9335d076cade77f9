#include "manager/core/budget_filter.h"

#include "common/base/units.h"

static void forget_rise(struct budget_filter *f)
{
    f->rise_since_ms = MS_NEVER;
    f->rise_half_ms = MS_NEVER;
}

static void forget_fall(struct budget_filter *f)
{
    f->fall_since_ms = MS_NEVER;
    f->fall_due_ms = MS_FOREVER;
}

void budget_filter_reset(struct budget_filter *f)
{
    f->is_started = false;
    f->use = 0;
    forget_rise(f);
    forget_fall(f);
}

void budget_filter_gap(struct budget_filter *f)
{
    forget_rise(f);
}

/* The newest figure is passed on, not the mildest of the time: in doubt the wallboxes get less. */
static void pass_fall(struct budget_filter *f, int32_t now, const struct budget_filter_rules *rules, int64_t now_ms)
{
    forget_rise(f);
    f->fall_since_ms = f->fall_since_ms == MS_NEVER ? now_ms : f->fall_since_ms;
    f->fall_due_ms = f->fall_since_ms + rules->fall_hold_ms;
    if (now_ms >= f->fall_due_ms) {
        f->use = now;
        forget_fall(f);
    }
}

/* Take the present figure into the rise that is being held. */
static void note_rise(struct budget_filter *f, int32_t now, int32_t hold_ms, int64_t now_ms)
{
    if (f->rise_since_ms == MS_NEVER) {
        f->rise_since_ms = now_ms;
        f->rise = now;
    }
    f->rise = min_i32(f->rise, now);
    if (f->rise_half_ms == MS_NEVER && now_ms - f->rise_since_ms >= hold_ms / 2) {
        f->rise_half_ms = now_ms;
        f->rise_late = now;
    }
    if (f->rise_half_ms != MS_NEVER) {
        f->rise_late = min_i32(f->rise_late, now);
    }
}

/* Pass a rise on when it has been held for long enough, to the smallest figure of that time: every unit of it was there throughout. The
 * newest value would be passed on unproven, and the next dip would cut the wallboxes again. When the figure went on rising meanwhile, the
 * second half of the time counts for the next rise already, so that a slow rise is followed in steps of half the time. */
static void pass_rise(struct budget_filter *f, int32_t now, const struct budget_filter_rules *rules, int64_t now_ms)
{
    note_rise(f, now, rules->hold_ms, now_ms);
    for (int step = 0; step < 2 && now_ms - f->rise_since_ms >= rules->hold_ms; step++) {
        f->use = f->rise;
        if (f->rise_late <= f->use || (int64_t)f->rise_late - f->use < rules->rise) {
            forget_rise(f);
            return;
        }
        f->rise_since_ms = f->rise_half_ms;
        f->rise = f->rise_late;
        f->rise_half_ms = MS_NEVER;
        note_rise(f, now, rules->hold_ms, now_ms);
    }
}

void budget_filter_run(struct budget_filter *f, int32_t fall, int32_t rise, const struct budget_filter_rules *rules, int64_t now_ms)
{
    int64_t fallen = (int64_t)f->use - fall;
    int64_t risen = (int64_t)rise - f->use;

    if (!f->is_started) {
        f->use = rise;
        f->is_started = true;
        return;
    }
    if (fallen > 0 && fallen >= rules->fall) {
        pass_fall(f, fall, rules, now_ms);
        return;
    }
    forget_fall(f);
    if (risen > 0 && risen >= rules->rise) {
        pass_rise(f, rise, rules, now_ms);
    } else {
        forget_rise(f);
    }
}

int64_t budget_filter_next_ms(const struct budget_filter *f, int32_t hold_ms)
{
    return min_i64(f->fall_due_ms, f->rise_since_ms == MS_NEVER ? MS_FOREVER : after_ms(f->rise_since_ms, hold_ms));
}
