/* From a document to what the allocation is told: base loads, budgets and laxity as the running manager reckons them (spec 04 4.2, 4.6). */
#pragma once

#include <stdint.h>

#include "manager/core/allocate.h"
#include "manager/shell/plan_document.h"

struct plan_input {
    struct alloc_node node[NODE_MAX];
    struct alloc_box box[BOX_MAX];
};

/* Base load of each node and phase: the larger of its own and the sum of those of its children.
 *
 * out  [node_n]; holds each node's own before
 */
void plan_base_load(const struct site *site, int32_t (*out)[PHASE_N]);

/* Budget of a node under a base load: max(0, limit - reserve - base) on each phase; a limit in watts less the base load in watts. The imbalance
 * is what the document allows, to which plan_divide adds. */
void plan_budget(const struct plan *plan, uint16_t node, const int32_t base_ma[PHASE_N], struct alloc_node *out);

/* How long `needed_wh` take at a current, ms, rounded up: needed_wh x 3.6e12 / (max_ma x phases_n x voltage_mv). At most 1e18.
 *
 * needed_wh   0..PLAN_WH_MAX
 * max_ma      1..MA_MAX
 * voltage_mv  1..MV_MAX
 */
int64_t plan_needed_ms(int64_t needed_wh, int32_t max_ma, int phases_n, int32_t voltage_mv);

/* Nodes and wallboxes as the document has them. */
void plan_input_fill(const struct plan *plan, struct plan_input *out);
