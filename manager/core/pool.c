#include "manager/core/pool.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "manager/core/allocate.h"

/* Loops towards the root end because a parent's index is lower than its child's (alloc_run checks it). */

/* Shares of a set of phases in the order of the resources: phases, watts, sun summed, sun per phase, imbalance. */
#define HAS(used, phase) (((used) >> (phase)) & 1)
#define COUNT(used) (HAS(used, 0) + HAS(used, 1) + HAS(used, 2))
#define EACH(used, times) HAS(used, 0) * (times), HAS(used, 1) * (times), HAS(used, 2) * (times)
#define SHARES(used, sun)                                                                                   \
    {                                                                                                       \
        EACH(used, 1), COUNT(used), COUNT(used) * (sun), EACH(used, sun), EACH(used, COUNT(used) < PHASE_N) \
    }
#define SHARES_OF_ALL_SETS(sun)                                                                                                        \
    {                                                                                                                                  \
        SHARES(0, sun), SHARES(1, sun), SHARES(2, sun), SHARES(3, sun), SHARES(4, sun), SHARES(5, sun), SHARES(6, sun), SHARES(7, sun) \
    }

static const uint8_t shares[2][PHASE_ALL + 1][POOL_N] = {SHARES_OF_ALL_SETS(0), SHARES_OF_ALL_SETS(1)};

const uint8_t *pool_shares(const struct alloc_box *box)
{
    return shares[box->solar != ALLOC_FAST][box->used];
}

const uint8_t *pool_asks(const struct alloc_box *box, enum pool_use use)
{
    bool is_guaranteed = use == POOL_FOR_MINIMUM && box->solar == ALLOC_SOLAR_MINIMUM;

    return is_guaranteed ? shares[0][box->used] : pool_shares(box);
}

static bool is_sun(int r)
{
    return r >= POOL_SUN_SUM && r < POOL_IMBALANCE;
}

/* Resources up to the last that limits anything. */
static uint8_t resources_n(const struct alloc_rules *rules, const struct alloc_node *node, uint16_t node_n, bool has_sun)
{
    int n = PHASE_N;

    if (has_sun) {
        n = rules->surplus_mode == SURPLUS_PER_PHASE ? POOL_IMBALANCE : POOL_SUN;
    }
    for (uint16_t i = 0; i < node_n; i++) {
        n = max_i32(n, node[i].budget_w >= 0 ? POOL_WATTS + 1 : PHASE_N);
        n = max_i32(n, node[i].has_imbalance ? POOL_N : PHASE_N);
    }
    return (uint8_t)n;
}

static int64_t watts_as_ma(int64_t budget_w, int32_t voltage_mv)
{
    if (budget_w < 0 || budget_w > INT64_MAX / 1000000) {
        return POOL_NO_LIMIT;
    }
    return min_i64(budget_w * 1000000 / voltage_mv, POOL_NO_LIMIT);
}

static void open_node(int64_t left[POOL_N], const struct alloc_node *node, int32_t voltage_mv)
{
    for (int p = 0; p < PHASE_N; p++) {
        left[p] = max_i32(node->budget_ma[p], 0);
        left[POOL_SUN + p] = POOL_NO_LIMIT;
        left[POOL_IMBALANCE + p] = node->has_imbalance ? max_i32(node->imbalance_ma, 0) : POOL_NO_LIMIT;
    }
    left[POOL_WATTS] = watts_as_ma(node->budget_w, voltage_mv);
    left[POOL_SUN_SUM] = POOL_NO_LIMIT;
}

static void open_sun(int64_t left[POOL_N], const struct alloc_rules *rules)
{
    int64_t sum_ma = 0;

    for (int p = 0; p < PHASE_N; p++) {
        sum_ma += rules->surplus_ma[p];
        if (rules->surplus_mode == SURPLUS_PER_PHASE) {
            left[POOL_SUN + p] = max_i32(rules->surplus_ma[p], 0);
        }
    }
    if (rules->surplus_mode == SURPLUS_SUMMED) {
        left[POOL_SUN_SUM] = max_i64(sum_ma, 0);
    }
}

void pool_open(struct pool *p, const struct alloc_rules *rules, const struct alloc_node *node, uint16_t node_n, bool has_sun)
{
    CHECK(rules->voltage_mv > 0);
    p->n = resources_n(rules, node, node_n, has_sun);
    for (uint16_t i = 0; i < node_n; i++) {
        open_node(p->left[i], &node[i], rules->voltage_mv);
    }
    open_sun(p->left[0], rules);
}

void pool_copy(struct pool *to, const struct pool *from, uint16_t node_n)
{
    to->n = from->n;
    memcpy(to->left, from->left, sizeof from->left[0] * node_n);
}

