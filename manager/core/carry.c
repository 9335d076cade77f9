/* What becomes of the currents that were offered when the manager started again (spec 05 5.2, "After a restart"). */
#include "common/base/units.h"
#include "manager/core/state.h"

/* After a restart: whether the site carries the present currents as they are, each at what `count` says. */
static bool offers_fit(const struct manager *m, int32_t (*count)(const struct manager *m, uint16_t box, int phase))
{
    for (uint16_t node = 0; node < m->site->node_n; node++) {
        int64_t sum_ma[PHASE_N] = {0};

        for (uint16_t i = 0; i < m->site->box_n; i++) {
            for (int p = 0; p < PHASE_N && site_box_is_under(m->site, i, node); p++) {
                sum_ma[p] += count(m, i, p);
            }
        }
        for (int p = 0; p < PHASE_N; p++) {
            if (sum_ma[p] > m->budget.node[node].use_ma[p]) {
                return false;
            }
        }
    }
    return true;
}

static int32_t offer_of_heard_ma(const struct manager *m, uint16_t box, int phase)
{
    const struct box *b = &m->box[box];

    return b->known == BOX_ACCOUNTED && (b->used & PHASE_BIT(phase)) != 0 ? box_newest_ma(b) : 0;
}

/* ... and the fallback of everybody who may be at it, for all that is known. */
static int32_t offer_or_fallback_ma(const struct manager *m, uint16_t box, int phase)
{
    const struct box *b = &m->box[box];
    bool may_fall_back = lease_is_fallback_due(&b->lease, m->now_ms) && (phase_wired(m->site->box[box].phases) & PHASE_BIT(phase)) != 0;

    return max_i32(offer_of_heard_ma(m, box, phase), may_fall_back ? b->lease.fallback_ma : 0);
}

enum carry carry_now(const struct manager *m)
{
    if (offers_fit(m, offer_or_fallback_ma)) {
        return CARRY_ON;
    }
    return offers_fit(m, offer_of_heard_ma) ? CARRY_HOLD : CARRY_CUT;
}

bool carry_is_held(const struct manager *m, uint16_t box, enum carry carry)
{
    const struct lease *l = &m->box[box].lease;
    int64_t hold_ms = min_i64(CARRY_HOLD_MS, m->rules.lease_ms / 2);

    return m->is_restarting && carry == CARRY_HOLD && box_newest_ma(&m->box[box]) > l->fallback_ma && lease_ends_ms(l) > m->now_ms + hold_ms;
}
