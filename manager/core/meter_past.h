/* The last samples of a meter beside what the wallboxes below it were known to draw then. Part of meter_wiring and meter_watch. Pure.
 *
 * A meter shows the past, and a wallbox' figure arrives late; so the wallboxes' current at the moment of a sample is known as a range only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/phase.h"
#include "manager/core/meter_sample.h"

#define PAST_KEPT 32     /* samples kept, 16 s of a meter read twice a second */
#define PAST_GAP_MS 2500 /* samples further apart are not compared */
#define PAST_TOLD_MS 400 /* so late a figure of a wallbox may arrive: five a second at most, and its way */

/* Currents at one sample, site order. */
struct past_at {
    int64_t taken_ms;
    int32_t metered_ma[PHASE_N];
    int32_t own_ma[PHASE_N];
};

struct meter_past {
    bool begins_idle; /* no wallbox drew anything at the oldest sample, and there is none before it */
    uint8_t first;    /* ring, oldest first */
    uint8_t n;
    struct past_at at[PAST_KEPT];
};

/* What the wallboxes drew at the moment of a sample. */
struct past_range {
    int32_t lo_ma[PHASE_N];
    int32_t hi_ma[PHASE_N];
};

/* Forget all. Zeroed memory is the same. */
void meter_past_restart(struct meter_past *h);

/* Add the newest sample; after a gap what was before is forgotten. */
void meter_past_add(struct meter_past *h, const struct meter_sample *sample, const int32_t own_ma[PHASE_N]);

/* Sample `i`, 0 the oldest. */
const struct past_at *meter_past_entry(const struct meter_past *h, int i);

/* The wallboxes' current as sample `i` may show it: of the whole window before it, the figure in force at its beginning included. Wallboxes
 * that draw nothing when they are first known are taken to have drawn nothing before. False: not known. */
bool meter_past_before(const struct meter_past *h, int i, int64_t window_ms, struct past_range *out);

/* The same for a sample of the past: what was told late counts as well. */
bool meter_past_around(const struct meter_past *h, int i, int64_t window_ms, struct past_range *out);
