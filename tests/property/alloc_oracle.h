/* The properties of spec 04 4.4 and 4.5 as checks of a finished allocation. Written from their statements: it adds up, it does not divide.
 *
 * Words used below. top: min(demand, cap, max). Limit: see alloc_view. Full for a: a limit that has less left than a takes of it for one
 * step_ma. Need: the minimum, plus start_margin_ma when not running. Blocked: see A7. Competing: see alloc_view.
 *
 * A1  on each limit in currents and watts: allocations plus fixed are at most the budget, or, when fixed ones alone exceed it, no
 *     allocation uses it. Likewise the imbalance of one- and two-phase vehicles. Of the sun: allocations less the minimums of solar_minimum,
 *     which may come from the grid; and with those minimums as soon as any wallbox in a solar mode has more than its minimum.
 *     Reported use: alloc_used gives the same sums.
 * A2  0, or in [min, top] and a multiple of step_ma, the minimum or the top. State and figures of the result fit each other.
 * A3  (a) nobody charging can rise by step_ma inside its top and inside A1, others unchanged. A rise shorter than step_ma is not demanded.
 *     (b) nobody waiting, except those blocked and those that may only look at the sun, finds its need on all limits when all who charge are
 *     counted at their minimum. Not demanded with imbalance (4.2).
 * A4  whoever charges below its top has a limit that is full for it, on which every other charging wallbox b of the same or a lower priority
 *     that is above its minimum satisfies b / weight_b <= (a + step_ma) / weight_a. On a sum over phases a wallbox of fewer phases may have
 *     more by less than what one step of a is in its own current, because A3 makes it use what is too little for a. Not with imbalance.
 * A5  (a) each competing wallbox charges exactly if its need fits beside the minimums of those charging before it in the order of admission,
 *     it is not blocked and does not only look at the sun. (b) whoever charges below its top could not rise by step_ma inside its top even
 *     if all lower priorities had only their minimums.
 * A7  one that is not running and blocked, and not overdue, gets nothing. (The others of A7, and A6 and A8: alloc_again.)
 * A9  of two alike in minimum run time, priority and being overdue, the one with the smaller laxity, or with a departure at all, does not
 *     wait while the other charges and takes at least as much of everything.
 * Solar: solar_minimum waits only for what is not the sun; solar_only has no more than the sun gives, less fixed ones; one that only looks
 *     gets nothing; is_covered is said of exactly those whose need the sun covers beside those before them that charge or are covered.
 * Reason: see alloc_reason.
 */
#pragma once

#include <stddef.h>

#include "tests/property/alloc_view.h"

enum verdict { VERDICT_HOLDS, VERDICT_BROKEN, VERDICT_NO_CASE };

/* Number of properties, and the name of one. */
size_t oracle_n(void);
const char *oracle_name(size_t property);

/* Check one property. VERDICT_NO_CASE: the site has nothing that it speaks about. When broken *out_at is the wallbox or the node. */
enum verdict oracle_check(size_t property, const struct view *v, uint16_t *out_at);
