/* Commands and configuration of the manager, modes, limits, and the states and lights that they lead to (spec 05 5.1, 06 6.1). */
#include <criterion/criterion.h>

#include "common/base/units.h"
#include "tests/unit/client/core/fake.h"

TestSuite(orders, .timeout = 30);

#define expect_lights(f, text) cr_expect_str_eq(fake_lights(f), text, "%s, not %s", fake_lights(f), text)
#define expect_state(f, which) cr_expect_eq(fake_status(f)->state, which, "%s", box_state_text(fake_status(f)->state))
#define expect_result(f, which) cr_expect_eq((f)->sent[MSG_COMMAND_RESULT].result.result, which)

static void linked(struct fake *f, enum wallbox_model model)
{
    fake_init(f);
    f->params.model = model;
    f->params.authorization = 0;
    fake_start(f, NULL, false);
    fake_link_up(f);
    fake_welcome(f, FAKE_EPOCH);
    fake_run(f, 500);
}

static void configure(struct fake *f, uint32_t version, int32_t max_ma, bool commissioned)
{
    struct msg m = {.kind = MSG_CONFIG_SET};

    m.config_set = (struct msg_config_set){.epoch = FAKE_EPOCH, .version = version, .max_ma = max_ma, .status_ms = 500, .commissioned = commissioned};
    fake_message(f, &m);
}

Test(orders, a_showroom_does_everything_but_close_the_contactor_SR_038)
{
    struct fake f;

    linked(&f, MODEL_CONNECT);
    fake_order(&f, COMMAND_SHOWROOM_MODE, 1);
    expect_result(&f, RESULT_DONE);
    f.vehicle = 'B';
    fake_granted_until(&f, 16000, 2000);
    expect_lights(&f, "bbbb online=g mode=g");
    cr_expect_eq(f.pilot_ma, 6000);
    expect_state(&f, BOX_READY_FOR_CHARGING);
    f.vehicle = 'C';
    fake_granted_until(&f, 16000, 300000);
    expect_lights(&f, "b~b~b~b~ online=g mode=g"); /* as if it charged */
    cr_expect_not(f.contactor);
    cr_expect_eq(f.begins_n, 0);
    cr_expect(fake_status(&f)->paused); /* it takes nobody's current */
    cr_expect_eq(f.keep.modes, 1);      /* over a restart as well */
    fake_order(&f, COMMAND_SHOWROOM_MODE, 0);
    fake_granted_until(&f, 16000, 304000);
    cr_expect(f.contactor);
    fake_order(&f, COMMAND_SHOWROOM_MODE, 1);
    expect_result(&f, RESULT_REFUSED);
    fake_free(&f);
}

/* SR-037, SR-053. */
Test(orders, service_mode_is_for_an_empty_wallbox_and_suspends_drivers)
{
    struct fake f;

    linked(&f, MODEL_CONNECT);
    f.vehicle = 'B';
    fake_granted_until(&f, 16000, 2000);
    fake_order(&f, COMMAND_SERVICE_MODE, 1);
    expect_result(&f, RESULT_REFUSED);
    f.vehicle = 'A';
    fake_granted_until(&f, 0, 3000);
    fake_order(&f, COMMAND_SERVICE_MODE, 1);
    expect_result(&f, RESULT_DONE);
    fake_granted_until(&f, 0, 4000);
    expect_state(&f, BOX_SERVICE_MODE);
    expect_lights(&f, "-oo- online=g mode=b");
    f.vehicle = 'C';
    fake_granted_until(&f, 16000, 10000);
    cr_expect_not(f.contactor);
    cr_expect_eq(f.pilot_ma, 0);
    fake_order(&f, COMMAND_SERVICE_MODE, 0);
    fake_granted_until(&f, 16000, 14000);
    cr_expect(f.contactor);
    fake_free(&f);
}

Test(orders, out_of_service_is_unavailable_until_it_is_in_service_again)
{
    struct fake f;

    linked(&f, MODEL_PLUS);
    f.vehicle = 'C';
    fake_granted_until(&f, 16000, 4000);
    cr_assert(f.contactor);
    fake_order(&f, COMMAND_AVAILABILITY, 0);
    fake_granted_until(&f, 16000, 12000);
    cr_expect_not(f.contactor);
    expect_state(&f, BOX_UNAVAILABLE);
    cr_expect_not(fake_status(&f)->authorized);
    f.latched = false;
    fake_restart(&f); /* the mode survives */
    fake_run(&f, f.now_ms + 5000);
    cr_expect_eq(client_box_state(f.c), BOX_UNAVAILABLE);
    fake_free(&f);
}

