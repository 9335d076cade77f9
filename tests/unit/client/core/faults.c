/* Faults of a whole wallbox: what interrupts, how it is retried, what is reported and shown (spec 06 6.1, 6.2). */
#include <criterion/criterion.h>

#include "client/core/cfault_text.h"
#include "common/base/units.h"
#include "tests/unit/client/core/fake.h"

TestSuite(faults, .timeout = 30);

#define expect_lights(f, text) cr_expect_str_eq(fake_lights(f), text, "%s, not %s", fake_lights(f), text)
#define expect_state(f, which) cr_expect_eq(fake_status(f)->state, which, "%s", box_state_text(fake_status(f)->state))

/* Charging at 16 A; ends at 10,000 ms. */
static void charging(struct fake *f, enum wallbox_model model)
{
    fake_init(f);
    f->params.model = model;
    f->params.authorization = 0;
    fake_plugged(f);
    f->vehicle = 'C';
    fake_granted_until(f, 16000, 10000);
    cr_assert(f->contactor);
}

/* A plug that is pulled under current; SR-032, SR-220. */
Test(faults, unplugging_during_the_self_test_is_fault_1_SR_032)
{
    struct fake f;

    fake_init(&f);
    f.params.model = MODEL_CONNECT;
    f.params.authorization = 0;
    f.params.self_test_ms = 3000;
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH);
    fake_run(&f, 1000);
    f.vehicle = 'B';
    fake_granted_until(&f, 16000, 2000);
    expect_lights(&f, "oooo online=g mode=g"); /* SR-029 */
    f.vehicle = 'A';
    fake_granted_until(&f, 16000, 3000);
    expect_state(&f, BOX_RECOVER_FROM_ERROR);
    cr_expect_eq(fake_status(&f)->faults[0], 1);
    cr_expect_str_eq(f.sent[MSG_FAULT_RAISED].fault.text, cfault_text(1, LANGUAGE_EN));
    expect_lights(&f, "w~w~w~r~ online=g mode=b"); /* SR-220 */
    f.vehicle = 'B';                               /* plugged in again, rightly */
    fake_granted_until(&f, 16000, 7000);
    cr_expect_eq(fake_status(&f)->faults_n, 0);
    expect_state(&f, BOX_READY_FOR_CHARGING);
    fake_free(&f);
}

Test(faults, a_plug_that_is_pulled_under_current_is_fault_1_and_one_that_was_unlocked_first_is_none_SR_220)
{
    struct fake f;

    charging(&f, MODEL_PLUS);
    f.vehicle = 'A';
    fake_granted_until(&f, 16000, 11000);
    cr_expect_eq(fake_status(&f)->faults[0], 1);
    expect_lights(&f, "rrrr"); /* SR-061 */
    cr_expect_eq(f.journal.end, END_UNPLUGGED);
    fake_granted_until(&f, 0, 71000);
    cr_expect_eq(fake_status(&f)->faults_n, 0); /* shown for a minute */
    fake_free(&f);

    charging(&f, MODEL_PLUS);
    f.vehicle = 'B'; /* the vehicle was unlocked: it stops charging (SR-033, SR-040) */
    fake_granted_until(&f, 16000, 11000);
    f.vehicle = 'A';
    fake_granted_until(&f, 16000, 12000);
    cr_expect_eq(fake_status(&f)->faults_n, 0);
    expect_state(&f, BOX_IDLE);
    fake_free(&f);
}

/* One interruption by a code of the board for a second; returns when it was over. */
static void interrupt(struct fake *f, uint16_t code)
{
    f->fault = code;
    fake_sample(f);
    cr_assert_not(f->command.contactor_closed, "at once");
    fake_granted_until(f, 16000, f->now_ms + 1000);
    f->fault = 0;
    fake_sample(f);
}

Test(faults, an_interruption_is_retried_five_times_with_growing_pauses_then_acknowledged_by_unplugging_SR_035_SR_036)
{
    static const int64_t pause_ms[] = {10000, 20000, 40000, 80000, 160000};
    struct fake f;

    charging(&f, MODEL_CONNECT);
    for (int i = 0; i < 5; i++) {
        int64_t at_ms = f.now_ms;

        interrupt(&f, CFAULT_RESIDUAL);
        expect_state(&f, BOX_RECOVER_FROM_ERROR);
        fake_granted_until(&f, 16000, at_ms + pause_ms[i] - 500);
        cr_expect_not(f.contactor, "retry %d came too soon", i + 1);
        expect_lights(&f, "b~r~b~r~ online=g mode=g"); /* over, but its pause is not */
        fake_granted_until(&f, 16000, at_ms + pause_ms[i] + 3000);
        cr_expect(f.contactor, "retry %d did not come", i + 1);
        cr_expect_eq(f.note_b[CNOTE_RETRY], i + 1);
    }
    interrupt(&f, CFAULT_RESIDUAL);
    fake_granted_until(&f, 16000, f.now_ms + 1000000);
    cr_expect_not(f.contactor);
    expect_state(&f, BOX_UNRECOVERABLE_ERROR);
    expect_lights(&f, "b~r~b~r~ online=g mode=g");
    cr_expect_eq(f.note_b[CNOTE_RETRY], 0);
    f.vehicle = 'A'; /* a normal end of the session acknowledges it */
    fake_granted_until(&f, 16000, f.now_ms + 1000);
    expect_state(&f, BOX_IDLE);
    cr_expect_eq(f.journal.end, END_FAULT);
    f.vehicle = 'C';
    fake_granted_until(&f, 16000, f.now_ms + 3000);
    cr_expect(f.contactor);
    fake_free(&f);
}

