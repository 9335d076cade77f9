/* The ledger (spec 05 5.2): what stays booked, and for how long, to the millisecond. */
#include "manager/core/lease.h"

#include <criterion/criterion.h>

#include "manager/core/site.h"

TestSuite(lease, .timeout = 10);

#define LEASE 10000
#define ENDS 10020 /* with both clocks off by 1,000 ppm */
#define SETTLE 7000
#define DOG 3000

static const struct lease_rules rules = {.lease_ms = LEASE, .least_ms = LEASE, .settle_ms = SETTLE, .watchdog_ms = DOG};
static const int32_t nothing[PHASE_N] = {0};

static struct lease fresh(int32_t fallback_ma)
{
    struct lease l;

    lease_init(&l, &rules, 32000, fallback_ma);
    return l;
}

static int32_t worst_ma(struct lease *l, int64_t now_ms)
{
    int32_t ma[PHASE_N];

    lease_retire(l, now_ms);
    lease_exposure(l, PHASE_ALL, PHASE_ALL, false, now_ms, ma);
    cr_assert_eq(ma[0], ma[1]);
    return ma[0];
}

Test(lease, a_new_wallbox_without_fallback_counts_for_nothing)
{
    struct lease l = fresh(0);

    cr_expect_eq(worst_ma(&l, 0), 0);
    cr_expect_eq(l.newest_ma, MA_UNSET);
    cr_expect_eq(lease_ends_ms(&l), MS_NEVER);
    cr_expect_eq(lease_next_ms(&l, 0), MS_FOREVER);
}

Test(lease, a_wallbox_of_unknown_past_counts_for_its_fallback)
{
    struct lease l = fresh(6000);

    cr_expect_eq(worst_ma(&l, 0), 6000);
    cr_expect_eq(worst_ma(&l, 1000000000), 6000);
}

Test(lease, a_grant_is_booked_from_sending_until_drift_settling_and_watchdog_are_over)
{
    struct lease l = fresh(0);

    cr_expect_eq(lease_grant(&l, 16000, 1000, 1200), 1);
    cr_expect_eq(worst_ma(&l, 1200), 16000);
    cr_expect_eq(lease_ends_ms(&l), 1000 + ENDS);
    cr_expect_eq(worst_ma(&l, 1000 + ENDS), 16000);
    cr_expect_eq(worst_ma(&l, 1000 + ENDS + SETTLE + DOG - 1), 16000);
    cr_expect_eq(worst_ma(&l, 1000 + ENDS + SETTLE + DOG), 0);
}

Test(lease, time_that_passes_in_one_leap_ends_things_at_their_own_moments)
{
    struct lease l = fresh(0);

    lease_grant(&l, 16000, 0, 0);
    cr_expect_eq(worst_ma(&l, ENDS + SETTLE + DOG - 1), 16000);
    cr_expect_eq(worst_ma(&l, ENDS + SETTLE + DOG), 0);
}

Test(lease, a_cut_counts_at_the_old_value_until_named_and_settled)
{
    struct lease l = fresh(0);

    lease_grant(&l, 16000, 0, 0);
    lease_status(&l, 1, false, nothing, 1000);
    lease_grant(&l, 8000, 1000, 1000);
    cr_expect_eq(l.cut_ms, 1000);
    cr_expect_eq(worst_ma(&l, 1900), 16000);
    lease_status(&l, 2, false, nothing, 2000);
    cr_expect_eq(l.cut_ms, MS_NEVER);
    cr_expect_eq(worst_ma(&l, 2000 + SETTLE - 1), 16000);
    cr_expect_eq(worst_ma(&l, 2000 + SETTLE), 8000);
}

Test(lease, a_cut_with_the_contactor_open_needs_no_time_to_settle)
{
    struct lease l = fresh(0);

    lease_grant(&l, 16000, 0, 0);
    lease_grant(&l, 0, 0, 500);
    lease_status(&l, 2, true, nothing, 1000);
    cr_expect_eq(worst_ma(&l, 1000), 0);
}

Test(lease, a_contactor_that_opens_later_ends_the_settling_of_a_cut)
{
    struct lease l = fresh(0);

    lease_grant(&l, 16000, 0, 0);
    lease_grant(&l, 0, 0, 500);
    lease_status(&l, 2, false, nothing, 1000);
    cr_expect_eq(worst_ma(&l, 2999), 16000);
    lease_status(&l, 2, true, nothing, 3000);
    cr_expect_eq(worst_ma(&l, 3000), 0);
}

Test(lease, a_lease_that_ran_out_settles_even_with_the_contactor_open)
{
    struct lease l = fresh(0);

    lease_grant(&l, 16000, 0, 0);
    lease_retire(&l, ENDS + 1);
    lease_status(&l, 1, true, nothing, ENDS + 1);
    cr_expect_eq(worst_ma(&l, ENDS + 1), 16000);
    cr_expect_eq(worst_ma(&l, ENDS + SETTLE + DOG), 0);
}