Test(orders, registration_by_command_is_token_programming_mode_SR_110)
{
    struct fake f;

    linked(&f, MODEL_CONNECT);
    fake_order(&f, COMMAND_CARD_REGISTRATION, 1);
    expect_result(&f, RESULT_DONE);
    cr_expect_eq(f.command.tone, TONE_SHORT);
    fake_granted_until(&f, 0, 1000);
    expect_state(&f, BOX_TOKEN_PROGRAMMING_MODE);
    fake_card(&f, "04A1B2C3");
    cr_expect_eq(f.c->cards.list.card_n, 1);
    fake_order(&f, COMMAND_CARD_REGISTRATION, 0);
    fake_granted_until(&f, 0, 2000);
    expect_state(&f, BOX_IDLE);
    f.vehicle = 'B';
    fake_granted_until(&f, 0, 3000);
    fake_order(&f, COMMAND_CARD_REGISTRATION, 1);
    expect_result(&f, RESULT_REFUSED);
    fake_free(&f);
}

/* SR-065. */
Test(orders, brightness_is_set_kept_and_reported)
{
    struct fake f;

    linked(&f, MODEL_PLUS);
    cr_expect_eq(f.command.lights.brightness_permille, 1000);
    fake_order(&f, COMMAND_LED_BRIGHTNESS, 300);
    fake_run(&f, 1000);
    cr_expect_eq(f.command.lights.brightness_permille, 300);
    cr_expect_eq(fake_status(&f)->lights.brightness_permille, 300);
    cr_expect_eq(f.keep.brightness_permille, 300);
    fake_restart(&f);
    fake_run(&f, f.now_ms + 1000);
    cr_expect_eq(f.command.lights.brightness_permille, 300);
    fake_free(&f);
}

/* SR-047, SR-194, SR-204, SR-235, 03: the lowest of all limits wins. */
Test(orders, the_lowest_of_switch_configuration_and_local_current_wins)
{
    struct fake f;

    linked(&f, MODEL_PLUS);
    f.vehicle = 'C';
    fake_granted_until(&f, 32000, 5000);
    cr_expect_eq(f.pilot_ma, 32000);
    configure(&f, 1, 25000, true);
    fake_granted_until(&f, 32000, 6000);
    cr_expect_eq(f.pilot_ma, 25000);
    fake_order(&f, COMMAND_LOCAL_CURRENT, 10000);
    fake_granted_until(&f, 32000, 7000);
    cr_expect_eq(f.pilot_ma, 10000);
    cr_expect_eq(fake_status(&f)->limit_by, LIMIT_LOCAL);
    cr_expect_eq(fake_status(&f)->limit_ma, 10000);
    fake_order(&f, COMMAND_LOCAL_CURRENT, 32000);
    f.has_switch = true;
    f.switch_ma = 13000;
    fake_granted_until(&f, 32000, 20000);
    cr_expect_eq(f.pilot_ma, 13000);
    cr_expect_eq(fake_status(&f)->limit_by, LIMIT_RATED);
    f.switch_ma = 0; /* the step that does not charge */
    fake_granted_until(&f, 32000, 30000);
    cr_expect_not(f.contactor);
    fake_free(&f);
}

Test(orders, configuration_is_acknowledged_when_it_is_durable_and_survives)
{
    struct fake f;

    linked(&f, MODEL_PLUS);
    f.store_fails = true;
    configure(&f, 7, 16000, true);
    fake_run(&f, 900);
    cr_expect_eq(f.sends_n[MSG_CONFIG_ACK], 0);
    f.store_fails = false;
    fake_run(&f, 2000);
    cr_expect_eq(f.sends_n[MSG_CONFIG_ACK], 1);
    cr_expect_eq(f.sent[MSG_CONFIG_ACK].config_ack.version, 7);
    cr_expect_eq(f.keep.config_ma, 16000);
    fake_restart(&f);
    cr_expect_eq(f.c->want.config_ma, 16000);
    cr_expect_eq(f.c->want.config_version, 7);
    fake_free(&f);
}

/* SR-043: by the configuration of the manager as well. */
Test(orders, commissioning_by_the_manager_opens_and_closes_the_wallbox)
{
    struct fake f;

    linked(&f, MODEL_PLUS);
    configure(&f, 1, 32000, false);
    f.vehicle = 'C';
    fake_granted_until(&f, 16000, 4000);
    cr_expect_not(f.contactor);
    expect_state(&f, BOX_UNAVAILABLE);
    configure(&f, 2, 32000, true);
    fake_granted_until(&f, 16000, 7000);
    cr_expect(f.contactor);
    fake_free(&f);
}