Test(faults, a_restart_acknowledges_as_well_SR_036)
{
    struct fake f;

    charging(&f, MODEL_PLUS);
    f.params.retry_pause_ms = 500;
    for (int i = 0; i < 6; i++) {
        interrupt(&f, CFAULT_LOAD);
        fake_granted_until(&f, 16000, f.now_ms + 20000);
    }
    expect_state(&f, BOX_UNRECOVERABLE_ERROR);
    fake_order(&f, COMMAND_RESTART, 0);
    fake_run(&f, f.now_ms + 100);
    cr_assert(f.is_restart);
    cr_expect_eq(f.sent[MSG_GOODBYE].goodbye.reason, GOODBYE_RESTARTING);
    fake_restart(&f);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH);
    fake_granted_until(&f, 16000, f.now_ms + 5000);
    cr_expect(f.contactor);
    fake_free(&f);
}

Test(faults, without_a_vehicle_a_fault_counts_nothing_and_is_over_with_its_cause)
{
    struct fake f;

    fake_init(&f);
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH);
    for (int i = 0; i < 10; i++) {
        f.fault = CFAULT_RESIDUAL;
        fake_granted_until(&f, 0, f.now_ms + 2000);
        expect_state(&f, BOX_RECOVER_FROM_ERROR);
        f.fault = 0;
        fake_granted_until(&f, 0, f.now_ms + 2000);
        expect_state(&f, BOX_IDLE);
    }
    fake_free(&f);
}

/* SR-228: no automatic attempts at all; only the mains end it. SR-224..SR-230. */
Test(faults, the_safety_circuit_is_never_retried_and_survives_a_restart_of_the_program)
{
    struct fake f;

    charging(&f, MODEL_CONNECT);
    interrupt(&f, CFAULT_SAFETY);
    fake_granted_until(&f, 16000, 600000);
    cr_expect_not(f.contactor);
    expect_state(&f, BOX_UNRECOVERABLE_ERROR);
    expect_lights(&f, "b~r~r~r~ online=g mode=g"); /* SR-229 */
    cr_expect(f.keep.is_unsafe);
    f.vehicle = 'A'; /* nor does unplugging help */
    fake_granted_until(&f, 0, 610000);
    f.vehicle = 'C';
    fake_granted_until(&f, 16000, 620000);
    cr_expect_not(f.contactor);
    fake_restart(&f);
    fake_run(&f, f.now_ms + 10000);
    cr_expect_eq(client_box_state(f.c), BOX_UNRECOVERABLE_ERROR);
    f.power_failed = true; /* the mains were off */
    f.c->board_attached = false;
    fake_sample(&f);
    f.power_failed = false;
    fake_run(&f, f.now_ms + 1000);
    cr_expect_neq(client_box_state(f.c), BOX_UNRECOVERABLE_ERROR);
    cr_expect_not(f.keep.is_unsafe);
    fake_free(&f);
}

Test(faults, in_north_america_8007_is_permanent_red_SR_230)
{
    struct fake f;

    fake_init(&f);
    f.params.model = MODEL_CONNECT;
    f.params.market = MARKET_NA;
    f.fault = CFAULT_SAFETY;
    fake_start(&f, NULL, false);
    fake_run(&f, 1000);
    expect_lights(&f, "rrrr mode=b");
    fake_free(&f);
}

Test(faults, a_welded_contactor_is_found_and_never_closed_again_SR_024_SR_056)
{
    struct fake f;

    charging(&f, MODEL_CONNECT);
    f.welded = true;
    f.stuck_ma = 16000;
    fake_command(&f, COMMAND_PAUSE);
    fake_granted_until(&f, 16000, 19500);
    cr_expect(f.contactor); /* 6 s until it was told to open, 3 s more */
    cr_expect_eq(fake_status(&f)->faults[0], CFAULT_WELDED);
    cr_expect(fake_status(&f)->contactor_closed); /* the manager books what it draws */
    cr_expect_eq(fake_status(&f)->drawn_ma[0], 16000);
    expect_lights(&f, "rrrr online=g mode=g");
    f.welded = false;
    f.stuck_ma = 0;
    fake_command(&f, COMMAND_RESUME);
    fake_granted_until(&f, 16000, 200000);
    cr_expect_not(f.contactor);
    cr_expect(f.keep.is_welded);
    fake_free(&f);
}

