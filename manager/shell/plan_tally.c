#include "manager/shell/plan_tally.h"

#include <string.h>

#include "common/base/units.h"

void plan_tally_begin(struct plan_tally *t, uint16_t node_n)
{
    memset(t->drawn_ma, 0, sizeof t->drawn_ma[0] * node_n);
    memset(t->used_mams, 0, sizeof t->used_mams[0] * node_n);
    memset(t->wanted, 0, sizeof t->wanted[0] * node_n);
}

void plan_tally_draw(struct plan_tally *t, uint16_t node, uint8_t used, int32_t ma, int64_t drawn_ms)
{
    for (int p = 0; p < PHASE_N; p++) {
        if ((used & PHASE_BIT(p)) != 0) {
            t->drawn_ma[node][p] += ma;
            t->used_mams[node][p] += ma * drawn_ms;
        }
    }
}

void plan_tally_want(struct plan_tally *t, uint16_t node, uint8_t used)
{
    t->wanted[node] |= used;
}

static void end_node(const struct plan_tally *t, uint16_t i, const struct site_node *n, const struct alloc_node *node, const int32_t base_ma[PHASE_N],
                     int64_t step_ms, struct plan_node_use *out)
{
    bool is_over = false;

    for (int p = 0; p < PHASE_N; p++) {
        int64_t ma = t->drawn_ma[i][p] + base_ma[p];

        out->peak_ma[p] = max_i64(out->peak_ma[p], ma);
        is_over = is_over || ma > n->limit_ma[p];
        if ((t->wanted[i] & PHASE_BIT(p)) != 0) {
            out->offered_mams += node->budget_ma[p] * step_ms;
            out->used_mams += t->used_mams[i][p];
        }
    }
    out->over_limit_ms += is_over ? step_ms : 0;
}

void plan_tally_end(struct plan_tally *t, const struct plan *plan, const struct alloc_node *node, const int32_t (*base_ma)[PHASE_N], int64_t step_ms,
                    struct plan_outcome *out)
{
    for (uint16_t i = plan->site.node_n; i-- > 0;) { /* children before parents */
        end_node(t, i, &plan->site.node[i], &node[i], base_ma[i], step_ms, &out->node[i]);
        if (i == 0) {
            return;
        }
        for (int p = 0; p < PHASE_N; p++) {
            t->drawn_ma[node[i].parent][p] += t->drawn_ma[i][p];
            t->used_mams[node[i].parent][p] += t->used_mams[i][p];
        }
        t->wanted[node[i].parent] |= t->wanted[i];
    }
}

int32_t plan_used_permille(const struct plan_node_use *use)
{
    if (use->offered_mams == 0) {
        return -1;
    }
    if (use->used_mams > INT64_MAX / 1000) {
        return (int32_t)(use->used_mams / (use->offered_mams / 1000));
    }
    return (int32_t)(use->used_mams * 1000 / use->offered_mams);
}