Test(orders, a_plug_is_unlocked_by_command_only_without_current_SR_238_SR_241)
{
    struct fake f;

    linked(&f, MODEL_PLUS);
    f.vehicle = 'C';
    fake_granted_until(&f, 16000, 4000);
    cr_assert(f.contactor);
    cr_expect(f.command.locked);
    fake_order(&f, COMMAND_UNLOCK, 0);
    expect_result(&f, RESULT_REFUSED);
    f.vehicle = 'B';
    fake_granted_until(&f, 16000, 5000);
    cr_expect(f.command.locked); /* the session goes on */
    fake_order(&f, COMMAND_UNLOCK, 0);
    expect_result(&f, RESULT_DONE);
    cr_expect_not(f.command.locked);
    fake_granted_until(&f, 16000, 15500);
    cr_expect(f.command.locked); /* nobody pulled it for 10 s */
    f.vehicle = 'A';
    fake_granted_until(&f, 16000, 17000);
    cr_expect_not(f.command.locked);
    fake_free(&f);
}

/* SR-034: before a grant says how much, the current is no more than the fallback. */
Test(orders, before_the_first_grant_a_plugged_vehicle_gets_no_more_than_the_fallback_SR_034)
{
    struct fake f;

    fake_init(&f);
    f.keep = (struct client_keep){.epoch = FAKE_EPOCH, .fallback_ma = 6000, .has_fallback = true};
    f.vehicle = 'C';
    fake_start(&f, NULL, false);
    fake_run(&f, 5000);
    cr_expect_eq(f.pilot_ma, 6000);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH);
    fake_run(&f, 6000);
    fake_granted_until(&f, 16000, 12000);
    cr_expect_eq(f.pilot_ma, 16000);
    fake_free(&f);
}

/* SR-050: the manager says that it charges without its house meter. */
Test(orders, a_meter_that_the_manager_has_lost_is_shown)
{
    struct msg m = {.kind = MSG_GRANT};
    struct fake f;

    linked(&f, MODEL_CONNECT);
    f.vehicle = 'C';
    fake_granted_until(&f, 16000, 4000);
    f.grant_seq++;
    m.grant =
        (struct msg_grant){.epoch = FAKE_EPOCH, .grant_seq = f.grant_seq, .status_seq = fake_status(&f)->status_seq, .current_ma = 10000, .lease_ms = 10000};
    m.grant.reason = REASON_METER_FALLBACK;
    fake_message(&f, &m);
    fake_run(&f, 5000);
    expect_lights(&f, "o~o~-- online=g mode=g");
    cr_expect_eq(f.pilot_ma, 10000);
    fake_granted_until(&f, 16000, 12000);
    expect_lights(&f, "b~b~b~b~ online=g mode=g");
    fake_free(&f);
}

/* Suspended: nobody grants, or it was paused (SR-058). */
Test(orders, a_wallbox_that_is_held_up_is_suspended_and_its_light_runs_SR_058)
{
    struct fake f;

    linked(&f, MODEL_PLUS);
    f.vehicle = 'C';
    fake_granted_until(&f, 16000, 4000);
    fake_command(&f, COMMAND_PAUSE);
    fake_granted_until(&f, 16000, 12000);
    expect_state(&f, BOX_SUSPENDED);
    expect_lights(&f, "b>b>b>b>");
    fake_free(&f);
}

Test(orders, the_lights_travel_with_every_status)
{
    struct fake f;

    linked(&f, MODEL_CONNECT);
    fake_run(&f, 2000);
    cr_expect(fake_status(&f)->has_lights);
    cr_expect(indicator_same(&fake_status(&f)->lights, &f.command.lights));
    fake_free(&f);
}

Test(orders, what_a_person_sees_is_told_to_the_panel)
{
    struct client_face face;
    struct fake f;

    linked(&f, MODEL_PLUS);
    f.vehicle = 'C';
    fake_granted_until(&f, 16000, 4000);
    client_face(f.c, &face);
    cr_expect_eq(face.state, BOX_CHARGING);
    cr_expect_eq(face.offered_ma, 16000);
    cr_expect_eq(face.drawn_ma, 16000);
    cr_expect(indicator_same(&face.lights, &f.command.lights));
    cr_expect_eq(face.fault, 0);
    fake_free(&f);
}
