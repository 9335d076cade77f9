/* Cards: who may charge where, the answer to Authorize, and the list on its way to the wallboxes. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manager/core/card.h"
#include "manager/core/state.h"
#include "tests/unit/manager/core/fleet_rig.h"

TestSuite(card, .timeout = 30);

#define S 1000
#define NOW INT64_C(1751371200000)

static struct card_uid uid_of(const char *text)
{
    struct card_uid uid = {0};

    cr_assert_eq(fleet_card_parse(text, &uid), RC_OK, "%s", text);
    return uid;
}

Test(card, a_uid_has_4_7_8_or_10_bytes) /* SR-262 */
{
    static const char *const good[] = {"01ABCDEF", "04a1b2c3d4e5f6", "E00401500000AB12", "0102030405060708090A"};
    static const char *const bad[] = {"", "01", "01ABCDE", "01ABCDEF0", "01ABCDEF01", "0102030405060708090A0B", "01ABCDEG", "01 ABCDEF", "0x01ABCD"};
    char text[FLEET_CARD_TEXT_LEN];
    struct card_uid uid = {0};

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uid = uid_of(good[i]);
        cr_expect_eq(uid.len * 2u, strlen(good[i]));
        fleet_card_text(&uid, text);
        cr_expect(strcasecmp(text, good[i]) == 0);
    }
    cr_expect_str_eq(text, "0102030405060708090A");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_eq(fleet_card_parse(bad[i], &uid), RC_RANGE, "%s", bad[i]);
    }
    cr_expect_eq(uid.len, 10, "untouched");
}

Test(card, the_rules_of_an_entry)
{
    struct fleet_card c = {.uid = {4, {1}}, .kind = CARD_USER, .is_everywhere = true};

    cr_expect_eq(fleet_card_judge(NULL, 0, NOW), AUTH_UNSET);
    cr_expect_eq(fleet_card_judge(&c, 1023, NOW), AUTH_ACCEPTED);
    c.expires_utc_ms = NOW + 1;
    cr_expect_eq(fleet_card_judge(&c, 0, NOW), AUTH_ACCEPTED);
    c.expires_utc_ms = NOW;
    cr_expect_eq(fleet_card_judge(&c, 0, NOW), AUTH_EXPIRED);
    c.expires_utc_ms = NOW + 1;
    cr_expect_eq(fleet_card_judge(&c, 0, CLOCK_UNSET_UTC_MS), AUTH_EXPIRED, "nobody knows what time it is");
    c.is_blocked = true;
    cr_expect_eq(fleet_card_judge(&c, 0, NOW), AUTH_BLOCKED);
    c = (struct fleet_card){.uid = {4, {1}}, .kind = CARD_MASTER};
    cr_expect_eq(fleet_card_judge(&c, 0, NOW), AUTH_REJECTED);
    fleet_card_allow(&c, 33);
    cr_expect_eq(fleet_card_judge(&c, 33, NOW), AUTH_ACCEPTED, "a master card may charge as well"); /* SR-096 */
    cr_expect_eq(fleet_card_judge(&c, 32, NOW), AUTH_REJECTED);
    cr_expect_eq(fleet_card_judge(&c, 1, NOW), AUTH_REJECTED);
    c = (struct fleet_card){.uid = {4, {1}}, .kind = CARD_SETUP, .is_everywhere = true};
    cr_expect_eq(fleet_card_judge(&c, 0, NOW), AUTH_REJECTED, "a setup card only teaches"); /* SR-113 */
}

/* `n` cards of two lengths and one vehicle, in order. */
static struct fleet_cards make_cards(struct fleet_card *at, uint16_t n)
{
    memset(at, 0, sizeof *at * n);
    for (uint16_t i = 0; i < n; i++) {
        at[i].uid = (struct card_uid){.len = i < n / 2 ? 4 : 7, .at = {0, (uint8_t)(i >> 8), (uint8_t)i}};
        at[i].kind = CARD_USER;
        at[i].is_everywhere = true;
    }
    at[n - 1].uid = (struct card_uid){0};
    memcpy(at[n - 1].identity, "WMI1", 5);
    return (struct fleet_cards){.version = 1, .n = n, .at = at};
}

Test(card, everybody_on_a_full_list_is_found)
{
    struct fleet_card *at = calloc(FLEET_CARD_MAX, sizeof *at);
    struct fleet_cards cards = make_cards(at, FLEET_CARD_MAX);
    struct card_uid absent = {.len = 8};

    cr_assert(fleet_cards_are_good(&cards));
    for (uint16_t i = 0; i < cards.n; i++) {
        cr_expect_eq(fleet_cards_find(&cards, &at[i].uid, at[i].identity), &at[i]);
    }
    cr_expect_null(fleet_cards_find(&cards, &absent, ""));
    cr_expect_null(fleet_cards_find(&cards, &(struct card_uid){0}, "WMI2"));
    at[5] = at[6];
    cr_expect_not(fleet_cards_are_good(&cards), "twice");
    free(at);
}

