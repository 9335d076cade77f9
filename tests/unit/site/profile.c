#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/site/csv.h"
#include "tests/site/dataset.h"
#include "tests/site/profile.h"

TestSuite(csv, .timeout = 10);
TestSuite(dataset, .timeout = 10);
TestSuite(profile, .timeout = 10);

static struct csv_text text_of(const char *text)
{
    return (struct csv_text){text, strlen(text)};
}

Test(csv, numbers_are_integers_of_the_wanted_grain)
{
    int64_t v = 7;
    cr_assert_eq(csv_number(text_of(""), 3, &v), RC_RANGE);
    cr_assert_eq(csv_number(text_of("."), 3, &v), RC_RANGE);
    cr_assert_eq(csv_number(text_of("1.2.3"), 3, &v), RC_RANGE);
    cr_assert_eq(csv_number(text_of("1e3"), 3, &v), RC_RANGE);
    cr_assert_eq(csv_number(text_of("99999999999999999999"), 0, &v), RC_RANGE);
    cr_assert_eq(v, 7);
    cr_assert(csv_number(text_of("0.326"), 3, &v) == RC_OK && v == 326);
    cr_assert(csv_number(text_of("-12.5"), 3, &v) == RC_OK && v == -12500);
    cr_assert(csv_number(text_of("4"), 3, &v) == RC_OK && v == 4000);
    cr_assert(csv_number(text_of("1.23456"), 3, &v) == RC_OK && v == 1234);
}

Test(csv, quoted_fields_keep_their_separator)
{
    struct csv_text field[2];
    cr_assert_eq(csv_split(text_of("\"Jun 21, 12:30 pm\",1.5"), ',', field, 2), 2);
    cr_assert(csv_is(field[0], "Jun 21, 12:30 pm"));
    cr_assert(csv_is(field[1], "1.5"));
}

Test(csv, lines_end_with_or_without_a_newline)
{
    struct csv_text rest = text_of("a\r\n\nb");
    struct csv_text line;
    cr_assert(csv_line(&rest, &line) && csv_is(line, "a"));
    cr_assert(csv_line(&rest, &line) && csv_is(line, ""));
    cr_assert(csv_line(&rest, &line) && csv_is(line, "b"));
    cr_assert(!csv_line(&rest, &line));
}

/* Two days: minute m of day 1 draws m W, of day 2 draws 2 m W, at 200 V, after a piece of a day before. */
static char *household_text(size_t *out_len)
{
    char *text = malloc(400000);
    int n = snprintf(text, 400000, "Date;Time;P;Q;V;I;1;2;3\n1/1/2007;23:59:00;9.0;0;200.000;1;0;0;0\n");
    for (int m = 0; m < 2 * MINUTE_N; m++) {
        int w = (m % MINUTE_N) * (m < MINUTE_N ? 1 : 2);
        n += snprintf(text + n, (size_t)(400000 - n), "x;%02d:%02d:00;%d.%03d;0;200.000;1;0;0;0\n", m % MINUTE_N / 60, m % 60, w / 1000, w % 1000);
    }
    *out_len = (size_t)n;
    return text;
}

Test(dataset, takes_the_first_two_whole_days_of_a_household)
{
    size_t len = 0;
    int line = 0;
    char *text = household_text(&len);
    struct household *h = calloc(1, sizeof *h);
    cr_assert_eq(dataset_household(text, len, h, &line), RC_OK);
    cr_assert_eq(h->day_ma[0][0], 0);
    cr_assert_eq(h->day_ma[0][1], 5); /* 1 W at 200 V */
    cr_assert_eq(h->day_ma[1][1439], 14390);
    cr_assert_eq(dataset_household(text, len - 35, h, &line), RC_MISSING, "without its last line");
    free(h);
    free(text);
}

Test(dataset, says_which_line_of_a_household_is_wrong)
{
    struct household *h = calloc(1, sizeof *h);
    const char *text = "head\nx;00:00:00;1.0;0;230.0;1;0;0;0\nx;00:01:00;one;0;230.0;1;0;0;0\n";
    int line = 0;
    cr_assert_eq(dataset_household(text, strlen(text), h, &line), RC_MALFORMED);
    cr_assert_eq(line, 3);
    free(h);
}

Test(dataset, reads_one_day_of_sun_by_its_half_hours)
{
    char text[4096] = "head,kW\n\"Jun 2, 12:00 am\",7\n";
    struct sunshine s = {{0}};
    int line = 0;
    for (int i = 0; i < HALF_HOUR_N; i++) {
        int hour = i / 2;
        size_t at = strlen(text);
        (void)snprintf(text + at, sizeof text - at, "\"Jun 21, %02d:%02d %s\",%s%d.5\n", hour % 12 == 0 ? 12 : hour % 12, i % 2 * 30, hour < 12 ? "am" : "pm",
                       i == 0 ? "-" : "", i);
    }
    cr_assert_eq(dataset_sunshine(text, strlen(text), "Jun 21", &s, &line), RC_OK);
    cr_assert_eq(s.at_w[0], 0, "standby is no production");
    cr_assert_eq(s.at_w[1], 1500);
    cr_assert_eq(s.at_w[25], 25500); /* 12:30 pm */
    cr_assert_eq(dataset_sunshine(text, strlen(text), "Jun 2", &s, &line), RC_MISSING);
}

Test(dataset, dates_count_from_the_first_of_march_2019)
{
    int32_t day = -1;
    cr_assert_eq(dataset_day("2019-02-28", &day), RC_RANGE);
    cr_assert_eq(dataset_day("2019-03-32", &day), RC_RANGE);
    cr_assert_eq(dataset_day("2019-3-1", &day), RC_RANGE);
    cr_assert(dataset_day("2019-03-01", &day) == RC_OK && day == 0);
    cr_assert(dataset_day("2019-04-01", &day) == RC_OK && day == 31);
}

