#include "proto/msg.h"

#include <stddef.h>
#include <stdint.h>

#include "common/base/text.h"
#include "common/base/units.h"

#define LINK_MA_MIN 6000
#define LINK_MA_MAX 80000
#define APPLY_MS_MAX 10000
#define RISE_AFTER_MS_MAX 600000
#define LEASE_MS_MIN 2000
#define LEASE_MS_MAX 60000
#define STATUS_MS_MIN 200
#define STATUS_MS_MAX 10000
#define DRAWN_AGE_MS_MAX 60000
#define AGE_MS_MAX (INT64_C(3650) * 24 * 3600 * 1000)   /* ten years: nothing that is reported is older */
#define UTC_MS_MIN INT64_C(1577836800000)               /* 2020-01-01: before that the clock was never set */
#define UTC_MS_END INT64_C(7258118400000)               /* 2200-01-01 */
#define ENERGY_WH_MAX INT64_C(1000000000000)
#define POWER_W_MAX 1000000
#define COLDEST_MDEGC (-60000)
#define HOTTEST_MDEGC 200000
#define PERMILLE_MAX 1000
#define UPDATE_BYTES_MAX (UINT64_C(1) << 32)

/* One field of a message and whether its value is allowed. */
struct rule {
    const char *field;
    bool is_kept;
};

#define FIRST_BROKEN(rules) first_broken((rules), sizeof(rules) / sizeof(rules)[0])

/* Name of the first field whose rule is broken, NULL when all are kept. */
static const char *first_broken(const struct rule *rules, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!rules[i].is_kept) {
            return rules[i].field;
        }
    }
    return NULL;
}

static bool in(int64_t value, int64_t min, int64_t max)
{
    return value >= min && value <= max;
}

/* An enum value of a list that ends with `end`; 0 is unset. */
static bool named(int64_t value, int64_t end)
{
    return in(value, 1, end - 1);
}

static bool is_current(int64_t ma)
{
    return ma == 0 || in(ma, LINK_MA_MIN, LINK_MA_MAX);
}

static bool is_utc(int64_t ms)
{
    return ms == CLOCK_UNSET_UTC_MS || in(ms, UTC_MS_MIN, UTC_MS_END - 1);
}

static bool is_age(int64_t ms)
{
    return in(ms, 0, AGE_MS_MAX);
}

static bool is_energy(int64_t wh)
{
    return in(wh, 0, ENERGY_WH_MAX);
}

static bool is_three(const int32_t at[PHASE_N], int32_t max)
{
    for (int p = 0; p < PHASE_N; p++) {
        if (!in(at[p], 0, max)) {
            return false;
        }
    }
    return true;
}

static bool is_uid(const struct card_uid *uid)
{
    return uid->len == 0 || uid->len == 4 || uid->len == 7 || uid->len == 8 || uid->len == UID_MAX;
}

/* Bytes of the UTF-8 character at `s` when it is well formed and no control character, else 0. Reads no byte behind the first NUL. */
static size_t char_len(const unsigned char *s)
{
    uint32_t code;
    size_t n;
    static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000}; /* below it the form is overlong */

    if (s[0] < 0x80) {
        return s[0] >= 0x20 && s[0] != 0x7f ? 1 : 0;
    }
    if (s[0] >= 0xf0) {
        n = 4;
        code = s[0] & 0x0fu; /* with 0xf8 and above the code exceeds U+10FFFF */
    } else if (s[0] >= 0xe0) {
        n = 3;
        code = s[0] & 0x0fu;
    } else {
        n = 2;
        code = s[0] & 0x3fu; /* a continuation byte in first place gives a code below 0x80 << 6, caught as bit 6 is missing */
        if (s[0] < 0xc0) {
            return 0;
        }
        code = s[0] & 0x1fu;
    }
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0u) != 0x80) {
            return 0;
        }
        code = code << 6 | (s[i] & 0x3fu);
    }
    if (code < lowest[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
        return 0;
    }
    return code < 0xa0 ? 0 : n; /* U+0080..U+009F are control characters */
}
