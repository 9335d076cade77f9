/* What is left of the budgets of all nodes while the allocation divides them.
 *
 * Each node has four resources: its three phases, and the sum over the phases for a limit in watts. A wallbox takes its current from
 * each phase that it uses, and its current times the number of those phases from the fourth, at every node above it. A limit in watts
 * is held as the current that makes it at the nominal voltage, rounded down: for whole milliamperes that is exactly the same limit.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/phase.h"

struct alloc_box;
struct alloc_node;

#define POOL_WATTS PHASE_N
#define POOL_N (PHASE_N + 1)
#define POOL_NO_LIMIT (INT64_MAX / 4) /* far above all sums, far below overflow */

struct pool {
    int64_t left[NODE_MAX][POOL_N]; /* mA; below 0 when fixed wallboxes exceed the budget */
};

/* A resource of a node. */
struct pool_place {
    uint16_t node;
    int8_t resource; /* 0..POOL_N - 1 */
};

/* Units of resource r that a wallbox takes for each mA of its current; 0 when it does not use r. */
static inline int32_t pool_share(uint8_t used, int r)
{
    int32_t all_n = (used & 1) + ((used >> 1) & 1) + ((used >> 2) & 1);

    return r == POOL_WATTS ? all_n : (used >> r) & 1;
}

/* Fill with the budgets: those below 0 count as 0, no limit in watts as POOL_NO_LIMIT. voltage_mv is above 0. */
void pool_open(struct pool *p, const struct alloc_node *node, uint16_t node_n, int32_t voltage_mv);

/* Take what a fixed wallbox takes: fixed_ma of each phase. */
void pool_take_fixed(struct pool *p, const struct alloc_node *node, const struct alloc_box *box);

/* Take `ma` for a wallbox. */
void pool_take(struct pool *p, const struct alloc_node *node, const struct alloc_box *box, int32_t ma);

/* Whether `ma` for a wallbox fits into what is left. */
bool pool_fits(const struct pool *p, const struct alloc_node *node, const struct alloc_box *box, int32_t ma);

/* Where `ma` for a wallbox does not fit: among the resources that lack, one of a node in fallback first, then the one nearest to the
 * wallbox, then L1, L2, L3, watts. Returns false, *out untouched, when it fits. */
bool pool_lacks(const struct pool *p, const struct alloc_node *node, const struct alloc_box *box, int32_t ma, struct pool_place *out);
