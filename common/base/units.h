/* Integer arithmetic with the rounding in the name. Limits round down, consumption rounds up. */
#pragma once

#include <stdint.h>

#include "common/base/check.h"

#define MA_MAX 1000000        /* largest current anywhere, mA: 1,000 A, so that sums over 1,024 wallboxes fit in 32 bits */
#define MV_MAX 1000000        /* largest voltage anywhere, mV */
#define MS_FOREVER INT64_MAX  /* a deadline that never comes */
#define MS_NEVER INT64_MIN    /* a moment that has not been */
#define DRIFT_PERMILLION 1000 /* most that a clock may run fast or slow (spec 05 5.2) */

static inline int32_t min_i32(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static inline int32_t max_i32(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static inline int64_t min_i64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t max_i64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static inline int32_t clamp_i32(int32_t v, int32_t lo, int32_t hi)
{
    return v < lo ? lo : (v > hi ? hi : v);
}

/* Quotient towards minus infinity; the divisor is positive. */
static inline int64_t div_down(int64_t a, int64_t b)
{
    CHECK(b > 0);
    return a / b - (a % b < 0 ? 1 : 0); /* no sum and no change of sign: either may overflow at the ends of the range */
}

/* Quotient towards plus infinity; the divisor is positive. */
static inline int64_t div_up(int64_t a, int64_t b)
{
    CHECK(b > 0);
    return a / b + (a % b > 0 ? 1 : 0);
}

/* Moment `ms` after `at_ms`, staying at MS_FOREVER when either is; a moment beyond the range is MS_FOREVER or MS_NEVER. */
static inline int64_t after_ms(int64_t at_ms, int64_t ms)
{
    if (at_ms == MS_FOREVER || ms == MS_FOREVER || (ms > 0 && at_ms > MS_FOREVER - ms)) {
        return MS_FOREVER;
    }
    return ms < 0 && at_ms < MS_NEVER - ms ? MS_NEVER : at_ms + ms;
}

/* A length of time as another clock may count it at the latest: both clocks may be off by the drift in opposite directions.
 *
 * ms  0 or more; returns ms * (1 + 2 drift), rounded up; MS_FOREVER when that is beyond the range.
 */
static inline int64_t with_drift_ms(int64_t ms)
{
    CHECK(ms >= 0);
    /* In two parts, so that no product overflows. */
    return after_ms(ms, ms / 1000000 * (2 * DRIFT_PERMILLION) + div_up(ms % 1000000 * (2 * DRIFT_PERMILLION), 1000000));
}

/* Power of one phase at unity power factor, W. Rounds up: better to overestimate a load. INT32_MAX when it is more. */
static inline int32_t watts_up(int32_t ma, int32_t mv)
{
    CHECK(ma >= 0);
    CHECK(mv >= 0);
    return (int32_t)min_i64(div_up((int64_t)ma * mv, 1000000), INT32_MAX);
}
