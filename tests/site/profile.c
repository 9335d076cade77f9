#include "tests/site/profile.h"

#include "common/base/check.h"
#include "common/base/units.h"

/* Pause between two steps of a phase: uniform in 0..2 x mean, so that on average steps_per_hour fit. */
static int64_t pause_ms(const struct load *l, struct rng *r)
{
    int64_t mean_ms = max_i64(1000, 3600000 / l->steps_per_hour - (STEP_MS_MIN + STEP_MS_MAX) / 2);
    return rng_range(r, 0, 2 * mean_ms);
}

void load_init(struct load *l, uint64_t seed)
{
    CHECK(l->steps_per_hour >= 0 && l->steps_per_hour <= STEPS_PER_HOUR_MAX);
    for (int i = 0; i < PHASE_N; i++) {
        l->rng[i] = (struct rng){.state = seed + (uint64_t)i * UINT64_C(0x632be59bd9b4e019)};
        l->step[i] = (struct load_step){.next_ms = MS_FOREVER};
        if (l->steps_per_hour > 0) {
            l->step[i].next_ms = pause_ms(l, &l->rng[i]);
        }
    }
}

static int32_t step_ma(struct load *l, int phase, int64_t now_ms)
{
    struct load_step *s = &l->step[phase];
    while (now_ms >= s->next_ms) { /* ends: next_ms grows by STEP_MS_MIN or more each time */
        s->ma = (int32_t)rng_range(&l->rng[phase], STEP_MA_MIN, STEP_MA_MAX);
        s->until_ms = s->next_ms + rng_range(&l->rng[phase], STEP_MS_MIN, STEP_MS_MAX);
        s->next_ms = s->until_ms + pause_ms(l, &l->rng[phase]);
    }
    return now_ms < s->until_ms ? s->ma : 0;
}

static int32_t recorded_ma(const struct load *l, int phase, int64_t day_ms)
{
    int64_t minute = day_ms / 60000 + (phase == 2 ? MINUTE_N / 2 : 0);
    int64_t ma = l->file->day_ma[phase == 1 ? 1 : 0][minute % MINUTE_N];
    return (int32_t)(ma * l->scale_permille / 1000);
}

void load_at(struct load *l, int64_t now_ms, int64_t day_ms, int32_t out_ma[PHASE_N])
{
    CHECK(day_ms >= 0);
    for (int i = 0; i < PHASE_N; i++) {
        int32_t extra_ma = step_ma(l, i, now_ms);
        int32_t base_ma = l->is_fixed || l->file == NULL ? l->fixed_ma[i] : recorded_ma(l, i, day_ms);
        out_ma[i] = l->is_fixed ? base_ma : base_ma + extra_ma;
    }
}

void sun_at(const struct sun *s, int64_t day_ms, int32_t voltage_mv, int32_t out_ma[PHASE_N])
{
    CHECK(day_ms >= 0);
    CHECK(voltage_mv > 0);
    int64_t ma = 0;
    if (s->file != NULL && !s->is_fixed) {
        int64_t half_ms = DAY_MS / HALF_HOUR_N;
        int64_t at = day_ms / half_ms;
        int64_t from_w = s->file->at_w[at % HALF_HOUR_N];
        int64_t to_w = s->file->at_w[(at + 1) % HALF_HOUR_N];
        int64_t mw = from_w * 1000 + (to_w - from_w) * 1000 * (day_ms % half_ms) / half_ms;
        ma = mw * s->scale_permille / voltage_mv / PHASE_N;
    }
    for (int i = 0; i < PHASE_N; i++) {
        out_ma[i] = s->file != NULL && !s->is_fixed ? (int32_t)ma : s->fixed_ma[i];
    }
}
