/* Reasons of a finished allocation (spec 04 4.6: the first that applies), checked from the sums.
 *
 * For 0: no_demand; the cap's reason when the cap is below the minimum; otherwise what lacks. Whoever could not charge even alone: what lacks
 * beside the fixed wallboxes. Everybody else: what lacks beside the minimums of all who charge. Named is the first of meter_fallback,
 * schedule, solar, imbalance that is among it. If none is: below_minimum for those that could not charge even alone, priority when already
 * the minimums of higher priorities do not leave enough, waiting_turn otherwise. Nothing lacks: hold, or solar for one that only looks.
 *
 * For those charging: at the top the cap's reason, demand_met, wallbox_limit in this order. Below the top the first of meter_fallback,
 * schedule, solar, imbalance, node_full / watts among what left no step when it was frozen. The sums tell only what leaves none now, and
 * what left none from the start.
 *
 * With it stands the place: of the places with that reason the one nearest to the wallbox, then L1, L2, L3, all phases.
 */
#pragma once

#include "tests/property/alloc_view.h"

bool reason_of_charging(const struct view *v, uint16_t box);
bool reason_of_waiting(const struct view *v, uint16_t box);

/* Those waiting that could charge alone, unless only the permission to start is lacking, are numbered from 1 in the order of admission. */
bool reason_turn_place(const struct view *v, uint16_t box);
