/* Rules of msg_check*.c: which values a field may have. Inside of the check only. */
#pragma once

#include <stddef.h>

#include "common/base/units.h"
#include "proto/msg.h"

#define LINK_MA_MIN 6000
#define LINK_MA_MAX 80000
#define RISE_AFTER_MS_MAX 600000
#define LEASE_MS_MIN 2000
#define LEASE_MS_MAX 60000
#define STATUS_MS_MIN 200
#define STATUS_MS_MAX 10000
#define DRAWN_AGE_MS_MAX 60000
#define AGE_MS_MAX (INT64_C(3650) * 24 * 3600 * 1000) /* ten years: nothing that is reported is older */
#define UTC_MS_MIN INT64_C(1577836800000)             /* 2020-01-01: before that the clock was never set */
#define UTC_MS_END INT64_C(7258118400000)             /* 2200-01-01 */
#define ENERGY_WH_MAX INT64_C(1000000000000)
#define POWER_W_MAX 1000000
#define COLDEST_MDEGC (-60000)
#define HOTTEST_MDEGC 200000
#define BRIGHTNESS_PERMILLE_MAX 1000
#define CARDS_ALL_MAX 65535
#define UPDATE_BYTES_MAX (UINT64_C(1) << 32)

/* One field of a message and whether its value is allowed. */
struct rule {
    const char *field;
    bool is_kept;
};

#define FIRST_BROKEN(rules) first_broken((rules), sizeof(rules) / sizeof(rules)[0])

/* Name of the first field whose rule is broken, NULL when all are kept. */
static inline const char *first_broken(const struct rule *rules, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!rules[i].is_kept) {
            return rules[i].field;
        }
    }
    return NULL;
}

static inline bool in(int64_t value, int64_t min, int64_t max)
{
    return value >= min && value <= max;
}

/* An enum value of a list that ends with `end`; 0 is unset. */
static inline bool named(int64_t value, int64_t end)
{
    return in(value, 1, end - 1);
}

static inline bool is_current(int64_t ma)
{
    return ma == 0 || in(ma, LINK_MA_MIN, LINK_MA_MAX);
}

static inline bool is_utc(int64_t ms)
{
    return ms == CLOCK_UNSET_UTC_MS || in(ms, UTC_MS_MIN, UTC_MS_END - 1);
}

static inline bool is_energy(int64_t wh)
{
    return in(wh, 0, ENERGY_WH_MAX);
}

static inline bool is_three(const int32_t at[PHASE_N], int32_t max)
{
    for (int p = 0; p < PHASE_N; p++) {
        if (!in(at[p], 0, max)) {
            return false;
        }
    }
    return true;
}

static inline bool is_uid(const struct card_uid *uid)
{
    return uid->len == 0 || uid->len == 4 || uid->len == 7 || uid->len == 8 || uid->len == UID_MAX;
}

/* Name of the first wrong field of these messages, NULL when there is none (msg_check_session.c). */
const char *msg_authorize_broken(const struct msg_authorize *m);
const char *msg_authorize_result_broken(const struct msg_authorize_result *m);
const char *msg_session_started_broken(const struct msg_session_started *m);
const char *msg_session_record_broken(const struct msg_session_record *m);
const char *msg_fault_broken(const struct msg_fault *m);
