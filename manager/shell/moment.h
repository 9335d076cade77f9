/* Days and moments as text. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/rc.h"

struct moment_date {
    int year;
    int month; /* 1..12 */
    int day;   /* 1..31 */
};

struct moment_local {
    struct moment_date date;
    int hour;
    int minute;
    int second;
};

/* Days since 1970-01-01 of a date of the Gregorian calendar, and back. */
int64_t moment_days(const struct moment_date *date);
struct moment_date moment_date_of(int64_t days);

/* "2026-01-31". RC_RANGE: no such day; *out is untouched. */
MUST_USE enum rc moment_parse_date(const char *text, struct moment_date *out);

/* "2026-01". RC_RANGE likewise; the day is 1. */
MUST_USE enum rc moment_parse_month(const char *text, struct moment_date *out);

/* RFC 3339, "2026-01-31T12:00:00Z" or with an offset "+01:00", fractions allowed; or a date: its begin, or its end when is_end, on the wall
 * clock of the site. RC_RANGE: neither, or before 1970; *out is untouched. */
MUST_USE enum rc moment_parse(const char *text, bool is_end, int64_t *out_utc_ms);

/* Midnight with which a day begins on the wall clock of the site. */
int64_t moment_midnight_utc_ms(const struct moment_date *date);

/* First day of the month after. */
struct moment_date moment_next_month(const struct moment_date *date);

/* What the wall clock of the site shows. */
struct moment_local moment_local(int64_t utc_ms);
