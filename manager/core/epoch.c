/* Who we are (the epoch), and what may be done after a restart (spec 05 5.2, "After a restart", "Two managers"). */
#include "common/base/check.h"
#include "common/base/units.h"
#include "manager/core/state.h"

static uint64_t epoch_above(struct manager *m, uint64_t epoch)
{
    return ((uint64_t)(EPOCH_COUNT(epoch) + 1) << 32) | (rng_next(&m->rng) & UINT32_MAX);
}

static void fill_store(const struct manager *m, struct mfx_store *store)
{
    *store = (struct mfx_store){.kind = MSTORE_EPOCH, .box = BOX_MAX};
    store->epoch.epoch = m->epoch;
    store->epoch.longest_lease_ms = m->longest_lease_ms;
    store->epoch.is_foreign = m->is_foreign;
    store->epoch.is_fenced = m->epoch_state == EPOCH_FENCED;
}

/* Remember an epoch as ours, the oldest one making room. They rise, so the list stays in order. */
static void note_issued(struct manager *m, uint64_t epoch)
{
    if (m->issued_n == EPOCH_ISSUED_MAX) {
        for (uint16_t i = 1; i < EPOCH_ISSUED_MAX; i++) {
            m->issued[i - 1] = m->issued[i];
        }
        m->issued_n--;
    }
    m->issued[m->issued_n] = epoch;
    m->issued_n++;
}

static void epoch_store(struct manager *m, struct mfx_list *out)
{
    struct mfx_store store;

    m->epoch_state = EPOCH_STORING;
    m->longest_lease_ms = max_i64(m->longest_lease_ms, m->rules.lease_ms);
    fill_store(m, &store);
    if (pending_take(m, PENDING_EPOCH, BOX_MAX, PEER_NONE, &store.ticket) != RC_OK) {
        m->epoch_state = EPOCH_FAILED;
        m->epoch_retry_ms = m->now_ms + EPOCH_RETRY_MS;
        return;
    }
    m->epoch_ticket = store.ticket;
    fx_store(out, &store);
}

/* Whether another manager may be at work has changed. Nobody waits for it: forgotten, it is found out again or kept up for nothing. */
static void rivals_store(const struct manager *m, struct mfx_list *out)
{
    struct mfx_store store;

    fill_store(m, &store);
    fx_store(out, &store);
}

/* Everybody has reported or is out of the count. Who has reported may still be booked for his fallback until he has confirmed a grant: that is
 * waited for as well, but no longer than for the unheard, and not where nobody is granted anything. */
static bool all_accounted(const struct manager *m)
{
    for (uint16_t i = 0; i < m->site->box_n; i++) {
        const struct box *b = &m->box[i];
        bool is_fallback = box_is_online(b) && lease_is_fallback_due(&b->lease, m->now_ms);
        bool is_confirming = is_fallback && !m->is_foreign && m->now_ms < m->restart_over_ms;

        if (b->known == BOX_UNKNOWN || is_confirming) {
            return false;
        }
    }
    return true;
}

void epoch_start(struct manager *m, const struct mev_start *start, struct mfx_list *out)
{
    int64_t end_ms = max_i64(m->rules.watchdog_ms, APPLY_MS_MAX); /* of a lease: by the board's watchdog or by its pilot, whatever is slower */
    int64_t wait_ms = with_drift_ms(start->longest_lease_ms) + m->rules.settle_ms + end_ms;
    uint16_t from = start->issued_n > EPOCH_ISSUED_MAX ? (uint16_t)(start->issued_n - EPOCH_ISSUED_MAX) : 0;

    m->longest_lease_ms = start->longest_lease_ms;
    if (start->longest_lease_ms > 0) { /* longer ones when every wallbox knows (epoch_pass) */
        m->rules.lease_ms = min_i64(m->rules.lease_ms, start->longest_lease_ms);
        m->rules.least_ms = m->rules.lease_ms;
    }
    m->has_issued = start->has_issued;
    for (uint16_t i = from; i < start->issued_n; i++) {
        note_issued(m, start->issued[i]);
    }
    m->is_restarting = !all_accounted(m);
    m->is_foreign = start->is_foreign && m->is_restarting;
    m->restart_over_ms = m->is_foreign ? MS_FOREVER : m->now_ms + wait_ms;
    if (start->is_fenced) { /* until people decide */
        m->epoch = start->epoch_stored;
        m->epoch_state = EPOCH_FENCED;
        return;
    }
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
    if (m->epoch_state == EPOCH_FENCED) {
        return; /* a rival was met meanwhile */
    }
    m->epoch_state = EPOCH_VALID;
    m->epoch_retry_ms = MS_FOREVER;
    m->cycle_wanted = true;
    m->rules.lease_ms = min_i64(m->params->lease_ms, m->longest_lease_ms);
    if (m->issued_n == 0 || m->issued[m->issued_n - 1] != m->epoch) {
        note_issued(m, m->epoch);
    }
    fx_note(out, MNOTE_EPOCH, BOX_MAX, 0, 0);
    links_welcome_waiting(m, out);
}

