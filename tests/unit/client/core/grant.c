#include "client/core/grant.h"

#include <criterion/criterion.h>

#include "common/base/units.h"

TestSuite(grant, .timeout = 10);

#define EPOCH UINT64_C(0x300000007)

static struct grant started(void)
{
    struct grant g;

    grant_init(&g, 6000, EPOCH, 4, 0);
    return g;
}

static struct msg_grant offer(uint32_t seq, uint64_t status_seq, int32_t ma)
{
    return (struct msg_grant){.epoch = EPOCH, .grant_seq = seq, .status_seq = status_seq, .current_ma = ma, .lease_ms = 10000, .reason = REASON_DEMAND_MET};
}

static enum rc take(struct grant *g, struct msg_grant m, int64_t now_ms)
{
    return grant_take(g, &m, now_ms);
}

Test(grant, status_numbers_start_at_one_below_the_boot_count)
{
    struct grant g = started();

    cr_expect_eq(grant_status_sent(&g, 0), UINT64_C(0x400000001));
    cr_expect_eq(grant_status_sent(&g, 0), UINT64_C(0x400000002));
}

Test(grant, a_lease_is_counted_from_the_status_and_not_from_the_arrival)
{
    struct grant g = started();
    uint64_t seq = grant_status_sent(&g, 1000);

    cr_expect_eq(take(&g, offer(1, seq, 16000), 10999), RC_OK);
    cr_expect_eq(g.offer_ma, 16000);
    cr_expect_eq(grant_next_ms(&g), 11000);
    cr_expect_eq(grant_left_ms(&g, 10999), 1);
    cr_expect_eq(grant_retire(&g, 10999), GRANT_NOTHING);
    cr_expect_eq(grant_retire(&g, 11000), GRANT_ENDED);
    cr_expect_eq(g.offer_ma, 0);
    cr_expect_eq(grant_left_ms(&g, 11000), 0);
}

Test(grant, one_whose_lease_is_over_on_arrival_is_not_accepted)
{
    struct grant g = started();
    uint64_t seq = grant_status_sent(&g, 1000);

    cr_expect_eq(take(&g, offer(1, seq, 16000), 11000), RC_STALE);
    cr_expect_not(g.live);
}

Test(grant, it_must_answer_a_status_of_this_boot_and_connection)
{
    struct grant g = started();
    uint64_t seq = grant_status_sent(&g, 0);

    cr_expect_eq(take(&g, offer(1, seq + 1, 16000), 1), RC_STALE); /* not sent yet */
    cr_expect_eq(take(&g, offer(1, 0, 16000), 1), RC_STALE);
    cr_expect_eq(take(&g, offer(1, seq - (UINT64_C(1) << 32), 16000), 1), RC_STALE); /* of the last run */
    cr_expect_eq(take(&g, offer(1, UINT64_C(0x400000000), 16000), 1), RC_STALE);
    grant_forget_sent(&g);
    cr_expect_eq(take(&g, offer(1, seq, 16000), 1), RC_STALE); /* of the last connection */
    seq = grant_status_sent(&g, 2);
    cr_expect_eq(take(&g, offer(1, seq, 16000), 3), RC_OK);
}

Test(grant, at_least_the_last_128_statuses_are_known)
{
    struct grant g = started();
    uint64_t first = grant_status_sent(&g, 0);

    for (int i = 1; i < GRANT_SENT_MAX; i++) {
        (void)grant_status_sent(&g, i);
    }
    cr_assert_geq(GRANT_SENT_MAX, 128);
    cr_expect_eq(take(&g, offer(1, first, 16000), 1000), RC_OK);
    (void)grant_status_sent(&g, GRANT_SENT_MAX);
    cr_expect_eq(take(&g, offer(2, first, 16000), 1000), RC_STALE);
    cr_expect_eq(take(&g, offer(2, first + 1, 16000), 1000), RC_OK);
}

