/* One control cycle: budgets, demands, division, ledger, grants (spec 04, 05 5.2). */
#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "manager/core/state.h"

/* Neither a figure nor the right to do without: it has not answered since the start, or it is silent because this process stood still. */
static bool may_still_answer(const struct manager *m, uint16_t meter)
{
    const struct budget_meter *b = &m->budget.meter[meter];

    if (b->state == METER_NEVER) {
        return m->now_ms < m->start_ms + m->params->meter_stale_ms;
    }
    return b->state == METER_GOOD && m->now_ms - b->last.taken_ms >= m->params->meter_stale_ms && m->now_ms < m->stood_until_ms;
}

bool cycle_is_complete(const struct manager *m)
{
    for (uint16_t i = 0; i < m->site->meter_n; i++) {
        if (m->site->meter[i].role == METER_HOUSE && may_still_answer(m, i)) {
            return false;
        }
    }
    return true;
}

static void tell_meters(struct manager *m, struct mfx_list *out)
{
    for (uint16_t i = 0; i < m->site->meter_n; i++) {
        enum meter_state is = m->budget.meter[i].state;
        bool was_good = m->meter_seen[i] == METER_GOOD;

        if (is == m->meter_seen[i]) {
            continue;
        }
        if (was_good != (is == METER_GOOD)) {
            const struct budget_meter *b = &m->budget.meter[i];

            fx_note(out, is == METER_GOOD ? MNOTE_METER_BACK : MNOTE_METER_LOST, BOX_MAX, b->doubt,
                    meter_wiring_suggest(&b->watch.wiring, m->site->meter[i].phases));
            out->at[out->n - 1].note.meter = i;
            fx_event(out, is == METER_GOOD ? EVENT_METER_BACK : EVENT_METER_LOST, BOX_MAX, (uint16_t)b->doubt, i);
        }
        m->meter_seen[i] = is;
    }
}

int64_t cycle_local_ms(const struct manager *m)
{
    return m->has_utc ? m->now_ms + m->utc_offset_ms + m->wall.offset_ms : CLOCK_UNSET_UTC_MS;
}

static void run_schedules(struct manager *m)
{
    schedule_run(m->site, cycle_local_ms(m), m->limit);
    if (m->dimming.is_on) {
        schedule_lower(&m->limit[0], &m->dimming.limit);
    }
    for (uint16_t i = 0; i < m->site->node_n; i++) {
        budget_schedule(&m->budget, i, &m->limit[i]);
    }
}

static void run_budgets(struct manager *m)
{
    for (uint16_t i = 0; i < m->site->node_n && m->is_restarting; i++) {
        budget_restart(&m->budget, i); /* each wallbox that reports changes what we know of the base load: no rise is held back */
    }
    (void)budget_run(&m->budget, m->now_ms);
}

/* What the sun makes, by the solar meters: what no house meter has already taken off the base load. */
static void add_production(const struct manager *m, int32_t base_ma[PHASE_N])
{
    for (uint16_t i = 0; i < m->site->meter_n; i++) {
        const struct budget_meter *b = &m->budget.meter[i];

        for (int p = 0; p < PHASE_N && m->site->meter[i].role == METER_SOLAR && b->state == METER_GOOD; p++) {
            base_ma[p] += min_i32(b->last.current_ma[p], 0);
        }
    }
}

static void run_solar(struct manager *m)
{
    int32_t base_ma[PHASE_N];
    int32_t fast_ma[PHASE_N] = {0};

    memcpy(base_ma, m->budget.node[0].base_ma, sizeof base_ma);
    if (site_house_meter(m->site, 0) == METER_MAX) {
        add_production(m, base_ma);
    }
    for (uint16_t i = 0; i < m->site->box_n; i++) {
        for (int p = 0; p < PHASE_N && wish_mode(&m->box[i].setting, &m->box[i].wish) == SOLAR_FAST && box_is_online(&m->box[i]); p++) {
            fast_ma[p] += m->box[i].drawn_ma[p];
        }
    }
    solar_run(&m->solar, m->params, base_ma, fast_ma, m->now_ms);
}

