#include "client/core/authorize.h"

#include <criterion/criterion.h>

#include "common/base/units.h"

TestSuite(authorize, .timeout = 10);

static struct card_list list;
static const struct card_uid red = {.len = 4, .at = {4, 1, 2, 3}};
static const struct card_uid green = {.len = 7, .at = {4, 1, 2, 3, 4, 5, 6}};
static const struct card_uid stranger = {.len = 10, .at = {9, 9, 9}};

static struct authorize_in rules(bool is_online, bool is_plugged)
{
    return (struct authorize_in){
        .list = &list, .is_online = is_online, .is_plugged = is_plugged, .offline = AUTHORIZE_OFFLINE_LISTED, .release_ms = 60000, .utc_ms = 1000};
}

static void fill(void)
{
    struct card a = {.uid = red, .kind = CARD_USER};
    struct card b = {.uid = green, .kind = CARD_MASTER};
    struct card_vehicle v = {.identity = "CAR-1"};

    card_erase(&list);
    cr_assert_eq(card_put(&list, &a), RC_OK);
    cr_assert_eq(card_put(&list, &b), RC_OK);
    cr_assert_eq(card_put_vehicle(&list, &v), RC_OK);
}

static struct authorize fresh(void)
{
    struct authorize a;

    fill();
    authorize_init(&a);
    return a;
}

static enum authorize_act answer(struct authorize *a, const struct authorize_in *in, uint32_t seq, enum auth_verdict verdict)
{
    struct msg_authorize_result m = {.seq = seq, .verdict = verdict};

    return authorize_answer(a, in, &m, 500);
}

Test(authorize, the_table_is_sound)
{
    int state = -1;

    cr_expect(sm_is_sound(authorize_rows, AUTHORIZE_STATE_N, &state), "state %d", state);
}

/* DIFF-17: both orders work on both models. */
Test(authorize, card_first_releases_for_60_s_then_the_release_is_over_SR_094)
{
    struct authorize a = fresh();
    struct authorize_in in = rules(false, false);

    cr_expect_eq(authorize_card(&a, &in, &red, 1000), AUTHORIZE_ACCEPTED);
    cr_expect_eq(a.state, AUTHORIZE_RELEASED);
    cr_expect(authorize_is_released(&a));
    cr_expect_eq(authorize_next_ms(&a), 61000);
    cr_expect_eq(authorize_step(&a, &in, 60999), AUTHORIZE_NOTHING);
    cr_expect_eq(authorize_step(&a, &in, 61000), AUTHORIZE_EXPIRED);
    cr_expect_not(authorize_is_released(&a));
    cr_expect_eq(a.uid.len, 0);
}

Test(authorize, a_vehicle_that_comes_in_time_may_charge_until_it_leaves_SR_033)
{
    struct authorize a = fresh();
    struct authorize_in in = rules(false, false);

    (void)authorize_card(&a, &in, &red, 1000);
    in.is_plugged = true;
    cr_expect_eq(authorize_step(&a, &in, 60999), AUTHORIZE_NOTHING);
    cr_expect_eq(a.state, AUTHORIZE_ACTIVE);
    cr_expect_eq(authorize_next_ms(&a), MS_FOREVER);
    cr_expect_eq(authorize_step(&a, &in, 999999), AUTHORIZE_NOTHING);
    cr_expect(authorize_is_released(&a));
    in.is_plugged = false;
    cr_expect_eq(authorize_step(&a, &in, 999999), AUTHORIZE_NOTHING);
    cr_expect_eq(a.state, AUTHORIZE_NONE);
}

Test(authorize, plug_first_then_the_card_starts_and_the_same_card_ends_SR_033_SR_041_SR_042)
{
    struct authorize a = fresh();
    struct authorize_in in = rules(false, true);

    cr_expect_eq(authorize_step(&a, &in, 0), AUTHORIZE_NOTHING); /* waits for a card as long as it takes */
    cr_expect_eq(authorize_card(&a, &in, &red, 1000), AUTHORIZE_ACCEPTED);
    cr_expect_eq(a.state, AUTHORIZE_ACTIVE);
    cr_expect_eq(authorize_card(&a, &in, &red, 5000), AUTHORIZE_ENDED);
    cr_expect_eq(a.state, AUTHORIZE_NONE);
    cr_expect_eq(authorize_card(&a, &in, &green, 9000), AUTHORIZE_ACCEPTED); /* the vehicle is still there: anybody may begin anew */
}

