#include "client/core/charge.h"

#include <criterion/criterion.h>

#include "common/base/units.h"

TestSuite(charge, .timeout = 10);

static struct charge_in good(enum charge_vehicle vehicle)
{
    return (struct charge_in){
        .board = true,
        .allowed = true,
        .vehicle = vehicle,
        .offer_ma = 16000,
        .sleep_ma = 6000,
        .pilot_ma = 16000,
        .contactor_closed = true,
        .self_test_ms = 3000,
    };
}

/* Let the machine move as far as it goes. */
static int settle(struct charge *ch, const struct charge_in *in, int64_t now_ms)
{
    for (int i = 0; i < CHARGE_STATE_N && charge_step(ch, in, now_ms); i++) {
    }
    return ch->state;
}

static struct charge in_state(enum charge_vehicle vehicle, int64_t now_ms)
{
    struct charge_in in = good(VEHICLE_CONNECTED);
    struct charge ch;

    charge_init(&ch, now_ms);
    in.self_test_ms = 0;
    in.vehicle = vehicle;
    (void)settle(&ch, &in, now_ms);
    return ch;
}

Test(charge, the_table_is_sound)
{
    int state = -1;

    cr_expect(sm_is_sound(charge_rows, CHARGE_STATE_N, &state), "state %d", state);
}

Test(charge, every_state_has_its_name)
{
    cr_expect_str_eq(charge_state_text(CHARGE_CHARGING), "charging");
    cr_expect_str_eq(charge_state_text(CHARGE_STATE_N), "unset");
}

Test(charge, pilot_states_are_vehicles)
{
    cr_expect_eq(charge_vehicle_of(PILOT_UNSET), VEHICLE_ERROR);
    cr_expect_eq(charge_vehicle_of(PILOT_A1), VEHICLE_NONE);
    cr_expect_eq(charge_vehicle_of(PILOT_A2), VEHICLE_NONE);
    cr_expect_eq(charge_vehicle_of(PILOT_B1), VEHICLE_CONNECTED);
    cr_expect_eq(charge_vehicle_of(PILOT_C2), VEHICLE_READY);
    cr_expect_eq(charge_vehicle_of(PILOT_D2), VEHICLE_VENTILATE);
    cr_expect_eq(charge_vehicle_of(PILOT_E), VEHICLE_ERROR);
    cr_expect_eq(charge_vehicle_of(PILOT_F), VEHICLE_ERROR);
}

Test(charge, no_vehicle_is_idle_with_a_steady_pilot_SR_028)
{
    struct charge ch = in_state(VEHICLE_NONE, 0);
    struct charge_in in = good(VEHICLE_NONE);

    cr_expect_eq(ch.state, CHARGE_IDLE);
    cr_expect_eq(charge_pilot_ma(&ch, &in), 0);
    cr_expect_not(charge_contactor(&ch));
}

Test(charge, the_self_test_after_plug_in_takes_its_time_SR_029_SR_030)
{
    struct charge_in in = good(VEHICLE_NONE);
    struct charge ch;

    charge_init(&ch, 0);
    cr_expect_eq(settle(&ch, &in, 0), CHARGE_IDLE);
    in.vehicle = VEHICLE_CONNECTED;
    cr_expect_eq(settle(&ch, &in, 1000), CHARGE_SELF_TEST);
    cr_expect_eq(charge_pilot_ma(&ch, &in), 0);
    cr_expect_eq(charge_next_ms(&ch, &in), 4000);
    cr_expect_eq(settle(&ch, &in, 3999), CHARGE_SELF_TEST);
    cr_expect_eq(settle(&ch, &in, 4000), CHARGE_OFFERING);
}

Test(charge, unplugging_during_the_self_test_goes_back_to_idle_SR_032)
{
    struct charge_in in = good(VEHICLE_READY);
    struct charge ch;

    charge_init(&ch, 0);
    cr_expect_eq(settle(&ch, &in, 0), CHARGE_SELF_TEST);
    in.vehicle = VEHICLE_NONE;
    cr_expect_eq(settle(&ch, &in, 1), CHARGE_IDLE);
}

Test(charge, after_a_restart_with_an_open_session_there_is_no_second_self_test)
{
    struct charge_in in = good(VEHICLE_CONNECTED);
    struct charge ch;

    in.tested = true;
    charge_init(&ch, 0);
    cr_expect_eq(settle(&ch, &in, 0), CHARGE_OFFERING);
}