int64_t cycle_rules_next_ms(const struct manager *m)
{
    int64_t next_ms = m->dimming.is_on ? m->dimming.until_ms : MS_FOREVER;

    next_ms = min_i64(next_ms, after_ms(m->now_ms, schedule_wait_ms(m->site, cycle_local_ms(m))));
    for (uint16_t i = 0; i < m->site->box_n; i++) {
        next_ms = min_i64(next_ms, solar_box_next_ms(&m->solar_box[i], m->params));
    }
    return next_ms;
}

/* Whether a wallbox that gives unused current back has takers: the present currents of the others leave no room for all that it could
 * use, or somebody has less than he could use. */
static bool others_want(const struct manager *m, uint16_t box)
{
    const struct box *b = &m->box[box];
    int32_t full_ma = min_i32(b->status.limit_ma, wish_max_ma(&b->setting, &m->site->box[box]));
    bool is_unmet = b->demand_now.demand_ma > b->target_ma;

    if (m->unmet_n > (is_unmet ? 1 : 0)) {
        return true;
    }
    for (uint16_t node = m->site->box[box].node; node != NODE_NONE; node = m->site->node[node].parent) {
        for (int p = 0; p < PHASE_N; p++) {
            int64_t others_ma = m->target_sum_ma[node][p] - b->target_ma;

            if ((b->used & PHASE_BIT(p)) != 0 && others_ma > 0 && others_ma + full_ma > m->budget.node[node].use_ma[p]) {
                return true;
            }
        }
    }
    return false;
}

static void run_demands(struct manager *m)
{
    int32_t unmet_n = 0;

    for (uint16_t i = 0; i < m->site->box_n; i++) {
        struct box *b = &m->box[i];

        if (box_is_online(b)) {
            b->demand_now =
                demand_step(&b->demand, &b->status, m->site->box[i].min_ma, wish_max_ma(&b->setting, &m->site->box[i]), others_want(m, i), m->now_ms);
        } else {
            b->demand_now = (struct demand_now){.demand_ma = 0, .reason = REASON_OFFLINE};
        }
        unmet_n += b->demand_now.demand_ma > b->target_ma;
    }
    m->unmet_n = unmet_n;
}

static void run_exposures(struct manager *m)
{
    memset(m->sum_ma, 0, sizeof m->sum_ma[0] * m->site->node_n);
    for (uint16_t i = 0; i < m->site->box_n; i++) {
        box_exposure(&m->box[i], &m->site->box[i], m->now_ms, m->exposure_ma[i]);
        for (uint16_t node = m->site->box[i].node; node != NODE_NONE; node = m->site->node[node].parent) {
            for (int p = 0; p < PHASE_N; p++) {
                m->sum_ma[node][p] += m->exposure_ma[i][p];
            }
        }
    }
}

/* What one- and two-phase vehicles draw on the phase on which they draw least. */
static int32_t least_uneven_ma(const struct manager *m, uint16_t node)
{
    int32_t sum_ma[PHASE_N] = {0};

    for (uint16_t i = 0; i < m->site->box_n; i++) {
        bool is_uneven = phase_set_n(m->box[i].used) < PHASE_N && box_is_online(&m->box[i]) && site_box_is_under(m->site, i, node);

        for (int p = 0; p < PHASE_N && is_uneven; p++) {
            sum_ma[p] += m->box[i].drawn_ma[p];
        }
    }
    return min_i32(min_i32(sum_ma[0], sum_ma[1]), sum_ma[2]);
}

static void fill_node(const struct manager *m, uint16_t node, struct alloc_node *out)
{
    const struct site_node *n = &m->site->node[node];
    const struct budget_node *b = &m->budget.node[node];

    *out = (struct alloc_node){.parent = n->parent, .budget_w = b->use_w, .is_fallback = b->is_fallback, .scheduled = b->scheduled};
    for (int p = 0; p < PHASE_N; p++) {
        out->budget_ma[p] = b->use_ma[p] - m->excess_ma[node][p];
    }
    if (n->max_imbalance_ma > 0) {
        out->has_imbalance = true;
        out->imbalance_ma = n->max_imbalance_ma + least_uneven_ma(m, node);
    }
}

