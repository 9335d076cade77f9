#include "tests/site/dataset.h"

#include <stdbool.h>
#include <string.h>

#include "common/base/units.h"
#include "tests/site/csv.h"

#define PERIOD_MS INT64_C(300000)

/* "hh:mm..." as minutes of the day; -1 when it is none. */
static int minute_of(struct csv_text t)
{
    int64_t hour = 0;
    int64_t minute = 0;
    if (t.len < 5 || t.at[2] != ':' || csv_number((struct csv_text){t.at, 2}, 0, &hour) != RC_OK ||
        csv_number((struct csv_text){t.at + 3, 2}, 0, &minute) != RC_OK || hour > 23 || minute > 59) {
        return -1;
    }
    return (int)(hour * 60 + minute);
}

/* Current of one household line; RC_STALE when the meter had nothing ("?"). */
static enum rc household_ma(const struct csv_text *field, int32_t *out)
{
    int64_t w = 0;
    int64_t mv = 0;
    if (csv_is(field[2], "?")) {
        return RC_STALE;
    }
    if (csv_number(field[2], 3, &w) != RC_OK || csv_number(field[4], 3, &mv) != RC_OK || w < 0 || w > 100000 || mv < 100000 || mv > 400000) {
        return RC_MALFORMED;
    }
    *out = (int32_t)(w * 1000000 / mv);
    return RC_OK;
}

enum rc dataset_household(const char *text, size_t len, struct household *out, int *out_line)
{
    struct csv_text rest = {text, len};
    struct csv_text line;
    struct csv_text field[9];
    int32_t ma = 0;
    int day = 0;
    int expected = 0; /* minute that continues the day under way */
    for (*out_line = 1; day < 2 && csv_line(&rest, &line); (*out_line)++) {
        if (*out_line == 1 || line.len == 0) {
            continue;
        }
        int minute = csv_split(line, ';', field, 9) == 9 ? minute_of(field[1]) : -1;
        enum rc rc = minute >= 0 ? household_ma(field, &ma) : RC_MALFORMED;
        if (rc == RC_MALFORMED) {
            return rc;
        }
        expected = minute == expected ? expected : 0; /* a gap: wait for the next midnight */
        if (minute != expected) {
            continue;
        }
        out->day_ma[day][minute] = ma;
        expected++;
        if (expected == MINUTE_N) {
            day++;
            expected = 0;
        }
    }
    return day == 2 ? RC_OK : RC_MISSING;
}

/* "Jun 21, 12:30 am": the half hour of the day, -1 when it is another day, -2 when it is no time. */
static int half_hour_of(struct csv_text t, const char *day)
{
    size_t day_len = strlen(day);
    if (t.len < 10 || memchr(t.at, ',', t.len) == NULL) {
        return -2;
    }
    if (t.len != day_len + 10 || memcmp(t.at, day, day_len) != 0 || t.at[day_len] != ',') {
        return -1;
    }
    int minute = minute_of((struct csv_text){t.at + day_len + 2, 5});
    if (minute < 0 || minute / 60 < 1 || minute / 60 > 12) {
        return -2;
    }
    bool is_pm = t.at[day_len + 8] == 'p';
    int hour = minute / 60 % 12 + (is_pm ? 12 : 0);
    return hour * 2 + (minute % 60) / 30;
}

enum rc dataset_sunshine(const char *text, size_t len, const char *day, struct sunshine *out, int *out_line)
{
    struct csv_text rest = {text, len};
    struct csv_text line;
    struct csv_text field[2];
    uint64_t seen = 0;
    for (*out_line = 1; csv_line(&rest, &line); (*out_line)++) {
        if (*out_line == 1 || line.len == 0) {
            continue;
        }
        int64_t w = 0;
        int at = csv_split(line, ',', field, 2) == 2 ? half_hour_of(field[0], day) : -2;
        if (at == -2 || csv_number(field[1], 3, &w) != RC_OK || w > 10000000) {
            return RC_MALFORMED;
        }
        if (at >= 0) {
            out->at_w[at] = (int32_t)max_i64(w, 0); /* a few watts of standby at night are no production */
            seen |= UINT64_C(1) << at;
        }
    }
    return seen == (UINT64_C(1) << HALF_HOUR_N) - 1 ? RC_OK : RC_MISSING;
}

/* Keep the list in order of arrival; the file nearly is. */
static void insert(struct stays *s, const struct stay *one)
{
    uint16_t at = s->n++;
    while (at > 0 && s->at[at - 1].arrive_ms > one->arrive_ms) {
        s->at[at] = s->at[at - 1];
        at--;
    }
    s->at[at] = *one;
}

enum rc dataset_stays(const char *text, size_t len, int32_t day, struct stays *out, int *out_line)
{
    struct csv_text rest = {text, len};
    struct csv_text line;
    struct csv_text field[7];
    int64_t midnight = (int64_t)day * DAY_MS;
    out->n = 0;
    for (*out_line = 1; csv_line(&rest, &line); (*out_line)++) {
        if (*out_line == 1 || line.len == 0) {
            continue;
        }
        int64_t arrive = 0;
        int64_t leave = 0;
        int64_t wh = 0;
        if (csv_split(line, ',', field, 7) != 7 || csv_number(field[0], 0, &arrive) != RC_OK || csv_number(field[1], 0, &leave) != RC_OK ||
            csv_number(field[5], 3, &wh) != RC_OK || arrive < 0 || leave <= arrive || leave > 1000000 || wh < 0 || wh > 1000000) {
            return RC_MALFORMED;
        }
        struct stay one = {arrive * PERIOD_MS - midnight, leave * PERIOD_MS - midnight, wh};
        if (one.arrive_ms < 0) {
            continue;
        }
        if (out->n == SESSION_FILE_MAX) {
            return RC_FULL;
        }
        insert(out, &one);
    }
    return RC_OK;
}

enum rc dataset_day(const char *date, int32_t *out)
{
    int64_t month = 0;
    int64_t day = 0;
    if (strlen(date) != 10 || memcmp(date, "2019-0", 6) != 0 || date[7] != '-' || csv_number((struct csv_text){date + 6, 1}, 0, &month) != RC_OK ||
        csv_number((struct csv_text){date + 8, 2}, 0, &day) != RC_OK || (month != 3 && month != 4) || day < 1 || day > (month == 3 ? 31 : 30)) {
        return RC_RANGE;
    }
    *out = (int32_t)(month == 3 ? day - 1 : day + 30);
    return RC_OK;
}
