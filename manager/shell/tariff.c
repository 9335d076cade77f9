#include "manager/shell/tariff.h"

#include <string.h>

#include "common/base/check.h"

#define CENTICENT_WH_PER_MINOR INT64_C(100000) /* 100 centicents, 1000 Wh */
#define DAYS 7

/* Currencies in use by the decimals of their minor unit, four characters each. */
static const char *const by_decimals[] = {
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF ",
    NULL,
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD "
    "FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR "
    "MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT "
    "TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR ZMW ZWG ",
    "BHD IQD JOD KWD LYD OMR TND ",
};

int tariff_decimals(const char *currency)
{
    if (strlen(currency) != TARIFF_CURRENCY_LEN - 1) {
        return -1;
    }
    for (int n = 0; n < (int)(sizeof by_decimals / sizeof by_decimals[0]); n++) {
        for (const char *at = by_decimals[n]; at != NULL && *at != '\0'; at += TARIFF_CURRENCY_LEN) {
            if (memcmp(at, currency, TARIFF_CURRENCY_LEN - 1) == 0) {
                return n;
            }
        }
    }
    return -1;
}

bool tariff_currency(size_t i, char out[TARIFF_CURRENCY_LEN], int *out_decimals)
{
    for (int n = 0; n < (int)(sizeof by_decimals / sizeof by_decimals[0]); n++) {
        size_t here_n = by_decimals[n] != NULL ? strlen(by_decimals[n]) / TARIFF_CURRENCY_LEN : 0;

        if (i < here_n) {
            memcpy(out, by_decimals[n] + i * TARIFF_CURRENCY_LEN, TARIFF_CURRENCY_LEN - 1);
            out[TARIFF_CURRENCY_LEN - 1] = '\0';
            *out_decimals = n;
            return true;
        }
        i -= here_n;
    }
    return false;
}

static enum rc wrong(struct tariff_error *out, int window, const char *field, const char *why)
{
    *out = (struct tariff_error){.window = (int8_t)window, .field = field, .why = why};
    return RC_RANGE;
}

static bool is_price(int32_t price_centicent_kwh)
{
    return price_centicent_kwh >= 0 && price_centicent_kwh <= TARIFF_PRICE_MAX;
}

static uint16_t length_min(const struct tariff_window *w)
{
    return (uint16_t)((w->to_min > w->from_min ? 0 : TARIFF_DAY_MIN) + w->to_min - w->from_min);
}

/* Mark what a window holds; false when something of it is held by another one. */
static bool mark(const struct tariff_window *w, bool held[TARIFF_WEEK_STEPS])
{
    for (int day = 0; day < DAYS; day++) {
        int first = (day * TARIFF_DAY_MIN + w->from_min) / TARIFF_STEP_MIN;

        for (int i = 0; (w->days >> day & 1) != 0 && i < length_min(w) / TARIFF_STEP_MIN; i++) {
            bool *at = &held[(first + i) % TARIFF_WEEK_STEPS];

            if (*at) {
                return false;
            }
            *at = true;
        }
    }
    return true;
}

static enum rc check_window(const struct tariff_window *w, int i, struct tariff_error *out)
{
    if (w->days == 0 || w->days >= 1 << DAYS) {
        return wrong(out, i, "days", "must hold at least one of mon, tue, wed, thu, fri, sat, sun");
    }
    if (w->from_min >= TARIFF_DAY_MIN || w->from_min % TARIFF_STEP_MIN != 0) {
        return wrong(out, i, "from", "must be a whole quarter hour from 00:00 to 23:45");
    }
    if (w->to_min == 0 || w->to_min > TARIFF_DAY_MIN || w->to_min % TARIFF_STEP_MIN != 0) {
        return wrong(out, i, "to", "must be a whole quarter hour from 00:15 to 24:00");
    }
    if (w->to_min == w->from_min) {
        return wrong(out, i, "to", "must differ from the begin; a whole day is 00:00 to 24:00");
    }
    return is_price(w->price_centicent_kwh) ? RC_OK : wrong(out, i, "price_centicent_kwh", "must be a whole number from 0 to 100000000");
}

enum rc tariff_check(const struct tariff *t, struct tariff_error *out_why)
{
    bool held[TARIFF_WEEK_STEPS] = {false};
    enum rc rc = RC_OK;

    if (t->currency[0] != '\0' && tariff_decimals(t->currency) < 0) {
        return wrong(out_why, -1, "currency", "must be a code of ISO 4217, as EUR, or null");
    }
    if (!is_price(t->price_centicent_kwh)) {
        return wrong(out_why, -1, "price_centicent_kwh", "must be a whole number from 0 to 100000000");
    }
    if (t->solar_price_centicent_kwh != -1 && !is_price(t->solar_price_centicent_kwh)) {
        return wrong(out_why, -1, "solar_price_centicent_kwh", "must be null or a whole number from 0 to 100000000");
    }
    if (t->window_n > TARIFF_WINDOW_MAX) {
        return wrong(out_why, -1, "windows", "must be at most 16");
    }
    for (int i = 0; i < t->window_n && rc == RC_OK; i++) {
        rc = check_window(&t->window[i], i, out_why);
        if (rc == RC_OK && !mark(&t->window[i], held)) {
            rc = wrong(out_why, i, "from", "must not overlap another window");
        }
    }
    return rc;
}

int32_t tariff_price_centicent_kwh(const struct tariff *t, int16_t week_min)
{
    for (int i = 0; i < t->window_n && week_min >= 0; i++) {
        const struct tariff_window *w = &t->window[i];

        for (int day = 0; day < DAYS; day++) {
            int since_min = (week_min - day * TARIFF_DAY_MIN - w->from_min + 2 * DAYS * TARIFF_DAY_MIN) % (DAYS * TARIFF_DAY_MIN);

            if ((w->days >> day & 1) != 0 && since_min < length_min(w)) {
                return w->price_centicent_kwh;
            }
        }
    }
    return t->price_centicent_kwh;
}

enum rc tariff_cost(const struct tariff *t, const struct tariff_quarter *quarters, uint16_t quarter_n, int64_t energy_wh, int64_t *out_cost_minor)
{
    int64_t sum = 0;
    int64_t counted_wh = 0;

    CHECK(t->currency[0] != '\0');
    if (energy_wh < 0 || energy_wh > TARIFF_ENERGY_MAX_WH) {
        return RC_RANGE;
    }
    for (uint16_t i = 0; i < quarter_n; i++) {
        const struct tariff_quarter *q = &quarters[i];
        int32_t price_centicent_kwh = tariff_price_centicent_kwh(t, q->week_min);
        bool has_sun = q->solar_wh > 0 && t->solar_price_centicent_kwh >= 0;
        int64_t solar_wh = has_sun ? q->solar_wh : 0;

        if (q->energy_wh < 0 || q->solar_wh > q->energy_wh || q->energy_wh > TARIFF_ENERGY_MAX_WH - counted_wh) {
            return RC_RANGE;
        }
        counted_wh += q->energy_wh;
        sum += (q->energy_wh - solar_wh) * price_centicent_kwh;
        sum += has_sun ? solar_wh * t->solar_price_centicent_kwh : 0;
    }
    if (energy_wh > counted_wh) {
        sum += (energy_wh - counted_wh) * t->price_centicent_kwh;
    }
    *out_cost_minor = (sum + CENTICENT_WH_PER_MINOR / 2) / CENTICENT_WH_PER_MINOR;
    return RC_OK;
}
