/* Wallboxes that do not follow: those that draw more than they may, and those that do not confirm what they are told (spec 04 4.4). */
#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "manager/core/state.h"

/* Phase on which it draws most beyond what is booked. */
static int most_over_phase(const struct box *b)
{
    int most = 0;

    for (int p = 1; p < PHASE_N; p++) {
        most = b->drawn_ma[p] > b->drawn_ma[most] ? p : most;
    }
    return most;
}

bool follow_is_over(const struct manager *m, uint16_t box)
{
    const struct box *b = &m->box[box];
    int32_t allow_ma = b->is_overdrawer ? min_i32(m->params->ripple_ma, OVERDRAW_MA) : OVERDRAW_MA;

    return b->drawn_ma[most_over_phase(b)] > lease_offer_ma(&b->lease, m->now_ms) + allow_ma;
}

void follow_note(struct manager *m, struct mfx_list *out)
{
    for (uint16_t i = 0; i < m->site->box_n; i++) {
        struct box *b = &m->box[i];

        if (b->has_status && !box_is_plugged(b)) {
            b->is_overdrawer = false;
        } else if (!b->is_overdrawer && box_is_online(b) && follow_is_over(m, i)) {
            b->is_overdrawer = true;
            fx_note(out, MNOTE_OVERDRAW, i, b->drawn_ma[most_over_phase(b)], lease_offer_ma(&b->lease, m->now_ms));
        }
    }
}

bool follow_is_unacked(const struct manager *m, uint16_t box)
{
    const struct lease *l = &m->box[box].lease;

    return m->now_ms >= box_unacked_ms(&m->box[box]) || lease_is_fallback_lasting(l, m->now_ms);
}

/* What a wallbox draws beyond all that is booked for it, too little to be called disobedient. */
static void add_excess(const struct manager *m, uint16_t box, int32_t sum_ma[NODE_MAX][PHASE_N])
{
    int32_t booked_ma = lease_offer_ma(&m->box[box].lease, m->now_ms);

    for (uint16_t node = m->site->box[box].node; node != NODE_NONE; node = m->site->node[node].parent) {
        for (int p = 0; p < PHASE_N; p++) {
            sum_ma[node][p] += max_i32(0, m->box[box].drawn_ma[p] - booked_ma);
        }
    }
}

void follow_excess(struct manager *m)
{
    int32_t sum_ma[NODE_MAX][PHASE_N] = {{0}};
    int64_t hold_ms = m->rules.settle_ms + EXCESS_HOLD_MS;

    for (uint16_t i = 0; i < m->site->box_n; i++) {
        if (box_is_online(&m->box[i]) && !follow_is_over(m, i)) {
            add_excess(m, i, sum_ma);
        }
    }
    for (uint16_t node = 0; node < m->site->node_n; node++) {
        for (int p = 0; p < PHASE_N; p++) {
            int32_t ma = sum_ma[node][p] < m->params->ripple_ma ? 0 : sum_ma[node][p];

            if (ma >= m->excess_ma[node][p] || m->now_ms >= m->excess_until_ms[node][p]) {
                m->excess_ma[node][p] = ma;
                m->excess_until_ms[node][p] = m->now_ms + hold_ms;
            }
        }
    }
}

static bool is_over_budget(const struct manager *m, uint16_t box)
{
    for (uint16_t node = m->site->box[box].node; node != NODE_NONE; node = m->site->node[node].parent) {
        for (int p = 0; p < PHASE_N; p++) {
            if (m->exposure_ma[box][p] > 0 && m->sum_ma[node][p] > m->budget.node[node].use_ma[p]) {
                return true;
            }
        }
    }
    return false;
}

int32_t follow_disobedient_ma(const struct manager *m, uint16_t box)
{
    const struct box *b = &m->box[box];
    int32_t min_ma = m->site->box[box].min_ma;

    if (!is_over_budget(m, box)) {
        return box_newest_ma(b);
    }
    if (box_newest_ma(b) > min_ma) {
        return min_ma;
    }
    return b->lease.cut_ms == MS_NEVER && b->lease.settle_n == 0 ? 0 : box_newest_ma(b);
}

