/* Cards, vehicles and buttons at a whole wallbox: what they lead to, with every tone (spec 06 6.3; sections F and G of the requirements). */
#include <criterion/criterion.h>

#include "common/base/units.h"
#include "tests/unit/client/core/fake.h"

TestSuite(access, .timeout = 30);

#define WHITE "04000001"
#define RED "04000002"
#define GREEN "04000003"
#define BLUE "04000004"
#define SETUP "0400000000000A"
#define NEW "E004010000000099"
#define STRANGER "0102030405060708090A"

#define expect_lights(f, text) cr_expect_str_eq(fake_lights(f), text, "%s, not %s", fake_lights(f), text)
#define expect_tone(f, which) cr_expect_eq((f)->command.tone, which, "%s", tone_text((f)->command.tone))

/* As delivered: a Connect of Europe with a master and three user cards (SR-089), a Plus with its setup card and two charging cards (SR-113). */
static void deliver(struct fake *f, enum wallbox_model model)
{
    fake_init(f);
    f->params.model = model;
    if (model == MODEL_CONNECT) {
        fake_deliver(f, WHITE, CARD_MASTER);
        fake_deliver(f, RED, CARD_USER);
        fake_deliver(f, GREEN, CARD_USER);
        fake_deliver(f, BLUE, CARD_USER);
    } else {
        fake_deliver(f, SETUP, CARD_SETUP);
        fake_deliver(f, RED, CARD_USER);
        fake_deliver(f, GREEN, CARD_USER);
    }
}

/* Without a manager, with a fallback of 10 A: the list decides. */
static void start_alone(struct fake *f)
{
    f->keep = (struct client_keep){.epoch = FAKE_EPOCH, .fallback_ma = 10000, .has_fallback = true};
    fake_start(f, NULL, false);
    fake_run(f, 1000);
}

static void plug(struct fake *f, char vehicle)
{
    f->vehicle = vehicle;
    fake_sample(f);
}

/* DIFF-1. */
Test(access, a_card_is_needed_as_delivered_by_a_connect_in_europe_only_SR_099_SR_100_SR_112)
{
    static const struct {
        enum wallbox_model model;
        enum market market;
        bool wants;
    } rows[] = {{MODEL_CONNECT, MARKET_ECE, true}, {MODEL_CONNECT, MARKET_NA, false}, {MODEL_PLUS, MARKET_ECE, false}, {MODEL_PLUS, MARKET_NA, false}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake f;

        deliver(&f, rows[i].model);
        f.params.market = rows[i].market;
        start_alone(&f);
        cr_expect_eq(client_wants_card(f.c), rows[i].wants);
        cr_expect_eq(f.c->cards.list.card_n, f.params.factory_n); /* the cards are stored either way */
        cr_expect_eq(f.cards->card_n, f.params.factory_n);
        fake_free(&f);
    }
}

Test(access, card_first_then_the_plug_charges_SR_092_SR_094_SR_095)
{
    struct fake f;

    deliver(&f, MODEL_CONNECT);
    start_alone(&f);
    expect_lights(&f, "---- online=o mode=b card=ws"); /* SR-049, SR-091 */
    fake_card(&f, RED);
    expect_lights(&f, "bbbb online=o mode=b card=g"); /* SR-092, SR-095 */
    expect_tone(&f, TONE_ACCEPTED);
    fake_run(&f, 2999);
    expect_lights(&f, "bbbb online=o mode=b card=g");
    fake_run(&f, 3000);
    expect_lights(&f, "bbbb online=o mode=b");
    fake_card(&f, GREEN); /* nobody else */
    expect_tone(&f, TONE_REJECTED);
    expect_lights(&f, "bbbb online=o mode=b card=r"); /* SR-093 */
    fake_run(&f, 60000);
    plug(&f, 'C');
    fake_run(&f, 62000);
    cr_expect(f.contactor);
    expect_lights(&f, "b~b~b~b~ online=o mode=g");
    cr_expect_eq(f.journal.uid.len, 4);
    cr_expect_eq(f.journal.uid.at[3], 2);
    fake_free(&f);
}

Test(access, a_release_that_nobody_uses_is_over_after_60_s_SR_094)
{
    struct fake f;

    deliver(&f, MODEL_CONNECT);
    start_alone(&f);
    fake_card(&f, RED);
    fake_run(&f, 60999);
    expect_lights(&f, "bbbb online=o mode=b");
    fake_run(&f, 61000);
    expect_lights(&f, "---- online=o mode=b card=ws");
    plug(&f, 'C');
    fake_run(&f, 70000);
    cr_expect_not(f.contactor);
    fake_free(&f);
}

