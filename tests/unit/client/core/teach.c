#include "client/core/teach.h"

#include <criterion/criterion.h>

#include "common/base/units.h"

TestSuite(teach, .timeout = 10);

static struct card_list list;
static const struct card_uid master = {.len = 4, .at = {1}};
static const struct card_uid setup = {.len = 4, .at = {2}};
static const struct card_uid fresh = {.len = 7, .at = {3}};
static const struct card_uid user = {.len = 4, .at = {4}};

static struct teach_in rules(enum wallbox_model model, bool may)
{
    struct card m = {.uid = master, .kind = CARD_MASTER, .is_local = true};
    struct card s = {.uid = setup, .kind = CARD_SETUP, .is_local = true};
    struct card u = {.uid = user, .kind = CARD_USER, .is_local = true};

    card_erase(&list);
    cr_assert_eq(card_put(&list, &m), RC_OK);
    cr_assert_eq(card_put(&list, &s), RC_OK);
    cr_assert_eq(card_put(&list, &u), RC_OK);
    return (struct teach_in){.model = model, .list = &list, .may = may};
}

Test(teach, the_table_is_sound)
{
    int state = -1;

    cr_expect(sm_is_sound(teach_rows, TEACH_STATE_N, &state), "state %d", state);
}

Test(teach, a_connect_learns_a_card_between_two_showings_of_the_master_SR_105)
{
    struct teach_in in = rules(MODEL_CONNECT, true);
    struct teach t;

    teach_init(&t);
    cr_expect_eq(teach_card(&t, &in, &master, 1000), TEACH_MASTER);
    cr_expect_not(teach_is_on(&t)); /* it may only want to charge (SR-096) */
    cr_expect_eq(teach_next_ms(&t), 6000);
    cr_expect_eq(teach_card(&t, &in, &fresh, 5999), TEACH_READ);
    cr_expect(teach_is_on(&t)); /* SR-110 */
    cr_expect_eq(teach_next_ms(&t), 10999);
    cr_expect_eq(teach_card(&t, &in, &master, 10998), TEACH_CARD);
    cr_expect(card_uid_same(&t.fresh, &fresh));
    cr_expect_not(teach_is_on(&t));
    cr_expect_eq(teach_next_ms(&t), MS_FOREVER);
}

Test(teach, each_card_has_5_s_SR_105)
{
    struct teach_in in = rules(MODEL_CONNECT, true);
    struct teach t;

    teach_init(&t);
    (void)teach_card(&t, &in, &master, 0);
    cr_expect_eq(teach_step(&t, &in, 4999), TEACH_NOTHING);
    cr_expect_eq(t.state, TEACH_SHOWN);
    cr_expect_eq(teach_step(&t, &in, 5000), TEACH_NOTHING); /* it wanted to charge */
    cr_expect_eq(t.state, TEACH_OFF);
    cr_expect_eq(teach_card(&t, &in, &fresh, 5000), TEACH_NOTHING);
    (void)teach_card(&t, &in, &master, 6000);
    (void)teach_card(&t, &in, &fresh, 7000);
    cr_expect_eq(teach_step(&t, &in, 11999), TEACH_NOTHING);
    cr_expect_eq(teach_step(&t, &in, 12000), TEACH_REFUSED); /* nobody confirmed */
    cr_expect_eq(t.state, TEACH_OFF);
}

Test(teach, another_card_than_the_master_confirms_nothing)
{
    struct teach_in in = rules(MODEL_CONNECT, true);
    struct teach t;

    teach_init(&t);
    (void)teach_card(&t, &in, &master, 0);
    (void)teach_card(&t, &in, &fresh, 1000);
    cr_expect_eq(teach_card(&t, &in, &user, 2000), TEACH_REFUSED);
    cr_expect_eq(t.state, TEACH_OFF);
}

Test(teach, the_master_shown_twice_teaches_nothing)
{
    struct teach_in in = rules(MODEL_CONNECT, true);
    struct teach t;

    teach_init(&t);
    (void)teach_card(&t, &in, &master, 0);
    cr_expect_eq(teach_card(&t, &in, &master, 3000), TEACH_NOTHING);
    cr_expect_eq(t.state, TEACH_OFF);
}