Test(dataset, stays_are_moved_to_their_day_and_sorted)
{
    const char *text = "a,b,c,d,e,f,g\n287,300,0,s,s,1.0,6.6\n300,310,0,s,s,4.216,6.6\n288,289,0,s,s,2.0,6.6\n";
    struct stays *s = calloc(1, sizeof *s);
    int line = 0;
    cr_assert_eq(dataset_stays(text, strlen(text), 1, s, &line), RC_OK);
    cr_assert_eq(s->n, 2, "the one before midnight is left out");
    cr_assert_eq(s->at[0].arrive_ms, 0);
    cr_assert_eq(s->at[0].leave_ms, 300000);
    cr_assert_eq(s->at[1].arrive_ms, 12 * 300000);
    cr_assert_eq(s->at[1].needed_wh, 4216);
    const char *bad = "head\n300,300,0,s,s,1.0,6.6\n";
    cr_assert_eq(dataset_stays(bad, strlen(bad), 0, s, &line), RC_MALFORMED);
    cr_assert_eq(line, 2);
    free(s);
}

Test(profile, composes_three_phases_from_two_days)
{
    size_t len = 0;
    int line = 0;
    char *text = household_text(&len);
    struct household *h = calloc(1, sizeof *h);
    int32_t ma[PHASE_N];
    cr_assert_eq(dataset_household(text, len, h, &line), RC_OK);
    struct load l = {.file = h, .scale_permille = 1000};
    load_init(&l, 1);
    load_at(&l, 0, 600 * 60000 + 59999, ma);
    cr_assert_eq(ma[0], 3000); /* 600 W at 200 V */
    cr_assert_eq(ma[1], 6000);
    cr_assert_eq(ma[2], 6600); /* minute 1,320 of day 1 */
    load_at(&l, 0, DAY_MS + 720 * 60000, ma);
    cr_assert_eq(ma[0], 3600, "days repeat");
    cr_assert_eq(ma[2], 0);
    l.scale_permille = 500;
    load_at(&l, 0, 600 * 60000, ma);
    cr_assert_eq(ma[1], 3000);
    free(h);
    free(text);
}

Test(profile, steps_are_5_to_20_a_for_2_to_30_s_and_come_as_often_as_asked)
{
    struct load l = {.steps_per_hour = 60};
    int32_t ma[PHASE_N];
    int32_t before = 0;
    int64_t began_ms = 0;
    int steps_n = 0;
    load_init(&l, 42);
    for (int64_t t = 0; t < 100 * INT64_C(3600000); t += 100) {
        load_at(&l, t, 0, ma);
        if (ma[1] != before && before != 0 && began_ms > 0) {
            cr_assert(before >= STEP_MA_MIN && before <= STEP_MA_MAX);
            cr_assert(t - began_ms >= STEP_MS_MIN - 100 && t - began_ms <= STEP_MS_MAX + 100);
        }
        if (ma[1] != before) {
            steps_n += ma[1] != 0;
            began_ms = t;
            before = ma[1];
        }
    }
    cr_assert(steps_n > 5400 && steps_n < 6600, "%d steps in 100 hours at 60 an hour", steps_n);
}

Test(profile, steps_depend_on_the_seed_and_not_on_how_often_one_looks)
{
    struct load a = {.steps_per_hour = 60};
    struct load b = {.steps_per_hour = 60};
    struct load other = {.steps_per_hour = 60};
    int32_t from_a[PHASE_N];
    int32_t from_b[PHASE_N];
    int32_t from_other[PHASE_N];
    int differs_n = 0;
    load_init(&a, 5);
    load_init(&b, 5);
    load_init(&other, 6);
    for (int64_t t = 0; t < 3600000; t += 100) {
        load_at(&a, t, 0, from_a);
        if (t % 1700 == 0) {
            load_at(&b, t, 0, from_b);
            load_at(&other, t, 0, from_other);
            cr_assert_eq(memcmp(from_a, from_b, sizeof from_a), 0);
            differs_n += memcmp(from_a, from_other, sizeof from_a) != 0;
        }
    }
    cr_assert_gt(differs_n, 100);
}

Test(profile, a_fixed_load_has_no_steps)
{
    struct load l = {.is_fixed = true, .fixed_ma = {1, 2, 3}, .steps_per_hour = 200};
    int32_t ma[PHASE_N];
    load_init(&l, 1);
    for (int64_t t = 0; t < 600000; t += 100) {
        load_at(&l, t, 0, ma);
        cr_assert(ma[0] == 1 && ma[1] == 2 && ma[2] == 3);
    }
}

Test(profile, sun_goes_in_a_straight_line_between_half_hours)
{
    struct sunshine file = {{0}};
    struct sun s = {.file = &file, .scale_permille = 100};
    int32_t ma[PHASE_N];
    file.at_w[24] = 69000;
    sun_at(&s, 12 * 3600000, 230000, ma);
    cr_assert(ma[0] == 10000 && ma[1] == 10000 && ma[2] == 10000); /* 6,900 W on three phases */
    sun_at(&s, 12 * 3600000 + 900000, 230000, ma);
    cr_assert_eq(ma[1], 5000);
    sun_at(&s, 12 * 3600000 + 1800000, 230000, ma);
    cr_assert_eq(ma[1], 0);
    s.is_fixed = true;
    s.fixed_ma[2] = 777;
    sun_at(&s, 12 * 3600000, 230000, ma);
    cr_assert(ma[0] == 0 && ma[2] == 777);
}