Test(access, plug_first_then_the_card_and_the_same_card_ends_the_session_SR_033_SR_041_SR_042)
{
    struct fake f;

    deliver(&f, MODEL_PLUS);
    f.params.authorization = 1;
    start_alone(&f);
    plug(&f, 'C');
    fake_run(&f, 300000); /* it waits as long as it takes */
    cr_expect_not(f.contactor);
    cr_expect_eq(f.begins_n, 0);
    fake_card(&f, RED);
    fake_run(&f, 302500);
    cr_expect(f.contactor);
    fake_card(&f, GREEN);
    expect_tone(&f, TONE_REJECTED);
    fake_run(&f, 304000);
    cr_expect(f.contactor);
    fake_card(&f, RED);
    expect_tone(&f, TONE_ACCEPTED);
    fake_run(&f, 311000);
    cr_expect_not(f.contactor);
    cr_expect_eq(f.journal.end, END_CARD);
    fake_run(&f, 400000);
    cr_expect_eq(f.begins_n, 1); /* not again by itself */
    fake_card(&f, GREEN);
    fake_run(&f, 403000);
    cr_expect(f.contactor);
    cr_expect_eq(f.begins_n, 2);
    cr_expect_eq(f.journal.uid.at[3], 3);
    fake_free(&f);
}

Test(access, a_card_that_is_held_to_the_reader_is_read_once)
{
    struct fake f;

    deliver(&f, MODEL_CONNECT);
    start_alone(&f);
    for (int i = 0; i < 20; i++) {
        fake_card(&f, RED);
        fake_run(&f, f.now_ms + 500);
    }
    cr_expect(authorize_is_released(&f.c->authorize));
    cr_expect_eq(f.command.tone_n, 1);
    fake_free(&f);
}

Test(access, an_unknown_card_is_rejected_SR_093_and_the_master_may_charge_SR_096)
{
    struct fake f;

    deliver(&f, MODEL_CONNECT);
    start_alone(&f);
    fake_card(&f, STRANGER);
    expect_tone(&f, TONE_REJECTED);
    expect_lights(&f, "---- online=o mode=b card=r");
    plug(&f, 'C');
    fake_run(&f, 5000);
    cr_expect_not(f.contactor);
    fake_card(&f, WHITE);
    fake_run(&f, 8000);
    cr_expect(f.contactor);
    fake_free(&f);
}

/* SR-097: authorization may be switched on and off, the list of cards stays. */
Test(access, authorization_off_by_the_manager_charges_without_a_card_and_keeps_the_list)
{
    struct msg m = {.kind = MSG_CONFIG_SET, .config_set = {.epoch = FAKE_EPOCH, .version = 4, .max_ma = 32000, .status_ms = 1000, .commissioned = true}};
    struct fake f;

    deliver(&f, MODEL_CONNECT);
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH);
    fake_run(&f, 100);
    fake_message(&f, &m);
    cr_expect_eq(f.sent[MSG_CONFIG_ACK].config_ack.result, RESULT_DONE);
    cr_expect_eq(f.sent[MSG_CONFIG_ACK].config_ack.version, 4);
    plug(&f, 'C');
    fake_granted_until(&f, 16000, 4000);
    cr_expect(f.contactor);
    cr_expect_eq(f.c->cards.list.card_n, 4);
    m.config_set.authorization = true;
    m.config_set.version = 5;
    fake_message(&f, &m);
    fake_granted_until(&f, 16000, 12000);
    cr_expect_not(f.contactor); /* nobody has authorized this one */
    fake_card(&f, RED);
    cr_expect_eq(f.sends_n[MSG_AUTHORIZE], 1);
    fake_free(&f);
}

