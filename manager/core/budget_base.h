/* Base load: what flows into a node and is no wallbox (spec 04 4.2). Part of budget.
 *
 * A meter shows the past and a wallbox' figure the present, so their difference is wrong while a vehicle ramps. Two estimates are made:
 * `low` subtracts the largest figure of the lag window, `high` the one at the moment the meter was read: a figure later than that would make
 * each cut look like a rise of the house, and cut again. The budget follows `low`; `high` counts when the metered current itself is above
 * limit - reserve, and that part of their distance counts which has lasted for a whole window, ramps excepted.
 */
#pragma once

#include <stdint.h>

#include "manager/core/budget.h"

/* The wallboxes' own current below each node with a good meter, as each estimate counts it. */
struct budget_own {
    int32_t then_ma[NODE_MAX][PHASE_N]; /* when the meter was read */
    int32_t sure_ma[NODE_MAX][PHASE_N]; /* ... of those that are not paused */
    int32_t most_ma[NODE_MAX][PHASE_N];
    int32_t apart_ma[NODE_MAX][PHASE_N];  /* how far the larger one of the window's two ends is below the largest of the window */
    int32_t untold_ma[NODE_MAX][PHASE_N]; /* how much more they may draw by now than they reported */
};

/* Sum up the wallboxes' figures.
 *
 * house  [site.node_n] house meter of each node, METER_MAX none
 */
void budget_own(const struct budget *b, const uint16_t *house, struct budget_own *out);

/* The newest figures of the wallboxes below a node, together: of those heard whose figure is no older than FIGURE_STALE_MS at at_ms. A client
 * that has lost its board goes on reporting what it read last; held against a meter, that would look like a meter that lies. */
#define FIGURE_STALE_MS 2500
#define FIGURE_IN_FORCE_MS 1500 /* a figure holds until the next one, a second and the way of a Status later */
void budget_own_below(const struct budget *b, uint16_t node, int64_t at_ms, struct meter_watch_own *out);

/* Length of the lag window of a meter. */
int64_t budget_window_ms(const struct budget *b, uint16_t meter);

/* Base load of a node below its good meter `meter`, signed, not limited by the credit for export, and as it counts for a rise of the budget: what
 * only `low` says is no room. Keeps the node's high_... and lift_ma. */
void budget_metered_base(struct budget *b, uint16_t node, uint16_t meter, const struct budget_own *own, int64_t now_ms, int32_t out_ma[PHASE_N],
                         int32_t out_rise_ma[PHASE_N]);

/* Forget what was learned about the two estimates: the node has no good meter at the moment. */
void budget_base_reset(struct budget_node *n);
