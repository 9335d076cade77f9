/* The figures of a simulation, node by node: peaks, time above the limits, share of the budgets that was used. Part of plan_simulate. */
#pragma once

#include "manager/shell/plan_simulate.h"

/* One step while it is added up. */
struct plan_tally {
    int64_t drawn_ma[NODE_MAX][PHASE_N];  /* highest in this step */
    int64_t used_mams[NODE_MAX][PHASE_N]; /* current x time */
    uint8_t wanted[NODE_MAX];             /* phases on which somebody wanted more */
};

void plan_tally_begin(struct plan_tally *t, uint16_t node_n);

/* A wallbox at a node draws `ma` on the phases `used` for `drawn_ms`. */
void plan_tally_draw(struct plan_tally *t, uint16_t node, uint8_t used, int32_t ma, int64_t drawn_ms);

/* A wallbox at a node would have used more on the phases `used`. */
void plan_tally_want(struct plan_tally *t, uint16_t node, uint8_t used);

/* Take the step, `step_ms` long, into the outcome.
 *
 * node     budgets of this step
 * base_ma  base load of each node in this step
 */
void plan_tally_end(struct plan_tally *t, const struct plan *plan, const struct alloc_node *node, const int32_t (*base_ma)[PHASE_N], int64_t step_ms,
                    struct plan_outcome *out);

/* Share of what was offered that was used, rounded down; -1 when nobody ever wanted more. */
int32_t plan_used_permille(const struct plan_node_use *use);
