#include "manager/core/box.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"

void box_init(struct box *b, const struct lease_rules *rules, const struct site_box *site, int32_t fallback_ma, bool has_met, bool is_unwatched)
{
    memset(b, 0, sizeof *b);
    b->peer = PEER_NONE;
    b->has_met = has_met;
    b->known = has_met ? BOX_UNKNOWN : BOX_RELEASED;
    b->is_silent = true;
    b->silent_since_ms = MS_NEVER;
    b->status_ms = MS_NEVER;
    b->carries_since_ms = MS_NEVER;
    turn_init(&b->turn);
    b->reason = REASON_OFFLINE;
    b->reason_node = NODE_NONE;
    b->reason_phase = -1;
    b->used = phase_wired(site->phases);
    b->max_ma = site->max_ma;
    b->known_rise_ms = -1;
    b->known_fallback_ma = has_met ? fallback_ma : 0; /* a client that never met a manager has none */
    b->kept_fallback_ma = b->known_fallback_ma;
    b->is_kept_unwatched = is_unwatched;
    b->is_watchdog_none = is_unwatched;
    lease_init(&b->lease, rules, b->max_ma, b->known_fallback_ma == MA_UNSET ? b->max_ma : min_i32(b->known_fallback_ma, b->max_ma));
    if (has_met) {
        lease_count_max(&b->lease);
    }
    demand_init(&b->demand);
    wish_setting_init(&b->setting, site);
}

void box_hello(struct box *b, const struct site_box *site, uint16_t peer, const struct msg_hello *hello, int64_t now_ms)
{
    b->peer = peer;
    b->answer_due = false;
    b->is_answerable = false;
    b->boot_id = hello->boot_id;
    b->is_watchdog_none = hello->watchdog == WATCHDOG_NONE;
    b->max_ma = max_i32(max_i32(site->max_ma, hello->max_ma), hello->fallback_ma);
    b->lease.max_ma = b->max_ma;
    b->lease.apply_ms = hello->apply_ms;
    b->known_fallback_ma = hello->fallback_ma;
    b->known_rise_ms = hello->rise_after_ms;
    b->fallback_storing = false;
    b->fallback_sent = false;
    lease_fallback(&b->lease, hello->fallback_ma, now_ms); /* what is stored is shown; nothing sent earlier can still arrive */
    memcpy(b->firmware, hello->firmware, sizeof b->firmware);
}

bool box_is_news(const struct box *b)
{
    bool is_larger = b->kept_fallback_ma != MA_UNSET && b->known_fallback_ma > b->kept_fallback_ma;

    return !b->has_met || is_larger || (b->is_watchdog_none && !b->is_kept_unwatched);
}

void box_kept(struct box *b)
{
    b->has_met = true;
    b->kept_fallback_ma = b->known_fallback_ma;
    b->is_kept_unwatched = b->is_watchdog_none;
}

void box_release(struct box *b, int64_t now_ms)
{
    b->known = BOX_RELEASED;
    b->is_count_max = b->is_watchdog_none;
    if (!b->is_count_max) {
        lease_release(&b->lease, now_ms);
    }
}

void box_gone(struct box *b)
{
    b->peer = PEER_NONE;
    b->answer_due = false;
    b->is_answerable = false;
}

int32_t box_newest_ma(const struct box *b)
{
    return b->lease.newest_ma == MA_UNSET ? 0 : b->lease.newest_ma;
}

bool box_is_plugged(const struct box *b)
{
    return b->has_status && b->status.pilot != PILOT_A1 && b->status.pilot != PILOT_A2;
}

bool box_is_online(const struct box *b)
{
    return b->peer != PEER_NONE && b->is_answerable && !b->is_silent;
}

/* Which phases count as used (spec 04 4.1): one that shows current at once; one that shows none only while another has carried a real load
 * for a minute, and only until the contactor opens. */