static void ask(struct rig *r, uint16_t i, uint32_t seq, const struct card_uid *uid, const char *identity)
{
    struct msg m = {.kind = MSG_AUTHORIZE, .authorize = {.seq = seq}};

    if (uid != NULL) {
        m.authorize.uid = *uid;
    }
    (void)snprintf(m.authorize.identity, NAME_LEN, "%s", identity);
    rig_say(r, i, &m);
}

static void begin(struct rig *r, uint16_t n, const struct fleet_cards *cards)
{
    struct mev clock = {.kind = MEV_CLOCK, .clock = {.utc_ms = NOW}};
    struct mev e = {.kind = MEV_CARDS, .cards = {.list = cards}};

    rig_init(r, n, 32000, false);
    r->params.authorization_rule = 1;
    rig_start(r);
    rig_feed(r, &clock);
    for (uint16_t i = 0; i < n; i++) {
        rig_client_start(r, i, false);
    }
    if (cards != NULL) {
        rig_feed(r, &e);
    }
}

static void start_session(struct rig *r, uint16_t i, uint8_t number, const struct card_uid *uid)
{
    struct msg m = {.kind = MSG_SESSION_STARTED, .session_started = {.session = {.at = {number}}, .start_utc_ms = NOW, .uid = *uid}};

    rig_say(r, i, &m);
}

/* "Vans leave 06:00, 40 kWh, priority 7" (spec 08 8.1). */
Test(card, presets_fill_what_nobody_has_wished_once_for_each_session)
{
    static struct fleet_card at[2];
    struct fleet_cards cards = make_cards(at, 2);
    struct mev wish = {.kind = MEV_WISH, .wish = {.box = 0, .set = WISH_PRIORITY, .wish = {.set = WISH_PRIORITY, .priority = 2}}};
    struct mev taken_back = {.kind = MEV_WISH, .wish = {.box = 0, .set = WISH_NEEDED}};
    struct rig r;

    at[0].needed_wh = 40000;
    at[0].priority = 7;
    at[0].departure_min = 360;
    at[1].departure_min = -1;
    at[1].priority = -1;
    rig_init(&r, 1, 32000, false);
    rig_start(&r);
    rig_feed(&r, &(struct mev){.kind = MEV_CLOCK, .clock = {.utc_ms = NOW}});
    rig_client_start(&r, 0, true);
    rig_feed(&r, &(struct mev){.kind = MEV_CARDS, .cards = {.list = &cards}});
    rig_run(&r, 3000);
    rig_feed(&r, &wish);
    start_session(&r, 0, 1, &at[0].uid);
    cr_expect_eq(r.manager->box[0].wish.set, WISH_DEPARTURE | WISH_NEEDED | WISH_PRIORITY);
    cr_expect_eq(r.manager->box[0].wish.needed_wh, 40000);
    cr_expect_eq(r.manager->box[0].wish.priority, 2, "somebody has wished it before");
    rig_feed(&r, &taken_back);
    start_session(&r, 0, 1, &at[0].uid);
    cr_expect_eq(r.manager->box[0].wish.set, WISH_DEPARTURE | WISH_PRIORITY, "told again after a break of the link, and not preset again");
    rig_free(&r);
}

/* What the view shows of the begin of a session that a Status names. */
static int64_t begin_shown(struct rig *r, uint8_t number)
{
    static struct view v;

    r->manager->box[0].status.has_session = true;
    r->manager->box[0].status.session = (struct session_id){.at = {number}};
    manager_view(r->manager, r->now_ms, &v);
    return v.box[0].session_utc_ms;
}

Test(card, the_begin_of_a_session_is_shown_as_it_was_first_told)
{
    struct msg m = {.kind = MSG_SESSION_STARTED, .session_started = {.session = {.at = {7}}, .start_age_ms = 60000}}; /* its clock was never set */
    struct rig r;

    rig_init(&r, 1, 32000, false);
    rig_start(&r);
    rig_feed(&r, &(struct mev){.kind = MEV_CLOCK, .clock = {.utc_ms = NOW}});
    rig_client_start(&r, 0, true);
    cr_expect_eq(begin_shown(&r, 7), CLOCK_UNSET_UTC_MS, "nobody has told it");
    rig_say(&r, 0, &m);
    cr_expect_eq(begin_shown(&r, 7), NOW - 60000);
    cr_expect_eq(begin_shown(&r, 8), CLOCK_UNSET_UTC_MS, "that is another session");
    m.session_started.start_age_ms = 0; /* told again after a power cut: how long ago is not known any more */
    rig_say(&r, 0, &m);
    cr_expect_eq(begin_shown(&r, 7), NOW - 60000);
    start_session(&r, 0, 8, &(struct card_uid){0});
    cr_expect_eq(begin_shown(&r, 8), NOW);
    rig_free(&r);
}

