#include "client/core/rated.h"

#include <criterion/criterion.h>

TestSuite(rated, .timeout = 10);

/* SR-194, SR-204: the steps of both kinds of switches; DIFF-18. */
Test(rated, each_kind_of_switch_has_its_steps_SR_204)
{
    static const int32_t plus[] = {0, 6000, 10000, 12000, 16000, 20000, 24000, 32000};
    static const int32_t dip[] = {10000, 13000, 16000, 20000, 25000, 32000};
    int plus_n = 0;
    int dip_n = 0;

    for (int32_t ma = 0; ma <= 80000; ma += 500) {
        plus_n += rated_is_step(RATED_PLUS, ma) ? 1 : 0;
        dip_n += rated_is_step(RATED_DIP, ma) ? 1 : 0;
        cr_expect_eq(rated_is_step(RATED_ANY, ma), ma == 0 || ma >= 6000);
    }
    cr_expect_eq(plus_n, 8);
    cr_expect_eq(dip_n, 6);
    for (int i = 0; i < 8; i++) {
        cr_expect(rated_is_step(RATED_PLUS, plus[i]));
    }
    for (int i = 0; i < 6; i++) {
        cr_expect(rated_is_step(RATED_DIP, dip[i]));
    }
}

Test(rated, a_current_between_two_steps_is_the_lower_one)
{
    cr_expect_eq(rated_step_down(RATED_PLUS, 5999), 0);
    cr_expect_eq(rated_step_down(RATED_PLUS, 15999), 12000);
    cr_expect_eq(rated_step_down(RATED_PLUS, 80000), 32000);
    cr_expect_eq(rated_step_down(RATED_DIP, 9999), 0);
    cr_expect_eq(rated_step_down(RATED_DIP, 25000), 25000);
    cr_expect_eq(rated_step_down(RATED_ANY, 5999), 0);
    cr_expect_eq(rated_step_down(RATED_ANY, 81000), 80000);
}

Test(rated, three_dip_switches_are_six_currents_and_two_positions_that_do_not_charge_SR_194)
{
    cr_expect_eq(rated_of_dip(false, false, false), 10000);
    cr_expect_eq(rated_of_dip(true, false, false), 13000);
    cr_expect_eq(rated_of_dip(false, true, false), 16000);
    cr_expect_eq(rated_of_dip(true, true, false), 20000);
    cr_expect_eq(rated_of_dip(false, false, true), 25000);
    cr_expect_eq(rated_of_dip(true, false, true), 32000);
    cr_expect_eq(rated_of_dip(false, true, true), 0);
    cr_expect_eq(rated_of_dip(true, true, true), 0);
}
