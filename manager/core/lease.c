#include "manager/core/lease.h"

#include "common/base/check.h"
#include "manager/core/site.h"

#define GRANT_LEAST_MA 6000 /* lowest current that a grant can hold */

void lease_init(struct lease *l, const struct lease_rules *rules, int32_t max_ma, int32_t fallback_ma)
{
    CHECK(fallback_ma >= 0);
    CHECK(fallback_ma <= max_ma);
    *l = (struct lease){
        .rules = rules,
        .max_ma = max_ma,
        .newest_ma = MA_UNSET,
        .named_sent_ms = MS_NEVER,
        .cut_ms = MS_NEVER,
        .fallback_ma = fallback_ma,
        .alive_ms = MS_NEVER,
        .booked_ma = fallback_ma,
        .drawn_until_ms = MS_NEVER,
    };
}

/* From when on the fallback counts. A client that was alive after p holds leases until p + lease at least and draws its fallback after that. */
static int64_t fallback_from_ms(const struct lease *l)
{
    return l->alive_ms == MS_NEVER ? MS_NEVER : l->alive_ms + l->rules->least_ms;
}

bool lease_is_spent(const struct lease *l)
{
    return l->live_n == 0 && l->settle_n == 0;
}

bool lease_is_fallback_due(const struct lease *l, int64_t now_ms)
{
    return l->fallback_ma > 0 && fallback_from_ms(l) <= now_ms;
}

bool lease_is_fallback_lasting(const struct lease *l, int64_t now_ms)
{
    return l->fallback_ma > 0 && after_ms(fallback_from_ms(l), l->alive_ms == MS_NEVER ? 0 : l->rules->lease_ms) <= now_ms;
}

static int32_t booked_at(const struct lease *l, int64_t now_ms)
{
    int32_t ma = lease_is_fallback_due(l, now_ms) ? l->fallback_ma : 0;

    if (l->live_n > 0) {
        ma = max_i32(ma, l->live[0].ma); /* the oldest is the largest */
    }
    return l->is_forever ? l->max_ma : ma;
}

/* True when whatever `b` books, `a` books too, for at least as long. */
static bool settle_outdoes(const struct lease_settle *a, const struct lease_settle *b)
{
    return a->ma >= b->ma && a->until_ms >= b->until_ms && (!a->is_cut || b->is_cut);
}

/* Book a value that was lowered; entries that another outdoes are left out. */
static void settle_add(struct lease *l, struct lease_settle add)
{
    uint8_t n = 0;

    if (add.ma == 0) {
        return;
    }
    for (uint8_t i = 0; i < l->settle_n; i++) {
        if (settle_outdoes(&l->settle[i], &add)) {
            return;
        }
    }
    for (uint8_t i = 0; i < l->settle_n; i++) {
        if (!settle_outdoes(&add, &l->settle[i])) {
            l->settle[n] = l->settle[i];
            n++;
        }
    }
    if (n == LEASE_SETTLE_MAX) { /* the last one takes in the new one: booked longer than needed, never shorter */
        struct lease_settle *last = &l->settle[n - 1];

        last->ma = max_i32(last->ma, add.ma);
        last->until_ms = max_i64(last->until_ms, add.until_ms);
        last->is_cut = last->is_cut && add.is_cut;
        l->settle_n = n;
        return;
    }
    l->settle[n] = add;
    l->settle_n = (uint8_t)(n + 1);
}

/* The contactor is open: what replaced grants allowed is over. */
static void settle_drop_cuts(struct lease *l)
{
    uint8_t n = 0;

    for (uint8_t i = 0; i < l->settle_n; i++) {
        if (!l->settle[i].is_cut) {
            l->settle[n] = l->settle[i];
            n++;
        }
    }
    l->settle_n = n;
}

enum why_lower { LOWER_BY_END, LOWER_BY_CUT };

/* Compare what is booked with what was; a lower value leaves the old one to settle, counted from at_ms. A lease that ran out may have
 * ended by the board's watchdog instead of the client: that takes longer. */
static void rebook(struct lease *l, int64_t at_ms, enum why_lower why)
{
    int32_t ma = booked_at(l, at_ms);

    if (ma < l->booked_ma) {
        int64_t settle_ms = l->rules->settle_ms + l->apply_ms + (why == LOWER_BY_END ? l->rules->watchdog_ms : 0);

        settle_add(l, (struct lease_settle){l->booked_ma, at_ms + settle_ms, why == LOWER_BY_CUT});
    }
    l->booked_ma = ma;
}

static void live_drop_first(struct lease *l)
{
    CHECK(l->live_n > 0);
    for (uint8_t i = 1; i < l->live_n; i++) {
        l->live[i - 1] = l->live[i];
    }
    l->live_n--;
}

