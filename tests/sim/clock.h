/* The clocks of one simulated machine: a monotonic one that is off by an offset and a drift, and a wall clock that people may set.
 *
 * True time is in us since the start of the run. A core sees nothing but `clock_ms` of its own machine (CLOCK_BOOTTIME) and `clock_utc_ms`.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct clock {
    int64_t offset_us;        /* what it showed when the run began */
    int32_t drift_permillion; /* -1,000..1,000 (spec 05 5.2) */
    int64_t utc_step_ms;      /* what people have turned the wall clock by */
    bool is_utc_set;
};

/* Monotonic time of the machine, ms, at true time at_us. */
int64_t clock_ms(const struct clock *c, int64_t at_us);

/* First true time at which the machine's clock shows `ms` or later; INT64_MAX for MS_FOREVER. */
int64_t clock_reach_us(const struct clock *c, int64_t ms);

/* Wall clock, ms since 1970; CLOCK_UNSET_UTC_MS when it was never set. */
int64_t clock_utc_ms(const struct clock *c, int64_t at_us);
