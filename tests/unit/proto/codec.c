#include "proto/codec.h"

#include <string.h>

#include <criterion/criterion.h>

#include "common/base/rng.h"
#include "tests/unit/proto/samples.h"
#include "tests/unit/proto/wire.h"

TestSuite(codec, .timeout = 60);

static struct wire w;
static struct wire extra;
static uint8_t out[FRAME_MAX];
static struct codec_arena arena;
static struct msg m;
static const char *field;
static size_t len;

static void expect(enum rc want, const char *want_field)
{
    enum rc got = wire_decode(&w, &m, &field);

    cr_assert_eq(got, want, "%s at \"%s\", not %s at \"%s\"", rc_text(got), field, rc_text(want), want_field);
    cr_assert_str_eq(field, want_field);
}

Test(codec, nothing_is_no_message)
{
    w.len = 0;
    expect(RC_MALFORMED, "envelope");
}

Test(codec, more_than_a_frame_is_no_message)
{
    w.len = 0;
    extra.len = FRAME_MAX;
    wire_bytes(&w, 100, extra.at, extra.len);
    expect(RC_MALFORMED, "envelope");
}

Test(codec, an_empty_member_lacks_its_fields)
{
    static const char *const first[MSG_N] = {
        [MSG_HELLO] = "model",
        [MSG_WELCOME] = "epoch",
        [MSG_REJECT] = "reason",
        [MSG_STATUS] = "status_seq",
        [MSG_GRANT] = "epoch",
        [MSG_FALLBACK_SET] = "epoch",
        [MSG_FALLBACK_ACK] = "seq",
        [MSG_AUTHORIZE] = "seq",
        [MSG_AUTHORIZE_RESULT] = "seq",
        [MSG_SESSION_STARTED] = "session",
        [MSG_SESSION_RECORD] = "session",
        [MSG_RECORD_ACK] = "session",
        [MSG_FAULT_RAISED] = "code",
        [MSG_FAULT_CLEARED] = "code",
        [MSG_COMMAND] = "seq",
        [MSG_COMMAND_RESULT] = "seq",
        [MSG_CONFIG_SET] = "epoch",
        [MSG_CONFIG_ACK] = "version",
        [MSG_LOG_REQUEST] = "seq",
        [MSG_LOG_CHUNK] = "seq",
        [MSG_UPDATE_OFFER] = "seq",
        [MSG_UPDATE_CHUNK] = "seq",
        [MSG_UPDATE_RESULT] = "seq",
        [MSG_GOODBYE] = "reason",
        [MSG_PAIR_PROOF] = "proof",
    };

    for (uint32_t kind = MSG_HELLO; kind < MSG_N; kind++) {
        w.len = 0;
        wire_bytes(&w, kind, "", 0);
        if (kind == MSG_PAIR_REQUEST) {
            expect(RC_RANGE, "serial"); /* the empty text is no serial */
            continue;
        }
        expect(RC_MALFORMED, first[kind]);
    }
}

Test(codec, a_member_of_another_version_is_missing_here_and_may_be_skipped)
{
    const uint32_t numbers[] = {MSG_N, MSG_N + 1, 100, 536870911};

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        w.len = 0;
        wire_bytes(&w, numbers[i], "anything", 8);
        expect(RC_MISSING, "envelope");
        w.len = 0;
        wire_number(&w, numbers[i], 7);
        expect(RC_MISSING, "envelope");
    }
}

Test(codec, a_member_in_the_wrong_form_is_malformed)
{
    for (uint32_t kind = MSG_HELLO; kind < MSG_N; kind++) {
        w.len = 0;
        wire_number(&w, kind, 1);
        expect(RC_MALFORMED, "envelope");
    }
}

Test(codec, every_kind_encodes_to_its_golden_bytes)
{
    for (int kind = MSG_HELLO; kind < MSG_N; kind++) {
        struct msg sample = sample_msg((enum msg_kind)kind);

        wire_golden((enum msg_kind)kind, &w);
        cr_assert_eq(codec_encode(&sample, out, sizeof out, &len), RC_OK);
        cr_assert_eq(len, w.len, "%s", msg_kind_text(sample.kind));
        cr_assert_eq(memcmp(out, w.at, len), 0, "%s", msg_kind_text(sample.kind));
    }
}

