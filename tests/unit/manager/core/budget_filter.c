#include "manager/core/budget_filter.h"

#include <criterion/criterion.h>

#include "common/base/units.h"

TestSuite(budget_filter, .timeout = 10);

static const struct budget_filter_rules rules = {.fall = 300, .rise = 300, .hold_ms = 10000};

static struct budget_filter started(int32_t at)
{
    struct budget_filter f;

    budget_filter_reset(&f);
    budget_filter_run(&f, at, at, &rules, 0);
    return f;
}

Test(budget_filter, the_first_figure_counts_as_it_is)
{
    struct budget_filter f = started(-700);

    cr_expect_eq(f.use, -700);
    cr_expect_eq(budget_filter_next_ms(&f, rules.hold_ms), MS_FOREVER);
}

Test(budget_filter, a_fall_of_the_ripple_counts_at_once_and_a_smaller_one_does_not)
{
    struct budget_filter f = started(20000);

    budget_filter_run(&f, 19701, 19701, &rules, 1);
    cr_expect_eq(f.use, 20000);
    budget_filter_run(&f, 19700, 19700, &rules, 2);
    cr_expect_eq(f.use, 19700);
}

Test(budget_filter, a_fall_that_must_last_counts_when_it_has_and_as_it_is_then)
{
    const struct budget_filter_rules slow = {.fall = 300, .rise = 300, .hold_ms = 10000, .fall_hold_ms = 1500};
    struct budget_filter f = started(20000);

    budget_filter_run(&f, 18000, 18000, &slow, 1000);
    cr_expect_eq(f.use, 20000);
    cr_expect_eq(budget_filter_next_ms(&f, slow.hold_ms), 2500);
    budget_filter_run(&f, 19900, 19900, &slow, 1500); /* not below by the ripple any more: the time begins anew */
    cr_expect_eq(budget_filter_next_ms(&f, slow.hold_ms), MS_FOREVER);
    budget_filter_run(&f, 18000, 18000, &slow, 2000);
    budget_filter_run(&f, 17000, 17000, &slow, 3499);
    cr_expect_eq(f.use, 20000);
    budget_filter_run(&f, 17500, 17500, &slow, 3500);
    cr_expect_eq(f.use, 17500);
    budget_filter_run(&f, 16000, 16000, &slow, 3600);
    budget_filter_run(&f, 16000, 16000, &rules, 3700); /* it need not last any more */
    cr_expect_eq(f.use, 16000);
}

Test(budget_filter, a_rise_counts_when_it_has_been_there_for_the_whole_time)
{
    struct budget_filter f = started(10000);

    budget_filter_run(&f, 15000, 15000, &rules, 100);
    cr_expect_eq(budget_filter_next_ms(&f, rules.hold_ms), 10100);
    budget_filter_run(&f, 15000, 15000, &rules, 10099);
    cr_expect_eq(f.use, 10000);
    budget_filter_run(&f, 15000, 15000, &rules, 10100);
    cr_expect_eq(f.use, 15000);
}

Test(budget_filter, of_a_rise_that_moved_the_smallest_figure_counts)
{
    struct budget_filter f = started(10000);

    budget_filter_run(&f, 16000, 16000, &rules, 0);
    budget_filter_run(&f, 12000, 12000, &rules, 4000);
    budget_filter_run(&f, 16000, 16000, &rules, 9000);
    budget_filter_run(&f, 16000, 16000, &rules, 10000);
    cr_expect_eq(f.use, 12000);
}

Test(budget_filter, a_dip_below_the_ripple_begins_the_time_anew)
{
    struct budget_filter f = started(10000);

    budget_filter_run(&f, 15000, 15000, &rules, 0);
    budget_filter_run(&f, 10200, 10200, &rules, 9000);
    budget_filter_run(&f, 15000, 15000, &rules, 9500);
    budget_filter_run(&f, 15000, 15000, &rules, 19499);
    cr_expect_eq(f.use, 10000);
    budget_filter_run(&f, 15000, 15000, &rules, 19500);
    cr_expect_eq(f.use, 15000);
}

Test(budget_filter, figures_at_the_ends_of_the_range_do_not_overflow)
{
    struct budget_filter f = started(INT32_MIN);

    budget_filter_run(&f, INT32_MAX, INT32_MAX, &rules, 0);
    budget_filter_run(&f, INT32_MAX, INT32_MAX, &rules, 10000);
    cr_expect_eq(f.use, INT32_MAX);
    budget_filter_run(&f, INT32_MIN, INT32_MIN, &rules, 10001);
    cr_expect_eq(f.use, INT32_MIN);
}
