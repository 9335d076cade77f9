#include "manager/core/demand.h"

#include "common/base/units.h"

#define UNUSED_MIN_MA 2000    /* markedly less: by so much ... */
#define UNUSED_MIN_PERCENT 15 /* ... and by this share of the offer */
#define USED_PERCENT 90       /* drawing more than this share of a lowered offer: it can use more again */
#define SPARE_MA 1000         /* a lowered demand is 1.1 x the measured current and so much */

void demand_init(struct demand *d)
{
    *d = (struct demand){.want_until_ms = MS_NEVER, .offered_since_ms = MS_NEVER, .unused_since_ms = MS_NEVER, .capped_since_ms = MS_NEVER};
}

static bool is_ready(enum pilot_state pilot)
{
    return pilot == PILOT_C1 || pilot == PILOT_C2 || pilot == PILOT_D1 || pilot == PILOT_D2;
}

static bool is_plugged(enum pilot_state pilot)
{
    return pilot == PILOT_B1 || pilot == PILOT_B2 || is_ready(pilot);
}

/* Plug-in, authorization and the end of a pause each give the vehicle a new chance. */
static void take_events(struct demand *d, const struct msg_status *status, int64_t now_ms)
{
    bool is_new = !d->was_plugged;
    bool is_let_in = status->authorized && !d->was_authorized;
    bool is_resumed = !status->paused && d->was_paused;

    if (!is_plugged(status->pilot)) {
        demand_init(d);
    } else if (is_new && status->asleep) {
        d->is_asleep = true; /* nobody can be asleep right after plug-in: it had its chance before we heard of it */
    } else if (is_new || is_let_in || is_resumed) {
        d->want_until_ms = after_ms(now_ms, WANT_AFTER_PLUG_MS);
        d->offered_since_ms = MS_NEVER;
        d->is_asleep = false;
        d->has_stopped = false;
    }
    d->was_plugged = is_plugged(status->pilot);
    d->was_authorized = status->authorized;
    d->was_paused = status->paused;
}

static void watch_sleep(struct demand *d, const struct msg_status *status, int32_t min_ma, int64_t now_ms)
{
    bool is_offered = status->offered_ma >= min_ma;
    bool was_ready = d->was_ready;

    d->was_ready = is_ready(status->pilot);
    if (d->was_ready || !is_plugged(status->pilot)) {
        d->offered_since_ms = MS_NEVER;
        d->is_asleep = false;
        d->has_stopped = false;
        return;
    }
    d->has_stopped = d->has_stopped || (was_ready && is_offered);
    if (!is_offered) {
        d->offered_since_ms = MS_NEVER;
    } else if (d->offered_since_ms == MS_NEVER) {
        d->offered_since_ms = now_ms;
    }
    if (d->offered_since_ms != MS_NEVER && now_ms - d->offered_since_ms >= ASLEEP_AFTER_MS) {
        d->is_asleep = true;
    }
    if (status->asleep && now_ms >= d->want_until_ms) {
        d->is_asleep = true;
    }
}

/* Current that is offered and not drawn goes back while somebody else wants it. */
static int32_t lowered_ma(struct demand *d, const struct msg_status *status, int32_t min_ma, bool others_want, int64_t now_ms)
{
    int32_t offered_ma = status->offered_ma;
    int32_t drawn_ma = clamp_i32(max_i32(max_i32(status->drawn_ma[0], status->drawn_ma[1]), status->drawn_ma[2]), 0, MA_MAX);
    int64_t unused_ma = (int64_t)offered_ma - drawn_ma;
    bool is_unused = unused_ma >= UNUSED_MIN_MA && unused_ma * 100 >= (int64_t)offered_ma * UNUSED_MIN_PERCENT;
    bool is_used = (int64_t)drawn_ma * 100 > (int64_t)offered_ma * USED_PERCENT;

    if (!is_ready(status->pilot) || offered_ma < min_ma) {
        d->unused_since_ms = MS_NEVER;
        d->capped_since_ms = MS_NEVER;
        return MA_MAX;
    }
    if (!is_unused) {
        d->unused_since_ms = MS_NEVER;
    } else if (d->unused_since_ms == MS_NEVER) {
        d->unused_since_ms = now_ms;
    }
    if (d->capped_since_ms != MS_NEVER && (is_used || !others_want || now_ms - d->capped_since_ms >= UNUSED_FOR_MS)) {
        d->capped_since_ms = MS_NEVER;
        d->unused_since_ms = is_unused ? now_ms : MS_NEVER; /* it gets the full time to show what it can use */
    }
    if (others_want && d->unused_since_ms != MS_NEVER && now_ms - d->unused_since_ms >= UNUSED_AFTER_MS) {
        d->capped_since_ms = d->capped_since_ms == MS_NEVER ? now_ms : d->capped_since_ms;
        d->capped_ma = max_i32(min_ma, (int32_t)div_up((int64_t)drawn_ma * 11, 10) + SPARE_MA);
        d->unused_since_ms = now_ms; /* still less a full time later: lowered again */
    }
    return d->capped_since_ms == MS_NEVER ? MA_MAX : d->capped_ma;
}

static enum reason why_none(const struct demand *d, const struct msg_status *status)
{
    bool is_faulty = status->state == BOX_UNRECOVERABLE_ERROR || status->state == BOX_RECOVER_FROM_ERROR || status->state == BOX_UNAVAILABLE ||
                     status->state == BOX_SERVICE_MODE;

    if (is_faulty) {
        return REASON_FAULT;
    }
    if (!is_plugged(status->pilot)) {
        return REASON_NO_DEMAND;
    }
    if (!status->authorized) {
        return REASON_UNAUTHORIZED;
    }
    if (status->paused) {
        return REASON_PAUSED;
    }
    return d->is_asleep ? REASON_ASLEEP : REASON_UNSET;
}

struct demand_now demand_step(struct demand *d, const struct msg_status *status, int32_t min_ma, int32_t max_ma, bool others_want, int64_t now_ms)
{
    int32_t most_ma = min_i32(status->limit_ma, max_ma);
    enum reason reason;
    int32_t back_ma;

    take_events(d, status, now_ms);
    watch_sleep(d, status, min_ma, now_ms);
    back_ma = lowered_ma(d, status, min_ma, others_want, now_ms);
    reason = why_none(d, status);
    if (reason != REASON_UNSET) {
        return (struct demand_now){.demand_ma = 0, .reason = reason};
    }
    if (most_ma < min_ma) {
        return (struct demand_now){.demand_ma = 0, .reason = REASON_NO_DEMAND};
    }
    if (d->has_stopped && now_ms >= d->want_until_ms) {
        return (struct demand_now){.demand_ma = min_ma};
    }
    return (struct demand_now){.demand_ma = min_i32(most_ma, back_ma)};
}
