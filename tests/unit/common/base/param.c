#include "common/base/param.h"

#include <criterion/criterion.h>
#include <signal.h>

TestSuite(param, .timeout = 10);

#define DOOR_PARAMS(P)                                                     \
    P(open_ms, 100, 500, 1000, "ms", PARAM_LIVE, "how long it stays open") \
    P(offset_ma, -50, 0, 50, "mA", PARAM_RESTART, "may be negative")       \
    P(wide, INT32_MIN, INT32_MIN, INT32_MAX, "", PARAM_LIVE, "the whole range of its type")

DOOR_PARAMS(PARAM_CHECK)

struct door_params {
    int64_t before;
    DOOR_PARAMS(PARAM_FIELD)
    int32_t after;
};

#define ROW(name, min, preset, max, unit, applies, help) {#name, min, preset, max, unit, applies, help, offsetof(struct door_params, name)},
static const struct param_row rows[] = {DOOR_PARAMS(ROW)};
#define ROWS_N (sizeof rows / sizeof rows[0])

Test(param, defaults_touch_the_parameters_and_nothing_else)
{
    struct door_params p = {.before = 7, .open_ms = 1, .offset_ma = 1, .wide = 1, .after = 9};

    param_defaults(rows, ROWS_N, &p);
    cr_assert_eq(p.before, 7);
    cr_assert_eq(p.open_ms, 500);
    cr_assert_eq(p.offset_ma, 0);
    cr_assert_eq(p.wide, INT32_MIN);
    cr_assert_eq(p.after, 9);
}

Test(param, names_are_found_whole)
{
    cr_assert_eq(param_find(rows, ROWS_N, "offset_ma"), &rows[1]);
    cr_assert_null(param_find(rows, ROWS_N, "offset_m"));
    cr_assert_null(param_find(rows, ROWS_N, "offset_mas"));
    cr_assert_null(param_find(rows, ROWS_N, ""));
    cr_assert_null(param_find(rows, 0, "offset_ma"));
}

Test(param, bounds_are_allowed_and_one_beyond_is_not)
{
    struct door_params p = {0};

    cr_assert_eq(param_set(&rows[0], &p, 99), RC_RANGE);
    cr_assert_eq(p.open_ms, 0);
    cr_assert_eq(param_set(&rows[0], &p, 100), RC_OK);
    cr_assert_eq(p.open_ms, 100);
    cr_assert_eq(param_set(&rows[0], &p, 1001), RC_RANGE);
    cr_assert_eq(param_set(&rows[0], &p, 1000), RC_OK);
    cr_assert_eq(param_get(&rows[0], &p), 1000);
    cr_assert_eq(param_set(&rows[1], &p, -51), RC_RANGE);
    cr_assert_eq(param_set(&rows[1], &p, -50), RC_OK);
    cr_assert_eq(param_get(&rows[1], &p), -50);
}

Test(param, a_value_beyond_32_bits_is_refused_and_not_cut)
{
    struct door_params p = {0};

    cr_assert_eq(param_set(&rows[0], &p, INT64_C(4294967796)), RC_RANGE); /* 2^32 + 500 */
    cr_assert_eq(param_set(&rows[2], &p, (int64_t)INT32_MAX + 1), RC_RANGE);
    cr_assert_eq(param_set(&rows[2], &p, (int64_t)INT32_MIN - 1), RC_RANGE);
    cr_assert_eq(param_set(&rows[2], &p, INT64_MAX), RC_RANGE);
    cr_assert_eq(param_set(&rows[2], &p, INT64_MIN), RC_RANGE);
    cr_assert_eq(p.wide, 0);
    cr_assert_eq(param_set(&rows[2], &p, INT32_MAX), RC_OK);
    cr_assert_eq(param_set(&rows[2], &p, INT32_MIN), RC_OK);
}

Test(param, a_missing_row_ends_the_program, .signal = SIGABRT)
{
    struct door_params p = {0};

    (void)!param_set(NULL, &p, 0);
}
