#include "client/core/health.h"

#include <criterion/criterion.h>

#include "client/core/limit.h"
#include "common/base/units.h"

TestSuite(health, .timeout = 10);

static struct board_sample calm(void)
{
    return (struct board_sample){.pilot = PILOT_B2, .pilot_ma = 16000, .voltage_mv = {230000, 230000, 230000}, .temperature_mdegc = 25000};
}

static struct health_in looking_at(const struct board_sample *s)
{
    return (struct health_in){.sample = s, .is_fresh = true, .has_command = true, .is_applied = true, .has_clock = true, .offered_ma = 16000, .wired_n = 3};
}

/* When a fault appears while everything stays as it is, looked at every 100 ms; MS_FOREVER never. */
static int64_t appears_ms(struct health *h, const struct health_in *in, uint16_t code, int64_t from_ms)
{
    for (int64_t t = from_ms; t <= from_ms + 100000; t += 100) {
        health_step(h, in, t);
        if (health_has(h, code, t)) {
            return t - from_ms;
        }
    }
    return MS_FOREVER;
}

/* SR-225: 160 V..280 V. */
Test(health, a_voltage_outside_its_window_is_a_fault_after_half_a_second_and_good_again_after_two)
{
    static const struct {
        int32_t mv;
        bool is_bad;
    } rows[] = {{159999, true}, {160000, false}, {280000, false}, {280001, true}, {0, true}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct board_sample s = calm();
        struct health_in in = looking_at(&s);
        struct health h;

        health_init(&h, 0);
        s.voltage_mv[2] = rows[i].mv;
        cr_expect_eq(appears_ms(&h, &in, CFAULT_VOLTAGE, 1000), rows[i].is_bad ? HEALTH_VOLT_MS : MS_FOREVER, "%d", rows[i].mv);
    }
}

Test(health, only_wired_terminals_and_boards_that_measure_are_judged)
{
    struct board_sample s = calm();
    struct health_in in = looking_at(&s);
    struct health h;

    health_init(&h, 0);
    s.voltage_mv[1] = s.voltage_mv[2] = 0;
    in.wired_n = 1;
    cr_expect_eq(appears_ms(&h, &in, CFAULT_VOLTAGE, 0), MS_FOREVER); /* SR-022: one phase */
    s.voltage_mv[0] = 0;
    s.no_voltage = true;
    cr_expect_eq(appears_ms(&h, &in, CFAULT_VOLTAGE, 200000), MS_FOREVER);
    s.no_voltage = false;
    cr_expect_eq(appears_ms(&h, &in, CFAULT_VOLTAGE, 400000), HEALTH_VOLT_MS);
    s.voltage_mv[0] = 164999; /* inside, but not by enough to be sure */
    health_step(&h, &in, 500000);
    health_step(&h, &in, 510000);
    cr_expect(h.bad_voltage);
    s.voltage_mv[0] = 165000;
    health_step(&h, &in, 520000);
    health_step(&h, &in, 521999);
    cr_expect(h.bad_voltage);
    cr_expect_eq(health_next_ms(&h, 521999), 522000);
    health_step(&h, &in, 522000);
    cr_expect_not(h.bad_voltage);
}

Test(health, a_contactor_that_does_not_close_is_8001_after_1_s_SR_224)
{
    struct board_sample s = calm();
    struct health_in in = looking_at(&s);
    struct health h;

    health_init(&h, 0);
    in.wants_closed = true;
    cr_expect_eq(appears_ms(&h, &in, CFAULT_NO_CONTACT, 0), HEALTH_CONTACT_MS);
    in.wants_closed = false; /* what was found is held until the retry */
    health_step(&h, &in, 200000);
    cr_expect(health_has(&h, CFAULT_NO_CONTACT, 200000));
    health_retry(&h);
    cr_expect_not(health_has(&h, CFAULT_NO_CONTACT, 200000));
    in.wants_closed = true;
    in.is_applied = false; /* the board is not that far yet */
    cr_expect_eq(appears_ms(&h, &in, CFAULT_NO_CONTACT, 300000), MS_FOREVER);
    in.is_applied = true;
    in.is_latched = true; /* its watchdog has opened */
    cr_expect_eq(appears_ms(&h, &in, CFAULT_NO_CONTACT, 500000), MS_FOREVER);
}

Test(health, a_contactor_that_does_not_open_is_welded_after_3_s_SR_056)
{
    struct board_sample s = calm();
    struct health_in in = looking_at(&s);
    struct health h;

    health_init(&h, 0);
    s.contactor_closed = true;
    health_step(&h, &in, 1000);
    cr_expect_eq(health_next_ms(&h, 1000), 4000);
    health_step(&h, &in, 3999);
    cr_expect_not(h.welded);
    health_step(&h, &in, 4000);
    cr_expect(h.welded);
    s.contactor_closed = false;
    health_step(&h, &in, 4100);
    cr_expect_not(h.welded); /* the core has latched it */
    s.contactor_closed = true;
    in.is_latched = true; /* the board is opening by itself, which may take 6 s */
    health_step(&h, &in, 10000);
    health_step(&h, &in, 18999);
    cr_expect_not(h.welded);
    cr_expect_eq(health_next_ms(&h, 18999), 19000);
    health_step(&h, &in, 19000);
    cr_expect(h.welded);
}

Test(health, a_board_that_closes_by_itself_is_welded_only_without_pwm)
{
    struct board_sample s = calm();
    struct health_in in = looking_at(&s);
    struct health h;

    health_init(&h, 0);
    s.closes_itself = true;
    s.contactor_closed = true;
    health_step(&h, &in, 1000);
    health_step(&h, &in, 20000);
    cr_expect_not(h.welded);
    s.pilot_ma = 0;
    health_step(&h, &in, 21000);
    health_step(&h, &in, 24000);
    cr_expect(h.welded);
}

