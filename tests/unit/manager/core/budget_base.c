#include "manager/core/budget_base.h"
#include "tests/unit/manager/core/budget_site.h"

TestSuite(budget_base, .timeout = 10);

/* A vehicle of 16 A ramps in 1.6 s, its wallbox reports five times a second, the meter shows what was one second ago. */
static int32_t ramp_ma(int64_t t, bool is_up)
{
    int32_t done_ma = clamp_i32((int32_t)(t - 5000) * 10, 0, 16000);

    return is_up ? done_ma : 16000 - done_ma;
}

static void run_ramp(bool is_up)
{
    start_house(1);
    for (int64_t t = 0; t <= 30000; t += 100) {
        if (t % 200 == 0) {
            drawn(0, ramp_ma(t, is_up), t);
        }
        if (t % 500 == 0) {
            metered_by(0, 10000 + ramp_ma(t - 1000, is_up), t);
        }
        (void)budget_run(&b, t);
        cr_assert_eq(use_ma(0), 39500, "at %lld ms: %d", (long long)t, use_ma(0));
    }
    cr_assert_eq(b.node[0].base_ma[0], 10000);
}

Test(budget_base, a_vehicle_that_ramps_up_does_not_look_like_house_load)
{
    run_ramp(true);
}

Test(budget_base, a_vehicle_that_ramps_down_does_not_look_like_house_load)
{
    run_ramp(false);
}

Test(budget_base, a_step_of_the_house_during_a_ramp_down_is_seen_when_the_meter_is_above_the_limit)
{
    start_house(1);
    drawn(0, 30000, 0);
    (void)metered(40000, 0);
    cr_assert_eq(use_ma(0), 39500);
    drawn(0, 20000, 400);
    (void)metered(49500, 500); /* exactly limit - reserve: the low estimate still counts, 49.5 - 30 */
    cr_assert_eq(use_ma(0), 30000);
    (void)metered(49501, 600); /* above: the high one, 49.501 - 20 */
    cr_assert_eq(use_ma(0), 19999);
}

Test(budget_base, a_high_estimate_that_lasts_longer_than_the_window_counts)
{
    start_house(1);
    drawn(0, 16000, 0);
    (void)metered(26000, 0);
    cr_assert_eq(use_ma(0), 39500);
    /* the meter does not move on although the vehicle has stopped; its reading stays at the same moment */
    drawn(0, 0, 100);
    (void)budget_run(&b, 100);
    cr_assert_eq(use_ma(0), 39500);
    cr_assert_eq(budget_next_ms(&b, 100), 100 + 1500 + 1);
    (void)budget_run(&b, 1600);
    cr_assert_eq(use_ma(0), 39500);
    cr_assert(budget_run(&b, 1601));
    cr_assert_eq(use_ma(0), 23500);
}

/* Two vehicles whose currents always move a little against each other: the distance of the two estimates never closes. */
Test(budget_base, flicker_of_vehicles_does_not_open_the_door_for_a_ramp)
{
    start_house(2);
    for (int64_t t = 0; t <= 20000; t += 100) {
        bool is_odd = t % 200 != 0;

        drawn(0, t >= 10000 ? 0 : (is_odd ? 15500 : 16000), t);
        drawn(1, is_odd ? 16000 : 15500, t);
        if (t % 500 == 0) {
            metered_by(0, 10000 + (t < 11000 ? 31500 : 15750), t);
        }
        (void)budget_run(&b, t);
        cr_assert_geq(use_ma(0), 38900, "at %lld ms: %d", (long long)t, use_ma(0));
    }
}

/* Read again and again with the same registers, while the wallboxes rise: they are not taken for a house that gives as much. */
Test(budget_base, a_meter_that_stands_still_makes_no_room_for_wallboxes_that_rise)
{
    struct meter_sample sample = {.current_ma = {10000, 10000, 10000}, .import_wh = -1, .export_wh = -1, .digest = 1};

    start_house(1);
    params.rise_hold_ms = 4000; /* less than it takes to find that the meter is frozen */
    for (int64_t t = 0; t < 9500; t += 500) {
        drawn(0, t < 2000 ? 0 : 30000, t);
        sample.taken_ms = t;
        cr_assert_eq(budget_meter_sample(&b, 0, &sample, t), RC_OK);
        (void)budget_run(&b, t);
        cr_assert_eq(use_ma(0), 39500, "at %lld ms: %d", (long long)t, use_ma(0));
    }
}

/* As after a manager that stood still: its wallboxes have stopped meanwhile, and nobody has told. */
Test(budget_base, what_no_wallbox_has_confirmed_lately_is_no_room)
{
    start_house(1);
    drawn(0, 30000, 0);
    (void)metered(40000, 0);
    cr_assert_eq(use_ma(0), 39500);
    for (int64_t t = 3000; t < 20000; t += 500) {
        metered_by(0, 10000, t);
        (void)budget_run(&b, t);
        cr_assert_eq(use_ma(0), 39500, "at %lld ms: %d", (long long)t, use_ma(0));
    }
}

