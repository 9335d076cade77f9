#include "client/shell/cards.h"

#include "client/shell/settings.h"
#include "tests/unit/common/os/helpers.h"

TestSuite(cards, .timeout = 10);

#define FOUR "white:04A1B2C0 red:04A1B2C1  green:04A1B2C2 blue:04a1b2c3"

/* SR-089: one master and three user cards; SR-111: the label lists them in this order, 4-byte hex. */
Test(cards, the_four_delivered_cards_are_read_and_listed_as_on_the_label_SR_089_SR_111)
{
    struct client_params p = {0};
    char text[256] = "";
    FILE *to = fmemopen(text, sizeof text, "w");

    cr_assert_eq(cards_read(FOUR, &p), RC_OK);
    cr_assert_eq(p.factory_n, 4);
    cr_assert_eq(p.factory[0].kind, CARD_MASTER);
    cr_assert_eq(p.factory[0].colour, CARD_WHITE);
    cr_assert_eq(p.factory[3].kind, CARD_USER);
    cr_assert_eq(p.factory[3].colour, CARD_BLUE);
    cr_assert(p.factory[2].is_local);
    cr_assert_not_null(to);
    cards_print(&p, to);
    cr_assert_eq(fclose(to), 0);
    cr_assert_str_eq(text, "# RFID-1 W 04A1B2C0\n# RFID-2 R 04A1B2C1\n# RFID-3 G 04A1B2C2\n# RFID-4 B 04A1B2C3\n");
}

Test(cards, a_plus_has_a_setup_card_and_charging_cards_SR_113)
{
    struct client_params p = {0};

    cr_assert_eq(cards_read("setup:04A1B2C3D4E5F6 user:04000001 user:04000002", &p), RC_OK);
    cr_assert_eq(p.factory_n, 3);
    cr_assert_eq(p.factory[0].kind, CARD_SETUP);
    cr_assert_eq(p.factory[0].uid.len, 7);
    cr_assert_eq(cards_read("", &p), RC_OK);
    cr_assert_eq(p.factory_n, 0);
}

Test(cards, what_is_no_card_is_refused_and_changes_nothing)
{
    static const char *const wrong[] = {
        "white",
        "white:",
        "white:04A1",
        "pink:04A1B2C3",
        ":04A1B2C3",
        "white:04A1B2C3,red:04A1B2C4",
        "user:01000001 user:02000001 user:03000001 user:04000001 user:05000001 user:06000001 user:07000001 user:08000001 user:09000001"};
    struct client_params p = {.factory_n = 2};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_assert_eq(cards_read(wrong[i], &p), RC_RANGE, "%s", wrong[i]);
        cr_assert_eq(p.factory_n, 2);
    }
}