void lease_retire(struct lease *l, int64_t now_ms)
{
    uint8_t n = 0;

    for (int rounds = LEASE_LIVE_MAX; rounds > 0 && l->live_n > 0 && l->live[0].ends_ms <= now_ms; rounds--) {
        int64_t end_ms = l->live[0].ends_ms;

        rebook(l, end_ms, LOWER_BY_END); /* a fallback that began to count before this end */
        live_drop_first(l);
        rebook(l, end_ms, LOWER_BY_END);
    }
    rebook(l, now_ms, LOWER_BY_END);
    for (uint8_t i = 0; i < l->settle_n; i++) {
        if (l->settle[i].until_ms > now_ms) {
            l->settle[n] = l->settle[i];
            n++;
        }
    }
    l->settle_n = n;
    if (l->drawn_until_ms <= now_ms) {
        l->said_ma = 0;
        for (int p = 0; p < PHASE_N; p++) {
            l->drawn_ma[p] = 0;
        }
    }
    if (l->live_n == 0 && !l->is_forever) {
        int32_t adopted_ma = l->newest_ma == MA_UNSET ? MA_UNSET : min_i32(l->newest_ma, l->fallback_ma);

        l->newest_ma = l->seq == 0 ? adopted_ma : 0;
    }
}

void lease_count_max(struct lease *l)
{
    l->is_forever = true;
    l->booked_ma = l->max_ma;
}

/* Add a live grant. Older ones that it outdoes (no more current, ending no later) are covered by it, whatever a Status will name. Only an
 * adopted value may end later, when leases were longer before the restart: then the new grant is booked as long, to keep the order. */
static void live_add(struct lease *l, struct lease_grant g)
{
    if (l->live_n > 0) {
        g.ends_ms = max_i64(g.ends_ms, l->live[l->live_n - 1].ends_ms);
    }
    while (l->live_n > 0 && l->live[l->live_n - 1].ma <= g.ma && l->live[l->live_n - 1].ends_ms <= g.ends_ms) {
        l->live_n--;
    }
    if (l->live_n == LEASE_LIVE_MAX) { /* the two newest become one: the larger current until the later end */
        struct lease_grant *last = &l->live[LEASE_LIVE_MAX - 1];

        last->seq = g.seq;
        last->ma = max_i32(last->ma, g.ma);
        last->ends_ms = max_i64(last->ends_ms, g.ends_ms);
        return;
    }
    l->live[l->live_n] = g;
    l->live_n++;
}

void lease_adopt(struct lease *l, int32_t offered_ma, int64_t lease_left_ms, int64_t age_ms, int64_t now_ms)
{
    CHECK(offered_ma >= 0);
    CHECK(lease_left_ms >= 0);
    CHECK(age_ms >= 0);
    l->is_forever = false;
    l->live_n = 0;
    if (offered_ma > 0) {
        live_add(l, (struct lease_grant){.seq = 0, .ma = offered_ma, .ends_ms = now_ms + with_drift_ms(lease_left_ms)});
    }
    l->newest_ma = lease_left_ms > with_drift_ms(age_ms) ? offered_ma : min_i32(offered_ma, l->fallback_ma);
    l->newest_ma = l->newest_ma >= GRANT_LEAST_MA ? l->newest_ma : 0;
    l->booked_ma = booked_at(l, now_ms); /* the count at max was ignorance, nothing that settles */
}

void lease_adopt_closed(struct lease *l, int64_t now_ms)
{
    settle_add(l, (struct lease_settle){l->max_ma, now_ms + l->rules->settle_ms + l->apply_ms, false});
}

void lease_count_again(struct lease *l, int64_t now_ms)
{
    l->is_forever = false;
    rebook(l, now_ms, LOWER_BY_END);
}

void lease_release(struct lease *l, int64_t now_ms)
{
    l->is_forever = false;
    l->live_n = 0;
    l->booked_ma = booked_at(l, now_ms); /* settle and watchdog time were part of the wait */
}

uint32_t lease_grant(struct lease *l, int32_t ma, int64_t status_ms, int64_t now_ms)
{
    struct lease_grant g = {.seq = l->seq + 1, .ma = ma, .ends_ms = status_ms + with_drift_ms(l->rules->lease_ms)};

    CHECK(ma >= 0);
    CHECK(ma <= l->max_ma);
    CHECK(status_ms <= now_ms);
    CHECK(l->seq < UINT32_MAX);
    if (l->newest_ma != MA_UNSET && ma < l->newest_ma && l->cut_ms == MS_NEVER) {
        l->cut_ms = now_ms;
        l->cut_seq = g.seq;
    }
    l->seq = g.seq;
    l->newest_ma = ma;
    l->sent[g.seq % LEASE_SENT_MAX] = (struct lease_sent){.seq = g.seq, .sent_ms = now_ms, .alive_ms = l->named_sent_ms};
    live_add(l, g);
    l->booked_ma = max_i32(l->booked_ma, ma);
    return g.seq;
}

