#include "client/core/limit.h"

#include <criterion/criterion.h>

#include "common/base/units.h"

TestSuite(limit, .timeout = 10);

static struct limit_in wide(void)
{
    return (struct limit_in){.rated_ma = 32000, .derated_ma = LIMIT_NONE_MA, .local_ma = LIMIT_NONE_MA, .min_ma = 6000};
}

Test(limit, the_lowest_wins_and_is_named_SR_047)
{
    struct limit_in in = wide();

    cr_expect_eq(limit_own(&in).ma, 32000);
    cr_expect_eq(limit_own(&in).by, LIMIT_RATED);
    in.cable_ma = 20000;
    cr_expect_eq(limit_own(&in).ma, 20000);
    cr_expect_eq(limit_own(&in).by, LIMIT_CABLE);
    in.derated_ma = 13000;
    cr_expect_eq(limit_own(&in).by, LIMIT_DERATING);
    in.local_ma = 8000;
    cr_expect_eq(limit_own(&in).ma, 8000);
    cr_expect_eq(limit_own(&in).by, LIMIT_LOCAL);
}

Test(limit, a_cable_that_is_not_coded_does_not_limit)
{
    struct limit_in in = wide();

    in.cable_ma = 0;
    cr_expect_eq(limit_own(&in).ma, 32000);
}

Test(limit, all_rated_steps_of_SR_204)
{
    static const int32_t steps[] = {0, 6000, 10000, 12000, 16000, 20000, 24000, 32000};

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct limit_in in = wide();

        in.rated_ma = steps[i];
        cr_expect_eq(limit_own(&in).ma, steps[i]);
    }
}

Test(limit, below_the_minimum_is_nothing)
{
    struct limit_in in = wide();

    in.cable_ma = 5999;
    cr_expect_eq(limit_own(&in).ma, 0);
    cr_expect_eq(limit_own(&in).by, LIMIT_CABLE);
    in.cable_ma = 6000;
    cr_expect_eq(limit_own(&in).ma, 6000);
}

Test(limit, a_grant_limits_when_it_is_not_above_the_own_limit)
{
    struct limit own = {.ma = 16000, .by = LIMIT_CABLE};

    cr_expect_eq(limit_with(own, 16001, LIMIT_GRANT, 6000).by, LIMIT_CABLE);
    cr_expect_eq(limit_with(own, 16001, LIMIT_GRANT, 6000).ma, 16000);
    cr_expect_eq(limit_with(own, 16000, LIMIT_GRANT, 6000).by, LIMIT_GRANT);
    cr_expect_eq(limit_with(own, 6000, LIMIT_FALLBACK, 6000).ma, 6000);
    cr_expect_eq(limit_with(own, 5999, LIMIT_FALLBACK, 6000).ma, 0);
    cr_expect_eq(limit_with(own, 0, LIMIT_FALLBACK, 6000).by, LIMIT_FALLBACK);
}

Test(limit, heat_reduces_the_current_in_whole_amperes_down_to_the_minimum_SR_045)
{
    int32_t last_ma = LIMIT_NONE_MA;

    cr_expect_eq(limit_derated_ma(32000, 6000, LIMIT_DERATE_MDEGC), LIMIT_NONE_MA);
    cr_expect_eq(limit_derated_ma(32000, 6000, LIMIT_DERATE_MDEGC + 1), 31000);
    cr_expect_eq(limit_derated_ma(32000, 6000, LIMIT_SHUTOFF_MDEGC), 6000);
    cr_expect_eq(limit_derated_ma(32000, 6000, 200000), 6000);
    cr_expect_eq(limit_derated_ma(32000, 6000, -60000), LIMIT_NONE_MA);
    cr_expect_eq(limit_derated_ma(0, 6000, 80000), LIMIT_NONE_MA);
    for (int32_t t = LIMIT_DERATE_MDEGC + 1; t <= LIMIT_SHUTOFF_MDEGC; t += 10) {
        int32_t ma = limit_derated_ma(32000, 6000, t);

        cr_assert_leq(ma, last_ma);
        cr_assert_eq(ma % 1000, 0);
        last_ma = ma;
    }
}
