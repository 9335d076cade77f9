#include "client/core/core.h"

#include <criterion/criterion.h>

#include "common/base/units.h"
#include "tests/unit/client/core/fake.h"

TestSuite(core, .timeout = 30);

/* Charging at 16 A for a while; ends at 10,000 ms. */
static void charging(struct fake *f)
{
    fake_init(f);
    fake_plugged(f);
    fake_granted_until(f, 16000, 2000);
    f->vehicle = 'C';
    fake_granted_until(f, 16000, 10000);
    cr_assert(f->contactor);
    cr_assert_eq(f->pilot_ma, 16000);
}

Test(core, parameters_are_checked_against_each_other)
{
    struct client_params p;
    const char *text = NULL;

    client_params_defaults(&p);
    cr_expect_eq(client_params_validate(&p, &text), RC_RANGE); /* no serial */
    cr_expect_not_null(text);
    p.serial[0] = 'A';
    cr_expect_eq(client_params_validate(&p, &text), RC_OK);
    p.rated_ma = 5999;
    cr_expect_eq(client_params_validate(&p, &text), RC_RANGE);
    p.rated_ma = 0; /* the rated-current switch has a step 0 (SR-204) */
    cr_expect_eq(client_params_validate(&p, &text), RC_OK);
    p.wired_phases_n = 2;
    cr_expect_eq(client_params_validate(&p, &text), RC_RANGE);
    p.wired_phases_n = 1;
    p.apply_ms = 10001;
    cr_expect_eq(client_params_validate(&p, &text), RC_RANGE);
}

Test(core, it_dials_at_the_start_and_says_hello_with_what_is_stored)
{
    struct fake f;

    fake_init(&f);
    f.keep = (struct client_keep){.epoch = 77, .boot_count = 3, .fallback_ma = 10000, .rise_after_ms = 32000, .has_fallback = true};
    fake_start(&f, NULL, false);
    cr_expect_eq(f.dials_n, 1);
    fake_link_up(&f);
    cr_expect_eq(f.sends_n[MSG_HELLO], 1);
    cr_expect_eq(f.sent[MSG_HELLO].hello.epoch_seen, 77);
    cr_expect_eq(f.sent[MSG_HELLO].hello.fallback_ma, 10000);
    cr_expect_eq(f.sent[MSG_HELLO].hello.rise_after_ms, 32000);
    cr_expect_eq(f.keep.boot_count, 4);
    fake_free(&f);
}

Test(core, a_damaged_kept_file_means_no_fallback)
{
    struct fake f;

    fake_init(&f);
    f.keep = (struct client_keep){.epoch = 77, .fallback_ma = 3000, .rise_after_ms = -1, .has_fallback = true};
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    cr_expect_eq(f.sent[MSG_HELLO].hello.fallback_ma, 0);
    fake_free(&f);
}

Test(core, no_status_before_the_welcome_nor_before_boot_count_and_epoch_are_durable)
{
    struct fake f;

    fake_init(&f);
    f.store_mute = true;
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    fake_run(&f, 1000);
    cr_expect_eq(f.sends_n[MSG_STATUS], 0);
    fake_welcome(&f, FAKE_EPOCH);
    fake_run(&f, 2000);
    cr_expect_eq(f.sends_n[MSG_STATUS], 0);
    fake_free(&f);

    fake_init(&f);
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH);
    cr_expect_eq(f.sends_n[MSG_STATUS], 0); /* nor before the board was read */
    fake_sample(&f);
    cr_expect_eq(f.sends_n[MSG_STATUS], 1);
    cr_expect_eq(f.keep.epoch, FAKE_EPOCH);
    cr_expect_eq(fake_status(&f)->status_seq, UINT64_C(0x100000001));
    fake_free(&f);
}

Test(core, no_status_under_a_new_epoch_before_that_epoch_is_durable)
{
    struct fake f;

    fake_init(&f);
    f.keep.epoch = FAKE_EPOCH;
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    f.store_mute = true;
    fake_welcome(&f, FAKE_EPOCH + 1);
    fake_run(&f, 2000);
    cr_expect_eq(f.sends_n[MSG_STATUS], 0);
    fake_free(&f);
}

Test(core, a_store_that_refuses_the_epoch_is_asked_again_after_1_s)
{
    struct fake f;

    fake_init(&f);
    f.store_fails = true;
    fake_start(&f, NULL, false);
    fake_run(&f, 999);
    cr_expect_eq(f.keeps_n, 1);
    f.store_fails = false;
    fake_run(&f, 1000);
    cr_expect_eq(f.keeps_n, 2);
    cr_expect_eq(f.keep.boot_count, 1);
    fake_free(&f);
}

Test(core, a_welcome_of_a_lower_epoch_closes_the_link)
{
    struct fake f;

    fake_init(&f);
    f.keep.epoch = FAKE_EPOCH + 1;
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH);
    cr_expect_eq(f.closes_n, 1);
    cr_expect_eq(f.notes_n[CNOTE_OLD_EPOCH], 1);
    cr_expect_eq(f.sends_n[MSG_STATUS], 0);
    fake_free(&f);
}

