#include "manager/core/solar.h"

#include "common/base/units.h"

void solar_init(struct solar *s)
{
    for (int p = 0; p < PHASE_N; p++) {
        budget_filter_reset(&s->filter[p]);
        s->surplus_ma[p] = 0;
    }
}

void solar_run(struct solar *s, const struct manager_params *params, const int32_t base_ma[PHASE_N], const int32_t fast_ma[PHASE_N], int64_t now_ms)
{
    const struct budget_filter_rules rules = {.fall = params->ripple_ma, .rise = params->ripple_ma, .hold_ms = params->rise_hold_ms};
    int32_t true_ma[PHASE_N] = {0};

    for (int p = 0; p < PHASE_N; p++) {
        int32_t ma = clamp_i32(-base_ma[p], -MA_MAX, MA_MAX) - clamp_i32(fast_ma[p], 0, MA_MAX);

        true_ma[params->surplus_per_phase != 0 ? p : 0] += ma;
    }
    for (int p = 0; p < PHASE_N; p++) {
        budget_filter_run(&s->filter[p], true_ma[p], true_ma[p], &rules, now_ms);
        s->surplus_ma[p] = s->filter[p].use;
    }
}

void solar_box_init(struct solar_box *b)
{
    *b = (struct solar_box){.turning_ms = MS_NEVER};
}

void solar_box_adopt(struct solar_box *b)
{
    b->is_on = true;
    b->turning_ms = MS_NEVER;
}

/* The last minutes without enough sun come from the grid: a wallbox that has started keeps its minimum until it is stopped. */
enum alloc_solar solar_box_mode(const struct solar_box *b, enum solar_mode mode)
{
    switch (mode) {
    case SOLAR_FAST:
        return ALLOC_FAST;
    case SOLAR_MINIMUM:
        return ALLOC_SOLAR_MINIMUM;
    case SOLAR_ONLY:
        return b->is_on ? ALLOC_SOLAR_MINIMUM : ALLOC_SOLAR_LOOK;
    case SOLAR_MODE_N:
        break;
    }
    return ALLOC_FAST;
}

static int32_t turn_after_ms(const struct solar_box *b, const struct manager_params *params)
{
    return b->is_on ? params->solar_stop_ms : params->solar_start_ms;
}

void solar_box_note(struct solar_box *b, enum solar_mode mode, bool wants, bool is_covered, const struct manager_params *params, int64_t now_ms)
{
    if (mode != SOLAR_ONLY || !wants) {
        solar_box_init(b);
        return;
    }
    if (is_covered == b->is_on) {
        b->turning_ms = MS_NEVER;
        return;
    }
    if (b->turning_ms == MS_NEVER) {
        b->turning_ms = now_ms;
    }
    if (now_ms - b->turning_ms >= turn_after_ms(b, params)) {
        b->is_on = !b->is_on;
        b->turning_ms = MS_NEVER;
    }
}

int64_t solar_box_next_ms(const struct solar_box *b, const struct manager_params *params)
{
    return b->turning_ms == MS_NEVER ? MS_FOREVER : after_ms(b->turning_ms, turn_after_ms(b, params));
}
