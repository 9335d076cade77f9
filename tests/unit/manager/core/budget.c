#include "tests/unit/manager/core/budget_site.h"

TestSuite(budget, .timeout = 10);

Test(budget, without_a_meter_the_configured_base_load_counts)
{
    add_node("grid", NODE_NONE, LIMIT_MA);
    site.node[0].base_load_ma[1] = 8000;
    start();
    cr_assert(budget_run(&b, 0));
    cr_assert_eq(b.node[0].use_ma[0], LIMIT_MA - RESERVE_MA);
    cr_assert_eq(b.node[0].use_ma[1], LIMIT_MA - RESERVE_MA - 8000);
    cr_assert_not(budget_run(&b, 1));
    cr_assert_eq(budget_next_ms(&b, 1), MS_FOREVER);
}

Test(budget, a_budget_is_never_negative_and_never_above_the_largest_current)
{
    add_node("grid", NODE_NONE, LIMIT_MA);
    add_node("big", 0, MA_MAX);
    add_meter(0, WORST_MA);
    add_meter(1, WORST_MA);
    site.node[1].reserve_ma = 0;
    start();
    metered_by(0, MA_MAX, 0);
    metered_by(1, -MA_MAX, 0);
    (void)budget_run(&b, 0);
    cr_assert_eq(use_ma(0), 0);
    cr_assert_eq(use_ma(1), MA_MAX);
}

Test(budget, a_meter_that_never_answered_is_fallback_from_the_start)
{
    start_house(2);
    cr_assert(budget_run(&b, 0));
    cr_assert_eq(b.meter[0].state, METER_NEVER);
    cr_assert(b.node[0].is_fallback);
    cr_assert_eq(use_ma(0), LIMIT_MA - RESERVE_MA - WORST_MA);
    cr_assert_eq(budget_box_cap_ma(&b, 0), METER_FALLBACK_MA, "SR-050");
    cr_assert_eq(METER_FALLBACK_MA, 10000, "SR-050");
}

Test(budget, a_single_wallbox_without_worst_base_load_has_only_its_cap)
{
    add_node("grid", NODE_NONE, LIMIT_MA);
    add_meter(0, MA_UNSET);
    add_box(0);
    start();
    (void)budget_run(&b, 0);
    cr_assert_eq(use_ma(0), LIMIT_MA - RESERVE_MA);
    cr_assert_eq(budget_box_cap_ma(&b, 0), METER_FALLBACK_MA, "SR-050");
}

Test(budget, a_meter_is_stale_exactly_at_its_time)
{
    start_house(1);
    (void)metered(5000, 1000);
    cr_assert_eq(budget_next_ms(&b, 1000), 1000 + 3000);
    cr_assert_not(budget_run(&b, 3999));
    cr_assert_eq(b.meter[0].state, METER_GOOD);
    cr_assert(budget_run(&b, 4000));
    cr_assert_eq(b.meter[0].state, METER_SILENT);
    cr_assert(b.node[0].is_fallback);
    cr_assert_eq(use_ma(0), LIMIT_MA - RESERVE_MA - WORST_MA);
    cr_assert_eq(budget_next_ms(&b, 4000), MS_FOREVER);
}

Test(budget, a_meter_that_comes_back_lifts_the_cap_at_once_and_the_budget_by_the_rise_rule)
{
    start_house(1);
    (void)budget_run(&b, 0);
    cr_assert(metered(5000, 100));
    cr_assert_eq(b.meter[0].state, METER_GOOD);
    cr_assert_eq(budget_box_cap_ma(&b, 0), MA_MAX);
    cr_assert_eq(use_ma(0), LIMIT_MA - RESERVE_MA - WORST_MA);
    for (int64_t t = 600; t <= 9600; t += 500) {
        (void)metered(5000, t);
    }
    (void)metered(5000, 10099);
    cr_assert_eq(use_ma(0), LIMIT_MA - RESERVE_MA - WORST_MA);
    cr_assert(metered(5000, 10100));
    cr_assert_eq(use_ma(0), LIMIT_MA - RESERVE_MA - 5000);
}