Test(lease, a_cut_that_is_never_named_ends_with_the_lease_of_the_old_grant)
{
    struct lease l = fresh(0);

    lease_grant(&l, 16000, 0, 0);
    lease_grant(&l, 8000, 1000, 1000);
    cr_expect_eq(worst_ma(&l, ENDS + SETTLE + DOG - 1), 16000);
    cr_expect_eq(worst_ma(&l, ENDS + SETTLE + DOG), 8000);
    cr_expect_eq(worst_ma(&l, 1000 + ENDS + SETTLE + DOG), 0);
}

Test(lease, a_slow_board_gets_its_time_to_apply_as_well)
{
    struct lease l = fresh(0);

    l.apply_ms = 500;
    lease_grant(&l, 16000, 0, 0);
    lease_grant(&l, 6000, 0, 100);
    lease_status(&l, 2, false, nothing, 200);
    cr_expect_eq(worst_ma(&l, 200 + SETTLE + 499), 16000);
    cr_expect_eq(worst_ma(&l, 200 + SETTLE + 500), 6000);
}

Test(lease, a_raise_counts_from_its_sending)
{
    struct lease l = fresh(0);

    lease_grant(&l, 8000, 0, 0);
    lease_status(&l, 1, false, nothing, 100);
    lease_grant(&l, 16000, 100, 100);
    cr_expect_eq(worst_ma(&l, 100), 16000);
    cr_expect_eq(l.cut_ms, MS_NEVER, "a raise waiting for its confirmation is no unanswered cut");
}

Test(lease, a_number_that_was_never_sent_or_is_old_changes_nothing)
{
    struct lease l = fresh(0);

    lease_grant(&l, 16000, 0, 0);
    lease_grant(&l, 8000, 0, 0);
    lease_status(&l, 3, false, nothing, 10);
    cr_expect_eq(l.named_seq, 0);
    lease_status(&l, 2, false, nothing, 20);
    lease_status(&l, 1, false, nothing, 30);
    cr_expect_eq(l.named_seq, 2);
    cr_expect_eq(worst_ma(&l, 20 + SETTLE), 8000);
}

Test(lease, renewals_at_the_same_current_take_no_room)
{
    struct lease l = fresh(0);

    for (int i = 0; i < 1000; i++) {
        lease_grant(&l, 16000, i * 10, i * 10);
    }
    cr_expect_eq(l.live_n, 1);
    cr_expect_eq(worst_ma(&l, 9990 + ENDS + SETTLE + DOG - 1), 16000);
}

Test(lease, more_steps_down_than_there_is_room_for_are_booked_too_high_never_too_low)
{
    struct lease l = fresh(0);

    for (int i = 0; i < 200; i++) {
        lease_grant(&l, 32000 - 100 * i, 0, i);
        cr_assert_eq(worst_ma(&l, i), 32000);
    }
    cr_assert_leq(l.live_n, LEASE_LIVE_MAX);
    lease_status(&l, 200, false, nothing, 300);
    cr_assert_geq(worst_ma(&l, 300 + SETTLE), 32000 - 100 * 199);
}

Test(lease, a_fallback_is_not_booked_while_the_client_is_known_to_hold_leases)
{
    struct lease l = fresh(10000);
    int64_t t = 0;

    cr_expect_eq(worst_ma(&l, 0), 10000);
    lease_grant(&l, 6000, t, t);               /* 1, answers a Status that named nothing */
    lease_status(&l, 1, false, nothing, 1000); /* named: but when was the client alive? unknown yet */
    cr_expect_eq(worst_ma(&l, 1000), 10000);
    lease_grant(&l, 6000, 1000, 1000); /* 2, answers the Status that named 1, which was sent at 0 */
    lease_status(&l, 2, false, nothing, 2000);
    cr_expect_eq(l.alive_ms, 0);
    cr_expect_eq(worst_ma(&l, 2000 + SETTLE), 6000);
    cr_expect_eq(worst_ma(&l, LEASE - 1), 6000);
    cr_expect_eq(worst_ma(&l, LEASE), 10000, "nothing was heard since: its fallback counts again");
}

Test(lease, silence_counts_the_fallback_from_the_last_certain_life_plus_a_lease_on)
{
    struct lease l = fresh(16000);
    int64_t t = 0;

    for (uint32_t i = 1; i <= 30; i++) {
        lease_status(&l, i - 1, false, nothing, t);
        lease_grant(&l, 6000, t, t);
        t += 1000;
    }
    /* last Status at 29,000 named 29, sent at 28,000, which answered the Status that named 28, sent at 27,000 */
    cr_expect_eq(l.alive_ms, 27000);
    cr_expect_eq(worst_ma(&l, 27000 + LEASE - 1), 6000);
    cr_expect_eq(worst_ma(&l, 27000 + LEASE), 16000);
    cr_expect_eq(worst_ma(&l, 1000000), 16000);
}

