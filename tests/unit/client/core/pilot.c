#include "client/core/pilot.h"

#include <criterion/criterion.h>

#include "common/base/units.h"

TestSuite(pilot, .timeout = 10);

static int32_t duty(int32_t ma)
{
    int32_t permille = -1;

    cr_assert_eq(pilot_duty(ma, &permille), RC_OK);
    return permille;
}

Test(pilot, a_current_outside_the_table_is_refused_and_nothing_is_written)
{
    static const int32_t wrong[] = {-1, 1, 5999, 80001, INT32_MAX, INT32_MIN};
    int32_t permille = 77;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_expect_eq(pilot_duty(wrong[i], &permille), RC_RANGE);
    }
    cr_expect_eq(permille, 77);
}

Test(pilot, the_corners_of_the_table)
{
    cr_expect_eq(duty(0), 1000);
    cr_expect_eq(duty(6000), 100);
    cr_expect_eq(duty(16000), 266);
    cr_expect_eq(duty(32000), 533);
    cr_expect_eq(duty(51000), 850);
    cr_expect_eq(duty(51001), 850);
    cr_expect_eq(duty(52749), 850);
    cr_expect_eq(duty(52750), 851);
    cr_expect_eq(duty(80000), 960);
}

Test(pilot, what_a_vehicle_reads_from_a_duty_cycle)
{
    cr_expect_eq(pilot_read_ma(79), 0);
    cr_expect_eq(pilot_read_ma(80), 6000); /* 8..10 % are 6 A */
    cr_expect_eq(pilot_read_ma(100), 6000);
    cr_expect_eq(pilot_read_ma(101), 6060);
    cr_expect_eq(pilot_read_ma(850), 51000);
    cr_expect_eq(pilot_read_ma(851), 52750);
    cr_expect_eq(pilot_read_ma(960), 80000);
    cr_expect_eq(pilot_read_ma(970), 80000);
    cr_expect_eq(pilot_read_ma(971), 0);
    cr_expect_eq(pilot_read_ma(1000), 0);
}

Test(pilot, a_vehicle_never_reads_more_than_was_meant_and_at_most_one_step_less)
{
    for (int32_t ma = 6000; ma <= 80000; ma++) {
        int32_t read_ma = pilot_read_ma(duty(ma));

        cr_assert_leq(read_ma, ma);
        cr_assert_lt(ma - read_ma, ma > 51000 && ma < 52750 ? 1750 : 250);
        cr_assert(pilot_same(ma, read_ma));
    }
}

Test(pilot, two_currents_are_the_same_when_their_duty_cycles_are)
{
    cr_expect(pilot_same(16000, 15960));
    cr_expect_not(pilot_same(16000, 15959));
    cr_expect(pilot_same(0, 0));
    cr_expect_not(pilot_same(0, 6000));
    cr_expect_not(pilot_same(3000, 3001)); /* not in the table: only when equal */
    cr_expect(pilot_same(3000, 3000));
}

Test(pilot, rises_are_5_s_apart_to_the_millisecond)
{
    struct pilot p;

    pilot_init(&p);
    pilot_follow(&p, 6000, 5000, 1000);
    cr_expect_eq(p.ma, 6000); /* the first needs no wait */
    pilot_follow(&p, 16000, 5000, 5999);
    cr_expect_eq(p.ma, 6000);
    cr_expect_eq(pilot_next_ms(&p, 16000, 5000), 6000);
    pilot_follow(&p, 16000, 5000, 6000);
    cr_expect_eq(p.ma, 16000);
    cr_expect_eq(pilot_next_ms(&p, 16000, 5000), MS_FOREVER);
}

Test(pilot, a_fall_is_at_once_and_does_not_delay_the_next_rise)
{
    struct pilot p;

    pilot_init(&p);
    pilot_follow(&p, 32000, 5000, 0);
    pilot_follow(&p, 6000, 5000, 1);
    cr_expect_eq(p.ma, 6000);
    pilot_follow(&p, 0, 5000, 4999);
    cr_expect_eq(p.ma, 0);
    pilot_follow(&p, 10000, 5000, 4999);
    cr_expect_eq(p.ma, 0); /* from steady to PWM is a rise as well */
    pilot_follow(&p, 10000, 5000, 5000);
    cr_expect_eq(p.ma, 10000);
}
