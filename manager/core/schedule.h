/* Limits by the clock and by the grid operator (spec 04 4.2): what the wallboxes below a node may draw at a moment, whatever the house does.
 *
 * Decided here: which windows are in force, and the smallest of their limits. Not here: time zones (the shell says what the wall clock
 * shows), who may dim (shell).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "manager/core/site.h"

#define SCHEDULE_MINUTE_MS 60000

/* What is in force at one node: MA_UNSET and 0 where there is no limit. */
struct schedule_limit {
    int32_t limit_ma[PHASE_N];
    int32_t limit_w;
};

/* A limit without a clock, as a grid operator sets and lifts it. */
struct schedule_dimming {
    bool is_on;
    struct schedule_limit limit;
    int64_t until_ms; /* same clock as now_ms; MS_FOREVER: until it is lifted */
};

/* Smallest of two limits. */
void schedule_lower(struct schedule_limit *to, const struct schedule_limit *with);

/* No limit at all. */
struct schedule_limit schedule_none(void);

/* Limits of all nodes by their windows.
 *
 * local_ms  what the wall clock of the site shows, as ms since 1970-01-01 00:00; CLOCK_UNSET_UTC_MS: not known, then every window counts,
 *           which is the safe side
 * out       [site.node_n]
 */
void schedule_run(const struct site *site, int64_t local_ms, struct schedule_limit *out);

/* How long until the next minute of the wall clock begins, 1..60,000 ms; MS_FOREVER when the site has no windows or the time is not known. */
int64_t schedule_wait_ms(const struct site *site, int64_t local_ms);
