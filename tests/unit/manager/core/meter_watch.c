#include "manager/core/meter_watch.h"

#include <criterion/criterion.h>

#include "common/base/units.h"

TestSuite(meter_watch, .timeout = 10);

static const int32_t limit_ma[PHASE_N] = {32000, 32000, 32000};
static const struct meter_watch_rules house_rules = {.window_ms = 1500, .limit_ma = limit_ma};
static const struct meter_watch_rules solar_rules = {.window_ms = 1500, .is_solar = true};
static const struct meter_watch_own nobody;

static struct meter_watch watch_new(void)
{
    struct meter_watch w;

    meter_watch_init(&w);
    return w;
}

/* A meter with a total of its own and voltages in tenths. */
static struct meter_sample sample_at(int64_t taken_ms, int32_t l1_w, int32_t l2_w, int32_t l3_w, int32_t total_w)
{
    return (struct meter_sample){.taken_ms = taken_ms,
                                 .power_w = {l1_w, l2_w, l3_w},
                                 .power_total_w = total_w,
                                 .current_set = PHASE_ALL,
                                 .power_set = PHASE_ALL | METER_POWER_TOTAL,
                                 .voltage_step_mv = 100};
}

static enum meter_doubt doubt_of_sum(int32_t l1_w, int32_t l2_w, int32_t l3_w, int32_t total_w)
{
    struct meter_watch w = watch_new();
    struct meter_sample s = sample_at(1000, l1_w, l2_w, l3_w, total_w);

    return meter_watch_sample(&w, &house_rules, &s, &nobody);
}

Test(meter_watch, every_doubt_has_a_word)
{
    for (int i = 0; i < DOUBT_N; i++) {
        cr_assert_str_neq(meter_doubt_text((enum meter_doubt)i), "unknown");
    }
    cr_assert_str_eq(meter_doubt_text(DOUBT_N), "unknown");
}

Test(meter_watch, phases_that_do_not_add_up_are_doubted_beyond_a_tenth_and_100_w)
{
    cr_assert_eq(doubt_of_sum(0, 0, 0, 100), DOUBT_NONE);
    cr_assert_eq(doubt_of_sum(0, 0, 0, 112), DOUBT_SUM);
    cr_assert_eq(doubt_of_sum(3000, 3000, -2000, 4000), DOUBT_NONE);
    cr_assert_eq(doubt_of_sum(3000, 3000, -2000, 4900), DOUBT_NONE);
    cr_assert_eq(doubt_of_sum(3000, 3000, -2000, 4901), DOUBT_SUM);
    cr_assert_eq(doubt_of_sum(3000, 3000, -2000, 8000), DOUBT_SUM, "a total of magnitudes is none");
    cr_assert_eq(doubt_of_sum(-1000000, -1000000, -1000000, INT32_MAX), DOUBT_SUM);
}

Test(meter_watch, more_power_than_voltage_times_current_is_doubted)
{
    struct meter_watch w = watch_new();
    struct meter_sample s = sample_at(1000, 2300, 0, 0, 2300);

    s.current_ma[0] = -10000;
    s.voltage_mv[0] = 230000;
    cr_assert_eq(meter_watch_sample(&w, &house_rules, &s, &nobody), DOUBT_NONE);
    s.power_w[0] = s.power_total_w = -2860; /* a fifth and 100 W more */
    cr_assert_eq(meter_watch_sample(&w, &house_rules, &s, &nobody), DOUBT_NONE);
    s.power_w[0] = s.power_total_w = 2861;
    cr_assert_eq(meter_watch_sample(&w, &house_rules, &s, &nobody), DOUBT_SUM);
    s.voltage_mv[0] = 0;
    cr_assert_eq(meter_watch_sample(&w, &house_rules, &s, &nobody), DOUBT_NONE, "not known");
    s.voltage_mv[0] = 230000;
    s.current_set = PHASE_BIT(1);
    s.power_set = PHASE_BIT(0);
    cr_assert_eq(meter_watch_sample(&w, &house_rules, &s, &nobody), DOUBT_NONE);
}