Test(core, plugging_in_and_a_grant_lead_to_charging_SR_028_SR_031_SR_039)
{
    struct fake f;

    fake_init(&f);
    f.params.self_test_ms = 3000;
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH);
    fake_run(&f, 1000);
    cr_expect_eq(fake_status(&f)->state, BOX_IDLE);
    f.vehicle = 'B';
    fake_granted_until(&f, 16000, 2000);
    cr_expect_eq(f.pilot_ma, 0); /* self-test */
    fake_granted_until(&f, 16000, 5000);
    cr_expect_eq(f.pilot_ma, 16000);
    cr_expect_not(f.contactor);
    cr_expect_eq(fake_status(&f)->state, BOX_READY_FOR_CHARGING);
    cr_expect_eq(fake_status(&f)->limit_by, LIMIT_GRANT);
    f.vehicle = 'C';
    fake_granted_until(&f, 16000, 6000);
    cr_expect(f.contactor);
    cr_expect_eq(fake_status(&f)->state, BOX_CHARGING);
    cr_expect_eq(fake_status(&f)->drawn_ma[0], 16000);
    cr_expect_eq(fake_status(&f)->used_phases, PHASE_ALL);
    cr_expect(fake_status(&f)->has_session);
    cr_expect_eq(f.sends_n[MSG_SESSION_STARTED], 1);
    fake_free(&f);
}

Test(core, nothing_before_commissioning_SR_043)
{
    struct fake f;

    fake_init(&f);
    f.params.commissioned = 0;
    f.vehicle = 'C';
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH);
    fake_granted_until(&f, 16000, 5000);
    cr_expect_eq(f.pilot_ma, 0);
    cr_expect_not(f.contactor);
    cr_expect_eq(f.begins_n, 0);
    cr_expect_eq(fake_status(&f)->state, BOX_UNAVAILABLE);
    cr_expect_not(fake_status(&f)->authorized);
    fake_free(&f);
}

Test(core, with_authorization_on_a_plugged_vehicle_waits_until_the_manager_starts_it)
{
    struct fake f;

    fake_init(&f);
    f.params.authorization = 1;
    f.vehicle = 'C';
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH);
    fake_granted_until(&f, 16000, 5000);
    cr_expect_eq(f.pilot_ma, 0);
    cr_expect_eq(f.begins_n, 0);
    fake_command(&f, COMMAND_START);
    cr_expect_eq(f.sent[MSG_COMMAND_RESULT].result.result, RESULT_DONE);
    fake_granted_until(&f, 16000, 7000);
    cr_expect(f.contactor);
    fake_free(&f);
}

Test(core, without_a_durable_begin_nothing_flows_and_it_is_tried_every_5_s)
{
    struct fake f;

    fake_init(&f);
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH);
    f.vehicle = 'C';
    f.store_fails = true;
    fake_granted_until(&f, 16000, 4900);
    cr_expect_eq(f.begins_n, 1);
    cr_expect_eq(f.pilot_ma, 0);
    cr_expect_not(f.contactor);
    cr_expect_eq(fake_status(&f)->faults_n, 1);
    cr_expect_eq(fake_status(&f)->faults[0], CFAULT_STORE_FULL);
    cr_expect_eq(f.sends_n[MSG_FAULT_RAISED], 1);
    f.store_fails = false;
    fake_granted_until(&f, 16000, 7000);
    cr_expect_eq(f.begins_n, 2);
    cr_expect(f.contactor);
    cr_expect_eq(fake_status(&f)->faults_n, 0);
    cr_expect_eq(f.sends_n[MSG_FAULT_CLEARED], 1);
    fake_free(&f);
}

Test(core, a_renewal_is_named_in_the_next_status_and_brings_none_of_its_own)
{
    struct fake f;
    int n;

    charging(&f);
    fake_granted_until(&f, 16000, 20000);
    n = f.sends_n[MSG_STATUS];
    for (int i = 0; i < 1000; i++) { /* a manager that answers each Status within 10 ms */
        fake_grant(&f, 16000);
        fake_run(&f, f.now_ms + 10);
    }
    cr_expect_leq(f.sends_n[MSG_STATUS], n + 11);
    cr_expect_geq(f.sends_n[MSG_STATUS], n + 10);
    cr_expect_geq(fake_status(&f)->grant_seq + 100, f.grant_seq);
    fake_free(&f);
}

Test(core, a_value_that_changed_and_came_back_before_the_board_followed_is_news)
{
    struct fake f;

    charging(&f);
    fake_granted_until(&f, 16000, 20000);
    fake_run(&f, 20300);
    f.board_behind = true;
    fake_grant(&f, 8000);
    fake_grant(&f, 16000);
    f.board_behind = false;
    fake_run(&f, 20950); /* the next cycle and 200 ms, but no whole second */
    cr_expect_eq(fake_status(&f)->grant_seq, f.grant_seq);
    fake_free(&f);
}

Test(core, a_cut_reaches_the_board_in_the_same_step_and_is_named_when_the_board_shows_it)
{
    struct fake f;

    charging(&f);
    fake_run(&f, 10300);
    fake_grant(&f, 8000);
    cr_expect_eq(f.command.pilot_ma, 8000);
    cr_expect_eq(f.command_ms, 10300);
    cr_expect_lt(fake_status(&f)->grant_seq, f.grant_seq); /* commanded, not yet confirmed */
    fake_run(&f, 10501);                                   /* the board's reading came at once, a Status at most every 200 ms */
    cr_expect_eq(fake_status(&f)->grant_seq, f.grant_seq);
    cr_expect_eq(fake_status(&f)->offered_ma, 8000);
    fake_free(&f);
}

