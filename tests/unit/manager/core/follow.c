/* Wallboxes that do not follow: cuts that are not confirmed, vehicles that draw a little too much (spec 04 4.4, 05 5.3 S2, S3). */
#include "manager/core/core.h"

#include <criterion/criterion.h>

#include "tests/unit/manager/core/fleet_rig.h"

TestSuite(follow, .timeout = 30);

#define S 1000

static void house(struct rig *r, int32_t ma)
{
    for (int p = 0; p < PHASE_N; p++) {
        r->house_ma[p] = ma;
    }
}

/* Two vehicles share a metered phase of 40 A; client 0 does not confirm what it is told from now on. */
static void deaf_one(struct rig *r)
{
    rig_init(r, 2, 40500, true);
    rig_start(r);
    rig_client_start(r, 0, true);
    rig_client_start(r, 1, true);
    rig_run(r, 30 * S);
    cr_assert_eq(rig_offer_ma(r, 0), 20000);
    r->client[0].is_deaf = true;
}

Test(follow, an_unconfirmed_cut_is_followed_by_another_when_the_budget_goes_on_falling)
{
    struct rig r;

    deaf_one(&r);
    house(&r, 2000);
    rig_run(&r, 3 * S);
    cr_expect_lt(rig_offer_ma(&r, 0), 20000);
    house(&r, 28000);
    rig_run(&r, 3 * S);
    cr_expect_leq(rig_offer_ma(&r, 0) + rig_offer_ma(&r, 1), 12000, "%d and %d mA", (int)rig_offer_ma(&r, 0), (int)rig_offer_ma(&r, 1));
    rig_free(&r);
}

Test(follow, nothing_is_kept_for_one_that_does_not_confirm_for_a_whole_lease)
{
    struct rig r;

    deaf_one(&r);
    house(&r, 2000);
    rig_run(&r, 8 * S);
    cr_expect_gt(rig_offer_ma(&r, 0), 0);
    rig_run(&r, 40 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 0);
    cr_expect_geq(rig_offer_ma(&r, 1), 31000, "the other has it all: %d mA", (int)rig_offer_ma(&r, 1));
    rig_free(&r);
}

Test(follow, what_vehicles_draw_a_little_too_much_is_not_given_to_others)
{
    struct rig r;
    int32_t drawn_ma = 0;

    rig_init(&r, 4, 64500, true);
    rig_start(&r);
    for (uint16_t i = 0; i < 4; i++) {
        r.client[i].excess_ma = 900; /* below what counts as disobedience */
        rig_client_start(&r, i, true);
    }
    rig_run(&r, 60 * S);
    for (uint16_t i = 0; i < 4; i++) {
        drawn_ma += rig_drawn_ma(&r, i);
        cr_expect_geq(rig_offer_ma(&r, i), 14800, "nobody is punished: %d mA", (int)rig_offer_ma(&r, i));
    }
    cr_expect_leq(drawn_ma, 64300, "%d mA", (int)drawn_ma);
    rig_free(&r);
}

Test(follow, a_vehicle_known_to_draw_too_much_is_cut_to_its_minimum_even_for_little)
{
    struct rig r;

    rig_init(&r, 1, 32500, true);
    rig_start(&r);
    rig_client_start(&r, 0, true);
    rig_run(&r, 30 * S);
    r.client[0].excess_ma = 2000;
    rig_run(&r, 2 * S);
    cr_assert_eq(r.note_n[MNOTE_OVERDRAW], 1);
    r.client[0].excess_ma = 0;
    rig_run(&r, 180 * S); /* it had to stop, and rests for min_pause_ms */
    cr_assert_geq(rig_offer_ma(&r, 0), 30000, "%d mA", (int)rig_offer_ma(&r, 0));
    r.client[0].excess_ma = 900; /* another would be cut by as much */
    rig_run(&r, 2 * S);
    cr_expect_leq(rig_offer_ma(&r, 0), 6000, "%d mA", (int)rig_offer_ma(&r, 0));
    rig_free(&r);
}

Test(follow, a_raise_waits_while_the_site_is_over_its_budget_even_below_what_settles)
{
    struct rig r;
    int32_t low_ma;

    rig_init(&r, 2, 40500, true);
    rig_start(&r);
    rig_client_start(&r, 0, true);
    rig_client_start(&r, 1, true);
    rig_run(&r, 30 * S);
    house(&r, 20000);
    rig_run(&r, 2 * S);
    low_ma = rig_offer_ma(&r, 0);
    cr_assert_leq(low_ma, 10000);
    rig_client_cut(&r, 1);
    r.client[1].is_plugged = false;
    rig_run(&r, 2 * S);
    cr_expect_leq(rig_offer_ma(&r, 0), low_ma, "the cuts have not settled: the sum is above the budget");
    rig_free(&r);
}
