#include "manager/core/recorder.h"

#include "common/base/check.h"
#include "common/base/units.h"

static const struct {
    int64_t ms;
    uint16_t block_n;
} steps[RECORD_STEP_N] = {
    [RECORD_SECOND] = {1000, 60},
    [RECORD_MINUTE] = {60000, 60},
    [RECORD_QUARTER] = {900000, 96},
};

int64_t record_step_ms(enum record_step step)
{
    CHECK(step < RECORD_STEP_N);
    return steps[step].ms;
}

uint16_t record_block_n(enum record_step step)
{
    CHECK(step < RECORD_STEP_N);
    return steps[step].block_n;
}

void recorder_init(struct recorder *r, struct recorder_series *series, uint16_t series_n, void (*on_row)(void *user, const struct recorder_row *row),
                   void *user)
{
    *r = (struct recorder){.series = series, .series_n = series_n, .on_row = on_row, .user = user};
}

static void clear_slot(struct recorder_slot *s)
{
    *s = (struct recorder_slot){.peak = SAMPLE_UNKNOWN};
}

/* Nearest whole number, a half away from zero. */
static int32_t mean_of(const struct recorder_slot *s)
{
    int64_t half_ms = s->covered_ms / 2;

    if (s->covered_ms == 0) {
        return SAMPLE_UNKNOWN;
    }
    return (int32_t)((s->sum >= 0 ? s->sum + half_ms : s->sum - half_ms) / s->covered_ms);
}

static void begin(struct recorder *r, int64_t utc_ms)
{
    r->is_running = true;
    r->last_utc_ms = utc_ms;
    for (int k = 0; k < RECORD_STEP_N; k++) {
        r->slot_utc_ms[k] = div_down(utc_ms, steps[k].ms) * steps[k].ms;
        r->block_utc_ms[k] = r->slot_utc_ms[k];
        r->block_n[k] = 0;
        for (uint16_t i = 0; i < r->series_n; i++) {
            clear_slot(&r->series[i].slot[k]);
        }
    }
}

static void hand_out(const struct recorder *r, enum record_step step)
{
    if (r->block_n[step] == 0) {
        return;
    }
    for (uint16_t i = 0; i < r->series_n; i++) {
        const struct recorder_series *s = &r->series[i];
        struct recorder_row row = {
            .series = i, .step = step, .from_utc_ms = r->block_utc_ms[step], .n = r->block_n[step], .mean = s->mean[step], .peak = s->peak[step]};

        if (s->finest <= step) {
            r->on_row(r->user, &row);
        }
    }
}

/* The running slot of a step is over. */
static void end_slot(struct recorder *r, enum record_step step)
{
    int64_t block_ms = steps[step].ms * steps[step].block_n;
    bool is_block_over;

    CHECK(r->block_n[step] < steps[step].block_n);
    for (uint16_t i = 0; i < r->series_n; i++) {
        struct recorder_series *s = &r->series[i];

        s->mean[step][r->block_n[step]] = mean_of(&s->slot[step]);
        s->peak[step][r->block_n[step]] = s->slot[step].peak;
        clear_slot(&s->slot[step]);
    }
    r->block_n[step]++;
    r->slot_utc_ms[step] += steps[step].ms;
    is_block_over = r->slot_utc_ms[step] % block_ms == 0;
    if (is_block_over || step != RECORD_SECOND) {
        hand_out(r, step);
    }
    if (is_block_over) {
        r->block_utc_ms[step] = r->slot_utc_ms[step];
        r->block_n[step] = 0;
    }
}

/* The values hold for `ms` within the running slot of a step. */
static void add(struct recorder *r, enum record_step step, int64_t ms)
{
    for (uint16_t i = 0; i < r->series_n; i++) {
        struct recorder_series *s = &r->series[i];
        struct recorder_slot *slot = &s->slot[step];

        if (s->value != SAMPLE_UNKNOWN && s->finest <= step && ms > 0) {
            slot->sum += (int64_t)s->value * ms;
            slot->covered_ms += ms;
            slot->peak = max_i32(slot->peak, s->value); /* SAMPLE_UNKNOWN is the smallest */
        }
    }
}

static void hold_until(struct recorder *r, enum record_step step, int64_t utc_ms)
{
    int64_t at_ms = r->last_utc_ms;

    while (at_ms < utc_ms) { /* ends: at most RECORDER_HOLD_MS in slots of a second or more */
        int64_t end_ms = r->slot_utc_ms[step] + steps[step].ms;
        int64_t to_ms = min_i64(end_ms, utc_ms);

        add(r, step, to_ms - at_ms);
        at_ms = to_ms;
        if (to_ms == end_ms) {
            end_slot(r, step);
        }
    }
}

void recorder_end(struct recorder *r)
{
    if (r->is_running) {
        hand_out(r, RECORD_SECOND); /* the longer ones were, when their last slot ended */
        r->is_running = false;
    }
}

void recorder_feed(struct recorder *r, int64_t utc_ms, const int32_t *values)
{
    CHECK(utc_ms > 0);
    if (r->is_running && (utc_ms < r->last_utc_ms || utc_ms - r->last_utc_ms > RECORDER_HOLD_MS)) {
        recorder_end(r);
    }
    if (!r->is_running) {
        begin(r, utc_ms);
    }
    for (int k = 0; k < RECORD_STEP_N; k++) {
        hold_until(r, (enum record_step)k, utc_ms);
    }
    r->last_utc_ms = utc_ms;
    for (uint16_t i = 0; i < r->series_n; i++) {
        r->series[i].value = values[i];
    }
}