/* How long the departure of its vehicle could still wait (A9); false: nothing is known of one. */
static bool laxity(const struct manager *m, uint16_t box, int64_t *out_ms)
{
    const struct box *b = &m->box[box];
    int64_t power_w = (int64_t)wish_max_ma(&b->setting, &m->site->box[box]) * m->params->voltage_mv / 1000000 * max_i32(phase_set_n(b->used), 1);
    int64_t utc_ms = m->has_utc ? m->now_ms + m->utc_offset_ms : CLOCK_UNSET_UTC_MS;

    return wish_laxity(&b->wish, utc_ms, b->status.has_session ? b->status.session_wh : 0, power_w, out_ms);
}

static void fill_box(const struct manager *m, uint16_t box, struct alloc_box *out)
{
    const struct site_box *s = &m->site->box[box];
    const struct box *b = &m->box[box];
    int32_t cap_ma = budget_box_cap_ma(&m->budget, box);

    *out = (struct alloc_box){
        .node = s->node,
        .used = b->used,
        .priority = wish_priority(&b->setting, &b->wish),
        .weight = s->weight,
        .min_ma = s->min_ma,
        .max_ma = wish_max_ma(&b->setting, s),
        .demand_ma = b->demand_now.demand_ma,
        .cap_ma = cap_ma,
        .cap_reason = cap_ma < MA_MAX ? REASON_METER_FALLBACK : REASON_UNSET,
        .current_ma = b->turn.running_since_ms == MS_NEVER ? 0 : b->target_ma,
        .solar = solar_box_mode(&m->solar_box[box], wish_mode(&b->setting, &b->wish)),
        .rank = m->rank[box],
    };
    out->has_laxity = laxity(m, box, &out->laxity_ms);
    turn_fill(&b->turn, m->now_ms, out);
    if (!box_is_online(b) || follow_is_unacked(m, box) || follow_is_over(m, box)) {
        out->is_fixed = true;
        if (b->known != BOX_UNKNOWN) {
            memcpy(out->fixed_ma, m->exposure_ma[box], sizeof out->fixed_ma);
        } else { /* what it draws is in the base load already, but it may go to its fallback */
            for (int p = 0; p < PHASE_N; p++) {
                out->fixed_ma[p] = (phase_wired(s->phases) & PHASE_BIT(p)) != 0 ? b->lease.fallback_ma : 0;
            }
        }
    }
}

/* Somebody waits for his turn at a node above this wallbox. */
static bool is_contended(const struct manager *m, uint16_t box)
{
    for (uint16_t node = m->site->box[box].node; node != NODE_NONE; node = m->site->node[node].parent) {
        if (m->is_contended[node]) {
            return true;
        }
    }
    return false;
}

/* How long each wallbox has been charging or waiting, and why it has what it has. */
static void note_result(struct manager *m, uint16_t box)
{
    const struct turn_rules rules = {.turn_ms = m->params->turn_ms, .min_pause_ms = m->params->min_pause_ms};
    struct box *b = &m->box[box];
    const struct alloc_result *r = &m->alloc_result[box];
    bool wants = b->demand_now.demand_ma > 0;

    b->reason = r->state == ALLOC_NO_DEMAND && b->demand_now.reason != REASON_UNSET ? b->demand_now.reason : r->reason;
    b->reason_node = r->node;
    b->reason_phase = r->phase;
    b->turn_place = r->turn_place;
    if (r->state == ALLOC_FIXED) {
        b->reason = box_is_online(b) ? REASON_SETTLING : REASON_OFFLINE;
        return;
    }
    solar_box_note(&m->solar_box[box], wish_mode(&b->setting, &b->wish), wants, r->is_covered, m->params, m->now_ms);
    b->target_ma = r->allocated_ma;
    if (!b->demand.was_plugged) {
        turn_init(&b->turn); /* the next vehicle begins anew */
    }
    turn_note(&b->turn, wants, r->allocated_ma > 0, b->lease.newest_ma > 0, is_contended(m, box), &rules, m->now_ms);
}

