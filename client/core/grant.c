#include "client/core/grant.h"

#include "common/base/check.h"
#include "common/base/units.h"

void grant_init(struct grant *g, int32_t min_ma, uint64_t epoch_kept, uint32_t boot_count, int64_t now_ms)
{
    *g = (struct grant){.min_ma = min_ma, .boot_count = boot_count, .ends_ms = MS_NEVER, .wait_from_ms = now_ms};
    g->epoch_seen = epoch_kept;
    g->epoch_kept = epoch_kept;
}

static int32_t at_least_min(const struct grant *g, int32_t ma)
{
    return ma < g->min_ma ? 0 : ma;
}

void grant_fallback(struct grant *g, int32_t fallback_ma, int64_t rise_after_ms, int64_t now_ms)
{
    CHECK(fallback_ma >= 0);
    CHECK(rise_after_ms >= 0);
    if (fallback_ma > g->fallback_ma) {
        g->wait_from_ms = max_i64(g->wait_from_ms, now_ms);
        g->risen = false;
    }
    g->fallback_ma = fallback_ma;
    g->rise_after_ms = rise_after_ms;
    if (!g->live) {
        g->offer_ma = at_least_min(g, min_i32(g->offer_ma, fallback_ma));
    }
}

enum grant_turn grant_retire(struct grant *g, int64_t now_ms)
{
    if (g->live && g->ends_ms <= now_ms) {
        g->live = false;
        g->offer_ma = at_least_min(g, min_i32(g->current_ma, g->fallback_ma));
        g->wait_from_ms = max_i64(g->wait_from_ms, g->ends_ms);
        g->risen = false;
        return GRANT_ENDED;
    }
    if (!g->live && !g->risen && after_ms(g->wait_from_ms, g->rise_after_ms) <= now_ms) {
        int32_t before_ma = g->offer_ma;

        g->risen = true;
        g->offer_ma = at_least_min(g, g->fallback_ma);
        return g->offer_ma > before_ma ? GRANT_RISEN : GRANT_NOTHING;
    }
    return GRANT_NOTHING;
}

uint64_t grant_status_sent(struct grant *g, int64_t now_ms)
{
    g->counter++;
    g->sent_ms[g->counter % GRANT_SENT_MAX] = now_ms;
    return (uint64_t)g->boot_count << 32 | g->counter;
}

void grant_forget_sent(struct grant *g)
{
    g->forgotten = g->counter;
    g->has_held = false;
}

enum rc grant_see_epoch(struct grant *g, uint64_t epoch)
{
    if (epoch < g->epoch_seen) {
        return RC_REFUSED;
    }
    g->epoch_seen = epoch;
    return RC_OK;
}

/* When a Status of this connection was sent; MS_NEVER when it is not known. */
static int64_t sent_at_ms(const struct grant *g, uint64_t status_seq)
{
    uint32_t counter = (uint32_t)(status_seq & UINT32_MAX);

    if (status_seq >> 32 != g->boot_count || counter <= g->forgotten || counter > g->counter) {
        return MS_NEVER;
    }
    return g->counter - counter < GRANT_SENT_MAX ? g->sent_ms[counter % GRANT_SENT_MAX] : MS_NEVER;
}

static enum rc accept(struct grant *g, const struct msg_grant *m, int64_t now_ms)
{
    int64_t sent_ms = sent_at_ms(g, m->status_seq);

    if (sent_ms == MS_NEVER || grant_order(m->epoch, m->grant_seq, g->epoch, g->seq) <= 0) {
        return RC_STALE;
    }
    if (after_ms(sent_ms, m->lease_ms) <= now_ms) {
        return RC_STALE;
    }
    g->moved = g->moved || !g->live || m->current_ma != g->current_ma || m->epoch != g->epoch;
    g->epoch = m->epoch;
    g->seq = m->grant_seq;
    g->current_ma = m->current_ma;
    g->reason = m->reason;
    g->ends_ms = after_ms(sent_ms, m->lease_ms);
    g->live = true;
    g->offer_ma = at_least_min(g, m->current_ma);
    return RC_OK;
}

enum rc grant_take(struct grant *g, const struct msg_grant *m, int64_t now_ms)
{
    if (m->epoch == 0 || m->epoch < g->epoch_seen) {
        return RC_REFUSED;
    }
    if (m->epoch == g->epoch_kept) {
        return accept(g, m, now_ms);
    }
    if (sent_at_ms(g, m->status_seq) == MS_NEVER) {
        return RC_STALE;
    }
    if (g->has_held && grant_order(m->epoch, m->grant_seq, g->held.epoch, g->held.grant_seq) <= 0) {
        return RC_STALE;
    }
    g->epoch_seen = m->epoch;
    g->held = *m;
    g->has_held = true;
    return RC_AGAIN;
}

bool grant_kept(struct grant *g, uint64_t epoch, int64_t now_ms)
{
    CHECK(epoch >= g->epoch_kept);
    g->epoch_kept = epoch;
    if (!g->has_held || g->held.epoch > epoch) {
        return false;
    }
    g->has_held = false;
    return g->held.epoch >= g->epoch_seen && accept(g, &g->held, now_ms) == RC_OK;
}

void grant_confirm(struct grant *g)
{
    g->named_epoch = g->epoch;
    g->named_seq = g->seq;
}

bool grant_has_news(const struct grant *g)
{
    return g->moved && g->named_epoch == g->epoch && g->named_seq == g->seq;
}

void grant_told(struct grant *g)
{
    g->moved = g->moved && !grant_has_news(g);
}

enum limit_by grant_by(const struct grant *g)
{
    return g->live ? LIMIT_GRANT : LIMIT_FALLBACK;
}

int64_t grant_left_ms(const struct grant *g, int64_t now_ms)
{
    return g->live ? max_i64(0, g->ends_ms - now_ms) : 0;
}

int64_t grant_next_ms(const struct grant *g)
{
    if (g->live) {
        return g->ends_ms;
    }
    return g->risen ? MS_FOREVER : after_ms(g->wait_from_ms, g->rise_after_ms);
}
