#include "tests/sim/ledger.h"

#include <stdio.h>

#include "common/base/units.h"
#include "manager/core/state.h"

void ledger_boxes(const struct manager *m, uint16_t box_n, struct ledger_box *out)
{
    for (uint16_t i = 0; i < box_n; i++) {
        const struct box *b = &m->box[i];

        box_exposure(b, &m->site->box[i], m->now_ms, out[i].exposure_ma);
        for (int p = 0; p < PHASE_N; p++) {
            out[i].excess_ma[p] = max_i32(0, b->drawn_ma[p] - lease_offer_ma(&b->lease, m->now_ms));
        }
        out[i].newest_ma = max_i32(b->lease.newest_ma, 0);
        out[i].demand_ma = b->demand_now.demand_ma;
        out[i].used = b->used;
        out[i].is_online = box_is_online(b);
        out[i].is_met = b->has_met;
        out[i].is_fixed = m->alloc_box[i].is_fixed;
        out[i].is_over = follow_is_over(m, i);
        out[i].is_answerable = b->is_answerable;
    }
}

void ledger_site(const struct manager *m, struct ledger_site *out)
{
    out->epoch = m->epoch;
    out->cycled_ms = m->cycled_ms;
    out->is_granting = m->epoch_state == EPOCH_VALID && !(m->is_foreign && m->is_restarting);
    out->is_restarting = m->is_restarting;
    out->is_fenced = m->epoch_state == EPOCH_FENCED;
}

int32_t ledger_budget_ma(const struct manager *m, uint16_t node, int phase)
{
    return m->budget.node[node].use_ma[phase];
}

int32_t ledger_held_ma(const struct manager *m, uint16_t node, int phase)
{
    return max_i32(m->budget.node[node].use_ma[phase], m->budget.node[node].true_ma[phase]);
}

bool ledger_is_meter_lost(const struct manager *m, uint16_t node)
{
    return m->budget.node[node].is_fallback;
}

const char *ledger_meter_doubt(const struct manager *m, uint16_t meter)
{
    return meter_doubt_text(m->budget.meter[meter].doubt);
}

bool ledger_is_subtracted(const struct manager *m, uint16_t box)
{
    return m->budget.box[box].is_heard;
}

const struct alloc_node *ledger_alloc_nodes(const struct manager *m)
{
    return m->alloc_node;
}

const struct alloc_box *ledger_alloc_boxes(const struct manager *m)
{
    return m->alloc_box;
}

const struct alloc_result *ledger_alloc_results(const struct manager *m)
{
    return m->alloc_result;
}

void ledger_describe(const struct manager *m, uint16_t box, char *out, size_t out_len)
{
    const struct box *b = &m->box[box];

    (void)snprintf(out, out_len, "reason=%s online=%d used=%d target_ma=%d newest_ma=%d drawn_ma=%d,%d,%d fallback_ma=%d live_n=%d settle_n=%d forever=%d",
                   reason_text(b->reason), box_is_online(b), b->used, (int)b->target_ma, (int)b->lease.newest_ma, (int)b->drawn_ma[0], (int)b->drawn_ma[1],
                   (int)b->drawn_ma[2], (int)b->lease.fallback_ma, b->lease.live_n, b->lease.settle_n, b->lease.is_forever);
}
