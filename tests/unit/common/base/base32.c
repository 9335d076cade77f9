#include "common/base/base32.h"

#include <criterion/criterion.h>

#include <string.h>

/* RFC 4648 section 10, without the padding. */
static const char *const vectors[][2] = {
    {"", ""}, {"f", "MY"}, {"fo", "MZXQ"}, {"foo", "MZXW6"}, {"foob", "MZXW6YQ"}, {"fooba", "MZXW6YTB"}, {"foobar", "MZXW6YTBOI"}};

Test(base32, writes_and_reads_the_vectors_of_the_rfc)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        size_t len = strlen(vectors[i][0]);
        uint8_t bytes[8] = {0};
        char text[16];

        base32_write((const uint8_t *)vectors[i][0], len, 0, text, sizeof text);
        cr_expect_str_eq(text, vectors[i][1]);
        cr_expect_eq(base32_read(vectors[i][1], bytes, len), RC_OK, "%s", vectors[i][1]);
        cr_expect_eq(memcmp(bytes, vectors[i][0], len), 0);
    }
}

Test(base32, groups_letters_and_takes_them_as_people_type_them)
{
    static const uint8_t bytes[10] = {0, 1, 2, 3, 250, 251, 252, 253, 254, 255};
    uint8_t again[10] = {0};
    char text[20];

    base32_write(bytes, sizeof bytes, 4, text, sizeof text);
    cr_expect_eq(strlen(text), 19);
    cr_expect_eq(text[4], '-');
    cr_expect_eq(text[9], '-');
    cr_expect_eq(text[14], '-');
    for (char *at = text; *at != '\0'; at++) {
        *at = *at == '-' ? ' ' : (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
    }
    cr_expect_eq(base32_read(text, again, sizeof again), RC_OK);
    cr_expect_eq(memcmp(again, bytes, sizeof again), 0);
}

Test(base32, refuses_other_letters_other_lengths_and_bits_too_many)
{
    static const char *const wrong[] = {"", "M", "MYA", "M1", "M0", "M=", "MZ", "M\xc3\xbc"};
    uint8_t byte = 77;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_expect_eq(base32_read(wrong[i], &byte, 1), RC_RANGE, "%s", wrong[i]);
    }
    cr_expect_eq(byte, 77);
}
