#include "proto/codec.h"

#include <string.h>

#include <criterion/criterion.h>

#include "common/base/rng.h"
#include "tests/unit/proto/samples.h"
#include "tests/unit/proto/wire.h"

TestSuite(codec_hostile, .timeout = 60);

static struct wire w;
static struct wire extra;
static struct msg m;
static const char *field;

static void expect(enum rc want, const char *want_field)
{
    enum rc got = wire_decode(&w, &m, &field);

    cr_assert_eq(got, want, "%s at \"%s\", not %s at \"%s\"", rc_text(got), field, rc_text(want), want_field);
    cr_assert_str_eq(field, want_field);
}

Test(codec_hostile, a_number_too_wide_for_its_field_is_refused_and_never_cut)
{
    const uint64_t above = UINT64_C(1) << 32;
    const struct {
        enum msg_kind kind;
        uint32_t number;
        const char *field;
        uint64_t value;
    } rows[] = {
        {MSG_HELLO, 3, "wired_n", 256 + 3},
        {MSG_HELLO, 4, "max_ma", above + 16000},
        {MSG_HELLO, 6, "apply_ms", above},
        {MSG_HELLO, 11, "protocol_major", 65536 + 1},
        {MSG_HELLO, 12, "protocol_minor", UINT64_MAX},
        {MSG_WELCOME, 3, "config_version", above},
        {MSG_WELCOME, 4, "status_ms", above + 1000},
        {MSG_WELCOME, 2, "utc_ms", UINT64_MAX},
        {MSG_STATUS, 4, "grant_seq", above + 1},
        {MSG_STATUS, 5, "offered_ma", above + 6000},
        {MSG_STATUS, 5, "offered_ma", UINT64_MAX},
        {MSG_STATUS, 6, "lease_left_ms", UINT64_MAX},
        {MSG_STATUS, 7, "used_phases", 256},
        {MSG_STATUS, 13, "limit_ma", above},
        {MSG_STATUS, 24, "power_w", above},
        {MSG_STATUS, 25, "temperature_mdegc", 2 * above},
        {MSG_GRANT, 2, "grant_seq", above + 1},
        {MSG_GRANT, 4, "current_ma", above + 16000},
        {MSG_GRANT, 4, "current_ma", UINT64_C(0x8000000000000000)},
        {MSG_GRANT, 5, "lease_ms", above + 10000},
        {MSG_FALLBACK_SET, 2, "seq", above},
        {MSG_FALLBACK_SET, 3, "fallback_ma", above + 6000},
        {MSG_FAULT_RAISED, 1, "code", 65536 + 1},
        {MSG_COMMAND, 3, "value", above},
        {MSG_CONFIG_SET, 3, "max_ma", above + 6000},
        {MSG_LOG_REQUEST, 3, "most_bytes", above + 1},
        {MSG_UPDATE_OFFER, 3, "size_bytes", above + 1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wire_with_number(rows[i].kind, rows[i].number, rows[i].value, &w);
        expect(RC_RANGE, rows[i].field);
    }
}

Test(codec_hostile, enum_values_outside_the_lists_are_refused)
{
    static const struct {
        enum msg_kind kind;
        uint32_t number;
        const char *field;
        uint64_t last;
    } rows[] = {
        {MSG_HELLO, 2, "model", MODEL_N - 1},           {MSG_HELLO, 5, "watchdog", WATCHDOG_N - 1},       {MSG_REJECT, 1, "reason", REJECT_N - 1},
        {MSG_STATUS, 9, "pilot", PILOT_N - 1},          {MSG_STATUS, 14, "limit_by", LIMIT_N - 1},        {MSG_STATUS, 16, "state", BOX_STATE_N - 1},
        {MSG_GRANT, 6, "reason", REASON_N - 1},         {MSG_AUTHORIZE_RESULT, 2, "verdict", AUTH_N - 1}, {MSG_SESSION_RECORD, 9, "end", END_N - 1},
        {MSG_COMMAND, 2, "kind", COMMAND_N - 1},        {MSG_COMMAND_RESULT, 2, "result", RESULT_N - 1},  {MSG_CONFIG_ACK, 2, "result", RESULT_N - 1},
        {MSG_UPDATE_RESULT, 2, "result", RESULT_N - 1}, {MSG_GOODBYE, 1, "reason", GOODBYE_N - 1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uint64_t bad[] = {0, rows[i].last + 1, 0x7fffffff, 0x80000000, 0xffffffff, UINT64_MAX};

        if (rows[i].kind != MSG_COMMAND) { /* there the sample's value would not fit the kind */
            wire_with_number(rows[i].kind, rows[i].number, rows[i].last, &w);
            expect(RC_OK, "");
        }
        for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
            wire_with_number(rows[i].kind, rows[i].number, bad[k], &w);
            expect(RC_RANGE, rows[i].field);
        }
    }
}

Test(codec_hostile, a_bool_is_true_for_any_value_but_zero)
{
    wire_with_number(MSG_STATUS, 8, 0, &w);
    expect(RC_OK, "");
    cr_assert_eq(m.status.contactor_closed, false);
    wire_with_number(MSG_STATUS, 8, 0x100, &w);
    expect(RC_OK, "");
    cr_assert_eq(m.status.contactor_closed, true);
}

Test(codec_hostile, texts_with_a_nul_bad_utf8_or_too_many_bytes_are_refused)
{
    static const struct {
        enum msg_kind kind;
        uint32_t number;
        const char *field;
        size_t cap;
    } rows[] = {
        {MSG_HELLO, 1, "serial", SERIAL_LEN},        {MSG_HELLO, 10, "firmware", NAME_LEN},      {MSG_REJECT, 2, "text", TEXT_LEN},
        {MSG_AUTHORIZE, 3, "identity", NAME_LEN},    {MSG_FAULT_RAISED, 4, "text", TEXT_LEN},    {MSG_FAULT_CLEARED, 4, "text", TEXT_LEN},
        {MSG_COMMAND_RESULT, 3, "text", TEXT_LEN},   {MSG_UPDATE_OFFER, 2, "version", NAME_LEN}, {MSG_UPDATE_RESULT, 3, "text", TEXT_LEN},
        {MSG_PAIR_REQUEST, 1, "serial", SERIAL_LEN},
    };
    char text[60000];

    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wire_with_bytes(rows[i].kind, rows[i].number, text, rows[i].cap - 1, &w);
        expect(RC_OK, "");
        wire_with_bytes(rows[i].kind, rows[i].number, text, rows[i].cap, &w);
        expect(RC_RANGE, rows[i].field);
        wire_with_bytes(rows[i].kind, rows[i].number, text, sizeof text, &w);
        expect(RC_RANGE, rows[i].field);
        wire_with_bytes(rows[i].kind, rows[i].number, "ok\0no", 5, &w);
        expect(RC_RANGE, rows[i].field);
        wire_with_bytes(rows[i].kind, rows[i].number, "ok\0", 3, &w);
        expect(RC_RANGE, rows[i].field);
        wire_with_bytes(rows[i].kind, rows[i].number, "\xc3", 1, &w);
        expect(RC_RANGE, rows[i].field);
        wire_with_bytes(rows[i].kind, rows[i].number, "a\nb", 3, &w);
        expect(RC_RANGE, rows[i].field);
    }
}

