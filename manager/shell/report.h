/* Reports for people: sessions as a table (CSV), and the monthly statement of a card or vehicle as a page to print (HTML), with the numbers and
 * dates of a language. Texts that people or vehicles gave are escaped here.
 *
 * Pure but for the buffer and the time zone of the site.
 */
#pragma once

#include <stdint.h>

#include "manager/shell/buffer.h"
#include "manager/shell/history.h"
#include "manager/shell/lang.h"

/* A table of sessions. Without a language (is_plain): names with units, whole Wh, moments as in RFC 3339, for programs. */
struct report_table {
    struct buffer out;
    enum lang lang;
    bool is_plain;
};

void report_table_names(struct report_table *t);
void report_table_row(void *table, const struct session_row *row);

#define REPORT_CURRENCY_MAX 8 /* of one statement; each change of currency is a decision of people */
#define REPORT_TARIFF_MAX 1024

struct report_sum {
    char currency[TARIFF_CURRENCY_LEN];
    int64_t minor;
};

struct report_statement {
    struct buffer out;
    enum lang lang;
    int year;
    int month;
    const char *card_name; /* "" none */
    struct card_uid uid;
    const char *identity; /* when uid is empty */
    int64_t made_utc_ms;
    int64_t energy_wh; /* inside: sums */
    int64_t solar_wh;
    int32_t sessions_n;
    int32_t solar_n; /* of which the share of the sun is known */
    uint16_t sum_n;
    struct report_sum sum[REPORT_CURRENCY_MAX];
    uint16_t tariff_n;
    int64_t tariff[REPORT_TARIFF_MAX]; /* numbers of the prices by which something cost, as they came */
    bool has_more;                     /* currencies or prices than there is room for */
};

/* Head, then each session, then the sums, then all prices of `tariff` (none when there are none), then the end. A statement that has_more is not whole. */
void report_statement_begin(struct report_statement *s);
void report_statement_row(void *statement, const struct session_row *row);
void report_statement_sums(struct report_statement *s);
void report_statement_prices(struct report_statement *s, const struct db_tariff *t);
void report_statement_end(struct report_statement *s);

/* Text into HTML: & < > " ' as references. */
void report_escape(struct buffer *b, const char *text);
