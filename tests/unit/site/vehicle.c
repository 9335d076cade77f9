#include <criterion/criterion.h>

#include "tests/site/vehicle.h"

TestSuite(vehicle, .timeout = 10);

/* Step in 100 ms from from_ms to to_ms, both included. */
static void steps(struct vehicle *v, int32_t pilot_ma, bool is_supplied, int64_t from_ms, int64_t to_ms)
{
    for (int64_t t = from_ms; t <= to_ms; t += 100) {
        vehicle_step(v, pilot_ma, is_supplied, t);
    }
}

static struct vehicle charging_at_16_a(void)
{
    struct vehicle v;
    struct vehicle_spec spec;
    vehicle_spec_default(&spec);
    spec.max_ma = 32000;
    vehicle_plug(&v, &spec);
    steps(&v, 16000, true, 0, 10000);
    cr_assert_eq(vehicle_draw_ma(&v), 16000);
    return v;
}

Test(vehicle, asks_one_second_after_the_first_pwm)
{
    struct vehicle v;
    struct vehicle_spec spec;
    vehicle_spec_default(&spec);
    vehicle_plug(&v, &spec);
    steps(&v, 0, false, 0, 5000);
    cr_assert(!v.asks);
    steps(&v, 6000, false, 5100, 6000);
    cr_assert(!v.asks);
    steps(&v, 6000, false, 6100, 6100);
    cr_assert(v.asks);
    cr_assert_eq(vehicle_draw_ma(&v), 0, "no supply");
}

Test(vehicle, a_pilot_below_6_a_is_no_pwm)
{
    struct vehicle v;
    struct vehicle_spec spec;
    vehicle_spec_default(&spec);
    vehicle_plug(&v, &spec);
    steps(&v, 5999, false, 0, 3000);
    cr_assert(!v.asks);
}

Test(vehicle, follows_a_lower_pilot_after_its_delay_and_not_before)
{
    struct vehicle v = charging_at_16_a();
    steps(&v, 10000, true, 10100, 11500);
    cr_assert_eq(vehicle_draw_ma(&v), 16000);
    steps(&v, 10000, true, 11600, 11600);
    cr_assert_eq(vehicle_draw_ma(&v), 10000);
}

Test(vehicle, a_pilot_that_keeps_falling_does_not_put_off_the_first_fall)
{
    struct vehicle v = charging_at_16_a();
    for (int i = 0; i <= 15; i++) {
        vehicle_step(&v, 15000 - 100 * i, true, 10100 + 100 * i);
    }
    cr_assert_eq(vehicle_draw_ma(&v), 13500);
}

Test(vehicle, follows_a_higher_pilot_after_three_seconds)
{
    struct vehicle v = charging_at_16_a();
    steps(&v, 20000, true, 10100, 13000);
    cr_assert_eq(vehicle_draw_ma(&v), 16000);
    steps(&v, 20000, true, 13100, 13100);
    cr_assert_eq(vehicle_draw_ma(&v), 20000);
}

Test(vehicle, draws_at_most_its_own_maximum)
{
    struct vehicle v = charging_at_16_a();
    steps(&v, 80000, true, 10100, 20000);
    cr_assert_eq(vehicle_draw_ma(&v), 32000);
}

Test(vehicle, an_overdrawing_one_takes_more_than_it_may)
{
    struct vehicle v = charging_at_16_a();
    v.spec.overdraw_permille = 1250;
    cr_assert_eq(vehicle_draw_ma(&v), 20000);
}

Test(vehicle, stops_and_goes_to_b_when_the_pilot_is_steady)
{
    struct vehicle v = charging_at_16_a();
    steps(&v, 0, true, 10100, 11500);
    cr_assert(v.asks);
    steps(&v, 0, true, 11600, 11600);
    cr_assert(!v.asks);
    cr_assert_eq(vehicle_draw_ma(&v), 0);
}

Test(vehicle, a_stubborn_one_stays_in_c_until_the_contactor_opens)
{
    struct vehicle v = charging_at_16_a();
    v.spec.is_stubborn = true;
    steps(&v, 0, true, 10100, 30000);
    cr_assert(v.asks);
    cr_assert_eq(vehicle_draw_ma(&v), 0);
    steps(&v, 0, false, 30100, 30100);
    cr_assert(!v.asks);
}

Test(vehicle, draws_nothing_without_supply_and_starts_anew_after)
{
    struct vehicle v = charging_at_16_a();
    steps(&v, 16000, false, 10100, 10100);
    cr_assert(v.asks);
    cr_assert_eq(vehicle_draw_ma(&v), 0);
    steps(&v, 16000, true, 10200, 13100);
    cr_assert_eq(vehicle_draw_ma(&v), 0);
    steps(&v, 16000, true, 13200, 13200);
    cr_assert_eq(vehicle_draw_ma(&v), 16000);
}

Test(vehicle, tapers_in_its_last_fifth_and_stops_when_full)
{
    struct vehicle v = charging_at_16_a();
    vehicle_feed(&v, 16000 * MWMS_PER_WH);
    cr_assert_eq(vehicle_draw_ma(&v), 16000);
    vehicle_feed(&v, 3000 * MWMS_PER_WH); /* a quarter of the last fifth is left: 8 A of 32 A */
    cr_assert(vehicle_draw_ma(&v) <= 8000 && vehicle_draw_ma(&v) > 7900);
    vehicle_feed(&v, 999 * MWMS_PER_WH);
    cr_assert_eq(vehicle_draw_ma(&v), VEHICLE_TAPER_MA);
    vehicle_feed(&v, 1 * MWMS_PER_WH);
    cr_assert(vehicle_is_full(&v));
    steps(&v, 16000, true, 10100, 10100);
    cr_assert(!v.asks);
    steps(&v, 16000, true, 10200, 60000);
    cr_assert(!v.asks, "full stays asleep");
}

Test(vehicle, one_that_needs_nothing_never_asks)
{
    struct vehicle v;
    struct vehicle_spec spec;
    vehicle_spec_default(&spec);
    spec.needed_wh = 0;
    vehicle_plug(&v, &spec);
    steps(&v, 16000, true, 0, 10000);
    cr_assert(!v.asks);
    vehicle_wake(&v, 1000);
    steps(&v, 16000, true, 10100, 10100);
    cr_assert(v.asks);
}

Test(vehicle, a_sleeping_one_asks_only_after_an_interruption_of_three_seconds)
{
    struct vehicle v;
    struct vehicle_spec spec;
    vehicle_spec_default(&spec);
    spec.is_asleep = true;
    vehicle_plug(&v, &spec);
    steps(&v, 0, false, 0, 10000); /* no PWM yet: no interruption */
    steps(&v, 16000, false, 10100, 20000);
    cr_assert(!v.asks);
    steps(&v, 0, false, 20100, 22000);
    steps(&v, 16000, false, 22100, 30000);
    cr_assert(!v.asks, "1.9 s are too short");
    steps(&v, 0, false, 30100, 33100);
    steps(&v, 16000, false, 33200, 34200);
    cr_assert(v.asks);
}