Test(codec_hostile, bytes_of_the_wrong_length_are_refused)
{
    static const struct {
        enum msg_kind kind;
        uint32_t number;
        const char *field;
        size_t good;
        size_t bad[4];
    } rows[] = {
        {MSG_STATUS, 21, "session", 16, {0, 15, 17, 40000}},
        {MSG_SESSION_STARTED, 1, "session", 16, {0, 15, 17, 40000}},
        {MSG_SESSION_RECORD, 1, "session", 16, {0, 15, 17, 40000}},
        {MSG_RECORD_ACK, 1, "session", 16, {0, 15, 17, 40000}},
        {MSG_UPDATE_OFFER, 4, "sha256", 32, {0, 31, 33, 40000}},
        {MSG_PAIR_PROOF, 1, "proof", 32, {0, 31, 33, 40000}},
        {MSG_AUTHORIZE, 2, "uid", 10, {3, 9, 11, 40000}},
        {MSG_SESSION_STARTED, 5, "uid", 4, {1, 5, 11, 40000}},
        {MSG_SESSION_RECORD, 8, "uid", 8, {2, 6, 11, 40000}},
        {MSG_LOG_CHUNK, 4, "bytes", CHUNK_MAX, {CHUNK_MAX + 1, 40000, 65000, CHUNK_MAX + 2}},
        {MSG_UPDATE_CHUNK, 4, "bytes", CHUNK_MAX, {CHUNK_MAX + 1, 40000, 65000, CHUNK_MAX + 2}},
    };
    static uint8_t bytes[65000];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wire_with_bytes(rows[i].kind, rows[i].number, bytes, rows[i].good, &w);
        expect(RC_OK, "");
        for (size_t k = 0; k < 4; k++) {
            wire_with_bytes(rows[i].kind, rows[i].number, bytes, rows[i].bad[k], &w);
            expect(RC_RANGE, rows[i].field);
        }
    }
}

