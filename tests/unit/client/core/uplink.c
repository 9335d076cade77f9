#include "client/core/uplink.h"

#include <criterion/criterion.h>

#include "common/base/units.h"

TestSuite(uplink, .timeout = 10);

static struct uplink welcomed(int64_t now_ms)
{
    struct uplink u;

    uplink_init(&u, now_ms);
    cr_assert_eq(uplink_due(&u, now_ms), UPLINK_DIAL);
    cr_assert(uplink_up(&u, now_ms));
    uplink_welcome(&u, 1000, now_ms);
    return u;
}

Test(uplink, it_dials_at_the_start_and_only_once)
{
    struct uplink u;

    uplink_init(&u, 100);
    cr_expect_eq(uplink_next_ms(&u), 100);
    cr_expect_eq(uplink_due(&u, 99), UPLINK_NOTHING);
    cr_expect_eq(uplink_due(&u, 100), UPLINK_DIAL);
    cr_expect_eq(uplink_due(&u, 100), UPLINK_NOTHING);
    cr_expect_eq(uplink_next_ms(&u), MS_FOREVER);
}

Test(uplink, back_off_stays_between_500_and_4000_ms_once_a_manager_was_met)
{
    struct rng r = {.state = 1};
    struct uplink u;
    int64_t now_ms = 0;
    int64_t longest_ms = 0;

    uplink_init(&u, 0);
    for (int i = 0; i < 2000; i++) {
        int64_t wait_ms;

        cr_assert_eq(uplink_due(&u, now_ms), UPLINK_DIAL);
        uplink_down(&u, &r, true, now_ms);
        wait_ms = uplink_next_ms(&u) - now_ms;
        cr_assert_geq(wait_ms, 500);
        cr_assert_leq(wait_ms, i == 0 ? 1000 : 4000);
        longest_ms = max_i64(longest_ms, wait_ms);
        now_ms += wait_ms;
    }
    cr_expect_gt(longest_ms, 3900);
}

Test(uplink, back_off_may_reach_30_s_only_while_no_manager_was_ever_met)
{
    struct rng r = {.state = 1};
    struct uplink u;
    int64_t now_ms = 0;
    int64_t longest_ms = 0;

    uplink_init(&u, 0);
    for (int i = 0; i < 2000; i++) {
        cr_assert_eq(uplink_due(&u, now_ms), UPLINK_DIAL);
        uplink_down(&u, &r, false, now_ms);
        longest_ms = max_i64(longest_ms, uplink_next_ms(&u) - now_ms);
        cr_assert_leq(uplink_next_ms(&u) - now_ms, 30000);
        now_ms = uplink_next_ms(&u);
    }
    cr_expect_gt(longest_ms, 25000);
}

Test(uplink, without_a_welcome_it_closes_after_5_s)
{
    struct uplink u;

    uplink_init(&u, 0);
    cr_assert_eq(uplink_due(&u, 0), UPLINK_DIAL);
    cr_assert(uplink_up(&u, 10));
    cr_expect_eq(uplink_due(&u, 5009), UPLINK_NOTHING);
    cr_expect_eq(uplink_due(&u, 5010), UPLINK_CLOSE);
    cr_expect_eq(uplink_due(&u, 99999), UPLINK_NOTHING); /* once */
}

Test(uplink, silence_of_5_s_is_a_dead_connection)
{
    struct uplink u = welcomed(0);

    uplink_heard(&u, 3000);
    cr_expect_eq(uplink_due(&u, 7999), UPLINK_NOTHING);
    cr_expect_eq(uplink_due(&u, 8000), UPLINK_CLOSE);
}

Test(uplink, a_manager_that_wants_rare_reports_may_be_silent_for_three_of_them)
{
    struct uplink u;

    uplink_init(&u, 0);
    cr_assert_eq(uplink_due(&u, 0), UPLINK_DIAL);
    cr_assert(uplink_up(&u, 0));
    uplink_welcome(&u, 10000, 0);
    cr_expect_eq(uplink_due(&u, 29999), UPLINK_NOTHING);
    cr_expect_eq(uplink_due(&u, 30000), UPLINK_CLOSE);
}

Test(uplink, a_connection_that_nobody_asked_for_is_refused)
{
    struct uplink u;

    uplink_init(&u, 0);
    cr_expect_not(uplink_up(&u, 0));
    u = welcomed(0);
    cr_expect_not(uplink_up(&u, 0));
}

Test(uplink, a_status_each_second_at_once_after_a_change_and_at_most_five_a_second)
{
    struct uplink u = welcomed(0);

    cr_expect_leq(uplink_status_at_ms(&u, false), 0); /* the first at once */
    uplink_status_sent(&u, 100);
    cr_expect_eq(uplink_status_at_ms(&u, false), 1100);
    cr_expect_eq(uplink_status_at_ms(&u, true), 300);
    cr_expect(uplink_close(&u, false));
    cr_expect_eq(uplink_status_at_ms(&u, true), MS_FOREVER);
}

Test(uplink, after_the_end_of_the_program_it_never_dials)
{
    struct rng r = {.state = 1};
    struct uplink u = welcomed(0);

    cr_expect(uplink_close(&u, true));
    uplink_down(&u, &r, true, 5);
    cr_expect_eq(uplink_next_ms(&u), MS_FOREVER);
}