static void note_used(struct box *b, const struct site_box *site, int64_t now_ms)
{
    uint8_t shown = 0;
    bool carries = false;

    for (int p = 0; p < PHASE_N; p++) {
        shown = (uint8_t)(shown | (b->drawn_ma[p] > USED_FROM_MA ? PHASE_BIT(p) : 0));
        carries = carries || b->drawn_ma[p] >= UNUSED_OTHER_MA;
    }
    if (!b->status.contactor_closed) {
        b->used = phase_wired(site->phases);
        b->carries_since_ms = MS_NEVER;
        return;
    }
    b->used = (uint8_t)(b->used | shown);
    if (!carries) {
        b->carries_since_ms = MS_NEVER;
    } else if (b->carries_since_ms == MS_NEVER) {
        b->carries_since_ms = now_ms;
    } else if (now_ms - b->carries_since_ms >= UNUSED_AFTER_ALL_MS) {
        b->used = shown;
    }
}

/* The Status answers something that was sent after the silence was noticed, a grant or a Welcome: the client certainly obeys again. A Hello
 * alone may have been under way since before its process stood still. */
static void end_count_max(struct box *b, uint32_t named_seq, int64_t now_ms)
{
    bool is_named = named_seq != 0 && b->lease.named_sent_ms != MS_NEVER && b->lease.named_sent_ms > b->silent_since_ms;

    if (b->is_count_max && (is_named || b->welcome_ms > b->silent_since_ms)) {
        b->is_count_max = false;
        lease_count_again(&b->lease, now_ms);
    }
}

enum rc box_status(struct box *b, const struct site_box *site, const struct msg_status *status, uint64_t epoch, int64_t now_ms)
{
    uint32_t named_seq = status->epoch == epoch ? status->grant_seq : 0;

    if (b->has_status && status->boot_id == b->status.boot_id && status->status_seq <= b->status.status_seq) {
        return RC_STALE;
    }
    b->status = *status;
    b->status_ms = now_ms;
    b->has_status = true;
    b->is_silent = false;
    b->answer_due = true;
    b->is_answerable = true;
    phase_to_site(site->phases, status->drawn_ma, b->drawn_ma);
    if (b->known != BOX_ACCOUNTED) {
        b->known = BOX_ACCOUNTED;
        if (status->offered_ma >= site->min_ma) { /* a vehicle that was charging under the last manager goes on */
            turn_adopt(&b->turn, now_ms);
            b->target_ma = status->offered_ma;
        }
        lease_adopt(&b->lease, status->offered_ma, status->lease_left_ms, now_ms - b->welcome_ms, now_ms); /* sent after Welcome */
        if (status->contactor_closed) {
            lease_adopt_closed(&b->lease, now_ms);
        }
    }
    if (!box_is_plugged(b)) {
        b->wish = (struct wish){0};
    }
    lease_status(&b->lease, named_seq, !status->contactor_closed, b->drawn_ma, now_ms);
    lease_said(&b->lease, status->offered_ma);
    end_count_max(b, named_seq, now_ms);
    note_used(b, site, now_ms);
    return RC_OK;
}

bool box_pass(struct box *b, const struct manager_params *params, int64_t now_ms)
{
    lease_retire(&b->lease, now_ms);
    if (b->is_silent || now_ms - b->status_ms < params->silent_ms) {
        return false;
    }
    b->is_silent = true;
    b->silent_since_ms = now_ms;
    if (b->is_watchdog_none) {
        b->is_count_max = true;
        lease_count_max(&b->lease);
    }
    return true;
}

int64_t box_unacked_ms(const struct box *b)
{
    return b->lease.cut_ms == MS_NEVER ? MS_FOREVER : b->lease.cut_ms + CUT_UNACKED_MS + b->lease.apply_ms;
}

void box_exposure(const struct box *b, const struct site_box *site, int64_t now_ms, int32_t out_ma[PHASE_N])
{
    lease_exposure(&b->lease, b->used, phase_wired(site->phases), b->is_silent, now_ms, out_ma);
}

int64_t box_next_ms(const struct box *b, const struct manager_params *params, int64_t now_ms)
{
    int64_t next_ms = lease_next_ms(&b->lease, now_ms);

    if (!b->is_silent) {
        next_ms = min_i64(next_ms, b->status_ms + params->silent_ms);
    }
    if (now_ms < box_unacked_ms(b)) {
        next_ms = min_i64(next_ms, box_unacked_ms(b));
    }
    next_ms = min_i64(next_ms, turn_next_ms(&b->turn, now_ms));
    return next_ms;
}
