#include <criterion/criterion.h>
#include <stdint.h>

#include "manager/shell/plan_input.h"

TestSuite(input, .timeout = 20);

Test(input, needed_time_is_exact_and_rounds_up)
{
    cr_expect_eq(plan_needed_ms(0, 32000, 3, 230000), 0);
    cr_expect_eq(plan_needed_ms(22080, 32000, 3, 230000), 3600000, "22.08 kW for an hour");
    cr_expect_eq(plan_needed_ms(22081, 32000, 3, 230000), 3600164, "163.04 ms more");
    cr_expect_eq(plan_needed_ms(1, 6000, 1, 230000), 2609, "2608.7 ms");
    cr_expect_eq(plan_needed_ms(1, 1000, 1, 1000), 3600000, "1 W");
}

Test(input, needed_time_of_the_largest_figures_does_not_overflow)
{
    cr_expect_eq(plan_needed_ms(PLAN_WH_MAX, 80000, 3, 1000000), 15000000000);
    cr_expect_eq(plan_needed_ms(PLAN_WH_MAX, 1, 1, 1000), 1000000000000000000, "as long as it gets");
    cr_expect_eq(plan_needed_ms(277777777, 1, 1, 1000), 999999997200000000, "just below");
    cr_expect_eq(plan_needed_ms(277777778, 1, 1, 1000), 1000000000000000000);
}