Test(faults, a_fired_watchdog_over_a_welded_contactor_is_rearmed_so_that_the_board_can_show_it)
{
    struct fake f;

    charging(&f, MODEL_CONNECT);
    f.latched = true;
    f.firings = 1;
    f.pilot_ma = 0;
    f.welded = true;
    fake_granted_until(&f, 16000, 18500);
    cr_expect(f.latched);
    fake_granted_until(&f, 16000, 20500);
    cr_expect_not(f.latched);
    cr_expect(f.keep.is_welded);
    expect_lights(&f, "rrrr online=g mode=g");
    cr_expect_eq(fake_status(&f)->grant_seq, f.grant_seq); /* its cycles are carried out again */
    fake_free(&f);
}

Test(faults, a_contactor_that_was_closed_already_is_not_closed_upon)
{
    struct fake f;

    fake_init(&f);
    f.vehicle = 'C';
    f.contactor = true;
    f.welded = true;
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH);
    fake_granted_until(&f, 16000, 20000);
    cr_expect_not(f.command.contactor_closed);
    cr_expect(cfault_has(&f.c->fault, CFAULT_WELDED));
    fake_free(&f);
}

Test(faults, a_contactor_that_does_not_close_is_8001_and_tried_again_SR_224)
{
    struct fake f;

    fake_init(&f);
    f.params.model = MODEL_CONNECT;
    f.params.authorization = 0;
    f.stuck = true;
    fake_plugged(&f);
    f.vehicle = 'C';
    fake_granted_until(&f, 16000, 3000);
    cr_expect_eq(fake_status(&f)->faults[0], 8001);
    expect_lights(&f, "b~b~b~r~ online=g mode=g");
    f.stuck = false;
    fake_granted_until(&f, 16000, 16000);
    cr_expect(f.contactor);
    cr_expect_eq(fake_status(&f)->faults_n, 0);
    fake_free(&f);
}

Test(faults, a_voltage_outside_160_to_280_v_interrupts_SR_225)
{
    struct fake f;

    charging(&f, MODEL_CONNECT);
    f.voltage_mv = 159000;
    fake_granted_until(&f, 16000, 11500);
    cr_expect_not(f.contactor);
    cr_expect_eq(fake_status(&f)->faults[0], 8002);
    expect_lights(&f, "b~b~r~b~ online=g mode=g");
    f.voltage_mv = 230000;
    fake_granted_until(&f, 16000, 26000);
    cr_expect(f.contactor);
    fake_free(&f);
}

Test(faults, a_vehicle_without_a_diode_gets_no_energy)
{
    struct fake f;

    fake_init(&f);
    f.diode_failed = true;
    fake_plugged(&f);
    f.vehicle = 'C';
    fake_granted_until(&f, 16000, 5000);
    cr_expect_eq(f.commands_n > 0, true);
    cr_expect_not(f.contactor);
    cr_expect_eq(fake_status(&f)->faults[0], CFAULT_DIODE);
    f.diode_failed = false;
    fake_granted_until(&f, 16000, 20000);
    cr_expect(f.contactor);
    fake_free(&f);
}

Test(faults, a_pilot_that_is_short_opens_at_once_and_is_a_fault)
{
    struct fake f;

    charging(&f, MODEL_PLUS);
    f.vehicle = 'F';
    fake_sample(&f);
    cr_expect_not(f.command.contactor_closed);
    fake_granted_until(&f, 16000, 11000);
    cr_expect_eq(fake_status(&f)->faults[0], CFAULT_PILOT);
    expect_state(&f, BOX_RECOVER_FROM_ERROR);
    f.vehicle = 'C';
    fake_granted_until(&f, 16000, 25000);
    cr_expect(f.contactor);
    cr_expect_eq(f.begins_n, 1); /* the same session */
    fake_free(&f);
}

/* SR-222, SR-223, SR-227 and the boards of other makers: codes that only the board can know. */
Test(faults, codes_of_the_board_open_at_once_and_are_reported_raised_and_cleared)
{
    static const uint16_t codes[] = {5, 8, 8005, 9004, 9005, 12345};

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct fake f;

        charging(&f, MODEL_PLUS);
        f.fault = codes[i];
        fake_sample(&f);
        cr_expect_not(f.command.contactor_closed);
        cr_expect_eq(f.sent[MSG_FAULT_RAISED].fault.code, codes[i]);
        cr_expect_gt(f.sent[MSG_FAULT_RAISED].fault.utc_ms, 0);
        expect_lights(&f, "rrrr");
        f.fault = 0;
        fake_sample(&f);
        cr_expect_eq(f.sent[MSG_FAULT_CLEARED].fault.code, codes[i]);
        fake_free(&f);
    }
}

