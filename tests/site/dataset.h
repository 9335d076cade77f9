/* The recorded files: household minutes, solar half hours, charging sessions. Text in, integer figures out.
 *
 * Decided here: what their lines mean. Not here: files and paths (simdoc), what follows from the figures (profile, sessions).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/rc.h"
#include "tests/site/profile.h"

#define SESSION_FILE_MAX 4096

/* One recorded stay of a vehicle, times in ms of the profile: 0 is midnight of the chosen day. */
struct stay {
    int64_t arrive_ms;
    int64_t leave_ms;
    int64_t needed_wh;
};

struct stays {
    uint16_t n;
    struct stay at[SESSION_FILE_MAX];
};

/* Household power consumption in UCI's form (Date;Time;Global_active_power;...;Voltage;...): the first two complete days of the file,
 * mA = kW x 10^6 / V. Lines with "?" repeat the figure before.
 *
 * RC_MALFORMED  a line is none: *out_line is its number, 1 the first; *out holds nothing of use
 * RC_MISSING    fewer than two complete days
 */
MUST_USE enum rc dataset_household(const char *text, size_t len, struct household *out, int *out_line);

/* Solar production ("Jun 21, 12:30 pm",kW): the 48 half hours of `day` ("Jun 21").
 *
 * RC_MALFORMED  as above
 * RC_MISSING    the day is not in the file, or not whole
 */
MUST_USE enum rc dataset_sunshine(const char *text, size_t len, const char *day, struct sunshine *out, int *out_line);

/* Charging sessions (arrival_period_5min,departure_period_5min,...,requested_kwh,...): those that arrive on day `day` (0 is
 * 2019-03-01) or later, in order of arrival.
 *
 * RC_MALFORMED  as above
 * RC_FULL       more than SESSION_FILE_MAX
 */
MUST_USE enum rc dataset_stays(const char *text, size_t len, int32_t day, struct stays *out, int *out_line);

/* Days from 2019-03-01 to a date "2019-03-04". RC_RANGE: no date, or not in 2019-03-01..2019-04-30. */
MUST_USE enum rc dataset_day(const char *date, int32_t *out);
