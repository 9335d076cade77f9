#include "manager/core/pool.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "manager/core/allocate.h"

/* Loops towards the root end because a parent's index is lower than its child's (alloc_run checks it). */

static int32_t used_n(uint8_t used)
{
    return (used & 1) + ((used >> 1) & 1) + ((used >> 2) & 1);
}

static bool is_sun(int r)
{
    return r >= POOL_SUN_SUM && r < POOL_IMBALANCE;
}

int32_t pool_share(const struct alloc_box *box, int r)
{
    if (r < POOL_WATTS) {
        return (box->used >> r) & 1;
    }
    if (r == POOL_WATTS) {
        return used_n(box->used);
    }
    if (is_sun(r)) {
        if (box->solar == ALLOC_FAST) {
            return 0;
        }
        return r == POOL_SUN_SUM ? used_n(box->used) : (box->used >> (r - POOL_SUN)) & 1;
    }
    return used_n(box->used) < PHASE_N ? (box->used >> (r - POOL_IMBALANCE)) & 1 : 0;
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

/* What a fixed wallbox takes of resource r. */
static int64_t fixed_take(const struct alloc_box *box, int r)
{
    int64_t sum_ma = (int64_t)box->fixed_ma[0] + box->fixed_ma[1] + box->fixed_ma[2];

    if (r < POOL_WATTS) {
        return box->fixed_ma[r];
    }
    if (r == POOL_WATTS || (r == POOL_SUN_SUM && box->solar != ALLOC_FAST)) {
        return sum_ma;
    }
    return pool_share(box, r) > 0 ? box->fixed_ma[(r - POOL_SUN) % PHASE_N] : 0;
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
    int64_t take[POOL_N];

    for (int r = 0; r < p->n; r++) {
        take[r] = (int64_t)ma * pool_share(box, r);
    }
    for (uint16_t i = box->node; i != NODE_NONE; i = node[i].parent) {
        for (int r = 0; r < p->n; r++) {
            p->left[i][r] -= take[r];
        }
    }
}

/* What `ma` asks of each resource; 0 where it asks for nothing. */
static void asked(const struct pool *p, const struct alloc_box *box, int32_t ma, enum pool_use use, int64_t out[POOL_N])
{
    bool is_guaranteed = use == POOL_FOR_MINIMUM && box->solar == ALLOC_SOLAR_MINIMUM;

    for (int r = 0; r < p->n; r++) {
        out[r] = is_guaranteed && is_sun(r) ? 0 : (int64_t)ma * pool_share(box, r);
    }
}

/* Whether a resource lacks something for `take`. What a wallbox does not use cannot lack, even when it is below 0. */
static bool is_short(int64_t left, int64_t take)
{
    return take > 0 && left < take;
}

bool pool_fits(const struct pool *p, const struct alloc_node *node, const struct alloc_box *box, int32_t ma, enum pool_use use)
{
    int64_t take[POOL_N];

    asked(p, box, ma, use, take);
    for (uint16_t i = box->node; i != NODE_NONE; i = node[i].parent) {
        for (int r = 0; r < p->n; r++) {
            if (is_short(p->left[i][r], take[r])) {
                return false;
            }
        }
    }
    return true;
}

bool pool_sun_covers(const struct pool *p, const struct alloc_box *box, int32_t ma)
{
    for (int r = POOL_SUN_SUM; r < POOL_IMBALANCE && r < p->n; r++) {
        if (is_short(p->left[0][r], (int64_t)ma * pool_share(box, r))) {
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
    int64_t take[POOL_N];
    int best = INT32_MAX;

    asked(p, box, ma, use, take);
    for (uint16_t i = box->node; i != NODE_NONE; i = node[i].parent) {
        for (int r = 0; r < p->n; r++) {
            if (is_short(p->left[i][r], take[r]) && blame_order(&node[i], r) < best) {
                best = blame_order(&node[i], r);
                *out = (struct pool_place){.node = i, .resource = (int8_t)r};
            }
        }
    }
    return best != INT32_MAX;
}
