#include <criterion/criterion.h>

#include "common/base/units.h"
#include "manager/core/demand.h"

TestSuite(demand, .timeout = 10);

#define MIN_MA 6000
#define MAX_MA 32000

static struct demand d;
static struct msg_status st;
static bool others_want;

static void start(enum pilot_state pilot)
{
    demand_init(&d);
    st = (struct msg_status){.pilot = pilot, .state = BOX_IDLE, .limit_ma = 80000, .authorized = true};
    others_want = true;
}

static int32_t ma_at(int64_t now_ms)
{
    struct demand_now now = demand_step(&d, &st, MIN_MA, MAX_MA, others_want, now_ms);

    cr_assert_eq(now.demand_ma > 0, now.reason == REASON_UNSET);
    return now.demand_ma;
}

static enum reason why_at(int64_t now_ms)
{
    return demand_step(&d, &st, MIN_MA, MAX_MA, others_want, now_ms).reason;
}

static void draws(int32_t offered_ma, int32_t drawn_ma)
{
    st.offered_ma = offered_ma;
    st.drawn_ma[0] = 0;
    st.drawn_ma[1] = drawn_ma;
    st.drawn_ma[2] = drawn_ma / 2;
}

Test(demand, no_vehicle_wants_nothing)
{
    static const enum pilot_state none[] = {PILOT_UNSET, PILOT_A1, PILOT_A2, PILOT_E, PILOT_F};

    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        start(none[i]);
        cr_assert_eq(why_at(0), REASON_NO_DEMAND);
    }
}

Test(demand, a_vehicle_in_c_or_d_wants_the_lowest_limit)
{
    static const enum pilot_state ready[] = {PILOT_C1, PILOT_C2, PILOT_D1, PILOT_D2};

    for (size_t i = 0; i < sizeof ready / sizeof ready[0]; i++) {
        start(ready[i]);
        cr_assert_eq(ma_at(0), MAX_MA);
        st.limit_ma = 20000;
        cr_assert_eq(ma_at(1), 20000);
    }
}

Test(demand, a_limit_below_the_minimum_is_no_demand)
{
    start(PILOT_C2);
    st.limit_ma = MIN_MA;
    cr_assert_eq(ma_at(0), MIN_MA);
    st.limit_ma = MIN_MA - 1;
    cr_assert_eq(why_at(1), REASON_NO_DEMAND);
    st.limit_ma = 0;
    cr_assert_eq(why_at(2), REASON_NO_DEMAND);
}

Test(demand, the_reason_for_none_is_said)
{
    static const enum box_state faults[] = {BOX_UNRECOVERABLE_ERROR, BOX_RECOVER_FROM_ERROR, BOX_UNAVAILABLE, BOX_SERVICE_MODE};

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        start(PILOT_C2);
        st.state = faults[i];
        cr_assert_eq(why_at(0), REASON_FAULT);
    }
    start(PILOT_C2);
    st.authorized = false;
    cr_assert_eq(why_at(0), REASON_UNAUTHORIZED);
    st.authorized = true;
    st.paused = true;
    cr_assert_eq(why_at(1), REASON_PAUSED);
    st.paused = false;
    st.state = BOX_DEGRADED;
    cr_assert_eq(ma_at(2), MAX_MA);
}

Test(demand, a_vehicle_in_b_wants_after_plug_in_and_sleeps_after_it_had_its_chance)
{
    start(PILOT_A1);
    (void)why_at(0);
    st.pilot = PILOT_B2;
    cr_assert_eq(ma_at(1000), MAX_MA);
    st.offered_ma = MIN_MA;
    cr_assert_eq(ma_at(5000), MAX_MA);
    cr_assert_eq(ma_at(64999), MAX_MA);
    cr_assert_eq(why_at(65000), REASON_ASLEEP);
    st.offered_ma = 0;
    cr_assert_eq(why_at(200000), REASON_ASLEEP);
    st.pilot = PILOT_C2;
    cr_assert_eq(ma_at(200100), MAX_MA);
}

