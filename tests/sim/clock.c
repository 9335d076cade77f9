#include "tests/sim/clock.h"

#include "common/base/units.h"
#include "proto/msg.h"

#define US_PER_MS 1000
#define START_UTC_MS INT64_C(1760000000000)

static int64_t shown_us(const struct clock *c, int64_t at_us)
{
    return c->offset_us + at_us + div_down(at_us * c->drift_permillion, 1000000);
}

int64_t clock_ms(const struct clock *c, int64_t at_us)
{
    return div_down(shown_us(c, at_us), US_PER_MS);
}

int64_t clock_reach_us(const struct clock *c, int64_t ms)
{
    int64_t want_us;
    int64_t at_us;

    if (ms > INT64_MAX / 2 / US_PER_MS) {
        return INT64_MAX;
    }
    want_us = max_i64(ms, -c->offset_us / US_PER_MS) * US_PER_MS;
    /* The drift is so small that one correction leaves an error of a few us. */
    at_us = want_us - c->offset_us;
    at_us -= div_down(at_us * c->drift_permillion, 1000000 + c->drift_permillion);
    for (int i = 0; i < 8 && shown_us(c, at_us) < want_us; i++) {
        at_us++;
    }
    for (int i = 0; i < 8 && shown_us(c, at_us - 1) >= want_us; i++) {
        at_us--;
    }
    return at_us;
}

int64_t clock_utc_ms(const struct clock *c, int64_t at_us)
{
    return c->is_utc_set ? START_UTC_MS + at_us / US_PER_MS + c->utc_step_ms : CLOCK_UNSET_UTC_MS;
}
