/* What a session costs: prices by time of the week on the wall clock of the site, a price of its own for the share of the sun, a currency.
 *
 * Prices are whole numbers of centicents a kWh. A centicent is 1/100 of the minor unit of the currency, whatever that is called: 28.50 cents
 * are 2850, 31 yen are 3100. A session is summed in centicents * Wh and rounded once, at its end, to the minor unit, half up.
 *
 * Rules: a quarter hour costs what the window costs in which it begins; outside of all windows, or when nobody knows when it was, the base
 * price counts. Wh of the sun cost the price of the sun in every window when there is one; a quarter hour of which the share of the sun is
 * not known counts as energy of the grid. Energy of a session that is in none of its quarter hours costs the base price.
 *
 * Decided here: currencies, ranges, which price counts when, rounding. Not here: the form as text (tariff_json), which tariff a session belongs
 * to, and where tariffs are kept.
 *
 * Pure: no clock, heap or time zone; whoever calls says where in the week a quarter hour begins.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/rc.h"

#define TARIFF_WINDOW_MAX 16
#define TARIFF_PRICE_MAX 100000000      /* 10,000.00 of a currency with cents, a kWh */
#define TARIFF_ENERGY_MAX_WH 1000000000 /* of one session: its cost stays far within 64 bits */
#define TARIFF_DAY_MIN 1440
#define TARIFF_STEP_MIN 15
#define TARIFF_WEEK_STEPS 672
#define TARIFF_CURRENCY_LEN 4

/* From a time of day to another; to at or before from: on the day after. It belongs to the day on which it begins. */
struct tariff_window {
    uint8_t days;      /* bit 0 Monday .. bit 6 Sunday, at least one */
    uint16_t from_min; /* 0..1425 of the day, a whole quarter hour */
    uint16_t to_min;   /* 15..1440, not with it; differs from from_min */
    int32_t price_centicent_kwh;
};

struct tariff {
    char currency[TARIFF_CURRENCY_LEN]; /* ISO 4217; "": nothing costs anything, sessions have no cost */
    int32_t price_centicent_kwh;        /* outside of all windows, 0..TARIFF_PRICE_MAX */
    int32_t solar_price_centicent_kwh;  /* likewise, -1: the sun costs what the grid costs */
    uint8_t window_n;
    struct tariff_window window[TARIFF_WINDOW_MAX];
};

/* A quarter hour of a session. */
struct tariff_quarter {
    int16_t week_min; /* of its begin on the wall clock, 0 Monday 00:00 .. 10079; -1 unknown */
    int64_t energy_wh;
    int64_t solar_wh; /* of that, -1 unknown */
};

/* What is wrong with a tariff. */
struct tariff_error {
    int8_t window; /* in which it is; -1 in none */
    const char *field;
    const char *why;
};

/* Decimals of the minor unit of a currency in use, 0..3 (ISO 4217 table A.1); -1: there is none of that code. */
int tariff_decimals(const char *currency);

/* One currency after the other, with its decimals; false behind the last. */
bool tariff_currency(size_t i, char out[TARIFF_CURRENCY_LEN], int *out_decimals);

/* Ranges, and that no two windows hold the same quarter hour of the week.
 *
 * RC_RANGE  *out_why says what is allowed
 */
MUST_USE enum rc tariff_check(const struct tariff *t, struct tariff_error *out_why);

/* Price at a minute of the week, as tariff_quarter has it. */
int32_t tariff_price_centicent_kwh(const struct tariff *t, int16_t week_min);

/* Cost of a session in the minor unit of the currency, half up.
 *
 * t         passed tariff_check, with a currency
 * energy_wh of the session by its meter, start to stop
 *
 * RC_RANGE  an energy below 0, more of the sun than there was, or more than TARIFF_ENERGY_MAX_WH in all
 */
MUST_USE enum rc tariff_cost(const struct tariff *t, const struct tariff_quarter *quarters, uint16_t quarter_n, int64_t energy_wh, int64_t *out_cost_minor);
