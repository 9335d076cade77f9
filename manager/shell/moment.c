#include "manager/shell/moment.h"

#include <stddef.h>

#include "common/base/units.h"
#include "common/os/clock.h"

#define DAY_MS INT64_C(86400000)

/* Years begin in March here: the day that a leap year adds is the last. */
int64_t moment_days(const struct moment_date *date)
{
    int64_t year = date->month > 2 ? date->year : date->year - 1;
    int64_t era = div_down(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (date->month + (date->month > 2 ? -3 : 9)) + 2) / 5 + date->day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

struct moment_date moment_date_of(int64_t days)
{
    int64_t era = div_down(days + 719468, 146097);
    int64_t day_of_era = days + 719468 - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;

    return (struct moment_date){.year = (int)(year_of_era + era * 400 + (month >= 10 ? 1 : 0)),
                                .month = (int)(month < 10 ? month + 3 : month - 9),
                                .day = (int)(day_of_year - (153 * month + 2) / 5 + 1)};
}

/* `n` digits at *at; -1 when they are not there. */
static int digits(const char **at, int n)
{
    int value = 0;

    for (int i = 0; i < n; i++) {
        if (**at < '0' || **at > '9') {
            return -1;
        }
        value = value * 10 + (*(*at)++ - '0');
    }
    return value;
}

static bool skip(const char **at, char c)
{
    if (**at != c) {
        return false;
    }
    (*at)++;
    return true;
}

static bool read_date(const char **at, bool has_day, struct moment_date *out)
{
    struct moment_date d = {.day = 1};
    struct moment_date again;

    d.year = digits(at, 4);
    if (d.year < 1970 || !skip(at, '-')) {
        return false;
    }
    d.month = digits(at, 2);
    if (d.month < 1 || d.month > 12) {
        return false;
    }
    if (has_day) {
        if (!skip(at, '-')) {
            return false;
        }
        d.day = digits(at, 2);
    }
    if (d.day < 1 || d.day > 31) {
        return false;
    }
    again = moment_date_of(moment_days(&d));
    *out = d;
    return again.day == d.day && again.month == d.month;
}

enum rc moment_parse_date(const char *text, struct moment_date *out)
{
    struct moment_date date;

    if (!read_date(&text, true, &date) || *text != '\0') {
        return RC_RANGE;
    }
    *out = date;
    return RC_OK;
}

enum rc moment_parse_month(const char *text, struct moment_date *out)
{
    struct moment_date date;

    if (!read_date(&text, false, &date) || *text != '\0') {
        return RC_RANGE;
    }
    *out = date;
    return RC_OK;
}

/* "Z" or "+01:00", as ms to take away. */
static bool read_offset(const char **at, int64_t *out_ms)
{
    int sign = **at == '-' ? -1 : 1;
    int hour;
    int minute;

    if (skip(at, 'Z')) {
        *out_ms = 0;
        return true;
    }
    if (!skip(at, '+') && !skip(at, '-')) {
        return false;
    }
    hour = digits(at, 2);
    if (hour < 0 || hour > 23 || !skip(at, ':')) {
        return false;
    }
    minute = digits(at, 2);
    *out_ms = sign * (int64_t)(hour * 60 + minute) * 60000;
    return minute >= 0 && minute <= 59;
}

static bool read_time(const char **at, int64_t *out_ms)
{
    int hour = digits(at, 2);
    int minute = hour >= 0 && hour <= 23 && skip(at, ':') ? digits(at, 2) : -1;
    int second = minute >= 0 && minute <= 59 && skip(at, ':') ? digits(at, 2) : -1;
    int64_t ms = 0;

    if (second < 0 || second > 59) {
        return false;
    }
    if (skip(at, '.')) {
        int scale_ms = 100;

        if (**at < '0' || **at > '9') {
            return false;
        }
        for (; **at >= '0' && **at <= '9'; (*at)++) {
            ms += (**at - '0') * scale_ms;
            scale_ms /= 10;
        }
    }
    *out_ms = ((int64_t)(hour * 60 + minute) * 60 + second) * 1000 + ms;
    return true;
}

enum rc moment_parse(const char *text, bool is_end, int64_t *out_utc_ms)
{
    struct moment_date date;
    int64_t time_ms = 0;
    int64_t offset_ms = 0;
    int64_t utc_ms;

    if (!read_date(&text, true, &date)) {
        return RC_RANGE;
    }
    if (*text == '\0') {
        date = moment_date_of(moment_days(&date) + (is_end ? 1 : 0));
        *out_utc_ms = moment_midnight_utc_ms(&date);
        return RC_OK;
    }
    if (!skip(&text, 'T') || !read_time(&text, &time_ms) || !read_offset(&text, &offset_ms) || *text != '\0') {
        return RC_RANGE;
    }
    utc_ms = moment_days(&date) * DAY_MS + time_ms - offset_ms;
    if (utc_ms <= 0) {
        return RC_RANGE;
    }
    *out_utc_ms = utc_ms;
    return RC_OK;
}

int64_t moment_midnight_utc_ms(const struct moment_date *date)
{
    int64_t local_ms = moment_days(date) * DAY_MS;
    int64_t utc_ms = local_ms - clock_local_offset_ms(local_ms);

    return local_ms - clock_local_offset_ms(utc_ms); /* the offset in force at that moment, not hours away from it */
}

struct moment_date moment_next_month(const struct moment_date *date)
{
    return (struct moment_date){.year = date->month == 12 ? date->year + 1 : date->year, .month = date->month == 12 ? 1 : date->month + 1, .day = 1};
}

struct moment_local moment_local(int64_t utc_ms)
{
    int64_t local_ms = utc_ms + clock_local_offset_ms(utc_ms);
    int64_t days = div_down(local_ms, DAY_MS);
    int second = (int)((local_ms - days * DAY_MS) / 1000);

    return (struct moment_local){.date = moment_date_of(days), .hour = second / 3600, .minute = second / 60 % 60, .second = second % 60};
}
