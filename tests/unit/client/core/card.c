/* SR-262 (DIFF-20): UIDs of 4, 7, 8 and 10 bytes, compared as bytes, shown as upper-case hex. SR-006, SR-114: cards of ISO 14443, ISO 15693 and MIFARE
 * have such UIDs. */
#include "client/core/card.h"

#include <string.h>

#include <criterion/criterion.h>

TestSuite(card, .timeout = 10);

static struct card_list list; /* too large for a stack that is watched */

static struct card_uid uid_of(const char *text)
{
    struct card_uid uid = {.len = 0};

    cr_assert_eq(card_uid_parse(text, &uid), RC_OK, "%s", text);
    return uid;
}

static void put(const char *text, enum card_kind kind, bool is_local)
{
    struct card c = {.uid = uid_of(text), .kind = kind, .is_local = is_local};

    cr_assert_eq(card_put(&list, &c), RC_OK);
}

Test(card, a_uid_has_4_7_8_or_10_bytes_and_reads_back_in_upper_case_SR_262)
{
    static const char *const good[] = {"04a1B2c3", "04A1B2C3D4E5F6", "E004010012345678", "0123456789ABCDEF0123"};
    static const char *const bad[] = {
        "", "04", "04A1B2C", "04A1B2C3D", "04A1B2C3D4", "04A1B2C3D4E5", "0123456789ABCDEF01", "0123456789ABCDEF012345", "04A1B2CG", "04 1B2C3"};
    char text[CARD_TEXT_LEN];

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct card_uid uid = uid_of(good[i]);

        card_uid_text(&uid, text);
        cr_expect_eq(strlen(text), 2u * uid.len);
        cr_expect_eq(strcasecmp(text, good[i]), 0, "%s", text);
        cr_expect_null(strpbrk(text, "abcdef"));
        cr_expect(card_uid_is_valid(&uid));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct card_uid uid = {.len = 99};

        cr_expect_eq(card_uid_parse(bad[i], &uid), RC_RANGE, "\"%s\"", bad[i]);
        cr_expect_eq(uid.len, 99);
    }
}

Test(card, cards_that_begin_alike_are_different_cards)
{
    struct card_uid four = uid_of("04A1B2C3");
    struct card_uid seven = uid_of("04A1B2C3000000");
    struct card_uid other = uid_of("04A1B2C4");

    cr_expect(card_uid_same(&four, &four));
    cr_expect_not(card_uid_same(&four, &seven));
    cr_expect_not(card_uid_same(&four, &other));
}

Test(card, the_list_is_full_at_its_capacity_and_still_replaces)
{
    struct card c = {.uid = {.len = 4}, .kind = CARD_USER};

    card_erase(&list);
    for (int i = 0; i < CARD_MAX; i++) {
        c.uid.at[0] = (uint8_t)(i & 255);
        c.uid.at[1] = (uint8_t)(i >> 8);
        cr_assert_eq(card_put(&list, &c), RC_OK);
    }
    c.kind = CARD_MASTER;
    cr_expect_eq(card_put(&list, &c), RC_OK); /* is on it */
    cr_expect_eq(list.card_n, CARD_MAX);
    cr_expect(card_has_kind(&list, CARD_MASTER));
    c.uid.at[3] = 1;
    cr_expect_eq(card_put(&list, &c), RC_FULL);
    card_erase(&list);
    cr_expect_null(card_find(&list, &c.uid));
}

Test(card, a_blocked_or_expired_card_is_refused_and_one_that_expires_needs_a_clock)
{
    struct card c = {.uid = uid_of("04A1B2C3"), .kind = CARD_USER, .expires_utc_ms = 2000};

    card_erase(&list);
    cr_expect_eq(card_judge(&list, &c.uid, 1000), AUTH_UNSET);
    cr_assert_eq(card_put(&list, &c), RC_OK);
    cr_expect_eq(card_judge(&list, &c.uid, 1999), AUTH_ACCEPTED);
    cr_expect_eq(card_judge(&list, &c.uid, 2000), AUTH_EXPIRED);
    cr_expect_eq(card_judge(&list, &c.uid, CLOCK_UNSET_UTC_MS), AUTH_EXPIRED);
    c.expires_utc_ms = 0;
    cr_assert_eq(card_put(&list, &c), RC_OK);
    cr_expect_eq(card_judge(&list, &c.uid, CLOCK_UNSET_UTC_MS), AUTH_ACCEPTED);
    c.is_blocked = true;
    cr_assert_eq(card_put(&list, &c), RC_OK);
    cr_expect_eq(card_judge(&list, &c.uid, 1), AUTH_BLOCKED);
}