Test(meter_watch, a_meter_without_a_total_or_without_power_by_phase_cannot_be_checked)
{
    struct meter_watch w = watch_new();
    struct meter_sample s = sample_at(1000, 1, 2, 3, 5000);

    s.power_set = PHASE_ALL;
    cr_assert_eq(meter_watch_sample(&w, &house_rules, &s, &nobody), DOUBT_NONE);
    s.power_set = METER_POWER_TOTAL;
    cr_assert_eq(meter_watch_sample(&w, &house_rules, &s, &nobody), DOUBT_NONE);
}

/* Feed samples twice a second until `to_ms`, all with this digest. Returns the last doubt. */
static enum meter_doubt feed(struct meter_watch *w, const struct meter_watch_rules *rules, int64_t *now_ms, int64_t to_ms, uint64_t digest, int32_t step_mv,
                             int32_t own_ma)
{
    const struct meter_watch_own own = {.ma = {own_ma, own_ma, own_ma}, .heard_n = 1};
    enum meter_doubt doubt = DOUBT_NONE;

    for (; *now_ms <= to_ms; *now_ms += 500) {
        struct meter_sample s = sample_at(*now_ms, 0, 0, 0, 0);

        s.digest = digest;
        s.voltage_step_mv = step_mv;
        doubt = meter_watch_sample(w, rules, &s, &own);
    }
    return doubt;
}

Test(meter_watch, the_same_registers_for_a_minute_are_frozen_if_voltages_are_fine)
{
    struct meter_watch w = watch_new();
    int64_t now_ms = 1000;

    cr_assert_eq(feed(&w, &house_rules, &now_ms, 60500, 7, 100, 0), DOUBT_NONE);
    cr_assert_eq(feed(&w, &house_rules, &now_ms, 61000, 7, 100, 0), DOUBT_FROZEN);
    cr_assert_eq(feed(&w, &house_rules, &now_ms, 200000, 7, 100, 0), DOUBT_FROZEN);
    cr_assert_eq(feed(&w, &house_rules, &now_ms, 200500, 8, 100, 0), DOUBT_NONE, "it moves again");
    cr_assert_eq(feed(&w, &house_rules, &now_ms, 260000, 8, 100, 0), DOUBT_NONE);
}

Test(meter_watch, whole_volts_or_registers_not_told_are_never_frozen_by_themselves)
{
    struct meter_watch w = watch_new();
    int64_t now_ms = 1000;

    cr_assert_eq(feed(&w, &house_rules, &now_ms, 500000, 7, 1000, 0), DOUBT_NONE);
    cr_assert_eq(feed(&w, &house_rules, &now_ms, 1000000, 7, 0, 0), DOUBT_NONE);
    cr_assert_eq(feed(&w, &house_rules, &now_ms, 1500000, 0, 100, 0), DOUBT_NONE);
    cr_assert_eq(feed(&w, &house_rules, &now_ms, 2000000, 0, 100, 16000), DOUBT_NONE);
}

Test(meter_watch, the_same_registers_for_ten_seconds_are_frozen_while_wallboxes_move_by_more_than_2_a)
{
    struct meter_watch w = watch_new();
    int64_t now_ms = 1000;

    cr_assert_eq(feed(&w, &house_rules, &now_ms, 5000, 6, 1000, 6000), DOUBT_NONE);
    cr_assert_eq(feed(&w, &house_rules, &now_ms, 8000, 7, 1000, 6000), DOUBT_NONE);
    cr_assert_eq(feed(&w, &house_rules, &now_ms, 15000, 7, 1000, 8001), DOUBT_NONE, "ten seconds from 5,500 on");
    cr_assert_eq(feed(&w, &house_rules, &now_ms, 15500, 7, 1000, 8001), DOUBT_FROZEN);
    cr_assert_eq(feed(&w, &house_rules, &now_ms, 16000, 9, 1000, 8001), DOUBT_NONE);
}

