#include "manager/core/view.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "manager/core/state.h"

static void view_box(const struct manager *m, uint16_t box, int64_t now_ms, struct view_box *out)
{
    const struct box *b = &m->box[box];
    int32_t exposure_ma[PHASE_N];

    lease_exposure(&b->lease, b->used, phase_wired(m->site->box[box].phases), b->is_silent, now_ms, exposure_ma);
    *out = (struct view_box){
        .is_online = box_is_online(b),
        .has_status = b->has_status,
        .age_ms = b->has_status ? now_ms - b->status_ms : -1,
        .state = b->has_status ? b->status.state : BOX_STATE_UNSET,
        .granted_ma = b->lease.newest_ma,
        .target_ma = b->target_ma,
        .offered_ma = b->status.offered_ma,
        .exposure_ma = max_i32(max_i32(exposure_ma[0], exposure_ma[1]), exposure_ma[2]),
        .used = b->used,
        .demand_ma = b->demand_now.demand_ma,
        .reason = b->reason == REASON_UNSET ? REASON_OFFLINE : b->reason,
        .reason_node = b->reason_node,
        .reason_phase = b->reason_phase,
        .turn_place = b->turn_place,
        .lease_left_ms = lease_ends_ms(&b->lease) == MS_NEVER ? 0 : max_i64(0, lease_ends_ms(&b->lease) - now_ms),
        .power_w = b->status.power_w,
        .energy_wh = b->status.energy_wh,
        .has_session = b->status.has_session,
        .session = b->status.session,
        .session_utc_ms = memcmp(&b->begun, &b->status.session, sizeof b->begun) == 0 ? b->begun_utc_ms : CLOCK_UNSET_UTC_MS,
        .session_wh = b->status.session_wh,
        .wish = b->wish,
        .order = b->order,
        .contactor_closed = b->status.contactor_closed,
        .pilot = b->status.pilot,
        .temperature_mdegc = b->status.temperature_mdegc,
        .faults_n = b->status.faults_n,
    };
    out->setting = b->setting;
    out->is_late = m->alloc_box[box].has_laxity && m->alloc_box[box].laxity_ms < 0;
    memcpy(out->drawn_ma, b->drawn_ma, sizeof out->drawn_ma);
    memcpy(out->faults, b->status.faults, sizeof out->faults);
    memcpy(out->firmware, b->firmware, sizeof out->firmware);
    if (m->is_restarting && out->is_online) {
        out->reason = REASON_RESTART;
    }
}

static void view_node(const struct manager *m, uint16_t node, int64_t now_ms, const struct view *v, struct view_node *out)
{
    uint16_t meter = site_house_meter(m->site, node);

    *out = (struct view_node){.has_meter = meter != METER_MAX,
                              .is_fallback = m->budget.node[node].is_fallback,
                              .budget_w = m->budget.node[node].use_w,
                              .scheduled = m->budget.node[node].scheduled};
    for (int p = 0; p < PHASE_N; p++) {
        out->limit_ma[p] = m->site->node[node].limit_ma[p];
        out->budget_ma[p] = m->budget.node[node].use_ma[p];
        out->base_ma[p] = m->budget.node[node].base_ma[p];
        out->metered_ma[p] = out->has_meter ? m->budget.meter[meter].last.current_ma[p] : 0;
    }
    for (uint16_t i = 0; i < m->site->box_n; i++) {
        int32_t exposure_ma[PHASE_N];

        if (!site_box_is_under(m->site, i, node)) {
            continue;
        }
        box_exposure(&m->box[i], &m->site->box[i], now_ms, exposure_ma);
        for (int p = 0; p < PHASE_N; p++) {
            out->drawn_ma[p] += v->box[i].is_online ? v->box[i].drawn_ma[p] : 0;
            out->exposure_ma[p] += exposure_ma[p];
        }
    }
}

void manager_view(const struct manager *m, int64_t now_ms, struct view *out)
{
    CHECK(now_ms >= m->now_ms);
    out->now_ms = now_ms;
    out->epoch = m->epoch;
    out->is_granting = m->epoch_state == EPOCH_VALID && !(m->is_foreign && m->is_restarting);
    out->is_restarting = m->is_restarting;
    out->is_second_manager = m->epoch_state == EPOCH_FENCED;
    memcpy(out->surplus_ma, m->solar.surplus_ma, sizeof out->surplus_ma);
    out->is_surplus_summed = m->params->surplus_per_phase == 0;
    out->is_dimmed = m->dimming.is_on && (m->dimming.limit.limit_w > 0 || m->dimming.limit.limit_ma[0] != MA_UNSET);
    out->node_n = m->site->node_n;
    out->box_n = m->site->box_n;
    out->meter_n = m->site->meter_n;
    for (uint16_t i = 0; i < out->box_n; i++) {
        view_box(m, i, now_ms, &out->box[i]);
    }
    for (uint16_t i = 0; i < out->node_n; i++) {
        view_node(m, i, now_ms, out, &out->node[i]);
    }
    for (uint16_t i = 0; i < out->meter_n; i++) {
        const struct budget_meter *b = &m->budget.meter[i];

        out->meter[i] =
            (struct view_meter){.state = b->state, .doubt = b->doubt, .wiring = b->watch.wiring.state, .has_sample = b->has_sample, .last = b->last};
        out->meter[i].suggested = meter_wiring_suggest(&b->watch.wiring, m->site->meter[i].phases);
        out->meter[i].age_ms = b->has_sample ? now_ms - b->good_ms : -1;
    }
}
