#include "proto/msg.h"

#include <stddef.h>
#include <string.h>

#include <criterion/criterion.h>

#include "proto/utf8.h"
#include "tests/unit/proto/samples.h"

TestSuite(msg_text, .timeout = 10);

#define AT(member) offsetof(struct msg, member), sizeof(((struct msg *)0)->member)

static void expect_allowed(const struct msg *m)
{
    const char *field = "";

    cr_assert_eq(msg_check(m, &field), RC_OK, "%s is refused for %s", msg_kind_text(m->kind), field);
}

static void expect_refused(const struct msg *m, const char *what)
{
    const char *field = "";

    cr_assert_eq(msg_check(m, &field), RC_RANGE, "%s with this %s is allowed", msg_kind_text(m->kind), what);
    cr_assert_str_eq(field, what);
}

Test(msg_text, a_serial_is_an_id)
{
    struct msg m = sample_msg(MSG_HELLO);

    memset(m.hello.serial, 'A', sizeof m.hello.serial);
    expect_refused(&m, "serial"); /* no end */
    m.hello.serial[32] = '\0';
    expect_allowed(&m);
    m.hello.serial[3] = ' ';
    expect_refused(&m, "serial");
    m.hello.serial[0] = '\0';
    expect_refused(&m, "serial");
    m = sample_msg(MSG_PAIR_REQUEST);
    memset(m.pair_request.serial, 'A', sizeof m.pair_request.serial);
    expect_refused(&m, "serial");
    m.pair_request.serial[32] = '\0';
    expect_allowed(&m);
    m.pair_request.serial[3] = ' ';
    expect_refused(&m, "serial");
    m.pair_request.serial[0] = '\0';
    expect_refused(&m, "serial");
}

/* Every text of every message, by the name that a refusal must give. */
static const struct {
    enum msg_kind kind;
    const char *field;
    size_t offset;
    size_t cap;
} texts[] = {
    {MSG_HELLO, "firmware", AT(hello.firmware)},
    {MSG_REJECT, "text", AT(reject.text)},
    {MSG_AUTHORIZE, "identity", AT(authorize.identity)},
    {MSG_FAULT_RAISED, "text", AT(fault.text)},
    {MSG_FAULT_CLEARED, "text", AT(fault.text)},
    {MSG_COMMAND_RESULT, "text", AT(result.text)},
    {MSG_UPDATE_OFFER, "version", AT(update_offer.version)},
    {MSG_UPDATE_RESULT, "text", AT(result.text)},
};

Test(msg_text, each_text_is_ended_and_clean)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct msg m = sample_msg(texts[i].kind);
        char *text = (char *)&m + texts[i].offset;

        text[0] = '\0';
        expect_allowed(&m);
        memset(text, 'x', texts[i].cap);
        expect_refused(&m, texts[i].field);
        text[texts[i].cap - 1] = '\0';
        expect_allowed(&m);
        text[texts[i].cap - 2] = '\n';
        expect_refused(&m, texts[i].field);
        text[texts[i].cap - 2] = (char)0xc3; /* a character cut off by the end */
        expect_refused(&m, texts[i].field);
    }
}

Test(msg_text, the_edges_of_utf8_hold)
{
    static const char *const good[] = {
        "", " ~", "\xc2\xa0", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a\xc3\xa4z"};
    static const char *const bad[] = {"\x01",
                                      "\x1f",
                                      "\x7f",
                                      "\x80",
                                      "\xbf",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc2\x80",
                                      "\xc2\x9f",
                                      "\xc2",
                                      "\xc2z",
                                      "\xe0\x9f\xbf",
                                      "\xe2\x82",
                                      "\xe2\x82z",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf0\x9f\x98",
                                      "\xf8\x88\x80\x80\x80",
                                      "\xfe",
                                      "\xff",
                                      "ok\xe2\x28\xa1"};

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        cr_assert(utf8_is_text(good[i], 16), "good text %zu is refused", i);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert_not(utf8_is_text(bad[i], 16), "bad text %zu is allowed", i);
    }
    cr_assert_not(utf8_is_text("", 0));
    cr_assert_not(utf8_is_text("abc", 3));
    cr_assert(utf8_is_text("abc", 4));
}

Test(msg_text, names_are_known_inside_the_lists_and_unset_outside)
{
    cr_assert_str_eq(msg_kind_text(MSG_UNSET), "unset");
    cr_assert_str_eq(msg_kind_text(MSG_HELLO), "hello");
    cr_assert_str_eq(msg_kind_text(MSG_GOODBYE), "goodbye");
    cr_assert_str_eq(msg_kind_text(MSG_N), "unset");
    cr_assert_str_eq(box_state_text(BOX_STATE_UNSET), "unset");
    cr_assert_str_eq(box_state_text(BOX_IDLE), "Idle");
    cr_assert_str_eq(box_state_text(BOX_UNAVAILABLE), "Unavailable");
    cr_assert_str_eq(box_state_text(BOX_STATE_N), "unset");
    cr_assert_str_eq(limit_by_text(LIMIT_UNSET), "unset");
    cr_assert_str_eq(limit_by_text(LIMIT_STATE), "state");
    cr_assert_str_eq(limit_by_text(LIMIT_N), "unset");
    cr_assert_str_eq(reason_text(REASON_UNSET), "unset");
    cr_assert_str_eq(reason_text(REASON_NO_DEMAND), "no_demand");
    cr_assert_str_eq(reason_text(REASON_RESTART), "restart");
    cr_assert_str_eq(reason_text(REASON_N), "unset");
    cr_assert_str_eq(pilot_state_text(PILOT_UNSET), "unset");
    cr_assert_str_eq(pilot_state_text(PILOT_A1), "A1");
    cr_assert_str_eq(pilot_state_text(PILOT_F), "F");
    cr_assert_str_eq(pilot_state_text(PILOT_N), "unset");
    cr_assert_str_eq(pilot_state_text((enum pilot_state) - 1), "unset");
}
