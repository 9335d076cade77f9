#include "common/base/base32.h"

#include <string.h>

#include "common/base/check.h"

#define READ_MAX 64 /* bytes, of the longest secret that is typed */

void base32_write(const uint8_t *bytes, size_t len, unsigned group_n, char *out, size_t out_len)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    size_t letters_n = BASE32_N(len);
    size_t dashes_n = group_n > 0 && letters_n > 0 ? (letters_n - 1) / group_n : 0;
    size_t at = 0;

    CHECK(out_len > letters_n + dashes_n);
    for (size_t i = 0; i < letters_n; i++) {
        size_t bit = i * 5;
        unsigned pair = (unsigned)bytes[bit / 8] << 8;

        if (bit / 8 + 1 < len) {
            pair |= bytes[bit / 8 + 1];
        }
        if (group_n > 0 && i > 0 && i % group_n == 0) {
            out[at++] = '-';
        }
        out[at++] = letters[pair >> (11 - bit % 8) & 31];
    }
    out[at] = '\0';
}

/* -1: no letter of the alphabet. */
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a';
    }
    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

enum rc base32_read(const char *text, uint8_t *out, size_t len)
{
    uint8_t bytes[READ_MAX];
    uint32_t held = 0; /* its lower held_n bits are not written yet */
    unsigned held_n = 0;
    size_t letters_n = 0;
    size_t bytes_n = 0;

    CHECK(len <= READ_MAX);
    for (const char *at = text; *at != '\0'; at++) {
        int value = value_of(*at);

        if (*at == '-' || *at == ' ') {
            continue;
        }
        if (value < 0 || letters_n == BASE32_N(len)) {
            return RC_RANGE;
        }
        letters_n++;
        held = (held << 5 | (uint32_t)value) & 0xfff;
        held_n += 5;
        if (held_n >= 8) {
            held_n -= 8;
            bytes[bytes_n++] = (uint8_t)(held >> held_n);
        }
    }
    if (letters_n != BASE32_N(len) || (held & ((1U << held_n) - 1)) != 0) {
        return RC_RANGE;
    }
    memcpy(out, bytes, len);
    return RC_OK;
}