/* DIFF-10, DIFF-16; SR-045, SR-046, SR-051, SR-221, SR-235. */
Test(faults, heat_first_reduces_then_interrupts_and_counts_no_retry)
{
    struct fake f;

    charging(&f, MODEL_CONNECT);
    for (int i = 0; i < 8; i++) {
        f.temperature_mdegc = 80000;
        fake_granted_until(&f, 16000, f.now_ms + 2000);
        cr_expect_lt(f.pilot_ma, 16000);
        expect_state(&f, BOX_DEGRADED);
        f.temperature_mdegc = 86000;
        fake_granted_until(&f, 16000, f.now_ms + 2000);
        cr_expect_not(f.contactor);
        expect_lights(&f, "w~w~o~o~ online=g mode=g");
        fake_granted_until(&f, 16000, f.now_ms + 5000);
        expect_lights(&f, "--o~o~ online=g mode=g");
        f.temperature_mdegc = 60000;
        fake_granted_until(&f, 16000, f.now_ms + 10000);
        cr_expect(f.contactor, "it resumed after cooling %d times", i);
    }
    cr_expect_eq(f.notes_n[CNOTE_RETRY], 0);
    fake_free(&f);
}

Test(faults, a_broken_module_is_shown_and_charging_goes_on_SR_062_SR_063)
{
    struct fake f;

    charging(&f, MODEL_PLUS);
    f.fault = CFAULT_MODULE;
    fake_granted_until(&f, 16000, 11000);
    cr_expect(f.contactor);
    expect_lights(&f, "b^b^b^r");
    f.vehicle = 'B';
    fake_granted_until(&f, 16000, 12000);
    expect_lights(&f, "bbbr");
    fake_free(&f);
}

Test(faults, a_register_that_stands_still_is_reported_and_charging_goes_on)
{
    struct cev e = {.kind = CEV_BOARD};
    struct fake f;

    charging(&f, MODEL_PLUS);
    for (int i = 0; i < 60; i++) {
        e.board = f.c->sample;
        e.board.taken_ms = f.now_ms + 1000;
        e.board.energy_wh = 5;
        e.board.power_w = 11000;
        f.now_ms += 1000;
        fake_event(&f, &e);
        fake_grant(&f, 16000);
    }
    cr_expect(cfault_has(&f.c->fault, CFAULT_METER));
    cr_expect_not(cfault_blocks(&f.c->fault));
    fake_free(&f);
}

Test(faults, a_wallbox_without_a_clock_says_so_and_works)
{
    struct fake f;

    fake_init(&f);
    f.utc_ms = CLOCK_UNSET_UTC_MS;
    fake_plugged(&f);
    f.vehicle = 'C';
    fake_granted_until(&f, 16000, 61000);
    cr_expect(f.contactor);
    cr_expect_eq(fake_status(&f)->faults[0], CFAULT_CLOCK);
    f.utc_ms = INT64_C(1750000000000);
    fake_granted_until(&f, 16000, 63000);
    cr_expect_eq(fake_status(&f)->faults_n, 0);
    fake_free(&f);
}

/* 6.1: leaving C opens within 100 ms, here in the step of the reading; becoming allowed closes within 3 s. */
Test(faults, opening_takes_no_time_and_closing_at_most_3_s)
{
    struct fake f;
    int64_t at_ms;

    charging(&f, MODEL_PLUS);
    fake_run(&f, 10250);
    f.vehicle = 'B';
    fake_sample(&f);
    cr_expect_eq(f.command_ms, 10250);
    cr_expect_not(f.command.contactor_closed);
    fake_granted_until(&f, 16000, 15000);
    f.vehicle = 'C';
    fake_sample(&f);
    at_ms = f.now_ms;
    while (!f.contactor && f.now_ms < at_ms + 3000) {
        fake_granted_until(&f, 16000, f.now_ms + 100);
    }
    cr_expect_leq(f.now_ms - at_ms, 3000);
    cr_expect(f.contactor);
    fake_free(&f);
}

/* State D: no energy without ventilation; with it like C. */
Test(faults, a_vehicle_that_needs_ventilation_charges_where_there_is_some)
{
    for (int ventilation = 0; ventilation < 2; ventilation++) {
        struct fake f;

        fake_init(&f);
        f.params.ventilation = ventilation;
        fake_plugged(&f);
        f.vehicle = 'D';
        fake_granted_until(&f, 16000, 5000);
        cr_expect_eq(f.command.contactor_closed, ventilation == 1);
        fake_free(&f);
    }
}
