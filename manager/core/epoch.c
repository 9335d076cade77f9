/* Who we are (the epoch), and what may be done after a restart (spec 05 5.2, "After a restart", "Two managers"). */
#include "common/base/check.h"
#include "common/base/units.h"
#include "manager/core/state.h"

static uint64_t epoch_above(struct manager *m, uint64_t epoch)
{
    return ((uint64_t)(EPOCH_COUNT(epoch) + 1) << 32) | (rng_next(&m->rng) & UINT32_MAX);
}

static void epoch_store(struct manager *m, struct mfx_list *out)
{
    struct mfx_store store = {.kind = MSTORE_EPOCH, .box = BOX_MAX};

    m->epoch_state = EPOCH_STORING;
    m->longest_lease_ms = max_i64(m->longest_lease_ms, m->rules.lease_ms);
    store.epoch.epoch = m->epoch;
    store.epoch.longest_lease_ms = m->longest_lease_ms;
    if (pending_take(m, PENDING_EPOCH, BOX_MAX, PEER_NONE, &store.ticket) != RC_OK) {
        m->epoch_state = EPOCH_FAILED;
        m->epoch_retry_ms = m->now_ms + EPOCH_RETRY_MS;
        return;
    }
    fx_store(out, &store);
}

static bool all_accounted(const struct manager *m)
{
    for (uint16_t i = 0; i < m->site->box_n; i++) {
        if (m->box[i].known == BOX_UNKNOWN) {
            return false;
        }
    }
    return true;
}

void epoch_start(struct manager *m, const struct mev_start *start, struct mfx_list *out)
{
    int64_t wait_ms = with_drift_ms(start->longest_lease_ms) + m->rules.settle_ms + m->rules.watchdog_ms;

    m->longest_lease_ms = start->longest_lease_ms;
    m->restart_over_ms = m->now_ms + wait_ms;
    m->is_restarting = !all_accounted(m);
    m->epoch = epoch_above(m, start->epoch_stored);
    epoch_store(m, out);
}

void epoch_stored(struct manager *m, bool is_stored, struct mfx_list *out)
{
    if (!is_stored) {
        m->epoch_state = EPOCH_FAILED;
        m->epoch_retry_ms = m->now_ms + EPOCH_RETRY_MS;
        fx_note(out, MNOTE_STORE_FAILED, BOX_MAX, MSTORE_EPOCH, 0);
        return;
    }
    m->epoch_state = EPOCH_VALID;
    m->epoch_retry_ms = MS_FOREVER;
    m->cycle_wanted = true;
    fx_note(out, MNOTE_EPOCH, BOX_MAX, 0, 0);
    links_welcome_waiting(m, out);
}

/* A wallbox has seen an epoch that is not ours. Before our first grant we go above it, and wait until every wallbox has reported under the
 * new one; afterwards two managers are at work and we stop granting for good.
 *
 * Returns true when the wallbox may be welcomed under our present epoch. */
bool epoch_seen(struct manager *m, uint64_t seen, uint16_t box, struct mfx_list *out)
{
    if (seen <= m->epoch) {
        return true;
    }
    if (m->has_granted) {
        m->epoch_state = EPOCH_FENCED;
        fx_note(out, MNOTE_SECOND_MANAGER, box, 0, 0);
        fx_event(out, EVENT_SECOND_MANAGER, box, 0, METER_MAX);
        return false;
    }
    m->epoch = epoch_above(m, seen);
    m->is_foreign = true;
    m->is_restarting = true;
    m->restart_over_ms = MS_FOREVER;
    for (uint16_t i = 0; i < m->site->box_n; i++) {
        if (m->box[i].has_met || i == box) {
            m->box[i].known = BOX_UNKNOWN;
            lease_count_max(&m->box[i].lease);
        }
    }
    links_close_all(m, out); /* whoever was welcomed under the lower epoch comes back */
    epoch_store(m, out);
    return false;
}

/* The next cycle is the first that knows what everybody draws. Budgets of cycles in which some of that looked like house load are no rise
 * that has to prove itself: everybody would be cut down to them first. */
static void end_restart(struct manager *m)
{
    for (uint16_t i = 0; i < m->site->node_n; i++) {
        budget_restart(&m->budget, i);
    }
    m->is_restarting = false;
}

void epoch_pass(struct manager *m, struct mfx_list *out)
{
    if (m->epoch_state == EPOCH_FAILED && m->now_ms >= m->epoch_retry_ms) {
        m->epoch_retry_ms = MS_FOREVER;
        epoch_store(m, out);
    }
    if (!m->is_restarting) {
        return;
    }
    if (m->now_ms >= m->restart_over_ms) {
        for (uint16_t i = 0; i < m->site->box_n; i++) {
            if (m->box[i].known == BOX_UNKNOWN) {
                m->box[i].known = BOX_RELEASED;
                lease_release(&m->box[i].lease, m->now_ms);
            }
        }
    }
    if (all_accounted(m)) {
        end_restart(m);
        m->is_foreign = false;
        m->cycle_wanted = true;
        fx_note(out, MNOTE_RESTART_OVER, BOX_MAX, 0, 0);
    }
}

int64_t epoch_next_ms(const struct manager *m)
{
    int64_t next_ms = m->epoch_state == EPOCH_FAILED ? m->epoch_retry_ms : MS_FOREVER;

    return m->is_restarting ? min_i64(next_ms, m->restart_over_ms) : next_ms;
}