Test(meter_watch, a_move_of_2_a_is_not_enough)
{
    struct meter_watch w = watch_new();
    int64_t now_ms = 1000;

    cr_assert_eq(feed(&w, &house_rules, &now_ms, 8000, 7, 1000, 6000), DOUBT_NONE);
    cr_assert_eq(feed(&w, &house_rules, &now_ms, 60000, 7, 1000, 8000), DOUBT_NONE);
}

Test(meter_watch, a_quiet_house_is_not_frozen_at_the_moment_a_wallbox_moves)
{
    struct meter_watch w = watch_new();
    int64_t now_ms = 1000;

    cr_assert_eq(feed(&w, &house_rules, &now_ms, 50000, 7, 1000, 6000), DOUBT_NONE);
    cr_assert_eq(feed(&w, &house_rules, &now_ms, 51000, 7, 1000, 16000), DOUBT_NONE, "the meter shows the past");
    cr_assert_eq(feed(&w, &house_rules, &now_ms, 51500, 8, 1000, 16000), DOUBT_NONE);
    cr_assert_eq(feed(&w, &house_rules, &now_ms, 90000, 8, 1000, 16000), DOUBT_NONE, "what was before the change does not count");
}

Test(meter_watch, a_wallbox_that_falls_silent_or_is_heard_again_has_not_moved)
{
    struct meter_watch w = watch_new();
    enum meter_doubt doubt = DOUBT_NONE;

    for (int i = 0; i < 60; i++) {
        bool is_heard = i / 20 != 1;
        const struct meter_watch_own own = {.ma = {is_heard ? 16000 : 0, 0, 0}, .heard_n = is_heard ? 1 : 0};
        struct meter_sample s = {.taken_ms = 500 * i, .current_ma = {i < 20 ? 16000 : (i < 40 ? 32000 : 16000), 0, 0}, .digest = 7};

        doubt = meter_watch_sample(&w, &house_rules, &s, &own);
        cr_assert_eq(doubt, DOUBT_NONE);
    }
    cr_assert_eq(w.wiring.state, WIRING_UNSEEN);
}

Test(meter_watch, what_a_frozen_meter_showed_is_no_reference_when_it_moves_again)
{
    struct meter_watch w = watch_new();
    enum meter_doubt doubt = DOUBT_NONE;

    for (int i = 0; i < 60; i++) {
        const struct meter_watch_own own = {.ma = {i < 10 ? 19000 : (i < 40 ? 0 : 10000), 0, 0}, .heard_n = 1};
        bool is_stuck = i >= 6 && i < 50;
        struct meter_sample s = {.taken_ms = 500 * i, .current_ma = {is_stuck || i < 6 ? 19000 : 10000, 0, 0}, .digest = is_stuck ? 7 : (uint64_t)i + 1};

        doubt = meter_watch_sample(&w, &house_rules, &s, &own);
        cr_assert_eq(doubt == DOUBT_FROZEN, i >= 26 && i < 50, "sample %d", i);
    }
    cr_assert_eq(doubt, DOUBT_NONE, "it fell while the wallbox had risen, but not at the same time");
}

Test(meter_watch, a_solar_meter_that_imports_for_five_minutes_is_the_wrong_way_round)
{
    struct meter_watch w = watch_new();
    enum meter_doubt doubt = DOUBT_NONE;

    for (int64_t at_ms = 0; at_ms <= SOLAR_IMPORT_MS; at_ms += 500) {
        struct meter_sample s = sample_at(at_ms, 300, 300, 300, 900);

        s.digest = (uint64_t)at_ms + 1;
        doubt = meter_watch_sample(&w, &solar_rules, &s, &nobody);
        cr_assert_eq(doubt, at_ms < SOLAR_IMPORT_MS ? DOUBT_NONE : DOUBT_SIGN);
    }
    struct meter_sample s = sample_at(SOLAR_IMPORT_MS + 500, -300, -300, -300, -900);
    s.digest = 1;
    cr_assert_eq(meter_watch_sample(&w, &solar_rules, &s, &nobody), DOUBT_NONE);
    s = sample_at(SOLAR_IMPORT_MS + 1000, 300, 300, 300, 900);
    s.digest = 2;
    cr_assert_eq(meter_watch_sample(&w, &solar_rules, &s, &nobody), DOUBT_NONE, "the time begins anew");
}