/* What a fixed wallbox takes of resource r. It may be drawing on phases that its vehicle did not use before. */
static int64_t fixed_take(const struct alloc_box *box, int r)
{
    int64_t sum_ma = (int64_t)box->fixed_ma[0] + box->fixed_ma[1] + box->fixed_ma[2];

    if (r < POOL_WATTS) {
        return box->fixed_ma[r];
    }
    if (r == POOL_WATTS) {
        return sum_ma;
    }
    if (is_sun(r)) {
        int64_t ma = r == POOL_SUN_SUM ? sum_ma : box->fixed_ma[r - POOL_SUN];

        return box->solar == ALLOC_FAST ? 0 : ma;
    }
    return COUNT(box->used) < PHASE_N ? box->fixed_ma[r - POOL_IMBALANCE] : 0;
}

void pool_take_fixed(struct pool *p, const struct alloc_node *node, const struct alloc_box *box)
{
    for (uint16_t i = box->node; i != NODE_NONE; i = node[i].parent) {
        for (int r = 0; r < p->n; r++) {
            p->left[i][r] -= fixed_take(box, r);
        }
    }
}

void pool_take(struct pool *p, const struct alloc_node *node, const struct alloc_box *box, int32_t ma)
{
    const uint8_t *share = pool_shares(box);

    for (uint16_t i = box->node; i != NODE_NONE; i = node[i].parent) {
        for (int r = 0; r < p->n; r++) {
            p->left[i][r] -= (int64_t)ma * share[r];
        }
    }
}

/* Whether a resource lacks something for `take`. What a wallbox does not use cannot lack, even when it is below 0. Which resources a wallbox
 * uses is as good as random: no branches here. */
static bool is_short(int64_t left, int64_t take)
{
    return (take > 0) & (left < take);
}

bool pool_fits(const struct pool *p, const struct alloc_node *node, const struct alloc_box *box, int32_t ma, enum pool_use use)
{
    const uint8_t *asks = pool_asks(box, use);
    bool lacks = false;

    for (uint16_t i = box->node; i != NODE_NONE && !lacks; i = node[i].parent) {
        for (int r = 0; r < p->n; r++) {
            lacks |= is_short(p->left[i][r], (int64_t)ma * asks[r]);
        }
    }
    return !lacks;
}

bool pool_sun_covers(const struct pool *p, const struct alloc_box *box, int32_t ma)
{
    const uint8_t *share = pool_shares(box);

    for (int r = POOL_SUN_SUM; r < POOL_IMBALANCE && r < p->n; r++) {
        if (is_short(p->left[0][r], (int64_t)ma * share[r])) {
            return false;
        }
    }
    return true;
}

/* Order in which lacking resources are named, lowest first. */
static int blame_order(const struct alloc_node *node, int r)
{
    if (node->is_fallback && r <= POOL_WATTS) {
        return 0;
    }
    if (r <= POOL_WATTS && (node->scheduled & PHASE_BIT(r)) != 0) {
        return 1;
    }
    if (is_sun(r)) {
        return 2;
    }
    return r >= POOL_IMBALANCE ? 3 : 4;
}

bool pool_lacks(const struct pool *p, const struct alloc_node *node, const struct alloc_box *box, int32_t ma, enum pool_use use, struct pool_place *out)
{
    const uint8_t *asks = pool_asks(box, use);
    int best = INT32_MAX;

    for (uint16_t i = box->node; i != NODE_NONE; i = node[i].parent) {
        for (int r = 0; r < p->n; r++) {
            if (is_short(p->left[i][r], (int64_t)ma * asks[r]) && blame_order(&node[i], r) < best) {
                best = blame_order(&node[i], r);
                *out = (struct pool_place){.node = i, .resource = (int8_t)r};
            }
        }
    }
    return best != INT32_MAX;
}

void pool_blame(const struct alloc_node *node, struct pool_place place, struct alloc_result *out)
{
    int r = place.resource;
    bool is_phase = r < POOL_WATTS || r >= POOL_SUN;

    out->node = place.node;
    out->phase = (int8_t)(r < POOL_WATTS ? r : is_phase ? (r - POOL_SUN) % PHASE_N : -1);
    if (r > POOL_WATTS) {
        out->reason = r < POOL_IMBALANCE ? REASON_SOLAR : REASON_IMBALANCE;
    } else if (node[place.node].is_fallback) {
        out->reason = REASON_METER_FALLBACK;
    } else if ((node[place.node].scheduled & PHASE_BIT(r)) != 0) {
        out->reason = REASON_SCHEDULE;
    } else {
        out->reason = r == POOL_WATTS ? REASON_WATTS : REASON_NODE_FULL;
    }
}