Test(codec, golden_bytes_decode_to_every_kind)
{
    for (int kind = MSG_HELLO; kind < MSG_N; kind++) {
        struct msg sample = sample_msg((enum msg_kind)kind);

        wire_golden((enum msg_kind)kind, &w);
        expect(RC_OK, "");
        sample_expect_same(&m, &sample);
    }
}

Test(codec, what_a_newer_version_added_has_golden_bytes_too)
{
    for (int kind = MSG_HELLO; kind < MSG_N; kind++) {
        struct msg sample = sample_newer((enum msg_kind)kind);

        if (golden_newer_hex[kind] == NULL) {
            continue;
        }
        wire_golden_newer((enum msg_kind)kind, &w);
        cr_assert_eq(codec_encode(&sample, out, sizeof out, &len), RC_OK);
        cr_assert_eq(len, w.len, "%s", msg_kind_text(sample.kind));
        cr_assert_eq(memcmp(out, w.at, len), 0, "%s", msg_kind_text(sample.kind));
        expect(RC_OK, "");
        sample_expect_same(&m, &sample);
    }
}

Test(codec, lights_come_whole_or_not_at_all)
{
    const uint8_t seven[] = {1, 1, 1, 1, 1, 1, 1};
    const uint8_t eight[] = {1, 1, 1, 1, 1, 1, 1, 7};

    extra.len = 0;
    wire_bytes(&extra, 26, seven, sizeof seven);
    wire_bytes(&extra, 27, seven, sizeof seven);
    wire_number(&extra, 28, 1000);
    wire_changed(MSG_STATUS, 0, &extra, &w);
    expect(RC_RANGE, "lights");
    extra.len = 0;
    wire_bytes(&extra, 26, eight, sizeof eight);
    wire_bytes(&extra, 27, eight, sizeof eight);
    wire_number(&extra, 28, 1000);
    wire_changed(MSG_STATUS, 0, &extra, &w);
    expect(RC_RANGE, "lights"); /* no such colour */
    extra.len = 0;
    wire_number(&extra, 28, 1000);
    wire_changed(MSG_STATUS, 0, &extra, &w);
    expect(RC_RANGE, "lights");
}

static void round_trip(const struct msg *from)
{
    cr_assert_eq(codec_encode(from, out, sizeof out, &len), RC_OK);
    cr_assert_leq(len, FRAME_MAX);
    cr_assert_eq(codec_decode(&arena, out, len, &m, &field), RC_OK, "%s", msg_kind_text(from->kind));
    sample_expect_same(&m, from);
    cr_assert_lt(arena.used_len, CODEC_ARENA_LEN / 4, "%s takes %zu bytes", msg_kind_text(from->kind), arena.used_len);
}

Test(codec, extremes_of_every_kind_survive_both_directions)
{
    for (int kind = MSG_HELLO; kind < MSG_N; kind++) {
        struct msg low = sample_smallest((enum msg_kind)kind);
        struct msg high = sample_largest((enum msg_kind)kind);

        round_trip(&low);
        round_trip(&high);
    }
}

Test(codec, encoding_needs_exactly_its_length_and_writes_nothing_when_it_does_not_fit)
{
    for (int kind = MSG_HELLO; kind < MSG_N; kind++) {
        struct msg sample = sample_msg((enum msg_kind)kind);
        size_t need;

        cr_assert_eq(codec_encode(&sample, out, sizeof out, &need), RC_OK);
        cr_assert_eq(codec_encode(&sample, out, need, &len), RC_OK);
        memset(out, 0x5a, sizeof out);
        len = 99;
        cr_assert_eq(codec_encode(&sample, out, need - 1, &len), RC_FULL);
        cr_assert_eq(codec_encode(&sample, out, 0, &len), RC_FULL);
        cr_assert_eq(len, 99);
        cr_assert_eq(out[0], 0x5a);
    }
}