Test(grant, only_a_newer_one_replaces_up_or_down_at_once)
{
    struct grant g = started();
    uint64_t a = grant_status_sent(&g, 0);
    uint64_t b = grant_status_sent(&g, 1000);

    cr_expect_eq(take(&g, offer(2, a, 16000), 1000), RC_OK);
    cr_expect_eq(take(&g, offer(2, b, 20000), 1000), RC_STALE);
    cr_expect_eq(take(&g, offer(1, b, 20000), 1000), RC_STALE);
    cr_expect_eq(take(&g, offer(3, b, 8000), 1000), RC_OK);
    cr_expect_eq(g.offer_ma, 8000);
    cr_expect_eq(g.ends_ms, 11000);
    cr_expect_eq(take(&g, offer(4, a, 32000), 1000), RC_OK); /* newer, though it answers an older Status */
    cr_expect_eq(g.ends_ms, 10000);
}

Test(grant, a_lower_epoch_is_refused_and_zero_too)
{
    struct grant g = started();
    uint64_t seq = grant_status_sent(&g, 0);
    struct msg_grant m = offer(1, seq, 16000);

    m.epoch = EPOCH - 1;
    cr_expect_eq(take(&g, m, 1), RC_REFUSED);
    m.epoch = 0;
    cr_expect_eq(take(&g, m, 1), RC_REFUSED);
    cr_expect_eq(grant_see_epoch(&g, EPOCH - 1), RC_REFUSED);
    cr_expect_eq(grant_see_epoch(&g, EPOCH), RC_OK);
}

Test(grant, a_new_epoch_waits_until_it_is_durable_and_the_old_lease_goes_on)
{
    struct grant g = started();
    uint64_t seq = grant_status_sent(&g, 0);
    struct msg_grant m = offer(1, seq, 32000);

    cr_expect_eq(take(&g, offer(9, seq, 16000), 1), RC_OK);
    m.epoch = EPOCH + 1;
    cr_expect_eq(take(&g, m, 2), RC_AGAIN);
    cr_expect_eq(g.offer_ma, 16000);
    cr_expect_eq(take(&g, offer(10, seq, 6000), 3), RC_REFUSED); /* the old manager is over */
    cr_expect(grant_kept(&g, EPOCH + 1, 4));
    cr_expect_eq(g.offer_ma, 32000);
    cr_expect_eq(g.seq, 1);
}

Test(grant, a_held_one_whose_lease_ends_before_the_epoch_is_durable_is_lost)
{
    struct grant g = started();
    uint64_t seq = grant_status_sent(&g, 0);
    struct msg_grant m = offer(1, seq, 32000);

    m.epoch = EPOCH + 1;
    cr_expect_eq(take(&g, m, 2), RC_AGAIN);
    cr_expect_not(grant_kept(&g, EPOCH + 1, 10000));
    cr_expect_eq(g.offer_ma, 0);
}

Test(grant, a_held_one_is_dropped_when_a_still_higher_epoch_was_seen)
{
    struct grant g = started();
    uint64_t seq = grant_status_sent(&g, 0);
    struct msg_grant m = offer(1, seq, 32000);

    m.epoch = EPOCH + 1;
    cr_expect_eq(take(&g, m, 2), RC_AGAIN);
    cr_expect_eq(grant_see_epoch(&g, EPOCH + 2), RC_OK);
    cr_expect_not(grant_kept(&g, EPOCH + 1, 3));
    cr_expect_eq(g.offer_ma, 0);
}

Test(grant, nobody_ever_met_means_a_fallback_of_nothing)
{
    struct grant g;

    grant_init(&g, 6000, 0, 1, 0);
    cr_expect_eq(grant_retire(&g, 1000000), GRANT_NOTHING);
    cr_expect_eq(g.offer_ma, 0);
    cr_expect_eq(grant_next_ms(&g), MS_FOREVER);
}

Test(grant, after_the_start_the_fallback_waits_to_the_millisecond)
{
    struct grant g;

    grant_init(&g, 6000, EPOCH, 1, 500);
    grant_fallback(&g, 10000, 32000, 500);
    cr_expect_eq(grant_next_ms(&g), 32500);
    cr_expect_eq(grant_retire(&g, 32499), GRANT_NOTHING);
    cr_expect_eq(g.offer_ma, 0);
    cr_expect_eq(grant_retire(&g, 32500), GRANT_RISEN);
    cr_expect_eq(g.offer_ma, 10000);
    cr_expect_eq(grant_by(&g), LIMIT_FALLBACK);
}

