#include "manager/core/pack.h"

#include <stdbool.h>

#define NUMBER_LEN 5 /* 35 bits: a folded difference of two int32 and the bit that tells the kinds apart */

static size_t put_number(uint8_t *out, uint64_t value)
{
    size_t len = 0;

    while (value >= 128 && len < NUMBER_LEN - 1) {
        out[len++] = (uint8_t)(value | 128);
        value >>= 7;
    }
    out[len++] = (uint8_t)value;
    return len;
}

/* Differences 0, -1, 1, -2 ... as 0, 1, 2, 3 ... */
static uint64_t fold(int64_t value)
{
    return value < 0 ? (uint64_t)(-(value + 1)) * 2 + 1 : (uint64_t)value * 2;
}

static int64_t unfold(uint64_t value)
{
    return value % 2 == 1 ? -(int64_t)(value / 2) - 1 : (int64_t)(value / 2);
}

size_t pack_write(const int32_t *samples, uint16_t n, uint8_t *out)
{
    int64_t known = 0;
    size_t len = 0;

    for (uint16_t i = 0; i < n;) {
        uint16_t more = 0;

        if (samples[i] == SAMPLE_UNKNOWN) {
            len += put_number(out + len, 1);
        } else {
            len += put_number(out + len, fold(samples[i] - known) * 2);
            known = samples[i];
        }
        while (i + 1 + more < n && samples[i + 1 + more] == samples[i]) {
            more++;
        }
        if (more > 0) {
            len += put_number(out + len, (uint64_t)more * 2 + 1);
        }
        i = (uint16_t)(i + 1 + more);
    }
    return len;
}

/* False when the bytes end inside a number or it is too long. */
static bool get_number(const uint8_t *bytes, size_t len, size_t *at, uint64_t *out)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < NUMBER_LEN && *at < len; i++) {
        uint8_t byte = bytes[(*at)++];

        value |= (uint64_t)(byte & 127) << (7 * i);
        if (byte < 128) {
            *out = value;
            return true;
        }
    }
    return false;
}

enum rc pack_read(const uint8_t *bytes, size_t len, int32_t *out, uint16_t cap, uint16_t *out_n)
{
    int64_t known = 0;
    int32_t before = SAMPLE_UNKNOWN;
    uint16_t n = 0;

    for (size_t at = 0; at < len;) {
        uint64_t number = 0;
        uint64_t times = 1;

        if (!get_number(bytes, len, &at, &number)) {
            return RC_MALFORMED;
        }
        if (number == 1) {
            before = SAMPLE_UNKNOWN;
        } else if (number % 2 == 1) {
            times = number / 2;
        } else {
            known += unfold(number / 2);
            if (known <= INT32_MIN || known > INT32_MAX) {
                return RC_MALFORMED;
            }
            before = (int32_t)known;
        }
        if (n == 0 && number > 1 && number % 2 == 1) {
            return RC_MALFORMED; /* nothing to repeat */
        }
        for (uint64_t i = 0; i < times; i++) {
            if (n == cap) {
                *out_n = n;
                return RC_FULL;
            }
            out[n++] = before;
        }
    }
    *out_n = n;
    return RC_OK;
}
