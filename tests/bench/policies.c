#include "tests/bench/policies.h"

#include <string.h>

#include "common/base/sort.h"
#include "common/base/units.h"

#define STEPS_PER_TURN 15 /* the simulation goes in minutes */

static bool came_before(const void *context, uint16_t a, uint16_t b)
{
    const struct policy *p = context;

    return p->came[a] < p->came[b];
}

/* Who wants energy, in the order of their coming; returns how many. */
static uint16_t line_up(struct policy *p, const struct alloc_box *box, uint16_t box_n, struct alloc_result *out)
{
    uint16_t n = 0;

    memset(out, 0, sizeof out[0] * box_n);
    for (uint16_t i = 0; i < box_n; i++) {
        if (box[i].demand_ma < box[i].min_ma) {
            p->came[i] = 0;
            continue;
        }
        if (p->came[i] == 0) {
            p->came_n++;
            p->came[i] = p->came_n;
        }
        p->line[n++] = i;
    }
    sort_index(p->line, n, came_before, p);
    p->step_n++;
    return n;
}

/* All that is left for one wallbox, 0 when that is less than its minimum. */
static int32_t rest_ma(const struct policy *p, const struct alloc_node *node, const struct alloc_box *box)
{
    int64_t ma = min_i32(box->demand_ma, box->max_ma);

    for (uint16_t i = box->node; i != NODE_NONE; i = node[i].parent) {
        for (int r = 0; r < p->left.n; r++) {
            int32_t share = pool_shares(box)[r];

            ma = share > 0 ? min_i64(ma, div_down(p->left.left[i][r], share)) : ma;
        }
    }
    ma -= ma % 100;
    return ma >= box->min_ma ? (int32_t)ma : 0;
}

static void serve(struct policy *p, const struct alloc_rules *rules, const struct alloc_node *node, uint16_t node_n, const struct alloc_box *box, uint16_t n,
                  uint16_t first, struct alloc_result *out)
{
    pool_open(&p->left, rules, node, node_n, false);
    for (uint16_t k = 0; k < n; k++) {
        uint16_t i = p->line[(first + k) % n];

        out[i].allocated_ma = rest_ma(p, node, &box[i]);
        pool_take(&p->left, node, &box[i], out[i].allocated_ma);
    }
}

void policy_first_come(void *context, const struct alloc_rules *rules, const struct alloc_node *node, uint16_t node_n, const struct alloc_box *box,
                       uint16_t box_n, struct alloc_result *out)
{
    uint16_t n = line_up(context, box, box_n, out);

    serve(context, rules, node, node_n, box, n, 0, out);
}

void policy_round_robin(void *context, const struct alloc_rules *rules, const struct alloc_node *node, uint16_t node_n, const struct alloc_box *box,
                        uint16_t box_n, struct alloc_result *out)
{
    struct policy *p = context;
    uint16_t n = line_up(p, box, box_n, out);

    serve(p, rules, node, node_n, box, n, (uint16_t)(n > 0 ? p->step_n / STEPS_PER_TURN % n : 0), out);
}

/* Place of wallbox k of the line among those that use a node-phase, from 1. */
static int32_t place_at(const struct policy *p, const struct alloc_node *node, const struct alloc_box *box, uint16_t k, uint16_t at, int phase, uint16_t n,
                        int32_t *out_n)
{
    int32_t place = 0;

    *out_n = 0;
    for (uint16_t j = 0; j < n; j++) {
        const struct alloc_box *other = &box[p->line[j]];
        bool is_under = false;

        for (uint16_t i = other->node; i != NODE_NONE && !is_under; i = node[i].parent) {
            is_under = i == at;
        }
        *out_n += is_under && (other->used & PHASE_BIT(phase)) != 0 ? 1 : 0;
        place = j == k ? *out_n : place;
    }
    return place;
}

/* An equal share of a node for wallbox k of the line, `ma` when that is more. */
static int32_t share_at(const struct policy *p, const struct alloc_node *node, const struct alloc_box *box, uint16_t k, uint16_t at, uint16_t n, int32_t ma)
{
    const struct alloc_box *b = &box[p->line[k]];

    for (int phase = 0; phase < PHASE_N; phase++) {
        int32_t most_n = node[at].budget_ma[phase] / b->min_ma; /* so many can have their minimum */
        int32_t all_n = 0;
        int32_t place = 0;

        if ((b->used & PHASE_BIT(phase)) != 0) {
            place = place_at(p, node, box, k, at, phase, n, &all_n);
            all_n = min_i32(all_n, most_n);
            ma = place > all_n ? 0 : min_i32(ma, node[at].budget_ma[phase] / all_n);
        }
    }
    return ma;
}

void policy_equal(void *context, const struct alloc_rules *rules, const struct alloc_node *node, uint16_t node_n, const struct alloc_box *box, uint16_t box_n,
                  struct alloc_result *out)
{
    struct policy *p = context;
    uint16_t n = line_up(p, box, box_n, out);

    (void)rules;
    (void)node_n;
    for (uint16_t k = 0; k < n; k++) {
        const struct alloc_box *b = &box[p->line[k]];
        int32_t ma = min_i32(b->demand_ma, b->max_ma);

        for (uint16_t i = b->node; i != NODE_NONE; i = node[i].parent) {
            ma = share_at(p, node, box, k, i, n, ma);
        }
        ma -= ma % 100;
        out[p->line[k]].allocated_ma = ma >= b->min_ma ? ma : 0;
    }
}

static bool laxity_before(const void *context, uint16_t a, uint16_t b)
{
    const struct policy *p = context;
    const struct alloc_box *x = &p->box[a];
    const struct alloc_box *y = &p->box[b];

    if (x->has_laxity != y->has_laxity) {
        return x->has_laxity;
    }
    return x->has_laxity && x->laxity_ms != y->laxity_ms ? x->laxity_ms < y->laxity_ms : p->came[a] < p->came[b];
}

void policy_laxity(void *context, const struct alloc_rules *rules, const struct alloc_node *node, uint16_t node_n, const struct alloc_box *box, uint16_t box_n,
                   struct alloc_result *out)
{
    struct policy *p = context;
    uint16_t n = line_up(p, box, box_n, out);

    p->box = box;
    sort_index(p->line, n, laxity_before, p);
    serve(p, rules, node, node_n, box, n, 0, out);
}