Test(core, a_cut_is_not_named_and_the_old_current_is_reported_while_the_board_is_behind)
{
    struct fake f;

    charging(&f);
    fake_run(&f, 10300);
    f.board_silent = true;
    fake_grant(&f, 8000);
    fake_run(&f, 11400);
    cr_expect_lt(fake_status(&f)->grant_seq, f.grant_seq);
    cr_expect_eq(fake_status(&f)->offered_ma, 16000);
    fake_free(&f);
}

Test(core, a_raise_on_its_way_to_the_board_is_reported_and_holds_up_the_cut_after_it)
{
    struct fake f;

    charging(&f);
    fake_granted_until(&f, 8000, 20000);
    f.board_behind = true;
    fake_grant(&f, 16000);
    cr_expect_eq(f.command.pilot_ma, 16000);
    fake_run(&f, 20100);
    fake_grant(&f, 8000);
    fake_run(&f, 21200); /* the board still shows the 8 A from before the raise */
    cr_expect_eq(f.pilot_ma, 8000);
    cr_expect_lt(fake_status(&f)->grant_seq, f.grant_seq);
    cr_expect_eq(fake_status(&f)->offered_ma, 16000);
    f.board_behind = false;
    fake_run(&f, 22300);
    cr_expect_eq(fake_status(&f)->grant_seq, f.grant_seq);
    cr_expect_eq(fake_status(&f)->offered_ma, 8000);
    fake_free(&f);
}

Test(core, a_raise_waits_for_the_spacing_of_the_pilot_and_is_named_when_it_shows)
{
    struct fake f;
    int64_t rise_ms;

    charging(&f);
    fake_grant(&f, 20000);
    rise_ms = f.command_ms;
    cr_expect_eq(f.command.pilot_ma, 20000);
    fake_run(&f, rise_ms + 1000);
    fake_grant(&f, 24000);
    fake_run(&f, rise_ms + 4999);
    cr_expect_eq(f.command.pilot_ma, 20000);
    cr_expect_lt(fake_status(&f)->grant_seq, f.grant_seq);
    cr_expect_eq(fake_status(&f)->offered_ma, 24000); /* accepted */
    fake_run(&f, rise_ms + 5000);
    cr_expect_eq(f.command.pilot_ma, 24000);
    fake_run(&f, rise_ms + 5201);
    cr_expect_eq(fake_status(&f)->grant_seq, f.grant_seq);
    fake_free(&f);
}

Test(core, a_grant_above_the_own_limits_is_named_at_the_own_limit)
{
    struct fake f;

    fake_init(&f);
    f.cable_ma = 13000;
    fake_plugged(&f);
    f.vehicle = 'C';
    fake_granted_until(&f, 32000, 3000);
    cr_expect_eq(f.pilot_ma, 13000);
    cr_expect_eq(fake_status(&f)->grant_seq, f.grant_seq);
    cr_expect_eq(fake_status(&f)->limit_ma, 13000);
    cr_expect_eq(fake_status(&f)->limit_by, LIMIT_CABLE);
    cr_expect_eq(fake_status(&f)->offered_ma, 32000); /* accepted */
    fake_free(&f);
}

Test(core, without_a_vehicle_a_grant_leads_to_nothing_and_is_named_at_once)
{
    struct fake f;

    fake_init(&f);
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH);
    fake_run(&f, 1000);
    fake_grant(&f, 16000);
    fake_run(&f, 1300);
    cr_expect_eq(fake_status(&f)->grant_seq, 1);
    cr_expect_eq(f.pilot_ma, 0);
    cr_expect_eq(fake_status(&f)->limit_by, LIMIT_STATE);
    fake_free(&f);
}

Test(core, at_the_end_of_the_lease_the_pilot_is_away_at_that_millisecond)
{
    struct fake f;
    int64_t end_ms;

    charging(&f);
    fake_link_down(&f);
    end_ms = f.c->grant.ends_ms;
    f.stuck_ma = 16000;
    fake_run(&f, end_ms - 1);
    cr_expect_eq(f.pilot_ma, 16000);
    fake_run(&f, end_ms);
    cr_expect_eq(f.command_ms, end_ms);
    cr_expect_eq(f.pilot_ma, 0);
    cr_expect(f.contactor); /* under load at most 6 s more */
    fake_run(&f, end_ms + 5999);
    cr_expect(f.contactor);
    fake_run(&f, end_ms + 6000);
    cr_expect_not(f.contactor);
    cr_expect_eq(f.notes_n[CNOTE_LEASE_END], 1);
    fake_free(&f);
}

Test(core, a_vehicle_goes_on_at_the_fallback_and_rises_to_it_only_after_the_wait)
{
    struct fake f;
    int64_t end_ms;

    fake_init(&f);
    fake_plugged(&f);
    fake_fallback(&f, 10000, 32000);
    cr_expect_eq(f.sends_n[MSG_FALLBACK_ACK], 1);
    cr_expect_eq(f.sent[MSG_FALLBACK_ACK].fallback_ack.seq, 5);
    cr_expect_eq(f.sent[MSG_FALLBACK_ACK].fallback_ack.fallback_ma, 10000);
    cr_expect_eq(f.keep.fallback_ma, 10000);
    f.vehicle = 'C';
    fake_granted_until(&f, 7000, 5000);
    fake_link_down(&f);
    end_ms = f.c->grant.ends_ms;
    fake_run(&f, end_ms + 31999);
    cr_expect_eq(f.pilot_ma, 7000);
    cr_expect(f.contactor);
    fake_run(&f, end_ms + 32000);
    cr_expect_eq(f.pilot_ma, 10000);
    cr_expect_eq(f.notes_n[CNOTE_FALLBACK_RISE], 1);
    fake_free(&f);
}

