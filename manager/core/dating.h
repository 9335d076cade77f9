/* When something happened that a wallbox reports later, perhaps days later, perhaps with a wrong clock.
 *
 * A report holds the moment by the clock of the wallbox, if it was ever set, and an age: how long ago by a clock that nobody can set. The age
 * is exact while the wallbox has been running since, and 0 when it was without power in between: then it only says "not later than now".
 *
 * The rule: receipt by our clock minus age is when it was. The clock of the wallbox is believed, and then kept to the millisecond, only
 * where receipt and age allow it: within DATING_SLACK_MS and the drift over the age; with age 0 at most DATING_SLACK_MS after the receipt
 * and at most DATING_OLDEST_MS before it. Without a clock of our own we have nothing better than what the wallbox says.
 */
#pragma once

#include <stdint.h>

#define DATING_SLACK_MS 60000
#define DATING_OLDEST_MS (INT64_C(3650) * 86400000)
#define DATING_QUARTER_MS INT64_C(900000)

/* Returns UTC, CLOCK_UNSET_UTC_MS when nobody knows.
 *
 * told_utc_ms   by the wallbox, CLOCK_UNSET_UTC_MS none
 * age_ms        0 or more
 * received_utc_ms  by our clock, CLOCK_UNSET_UTC_MS none
 */
int64_t dating_utc_ms(int64_t told_utc_ms, int64_t age_ms, int64_t received_utc_ms);

/* Begin of a session: as above, and never after its end, when that is known. */
int64_t dating_start_utc_ms(int64_t told_utc_ms, int64_t age_ms, int64_t received_utc_ms, int64_t stop_utc_ms);

/* Begin of its first quarter hour, at a multiple of it.
 *
 * told_quarter_utc_ms  by the wallbox, CLOCK_UNSET_UTC_MS none: that of the begin serves
 * told_start_utc_ms    by the same clock, start_utc_ms: as we date it
 */
int64_t dating_quarter_utc_ms(int64_t told_quarter_utc_ms, int64_t told_start_utc_ms, int64_t start_utc_ms);