Test(lease, a_larger_fallback_counts_from_its_sending)
{
    struct lease l = fresh(0);

    lease_fallback(&l, 8000, 100);
    cr_expect_eq(worst_ma(&l, 100), 8000);
    lease_fallback(&l, 0, 200);
    cr_expect_eq(worst_ma(&l, 200 + SETTLE + DOG - 1), 8000);
    cr_expect_eq(worst_ma(&l, 200 + SETTLE + DOG), 0);
}

Test(lease, after_a_restart_it_counts_at_its_maximum_until_it_reports)
{
    struct lease l = fresh(0);

    lease_count_max(&l);
    cr_expect_eq(worst_ma(&l, 1000000), 32000);
    lease_adopt(&l, 13000, 4000, 0, 1000000);
    cr_expect_eq(worst_ma(&l, 1000000), 13000);
    cr_expect_eq(l.newest_ma, 13000);
    cr_expect_eq(worst_ma(&l, 1004008 + SETTLE + DOG - 1), 13000);
    cr_expect_eq(worst_ma(&l, 1004008 + SETTLE + DOG), 0);
}

Test(lease, an_adopted_value_may_be_renewed_only_while_its_lease_certainly_goes_on)
{
    struct lease l = fresh(8000);

    lease_count_max(&l);
    lease_adopt(&l, 16000, 4000, 3990, 10000);
    cr_expect_eq(l.newest_ma, 16000);
    lease_adopt(&l, 16000, 4000, 3999, 10000);
    cr_expect_eq(l.newest_ma, 8000, "it may be over, and its fallback is what counts in any case");
    cr_expect_eq(worst_ma(&l, 10000), 16000, "booked nevertheless");
    lease_adopt(&l, 7000, 0, 0, 20000);
    cr_expect_eq(l.newest_ma, 7000);
    lease_retire(&l, 20000);
    cr_expect_eq(l.newest_ma, 7000, "on its fallback it goes on");
}

Test(lease, an_adopted_value_that_no_grant_can_hold_is_booked_but_not_renewed)
{
    struct lease l = fresh(6000);

    lease_count_max(&l);
    lease_adopt(&l, 5999, 4000, 0, 10000);
    cr_expect_eq(l.newest_ma, 0);
    cr_expect_eq(worst_ma(&l, 10000), 6000, "its fallback");
    l = fresh(0);
    lease_count_max(&l);
    lease_adopt(&l, 5999, 4000, 0, 10000);
    cr_expect_eq(worst_ma(&l, 10000), 5999);
    lease_adopt(&l, 6000, 4000, 0, 10000);
    cr_expect_eq(l.newest_ma, 6000);
}

Test(lease, an_adopted_value_is_replaced_by_the_first_grant_that_is_named)
{
    struct lease l = fresh(0);

    lease_count_max(&l);
    lease_adopt(&l, 16000, 9000, 0, 0);
    lease_grant(&l, 10000, 0, 0);
    cr_expect_eq(l.cut_ms, 0, "lower than what it offers: a cut");
    lease_status(&l, 1, false, nothing, 100);
    cr_expect_eq(worst_ma(&l, 100), 16000);
    cr_expect_eq(worst_ma(&l, 100 + SETTLE), 10000);
}

Test(lease, one_that_stayed_silent_is_released_to_its_fallback)
{
    struct lease l = fresh(6000);

    lease_count_max(&l);
    lease_release(&l, 20000);
    cr_expect_eq(worst_ma(&l, 20000), 6000);
}

Test(lease, a_fallback_lowered_while_it_counts_at_its_maximum_settles)
{
    struct lease l = fresh(9000);

    lease_count_max(&l);
    lease_fallback(&l, 0, 10000);
    lease_release(&l, 11000);
    cr_expect_eq(worst_ma(&l, 11000), 9000, "it may have lived on it until now");
    cr_expect_eq(worst_ma(&l, 10000 + SETTLE + DOG - 1), 9000);
    cr_expect_eq(worst_ma(&l, 10000 + SETTLE + DOG), 0);
}

Test(lease, a_board_without_watchdog_stays_at_its_maximum_until_it_obeys_again)
{
    struct lease l = fresh(0);

    lease_grant(&l, 6000, 0, 0);
    lease_count_max(&l);
    cr_expect_eq(worst_ma(&l, 10000000), 32000);
    lease_count_again(&l, 10000000);
    cr_expect_eq(worst_ma(&l, 10000000 + SETTLE + DOG - 1), 32000);
    cr_expect_eq(worst_ma(&l, 10000000 + SETTLE + DOG), 0);
}