static void run_division(struct manager *m)
{
    const struct alloc_rules rules = {.step_ma = m->params->step_ma,
                                      .start_margin_ma = m->params->start_margin_ma,
                                      .turn_ms = m->params->turn_ms,
                                      .min_run_ms = m->params->min_run_ms,
                                      .voltage_mv = m->params->voltage_mv,
                                      .surplus_mode = m->params->surplus_per_phase != 0 ? SURPLUS_PER_PHASE : SURPLUS_SUMMED,
                                      .surplus_ma = {m->solar.surplus_ma[0], m->solar.surplus_ma[1], m->solar.surplus_ma[2]}};

    for (uint16_t i = 0; i < m->site->node_n; i++) {
        fill_node(m, i, &m->alloc_node[i]);
    }
    for (uint16_t i = 0; i < m->site->box_n; i++) {
        fill_box(m, i, &m->alloc_box[i]);
    }
    alloc_run(&rules, m->alloc_node, m->site->node_n, m->alloc_box, m->site->box_n, &m->scratch, m->alloc_result);
    turn_find_contended(m->alloc_result, m->site->box_n, m->site->node_n, m->is_contended);
    memset(m->target_sum_ma, 0, sizeof m->target_sum_ma[0] * m->site->node_n);
    for (uint16_t i = 0; i < m->site->box_n; i++) {
        note_result(m, i);
        for (uint16_t node = m->site->box[i].node; node != NODE_NONE; node = m->site->node[node].parent) {
            for (int p = 0; p < PHASE_N; p++) {
                m->target_sum_ma[node][p] += (m->box[i].used & PHASE_BIT(p)) != 0 ? m->box[i].target_ma : 0;
            }
        }
    }
}

/* On each phase that it is wired to: its vehicle may begin to use another one any time. */
static void tell_budget(struct manager *m, uint16_t box, int32_t ma)
{
    int32_t phase_ma[PHASE_N];

    for (int p = 0; p < PHASE_N; p++) {
        phase_ma[p] = (phase_wired(m->site->box[box].phases) & PHASE_BIT(p)) != 0 ? ma : 0;
    }
    budget_box_granted(&m->budget, box, phase_ma);
}

static void send_grant(struct manager *m, uint16_t box, int32_t ma, struct mfx_list *out)
{
    struct box *b = &m->box[box];
    int32_t old_ma = box_newest_ma(b);
    struct msg msg = {.kind = MSG_GRANT,
                      .grant = {.epoch = m->epoch, .status_seq = b->status.status_seq, .current_ma = ma, .lease_ms = m->rules.lease_ms, .reason = b->reason}};

    CHECK(b->is_answerable);
    msg.grant.grant_seq = lease_grant(&b->lease, ma, b->status_ms, m->now_ms);
    if (msg.grant.reason == REASON_UNSET) {
        msg.grant.reason = ma == 0 ? REASON_NO_DEMAND : REASON_DEMAND_MET;
    }
    b->answer_due = false;
    m->has_granted = true;
    fx_send(out, b->peer, &msg);
    if (ma < old_ma) {
        fx_note(out, MNOTE_CUT, box, old_ma, ma);
    }
    tell_budget(m, box, ma);
    box_exposure(b, &m->site->box[box], m->now_ms, m->exposure_ma[box]);
}

/* What a limit in watts leaves for one more mA on each phase that a wallbox uses, all exposures counted. */
static int64_t room_by_watts_ma(const struct manager *m, uint16_t node, uint16_t box)
{
    int64_t most_ma = (int64_t)m->budget.node[node].use_w * 1000000 / m->params->voltage_mv;
    int64_t own_ma = 0;
    int used_n = phase_set_n(m->box[box].used);

    for (int p = 0; p < PHASE_N; p++) {
        most_ma -= m->sum_ma[node][p];
        own_ma += (m->box[box].used & PHASE_BIT(p)) != 0 ? m->exposure_ma[box][p] : 0;
    }
    return used_n == 0 ? 0 : div_down(own_ma + most_ma, used_n);
}

/* Most that a raise may come to: every node-phase that the wallbox uses must still carry the sum of all exposures (the one rule, 05 5.2),
 * and every limit in watts. */