Test(codec, a_message_that_is_not_allowed_is_not_encoded)
{
    struct msg sample = sample_msg(MSG_GRANT);

    sample.grant.current_ma = 5999;
    out[0] = 0x5a;
    len = 99;
    cr_assert_eq(codec_encode(&sample, out, sizeof out, &len), RC_RANGE);
    cr_assert_eq(len, 99);
    cr_assert_eq(out[0], 0x5a);
    sample.kind = MSG_N;
    cr_assert_eq(codec_encode(&sample, out, sizeof out, &len), RC_RANGE);
}

Test(codec, unknown_fields_are_ignored_in_message_and_envelope)
{
    for (int kind = MSG_HELLO; kind < MSG_N; kind++) {
        struct msg sample = sample_msg((enum msg_kind)kind);

        extra.len = 0;
        wire_number(&extra, 500, UINT64_MAX);
        wire_bytes(&extra, 501, "\xff\x00\xff", 3);
        wire_changed((enum msg_kind)kind, 0, &extra, &w);
        wire_number(&w, 900, 1);
        expect(RC_OK, "");
        sample_expect_same(&m, &sample);
    }
}

Test(codec, bytes_cut_off_anywhere_are_malformed)
{
    for (int kind = MSG_HELLO; kind < MSG_N; kind++) {
        wire_golden((enum msg_kind)kind, &extra);
        for (size_t cut = 0; cut < extra.len; cut++) {
            w.len = 0;
            wire_raw(&w, extra.at, cut);
            expect(RC_MALFORMED, "envelope");
        }
    }
}

/* Fields that a peer may leave out: texts, card, session of a Status, faults, quarter hours, bytes of a chunk. */
static bool may_be_left_out(enum msg_kind kind, uint32_t number)
{
    switch (kind) {
    case MSG_HELLO:
        return number == 10;
    case MSG_REJECT:
        return number == 2;
    case MSG_STATUS:
        return number == 20 || number == 21;
    case MSG_AUTHORIZE:
        return number == 2 || number == 3;
    case MSG_SESSION_STARTED:
        return number == 5;
    case MSG_SESSION_RECORD:
        return number == 8 || number == 11;
    case MSG_FAULT_RAISED:
        return number == 4;
    case MSG_COMMAND_RESULT:
    case MSG_UPDATE_RESULT:
        return number == 3;
    case MSG_LOG_CHUNK:
    case MSG_UPDATE_CHUNK:
        return number == 4;
    case MSG_UPDATE_OFFER:
        return number == 2;
    default:
        return false;
    }
}

Test(codec, each_field_that_the_domain_needs_is_demanded)
{
    for (int k = MSG_HELLO; k < MSG_N; k++) {
        enum msg_kind kind = (enum msg_kind)k;
        struct wire_field envelope;
        struct wire_field f;
        size_t pos = 0;

        wire_golden(kind, &extra);
        cr_assert(wire_next(extra.at, extra.len, &pos, &envelope));
        pos = 0;
        while (wire_next(envelope.data, envelope.data_len, &pos, &f)) {
            enum rc rc;

            wire_changed(kind, f.number, NULL, &w);
            rc = wire_decode(&w, &m, &field);
            if ((kind == MSG_HELLO || kind == MSG_PAIR_REQUEST) && f.number == 1) {
                cr_assert_eq(rc, RC_RANGE); /* the empty text is no serial */
            } else {
                cr_assert_eq(rc, may_be_left_out(kind, f.number) ? RC_OK : RC_MALFORMED, "%s without field %u: %s", msg_kind_text(kind), f.number, rc_text(rc));
            }
        }
    }
}

Test(codec, a_failed_decode_leaves_the_message_alone)
{
    struct msg before = sample_msg(MSG_GOODBYE);

    m = before;
    wire_with_number(MSG_GRANT, 4, 5999, &w);
    expect(RC_RANGE, "current_ma");
    sample_expect_same(&m, &before);
}