Test(grant, at_its_end_the_lower_of_offer_and_fallback_and_the_rise_later)
{
    struct grant g = started();
    uint64_t seq;

    grant_fallback(&g, 10000, 32000, 0);
    seq = grant_status_sent(&g, 50000);
    cr_expect_eq(grant_retire(&g, 50000), GRANT_RISEN);
    cr_expect_eq(take(&g, offer(1, seq, 16000), 50000), RC_OK);
    cr_expect_eq(grant_retire(&g, 60000), GRANT_ENDED);
    cr_expect_eq(g.offer_ma, 10000); /* the fallback is the lower */
    seq = grant_status_sent(&g, 61000);
    cr_expect_eq(take(&g, offer(2, seq, 7000), 61000), RC_OK);
    cr_expect_eq(grant_retire(&g, 71000), GRANT_ENDED);
    cr_expect_eq(g.offer_ma, 7000); /* what was offered is the lower */
    cr_expect_eq(grant_retire(&g, 71000 + 31999), GRANT_NOTHING);
    cr_expect_eq(grant_retire(&g, 71000 + 32000), GRANT_RISEN);
    cr_expect_eq(g.offer_ma, 10000);
}

Test(grant, a_pause_that_runs_out_rises_to_the_fallback_only_after_the_wait)
{
    struct grant g = started();
    uint64_t seq = grant_status_sent(&g, 0);

    grant_fallback(&g, 10000, 32000, 0);
    cr_expect_eq(take(&g, offer(1, seq, 0), 1), RC_OK);
    cr_expect_eq(grant_retire(&g, 10000), GRANT_ENDED);
    cr_expect_eq(g.offer_ma, 0);
    cr_expect_eq(grant_next_ms(&g), 42000);
    cr_expect_eq(grant_retire(&g, 42000), GRANT_RISEN);
}

Test(grant, a_late_step_retires_lease_and_wait_in_one_go)
{
    struct grant g = started();
    uint64_t seq = grant_status_sent(&g, 0);

    grant_fallback(&g, 10000, 32000, 0);
    cr_expect_eq(take(&g, offer(1, seq, 8000), 1), RC_OK);
    cr_expect_eq(grant_retire(&g, 100000), GRANT_ENDED); /* stopped for 100 s: ends are counted from when they were due */
    cr_expect_eq(g.offer_ma, 8000);
    cr_expect_eq(grant_retire(&g, 100000), GRANT_RISEN);
    cr_expect_eq(g.offer_ma, 10000);
}

Test(grant, storing_a_larger_fallback_waits_anew_and_a_smaller_counts_at_once)
{
    struct grant g = started();

    grant_fallback(&g, 10000, 32000, 0);
    cr_expect_eq(grant_retire(&g, 32000), GRANT_RISEN);
    grant_fallback(&g, 16000, 32000, 40000);
    cr_expect_eq(g.offer_ma, 10000); /* what it had is not taken away */
    cr_expect_eq(grant_next_ms(&g), 72000);
    cr_expect_eq(grant_retire(&g, 72000), GRANT_RISEN);
    cr_expect_eq(g.offer_ma, 16000);
    grant_fallback(&g, 8000, 32000, 80000);
    cr_expect_eq(g.offer_ma, 8000);
    grant_fallback(&g, 0, 32000, 80001);
    cr_expect_eq(g.offer_ma, 0);
}

Test(grant, a_fallback_below_the_minimum_of_this_wallbox_is_nothing)
{
    struct grant g;

    grant_init(&g, 8000, EPOCH, 1, 0);
    grant_fallback(&g, 7999, 0, 0);
    cr_expect_eq(grant_retire(&g, 0), GRANT_NOTHING);
    cr_expect_eq(g.offer_ma, 0);
    grant_fallback(&g, 8000, 0, 0);
    cr_expect_eq(grant_retire(&g, 0), GRANT_RISEN);
    cr_expect_eq(g.offer_ma, 8000);
}