/* A message with `n` values of 1 in a repeated field, packed or one by one. */
static void repeat(enum msg_kind kind, uint32_t number, size_t n, bool is_packed)
{
    static uint8_t ones[60000];

    memset(ones, 1, sizeof ones);
    if (is_packed) {
        wire_with_bytes(kind, number, ones, n, &w);
        return;
    }
    extra.len = 0;
    for (size_t i = 0; i < n; i++) {
        wire_number(&extra, number, 1);
    }
    wire_changed(kind, number, &extra, &w);
}

Test(codec_hostile, repeated_fields_are_bounded_packed_or_not)
{
    for (int is_packed = 0; is_packed <= 1; is_packed++) {
        for (uint32_t number = 10; number <= 11; number++) { /* drawn_ma, voltage_mv */
            const char *name = number == 10 ? "drawn_ma" : "voltage_mv";

            repeat(MSG_STATUS, number, 0, is_packed);
            expect(RC_MALFORMED, name);
            repeat(MSG_STATUS, number, 2, is_packed);
            expect(RC_RANGE, name);
            repeat(MSG_STATUS, number, 4, is_packed);
            expect(RC_RANGE, name);
            repeat(MSG_STATUS, number, 3, is_packed);
            expect(RC_OK, "");
        }
        repeat(MSG_STATUS, 20, FAULT_MAX, is_packed);
        expect(RC_OK, "");
        cr_assert_eq(m.status.faults_n, FAULT_MAX);
        repeat(MSG_STATUS, 20, FAULT_MAX + 1, is_packed);
        expect(RC_RANGE, "faults");
        repeat(MSG_SESSION_RECORD, 11, QUARTER_MAX, is_packed);
        expect(RC_OK, "");
        cr_assert_eq(m.session_record.quarter_n, QUARTER_MAX);
        cr_assert_eq(m.session_record.quarter_wh[QUARTER_MAX - 1], 1);
        repeat(MSG_SESSION_RECORD, 11, QUARTER_MAX + 1, is_packed);
        expect(RC_RANGE, "quarter_wh");
    }
}

Test(codec_hostile, values_inside_repeated_fields_are_checked_before_they_are_narrowed)
{
    extra.len = 0;
    wire_varint(&extra, 1000);
    wire_varint(&extra, (UINT64_C(1) << 32) + 1000);
    wire_varint(&extra, 1000);
    wire_with_bytes(MSG_STATUS, 10, extra.at, extra.len, &w);
    expect(RC_RANGE, "drawn_ma");
    wire_with_bytes(MSG_SESSION_RECORD, 11, extra.at, extra.len, &w);
    expect(RC_RANGE, "quarter_wh");
    wire_with_bytes(MSG_STATUS, 20, extra.at, extra.len, &w);
    expect(RC_RANGE, "faults");
    wire_with_bytes(MSG_STATUS, 20, "\x00", 1, &w);
    expect(RC_RANGE, "faults");
    extra.len = 0;
    wire_varint(&extra, UINT64_MAX);
    wire_with_bytes(MSG_SESSION_RECORD, 11, extra.at, extra.len, &w);
    expect(RC_RANGE, "quarter_wh");
}