/* It takes part in the division no more, but it is there and will do what it is told. */
static bool is_unacked_only(const struct manager *m, uint16_t box)
{
    const struct box *b = &m->box[box];

    return m->alloc_result[box].state == ALLOC_FIXED && box_is_online(b) && b->is_answerable && !follow_is_over(m, box);
}

/* Nothing is kept for a wallbox that does not confirm a cut and wants nothing, or has not done so for a whole lease: its board does not
 * follow, and what it was granted before has run out. */
static bool is_given_up(const struct manager *m, uint16_t box)
{
    const struct box *b = &m->box[box];

    return b->demand_now.demand_ma == 0 || (b->lease.cut_ms != MS_NEVER && m->now_ms >= b->lease.cut_ms + m->rules.lease_ms);
}

/* What each node-phase will carry when all that was sent, and the new targets, have taken effect. */
static void sum_later(struct manager *m)
{
    memset(m->later_ma, 0, sizeof m->later_ma[0] * m->site->node_n);
    for (uint16_t i = 0; i < m->site->box_n; i++) {
        bool is_target = m->alloc_result[i].state != ALLOC_FIXED;
        bool is_known = is_target || is_unacked_only(m, i);
        int32_t ma = is_target ? m->box[i].target_ma : (is_given_up(m, i) ? 0 : box_newest_ma(&m->box[i]));

        for (uint16_t node = m->site->box[i].node; node != NODE_NONE; node = m->site->node[node].parent) {
            for (int p = 0; p < PHASE_N; p++) {
                m->later_ma[node][p] += !is_known ? m->exposure_ma[i][p] : ((m->box[i].used & PHASE_BIT(p)) != 0 ? ma : 0);
            }
        }
    }
}

static void sum_later_less(struct manager *m, uint16_t box, int32_t ma)
{
    for (uint16_t node = m->site->box[box].node; node != NODE_NONE; node = m->site->node[node].parent) {
        for (int p = 0; p < PHASE_N; p++) {
            m->later_ma[node][p] -= (m->box[box].used & PHASE_BIT(p)) != 0 ? ma : 0;
        }
    }
}

/* What is too much where a wallbox draws, with what others draw beyond what is booked for them, as in the division. */
static int64_t too_much_ma(const struct manager *m, uint16_t box)
{
    int64_t most_ma = 0;

    for (uint16_t node = m->site->box[box].node; node != NODE_NONE; node = m->site->node[node].parent) {
        for (int p = 0; p < PHASE_N; p++) {
            if ((m->box[box].used & PHASE_BIT(p)) != 0) {
                most_ma = max_i64(most_ma, m->later_ma[node][p] + m->excess_ma[node][p] - m->budget.node[node].use_ma[p]);
            }
        }
    }
    return most_ma;
}

void follow_run(struct manager *m)
{
    bool is_summed = false;

    for (uint16_t i = 0; i < m->site->box_n; i++) {
        int64_t ma = box_newest_ma(&m->box[i]);
        int64_t cut_ma;

        m->unacked_ma[i] = (int32_t)ma;
        if (ma == 0 || !is_unacked_only(m, i)) {
            continue;
        }
        if (is_given_up(m, i)) {
            m->unacked_ma[i] = 0;
            continue;
        }
        if (!is_summed) {
            sum_later(m);
            is_summed = true;
        }
        cut_ma = too_much_ma(m, i);
        if (cut_ma > 0) {
            ma = (ma - cut_ma) / m->params->step_ma * m->params->step_ma;
            m->unacked_ma[i] = ma < m->site->box[i].min_ma ? 0 : (int32_t)ma;
            sum_later_less(m, i, box_newest_ma(&m->box[i]) - m->unacked_ma[i]);
        }
    }
}