static int32_t room_ma(const struct manager *m, uint16_t box, int32_t want_ma)
{
    int64_t ma = want_ma;

    for (uint16_t node = m->site->box[box].node; node != NODE_NONE; node = m->site->node[node].parent) {
        if (m->budget.node[node].use_w >= 0) {
            ma = min_i64(ma, room_by_watts_ma(m, node, box));
        }
        for (int p = 0; p < PHASE_N; p++) {
            int64_t free_ma = m->budget.node[node].use_ma[p] - m->sum_ma[node][p];

            if ((m->box[box].used & PHASE_BIT(p)) != 0) {
                ma = free_ma < 0 ? 0 : min_i64(ma, m->exposure_ma[box][p] + free_ma); /* not even below what still settles of its own */
            }
        }
    }
    return (int32_t)max_i64(ma, 0);
}

/* After a raise the sums grow by what it added. */
static void add_to_sums(struct manager *m, uint16_t box, const int32_t before_ma[PHASE_N])
{
    for (uint16_t node = m->site->box[box].node; node != NODE_NONE; node = m->site->node[node].parent) {
        for (int p = 0; p < PHASE_N; p++) {
            m->sum_ma[node][p] += m->exposure_ma[box][p] - before_ma[p];
        }
    }
}

static void send_raise(struct manager *m, uint16_t box, int32_t ma, struct mfx_list *out)
{
    int32_t before_ma[PHASE_N];

    memcpy(before_ma, m->exposure_ma[box], sizeof before_ma);
    send_grant(m, box, ma, out);
    add_to_sums(m, box, before_ma);
}

/* What the division leaves a wallbox, or what is left beside it for one that took no part. */
static int32_t divided_ma(const struct manager *m, uint16_t box)
{
    if (follow_is_over(m, box)) {
        return follow_disobedient_ma(m, box);
    }
    return m->alloc_result[box].state == ALLOC_FIXED ? m->unacked_ma[box] : m->box[box].target_ma;
}

/* What a wallbox is to have now, before the one rule looks at raises. */
static int32_t wanted_ma(const struct manager *m, uint16_t box, enum carry carry)
{
    const struct box *b = &m->box[box];

    if (m->is_restarting) {
        bool goes_on = carry == CARRY_ON && b->demand_now.demand_ma > 0;

        return goes_on || carry_is_held(m, box, carry) ? box_newest_ma(b) : min_i32(divided_ma(m, box), box_newest_ma(b));
    }
    return divided_ma(m, box);
}

static void run_grants(struct manager *m, struct mfx_list *out)
{
    enum carry carry = m->is_restarting ? carry_now(m) : CARRY_ON;

    if (m->epoch_state != EPOCH_VALID || (m->is_foreign && m->is_restarting)) {
        return;
    }
    follow_run(m);
    for (uint16_t i = 0; i < m->site->box_n; i++) { /* cuts first: they make room and must not wait */
        int32_t want_ma = wanted_ma(m, i, carry);

        if (m->box[i].is_answerable && want_ma < box_newest_ma(&m->box[i])) {
            send_grant(m, i, want_ma, out);
        }
    }
    for (uint16_t i = 0; i < m->site->box_n; i++) {
        struct box *b = &m->box[i];
        int32_t want_ma = wanted_ma(m, i, carry);
        int32_t may_ma;

        if (!b->is_answerable || !box_is_online(b) || want_ma <= box_newest_ma(b)) {
            continue;
        }
        may_ma = room_ma(m, i, want_ma);
        may_ma = may_ma < want_ma ? may_ma - may_ma % m->params->step_ma : may_ma;
        if (may_ma >= m->site->box[i].min_ma && may_ma > box_newest_ma(b)) {
            send_raise(m, i, may_ma, out);
        }
        if (may_ma < want_ma) {
            b->reason = REASON_SETTLING;
        }
    }
    for (uint16_t i = 0; i < m->site->box_n; i++) { /* whoever still waits for an answer keeps what he has */
        struct box *b = &m->box[i];

        if (b->answer_due && b->is_answerable && box_is_online(b) && !carry_is_held(m, i, carry)) {
            send_grant(m, i, box_newest_ma(b), out);
        }
    }
}

void cycle_run(struct manager *m, struct mfx_list *out)
{
    run_schedules(m);
    run_budgets(m);
    run_solar(m);
    tell_meters(m, out);
    run_demands(m);
    run_exposures(m);
    follow_note(m, out);
    follow_excess(m);
    run_division(m);
    run_grants(m, out);
}