Test(charge, the_contactor_closes_only_in_C_and_when_the_board_shows_the_pilot_SR_031)
{
    struct charge ch = in_state(VEHICLE_CONNECTED, 0);
    struct charge_in in = good(VEHICLE_READY);

    cr_expect_eq(ch.state, CHARGE_OFFERING);
    cr_expect_eq(charge_pilot_ma(&ch, &in), 16000);
    cr_expect_not(charge_contactor(&ch));
    in.pilot_ma = 0;
    cr_expect_eq(settle(&ch, &in, 1), CHARGE_OFFERING);
    in.pilot_ma = 16000;
    in.vehicle = VEHICLE_VENTILATE; /* no ventilation, no energy */
    cr_expect_eq(settle(&ch, &in, 2), CHARGE_OFFERING);
    in.vehicle = VEHICLE_READY;
    cr_expect_eq(settle(&ch, &in, 3), CHARGE_CHARGING);
    cr_expect(charge_contactor(&ch));
}

Test(charge, leaving_C_opens_at_once)
{
    static const struct {
        enum charge_vehicle vehicle;
        enum charge_state state;
    } way[] = {{VEHICLE_CONNECTED, CHARGE_OFFERING}, {VEHICLE_VENTILATE, CHARGE_OFFERING}, {VEHICLE_NONE, CHARGE_IDLE}, {VEHICLE_ERROR, CHARGE_WAITING}};

    for (size_t i = 0; i < sizeof way / sizeof way[0]; i++) {
        struct charge ch = in_state(VEHICLE_READY, 0);
        struct charge_in in = good(way[i].vehicle);

        cr_assert_eq(ch.state, CHARGE_CHARGING);
        cr_expect_eq(settle(&ch, &in, 1), (int)way[i].state);
        cr_expect_not(charge_contactor(&ch));
    }
}

Test(charge, a_fault_opens_at_once_in_every_state_and_ends_in_waiting)
{
    struct charge ch = in_state(VEHICLE_READY, 0);
    struct charge_in in = good(VEHICLE_READY);

    in.fault = true;
    cr_expect_eq(settle(&ch, &in, 1), CHARGE_FAULT);
    cr_expect_not(charge_contactor(&ch));
    cr_expect_eq(charge_pilot_ma(&ch, &in), 0);
    in.fault = false;
    in.allowed = false;
    cr_expect_eq(settle(&ch, &in, 2), CHARGE_WAITING); /* the self-test of this plug-in was passed */
}

Test(charge, a_pause_takes_the_pilot_away_first_and_opens_after_6_s_at_the_latest)
{
    struct charge ch = in_state(VEHICLE_READY, 0);
    struct charge_in in = good(VEHICLE_READY);

    in.offer_ma = 0;
    cr_expect_eq(settle(&ch, &in, 100), CHARGE_STOPPING);
    cr_expect_eq(charge_pilot_ma(&ch, &in), 0);
    cr_expect(charge_contactor(&ch));
    cr_expect_eq(charge_next_ms(&ch, &in), 6100);
    cr_expect_eq(settle(&ch, &in, 6099), CHARGE_STOPPING);
    cr_expect_eq(settle(&ch, &in, 6100), CHARGE_WAITING);
    cr_expect_not(charge_contactor(&ch));
}

Test(charge, a_pause_opens_when_the_current_has_stopped)
{
    struct charge ch = in_state(VEHICLE_READY, 0);
    struct charge_in in = good(VEHICLE_READY);

    in.allowed = false;
    cr_expect_eq(settle(&ch, &in, 100), CHARGE_STOPPING);
    in.current_stopped = true;
    cr_expect_eq(settle(&ch, &in, 101), CHARGE_WAITING);
}

Test(charge, an_offer_that_comes_back_while_stopping_waits_for_the_contactor)
{
    struct charge ch = in_state(VEHICLE_READY, 0);
    struct charge_in in = good(VEHICLE_READY);

    in.offer_ma = 0;
    cr_expect_eq(settle(&ch, &in, 100), CHARGE_STOPPING);
    in.offer_ma = 16000;
    cr_expect_eq(settle(&ch, &in, 200), CHARGE_STOPPING);
    cr_expect_eq(charge_pilot_ma(&ch, &in), 0);
}

Test(charge, offered_for_60_s_and_still_in_B_is_asleep)
{
    struct charge ch = in_state(VEHICLE_CONNECTED, 0);
    struct charge_in in = good(VEHICLE_CONNECTED);

    cr_expect_eq(settle(&ch, &in, 1000), CHARGE_OFFERING); /* the board shows the pilot since 0 */
    cr_expect_eq(charge_next_ms(&ch, &in), 60000);
    cr_expect_eq(settle(&ch, &in, 59999), CHARGE_OFFERING);
    cr_expect_eq(settle(&ch, &in, 60000), CHARGE_ASLEEP);
    in.offer_ma = 0; /* needs no grant */
    cr_expect_eq(settle(&ch, &in, 99999), CHARGE_ASLEEP);
    cr_expect_eq(charge_pilot_ma(&ch, &in), 6000);
    cr_expect_not(charge_contactor(&ch));
}