/* SR-101, SR-102: blue mode symbol, no vehicle. */
Test(teach, with_a_vehicle_or_without_the_blue_symbol_nothing_is_programmed)
{
    struct teach_in in = rules(MODEL_CONNECT, false);
    struct teach t;

    teach_init(&t);
    cr_expect_eq(teach_card(&t, &in, &master, 0), TEACH_NOTHING);
    in.may = true;
    (void)teach_card(&t, &in, &master, 0);
    (void)teach_card(&t, &in, &fresh, 1);
    in.may = false; /* a vehicle comes in the middle */
    cr_expect_eq(teach_step(&t, &in, 2), TEACH_REFUSED);
    cr_expect_eq(t.state, TEACH_OFF);
}

Test(teach, after_erasing_the_first_card_within_60_s_is_the_new_master_SR_104)
{
    struct teach_in in = rules(MODEL_CONNECT, true);
    struct teach t;

    card_erase(&list);
    teach_init(&t);
    teach_learn(&t, 1000);
    cr_expect(teach_is_on(&t));
    cr_expect_eq(teach_next_ms(&t), 61000);
    cr_expect_eq(teach_card(&t, &in, &fresh, 60999), TEACH_NEW_MASTER);
    cr_expect_not(teach_is_on(&t));
    teach_learn(&t, 100000);
    cr_expect_eq(teach_step(&t, &in, 159999), TEACH_NOTHING);
    cr_expect_eq(teach_step(&t, &in, 160000), TEACH_NOTHING);
    cr_expect_not(teach_is_on(&t));
    cr_expect_eq(teach_card(&t, &in, &fresh, 160001), TEACH_NOTHING);
}

/* SR-113: a setup card toggles registration; SR-116, SR-117, SR-118: one short, two short, one long beep follow from these acts. */
Test(teach, a_plus_registers_cards_and_vehicles_between_two_showings_of_the_setup_card_SR_113_SR_119)
{
    struct teach_in in = rules(MODEL_PLUS, true);
    struct teach t;

    teach_init(&t);
    cr_expect_eq(teach_vehicle(&t, 0), TEACH_NOTHING);
    cr_expect_eq(teach_card(&t, &in, &setup, 0), TEACH_BEGUN);
    cr_expect(teach_is_on(&t));
    for (int i = 1; i <= 5; i++) {
        cr_expect_eq(teach_card(&t, &in, i % 2 == 0 ? &fresh : &user, i * 60000), TEACH_ENTRY);
    }
    in.may = false; /* a vehicle is plugged in to be registered */
    cr_expect_eq(teach_vehicle(&t, 310000), TEACH_ENTRY);
    cr_expect_eq(teach_step(&t, &in, 310000), TEACH_NOTHING);
    cr_expect_eq(teach_card(&t, &in, &setup, 320000), TEACH_ENDED);
    cr_expect_not(teach_is_on(&t));
}

Test(teach, registration_needs_an_empty_wallbox_and_a_setup_card_never_charges_SR_115)
{
    struct teach_in in = rules(MODEL_PLUS, false);
    struct teach t;

    teach_init(&t);
    cr_expect_eq(teach_card(&t, &in, &setup, 0), TEACH_REFUSED);
    cr_expect_not(teach_is_on(&t));
    in.may = true;
    cr_expect_eq(teach_card(&t, &in, &master, 0), TEACH_NOTHING); /* the scheme of the other model */
}

Test(teach, forgotten_registration_ends_by_itself)
{
    struct teach_in in = rules(MODEL_PLUS, true);
    struct teach t;

    teach_init(&t);
    (void)teach_card(&t, &in, &setup, 0);
    (void)teach_card(&t, &in, &fresh, 200000);
    cr_expect_eq(teach_step(&t, &in, 499999), TEACH_NOTHING);
    cr_expect_eq(teach_step(&t, &in, 500000), TEACH_ENDED);
}

Test(teach, registration_by_command_of_the_manager)
{
    struct teach_in in = rules(MODEL_CONNECT, true);
    struct teach t;

    teach_init(&t);
    teach_register(&t, true, 0);
    cr_expect_eq(teach_card(&t, &in, &fresh, 1), TEACH_ENTRY);
    teach_register(&t, true, 2); /* again: it begins anew */
    cr_expect(teach_is_on(&t));
    teach_register(&t, false, 3);
    cr_expect_not(teach_is_on(&t));
    teach_register(&t, false, 4);
    cr_expect_eq(t.state, TEACH_OFF);
}
