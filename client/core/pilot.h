/* The control pilot: currents and duty cycles, and when the offered current may change.
 *
 * Decided here: rounding (a vehicle never reads more than was meant) and the spacing of rises. Not here: how much is offered.
 * Reference PILOT-1: IEC 61851-1, Annex A, tables of the pilot duty cycle.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/rc.h"

#define PILOT_LEAST_MA 6000
#define PILOT_MOST_MA 80000
#define PILOT_STEADY_PERMILLE 1000

/* Duty cycle for a current.
 *
 * ma            0: steady; 6,000..80,000
 * out_permille  100..960, or 1,000 for steady; rounded so that the vehicle never reads more than ma
 *
 * RC_RANGE      any other current; out_permille is untouched
 *
 * Source: PILOT-1.
 */
MUST_USE enum rc pilot_duty(int32_t ma, int32_t *out_permille);

/* What a vehicle reads from a duty cycle: mA, 0 when it may not charge. Source: PILOT-1. */
int32_t pilot_read_ma(int32_t permille);

/* True when a vehicle cannot tell the two currents apart: they lead to the same duty cycle. */
bool pilot_same(int32_t a_ma, int32_t b_ma);

struct pilot {
    int32_t ma;       /* commanded now, 0: steady */
    int64_t risen_ms; /* last rise, MS_NEVER none */
};

void pilot_init(struct pilot *p);

/* Follow a wanted current: a fall at once, a rise at least rise_ms after the last rise. want_ma is 0 or 6,000..80,000. */
void pilot_follow(struct pilot *p, int32_t want_ma, int32_t rise_ms, int64_t now_ms);

/* When a rise that waits may happen; MS_FOREVER when none waits. */
int64_t pilot_next_ms(const struct pilot *p, int32_t want_ma, int32_t rise_ms);