Test(authorize, another_card_neither_ends_nor_takes_over_SR_095)
{
    struct authorize a = fresh();
    struct authorize_in in = rules(true, false);

    a.state = AUTHORIZE_RELEASED;
    a.uid = red;
    a.until_ms = 60000;
    cr_expect_eq(authorize_card(&a, &in, &green, 1000), AUTHORIZE_REJECTED); /* nobody is even asked */
    cr_expect_eq(a.state, AUTHORIZE_RELEASED);
    in.is_plugged = true;
    (void)authorize_step(&a, &in, 2000);
    cr_expect_eq(authorize_card(&a, &in, &green, 3000), AUTHORIZE_REJECTED);
    cr_expect_eq(authorize_card(&a, &in, &stranger, 3000), AUTHORIZE_REJECTED);
    cr_expect_eq(a.state, AUTHORIZE_ACTIVE);
}

Test(authorize, the_same_card_before_a_vehicle_came_takes_the_release_back)
{
    struct authorize a = fresh();
    struct authorize_in in = rules(false, false);

    (void)authorize_card(&a, &in, &red, 0);
    cr_expect_eq(authorize_card(&a, &in, &red, 5000), AUTHORIZE_TAKEN_BACK);
    cr_expect_not(authorize_is_released(&a));
}

Test(authorize, the_master_card_may_charge_as_well_SR_096)
{
    struct authorize a = fresh();
    struct authorize_in in = rules(false, true);

    cr_expect_eq(authorize_card(&a, &in, &green, 0), AUTHORIZE_ACCEPTED);
}

Test(authorize, the_manager_decides_while_it_is_there_SR_098)
{
    static const enum auth_verdict no[] = {AUTH_REJECTED, AUTH_BLOCKED, AUTH_EXPIRED};
    struct authorize_in in = rules(true, false);

    for (int i = 0; i < 3; i++) { /* even a card that the list would accept */
        struct authorize a = fresh();

        cr_expect_eq(authorize_card(&a, &in, &red, 0), AUTHORIZE_ASK);
        cr_expect_eq(a.state, AUTHORIZE_ASKING);
        cr_expect_not(authorize_is_released(&a));
        cr_expect_eq(authorize_card(&a, &in, &green, 100), AUTHORIZE_NOTHING); /* one question at a time */
        cr_expect_eq(answer(&a, &in, a.seq - 1, AUTH_ACCEPTED), AUTHORIZE_NOTHING);
        cr_expect_eq(answer(&a, &in, a.seq, no[i]), AUTHORIZE_REJECTED);
        cr_expect_eq(a.state, AUTHORIZE_NONE);
        cr_expect_eq(answer(&a, &in, a.seq, AUTH_ACCEPTED), AUTHORIZE_NOTHING); /* too late */
        cr_expect_eq(authorize_card(&a, &in, &stranger, 1000), AUTHORIZE_ASK);
        cr_expect_eq(answer(&a, &in, a.seq, AUTH_ACCEPTED), AUTHORIZE_ACCEPTED);
        cr_expect_eq(a.state, AUTHORIZE_RELEASED);
    }
}

/* SR-097: the list of stored cards decides when nobody else can. */
Test(authorize, without_an_answer_in_3_s_or_without_a_manager_the_list_decides)
{
    struct authorize a = fresh();
    struct authorize_in in = rules(true, true);

    (void)authorize_card(&a, &in, &red, 1000);
    cr_expect_eq(authorize_next_ms(&a), 4000);
    cr_expect_eq(authorize_step(&a, &in, 3999), AUTHORIZE_NOTHING);
    cr_expect_eq(authorize_step(&a, &in, 4000), AUTHORIZE_ACCEPTED);
    a = fresh();
    (void)authorize_card(&a, &in, &stranger, 1000);
    in.is_online = false; /* the connection breaks meanwhile */
    cr_expect_eq(authorize_step(&a, &in, 1001), AUTHORIZE_REJECTED);
}