Test(codec_hostile, a_full_frame_that_needs_more_than_the_arena_is_malformed)
{
    /* One value a byte: 64 KiB on the wire are 512 KiB in memory. */
    repeat(MSG_STATUS, 20, 60000, true);
    expect(RC_MALFORMED, "envelope");
    repeat(MSG_SESSION_RECORD, 11, 60000, true);
    expect(RC_MALFORMED, "envelope");
    /* As many members as fit, none known. */
    w.len = 0;
    while (w.len + 3 <= FRAME_MAX) {
        wire_number(&w, 50, 1);
    }
    expect(RC_MALFORMED, "envelope");
    /* As many unknown fields inside a message as fit. */
    extra.len = 0;
    while (extra.len + 3 <= FRAME_MAX - 200) {
        wire_number(&extra, 50, 1);
    }
    wire_changed(MSG_GRANT, 0, &extra, &w);
    cr_assert_leq(w.len, FRAME_MAX);
    expect(RC_MALFORMED, "envelope");
    /* The arena is whole again for the next message. */
    wire_golden(MSG_STATUS, &w);
    expect(RC_OK, "");
}

Test(codec_hostile, a_full_frame_of_one_member_again_and_again_is_survived)
{
    wire_golden(MSG_STATUS, &extra);
    w.len = 0;
    while (w.len + extra.len <= FRAME_MAX) {
        wire_raw(&w, extra.at, extra.len);
    }
    cr_assert_neq(wire_decode(&w, &m, &field), RC_OK); /* the arrays grow beyond three or the arena ends */
    w.len = 0;
    while (w.len + 2 <= FRAME_MAX) {
        wire_bytes(&w, MSG_STATUS, "", 0);
    }
    cr_assert_neq(wire_decode(&w, &m, &field), RC_OK);
}

Test(codec_hostile, of_two_members_the_last_counts)
{
    struct msg sample = sample_msg(MSG_GOODBYE);

    wire_golden(MSG_GRANT, &w);
    wire_golden(MSG_GOODBYE, &extra);
    wire_raw(&w, extra.at, extra.len);
    expect(RC_OK, "");
    sample_expect_same(&m, &sample);
}

/* Whatever is decoded must be a message that could have been sent. */
static void decode_and_judge(void)
{
    static uint8_t out[FRAME_MAX];
    enum rc rc = wire_decode(&w, &m, &field);
    size_t len;

    if (rc == RC_OK) {
        cr_assert_eq(codec_encode(&m, out, sizeof out, &len), RC_OK);
    } else {
        cr_assert(rc == RC_MALFORMED || rc == RC_RANGE || rc == RC_MISSING);
        cr_assert_neq(field[0], '\0');
    }
}

Test(codec_hostile, a_hundred_thousand_pieces_of_garbage_are_survived)
{
    struct rng r = {.state = 20260801};

    for (int i = 0; i < 100000; i++) {
        w.len = (size_t)rng_range(&r, 0, i % 100 == 0 ? 4096 : 96);
        for (size_t k = 0; k < w.len; k++) {
            w.at[k] = (uint8_t)rng_next(&r);
        }
        if (w.len > 2 && i % 2 == 0) { /* half of them at least begin like a member of the right length */
            w.at[0] = (uint8_t)(rng_range(&r, 1, 15) << 3 | 2);
            w.at[1] = (uint8_t)(w.len - 2 < 0x80 ? w.len - 2 : 0x7f);
        }
        decode_and_judge();
    }
}

Test(codec_hostile, a_hundred_thousand_damaged_messages_are_survived)
{
    struct rng r = {.state = 20260802};

    for (int i = 0; i < 100000; i++) {
        wire_golden((enum msg_kind)rng_range(&r, MSG_HELLO, MSG_N - 1), &w);
        for (int64_t k = rng_range(&r, 1, 4); k > 0; k--) {
            w.at[rng_range(&r, 0, (int64_t)w.len - 1)] = (uint8_t)rng_next(&r);
        }
        decode_and_judge();
    }
}
