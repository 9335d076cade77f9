#include "manager/shell/plan_input.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"

void plan_base_load(const struct site *site, int32_t (*out)[PHASE_N])
{
    int32_t below_ma[NODE_MAX][PHASE_N] = {0}; /* 256 nodes of 1,000 A fit */

    for (uint16_t i = site->node_n; i-- > 0;) { /* children before parents */
        for (int p = 0; p < PHASE_N; p++) {
            out[i][p] = max_i32(out[i][p], below_ma[i][p]);
            if (site->node[i].parent != NODE_NONE) {
                below_ma[site->node[i].parent][p] += out[i][p];
            }
        }
    }
}

void plan_budget(const struct plan *plan, uint16_t node, const int32_t base_ma[PHASE_N], struct alloc_node *out)
{
    const struct site_node *n = &plan->site.node[node];

    *out = (struct alloc_node){
        .parent = n->parent, .budget_w = plan->limit_w[node], .has_imbalance = n->max_imbalance_ma > 0, .imbalance_ma = n->max_imbalance_ma};
    for (int p = 0; p < PHASE_N; p++) {
        out->budget_ma[p] = max_i32(n->limit_ma[p] - n->reserve_ma - base_ma[p], 0);
        out->budget_w -= plan->limit_w[node] >= 0 ? watts_up(base_ma[p], plan->rules.voltage_mv) : 0;
    }
    if (plan->limit_w[node] >= 0) {
        out->budget_w = max_i64(out->budget_w, 0);
    }
}

int64_t plan_needed_ms(int64_t needed_wh, int32_t max_ma, int phases_n, int32_t voltage_mv)
{
    const int64_t longest_s = 1000000000000000;
    int64_t microwatts = (int64_t)max_ma * phases_n * voltage_mv;
    int64_t joules; /* thousandths */
    int64_t whole;

    CHECK(needed_wh >= 0);
    CHECK(needed_wh <= PLAN_WH_MAX);
    CHECK(microwatts > 0);
    joules = needed_wh * 3600000;
    whole = joules / microwatts; /* in millions of ms; in two parts, so that no product overflows */
    if (whole >= longest_s / 1000) {
        return longest_s * 1000;
    }
    return whole * 1000000 + div_up(joules % microwatts * 1000000, microwatts);
}

static enum alloc_solar solar_of(enum solar_mode mode)
{
    switch (mode) {
    case SOLAR_MINIMUM:
        return ALLOC_SOLAR_MINIMUM;
    case SOLAR_ONLY:
        return ALLOC_SOLAR_ONLY;
    case SOLAR_FAST:
    case SOLAR_MODE_N:
        break;
    }
    return ALLOC_FAST;
}

static void fill_box(const struct plan *plan, uint16_t i, struct alloc_box *out)
{
    const struct site_box *s = &plan->site.box[i];
    const struct plan_box *b = &plan->box[i];

    *out = (struct alloc_box){
        .node = s->node,
        .used = b->used,
        .priority = s->priority,
        .weight = s->weight,
        .min_ma = s->min_ma,
        .max_ma = s->max_ma,
        .demand_ma = b->demand_ma,
        .cap_ma = MA_MAX,
        .current_ma = b->current_ma,
        .waiting_ms = b->waiting_ms,
        .running_ms = b->running_ms,
        .has_laxity = b->has_departure,
        .solar = solar_of(s->mode),
        .rank = b->rank,
        .is_fixed = b->is_fixed,
    };
    if (b->has_departure) {
        out->laxity_ms = b->departure_ms - plan_needed_ms(b->needed_wh, s->max_ma, phase_set_n(b->used), plan->rules.voltage_mv);
    }
    memcpy(out->fixed_ma, b->fixed_ma, sizeof out->fixed_ma);
}

void plan_input_fill(const struct plan *plan, struct plan_input *out)
{
    int32_t base_ma[NODE_MAX][PHASE_N];

    for (uint16_t i = 0; i < plan->site.node_n; i++) {
        memcpy(base_ma[i], plan->site.node[i].base_load_ma, sizeof base_ma[i]);
    }
    plan_base_load(&plan->site, base_ma);
    for (uint16_t i = 0; i < plan->site.node_n; i++) {
        plan_budget(plan, i, base_ma[i], &out->node[i]);
    }
    for (uint16_t i = 0; i < plan->site.box_n; i++) {
        fill_box(plan, i, &out->box[i]);
    }
}