Test(core, a_fallback_is_acknowledged_only_when_stored)
{
    struct fake f;

    fake_init(&f);
    fake_plugged(&f);
    f.store_fails = true;
    fake_fallback(&f, 10000, 32000);
    cr_expect_eq(f.sends_n[MSG_FALLBACK_ACK], 0);
    cr_expect_eq(f.c->grant.fallback_ma, 0);
    fake_granted_until(&f, 0, 900);
    f.store_fails = false;
    fake_granted_until(&f, 0, 1100);
    cr_expect_eq(f.sends_n[MSG_FALLBACK_ACK], 1);
    fake_free(&f);
}

/* Acknowledged at once it would be booked by the manager, and the other one found in the file after a power cut. */
Test(core, a_fallback_that_was_stored_before_is_not_acknowledged_while_another_is_being_written)
{
    struct fake f;
    struct cev written = {.kind = CEV_STORED};

    fake_init(&f);
    fake_plugged(&f);
    fake_fallback(&f, 0, 32000);
    cr_assert_eq(f.sends_n[MSG_FALLBACK_ACK], 1);
    f.store_mute = true;
    fake_fallback(&f, 10000, 32000);
    written.ticket = f.c->keep_ticket;
    fake_fallback(&f, 0, 32000);
    cr_expect_eq(f.sends_n[MSG_FALLBACK_ACK], 1);
    f.store_mute = false;
    fake_event(&f, &written);
    cr_expect_eq(f.sends_n[MSG_FALLBACK_ACK], 2, "the one that is wanted was written over it");
    cr_expect_eq(f.c->have.fallback_ma, 0);
    fake_free(&f);
}

Test(core, a_fallback_whose_writing_failed_may_stand_there_until_another_is_written)
{
    struct fake f;

    fake_init(&f);
    fake_plugged(&f);
    fake_fallback(&f, 0, 32000);
    f.store_fails = true;
    fake_fallback(&f, 10000, 32000);
    fake_fallback(&f, 0, 32000);
    cr_expect_eq(f.sends_n[MSG_FALLBACK_ACK], 1);
    f.store_fails = false;
    fake_granted_until(&f, 0, CLIENT_KEEP_RETRY_MS + 1000);
    cr_expect_eq(f.sends_n[MSG_FALLBACK_ACK], 2);
    fake_free(&f);
}

Test(core, fallback_and_configuration_of_a_lower_epoch_are_refused)
{
    struct fake f;
    struct msg m = {.kind = MSG_CONFIG_SET, .config_set = {.epoch = 1, .version = 1, .max_ma = 32000, .status_ms = 1000}};

    fake_init(&f);
    fake_plugged(&f);
    fake_message(&f, &m);
    cr_expect_eq(f.notes_n[CNOTE_OLD_EPOCH], 1);
    m = (struct msg){.kind = MSG_FALLBACK_SET, .fallback_set = {.epoch = 1, .seq = 1, .fallback_ma = 16000}};
    fake_message(&f, &m);
    cr_expect_eq(f.notes_n[CNOTE_OLD_EPOCH], 2);
    cr_expect_eq(f.keep.fallback_ma, 0);
    cr_expect_eq(f.sends_n[MSG_CONFIG_ACK], 0);
    fake_free(&f);
}

Test(core, a_program_that_was_stopped_retires_its_lease_before_it_looks_at_anything)
{
    struct fake f;
    struct cev tick = {.kind = CEV_TICK};
    struct msg m;

    charging(&f);
    f.now_ms = f.c->grant.ends_ms + 60000; /* SIGSTOP and SIGCONT */
    f.firings = 1;
    f.latched = true;
    f.pilot_ma = 0;
    f.contactor = false;
    m = (struct msg){.kind = MSG_GRANT};
    m.grant = (struct msg_grant){.epoch = FAKE_EPOCH, .grant_seq = f.grant_seq + 1, .status_seq = fake_status(&f)->status_seq, .lease_ms = 10000};
    m.grant.current_ma = 16000;
    m.grant.reason = REASON_HOLD;
    fake_message(&f, &m); /* it waited in the socket */
    cr_expect_eq(f.c->grant.offer_ma, 0);
    cr_expect_eq(f.notes_n[CNOTE_LEASE_END], 1);
    fake_event(&f, &tick);
    fake_run(&f, f.now_ms + 3000);
    cr_expect_eq(f.command.pilot_ma, 0);
    cr_expect_not(f.command.contactor_closed);
    fake_free(&f);
}

Test(core, a_fired_watchdog_is_rearmed_when_the_board_has_opened_and_charging_goes_on)
{
    struct fake f;

    charging(&f);
    f.firings = 3;
    f.latched = true;
    f.pilot_ma = 0;
    f.stuck_ma = 16000; /* the vehicle is slow to stop */
    fake_granted_until(&f, 16000, 12000);
    cr_expect(f.latched);
    cr_expect_eq(f.command.rearm_firing, 0);
    cr_expect_eq(f.notes_n[CNOTE_WATCHDOG], 1);
    f.stuck_ma = 0;
    fake_granted_until(&f, 16000, 12600);
    cr_expect_not(f.latched);
    cr_expect_eq(f.c->latched, false);
    fake_granted_until(&f, 16000, 20000);
    cr_expect(f.contactor);
    cr_expect_eq(f.pilot_ma, 16000);
    fake_free(&f);
}