Test(budget, into_the_fallback_even_a_small_fall_is_passed_on)
{
    start_house(1);
    (void)metered(WORST_MA - 100, 0);
    cr_assert_eq(use_ma(0), LIMIT_MA - RESERVE_MA - WORST_MA + 100);
    (void)budget_run(&b, 3000);
    cr_assert_eq(use_ma(0), LIMIT_MA - RESERVE_MA - WORST_MA);
}

Test(budget, a_fallback_above_the_budget_in_use_is_a_rise_and_held)
{
    start_house(1);
    (void)metered(30000, 0);
    cr_assert_eq(use_ma(0), 19500);
    (void)budget_run(&b, 3000);
    cr_assert_eq(use_ma(0), 19500);
    cr_assert_eq(budget_next_ms(&b, 3000), 13000);
    (void)budget_run(&b, 13000);
    cr_assert_eq(use_ma(0), LIMIT_MA - RESERVE_MA - WORST_MA);
}

Test(budget, readings_out_of_range_are_refused_and_end_as_implausible)
{
    struct meter_sample s;

    start_house(1);
    (void)metered(5000, 0);
    s = sample_of(MA_MAX + 1, 500);
    cr_assert_eq(budget_meter_sample(&b, 0, &s, 500), RC_RANGE);
    s = sample_of(-MA_MAX - 1, 500);
    cr_assert_eq(budget_meter_sample(&b, 0, &s, 500), RC_RANGE);
    s = sample_of(5000, 500);
    s.voltage_mv[2] = 49999;
    cr_assert_eq(budget_meter_sample(&b, 0, &s, 500), RC_RANGE);
    s.voltage_mv[2] = 500001;
    cr_assert_eq(budget_meter_sample(&b, 0, &s, 500), RC_RANGE);
    s.voltage_mv[2] = -1;
    cr_assert_eq(budget_meter_sample(&b, 0, &s, 500), RC_RANGE);
    s = sample_of(5000, 500);
    s.power_w[0] = POWER_MAX_W + 1;
    cr_assert_eq(budget_meter_sample(&b, 0, &s, 500), RC_RANGE);
    s = sample_of(5000, 500);
    s.import_wh = -2;
    cr_assert_eq(budget_meter_sample(&b, 0, &s, 500), RC_RANGE);
    cr_assert_eq(b.meter[0].refused_n, 7);
    cr_assert_eq(b.meter[0].last.current_ma[0], 5000);
    cr_assert_not(budget_run(&b, 2999));
    cr_assert(budget_run(&b, 3000));
    cr_assert_eq(b.meter[0].state, METER_IMPLAUSIBLE);
    cr_assert(b.node[0].is_fallback);
    cr_assert(metered(5000, 3100));
    cr_assert_eq(b.meter[0].state, METER_GOOD);
}

Test(budget, readings_at_the_edges_of_their_range_are_taken)
{
    struct meter_sample s;

    start_house(1);
    s = sample_of(MA_MAX, 0);
    s.voltage_mv[0] = 50000;
    s.voltage_mv[1] = 500000;
    s.voltage_mv[2] = 0;
    cr_assert_eq(budget_meter_sample(&b, 0, &s, 0), RC_OK);
    s = sample_of(-MA_MAX, 1);
    cr_assert_eq(budget_meter_sample(&b, 0, &s, 1), RC_OK);
}

Test(budget, a_reading_from_the_past_or_the_future_is_refused)
{
    struct meter_sample s;

    start_house(1);
    (void)metered(5000, 10000);
    s = sample_of(6000, 9999);
    cr_assert_eq(budget_meter_sample(&b, 0, &s, 10001), RC_STALE, "taken before the last one");
    s = sample_of(6000, 10500);
    cr_assert_eq(budget_meter_sample(&b, 0, &s, 13500), RC_STALE, "meter_stale_ms old");
    cr_assert_eq(budget_meter_sample(&b, 0, &s, 13499), RC_OK);
    s = sample_of(6000, 13501);
    cr_assert_eq(budget_meter_sample(&b, 0, &s, 13500), RC_RANGE, "in the future");
}