static struct charge asleep(void)
{
    struct charge ch = in_state(VEHICLE_CONNECTED, 0);
    struct charge_in in = good(VEHICLE_CONNECTED);

    (void)settle(&ch, &in, 0);
    cr_assert_eq(settle(&ch, &in, 60000), CHARGE_ASLEEP);
    return ch;
}

Test(charge, an_asleep_vehicle_that_asks_gets_3_s_for_a_grant)
{
    struct charge ch = asleep();
    struct charge_in in = good(VEHICLE_READY);

    in.offer_ma = 0;
    in.pilot_ma = 6000;
    cr_expect_eq(settle(&ch, &in, 70000), CHARGE_ASKING);
    cr_expect_eq(charge_pilot_ma(&ch, &in), 6000);
    cr_expect_not(charge_contactor(&ch));
    cr_expect_eq(charge_next_ms(&ch, &in), 73000);
    cr_expect_eq(settle(&ch, &in, 72999), CHARGE_ASKING);
    cr_expect_eq(settle(&ch, &in, 73000), CHARGE_WAITING);
    cr_expect_eq(charge_pilot_ma(&ch, &in), 0);
}

Test(charge, an_asleep_vehicle_that_asks_charges_when_the_grant_comes_in_time)
{
    struct charge ch = asleep();
    struct charge_in in = good(VEHICLE_READY);

    in.offer_ma = 0;
    in.pilot_ma = 6000;
    cr_expect_eq(settle(&ch, &in, 70000), CHARGE_ASKING);
    in.offer_ma = 8000;
    cr_expect_eq(settle(&ch, &in, 72999), CHARGE_CHARGING);
}

Test(charge, an_asleep_vehicle_that_asks_no_more_sleeps_on)
{
    struct charge ch = asleep();
    struct charge_in in = good(VEHICLE_READY);

    in.offer_ma = 0;
    cr_expect_eq(settle(&ch, &in, 70000), CHARGE_ASKING);
    in.vehicle = VEHICLE_CONNECTED;
    cr_expect_eq(settle(&ch, &in, 70001), CHARGE_ASLEEP);
}

Test(charge, an_asleep_vehicle_is_paused_like_any_other)
{
    struct charge ch = asleep();
    struct charge_in in = good(VEHICLE_CONNECTED);

    in.allowed = false;
    cr_expect_eq(settle(&ch, &in, 70000), CHARGE_WAITING);
}

Test(charge, a_resumed_vehicle_that_does_not_start_is_woken_once_after_30_s_for_4_s)
{
    struct charge ch = in_state(VEHICLE_READY, 0);
    struct charge_in in = good(VEHICLE_READY);

    in.offer_ma = 0;
    (void)settle(&ch, &in, 1000);
    in.vehicle = VEHICLE_CONNECTED;
    cr_expect_eq(settle(&ch, &in, 2000), CHARGE_WAITING);
    in.offer_ma = 16000;
    cr_expect_eq(settle(&ch, &in, 3000), CHARGE_OFFERING);
    cr_expect_eq(charge_next_ms(&ch, &in), 33000);
    cr_expect_eq(settle(&ch, &in, 32999), CHARGE_OFFERING);
    cr_expect_eq(settle(&ch, &in, 33000), CHARGE_WAKING);
    cr_expect_eq(charge_pilot_ma(&ch, &in), 0);
    cr_expect_eq(settle(&ch, &in, 36999), CHARGE_WAKING);
    cr_expect_eq(settle(&ch, &in, 37000), CHARGE_OFFERING);
    cr_expect_eq(settle(&ch, &in, 62999), CHARGE_OFFERING); /* not again; the wake-up counts as offering */
    cr_expect_eq(settle(&ch, &in, 63000), CHARGE_ASLEEP);
}

Test(charge, a_vehicle_that_ended_by_itself_is_not_woken)
{
    struct charge ch = in_state(VEHICLE_READY, 0);
    struct charge_in in = good(VEHICLE_CONNECTED);

    cr_expect_eq(settle(&ch, &in, 1000), CHARGE_OFFERING);
    cr_expect_eq(settle(&ch, &in, 31000), CHARGE_OFFERING);
    cr_expect_eq(settle(&ch, &in, 61000), CHARGE_ASLEEP);
}

Test(charge, a_lost_board_is_a_fault_after_the_current_had_its_6_s)
{
    struct charge ch = in_state(VEHICLE_READY, 0);
    struct charge_in in = good(VEHICLE_READY);

    in.board = false;
    cr_expect_eq(settle(&ch, &in, 1000), CHARGE_STOPPING);
    cr_expect_eq(settle(&ch, &in, 6999), CHARGE_STOPPING);
    cr_expect_eq(settle(&ch, &in, 7000), CHARGE_FAULT);
    in.board = true;
    in.allowed = false;
    cr_expect_eq(settle(&ch, &in, 8000), CHARGE_WAITING);
}
