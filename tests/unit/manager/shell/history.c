#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "manager/core/pack.h"
#include "manager/shell/db.h"
#include "manager/shell/history.h"

TestSuite(history, .timeout = 60);

#define DAY_MS INT64_C(86400000)
#define QUARTER_MS INT64_C(900000)
#define BEGIN INT64_C(1735689600000) /* 2025-01-01 */
#define DAYS_N 400
#define DAY_QUARTERS 96

static char dir[] = "/tmp/history-XXXXXX";
static char path[64];
static struct history history;

/* Each quarter hour i of a day has a mean of 10 i and a peak of 10 i + 5; the first hour of each day is not known. */
static void begin(void)
{
    int32_t mean[DAY_QUARTERS];
    int32_t peak[DAY_QUARTERS];
    uint8_t mean_bytes[PACK_SAMPLE_LEN * DAY_QUARTERS];
    uint8_t peak_bytes[PACK_SAMPLE_LEN * DAY_QUARTERS];
    struct db_samples row = {.step = RECORD_QUARTER, .sample_n = DAY_QUARTERS, .mean = mean_bytes, .peak = peak_bytes};
    struct db db;

    for (int i = 0; i < DAY_QUARTERS; i++) {
        mean[i] = i < 4 ? SAMPLE_UNKNOWN : 10 * i;
        peak[i] = i < 4 ? SAMPLE_UNKNOWN : 10 * i + 5;
    }
    row.mean_len = (int)pack_write(mean, DAY_QUARTERS, mean_bytes);
    row.peak_len = (int)pack_write(peak, DAY_QUARTERS, peak_bytes);
    cr_assert_not_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/manager.db", dir);
    cr_assert_eq(db_open(&db, path, 0, 100), RC_OK);
    cr_assert_eq(db_series(&db, "power_w", "W01", &row.series), RC_OK);
    cr_assert_eq(db_begin(&db), RC_OK);
    for (int day = 0; day < DAYS_N; day++) {
        row.from_utc_ms = BEGIN + day * DAY_MS;
        cr_assert_eq(db_put_samples(&db, &row), RC_OK);
    }
    cr_assert_eq(db_commit(&db), RC_OK);
    db_close(&db);
    history_init(&history, path);
}

static void end(void)
{
    history_close(&history);
    (void)unlink(path);
    (void)rmdir(dir);
}

/* The curve of a span, with the length of its slots. */
static json_t *curve_of(int64_t from_ms, int64_t to_ms, int64_t step_ms)
{
    json_t *curve = NULL;

    cr_assert_eq(history_samples(&history, "power_w", "W01", RECORD_QUARTER, from_ms, to_ms, false, &curve), RC_OK);
    cr_expect_eq(json_integer_value(json_object_get(curve, "step_ms")), step_ms);
    cr_expect_eq(json_array_size(json_object_get(curve, "values")), json_array_size(json_object_get(curve, "peaks")));
    cr_expect_leq(json_array_size(json_object_get(curve, "values")), HISTORY_SAMPLE_MAX);
    return curve;
}

static void expect_at(const json_t *curve, size_t i, json_int_t mean, json_int_t peak)
{
    cr_expect_eq(json_integer_value(json_array_get(json_object_get(curve, "values"), i)), mean, "slot %zu", i);
    cr_expect_eq(json_integer_value(json_array_get(json_object_get(curve, "peaks"), i)), peak, "slot %zu", i);
}

Test(history, a_month_is_shown_as_it_was_recorded, .init = begin, .fini = end)
{
    json_t *curve = curve_of(BEGIN, BEGIN + 31 * DAY_MS, QUARTER_MS);

    cr_assert_eq(json_array_size(json_object_get(curve, "values")), 31 * DAY_QUARTERS);
    cr_expect(json_is_null(json_array_get(json_object_get(curve, "values"), 3)));
    expect_at(curve, 4, 40, 45);
    expect_at(curve, 31 * DAY_QUARTERS - 1, 950, 955);
    json_decref(curve);
}

Test(history, a_year_is_shown_to_its_end_in_longer_steps, .init = begin, .fini = end)
{
    json_t *curve = curve_of(BEGIN, BEGIN + 365 * DAY_MS, 2 * QUARTER_MS);

    cr_assert_eq(json_array_size(json_object_get(curve, "values")), 365 * DAY_QUARTERS / 2);
    cr_expect(json_is_null(json_array_get(json_object_get(curve, "values"), 1)));
    expect_at(curve, 2, 45, 55);
    expect_at(curve, (size_t)365 * DAY_QUARTERS / 2 - 1, 945, 955);
    json_decref(curve);
}

Test(history, a_span_that_begins_within_a_step_and_a_slot_that_is_known_in_part, .init = begin, .fini = end)
{
    const int64_t from_ms = BEGIN + 3 * QUARTER_MS + 1;
    json_t *curve = curve_of(from_ms, from_ms + 700 * DAY_MS, 4 * QUARTER_MS);

    cr_assert_eq(json_array_size(json_object_get(curve, "values")), 700 * DAY_QUARTERS / 4 + 1);
    cr_expect(json_is_null(json_array_get(json_object_get(curve, "values"), 0)));
    expect_at(curve, 1, 55, 75);
    cr_expect(json_is_null(json_array_get(json_object_get(curve, "values"), (size_t)DAYS_N * DAY_QUARTERS / 4)), "after the last day nothing is known");
    json_decref(curve);
}

Test(history, centuries_are_shown_in_days, .init = begin, .fini = end)
{
    json_t *curve = curve_of(1, BEGIN + 40000 * DAY_MS, 4 * DAY_MS);
    size_t first = (size_t)(BEGIN / DAY_MS / 4); /* a slot begins two days before */

    cr_expect_eq(BEGIN / DAY_MS % 4, 1);
    cr_expect(json_is_null(json_array_get(json_object_get(curve, "values"), first - 1)));
    expect_at(curve, first, 495, 955);
    json_decref(curve);
}