Test(budget, a_step_of_the_house_passes_at_once_and_only_on_its_phase)
{
    struct meter_sample s;

    start_house(1);
    (void)metered(5000, 0);
    cr_assert_eq(use_ma(0), 44500);
    s = sample_of(5000, 500);
    s.current_ma[1] = 25000;
    cr_assert_eq(budget_meter_sample(&b, 0, &s, 500), RC_OK);
    cr_assert(budget_run(&b, 500));
    cr_assert_eq(b.node[0].use_ma[0], 44500);
    cr_assert_eq(b.node[0].use_ma[1], 24500);
    cr_assert_eq(b.node[0].base_ma[1], 25000);
}

Test(budget, a_ripple_moves_nothing_and_its_full_size_does)
{
    start_house(1);
    (void)metered(10000, 0);
    cr_assert_eq(use_ma(0), 39500);
    for (int k = 1; k <= 60; k++) {
        cr_assert_not(metered(k % 2 != 0 ? 10200 : 9800, k * 500));
    }
    cr_assert_not(metered(10299, 30500));
    cr_assert(metered(10300, 31000));
    cr_assert_eq(use_ma(0), 39200);
}

Test(budget, a_reserve_below_the_ripple_is_what_is_tolerated)
{
    start_house(1);
    site.node[0].reserve_ma = 100;
    (void)metered(10000, 0);
    cr_assert_not(metered(10099, 500));
    cr_assert(metered(10100, 1000));
}

Test(budget, a_rise_is_passed_on_after_it_was_held_and_to_its_smallest_value)
{
    start_house(1);
    (void)metered(20000, 0);
    cr_assert_eq(use_ma(0), 29500);
    for (int64_t t = 500; t <= 10000; t += 500) {
        (void)metered(t == 4500 ? 15000 : 10000, t);
        cr_assert_eq(use_ma(0), 29500);
    }
    cr_assert_eq(budget_next_ms(&b, 10000), 10500);
    cr_assert(metered(10000, 10500));
    cr_assert_eq(use_ma(0), 34500);
    /* the second half of the hold had the larger value throughout: it counts already */
    cr_assert_eq(budget_next_ms(&b, 10500), 13500);
    (void)metered(10000, 13000);
    cr_assert_eq(budget_next_ms(&b, 13000), 15500);
    cr_assert(metered(10000, 15500));
    cr_assert_eq(use_ma(0), 39500);
}

Test(budget, a_rise_that_is_interrupted_begins_anew)
{
    start_house(1);
    (void)metered(20000, 0);
    for (int64_t t = 500; t <= 10000; t += 500) {
        (void)metered(10000, t);
    }
    (void)metered(19900, 10400);
    for (int64_t t = 10900; t <= 20500; t += 500) {
        (void)metered(10000, t);
        cr_assert_eq(use_ma(0), 29500);
    }
    cr_assert(metered(10000, 20900));
    cr_assert_eq(use_ma(0), 39500);
}

Test(budget, without_a_hold_a_rise_is_passed_on_at_once)
{
    start_house(1);
    params.rise_hold_ms = 0;
    (void)metered(20000, 0);
    cr_assert(metered(10000, 1));
    cr_assert_eq(use_ma(0), 39500);
}

Test(budget, export_is_credited_to_450_permille_of_the_limit)
{
    start_house(1);
    (void)metered(-22499, 0);
    cr_assert_eq(use_ma(0), LIMIT_MA - RESERVE_MA + 22499);
    budget_init(&b, &site, &params);
    (void)metered(-30000, 0);
    cr_assert_eq(use_ma(0), LIMIT_MA - RESERVE_MA + 22500);
    cr_assert_eq(b.node[0].base_ma[0], -30000);
    params.export_credit_permille = 0;
    budget_init(&b, &site, &params);
    (void)metered(-30000, 0);
    cr_assert_eq(use_ma(0), LIMIT_MA - RESERVE_MA);
}

Test(budget, two_nested_metered_nodes_each_have_their_own_base_load)
{
    add_node("grid", NODE_NONE, 100000);
    add_node("hall", 0, 40000);
    add_meter(0, WORST_MA);
    add_meter(1, 5000);
    add_box(0);
    add_box(1);
    start();
    drawn(0, 10000, 0);
    drawn(1, 16000, 0);
    metered_by(0, 50000, 0);
    metered_by(1, 18000, 0);
    (void)budget_run(&b, 0);
    cr_assert_eq(b.node[0].base_ma[0], 24000);
    cr_assert_eq(b.node[1].base_ma[0], 2000);
    cr_assert_eq(use_ma(0), 75500);
    cr_assert_eq(use_ma(1), 37500);
}