/* The named grant replaces all older ones. */
static void live_replace(struct lease *l, uint32_t named_seq)
{
    for (int rounds = LEASE_LIVE_MAX; rounds > 0 && l->live_n > 0 && l->live[0].seq < named_seq; rounds--) {
        live_drop_first(l);
    }
}

void lease_status(struct lease *l, uint32_t named_seq, bool contactor_open, const int32_t drawn_ma[PHASE_N], int64_t now_ms)
{
    if (named_seq != 0 && named_seq <= l->seq && named_seq >= l->named_seq) {
        const struct lease_sent *sent = &l->sent[named_seq % LEASE_SENT_MAX];

        l->named_seq = named_seq;
        l->named_sent_ms = MS_NEVER;
        if (sent->seq == named_seq) {
            l->named_sent_ms = sent->sent_ms;
            l->alive_ms = max_i64(l->alive_ms, sent->alive_ms);
        }
        if (l->cut_ms != MS_NEVER && named_seq >= l->cut_seq) {
            l->cut_ms = MS_NEVER;
        }
        live_replace(l, named_seq);
        rebook(l, now_ms, LOWER_BY_CUT);
        if (contactor_open) {
            settle_drop_cuts(l);
        }
    }
    for (int p = 0; p < PHASE_N; p++) {
        l->drawn_ma[p] = drawn_ma[p];
    }
    l->drawn_until_ms = now_ms + with_drift_ms(l->rules->lease_ms) + l->rules->settle_ms + l->rules->watchdog_ms;
}

void lease_said(struct lease *l, int32_t offered_ma)
{
    CHECK(offered_ma >= 0);
    l->said_ma = offered_ma;
}

void lease_fallback(struct lease *l, int32_t fallback_ma, int64_t now_ms)
{
    CHECK(fallback_ma >= 0);
    CHECK(fallback_ma <= l->max_ma);
    if (l->is_forever && fallback_ma < l->fallback_ma) { /* the count at max hides it, and may end before the wallbox has followed */
        settle_add(l, (struct lease_settle){l->fallback_ma, now_ms + l->rules->settle_ms + l->apply_ms + l->rules->watchdog_ms, false});
    }
    l->fallback_ma = fallback_ma;
    rebook(l, now_ms, LOWER_BY_END);
}

/* Largest value still settling; they fall from the first on. */
static int32_t settling_ma(const struct lease *l, int64_t now_ms)
{
    int32_t ma = 0;

    for (uint8_t i = 0; i < l->settle_n; i++) {
        if (l->settle[i].until_ms > now_ms) {
            ma = max_i32(ma, l->settle[i].ma);
        }
    }
    return ma;
}

int32_t lease_offer_ma(const struct lease *l, int64_t now_ms)
{
    return max_i32(booked_at(l, now_ms), settling_ma(l, now_ms));
}

void lease_exposure(const struct lease *l, uint8_t used, uint8_t wired, bool is_silent, int64_t now_ms, int32_t out_ma[PHASE_N])
{
    int32_t offer_ma = max_i32(lease_offer_ma(l, now_ms), l->said_ma);
    int32_t fallback_ma = lease_is_fallback_due(l, now_ms) ? l->fallback_ma : 0;
    uint8_t counted = is_silent || l->is_forever ? wired : used;

    for (int p = 0; p < PHASE_N; p++) {
        int32_t ma = (counted & PHASE_BIT(p)) != 0 ? offer_ma : 0;

        ma = max_i32(ma, (wired & PHASE_BIT(p)) != 0 ? fallback_ma : 0);
        out_ma[p] = max_i32(ma, l->drawn_ma[p]);
    }
}

int64_t lease_ends_ms(const struct lease *l)
{
    return l->live_n == 0 ? MS_NEVER : l->live[l->live_n - 1].ends_ms;
}

int64_t lease_next_ms(const struct lease *l, int64_t now_ms)
{
    int64_t next_ms = l->live_n > 0 ? l->live[0].ends_ms : MS_FOREVER;

    for (uint8_t i = 0; i < l->settle_n; i++) {
        next_ms = min_i64(next_ms, l->settle[i].until_ms);
    }
    if (l->fallback_ma > 0 && fallback_from_ms(l) > now_ms) {
        next_ms = min_i64(next_ms, fallback_from_ms(l));
    }
    if (l->drawn_until_ms > now_ms) {
        next_ms = min_i64(next_ms, l->drawn_until_ms);
    }
    return next_ms;
}