Test(demand, an_offer_below_the_minimum_is_no_chance_and_an_interrupted_one_counts_anew)
{
    start(PILOT_B2);
    st.offered_ma = MIN_MA - 1;
    (void)ma_at(0);
    cr_assert_eq(ma_at(90000), MAX_MA);
    st.offered_ma = MIN_MA;
    (void)ma_at(90001);
    st.offered_ma = 0;
    (void)ma_at(150000);
    st.offered_ma = MIN_MA;
    (void)ma_at(150001);
    cr_assert_eq(ma_at(210000), MAX_MA);
    cr_assert_eq(why_at(210001), REASON_ASLEEP);
}

Test(demand, a_vehicle_that_waits_long_in_the_line_is_not_forgotten)
{
    start(PILOT_B1);
    (void)ma_at(0);
    cr_assert_eq(ma_at(3600000), MAX_MA);
    st.offered_ma = MIN_MA; /* its turn */
    cr_assert_eq(ma_at(3600001), MAX_MA);
    cr_assert_eq(ma_at(3660000), MAX_MA);
    cr_assert_eq(why_at(3660001), REASON_ASLEEP);
}

Test(demand, authorization_and_the_end_of_a_pause_give_a_new_chance)
{
    start(PILOT_B2);
    st.offered_ma = MIN_MA;
    (void)ma_at(0);
    cr_assert_eq(why_at(60000), REASON_ASLEEP);
    st.paused = true;
    cr_assert_eq(why_at(61000), REASON_PAUSED);
    st.paused = false;
    cr_assert_eq(ma_at(62000), MAX_MA);
    cr_assert_eq(ma_at(121999), MAX_MA);
    cr_assert_eq(why_at(122000), REASON_ASLEEP);
    st.authorized = false;
    cr_assert_eq(why_at(123000), REASON_UNAUTHORIZED);
    st.authorized = true;
    cr_assert_eq(ma_at(124000), MAX_MA);
}

Test(demand, unplugging_forgets_everything)
{
    start(PILOT_B2);
    st.offered_ma = MIN_MA;
    (void)ma_at(0);
    cr_assert_eq(why_at(60000), REASON_ASLEEP);
    st.pilot = PILOT_A1;
    cr_assert_eq(why_at(61000), REASON_NO_DEMAND);
    st.pilot = PILOT_B2;
    cr_assert_eq(ma_at(62000), MAX_MA);
}

Test(demand, a_vehicle_first_heard_of_while_asleep_stays_asleep)
{
    start(PILOT_B2);
    st.asleep = true;
    cr_assert_eq(why_at(0), REASON_ASLEEP);
    st.pilot = PILOT_C2;
    st.asleep = false;
    cr_assert_eq(ma_at(1000), MAX_MA);
}

Test(demand, a_wallbox_that_says_asleep_is_believed_after_the_time_that_follows_plug_in)
{
    start(PILOT_B2);
    (void)ma_at(0);
    st.asleep = true;
    cr_assert_eq(ma_at(119999), MAX_MA);
    cr_assert_eq(why_at(120000), REASON_ASLEEP);
}

Test(demand, a_vehicle_that_stops_by_itself_wants_its_minimum_until_it_sleeps)
{
    start(PILOT_C2);
    draws(16000, 16000);
    (void)ma_at(0);
    (void)ma_at(300000);
    st.pilot = PILOT_B2;
    draws(16000, 0);
    cr_assert_eq(ma_at(300001), MIN_MA);
    cr_assert_eq(ma_at(360000), MIN_MA);
    cr_assert_eq(why_at(360001), REASON_ASLEEP);
}

Test(demand, a_vehicle_whose_current_was_taken_away_still_wants_all)
{
    start(PILOT_C2);
    draws(16000, 16000);
    (void)ma_at(0);
    draws(0, 0);
    (void)ma_at(300000);
    st.pilot = PILOT_B1;
    cr_assert_eq(ma_at(301000), MAX_MA);
    cr_assert_eq(ma_at(1301000), MAX_MA);
}

