#include "proto/frame.h"

#include <signal.h>
#include <string.h>

#include <criterion/criterion.h>

TestSuite(frame, .timeout = 10);

static uint8_t body[FRAME_MAX];
static uint8_t wire[FRAME_PREFIX_LEN + FRAME_MAX + 64];
static const uint8_t *got;
static uint32_t got_len;
static size_t used;

/* A frame of `len` bytes at `to`, every byte telling its place; returns its length with the prefix. */
static size_t put_frame(uint8_t *to, uint32_t len)
{
    frame_prefix(len, to);
    for (uint32_t i = 0; i < len; i++) {
        to[FRAME_PREFIX_LEN + i] = (uint8_t)(i * 7 + len);
    }
    return FRAME_PREFIX_LEN + len;
}

static void expect_refused(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint32_t claimed)
{
    const uint8_t prefix[] = {a, b, c, d, 1, 2, 3};
    struct frame_reader r;

    frame_reader_init(&r, body);
    got_len = 42;
    cr_assert_eq(frame_read(&r, prefix, sizeof prefix, &used, &got, &got_len), RC_MALFORMED);
    cr_assert_eq(got_len, claimed);
    cr_assert_eq(used, FRAME_PREFIX_LEN);
    /* Going on gives the same answer and takes nothing. */
    cr_assert_eq(frame_read(&r, prefix, sizeof prefix, &used, &got, &got_len), RC_MALFORMED);
    cr_assert_eq(used, 0);
    cr_assert_eq(got_len, claimed);
}

Test(frame, a_length_of_zero_is_refused)
{
    expect_refused(0, 0, 0, 0, 0);
}

Test(frame, a_length_one_above_the_limit_is_refused)
{
    expect_refused(0, 1, 0, 1, 65537);
}

Test(frame, a_length_of_one_gibibyte_is_refused_before_any_body_byte)
{
    expect_refused(0x40, 0, 0, 0, 1073741824);
    expect_refused(0xff, 0xff, 0xff, 0xff, UINT32_MAX);
}

Test(frame, the_refusal_comes_with_the_last_byte_of_the_prefix)
{
    const uint8_t prefix[] = {0, 1, 0, 1};
    struct frame_reader r;

    frame_reader_init(&r, body);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(frame_read(&r, prefix + i, 1, &used, &got, &got_len), RC_AGAIN);
        cr_assert_eq(used, 1);
    }
    cr_assert_eq(frame_read(&r, prefix + 3, 1, &used, &got, &got_len), RC_MALFORMED);
}

Test(frame, the_shortest_and_the_longest_frame_arrive_whole)
{
    const uint32_t lengths[] = {1, 2, FRAME_MAX - 1, FRAME_MAX};
    struct frame_reader r;

    frame_reader_init(&r, body);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t n = put_frame(wire, lengths[i]);

        cr_assert_eq(frame_read(&r, wire, n, &used, &got, &got_len), RC_OK);
        cr_assert_eq(used, n);
        cr_assert_eq(got_len, lengths[i]);
        cr_assert_eq(memcmp(got, wire + FRAME_PREFIX_LEN, got_len), 0);
    }
}

Test(frame, the_prefix_is_big_endian)
{
    uint8_t p[FRAME_PREFIX_LEN];

    frame_prefix(0xabcd, p);
    cr_assert_eq(memcmp(p, "\x00\x00\xab\xcd", 4), 0);
    frame_prefix(FRAME_MAX, p);
    cr_assert_eq(memcmp(p, "\x00\x01\x00\x00", 4), 0);
}

Test(frame, no_bytes_change_nothing)
{
    struct frame_reader r;

    frame_reader_init(&r, body);
    cr_assert_eq(frame_read(&r, wire, 0, &used, &got, &got_len), RC_AGAIN);
    cr_assert_eq(used, 0);
    cr_assert_eq(r.have_len, 0);
}

Test(frame, a_frame_may_come_byte_by_byte)
{
    struct frame_reader r;
    size_t n = put_frame(wire, 300);

    frame_reader_init(&r, body);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i + 1 < n; i++) {
            cr_assert_eq(frame_read(&r, wire + i, 1, &used, &got, &got_len), RC_AGAIN);
            cr_assert_eq(used, 1);
        }
        cr_assert_eq(frame_read(&r, wire + n - 1, 1, &used, &got, &got_len), RC_OK);
        cr_assert_eq(got_len, 300);
        cr_assert_eq(memcmp(got, wire + FRAME_PREFIX_LEN, 300), 0);
    }
}

Test(frame, every_split_into_two_pieces_gives_the_same_frame)
{
    struct frame_reader r;
    size_t n = put_frame(wire, 20);

    for (size_t cut = 0; cut < n; cut++) {
        frame_reader_init(&r, body);
        cr_assert_eq(frame_read(&r, wire, cut, &used, &got, &got_len), RC_AGAIN);
        cr_assert_eq(used, cut);
        cr_assert_eq(frame_read(&r, wire + cut, n - cut, &used, &got, &got_len), RC_OK);
        cr_assert_eq(used, n - cut);
        cr_assert_eq(memcmp(got, wire + FRAME_PREFIX_LEN, 20), 0);
    }
}

Test(frame, several_frames_in_one_piece_come_out_one_by_one)
{
    struct frame_reader r;
    size_t n = 0;
    size_t at = 0;

    for (uint32_t len = 1; len <= 5; len++) {
        n += put_frame(wire + n, len);
    }
    memcpy(wire + n, "\x00\x00\x00", 3); /* and the begin of a sixth */
    n += 3;
    frame_reader_init(&r, body);
    for (uint32_t len = 1; len <= 5; len++) {
        cr_assert_eq(frame_read(&r, wire + at, n - at, &used, &got, &got_len), RC_OK);
        cr_assert_eq(got_len, len);
        cr_assert_eq(got[0], (uint8_t)len);
        at += used;
    }
    cr_assert_eq(frame_read(&r, wire + at, n - at, &used, &got, &got_len), RC_AGAIN);
    cr_assert_eq(at + used, n);
    cr_assert_eq(r.have_len, 3);
}

Test(frame, an_empty_body_cannot_be_framed, .signal = SIGABRT)
{
    uint8_t p[FRAME_PREFIX_LEN];

    frame_prefix(0, p);
}

Test(frame, a_body_above_the_limit_cannot_be_framed, .signal = SIGABRT)
{
    uint8_t p[FRAME_PREFIX_LEN];

    frame_prefix(FRAME_MAX + 1, p);
}