Test(core, a_program_that_starts_under_a_fired_watchdog_lets_the_board_open_before_it_rearms)
{
    struct fake f;

    fake_init(&f);
    f.vehicle = 'C';
    f.contactor = true;
    f.stuck_ma = 16000;
    f.firings = 1;
    f.latched = true;
    fake_start(&f, NULL, false);
    fake_run(&f, 3000);
    cr_expect_eq(f.command.rearm_firing, 0);
    cr_expect_not(f.command.contactor_closed);
    f.stuck_ma = 0;
    fake_run(&f, 4000);
    cr_expect_not(f.latched);
    fake_free(&f);
}

Test(core, the_board_is_fed_while_it_answers_and_no_longer)
{
    struct fake f;
    int n;

    fake_init(&f);
    fake_start(&f, NULL, false);
    fake_run(&f, 5000);
    cr_expect_geq(f.commands_n, 10); /* board_cycle_ms is 500 */
    f.board_silent = true;
    fake_run(&f, 7000);
    n = f.commands_n;
    fake_run(&f, 20000);
    cr_expect_leq(f.commands_n, n + 1);
    cr_expect_eq(f.notes_n[CNOTE_BOARD_LOST], 1);
    f.board_silent = false;
    fake_run(&f, 20600);
    cr_expect_gt(f.commands_n, n + 1);
    cr_expect_eq(f.notes_n[CNOTE_BOARD_BACK], 1);
    fake_free(&f);
}

Test(core, cycles_go_on_above_those_of_the_last_run_so_that_nothing_old_confirms_a_grant)
{
    struct fake f;

    fake_init(&f);
    f.cycle = 5000;
    fake_start(&f, NULL, false);
    fake_run(&f, 0);
    cr_expect_gt(f.command.cycle, 5000);
    fake_free(&f);
}

Test(core, a_pause_by_command_and_its_end)
{
    struct fake f;

    charging(&f);
    fake_command(&f, COMMAND_PAUSE);
    cr_expect_eq(f.command.pilot_ma, 0);
    fake_granted_until(&f, 16000, 10600);
    cr_expect_not(f.contactor); /* the current had stopped */
    cr_expect(fake_status(&f)->paused);
    cr_expect_eq(fake_status(&f)->state, BOX_SUSPENDED);
    fake_command(&f, COMMAND_RESUME);
    fake_granted_until(&f, 16000, 18000);
    cr_expect(f.contactor);
    cr_expect_eq(f.begins_n, 1); /* the same session */
    fake_free(&f);
}

Test(core, a_stop_by_command_ends_the_session_until_start_or_unplug)
{
    struct fake f;

    charging(&f);
    fake_command(&f, COMMAND_STOP);
    fake_granted_until(&f, 16000, 20000);
    cr_expect_not(f.contactor);
    cr_expect_eq(f.ends_n, 1);
    cr_expect_eq(f.journal.end, END_COMMAND);
    cr_expect_eq(f.begins_n, 1);
    fake_command(&f, COMMAND_START);
    fake_granted_until(&f, 16000, 28000);
    cr_expect_eq(f.begins_n, 2);
    cr_expect(f.contactor);
    fake_free(&f);
}

Test(core, commands_that_need_a_vehicle_are_refused_without_one)
{
    struct fake f;

    fake_init(&f);
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH);
    fake_run(&f, 100);
    fake_command(&f, COMMAND_PAUSE);
    cr_expect_eq(f.sent[MSG_COMMAND_RESULT].result.result, RESULT_REFUSED);
    fake_command(&f, COMMAND_UNLOCK);
    cr_expect_eq(f.sent[MSG_COMMAND_RESULT].result.result, RESULT_DONE);
    cr_expect_eq(f.sent[MSG_COMMAND_RESULT].result.seq, 3);
    fake_free(&f);
}

Test(core, unplugging_ends_the_session_with_all_its_energy_SR_033_SR_040)
{
    struct fake f;
    int64_t start_wh;

    charging(&f);
    start_wh = f.journal.start_wh;
    fake_granted_until(&f, 16000, 100000);
    f.vehicle = 'A';
    fake_granted_until(&f, 0, 101000);
    cr_expect_not(f.contactor);
    cr_expect_eq(f.ends_n, 1);
    cr_expect_eq(f.journal.end, END_UNPLUGGED);
    cr_expect_eq(f.journal.last_wh - start_wh, f.energy_mws / 3600000);
    cr_expect_gt(f.journal.last_wh, 270); /* 11 kW for 90 s and more */
    cr_expect_eq(f.checkpoints_n, 1);
    cr_expect_not(fake_status(&f)->has_session);
    fake_free(&f);
}

Test(core, a_pulled_plug_opens_in_the_step_of_the_reading)
{
    struct fake f;

    charging(&f);
    fake_run(&f, 10333);
    f.vehicle = 'A';
    fake_sample(&f);
    cr_expect_eq(f.command_ms, 10333);
    cr_expect_not(f.command.contactor_closed);
    cr_expect_eq(f.command.pilot_ma, 0);
    fake_free(&f);
}