Test(access, the_manager_decides_and_what_it_says_is_remembered_for_the_time_without_it_SR_098)
{
    struct fake f;

    deliver(&f, MODEL_CONNECT);
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH);
    fake_run(&f, 100);
    fake_card(&f, STRANGER);
    cr_expect_eq(f.sent[MSG_AUTHORIZE].authorize.uid.len, 10);
    cr_expect_not(f.sent[MSG_AUTHORIZE].authorize.taught);
    expect_lights(&f, "---- online=g mode=b card=ws"); /* no answer yet */
    fake_verdict(&f, AUTH_ACCEPTED);
    expect_tone(&f, TONE_ACCEPTED);
    expect_lights(&f, "bbbb online=g mode=b card=g");
    cr_expect_eq(f.cards->card_n, 5); /* durable */
    fake_run(&f, 70000);
    fake_link_down(&f);
    fake_card(&f, STRANGER);
    expect_tone(&f, TONE_ACCEPTED);
    fake_run(&f, 140000);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH);
    fake_sample(&f);
    fake_card(&f, STRANGER);
    fake_verdict(&f, AUTH_BLOCKED);
    expect_tone(&f, TONE_REJECTED);
    cr_expect_eq(f.cards->card_n, 4); /* forgotten */
    fake_card(&f, RED);
    fake_verdict(&f, AUTH_REJECTED);
    cr_expect_eq(f.cards->card_n, 4); /* a delivered card stays on the list */
    fake_free(&f);
}

Test(access, a_question_without_an_answer_is_decided_by_the_list_after_3_s)
{
    struct fake f;

    deliver(&f, MODEL_CONNECT);
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH);
    fake_run(&f, 100);
    fake_card(&f, RED);
    fake_run(&f, 3099);
    cr_expect_not(authorize_is_released(&f.c->authorize));
    fake_run(&f, 3100);
    cr_expect(authorize_is_released(&f.c->authorize));
    fake_free(&f);
}

/* SR-090: a card of a colour belongs to a vehicle or person at the back end: the session carries its UID, which is all that needs. */
Test(access, the_session_tells_who_charged)
{
    struct fake f;

    deliver(&f, MODEL_CONNECT);
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH);
    plug(&f, 'C');
    fake_card(&f, BLUE);
    fake_verdict(&f, AUTH_ACCEPTED);
    fake_granted_until(&f, 16000, 3000);
    cr_expect(f.contactor);
    cr_expect_eq(f.sent[MSG_SESSION_STARTED].session_started.uid.at[3], 4);
    fake_free(&f);
}

Test(access, a_registered_vehicle_needs_no_card_and_another_does_SR_120_SR_121)
{
    struct card_vehicle v = {.identity = "0007CBEA0001"};
    struct fake f;

    deliver(&f, MODEL_PLUS);
    f.params.authorization = 1;
    start_alone(&f);
    cr_assert_eq(card_put_vehicle(&f.c->cards.list, &v), RC_OK);
    fake_identity(&f, "0007CBEA0001"); /* it says so before the pilot shows it */
    cr_expect_not(authorize_is_released(&f.c->authorize));
    plug(&f, 'C');
    fake_run(&f, 3000);
    cr_expect(f.contactor);
    cr_expect_eq(f.journal.uid.len, 0);
    cr_expect_str_eq(f.journal.identity, "0007CBEA0001");
    plug(&f, 'A');
    fake_run(&f, 5000);
    plug(&f, 'C');
    fake_identity(&f, "0007CBEA0002");
    expect_tone(&f, TONE_REJECTED);
    fake_run(&f, 9000);
    cr_expect_not(f.contactor);
    fake_card(&f, RED);
    fake_run(&f, 11000);
    cr_expect(f.contactor);
    fake_free(&f);
}

Test(access, teaching_a_card_at_a_connect_with_every_tone_and_light_SR_105_SR_110)
{
    struct fake f;

    deliver(&f, MODEL_CONNECT);
    start_alone(&f);
    fake_card(&f, WHITE);
    expect_tone(&f, TONE_ACCEPTED); /* it could have wanted to charge */
    fake_run(&f, 4000);
    fake_card(&f, NEW);
    expect_tone(&f, TONE_READ);
    expect_lights(&f, "---- online=o mode=b card=o");
    cr_expect_eq(client_box_state(f.c), BOX_TOKEN_PROGRAMMING_MODE);
    cr_expect_not(authorize_is_released(&f.c->authorize)); /* the master was not there to charge */
    fake_run(&f, 8000);
    fake_card(&f, WHITE);
    expect_tone(&f, TONE_ACCEPTED);
    expect_lights(&f, "---- online=o mode=b card=ws"); /* back to white */
    cr_expect_eq(f.cards->card_n, 5);
    fake_run(&f, 20000);
    fake_card(&f, NEW);
    cr_expect(authorize_is_released(&f.c->authorize));
    fake_free(&f);
}

