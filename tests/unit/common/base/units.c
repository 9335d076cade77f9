#include "common/base/units.h"

#include <criterion/criterion.h>
#include <signal.h>

TestSuite(units, .timeout = 10);

Test(units, quotients_at_the_ends_of_the_range_do_not_overflow)
{
    cr_assert_eq(div_down(INT64_MAX, 1), INT64_MAX);
    cr_assert_eq(div_up(INT64_MAX, 1), INT64_MAX);
    cr_assert_eq(div_down(INT64_MIN, 1), INT64_MIN);
    cr_assert_eq(div_up(INT64_MIN, 1), INT64_MIN);
    cr_assert_eq(div_up(INT64_MAX, INT64_MAX), 1);
    cr_assert_eq(div_up(INT64_MAX - 1, INT64_MAX), 1);
    cr_assert_eq(div_down(INT64_MIN, INT64_MAX), -2);
    cr_assert_eq(div_up(INT64_MIN, INT64_MAX), -1);
}

Test(units, quotients_round_as_their_names_say_on_both_sides_of_zero)
{
    cr_assert_eq(div_down(0, 3), 0);
    cr_assert_eq(div_up(0, 3), 0);
    cr_assert_eq(div_down(7, 3), 2);
    cr_assert_eq(div_up(7, 3), 3);
    cr_assert_eq(div_down(6, 3), 2);
    cr_assert_eq(div_up(6, 3), 2);
    cr_assert_eq(div_down(-7, 3), -3);
    cr_assert_eq(div_up(-7, 3), -2);
    cr_assert_eq(div_down(-6, 3), -2);
    cr_assert_eq(div_up(-6, 3), -2);
    cr_assert_eq(div_down(-1, 1000), -1);
    cr_assert_eq(div_up(-1, 1000), 0);
}

Test(units, dividing_by_zero_ends_the_program, .signal = SIGABRT)
{
    (void)div_down(1, 0);
}

Test(units, dividing_up_by_a_negative_number_ends_the_program, .signal = SIGABRT)
{
    (void)div_up(1, -1);
}

Test(units, drift_is_two_permille_and_rounds_up)
{
    cr_assert_eq(with_drift_ms(0), 0);
    cr_assert_eq(with_drift_ms(1), 2);
    cr_assert_eq(with_drift_ms(499), 500);
    cr_assert_eq(with_drift_ms(500), 501);
    cr_assert_eq(with_drift_ms(501), 503);
    cr_assert_eq(with_drift_ms(10000), 10020);
    cr_assert_eq(with_drift_ms(1000000), 1002000);
    cr_assert_eq(with_drift_ms(1000001), 1002002);
}

Test(units, drift_of_a_very_long_time_is_for_ever_and_does_not_overflow)
{
    cr_assert_eq(with_drift_ms(MS_FOREVER), MS_FOREVER);
    cr_assert_eq(with_drift_ms(MS_FOREVER - 1), MS_FOREVER);
    cr_assert_eq(with_drift_ms(INT64_C(5000000000000000000)), INT64_C(5010000000000000000));
}

Test(units, a_negative_time_has_no_drift, .signal = SIGABRT)
{
    (void)with_drift_ms(-1);
}

Test(units, for_ever_stays_for_ever)
{
    cr_assert_eq(after_ms(MS_FOREVER, 0), MS_FOREVER);
    cr_assert_eq(after_ms(MS_FOREVER, -1), MS_FOREVER);
    cr_assert_eq(after_ms(0, MS_FOREVER), MS_FOREVER);
    cr_assert_eq(after_ms(MS_NEVER, MS_FOREVER), MS_FOREVER);
    cr_assert_eq(after_ms(MS_FOREVER - 5, 5), MS_FOREVER);
    cr_assert_eq(after_ms(MS_FOREVER - 5, 6), MS_FOREVER);
    cr_assert_eq(after_ms(MS_FOREVER - 5, 4), MS_FOREVER - 1);
}

Test(units, a_moment_before_all_time_is_never)
{
    cr_assert_eq(after_ms(MS_NEVER, -1), MS_NEVER);
    cr_assert_eq(after_ms(MS_NEVER + 5, -5), MS_NEVER);
    cr_assert_eq(after_ms(5, -7), -2);
    cr_assert_eq(after_ms(5, 7), 12);
}

Test(units, power_rounds_up)
{
    cr_assert_eq(watts_up(0, 230000), 0);
    cr_assert_eq(watts_up(1, 1), 1);
    cr_assert_eq(watts_up(16000, 230000), 3680);
    cr_assert_eq(watts_up(16001, 230000), 3681);
    cr_assert_eq(watts_up(MA_MAX, MV_MAX), 1000000);
}

Test(units, power_beyond_32_bits_stays_at_the_largest_value)
{
    cr_assert_eq(watts_up(INT32_MAX, INT32_MAX), INT32_MAX);
    cr_assert_eq(watts_up(INT32_MAX, 1000000), INT32_MAX);
}

Test(units, power_of_a_negative_current_ends_the_program, .signal = SIGABRT)
{
    (void)watts_up(-1, 230000);
}

Test(units, smallest_largest_and_clamp)
{
    cr_assert_eq(min_i32(INT32_MIN, INT32_MAX), INT32_MIN);
    cr_assert_eq(max_i32(INT32_MIN, INT32_MAX), INT32_MAX);
    cr_assert_eq(min_i64(INT64_MIN, INT64_MAX), INT64_MIN);
    cr_assert_eq(max_i64(INT64_MIN, INT64_MAX), INT64_MAX);
    cr_assert_eq(clamp_i32(5, 6, 16), 6);
    cr_assert_eq(clamp_i32(6, 6, 16), 6);
    cr_assert_eq(clamp_i32(10, 6, 16), 10);
    cr_assert_eq(clamp_i32(16, 6, 16), 16);
    cr_assert_eq(clamp_i32(17, 6, 16), 16);
}