/* Samples of these currents while wallboxes draw `own_ma` on L1. Returns the doubt at the end. */
static enum meter_doubt steady(struct meter_watch *w, int64_t from_ms, int64_t to_ms, int32_t l1_ma, int32_t l2_ma, int32_t own_ma)
{
    const struct meter_watch_own own = {.ma = {own_ma, 0, 0}, .heard_n = 1};
    enum meter_doubt doubt = DOUBT_NONE;

    for (int64_t at_ms = from_ms; at_ms <= to_ms; at_ms += 500) {
        struct meter_sample s = {.taken_ms = at_ms, .current_ma = {l1_ma, l2_ma, 0}};

        doubt = meter_watch_sample(w, &house_rules, &s, &own);
    }
    return doubt;
}

Test(meter_watch, more_export_than_the_connection_carries_is_import_the_wrong_way_round)
{
    struct meter_watch w = watch_new();

    cr_assert_eq(steady(&w, 0, 10000, -34600, 0, 16000), DOUBT_NONE, "the limit, a twentieth and 1 A");
    cr_assert_eq(steady(&w, 10500, 12000, -34601, 0, 16000), DOUBT_NONE, "not yet for two seconds");
    cr_assert_eq(steady(&w, 12500, 12500, -34601, 0, 16000), DOUBT_SIGN);
    w = watch_new();
    cr_assert_eq(steady(&w, 0, 10000, -34601, 0, 0), DOUBT_NONE, "no wallbox draws there");
}

Test(meter_watch, more_export_than_the_limit_is_believed_once_a_step_of_the_wallboxes_has_shown_it_to_be_real)
{
    struct meter_watch w = watch_new();

    cr_assert_eq(steady(&w, 0, 10000, -36000, 0, 16000), DOUBT_SIGN);
    cr_assert_eq(steady(&w, 10500, 20000, -46000, 0, 6000), DOUBT_NONE, "10 A less drawn, 10 A more given");
    cr_assert_eq(steady(&w, 20500, 90000, -46000, 0, 6000), DOUBT_NONE, "for good");
}

Test(meter_watch, an_overload_where_no_wallbox_draws_may_be_that_of_another_phase)
{
    struct meter_watch w = watch_new();

    cr_assert_eq(steady(&w, 0, 10000, 4000, 33320, 16000), DOUBT_NONE);
    cr_assert_eq(steady(&w, 10500, 13000, 4000, 33321, 16000), DOUBT_NONE, "not yet for three seconds");
    cr_assert_eq(steady(&w, 13500, 13500, 4000, 33321, 16000), DOUBT_PHASES);
    w = watch_new();
    cr_assert_eq(steady(&w, 0, 10000, 4000, 50000, 0), DOUBT_NONE, "the house alone");
    w.wiring.state = WIRING_AGREES;
    cr_assert_eq(steady(&w, 10500, 20000, 4000, 50000, 16000), DOUBT_NONE, "the meter was seen to be right");
}

Test(meter_watch, a_house_meter_the_wrong_way_round_is_doubted_by_its_sign_and_one_on_other_phases_by_its_phases)
{
    for (int is_turned = 0; is_turned < 2; is_turned++) {
        struct meter_watch w = watch_new();
        enum meter_doubt doubt = DOUBT_NONE;

        for (int i = 0; i < 20; i++) {
            const struct meter_watch_own own = {.ma = {i < 10 ? 0 : 10000, 0, 0}, .heard_n = 1};
            int32_t shown_ma = i < 11 ? 0 : 10000;
            struct meter_sample s = {.taken_ms = 500 * i, .current_ma = {is_turned != 0 ? -shown_ma : 0, is_turned != 0 ? 0 : shown_ma, 0}};

            doubt = meter_watch_sample(&w, &house_rules, &s, &own);
        }
        cr_assert_eq(doubt, is_turned != 0 ? DOUBT_SIGN : DOUBT_PHASES);
    }
}