/* SR-101, SR-102. */
Test(access, nothing_is_taught_while_a_vehicle_is_connected)
{
    struct fake f;

    deliver(&f, MODEL_CONNECT);
    start_alone(&f);
    plug(&f, 'B');
    fake_card(&f, WHITE); /* authorizes instead */
    fake_run(&f, 3000);
    fake_card(&f, NEW);
    expect_tone(&f, TONE_REJECTED);
    fake_run(&f, 3500);
    fake_card(&f, WHITE);
    fake_run(&f, 8000);
    cr_expect_eq(f.c->cards.list.card_n, 4);
    fake_free(&f);
}

Test(access, the_service_button_restarts_after_its_first_tone_SR_108)
{
    struct fake f;

    deliver(&f, MODEL_CONNECT);
    start_alone(&f);
    fake_button(&f, true);
    fake_run(&f, 2999);
    expect_tone(&f, TONE_NONE);
    fake_run(&f, 3000);
    expect_tone(&f, TONE_BUTTON_FIRST);
    fake_button(&f, false);
    cr_expect(f.is_stopped);
    cr_expect(f.is_restart);
    cr_expect_eq(f.cards->card_n, 4);
    fake_free(&f);
}

/* SR-103, SR-104, SR-106, SR-107, SR-109: only the button behind the covers does this. */
Test(access, held_for_6_s_it_erases_all_cards_and_a_new_master_can_be_learnt_after_the_restart)
{
    struct fake f;

    deliver(&f, MODEL_CONNECT);
    start_alone(&f);
    fake_button(&f, true);
    fake_run(&f, 7000);
    expect_tone(&f, TONE_BUTTON_SECOND);
    fake_button(&f, false);
    fake_run(&f, 7100);
    cr_assert(f.is_restart);
    cr_expect_eq(f.cards->card_n, 0);
    cr_expect(f.keep.learn_master);
    fake_restart(&f);
    fake_run(&f, 8000);
    cr_expect_eq(f.c->cards.list.card_n, 0); /* the delivered ones are not taken again */
    cr_expect_not(f.keep.learn_master);      /* once */
    expect_lights(&f, "---- online=o mode=b card=w");
    cr_expect_eq(client_box_state(f.c), BOX_TOKEN_PROGRAMMING_MODE);
    fake_card(&f, RED); /* any card */
    expect_tone(&f, TONE_ACCEPTED);
    cr_expect_eq(f.cards->card_n, 1);
    cr_expect_eq(f.cards->card[0].kind, CARD_MASTER);
    fake_run(&f, 12000);
    fake_card(&f, RED); /* a master may charge */
    cr_expect(authorize_is_released(&f.c->authorize));
    fake_free(&f);
}

Test(access, without_a_new_master_nobody_can_charge_any_more_SR_106)
{
    struct fake f;

    deliver(&f, MODEL_CONNECT);
    f.keep = (struct client_keep){.epoch = FAKE_EPOCH, .fallback_ma = 10000, .has_fallback = true, .has_cards = true, .learn_master = true};
    fake_start(&f, NULL, false);
    fake_run(&f, 59999);
    cr_expect_eq(f.c->teach.state, TEACH_LEARN);
    fake_run(&f, 60000); /* SR-104: within 60 s */
    cr_expect_eq(f.c->teach.state, TEACH_OFF);
    fake_card(&f, RED);
    expect_tone(&f, TONE_REJECTED);
    expect_lights(&f, "---- online=o mode=b card=r");
    fake_free(&f);
}

Test(access, registration_at_a_plus_with_every_beep_SR_116_SR_117_SR_118_SR_119)
{
    struct fake f;

    deliver(&f, MODEL_PLUS);
    f.params.authorization = 1;
    start_alone(&f);
    expect_lights(&f, "bbbb"); /* SR-115: steady blue */
    fake_card(&f, SETUP);
    expect_tone(&f, TONE_SHORT); /* SR-116 */
    cr_expect_eq(client_box_state(f.c), BOX_TOKEN_PROGRAMMING_MODE);
    fake_card(&f, NEW);                /* SR-114: MIFARE, 4, 7 or 10 bytes; 8 of the other kind work as well */
    expect_tone(&f, TONE_SHORT_TWICE); /* SR-117 */
    plug(&f, 'C');
    fake_identity(&f, "0007CBEA0001");
    expect_tone(&f, TONE_SHORT_TWICE); /* SR-119 */
    fake_run(&f, 5000);
    cr_expect_not(f.contactor); /* it is here to be registered */
    plug(&f, 'A');
    fake_run(&f, 6000);
    fake_card(&f, SETUP);
    expect_tone(&f, TONE_LONG); /* SR-118 */
    cr_expect_eq(f.cards->card_n, 4);
    cr_expect_eq(f.cards->vehicle_n, 1);
    plug(&f, 'C');
    fake_identity(&f, "0007CBEA0001");
    fake_run(&f, 9000);
    cr_expect(f.contactor);
    fake_free(&f);
}