Test(card, a_question_is_answered_in_the_same_moment)
{
    static struct fleet_card at[4];
    struct fleet_cards cards = make_cards(at, 4);
    struct card_uid stranger = uid_of("DEADBEEF");
    struct rig r;

    at[1].is_everywhere = false;
    fleet_card_allow(&at[1], 1);
    at[2].expires_utc_ms = NOW + 3600000;
    begin(&r, 2, &cards);
    ask(&r, 0, 11, &at[0].uid, "");
    cr_expect_eq(r.client[0].verdict_n, 1);
    cr_expect_eq(r.client[0].verdict.seq, 11);
    cr_expect_eq(r.client[0].verdict.verdict, AUTH_ACCEPTED);
    cr_expect_eq(r.client[0].verdict.expires_utc_ms, 0);
    ask(&r, 0, 12, &at[1].uid, "");
    cr_expect_eq(r.client[0].verdict.verdict, AUTH_REJECTED, "it is valid at the other wallbox");
    ask(&r, 1, 1, &at[1].uid, "");
    cr_expect_eq(r.client[1].verdict.verdict, AUTH_ACCEPTED);
    ask(&r, 1, 2, &at[2].uid, "");
    cr_expect_eq(r.client[1].verdict.verdict, AUTH_ACCEPTED);
    cr_expect_eq(r.client[1].verdict.expires_utc_ms, NOW + 3600000);
    ask(&r, 1, 3, NULL, "WMI1");
    cr_expect_eq(r.client[1].verdict.verdict, AUTH_ACCEPTED, "a vehicle needs no card"); /* SR-121 */
    ask(&r, 1, 4, &stranger, "");
    cr_expect_eq(r.client[1].verdict.verdict, AUTH_REJECTED);
    ask(&r, 1, 5, NULL, "");
    cr_expect_eq(r.client[1].verdict.verdict, AUTH_REJECTED, "nobody");
    rig_run(&r, 3601 * S);
    ask(&r, 1, 6, &at[2].uid, "");
    cr_expect_eq(r.client[1].verdict.verdict, AUTH_EXPIRED);
    rig_free(&r);
}

Test(card, before_a_list_is_known_nobody_is_on_it)
{
    struct card_uid stranger = uid_of("DEADBEEF");
    struct rig r;

    begin(&r, 1, NULL);
    ask(&r, 0, 1, &stranger, "");
    cr_expect_eq(r.client[0].verdict.verdict, AUTH_REJECTED);
    rig_free(&r);
}

Test(card, a_back_end_is_asked_about_strangers_only_and_for_a_while)
{
    static struct fleet_card at[2];
    struct fleet_cards cards = make_cards(at, 2);
    struct mev there = {.kind = MEV_BACKEND, .backend = {.is_there = true}};
    struct mev verdict = {.kind = MEV_VERDICT, .verdict = {.verdict = AUTH_ACCEPTED, .expires_utc_ms = NOW + 5}};
    struct card_uid stranger = uid_of("DEADBEEF");
    struct rig r;

    begin(&r, 1, &cards);
    rig_feed(&r, &there);
    ask(&r, 0, 1, &at[0].uid, "");
    cr_expect_eq(r.client[0].verdict_n, 1, "on the list");
    ask(&r, 0, 2, &stranger, "");
    cr_expect_eq(r.client[0].verdict_n, 1);
    cr_assert_eq(r.fx->ask_n, 1);
    cr_expect_eq(r.fx->ask[0].box, 0);
    cr_expect_eq(memcmp(&r.fx->ask[0].uid, &stranger, sizeof stranger), 0);
    verdict.verdict.ticket = r.fx->ask[0].ticket;
    rig_feed(&r, &verdict);
    cr_expect_eq(r.client[0].verdict_n, 2);
    cr_expect_eq(r.client[0].verdict.seq, 2);
    cr_expect_eq(r.client[0].verdict.verdict, AUTH_ACCEPTED);
    cr_expect_eq(r.client[0].verdict.expires_utc_ms, NOW + 5);
    rig_feed(&r, &verdict);
    cr_expect_eq(r.client[0].verdict_n, 2, "an answer that comes twice");
    ask(&r, 0, 3, &stranger, "");
    rig_run(&r, VERDICT_WAIT_MS + 20);
    cr_expect_eq(r.client[0].verdict_n, 3);
    cr_expect_eq(r.client[0].verdict.verdict, AUTH_REJECTED, "the back end is silent");
    for (uint32_t i = 0; i <= ASKED_MAX; i++) {
        ask(&r, 0, 10 + i, &stranger, "");
    }
    cr_expect_eq(r.client[0].verdict_n, 4, "one question more than can be open is answered at once");
    rig_free(&r);
}

