/* What is left of the budgets of all nodes while the allocation divides them.
 *
 * Each node has resources: its three phases; the sum over the phases for a limit in watts; what one- and two-phase vehicles may draw on each
 * phase (imbalance). The grid connection has besides what the sun gives to wallboxes in a solar mode: the surplus, summed or per phase. A
 * wallbox takes its current from each phase that it uses, and its current times the number of those phases from a sum, at every node above it.
 * A limit in watts is held as the current that makes it at the nominal voltage, rounded down: for whole milliamperes that is exactly the
 * same limit.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/phase.h"

struct alloc_box;
struct alloc_node;
struct alloc_result;
struct alloc_rules;

/* In this order, so that a run looks only at those up to the last that limits anything. */
#define POOL_WATTS PHASE_N
#define POOL_SUN_SUM 4
#define POOL_SUN 5       /* the first of three */
#define POOL_IMBALANCE 8 /* the first of three */
#define POOL_N 11
#define POOL_SHARE_MAX PHASE_N
#define POOL_NO_LIMIT (INT64_MAX / 4) /* far above all sums, far below overflow */

struct pool {
    uint8_t n;                      /* resources in use: 0..n - 1 */
    int64_t left[NODE_MAX][POOL_N]; /* mA; below 0 when fixed wallboxes or guaranteed minimums exceed the budget */
};

/* A resource of a node. */
struct pool_place {
    uint16_t node;
    int8_t resource; /* 0..POOL_N - 1 */
};

/* What current is needed for: a guaranteed minimum comes from the grid and does not ask for the sun. */
enum pool_use { POOL_FOR_MINIMUM, POOL_FOR_RISE };

/* Units of each resource [POOL_N] that a wallbox takes for each mA of its current, at most POOL_SHARE_MAX; 0 when it does not use it. */
const uint8_t *pool_shares(const struct alloc_box *box);

/* ... that it asks for: without the sun for a guaranteed minimum. */
const uint8_t *pool_asks(const struct alloc_box *box, enum pool_use use);

/* Fill with the budgets: those below 0 count as 0, no limit in watts as POOL_NO_LIMIT.
 *
 * rules    surplus of the sun, nominal voltage (above 0)
 * has_sun  some wallbox is in a solar mode
 */
void pool_open(struct pool *p, const struct alloc_rules *rules, const struct alloc_node *node, uint16_t node_n, bool has_sun);

/* Make `to` equal to `from`. */
void pool_copy(struct pool *to, const struct pool *from, uint16_t node_n);

/* Take what a fixed wallbox takes: fixed_ma of each phase. */
void pool_take_fixed(struct pool *p, const struct alloc_node *node, const struct alloc_box *box);

/* Take `ma` for a wallbox. */
void pool_take(struct pool *p, const struct alloc_node *node, const struct alloc_box *box, int32_t ma);

/* Whether `ma` for a wallbox fits into what is left. */
bool pool_fits(const struct pool *p, const struct alloc_node *node, const struct alloc_box *box, int32_t ma, enum pool_use use);

/* Whether the sun alone leaves `ma` for a wallbox. */
bool pool_sun_covers(const struct pool *p, const struct alloc_box *box, int32_t ma);

/* Where `ma` for a wallbox does not fit. Among the resources that lack one counts first: a node in fallback, a schedule, the sun, the
 * imbalance, the node nearest to the wallbox; then L1, L2, L3, watts. Returns false, *out untouched, when it fits. */
bool pool_lacks(const struct pool *p, const struct alloc_node *node, const struct alloc_box *box, int32_t ma, enum pool_use use, struct pool_place *out);

/* Say in a result that a resource was what lacked: meter_fallback, schedule, solar, imbalance, node_full or watts, and where. */
void pool_blame(const struct alloc_node *node, struct pool_place place, struct alloc_result *out);