/* Whether an epoch that a wallbox has seen is one of ours. Further back than the list reaches, order decides. */
static bool is_own(const struct manager *m, uint64_t seen)
{
    if (seen == 0 || seen == m->epoch) {
        return true;
    }
    if (!m->has_issued || (m->issued_n == EPOCH_ISSUED_MAX && seen < m->issued[0])) {
        return seen <= m->epoch;
    }
    for (uint16_t i = m->issued_n; i > 0; i--) {
        if (m->issued[i - 1] == seen) {
            return true;
        }
    }
    return false;
}

/* From now on silence accounts for nobody: only a report under our epoch does. */
static void go_foreign(struct manager *m, uint16_t box, bool is_new_epoch)
{
    m->is_foreign = true;
    m->is_restarting = true;
    m->restart_over_ms = MS_FOREVER;
    for (uint16_t i = 0; i < m->site->box_n; i++) {
        bool has_reported = m->box[i].known == BOX_ACCOUNTED && !is_new_epoch;

        if (i == box || (m->box[i].has_met && !has_reported)) {
            m->box[i].known = BOX_UNKNOWN;
            lease_count_max(&m->box[i].lease);
        }
    }
}

/* A wallbox has seen an epoch that is not ours. Before our first grant we go above it, and wait until every wallbox has reported under our
 * own; afterwards two managers are at work and we stop granting for good.
 *
 * Returns true when the wallbox may be welcomed under our present epoch. */
bool epoch_seen(struct manager *m, uint64_t seen, uint16_t box, struct mfx_list *out)
{
    if (is_own(m, seen)) {
        return true;
    }
    if (m->has_granted || m->epoch_state == EPOCH_FENCED) {
        m->epoch_state = EPOCH_FENCED;
        fx_note(out, MNOTE_SECOND_MANAGER, box, 0, 0);
        fx_event(out, EVENT_SECOND_MANAGER, box, 0, METER_MAX);
        rivals_store(m, out);
        return false;
    }
    if (seen < m->epoch) { /* ours is the higher one already */
        if (!m->is_foreign) {
            go_foreign(m, box, false);
            rivals_store(m, out);
        }
        return true;
    }
    m->epoch = epoch_above(m, seen);
    go_foreign(m, box, true);
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
    if (m->epoch_state == EPOCH_VALID && m->longest_lease_ms < m->params->lease_ms && fallback_allows_longer(m)) {
        m->longest_lease_ms = m->params->lease_ms; /* stored first; granted then (05 5.2, Constants) */
        epoch_store(m, out);
    }
    if (!m->is_restarting) {
        return;
    }
    if (m->now_ms >= m->restart_over_ms) {
        for (uint16_t i = 0; i < m->site->box_n; i++) {
            if (m->box[i].known == BOX_UNKNOWN) {
                box_release(&m->box[i], m->now_ms);
            }
        }
    }
    if (all_accounted(m)) {
        end_restart(m);
        if (m->is_foreign) {
            m->is_foreign = false;
            rivals_store(m, out);
        }
        m->cycle_wanted = true;
        fx_note(out, MNOTE_RESTART_OVER, BOX_MAX, 0, 0);
    }
}

int64_t epoch_next_ms(const struct manager *m)
{
    int64_t next_ms = m->epoch_state == EPOCH_FAILED ? m->epoch_retry_ms : MS_FOREVER;

    return m->is_restarting ? min_i64(next_ms, m->restart_over_ms) : next_ms;
}