Test(access, what_was_taught_is_told_to_the_manager)
{
    struct fake f;

    deliver(&f, MODEL_PLUS);
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH);
    fake_run(&f, 100);
    fake_card(&f, SETUP);
    fake_card(&f, NEW);
    cr_expect_eq(f.sends_n[MSG_AUTHORIZE], 1);
    cr_expect(f.sent[MSG_AUTHORIZE].authorize.taught);
    cr_expect_eq(f.sent[MSG_AUTHORIZE].authorize.uid.len, 8);
    fake_verdict(&f, AUTH_REJECTED); /* a manager of 1.0 takes it for a question */
    expect_tone(&f, TONE_SHORT_TWICE);
    cr_expect_eq(f.cards->card_n, 4);
    fake_free(&f);
}

/* SR-122: a new setup card comes by the configuration; the list in parts. */
Test(access, the_managers_list_of_cards_is_taken_over_stored_and_acknowledged)
{
    struct msg_card cards[2] = {{.uid = {.len = 7, .at = {7, 7}}, .kind = CARD_SETUP}, {.identity = "CAR", .kind = CARD_USER}};
    struct msg m = {.kind = MSG_CONFIG_SET};
    struct fake f;

    m.config_set = (struct msg_config_set){.epoch = FAKE_EPOCH, .version = 9, .max_ma = 32000, .status_ms = 1000, .commissioned = true, .has_cards = true};
    m.config_set.cards_all_n = 2;
    m.config_set.cards_n = 2;
    m.config_set.cards = cards;
    deliver(&f, MODEL_PLUS);
    fake_start(&f, NULL, false);
    fake_link_up(&f);
    fake_welcome(&f, FAKE_EPOCH);
    fake_run(&f, 100);
    f.store_fails = true;
    fake_message(&f, &m);
    cr_expect_eq(f.sends_n[MSG_CONFIG_ACK], 0);
    f.store_fails = false;
    fake_granted_until(&f, 0, 7000);
    cr_expect_eq(f.sends_n[MSG_CONFIG_ACK], 1);
    cr_expect_eq(f.cards->card_n, 4);
    cr_expect_eq(f.cards->vehicle_n, 1);
    fake_card(&f, "07070000000000");
    expect_tone(&f, TONE_SHORT);
    fake_free(&f);
}

Test(access, a_session_that_goes_on_after_a_restart_still_belongs_to_its_card)
{
    struct fake f;

    deliver(&f, MODEL_CONNECT);
    f.params.local_first = 1;
    start_alone(&f);
    fake_card(&f, RED);
    plug(&f, 'C');
    fake_run(&f, 5000);
    cr_assert(f.contactor);
    f.latched = true; /* the end of the link to the board */
    f.firings = 1;
    f.pilot_ma = 0;
    f.contactor = false;
    fake_restart(&f);
    fake_run(&f, 20000);
    cr_expect(f.contactor);
    cr_expect_eq(f.begins_n, 1);
    fake_card(&f, GREEN);
    expect_tone(&f, TONE_REJECTED);
    fake_card(&f, RED);
    fake_run(&f, 30000);
    cr_expect_eq(f.journal.end, END_CARD);
    fake_free(&f);
}

Test(access, the_touch_button_changes_nothing_in_fleet_charging)
{
    struct cev touch = {.kind = CEV_BUTTON, .button = {.which = BUTTON_TOUCH, .is_down = true}};
    struct fake f;

    deliver(&f, MODEL_CONNECT);
    start_alone(&f);
    fake_event(&f, &touch);
    fake_run(&f, 20000);
    expect_tone(&f, TONE_NONE);
    cr_expect_not(f.is_stopped);
    fake_free(&f);
}
