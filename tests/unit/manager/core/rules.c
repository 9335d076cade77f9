/* Rules beside the limits in the running core: schedules, the grid operator, watts, sunshine, imbalance (spec 04 4.2, 4.5). */
#include <criterion/criterion.h>

#include "common/base/units.h"
#include "tests/unit/manager/core/fleet_rig.h"

TestSuite(rules, .timeout = 30);

#define S 1000
#define MINUTE 60000

/* A site of wallboxes that have been charging for half a minute. */
static void charging(struct rig *r, uint16_t n)
{
    rig_start(r);
    for (uint16_t i = 0; i < n; i++) {
        rig_client_start(r, i, true);
    }
    rig_run(r, 30 * S);
}

static void dim(struct rig *r, int32_t limit_w, int64_t length_ms)
{
    struct mev e = {.kind = MEV_DIMMING, .dimming = {.limit = schedule_none(), .length_ms = length_ms}};

    e.dimming.limit.limit_w = limit_w;
    rig_feed(r, &e);
}

static void set_clock(struct rig *r, int64_t utc_ms, int64_t local_offset_ms)
{
    struct mev e = {.kind = MEV_CLOCK, .clock = {.utc_ms = utc_ms, .wall.offset_ms = local_offset_ms}};

    rig_feed(r, &e);
}

Test(rules, a_window_of_the_wall_clock_lowers_and_lifts_by_itself)
{
    struct rig r;

    rig_init(&r, 2, 32000, false);
    r.site.window_n = 1;
    r.site.window[0] = (struct site_window){.days = 127, .from_min = 720, .to_min = 721, .limit_ma = {20000, 20000, 20000}};
    charging(&r, 2);
    set_clock(&r, INT64_C(1700000000000) / 86400000 * 86400000 + 660 * MINUTE - 5 * S, 60 * MINUTE); /* 5 s to noon on the wall */
    rig_run(&r, 4 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 16000);
    rig_run(&r, 3 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 10000);
    cr_expect_eq(rig_view(&r)->box[0].reason, REASON_SCHEDULE);
    rig_run(&r, MINUTE + 10 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 16000);
    rig_free(&r);
}

Test(rules, the_grid_operator_dims_the_site_within_a_second_and_for_so_long_as_he_said)
{
    struct rig r;

    rig_init(&r, 2, 32000, false);
    charging(&r, 2);
    dim(&r, 4200 * 2, 60 * S); /* 12.1 A on three phases */
    rig_run(&r, S);
    cr_expect_eq(rig_offer_ma(&r, 0) + rig_offer_ma(&r, 1), 12100, "one step of three phases is 69 W");
    cr_expect_eq(rig_view(&r)->box[0].reason, REASON_SCHEDULE);
    rig_run(&r, 58 * S);
    cr_expect_lt(rig_offer_ma(&r, 0), 7000);
    rig_run(&r, 20 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 16000);
    rig_free(&r);
}

Test(rules, a_dimming_can_be_lifted_before_its_time)
{
    struct rig r;

    rig_init(&r, 1, 32000, false);
    charging(&r, 1);
    dim(&r, 4200, MS_FOREVER);
    rig_run(&r, 10 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 6000);
    dim(&r, 0, MS_FOREVER);
    rig_run(&r, 10 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 32000);
    rig_free(&r);
}

Test(rules, a_raise_waits_for_the_watts_of_the_one_that_was_cut)
{
    struct rig r;

    rig_init(&r, 2, 32000, false);
    r.site.node[0].limit_w = 22080; /* 32 A on three phases */
    rig_start(&r);
    rig_client_start(&r, 0, true);
    rig_run(&r, 10 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 32000);
    rig_client_start(&r, 1, true);
    rig_run(&r, 5 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 16000);
    cr_expect_eq(rig_offer_ma(&r, 1), 0, "the first may still be drawing what it had");
    rig_run(&r, 10 * S);
    cr_expect_eq(rig_offer_ma(&r, 1), 16000);
    rig_free(&r);
}

Test(rules, solar_with_minimum_charges_at_once_and_rises_with_the_sun)
{
    struct rig r;

    rig_init(&r, 1, 63000, true);
    r.site.box[0].mode = SOLAR_MINIMUM;
    charging(&r, 1);
    cr_expect_eq(rig_offer_ma(&r, 0), 6000);
    cr_expect_eq(rig_view(&r)->box[0].reason, REASON_SOLAR);
    for (int p = 0; p < PHASE_N; p++) {
        r.house_ma[p] = -10000;
    }
    rig_run(&r, 30 * S);
    cr_expect_geq(rig_offer_ma(&r, 0), 9600);
    cr_expect_leq(rig_offer_ma(&r, 0), 10000);
    rig_free(&r);
}

Test(rules, solar_only_starts_with_the_sun_and_stops_three_minutes_after_it)
{
    struct rig r;

    rig_init(&r, 1, 63000, true);
    r.site.box[0].mode = SOLAR_ONLY;
    charging(&r, 1);
    cr_expect_eq(rig_offer_ma(&r, 0), 0);
    cr_expect_eq(rig_view(&r)->box[0].reason, REASON_SOLAR);
    for (int p = 0; p < PHASE_N; p++) {
        r.house_ma[p] = -10000;
    }
    rig_run(&r, 60 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 0, "a minute of sun has not passed since the meter showed it");
    rig_run(&r, 30 * S);
    cr_expect_geq(rig_offer_ma(&r, 0), 9600);
    for (int p = 0; p < PHASE_N; p++) {
        r.house_ma[p] = 2000;
    }
    rig_run(&r, 170 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 6000);
    rig_run(&r, 20 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 0);
    rig_free(&r);
}

Test(rules, solar_only_that_was_charging_goes_on_after_a_restart_of_the_manager)
{
    struct rig r;

    rig_init(&r, 1, 63000, true);
    r.site.box[0].mode = SOLAR_ONLY;
    for (int p = 0; p < PHASE_N; p++) {
        r.house_ma[p] = -10000;
    }
    charging(&r, 1);
    rig_run(&r, 90 * S);
    cr_expect_geq(rig_offer_ma(&r, 0), 9600);
    rig_start(&r);
    rig_client_start(&r, 0, true);
    for (int i = 0; i < 40; i++) {
        rig_run(&r, S);
        cr_assert_geq(rig_offer_ma(&r, 0), 6000);
    }
    rig_free(&r);
}

Test(rules, one_phase_vehicles_may_exceed_each_other_by_the_imbalance_only)
{
    struct rig r;

    rig_init(&r, 2, 63000, false);
    r.site.node[0].max_imbalance_ma = 20000;
    for (uint16_t i = 0; i < 2; i++) {
        r.site.box[i].phases = i == 0 ? PHASES_L1 : PHASES_L2;
        r.client[i].terminals = PHASE_BIT(0);
    }
    charging(&r, 2);
    cr_expect_eq(rig_offer_ma(&r, 0), 20000);
    cr_expect_eq(rig_offer_ma(&r, 1), 20000);
    cr_expect_eq(rig_view(&r)->box[0].reason, REASON_IMBALANCE);
    rig_free(&r);
}