Test(budget, a_meter_lost_below_the_root_touches_only_its_subtree)
{
    add_node("grid", NODE_NONE, 100000);
    add_node("hall", 0, 40000);
    add_node("row", 1, 32000);
    add_meter(0, WORST_MA);
    add_meter(1, 5000);
    add_box(0);
    add_box(1);
    add_box(2);
    start();
    metered_by(0, 10000, 0);
    metered_by(1, 2000, 0);
    (void)budget_run(&b, 0);
    metered_by(0, 10000, 2500);
    cr_assert(budget_run(&b, 3000));
    cr_assert_not(b.node[0].is_fallback);
    cr_assert(b.node[1].is_fallback);
    cr_assert_not(b.node[2].is_fallback);
    cr_assert_eq(use_ma(0), 89500);
    cr_assert_eq(use_ma(1), 34500);
    cr_assert_eq(use_ma(2), 31500);
    cr_assert_eq(budget_box_cap_ma(&b, 0), MA_MAX);
    cr_assert_eq(budget_box_cap_ma(&b, 1), METER_FALLBACK_MA, "SR-050");
    cr_assert_eq(budget_box_cap_ma(&b, 2), METER_FALLBACK_MA, "SR-050");
}

Test(budget, a_meter_lost_at_the_root_holds_every_wallbox)
{
    add_node("grid", NODE_NONE, 100000);
    add_node("hall", 0, 40000);
    add_meter(0, WORST_MA);
    add_meter(1, 5000);
    add_box(1);
    start();
    metered_by(1, 2000, 0);
    (void)budget_run(&b, 0);
    cr_assert(b.node[0].is_fallback);
    cr_assert_not(b.node[1].is_fallback);
    cr_assert_eq(budget_box_cap_ma(&b, 0), METER_FALLBACK_MA, "SR-050");
}

Test(budget, a_node_without_a_meter_has_at_least_the_base_loads_of_its_children)
{
    add_node("grid", NODE_NONE, 100000);
    add_node("a", 0, LIMIT_MA);
    add_node("b", 0, LIMIT_MA);
    add_node("c", 0, LIMIT_MA);
    add_meter(1, 0);
    add_meter(2, 0);
    site.node[0].base_load_ma[1] = 4000;
    site.node[3].base_load_ma[1] = 1000;
    start();
    metered_by(0, 3000, 0);
    metered_by(1, -9000, 0); /* export below one child does not pay for the load of another */
    (void)budget_run(&b, 0);
    cr_assert_eq(b.node[0].base_ma[0], 3000);
    cr_assert_eq(b.node[0].base_ma[1], 4000);
    metered_by(0, 5000, 100);
    (void)budget_run(&b, 100);
    cr_assert_eq(b.node[0].base_ma[1], 6000);
    cr_assert_eq(use_ma(0), 93500);
}

Test(budget, a_lost_child_counts_at_its_worst_base_load_in_its_parent)
{
    add_node("grid", NODE_NONE, 100000);
    add_node("a", 0, LIMIT_MA);
    add_meter(1, 7000);
    start();
    (void)budget_run(&b, 0);
    cr_assert_eq(b.node[0].base_ma[0], 7000);
}

Test(budget, a_solar_meter_makes_no_budget_but_its_state_is_kept)
{
    add_node("grid", NODE_NONE, LIMIT_MA);
    site.meter[site.meter_n++] = (struct site_meter){.node = 0, .role = METER_SOLAR, .phases = PHASES_L1_L2_L3};
    start();
    (void)budget_run(&b, 0);
    cr_assert_not(b.node[0].is_fallback);
    cr_assert(metered(-20000, 100));
    cr_assert_eq(b.meter[0].state, METER_GOOD);
    cr_assert_eq(use_ma(0), LIMIT_MA - RESERVE_MA);
    cr_assert_eq(budget_next_ms(&b, 100), 3100);
    cr_assert(budget_run(&b, 3100));
    cr_assert_eq(b.meter[0].state, METER_SILENT);
}