Test(demand, unused_current_goes_back_after_its_time)
{
    start(PILOT_C2);
    draws(32000, 10000);
    cr_assert_eq(ma_at(0), MAX_MA);
    cr_assert_eq(ma_at(59999), MAX_MA);
    cr_assert_eq(ma_at(60000), 12000); /* 1.1 x 10 A + 1 A */
    draws(12000, 10000);
    cr_assert_eq(ma_at(61000), 12000);
}

Test(demand, unused_means_two_amperes_and_fifteen_percent)
{
    start(PILOT_C2);
    draws(10000, 8001);
    (void)ma_at(0);
    cr_assert_eq(ma_at(100000), MAX_MA, "less than 2 A");
    start(PILOT_C2);
    draws(10000, 8000);
    (void)ma_at(0);
    cr_assert_eq(ma_at(60000), 9800);
    start(PILOT_C2);
    draws(20000, 17001);
    (void)ma_at(0);
    cr_assert_eq(ma_at(100000), MAX_MA, "less than 15 percent");
    start(PILOT_C2);
    draws(20000, 17000);
    (void)ma_at(0);
    cr_assert_eq(ma_at(60000), 19700);
}

Test(demand, a_lowered_demand_is_at_least_the_minimum)
{
    start(PILOT_C2);
    draws(16000, 1000);
    (void)ma_at(0);
    cr_assert_eq(ma_at(60000), MIN_MA);
}

Test(demand, drawing_again_ends_the_unused_time)
{
    start(PILOT_C2);
    draws(32000, 10000);
    (void)ma_at(0);
    draws(32000, 32000);
    (void)ma_at(59000);
    draws(32000, 10000);
    (void)ma_at(59500);
    cr_assert_eq(ma_at(119499), MAX_MA);
    cr_assert_eq(ma_at(119500), 12000);
}

Test(demand, drawing_above_ninety_percent_of_the_offer_ends_a_lowered_demand)
{
    start(PILOT_C2);
    draws(32000, 10000);
    (void)ma_at(0);
    cr_assert_eq(ma_at(60000), 12000);
    draws(12000, 10800);
    cr_assert_eq(ma_at(61000), 12000);
    draws(12000, 10801);
    cr_assert_eq(ma_at(62000), MAX_MA);
}

Test(demand, after_fifteen_minutes_it_may_try_again)
{
    start(PILOT_C2);
    draws(32000, 10000);
    (void)ma_at(0);
    cr_assert_eq(ma_at(60000), 12000);
    draws(12000, 10100);
    cr_assert_eq(ma_at(959999), 12000);
    cr_assert_eq(ma_at(960000), MAX_MA);
}

Test(demand, nobody_else_wanting_it_keeps_or_ends_it)
{
    start(PILOT_C2);
    others_want = false;
    draws(32000, 10000);
    (void)ma_at(0);
    cr_assert_eq(ma_at(120000), MAX_MA);
    others_want = true;
    cr_assert_eq(ma_at(120001), 12000);
    others_want = false;
    cr_assert_eq(ma_at(130000), MAX_MA);
    others_want = true;
    cr_assert_eq(ma_at(130100), MAX_MA);
    cr_assert_eq(ma_at(189999), MAX_MA);
    cr_assert_eq(ma_at(190000), 12000);
}

Test(demand, a_taper_is_followed_downwards)
{
    start(PILOT_C2);
    draws(32000, 20000);
    (void)ma_at(0);
    cr_assert_eq(ma_at(60000), 23000);
    draws(23000, 10000);
    cr_assert_eq(ma_at(119999), 23000);
    cr_assert_eq(ma_at(120000), 12000);
}

Test(demand, a_stop_ends_a_lowered_demand)
{
    start(PILOT_C2);
    draws(32000, 10000);
    (void)ma_at(0);
    cr_assert_eq(ma_at(60000), 12000);
    draws(0, 0);
    cr_assert_eq(ma_at(61000), MAX_MA);
}
