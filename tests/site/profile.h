/* What flows at a site besides wallboxes, from recorded days: house load and solar production over the time of day.
 *
 * Decided here: how recorded figures become currents on three phases, and the steps that minute means hide. Not here: reading files
 * (dataset), where in the tree it flows (world).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/phase.h"
#include "common/base/rng.h"

#define DAY_MS INT64_C(86400000)
#define MINUTE_N 1440
#define HALF_HOUR_N 48
#define STEP_MA_MIN 5000
#define STEP_MA_MAX 20000
#define STEP_MS_MIN 2000
#define STEP_MS_MAX 30000
#define STEPS_PER_HOUR_MAX 200

/* Two recorded days of one phase, mA, one figure a minute. */
struct household {
    int32_t day_ma[2][MINUTE_N];
};

/* One day of production, W, at each half hour. */
struct sunshine {
    int32_t at_w[HALF_HOUR_N];
};

/* A step: a load that comes and goes in seconds. */
struct load_step {
    int64_t next_ms; /* when the next one begins */
    int64_t until_ms;
    int32_t ma;
};

/* House load of one node. */
struct load {
    bool is_fixed; /* fixed_ma, steps excluded */
    int32_t fixed_ma[PHASE_N];
    const struct household *file; /* NULL: base is fixed_ma and steps come on top */
    int32_t scale_permille;
    int32_t steps_per_hour; /* per phase; 0 none */
    struct rng rng[PHASE_N];
    struct load_step step[PHASE_N];
};

/* Solar production of one node. */
struct sun {
    bool is_fixed;
    int32_t fixed_ma[PHASE_N];
    const struct sunshine *file; /* NULL: fixed_ma */
    int32_t scale_permille;
};

/* Begin the steps of a load at time 0. `seed` should differ from load to load. */
void load_init(struct load *l, uint64_t seed);

/* House load in site order, mA. Phase 1 is recorded day 1, phase 2 is day 2, phase 3 is day 1 shifted by 12 hours.
 *
 * now_ms  real time since the start, never decreasing: steps run in it
 * day_ms  profile time since midnight of the first day
 */
void load_at(struct load *l, int64_t now_ms, int64_t day_ms, int32_t out_ma[PHASE_N]);

/* Production in site order, mA, a third on each phase, between two half hours in a straight line. */
void sun_at(const struct sun *s, int64_t day_ms, int32_t voltage_mv, int32_t out_ma[PHASE_N]);
