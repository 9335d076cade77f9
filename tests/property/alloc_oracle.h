/* The properties of spec 04 4.4 as checks of a finished allocation. Written from their statements: it adds up, it does not divide.
 *
 * Words used below. top: min(demand, cap, max). Resource: a phase of a node, or its watts. Full for a: the budget less fixed wallboxes
 * and allocations is less there than a takes for one step_ma (watts: step_ma times the number of its phases). Competing: not fixed, its
 * demand and cap reach its minimum, and its minimum fits every resource beside the fixed wallboxes alone.
 *
 * A1  on each resource: allocations plus fixed are at most the budget, or, when fixed ones alone exceed it, no allocation uses it.
 *     Watts are compared as mA x mV, without rounding.
 * A2  0, or in [min, top] and a multiple of step_ma, the minimum or the top. State and reason fit the figure.
 * A3  (a) nobody charging can rise by step_ma inside its top and inside A1, others unchanged. A rise shorter than step_ma is not demanded.
 *     (b) nobody waiting, except those blocked and not overdue (A7), finds min (plus start_margin_ma when not running) on all resources when
 *     all who charge are counted at their minimum.
 * A4  whoever charges below its top has a resource that is full for it, on which every other charging wallbox b of the same priority
 *     that is above its minimum satisfies b / weight_b <= (a + step_ma) / weight_a. On watts a wallbox of fewer phases may have more by
 *     less than what one step of a is in its own current, because A3 makes it use what is too little for a.
 * A5  (a) each competing wallbox charges exactly if its need fits beside the minimums of those charging before it in the order of
 *     admission and it is not blocked. (b) whoever charges below its top could not rise by step_ma inside its top even if all lower
 *     priorities had only their minimums.
 * A7  one that is not running and blocked, and not overdue, gets nothing. (Equal input and equal result: see allocate.c.)
 */
#pragma once

#include "tests/property/alloc_site.h"

/* Check one result. Returns NULL when all hold; otherwise the name of the property, with *out_box the wallbox (or the node for A1). */
const char *alloc_oracle(const struct alloc_case *c, const struct alloc_result *result, uint16_t *out_box);
