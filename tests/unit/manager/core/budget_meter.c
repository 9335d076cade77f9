#include "tests/unit/manager/core/budget_site.h"

TestSuite(budget_meter, .timeout = 10);

Test(budget_meter, a_meter_that_falls_silent_says_so_and_the_bus_knows_better)
{
    start_house(1);
    (void)metered(5000, 1000);
    cr_assert_eq(b.meter[0].doubt, DOUBT_NONE);
    (void)budget_run(&b, 4000);
    cr_assert_eq(b.meter[0].state, METER_SILENT);
    cr_assert_eq(b.meter[0].doubt, DOUBT_SILENT);
    budget_meter_trouble(&b, 0, DOUBT_REFUSED);
    cr_assert_eq(b.meter[0].doubt, DOUBT_REFUSED);
    cr_assert_eq(b.meter[0].state, METER_SILENT);
    budget_meter_trouble(&b, 0, DOUBT_NONE);
    (void)metered(5000, 5000);
    cr_assert_eq(b.meter[0].state, METER_GOOD);
    cr_assert_eq(b.meter[0].doubt, DOUBT_NONE);
}

Test(budget_meter, trouble_alone_loses_no_meter_before_its_time)
{
    start_house(1);
    budget_meter_trouble(&b, 0, DOUBT_VALUES);
    cr_assert_eq(b.meter[0].state, METER_NEVER, "the cycle still waits for it");
    cr_assert_eq(b.meter[0].doubt, DOUBT_VALUES);
    budget_meter_trouble(&b, 0, DOUBT_NONE);
    (void)metered(5000, 1000);
    budget_meter_trouble(&b, 0, DOUBT_VALUES);
    (void)budget_run(&b, 3999);
    cr_assert_eq(b.meter[0].state, METER_GOOD);
    (void)budget_run(&b, 4000);
    cr_assert_eq(b.meter[0].state, METER_IMPLAUSIBLE);
    cr_assert_eq(b.meter[0].doubt, DOUBT_VALUES);
}

Test(budget_meter, phases_that_do_not_add_up_for_a_moment_are_overlooked_and_for_long_lose_the_meter)
{
    struct meter_sample s = sample_of(5000, 1500);

    start_house(1);
    (void)metered(5000, 1000);
    s.current_set = PHASE_ALL;
    s.power_set = PHASE_ALL | METER_POWER_TOTAL;
    s.power_total_w = 5000;
    cr_assert_eq(budget_meter_sample(&b, 0, &s, 1500), RC_RANGE);
    (void)budget_run(&b, 1500);
    cr_assert_eq(b.meter[0].state, METER_GOOD);
    (void)budget_run(&b, 4000);
    cr_assert_eq(b.meter[0].state, METER_IMPLAUSIBLE);
    cr_assert_eq(b.meter[0].doubt, DOUBT_SUM);
    (void)metered(5000, 4500);
    cr_assert_eq(b.meter[0].state, METER_GOOD);
}

Test(budget_meter, a_frozen_meter_is_lost_at_once_and_back_when_it_moves)
{
    int64_t now_ms = 1000;
    struct meter_sample s = sample_of(5000, 0);
    enum rc rc = RC_OK;

    start_house(1);
    s.voltage_step_mv = 1;
    s.digest = 7;
    for (; now_ms < 61000 && rc == RC_OK; now_ms += 500) {
        s.taken_ms = now_ms;
        rc = budget_meter_sample(&b, 0, &s, now_ms);
        (void)budget_run(&b, now_ms);
    }
    cr_assert_eq(b.meter[0].state, METER_GOOD);
    s.taken_ms = now_ms;
    cr_assert_eq(budget_meter_sample(&b, 0, &s, now_ms), RC_RANGE);
    cr_assert_eq(b.meter[0].state, METER_IMPLAUSIBLE);
    cr_assert_eq(b.meter[0].doubt, DOUBT_FROZEN);
    cr_assert(budget_run(&b, now_ms));
    cr_assert(b.node[0].is_fallback);
    s.taken_ms = now_ms + 500;
    s.digest = 8;
    cr_assert_eq(budget_meter_sample(&b, 0, &s, now_ms + 500), RC_OK);
    cr_assert_eq(b.meter[0].state, METER_GOOD);
}

/* One wallbox starts to draw 10 A on all phases; the meter shows `factor` times what it draws. */
static void step(int factor, enum meter_state state)
{
    start_house(2);
    drawn(1, 0, 500);
    for (int64_t now_ms = 1000; now_ms < 12000; now_ms += 500) {
        int32_t own_ma = now_ms < 6000 ? 0 : 10000;
        struct meter_sample s = sample_of(4000 + factor * (now_ms < 6500 ? 0 : 10000), now_ms);

        drawn(0, own_ma, now_ms);
        rc_ignore(budget_meter_sample(&b, 0, &s, now_ms)); /* refused or not: the state tells */
        (void)budget_run(&b, now_ms);
    }
    cr_assert_eq(b.meter[0].state, state);
}

Test(budget_meter, a_meter_that_moves_with_the_wallboxes_is_believed)
{
    step(1, METER_GOOD);
    cr_assert_eq(b.meter[0].watch.wiring.state, WIRING_AGREES);
}

Test(budget_meter, a_meter_that_moves_against_the_wallboxes_is_not_and_the_fallback_holds)
{
    step(-1, METER_IMPLAUSIBLE);
    cr_assert_eq(b.meter[0].doubt, DOUBT_SIGN);
    cr_assert(b.node[0].is_fallback);
    cr_assert_eq(budget_box_cap_ma(&b, 0), METER_FALLBACK_MA);
}

Test(budget_meter, a_solar_meter_is_not_compared_with_wallboxes)
{
    start_house(1);
    site.meter[0].role = METER_SOLAR;
    for (int64_t now_ms = 1000; now_ms < 12000; now_ms += 500) {
        struct meter_sample s = sample_of(now_ms < 6500 ? 0 : -10000, now_ms);

        drawn(0, now_ms < 6000 ? 0 : 10000, now_ms);
        cr_assert_eq(budget_meter_sample(&b, 0, &s, now_ms), RC_OK);
    }
}
