#include "manager/shell/plan_divide.h"

#include <string.h>

#include "common/base/units.h"

/* What one- and two-phase vehicles have on the phase of each node on which they have least. */
static void find_least(const struct alloc_node *node, uint16_t node_n, const struct alloc_box *box, uint16_t box_n, const struct alloc_result *result,
                       int64_t out_ma[NODE_MAX])
{
    int64_t sum_ma[NODE_MAX][PHASE_N] = {0};

    for (uint16_t k = 0; k < box_n; k++) {
        for (int p = 0; p < PHASE_N && phase_set_n(box[k].used) < PHASE_N; p++) {
            int32_t used_ma = (box[k].used & PHASE_BIT(p)) != 0 ? result[k].allocated_ma : 0;

            sum_ma[box[k].node][p] += box[k].is_fixed ? box[k].fixed_ma[p] : used_ma;
        }
    }
    for (uint16_t i = node_n; i-- > 0;) {
        out_ma[i] = min_i64(min_i64(sum_ma[i][0], sum_ma[i][1]), sum_ma[i][2]);
        for (int p = 0; p < PHASE_N && i > 0; p++) {
            sum_ma[node[i].parent][p] += sum_ma[i][p];
        }
    }
}

static bool has_imbalance(const struct alloc_node *node, uint16_t node_n)
{
    for (uint16_t i = 0; i < node_n; i++) {
        if (node[i].has_imbalance) {
            return true;
        }
    }
    return false;
}

/* Let the imbalance of each node start from what its least loaded phase has. Returns whether that changes anything. */
static bool allow(struct plan_divider *d, const struct alloc_node *node, uint16_t node_n, const int64_t least_ma[NODE_MAX])
{
    bool is_changed = false;

    for (uint16_t i = 0; i < node_n; i++) {
        int32_t now_ma = (int32_t)min_i64(node[i].imbalance_ma + least_ma[i], INT32_MAX);

        is_changed = is_changed || (node[i].has_imbalance && now_ma != d->node[i].imbalance_ma);
        d->node[i].imbalance_ma = now_ma;
    }
    return is_changed;
}

static bool is_kept(const struct alloc_node *node, uint16_t node_n, const int64_t before_ma[NODE_MAX], const int64_t after_ma[NODE_MAX])
{
    for (uint16_t i = 0; i < node_n; i++) {
        if (node[i].has_imbalance && after_ma[i] < before_ma[i]) {
            return false;
        }
    }
    return true;
}

void plan_divide(void *context, const struct alloc_rules *rules, const struct alloc_node *node, uint16_t node_n, const struct alloc_box *box, uint16_t box_n,
                 struct alloc_result *out)
{
    struct plan_divider *d = context;
    int64_t before_ma[NODE_MAX];
    int64_t after_ma[NODE_MAX];

    alloc_run(rules, node, node_n, box, box_n, &d->scratch, out);
    if (!has_imbalance(node, node_n)) {
        return;
    }
    memcpy(d->node, node, sizeof d->node[0] * node_n);
    find_least(node, node_n, box, box_n, out, before_ma);
    for (int k = 0; k < PLAN_REPEATS_MAX && allow(d, node, node_n, before_ma); k++) {
        memcpy(d->kept, out, sizeof d->kept[0] * box_n);
        alloc_run(rules, d->node, node_n, box, box_n, &d->scratch, out);
        find_least(node, node_n, box, box_n, out, after_ma);
        if (!is_kept(node, node_n, before_ma, after_ma)) {
            memcpy(out, d->kept, sizeof d->kept[0] * box_n);
            return;
        }
        memcpy(before_ma, after_ma, sizeof before_ma);
    }
}