static void record(struct fake *f, const struct msg_session_record *r)
{
    struct cev e = {.kind = CEV_RECORD};

    e.record.record = r;
    fake_event(f, &e);
}

Test(core, a_finished_session_travels_until_it_is_acknowledged_and_then_the_next)
{
    struct fake f;
    struct msg_session_record r = {.stop_wh = 5, .end = END_UNPLUGGED};
    struct msg ack = {.kind = MSG_RECORD_ACK};

    fake_init(&f);
    fake_plugged(&f);
    cr_expect_eq(f.asked_n, 1); /* asked once on each connection */
    record(&f, NULL);
    f.vehicle = 'A';
    fake_granted_until(&f, 0, 1000);
    cr_expect_eq(f.ends_n, 1);
    cr_expect_eq(f.asked_n, 2);
    r.session = f.journal.id;
    record(&f, &r);
    cr_expect_eq(f.sends_n[MSG_SESSION_RECORD], 1);
    fake_granted_until(&f, 0, 5999);
    cr_expect_eq(f.asked_n, 2);
    fake_granted_until(&f, 0, 6000);
    fake_run(&f, 6000);
    cr_expect_eq(f.asked_n, 3); /* no answer in 5 s */
    record(&f, &r);
    cr_expect_eq(f.sends_n[MSG_SESSION_RECORD], 2);
    fake_message(&f, &ack); /* of another session */
    cr_expect_eq(f.acked_n, 0);
    ack.record_ack.session = r.session;
    fake_message(&f, &ack);
    cr_expect_eq(f.acked_n, 1);
    cr_expect_eq(f.asked_n, 4);
    fake_message(&f, &ack);
    cr_expect_eq(f.acked_n, 1);
    fake_free(&f);
}

Test(core, after_a_restart_a_plugged_vehicle_continues_its_session_without_a_self_test)
{
    struct fake f;
    struct fake g;

    charging(&f);
    fake_granted_until(&f, 16000, 30000);
    fake_init(&g); /* the same wallbox, its program started again */
    g.params.self_test_ms = 3000;
    g.keep = f.keep;
    g.vehicle = 'C';
    g.energy_mws = f.energy_mws;
    g.now_ms = 40000;
    g.cycle = f.cycle;
    g.firings = 1;
    g.latched = true; /* the end of the link to the board fired it */
    fake_start(&g, &f.journal, false);
    fake_link_up(&g);
    fake_welcome(&g, FAKE_EPOCH);
    fake_run(&g, 40100);
    fake_granted_until(&g, 16000, 42000);
    cr_expect(g.contactor);
    cr_expect_eq(g.begins_n, 0);
    fake_sample(&g);
    cr_expect_eq(csession_wh(&g.c->session), g.energy_mws / 3600000 - f.journal.start_wh);
    g.vehicle = 'A';
    fake_granted_until(&g, 16000, 43000);
    cr_expect_eq(g.journal.end, END_UNPLUGGED);
    fake_free(&f);
    fake_free(&g);
}

Test(core, after_a_restart_a_vehicle_that_is_gone_closes_its_session)
{
    struct fake f;
    struct fake g;

    charging(&f);
    fake_init(&g);
    g.now_ms = 40000;
    g.energy_mws = f.energy_mws + 3600000;
    fake_start(&g, &f.journal, false);
    fake_run(&g, 41000);
    cr_expect_eq(g.journal.end, END_POWER_LOSS);
    cr_expect_eq(g.journal.last_wh, g.energy_mws / 3600000);
    fake_free(&f);
    fake_free(&g);
}

static int64_t first_offer_ms(bool machine, bool board, uint64_t seed)
{
    struct fake f;
    struct cev e = {.kind = CEV_START};
    int64_t at_ms;

    fake_init(&f);
    f.vehicle = 'C';
    f.power_failed = board;
    e.start.seed = seed;
    e.start.boot_id = 7;
    e.start.after_power_loss = machine;
    fake_event(&f, &e);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH);
    while (f.pilot_ma == 0 && f.now_ms < 200000) {
        fake_granted_until(&f, 16000, f.now_ms + 250);
    }
    at_ms = f.now_ms;
    fake_free(&f);
    return at_ms;
}

Test(core, after_a_power_failure_charging_resumes_after_1_to_120_s_SR_044)
{
    int64_t least_ms = MS_FOREVER;
    int64_t most_ms = 0;

    for (uint64_t seed = 0; seed < 60; seed++) {
        int64_t at_ms = first_offer_ms(seed % 2 == 0, seed % 2 == 1, seed);

        least_ms = min_i64(least_ms, at_ms);
        most_ms = max_i64(most_ms, at_ms);
    }
    cr_expect_geq(least_ms, 1000);
    cr_expect_leq(most_ms, 120500);
    cr_expect_lt(least_ms, 30000);
    cr_expect_gt(most_ms, 90000);
    cr_expect_lt(first_offer_ms(false, false, 1), 1000);
}