Test(card, vehicles_are_known_by_their_identity_SR_121)
{
    struct card_vehicle v = {.identity = "0007CBEA0001"};
    struct card_vehicle none = {.identity = ""};

    card_erase(&list);
    cr_expect_eq(card_judge_vehicle(&list, "0007CBEA0001", 1), AUTH_UNSET);
    cr_expect_eq(card_put_vehicle(&list, &none), RC_RANGE);
    cr_assert_eq(card_put_vehicle(&list, &v), RC_OK);
    cr_expect_eq(card_judge_vehicle(&list, "0007CBEA0001", 1), AUTH_ACCEPTED);
    cr_expect_eq(card_judge_vehicle(&list, "0007CBEA0002", 1), AUTH_UNSET);
    for (int i = 1; i < IDENTITY_MAX; i++) {
        v.identity[11] = (char)('a' + i % 26);
        v.identity[10] = (char)('a' + i / 26);
        cr_assert_eq(card_put_vehicle(&list, &v), RC_OK);
    }
    v.identity[0] = 'X';
    cr_expect_eq(card_put_vehicle(&list, &v), RC_FULL);
}

static enum rc merge(uint32_t from, uint32_t all_n, const struct msg_card *cards, uint16_t n)
{
    struct msg_config_set part = {.has_cards = true, .cards_from = from, .cards_all_n = all_n, .cards_n = n, .cards = cards};

    return card_merge(&list, &part);
}

Test(card, the_managers_list_replaces_its_last_one_when_it_is_complete_and_not_before)
{
    struct msg_card one = {.uid = uid_of("11111111"), .kind = CARD_USER};
    struct msg_card two[2] = {{.uid = uid_of("22222222"), .kind = CARD_USER}, {.identity = "CAR", .kind = CARD_USER}};

    card_erase(&list);
    cr_assert_eq(merge(0, 1, &one, 1), RC_OK);
    cr_expect_not_null(card_find(&list, &one.uid));
    cr_assert_eq(merge(0, 2, two, 1), RC_OK);
    cr_expect_not_null(card_find(&list, &one.uid)); /* the second part is missing */
    cr_assert_eq(merge(1, 2, two + 1, 1), RC_OK);
    cr_expect_null(card_find(&list, &one.uid));
    cr_expect_not_null(card_find(&list, &two[0].uid));
    cr_expect_not_null(card_find_vehicle(&list, "CAR"));
    cr_assert_eq(merge(0, 0, NULL, 0), RC_OK);
    cr_expect_eq(list.card_n, 0);
    cr_expect_eq(list.vehicle_n, 0);
}

/* SR-109: what was taught at the wallbox is deleted there only, with the service button. */
Test(card, an_empty_list_of_the_manager_does_not_take_away_what_was_taught_here)
{
    struct msg_card red = {.uid = uid_of("0000000A"), .kind = CARD_USER, .blocked = true};
    struct card_uid uid = uid_of("0000000A");

    card_erase(&list);
    put("0000000A", CARD_USER, true);
    put("0000000B", CARD_MASTER, false);
    cr_assert_eq(merge(0, 0, NULL, 0), RC_OK);
    cr_expect_eq(list.card_n, 1);
    cr_assert_eq(merge(0, 1, &red, 1), RC_OK); /* but the manager may block it */
    cr_expect_eq(card_judge(&list, &uid, 1), AUTH_BLOCKED);
    card_forget(&list, &uid);
    cr_expect_not_null(card_find(&list, &uid));
    cr_assert_eq(merge(0, 0, NULL, 0), RC_OK);
    cr_expect_not_null(card_find(&list, &uid));
}
