#include "manager/core/dating.h"

#include "common/base/check.h"
#include "common/base/units.h"
#include "proto/msg.h"

/* True when what the wallbox' clock says can be. */
static bool is_possible(int64_t told_utc_ms, int64_t age_ms, int64_t received_utc_ms)
{
    int64_t was_utc_ms = received_utc_ms - age_ms;
    int64_t slack_ms = DATING_SLACK_MS + age_ms / 1000000 * (2 * DRIFT_PERMILLION);

    if (age_ms == 0) {
        return told_utc_ms <= received_utc_ms + DATING_SLACK_MS && told_utc_ms >= received_utc_ms - DATING_OLDEST_MS;
    }
    return told_utc_ms >= was_utc_ms - slack_ms && told_utc_ms <= was_utc_ms + slack_ms;
}

int64_t dating_utc_ms(int64_t told_utc_ms, int64_t age_ms, int64_t received_utc_ms)
{
    CHECK(age_ms >= 0);
    if (received_utc_ms == CLOCK_UNSET_UTC_MS) {
        return told_utc_ms;
    }
    if (told_utc_ms != CLOCK_UNSET_UTC_MS && is_possible(told_utc_ms, age_ms, received_utc_ms)) {
        return told_utc_ms;
    }
    return age_ms < received_utc_ms ? received_utc_ms - age_ms : CLOCK_UNSET_UTC_MS;
}

int64_t dating_start_utc_ms(int64_t told_utc_ms, int64_t age_ms, int64_t received_utc_ms, int64_t stop_utc_ms)
{
    int64_t start_utc_ms = dating_utc_ms(told_utc_ms, age_ms, received_utc_ms);

    return stop_utc_ms != CLOCK_UNSET_UTC_MS && start_utc_ms != CLOCK_UNSET_UTC_MS ? min_i64(start_utc_ms, stop_utc_ms) : start_utc_ms;
}

int64_t dating_quarter_utc_ms(int64_t told_quarter_utc_ms, int64_t told_start_utc_ms, int64_t start_utc_ms)
{
    int64_t at_ms;

    if (start_utc_ms == CLOCK_UNSET_UTC_MS) {
        return told_quarter_utc_ms;
    }
    if (told_quarter_utc_ms == CLOCK_UNSET_UTC_MS || told_start_utc_ms == CLOCK_UNSET_UTC_MS || told_quarter_utc_ms > told_start_utc_ms ||
        told_quarter_utc_ms <= told_start_utc_ms - DATING_QUARTER_MS) {
        return div_down(start_utc_ms, DATING_QUARTER_MS) * DATING_QUARTER_MS;
    }
    at_ms = told_quarter_utc_ms + (start_utc_ms - told_start_utc_ms); /* the clock of the wallbox is wrong by so much */
    return div_down(at_ms + DATING_QUARTER_MS / 2, DATING_QUARTER_MS) * DATING_QUARTER_MS;
}