/* Nobody looked while a rise was held back: it was not there throughout. */
Test(budget_base, a_rise_that_was_held_before_a_gap_begins_anew)
{
    start_house(1);
    (void)metered(30000, 0);
    cr_assert_eq(use_ma(0), 19500);
    (void)metered(10000, 500);
    budget_gap(&b);
    (void)metered(10000, 500 + b.params->rise_hold_ms);
    cr_expect_eq(use_ma(0), 19500);
    (void)metered(10000, 500 + 2 * b.params->rise_hold_ms);
    cr_expect_eq(use_ma(0), 39500);
}

Test(budget_base, a_silent_wallbox_subtracts_nothing)
{
    start_house(2);
    drawn(0, 10000, 0);
    drawn(1, 10000, 0);
    (void)metered(25000, 0);
    cr_assert_eq(use_ma(0), 44500);
    budget_box_silent(&b, 1);
    cr_assert(budget_run(&b, 100));
    cr_assert_eq(use_ma(0), 34500);
    drawn(1, 10000, 50); /* older figures than before are welcome again after a silence */
    (void)budget_run(&b, 200);
    cr_assert_eq(b.node[0].true_ma[0], 44500);
}

Test(budget_base, an_older_figure_of_a_wallbox_is_ignored_and_values_are_clamped)
{
    start_house(1);
    drawn(0, 10000, 1000);
    drawn(0, 5000, 999);
    cr_assert_eq(b.box[0].newest.ma[0], 10000);
    drawn(0, -5, 1000);
    cr_assert_eq(b.box[0].newest.ma[0], 0);
    drawn(0, MA_MAX + 1, 1001);
    cr_assert_eq(b.box[0].newest.ma[0], MA_MAX);
}

Test(budget_base, a_flood_of_figures_keeps_the_longest_window_and_no_more)
{
    start_house(1);
    site.meter[0].lag_ms = 10000;
    drawn(0, 16000, 1000);
    for (int64_t t = 1010; t <= 11500; t += 10) {
        drawn(0, 0, t);
    }
    (void)metered(26000, 11500); /* 10.5 s after the 16 A: still in the window */
    cr_assert_eq(b.node[0].base_ma[0], 10000);
    for (int64_t t = 11510; t <= 11700; t += 10) {
        drawn(0, 0, t);
    }
    (void)metered(26000, 11700);
    cr_assert_eq(b.node[0].base_ma[0], 26000);
}

Test(budget_base, a_full_site_sums_up_without_overflow)
{
    add_node("grid", NODE_NONE, MA_MAX);
    add_meter(0, 0);
    for (int i = 0; i < BOX_MAX; i++) {
        add_box(0);
    }
    start();
    for (uint16_t i = 0; i < BOX_MAX; i++) {
        drawn(i, MA_MAX, 0);
    }
    (void)metered(-MA_MAX, 0);
    cr_assert_eq(b.node[0].base_ma[0], -MA_MAX - BOX_MAX * MA_MAX);
    cr_assert_eq(use_ma(0), MA_MAX);
}

Test(budget_base, what_a_wallbox_drew_after_the_meter_was_read_the_meter_has_not_seen)
{
    start_house(1);
    drawn(0, 30000, 0);
    (void)metered(60000, 500); /* the house has risen to 30 A */
    cr_assert_eq(use_ma(0), 19500);
    drawn(0, 19500, 700); /* the cut is done, the meter's next reading is still to come */
    (void)budget_run(&b, 750);
    cr_assert_eq(use_ma(0), 19500, "not cut a second time for the same rise: %d", use_ma(0));
    (void)metered(49500, 1000);
    cr_assert_eq(use_ma(0), 19500);
}

Test(budget_base, an_old_figure_of_a_wallbox_is_not_held_against_the_meter)
{
    struct meter_watch_own own;

    start_house(1);
    drawn(0, 16000, 1000);
    budget_own_below(&b, 0, 3500, &own);
    cr_expect_eq(own.heard_n, 1);
    cr_expect_eq(own.ma[0], 16000);
    budget_own_below(&b, 0, 3501, &own);
    cr_expect_eq(own.heard_n, 0);
    cr_expect_eq(own.ma[0], 0);
}

/* It may have stopped, or go on: no cut because it is base load as well, no raise because it is gone. */
Test(budget_base, a_paused_wallbox_moves_no_budget_until_it_is_silent)
{
    start_house(2);
    drawn(0, 10000, 0);
    drawn(1, 10000, 0);
    (void)metered(30000, 0);
    cr_assert_eq(use_ma(0), 39500);
    budget_box_paused(&b, 1);
    for (int64_t t = 500; t <= 5000; t += 500) {
        drawn(0, 10000, t);
        cr_expect_not(metered(30000, t), "it draws on");
    }
    for (int64_t t = 5500; t <= 30000; t += 500) {
        drawn(0, 10000, t);
        cr_expect_not(metered(20000, t), "it has stopped");
    }
    budget_box_silent(&b, 1);
    (void)metered(30000, 30500);
    cr_expect_eq(use_ma(0), 29500, "it is base load");
}
