/* Fallback currents: what a wallbox may draw with no valid grant (spec 05 5.2, "Configuration"). A value is on our disk before it is sent,
 * and a raise is sent only when, with the larger of old and new counted for every wallbox, all nodes still carry the sum. */
#include "common/base/check.h"
#include "common/base/units.h"
#include "manager/core/state.h"

int64_t fallback_rise_after_ms(const struct manager *m)
{
    int32_t apply_ms = 0;

    for (uint16_t i = 0; i < m->site->box_n; i++) {
        apply_ms = max_i32(apply_ms, m->box[i].lease.apply_ms);
    }
    return 2 * max_i64(m->longest_lease_ms, m->params->lease_ms) + m->rules.settle_ms + m->rules.watchdog_ms + apply_ms + 2000;
}

/* It may rise to a fallback, and does so earlier than the longest lease allows. */
static bool rises_too_early(const struct manager *m, uint16_t box)
{
    const struct box *b = &m->box[box];

    return (b->known_fallback_ma != 0 || m->site->box[box].fallback_ma > 0) && b->known_rise_ms < fallback_rise_after_ms(m);
}

bool fallback_allows_longer(const struct manager *m)
{
    for (uint16_t i = 0; i < m->site->box_n; i++) {
        if (m->box[i].has_met && rises_too_early(m, i)) {
            return false;
        }
    }
    return true;
}

static int32_t larger_fallback_ma(const struct manager *m, uint16_t box)
{
    return max_i32(m->box[box].lease.fallback_ma, m->site->box[box].fallback_ma);
}

/* Sum of fallbacks on one node-phase, `raised` counted at the larger of old and new. */
static bool fits_node(const struct manager *m, uint16_t node, int phase, uint16_t raised)
{
    const struct site_node *n = &m->site->node[node];
    bool has_meter = site_house_meter(m->site, node) != METER_MAX;
    int32_t worst_ma = has_meter && n->base_load_worst_ma[0] != MA_UNSET ? n->base_load_worst_ma[phase] : n->base_load_ma[phase];
    int64_t sum_ma = 0;

    for (uint16_t i = 0; i < m->site->box_n; i++) {
        if (site_box_is_under(m->site, i, node) && (phase_wired(m->site->box[i].phases) & PHASE_BIT(phase)) != 0) {
            sum_ma += i == raised ? larger_fallback_ma(m, i) : m->box[i].lease.fallback_ma;
        }
    }
    return sum_ma <= (int64_t)n->limit_ma[phase] - site_reserve_ma(n, phase) - worst_ma;
}

static bool raise_fits(const struct manager *m, uint16_t box)
{
    for (uint16_t node = 0; node < m->site->node_n; node++) {
        for (int p = 0; p < PHASE_N; p++) {
            if (site_box_is_under(m->site, box, node) && !fits_node(m, node, p, box)) {
                return false;
            }
        }
    }
    return true;
}

void fallback_pursue(struct manager *m, uint16_t box, struct mfx_list *out)
{
    struct box *b = &m->box[box];
    int32_t want_ma = m->site->box[box].fallback_ma;
    struct mfx_store store = {.kind = MSTORE_BOX, .box = box};

    if (b->peer == PEER_NONE || !m->peer[b->peer].is_welcome || b->fallback_storing || b->fallback_sent || m->is_foreign ||
        (b->known_fallback_ma == want_ma && !rises_too_early(m, box))) {
        return;
    }
    if (want_ma > b->lease.fallback_ma && !raise_fits(m, box)) {
        return; /* tried again with each Status: lowerings of others may make room */
    }
    store.known.fallback_ma = larger_fallback_ma(m, box);
    store.known.is_unwatched = b->is_watchdog_none;
    if (pending_take(m, PENDING_FALLBACK, box, PEER_NONE, &store.ticket) == RC_OK) {
        b->fallback_storing = true;
        fx_store(out, &store);
    }
}

void fallback_stored(struct manager *m, uint16_t box, bool is_stored, struct mfx_list *out)
{
    struct box *b = &m->box[box];
    struct msg msg = {.kind = MSG_FALLBACK_SET};

    b->fallback_storing = false;
    if (is_stored) {
        b->kept_fallback_ma = larger_fallback_ma(m, box);
    }
    if (!is_stored || b->peer == PEER_NONE || !m->peer[b->peer].is_welcome) {
        return;
    }
    lease_fallback(&b->lease, min_i32(larger_fallback_ma(m, box), b->max_ma), m->now_ms);
    b->fallback_seq = (uint32_t)(rng_next(&m->rng) | 1);
    b->fallback_sent = true;
    msg.fallback_set.epoch = m->epoch;
    msg.fallback_set.seq = b->fallback_seq;
    msg.fallback_set.fallback_ma = m->site->box[box].fallback_ma;
    msg.fallback_set.rise_after_ms = fallback_rise_after_ms(m);
    fx_send(out, b->peer, &msg);
}

void fallback_acked(struct manager *m, uint16_t box, const struct msg_fallback_ack *ack, struct mfx_list *out)
{
    struct box *b = &m->box[box];
    struct mfx_store store = {.kind = MSTORE_BOX, .box = box};

    if (!b->fallback_sent || ack->seq != b->fallback_seq) {
        return; /* an answer to nothing that we asked on this connection */
    }
    b->fallback_sent = false;
    b->known_fallback_ma = ack->fallback_ma;
    b->known_rise_ms = ack->rise_after_ms;
    lease_fallback(&b->lease, min_i32(ack->fallback_ma, b->max_ma), m->now_ms);
    store.known.fallback_ma = ack->fallback_ma;
    store.known.is_unwatched = b->is_watchdog_none;
    b->kept_fallback_ma = ack->fallback_ma;
    fx_store(out, &store);
}