Test(authorize, what_counts_without_a_manager_can_be_chosen)
{
    static const struct {
        int32_t offline;
        bool red;
        bool stranger;
    } rows[] = {{AUTHORIZE_OFFLINE_NOBODY, false, false}, {AUTHORIZE_OFFLINE_LISTED, true, false}, {AUTHORIZE_OFFLINE_ALL, true, true}};
    struct card blocked = {.uid = {.len = 4, .at = {7}}, .kind = CARD_USER, .is_blocked = true};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct authorize_in in = rules(false, true);
        struct authorize a = fresh();

        cr_assert_eq(card_put(&list, &blocked), RC_OK);
        in.offline = rows[i].offline;
        cr_expect_eq(authorize_card(&a, &in, &red, 0) == AUTHORIZE_ACCEPTED, rows[i].red);
        authorize_cancel(&a);
        cr_expect_eq(authorize_card(&a, &in, &stranger, 0) == AUTHORIZE_ACCEPTED, rows[i].stranger);
        authorize_cancel(&a);
        cr_expect_eq(authorize_card(&a, &in, &blocked.uid, 0), AUTHORIZE_REJECTED);
        cr_expect_eq(a.uid.len, 0); /* who was rejected is not remembered for a session */
    }
}

Test(authorize, with_the_own_list_first_a_listed_card_asks_nobody)
{
    struct authorize a = fresh();
    struct authorize_in in = rules(true, true);

    in.is_local_first = true;
    cr_expect_eq(authorize_card(&a, &in, &red, 0), AUTHORIZE_ACCEPTED);
    authorize_cancel(&a);
    cr_expect_eq(authorize_card(&a, &in, &stranger, 0), AUTHORIZE_ASK);
}

/* SR-120: by ISO 15118 or its MAC. */
Test(authorize, a_registered_vehicle_needs_no_card_SR_121)
{
    struct authorize a = fresh();
    struct authorize_in in = rules(false, true);

    cr_expect_eq(authorize_vehicle(&a, &in, "CAR-1", 0), AUTHORIZE_ACCEPTED);
    cr_expect_eq(a.state, AUTHORIZE_ACTIVE);
    cr_expect_str_eq(a.identity, "CAR-1");
    cr_expect_eq(authorize_card(&a, &in, &red, 0), AUTHORIZE_REJECTED); /* no card has begun it, so none ends it */
    a = fresh();
    cr_expect_eq(authorize_vehicle(&a, &in, "CAR-2", 0), AUTHORIZE_REJECTED);
    cr_expect_eq(authorize_vehicle(&a, &in, "", 0), AUTHORIZE_NOTHING);
    in.is_online = true;
    cr_expect_eq(authorize_vehicle(&a, &in, "CAR-2", 0), AUTHORIZE_ASK);
    in.is_plugged = false; /* it leaves before the answer */
    cr_expect_eq(authorize_step(&a, &in, 1), AUTHORIZE_NOTHING);
    cr_expect_eq(a.state, AUTHORIZE_NONE);
    cr_expect_eq(authorize_vehicle(&a, &in, "CAR-1", 2), AUTHORIZE_NOTHING);
}

Test(authorize, a_session_that_goes_on_after_a_restart_keeps_its_card)
{
    struct authorize a = fresh();
    struct authorize_in in = rules(false, true);

    authorize_adopt(&a, &red, "");
    cr_expect_eq(a.state, AUTHORIZE_ACTIVE);
    cr_expect_eq(authorize_card(&a, &in, &green, 0), AUTHORIZE_REJECTED);
    cr_expect_eq(authorize_card(&a, &in, &red, 0), AUTHORIZE_ENDED);
}
