#include "proto/seek.h"

#include <string.h>

#include <criterion/criterion.h>

TestSuite(seek, .timeout = 10);

static const uint8_t nonce[SEEK_NONCE_LEN] = {1, 2, 3, 4, 5, 6, 7, 8};

Test(seek, its_bytes_are_those_of_the_protocol)
{
    static const uint8_t question[SEEK_LEN] = {'W', 'B', 'X', '?', 1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
    static const uint8_t answer[SEEK_LEN] = {'W', 'B', 'X', '!', 1, 0, 0x1d, 0x13, 1, 2, 3, 4, 5, 6, 7, 8};
    uint8_t out[SEEK_LEN];
    uint16_t port = 0;

    seek_question(nonce, out);
    cr_assert_arr_eq(out, question, SEEK_LEN);
    cr_assert(seek_is_question(out, SEEK_LEN));
    seek_answer(question, 7443, out);
    cr_assert_arr_eq(out, answer, SEEK_LEN);
    cr_assert_eq(seek_read_answer(out, SEEK_LEN, nonce, &port), RC_OK);
    cr_assert_eq(port, 7443);
}

Test(seek, whatever_else_comes_is_neither)
{
    uint8_t bytes[SEEK_LEN + 1] = {0};
    uint16_t port = 7;

    for (size_t i = 0; i < SEEK_LEN - SEEK_NONCE_LEN; i++) {
        seek_question(nonce, bytes);
        bytes[i] ^= 1;
        cr_assert_not(seek_is_question(bytes, SEEK_LEN), "byte %zu", i);
    }
    seek_question(nonce, bytes);
    cr_assert_eq(seek_read_answer(bytes, SEEK_LEN, nonce, &port), RC_MALFORMED, "a question is no answer");
    for (size_t i = 0; i < SEEK_LEN; i++) {
        seek_question(nonce, bytes);
        seek_answer(bytes, 7443, bytes);
        bytes[i] ^= 1;
        cr_assert_eq(seek_read_answer(bytes, SEEK_LEN, nonce, &port), i == 6 || i == 7 ? RC_OK : RC_MALFORMED, "byte %zu", i);
    }
    seek_question(nonce, bytes);
    cr_assert_not(seek_is_question(bytes, SEEK_LEN - 1));
    cr_assert_not(seek_is_question(bytes, SEEK_LEN + 1));
    seek_answer(bytes, 0, bytes);
    port = 7;
    cr_assert_eq(seek_read_answer(bytes, SEEK_LEN, nonce, &port), RC_MALFORMED, "no port");
    cr_assert_eq(seek_read_answer(bytes, SEEK_LEN - 1, nonce, &port), RC_MALFORMED);
    cr_assert_eq(port, 7);
}
