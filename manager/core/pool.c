#include "manager/core/pool.h"

#include "common/base/check.h"
#include "common/base/units.h"
#include "manager/core/allocate.h"

/* Loops towards the root end because a parent's index is lower than its child's (alloc_run checks it). */

void pool_open(struct pool *p, const struct alloc_node *node, uint16_t node_n, int32_t voltage_mv)
{
    CHECK(voltage_mv > 0);
    for (uint16_t i = 0; i < node_n; i++) {
        for (int phase = 0; phase < PHASE_N; phase++) {
            p->left[i][phase] = max_i32(node[i].budget_ma[phase], 0);
        }
        if (node[i].budget_w < 0 || node[i].budget_w > INT64_MAX / 1000000) {
            p->left[i][POOL_WATTS] = POOL_NO_LIMIT;
        } else {
            p->left[i][POOL_WATTS] = min_i64(node[i].budget_w * 1000000 / voltage_mv, POOL_NO_LIMIT);
        }
    }
}

void pool_take_fixed(struct pool *p, const struct alloc_node *node, const struct alloc_box *box)
{
    for (uint16_t i = box->node; i != NODE_NONE; i = node[i].parent) {
        for (int phase = 0; phase < PHASE_N; phase++) {
            p->left[i][phase] -= box->fixed_ma[phase];
            p->left[i][POOL_WATTS] -= box->fixed_ma[phase];
        }
    }
}

void pool_take(struct pool *p, const struct alloc_node *node, const struct alloc_box *box, int32_t ma)
{
    int64_t take[POOL_N];

    for (int r = 0; r < POOL_N; r++) {
        take[r] = (int64_t)ma * pool_share(box->used, r);
    }
    for (uint16_t i = box->node; i != NODE_NONE; i = node[i].parent) {
        for (int r = 0; r < POOL_N; r++) {
            p->left[i][r] -= take[r];
        }
    }
}

/* Whether a resource lacks something for `take`. What a wallbox does not use cannot lack, even when it is below 0. */
static bool is_short(int64_t left, int64_t take)
{
    return take > 0 && left < take;
}

bool pool_fits(const struct pool *p, const struct alloc_node *node, const struct alloc_box *box, int32_t ma)
{
    int64_t take[POOL_N];

    for (int r = 0; r < POOL_N; r++) {
        take[r] = (int64_t)ma * pool_share(box->used, r);
    }
    for (uint16_t i = box->node; i != NODE_NONE; i = node[i].parent) {
        for (int r = 0; r < POOL_N; r++) {
            if (is_short(p->left[i][r], take[r])) {
                return false;
            }
        }
    }
    return true;
}

bool pool_lacks(const struct pool *p, const struct alloc_node *node, const struct alloc_box *box, int32_t ma, struct pool_place *out)
{
    bool is_found = false;

    for (uint16_t i = box->node; i != NODE_NONE; i = node[i].parent) {
        for (int r = 0; r < POOL_N; r++) {
            if (!is_short(p->left[i][r], (int64_t)ma * pool_share(box->used, r)) || (is_found && !node[i].is_fallback)) {
                continue;
            }
            *out = (struct pool_place){.node = i, .resource = (int8_t)r};
            if (node[i].is_fallback) {
                return true;
            }
            is_found = true;
        }
    }
    return is_found;
}
