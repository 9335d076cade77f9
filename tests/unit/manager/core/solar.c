/* Surplus and the times of solar only (spec 04 4.5). */
#include "manager/core/solar.h"

#include <criterion/criterion.h>

#include "common/base/units.h"

TestSuite(solar, .timeout = 10);

static struct manager_params params(int32_t per_phase)
{
    struct manager_params p;

    manager_params_defaults(&p);
    p.surplus_per_phase = per_phase;
    return p;
}

Test(solar, the_surplus_is_what_is_exported_beside_the_fast_wallboxes)
{
    const struct manager_params p = params(1);
    struct solar s;

    solar_init(&s);
    solar_run(&s, &p, (const int32_t[]){-9000, 2000, -500}, (const int32_t[]){1000, 0, 6000}, 0);
    cr_expect_eq(s.surplus_ma[0], 8000);
    cr_expect_eq(s.surplus_ma[1], -2000);
    cr_expect_eq(s.surplus_ma[2], -5500);
}

Test(solar, summed_one_phase_pays_for_another)
{
    const struct manager_params p = params(0);
    struct solar s;

    solar_init(&s);
    solar_run(&s, &p, (const int32_t[]){-9000, 2000, -500}, (const int32_t[]){1000, 0, 0}, 0);
    cr_expect_eq(s.surplus_ma[0], 6500);
    cr_expect_eq(s.surplus_ma[1], 0);
    cr_expect_eq(s.surplus_ma[2], 0);
}

Test(solar, a_cloud_counts_at_once_and_sunshine_when_it_lasts)
{
    const struct manager_params p = params(0);
    const int32_t none[PHASE_N] = {0};
    struct solar s;

    solar_init(&s);
    solar_run(&s, &p, (const int32_t[]){-9000, 0, 0}, none, 0);
    solar_run(&s, &p, (const int32_t[]){-3000, 0, 0}, none, 100);
    cr_expect_eq(s.surplus_ma[0], 3000);
    solar_run(&s, &p, (const int32_t[]){-9000, 0, 0}, none, 200);
    solar_run(&s, &p, (const int32_t[]){-9000, 0, 0}, none, 10199);
    cr_expect_eq(s.surplus_ma[0], 3000);
    solar_run(&s, &p, (const int32_t[]){-9000, 0, 0}, none, 10200);
    cr_expect_eq(s.surplus_ma[0], 9000);
}

Test(solar, solar_only_starts_after_a_minute_of_enough_sun)
{
    const struct manager_params p = params(0);
    struct solar_box b;

    solar_box_init(&b);
    cr_expect_eq(solar_box_mode(&b, SOLAR_ONLY), ALLOC_SOLAR_LOOK);
    solar_box_note(&b, SOLAR_ONLY, true, true, &p, 1000);
    cr_expect_eq(solar_box_next_ms(&b, &p), 61000);
    solar_box_note(&b, SOLAR_ONLY, true, false, &p, 30000);
    cr_expect_eq(solar_box_next_ms(&b, &p), MS_FOREVER, "a cloud begins the time anew");
    solar_box_note(&b, SOLAR_ONLY, true, true, &p, 31000);
    solar_box_note(&b, SOLAR_ONLY, true, true, &p, 90999);
    cr_expect_eq(solar_box_mode(&b, SOLAR_ONLY), ALLOC_SOLAR_LOOK);
    solar_box_note(&b, SOLAR_ONLY, true, true, &p, 91000);
    cr_expect_eq(solar_box_mode(&b, SOLAR_ONLY), ALLOC_SOLAR_MINIMUM);
}

Test(solar, solar_only_keeps_its_minimum_for_three_minutes_without_sun)
{
    const struct manager_params p = params(0);
    struct solar_box b;

    solar_box_init(&b);
    solar_box_adopt(&b);
    solar_box_note(&b, SOLAR_ONLY, true, false, &p, 0);
    solar_box_note(&b, SOLAR_ONLY, true, false, &p, 179999);
    cr_expect_eq(solar_box_mode(&b, SOLAR_ONLY), ALLOC_SOLAR_MINIMUM);
    solar_box_note(&b, SOLAR_ONLY, true, false, &p, 180000);
    cr_expect_eq(solar_box_mode(&b, SOLAR_ONLY), ALLOC_SOLAR_LOOK);
}

Test(solar, a_vehicle_that_wants_nothing_has_not_started)
{
    const struct manager_params p = params(0);
    struct solar_box b;

    solar_box_init(&b);
    solar_box_adopt(&b);
    solar_box_note(&b, SOLAR_ONLY, false, true, &p, 0);
    cr_expect_eq(solar_box_mode(&b, SOLAR_ONLY), ALLOC_SOLAR_LOOK);
}

Test(solar, the_other_modes_need_no_times)
{
    struct solar_box b;

    solar_box_init(&b);
    cr_expect_eq(solar_box_mode(&b, SOLAR_FAST), ALLOC_FAST);
    cr_expect_eq(solar_box_mode(&b, SOLAR_MINIMUM), ALLOC_SOLAR_MINIMUM);
}