Test(core, an_asleep_vehicle_needs_no_grant_and_is_reported_when_it_asks)
{
    struct fake f;
    int64_t ask_ms;

    fake_init(&f);
    fake_plugged(&f);
    fake_granted_until(&f, 16000, 61000);
    cr_expect(fake_status(&f)->asleep);
    cr_expect_eq(f.pilot_ma, 6000);
    fake_granted_until(&f, 0, 80000);
    cr_expect_eq(f.pilot_ma, 6000);
    cr_expect_not(f.contactor);
    cr_expect_eq(fake_status(&f)->offered_ma, 0);
    cr_expect_eq(fake_status(&f)->grant_seq, f.grant_seq); /* a grant of 0 is confirmed by the open contactor */
    fake_run(&f, 80500);
    f.vehicle = 'C';
    fake_sample(&f);
    ask_ms = f.now_ms;
    cr_expect_eq(fake_status(&f)->pilot, PILOT_C2);
    cr_expect_eq(f.sent_ms[MSG_STATUS], ask_ms);
    fake_run(&f, ask_ms + 2999);
    cr_expect_eq(f.pilot_ma, 6000);
    cr_expect_not(f.contactor);
    fake_run(&f, ask_ms + 3000);
    cr_expect_eq(f.pilot_ma, 0);
    fake_free(&f);
}

/* Its pilot at the minimum would supply the vehicle: it keeps the grant instead. */
Test(core, a_controller_that_closes_by_itself_charges_and_never_shows_pwm_without_a_grant)
{
    struct fake f;

    fake_init(&f);
    f.closes_itself = true;
    fake_plugged(&f);
    fake_granted_until(&f, 16000, 70000);
    cr_expect_not(fake_status(&f)->asleep);
    cr_expect_eq(f.pilot_ma, 16000);
    f.vehicle = 'C';
    f.draws_ma = 16000;
    fake_granted_until(&f, 16000, 80000);
    cr_expect(f.command.contactor_closed && fake_status(&f)->contactor_closed);
    cr_expect_eq(fake_status(&f)->faults_n, 0);
    fake_granted_until(&f, 0, 90000);
    cr_expect_eq(f.pilot_ma, 0);
    cr_expect_eq(fake_status(&f)->offered_ma, 0);
    cr_expect_not(fake_status(&f)->contactor_closed);
    cr_expect_eq(fake_status(&f)->faults_n, 0);
    fake_free(&f);
}

Test(core, a_status_each_second_and_at_once_when_a_phase_moves_by_500_ma)
{
    struct fake f;
    int n;

    charging(&f);
    fake_granted_until(&f, 16000, 20000);
    fake_run(&f, 20500);
    n = f.sends_n[MSG_STATUS];
    f.draws_ma = 15501; /* 499 mA less */
    fake_sample(&f);
    cr_expect_eq(f.sends_n[MSG_STATUS], n);
    f.draws_ma = 15500;
    fake_sample(&f);
    cr_expect_eq(f.sends_n[MSG_STATUS], n + 1);
    cr_expect_eq(f.sent_ms[MSG_STATUS], f.now_ms);
    for (int i = 0; i < 50; i++) { /* a wild load for a second */
        f.draws_ma = i % 2 == 0 ? 6000 : 16000;
        fake_run(&f, f.now_ms + 20);
        fake_sample(&f);
    }
    cr_expect_leq(f.sends_n[MSG_STATUS], n + 1 + 5);
    fake_free(&f);
}

Test(core, grants_of_the_last_connection_are_not_obeyed)
{
    struct fake f;

    fake_init(&f);
    fake_plugged(&f);
    fake_link_down(&f);
    fake_run(&f, 5000);
    fake_link_up(&f);
    f.grant_seq = 10;
    cr_expect_geq(f.dials_n, 2);
    fake_welcome(&f, FAKE_EPOCH);
    f.sent[MSG_STATUS].status.status_seq -= 1;
    fake_grant(&f, 16000);
    cr_expect_eq(f.c->grant.offer_ma, 0);
    fake_free(&f);
}

Test(core, the_wrong_message_at_the_wrong_time_ends_the_connection_with_a_reason)
{
    struct fake f;
    struct msg m = {.kind = MSG_RECORD_ACK};

    fake_init(&f);
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    fake_message(&f, &m);
    cr_expect_eq(f.closes_n, 1);
    cr_expect_eq(f.notes_n[CNOTE_PROTOCOL], 1);
    fake_free(&f);

    fake_init(&f);
    fake_plugged(&f);
    fake_welcome(&f, FAKE_EPOCH);
    cr_expect_eq(f.closes_n, 1);
    fake_free(&f);
}

Test(core, a_reject_is_noted_and_closes)
{
    struct fake f;
    struct msg m = {.kind = MSG_REJECT, .reject.reason = REJECT_UNKNOWN_SERIAL};

    fake_init(&f);
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    fake_message(&f, &m);
    cr_expect_eq(f.closes_n, 1);
    cr_expect_eq(f.notes_n[CNOTE_REJECTED], 1);
    cr_expect_eq(f.note_a[CNOTE_REJECTED], REJECT_UNKNOWN_SERIAL);
    fake_free(&f);
}