Test(lease, a_measured_current_above_everything_booked_counts)
{
    struct lease l = fresh(0);
    const int32_t drawn_ma[PHASE_N] = {20000, 0, 0};
    int32_t ma[PHASE_N];

    lease_grant(&l, 16000, 0, 0);
    lease_status(&l, 1, false, drawn_ma, 100);
    lease_exposure(&l, PHASE_ALL, PHASE_ALL, false, 100, ma);
    cr_expect_eq(ma[0], 20000);
    cr_expect_eq(ma[1], 16000);
    lease_retire(&l, 100 + ENDS + SETTLE + DOG - 1);
    lease_exposure(&l, PHASE_ALL, PHASE_ALL, true, 100 + ENDS + SETTLE + DOG - 1, ma);
    cr_expect_eq(ma[0], 20000);
    lease_retire(&l, 100 + ENDS + SETTLE + DOG);
    lease_exposure(&l, PHASE_ALL, PHASE_ALL, true, 100 + ENDS + SETTLE + DOG, ma);
    cr_expect_eq(ma[0], 0);
}

Test(lease, unused_phases_count_only_for_the_fallback_and_for_the_silent)
{
    struct lease l = fresh(6000);
    int32_t ma[PHASE_N];

    lease_grant(&l, 16000, 0, 0);
    lease_exposure(&l, PHASE_BIT(1), PHASE_ALL, false, 0, ma);
    cr_expect_eq(ma[0], 6000);
    cr_expect_eq(ma[1], 16000);
    cr_expect_eq(ma[2], 6000);
    lease_exposure(&l, PHASE_BIT(1), PHASE_ALL, true, 0, ma);
    cr_expect_eq(ma[0], 16000);
}

Test(lease, the_next_moment_is_never_later_than_a_change)
{
    struct lease l = fresh(8000);
    int64_t t = 0;
    int32_t before;

    for (uint32_t i = 1; i <= 5; i++) {
        lease_status(&l, i - 1, false, nothing, t);
        lease_grant(&l, (int32_t)(20000 - 1000 * i), t, t);
        t += 700;
    }
    lease_retire(&l, t);
    before = worst_ma(&l, t);
    for (; t < 60000; t++) {
        int64_t next_ms = lease_next_ms(&l, t - 1);
        int32_t now_ma = worst_ma(&l, t);

        cr_assert(now_ma == before || next_ms <= t, "changed at %lld, next was %lld", (long long)t, (long long)next_ms);
        before = now_ma;
    }
}

Test(lease, an_adopted_value_that_lasts_longer_than_new_grants_does_not_hide_a_raise)
{
    struct lease l = fresh(0);

    lease_count_max(&l);
    lease_adopt(&l, 6000, 30000, 0, 0); /* leases were longer before the restart */
    lease_grant(&l, 10000, 1000, 1000);
    cr_expect_eq(worst_ma(&l, 1000), 10000);
    cr_expect_eq(worst_ma(&l, 1000 + ENDS), 10000, "booked longer than needed, never shorter");
}

Test(lease, a_closed_contactor_at_the_first_report_settles_from_the_maximum)
{
    struct lease l = fresh(0);

    lease_count_max(&l);
    lease_adopt(&l, 0, 0, 0, 1000);
    lease_adopt_closed(&l, 1000);
    cr_expect_eq(worst_ma(&l, 1000 + SETTLE - 1), 32000, "the vehicle may still follow what nobody told us");
    cr_expect_eq(worst_ma(&l, 1000 + SETTLE), 0);
}

Test(lease, what_a_client_says_to_offer_is_booked_as_long_as_its_measurement)
{
    struct lease l = fresh(0);

    lease_status(&l, 0, false, nothing, 1000);
    lease_said(&l, 9000);
    cr_expect_eq(worst_ma(&l, 1000), 9000, "its board does not take back what it gave");
    cr_expect_eq(worst_ma(&l, 1000 + ENDS + SETTLE + DOG - 1), 9000);
    cr_expect_eq(worst_ma(&l, 1000 + ENDS + SETTLE + DOG), 0);
}

Test(lease, a_fallback_that_is_booked_for_a_moment_only_does_not_last)
{
    struct lease l = fresh(6000);

    cr_expect(lease_is_fallback_lasting(&l, 0), "it is not known to be alive");
    lease_grant(&l, 6000, 0, 0);
    lease_status(&l, 1, false, nothing, 500);
    lease_grant(&l, 6000, 500, 500);
    lease_status(&l, 2, false, nothing, 1000);
    cr_expect_eq(l.alive_ms, 0);
    cr_expect_not(lease_is_fallback_lasting(&l, LEASE));
    cr_expect_not(lease_is_fallback_lasting(&l, 2 * LEASE - 1));
    cr_expect(lease_is_fallback_lasting(&l, 2 * LEASE));
}