Test(health, overdraw_is_held_until_the_next_attempt_SR_226)
{
    struct board_sample s = calm();
    struct health_in in = looking_at(&s);
    struct health h;

    health_init(&h, 0);
    in.wants_closed = true;
    s.contactor_closed = true;
    s.current_ma[1] = 24001;
    cr_expect_eq(appears_ms(&h, &in, CFAULT_OVERDRAW, 0), 2000);
    s.current_ma[1] = 0;
    health_step(&h, &in, 100000);
    cr_expect(health_has(&h, CFAULT_OVERDRAW, 100000));
    health_retry(&h);
    cr_expect_not(health_has(&h, CFAULT_OVERDRAW, 100000));
}

Test(health, a_missing_diode_counts_while_there_is_a_pilot)
{
    struct board_sample s = calm();
    struct health h;

    health_init(&h, 0);
    s.diode_failed = true;
    s.pilot_ma = 0;
    health_sample(&h, &s);
    cr_expect_not(health_has(&h, CFAULT_DIODE, 0));
    s.pilot_ma = 6000;
    health_sample(&h, &s);
    cr_expect(health_has(&h, CFAULT_DIODE, 0));
}

Test(health, a_pilot_in_e_or_f_is_a_fault_after_200_ms_and_gone_with_it)
{
    struct board_sample s = calm();
    struct health_in in = looking_at(&s);
    struct health h;

    health_init(&h, 0);
    s.pilot = PILOT_E;
    cr_expect_eq(appears_ms(&h, &in, CFAULT_PILOT, 1000), HEALTH_PILOT_MS);
    s.pilot = PILOT_B1;
    health_step(&h, &in, 90000);
    cr_expect_not(health_has(&h, CFAULT_PILOT, 90000));
    s.pilot = PILOT_F;
    in.is_fresh = false; /* an old reading says nothing */
    cr_expect_eq(appears_ms(&h, &in, CFAULT_PILOT, 100000), MS_FOREVER);
}

/* SR-045, SR-046, DIFF-10: hysteresis of the shut-off. */
Test(health, heat_interrupts_at_85_and_has_cooled_at_75_degrees)
{
    struct board_sample s = calm();
    struct health h;

    health_init(&h, 0);
    s.temperature_mdegc = LIMIT_SHUTOFF_MDEGC - 1;
    health_sample(&h, &s);
    cr_expect_not(h.overheated);
    s.temperature_mdegc = LIMIT_SHUTOFF_MDEGC;
    health_sample(&h, &s);
    cr_expect(health_has(&h, CFAULT_OVERHEATED, 0));
    s.temperature_mdegc = LIMIT_COOLED_MDEGC + 1;
    health_sample(&h, &s);
    cr_expect(h.overheated);
    s.temperature_mdegc = LIMIT_COOLED_MDEGC;
    health_sample(&h, &s);
    cr_expect_not(h.overheated);
}

Test(health, a_register_that_stands_still_or_goes_back_is_not_plausible)
{
    struct board_sample s = calm();
    struct health h;
    int64_t t = 0;

    health_init(&h, 0);
    s.contactor_closed = true;
    s.power_w = 3600; /* 1 Wh a second */
    s.energy_wh = 1000;
    for (; t <= 59000; t += 1000) {
        s.taken_ms = t;
        health_sample(&h, &s);
        cr_assert_not(h.bad_meter, "at %lld", (long long)t);
    }
    s.taken_ms = 60000;
    health_sample(&h, &s);
    cr_expect(health_has(&h, CFAULT_METER, 60000));
    s.energy_wh = 1001;
    health_sample(&h, &s);
    cr_expect_not(h.bad_meter);
    s.energy_wh = 900;
    health_sample(&h, &s);
    cr_expect(h.bad_meter);
    s.energy_wh = 901;
    health_sample(&h, &s);
    cr_expect_not(h.bad_meter);
}

Test(health, a_clock_that_nobody_sets_is_a_fault_after_a_minute)
{
    struct board_sample s = calm();
    struct health_in in = looking_at(&s);
    struct health h;

    health_init(&h, 1000);
    in.has_clock = false;
    cr_expect_eq(health_next_ms(&h, 1000), 61000);
    cr_expect_eq(appears_ms(&h, &in, CFAULT_CLOCK, 1000), HEALTH_CLOCK_MS);
    in.has_clock = true;
    health_step(&h, &in, 70000);
    cr_expect_not(health_has(&h, CFAULT_CLOCK, 70000));
}

Test(health, a_plug_that_was_pulled_is_shown_for_a_minute_or_until_the_next_vehicle_SR_220)
{
    struct board_sample s = calm();
    struct health_in in = looking_at(&s);
    struct health h;

    health_init(&h, 0);
    health_step(&h, &in, 1000);
    health_pulled(&h, 1000);
    cr_expect(health_has(&h, CFAULT_UNPLUGGED, 1000));
    cr_expect_eq(health_next_ms(&h, 1000), 61000);
    health_step(&h, &in, 60999);
    cr_expect(health_has(&h, CFAULT_UNPLUGGED, 60999));
    health_step(&h, &in, 61000);
    cr_expect_not(health_has(&h, CFAULT_UNPLUGGED, 61000));
    health_pulled(&h, 70000);
    health_plugged(&h);
    cr_expect_not(health_has(&h, CFAULT_UNPLUGGED, 70000));
}