Test(core, an_orderly_end_stops_the_current_then_writes_then_says_goodbye)
{
    struct fake f;
    struct cev stop = {.kind = CEV_STOP};

    charging(&f);
    f.stuck_ma = 16000;
    fake_event(&f, &stop);
    cr_expect_eq(f.command.pilot_ma, 0);
    cr_expect(f.command.contactor_closed);
    fake_granted_until(&f, 16000, 15999);
    cr_expect_not(f.is_stopped);
    fake_run(&f, 16000);
    cr_expect(f.is_stopped);
    cr_expect_not(f.command.contactor_closed);
    cr_expect_eq(f.sends_n[MSG_GOODBYE], 1);
    cr_expect_geq(f.checkpoints_n, 1);
    cr_expect_eq(f.ends_n, 0); /* the session is still open: the next run continues it */
    cr_expect_eq(client_wake_ms(f.c), MS_FOREVER);
    fake_event(&f, &stop);
    cr_expect_eq(f.fx.n, 0);
    fake_free(&f);
}

Test(core, an_end_does_not_wait_for_a_journal_that_never_answers)
{
    struct fake f;
    struct cev stop = {.kind = CEV_STOP};

    charging(&f);
    f.store_mute = true;
    fake_event(&f, &stop);
    fake_run(&f, f.now_ms + 2100);
    cr_expect(f.is_stopped);
    fake_free(&f);
}

Test(core, a_fault_of_the_board_opens_at_once_and_is_reported)
{
    struct fake f;

    charging(&f);
    f.fault = 8001;
    fake_sample(&f);
    cr_expect_not(f.command.contactor_closed);
    cr_expect_eq(f.command.pilot_ma, 0);
    cr_expect_eq(f.sent[MSG_FAULT_RAISED].fault.code, 8001);
    fake_granted_until(&f, 16000, 11000);
    cr_expect_eq(fake_status(&f)->state, BOX_RECOVER_FROM_ERROR);
    f.fault = 0;
    fake_granted_until(&f, 16000, 20000);
    cr_expect_eq(f.sent[MSG_FAULT_CLEARED].fault.code, 8001);
    cr_expect(f.contactor);
    fake_free(&f);
}

/* SR-226: the vehicle is switched off; SR-035: like any interruption it is tried again after a pause. */
Test(core, overdraw_is_fault_4003_until_its_pause_is_over_or_the_vehicle_leaves)
{
    struct fake f;

    charging(&f);
    f.stuck_ma = 25000; /* more than 1.5 x */
    fake_granted_until(&f, 16000, 11900);
    cr_expect(f.contactor);
    fake_granted_until(&f, 16000, 13000);
    cr_expect_not(f.contactor);
    cr_expect_eq(fake_status(&f)->faults[0], CFAULT_OVERDRAW);
    f.stuck_ma = 0;
    fake_granted_until(&f, 16000, 21900);
    cr_expect_not(f.contactor);
    fake_granted_until(&f, 16000, 24000); /* 10 s after the fault */
    cr_expect(f.contactor);
    cr_expect_eq(fake_status(&f)->faults_n, 0);
    f.stuck_ma = 25000;
    fake_granted_until(&f, 16000, 28000);
    cr_expect_not(f.contactor);
    f.vehicle = 'A';
    fake_granted_until(&f, 16000, 29000);
    cr_expect_not(cfault_has(&f.c->fault, CFAULT_OVERDRAW));
    f.stuck_ma = 0;
    f.vehicle = 'C';
    fake_granted_until(&f, 16000, 31000);
    cr_expect(f.contactor);
    fake_free(&f);
}

Test(core, heat_reduces_then_interrupts_and_charging_resumes_after_cooling_SR_045_SR_046)
{
    struct fake f;

    charging(&f);
    f.temperature_mdegc = 81000;
    fake_granted_until(&f, 16000, 12000);
    cr_expect_lt(f.pilot_ma, 16000);
    cr_expect(f.contactor);
    cr_expect_eq(fake_status(&f)->state, BOX_DEGRADED);
    cr_expect_eq(fake_status(&f)->limit_by, LIMIT_DERATING);
    f.temperature_mdegc = LIMIT_SHUTOFF_MDEGC;
    fake_granted_until(&f, 16000, 13000);
    cr_expect_not(f.contactor);
    cr_expect_eq(fake_status(&f)->faults[0], CFAULT_OVERHEATED);
    f.temperature_mdegc = LIMIT_COOLED_MDEGC + 1;
    fake_granted_until(&f, 16000, 20000);
    cr_expect_not(f.contactor);
    f.temperature_mdegc = LIMIT_COOLED_MDEGC;
    fake_granted_until(&f, 16000, 30000);
    cr_expect(f.contactor);
    fake_free(&f);
}

Test(core, a_new_manager_takes_over_without_the_vehicle_noticing)
{
    struct fake f;
    struct msg m = {.kind = MSG_GRANT};
    int n;

    charging(&f);
    fake_link_down(&f);
    n = f.notes_n[CNOTE_STATE];
    fake_run(&f, 14500);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH + 1);
    cr_expect_eq(fake_status(&f)->offered_ma, 16000);
    cr_expect_gt(fake_status(&f)->lease_left_ms, 0);
    m.grant = (struct msg_grant){.epoch = FAKE_EPOCH + 1, .grant_seq = 1, .current_ma = 16000, .lease_ms = 10000, .reason = REASON_HOLD};
    m.grant.status_seq = fake_status(&f)->status_seq;
    fake_message(&f, &m);
    fake_run(&f, 20000);
    cr_expect_eq(f.pilot_ma, 16000);
    cr_expect(f.contactor);
    cr_expect_eq(f.notes_n[CNOTE_STATE], n);
    cr_expect_eq(f.keep.epoch, FAKE_EPOCH + 1);
    fake_free(&f);
}