static uint32_t taught_n(const struct rig *r)
{
    uint32_t n = 0;

    for (uint16_t i = 0; i < r->fx->n; i++) {
        n += r->fx->at[i].kind == MFX_STORE && r->fx->at[i].store.kind == MSTORE_CARD ? 1 : 0;
    }
    return n;
}

Test(card, a_card_taught_at_a_wallbox_is_stored_once)
{
    static struct fleet_card at[2];
    struct fleet_cards cards = make_cards(at, 2);
    struct msg m = {.kind = MSG_AUTHORIZE, .authorize = {.seq = 1, .taught = true, .uid = uid_of("DEADBEEF")}};
    struct rig r;

    begin(&r, 1, &cards);
    rig_say(&r, 0, &m);
    cr_expect_eq(taught_n(&r), 1);
    cr_expect_eq(r.client[0].verdict_n, 0, "it was no question");
    m.authorize.uid = at[0].uid;
    rig_say(&r, 0, &m);
    cr_expect_eq(taught_n(&r), 0, "known already");
    rig_free(&r);
}

Test(card, every_wallbox_gets_the_list_in_parts_and_only_what_is_valid_there)
{
    static struct fleet_card at[2 * CARD_CHUNK_MAX + 2];
    struct fleet_cards cards = make_cards(at, 2 * CARD_CHUNK_MAX + 2);
    struct fleet_cards shorter = {.version = 2, .n = 1, .at = at};
    struct mev e = {.kind = MEV_CARDS, .cards = {.list = &shorter}};
    struct rig r;

    at[0].is_everywhere = false;
    fleet_card_allow(&at[0], 1);
    at[1].is_blocked = true;
    begin(&r, 6, &cards);
    rig_run(&r, 1 * S);
    for (uint16_t i = 0; i < 6; i++) {
        uint32_t all_n = i == 1 ? cards.n : cards.n - 1u;

        cr_expect_eq(r.client[i].card_n, all_n, "W%u has %u", i, r.client[i].card_n);
        cr_expect_eq(r.client[i].config.cards_all_n, all_n);
        cr_expect_eq(r.client[i].config.version, 1);
        cr_expect(r.client[i].config.authorization);
    }
    cr_expect(r.client[0].card[0].blocked);
    cr_expect_str_eq(r.client[0].card[cards.n - 2].identity, "WMI1");
    cr_expect_eq(r.client[0].config_n, 3);
    rig_run(&r, 60 * S);
    cr_expect_eq(r.client[0].config_n, 3, "and then rest");
    rig_feed(&r, &e);
    rig_run(&r, 1 * S);
    cr_expect_eq(r.client[0].config_n, 4);
    cr_expect_eq(r.client[0].config.cards_all_n, 0);
    cr_expect_eq(r.client[1].config.cards_all_n, 1);
    rig_free(&r);
}

Test(card, a_part_that_is_not_confirmed_is_sent_again_and_a_new_connection_goes_on)
{
    static struct fleet_card at[CARD_CHUNK_MAX + 1];
    struct fleet_cards cards = make_cards(at, CARD_CHUNK_MAX + 1);
    struct rig r;

    begin(&r, 1, NULL);
    rig_run(&r, 1 * S);
    r.client[0].is_config_lost = true;
    rig_feed(&r, &(struct mev){.kind = MEV_CARDS, .cards = {.list = &cards}});
    cr_expect_eq(r.client[0].config_n, 1);
    rig_run(&r, WHITELIST_RETRY_MS + 20);
    cr_expect_eq(r.client[0].config_n, 2);
    cr_expect_eq(r.client[0].config.cards_from, 0);
    rig_client_cut(&r, 0);
    r.client[0].is_config_lost = false;
    rig_run(&r, 60 * S); /* its lease ends */
    rig_client_start(&r, 0, false);
    rig_run(&r, 1 * S);
    cr_expect_eq(r.client[0].card_n, cards.n);
    rig_free(&r);
}

Test(card, nothing_is_sent_while_each_wallbox_has_its_own_rule)
{
    static struct fleet_card at[2];
    struct fleet_cards cards = make_cards(at, 2);
    struct rig r;

    begin(&r, 1, NULL);
    r.params.authorization_rule = 0;
    rig_feed(&r, &(struct mev){.kind = MEV_CARDS, .cards = {.list = &cards}});
    rig_run(&r, 1 * S);
    cr_expect_eq(r.client[0].config_n, 0);
    r.params.authorization_rule = 2;
    rig_run(&r, 1 * S);
    cr_expect_eq(r.client[0].config_n, 1);
    cr_expect_not(r.client[0].config.authorization);
    rig_free(&r);
}
