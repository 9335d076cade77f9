#include "manager/shell/tariff_json.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "manager/shell/moment.h"

#define DAYS 7
#define THURSDAY 3 /* 1970-01-01 */

static const char *const day_names[DAYS] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* window -1: none */
static enum rc wrong(struct field_error *out, int window, const char *field, const char *why)
{
    if (window < 0) {
        (void)snprintf(out->field, sizeof out->field, "%s", field);
    } else {
        (void)snprintf(out->field, sizeof out->field, "windows[%d]%s%s", window, field[0] != '\0' ? "." : "", field);
    }
    (void)snprintf(out->text, sizeof out->text, "%s", why);
    return RC_RANGE;
}

static enum rc refuse_unknown(const json_t *json, const char *known, int window, struct field_error *why)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        if (field_choice(known, key) < 0) {
            return wrong(why, window, key, "is not known here");
        }
    }
    return RC_OK;
}

static enum rc read_price(const json_t *json, const char *key, int window, int32_t *out, struct field_error *why)
{
    const json_t *value = json_object_get(json, key);

    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > TARIFF_PRICE_MAX) {
        return wrong(why, window, key, "must be a whole number from 0 to 100000000");
    }
    *out = (int32_t)json_integer_value(value);
    return RC_OK;
}

static bool read_days(const json_t *list, uint8_t *out)
{
    uint8_t days = 0;

    for (size_t i = 0; i < json_array_size(list) && i <= DAYS; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        int day = name != NULL ? field_choice("mon tue wed thu fri sat sun", name) : -1;

        if (day < 0 || (days >> day & 1) != 0) {
            return false;
        }
        days = (uint8_t)(days | 1U << day);
    }
    *out = days;
    return days != 0;
}

/* "HH:MM", 24:00 included. */
static bool read_time(const json_t *value, uint16_t *out_min)
{
    const char *text = json_string_value(value);
    int number[4];

    if (text == NULL || strlen(text) != 5 || text[2] != ':') {
        return false;
    }
    for (int i = 0; i < 4; i++) {
        char c = text[i < 2 ? i : i + 1];

        if (c < '0' || c > '9') {
            return false;
        }
        number[i] = c - '0';
    }
    *out_min = (uint16_t)((number[0] * 10 + number[1]) * 60 + number[2] * 10 + number[3]);
    return number[2] < 6 && *out_min <= TARIFF_DAY_MIN;
}

static enum rc read_window(const json_t *json, int i, struct tariff_window *out, struct field_error *why)
{
    enum rc rc = RC_OK;

    if (!json_is_object(json)) {
        return wrong(why, i, "", "must be an object with days, from, to, price_centicent_kwh");
    }
    rc = refuse_unknown(json, "days from to price_centicent_kwh", i, why);
    if (rc != RC_OK) {
        return rc;
    }
    if (!read_days(json_object_get(json, "days"), &out->days)) {
        return wrong(why, i, "days", "must be a list of days, each once: mon, tue, wed, thu, fri, sat, sun");
    }
    if (!read_time(json_object_get(json, "from"), &out->from_min)) {
        return wrong(why, i, "from", "must be a whole quarter hour from 00:00 to 23:45");
    }
    if (!read_time(json_object_get(json, "to"), &out->to_min)) {
        return wrong(why, i, "to", "must be a whole quarter hour from 00:15 to 24:00");
    }
    return read_price(json, "price_centicent_kwh", i, &out->price_centicent_kwh, why);
}

static enum rc read_windows(const json_t *list, struct tariff *out, struct field_error *why)
{
    enum rc rc = RC_OK;

    if (list == NULL) {
        return RC_OK;
    }
    if (!json_is_array(list) || json_array_size(list) > TARIFF_WINDOW_MAX) {
        return wrong(why, -1, "windows", "must be a list of at most 16");
    }
    out->window_n = (uint8_t)json_array_size(list);
    for (int i = 0; i < out->window_n && rc == RC_OK; i++) {
        rc = read_window(json_array_get(list, (size_t)i), i, &out->window[i], why);
    }
    return rc;
}

enum rc tariff_read_json(const json_t *json, struct tariff *out, struct field_error *out_why)
{
    const json_t *currency = json_object_get(json, "currency");
    const json_t *solar = json_object_get(json, "solar_price_centicent_kwh");
    struct tariff_error error;
    enum rc rc;

    *out = (struct tariff){.solar_price_centicent_kwh = -1};
    if (!json_is_object(json)) {
        return wrong(out_why, -1, "", "the body must be one JSON object");
    }
    rc = refuse_unknown(json, "currency price_centicent_kwh solar_price_centicent_kwh windows", -1, out_why);
    if (rc != RC_OK) {
        return rc;
    }
    if (!json_is_null(currency) && (!json_is_string(currency) || tariff_decimals(json_string_value(currency)) < 0)) {
        return wrong(out_why, -1, "currency", "must be a code of ISO 4217, as EUR, or null");
    }
    if (json_is_string(currency)) {
        memcpy(out->currency, json_string_value(currency), TARIFF_CURRENCY_LEN);
    }
    rc = read_price(json, "price_centicent_kwh", -1, &out->price_centicent_kwh, out_why);
    if (rc == RC_OK && solar != NULL && !json_is_null(solar)) {
        rc = read_price(json, "solar_price_centicent_kwh", -1, &out->solar_price_centicent_kwh, out_why);
    }
    rc = rc == RC_OK ? read_windows(json_object_get(json, "windows"), out, out_why) : rc;
    if (rc == RC_OK && tariff_check(out, &error) != RC_OK) {
        rc = wrong(out_why, error.window, error.field, error.why);
    }
    return rc;
}

static json_t *write_window(const struct tariff_window *w)
{
    json_t *days = json_array();
    char from[16];
    char to[16];

    for (int day = 0; day < DAYS; day++) {
        if ((w->days >> day & 1) != 0 && json_array_append_new(days, json_string(day_names[day])) != 0) {
            json_decref(days);
            return NULL;
        }
    }
    (void)snprintf(from, sizeof from, "%02d:%02d", w->from_min / 60, w->from_min % 60);
    (void)snprintf(to, sizeof to, "%02d:%02d", w->to_min / 60, w->to_min % 60);
    return json_pack("{s:o, s:s, s:s, s:i}", "days", days, "from", from, "to", to, "price_centicent_kwh", (int)w->price_centicent_kwh);
}

json_t *tariff_write_json(const struct tariff *t)
{
    json_t *windows = json_array();
    json_t *solar = t->solar_price_centicent_kwh >= 0 ? json_integer(t->solar_price_centicent_kwh) : json_null();

    for (int i = 0; i < t->window_n; i++) {
        if (json_array_append_new(windows, write_window(&t->window[i])) != 0) {
            json_decref(windows);
            windows = NULL;
            break;
        }
    }
    return json_pack("{s:s?, s:i, s:o, s:o}", "currency", t->currency[0] != '\0' ? t->currency : NULL, "price_centicent_kwh", (int)t->price_centicent_kwh,
                     "solar_price_centicent_kwh", solar, "windows", windows);
}

int16_t tariff_week_min(int64_t utc_ms)
{
    struct moment_local local = moment_local(utc_ms);
    int64_t day = (moment_days(&local.date) + THURSDAY) % DAYS;

    return (int16_t)(day * TARIFF_DAY_MIN + local.hour * 60 + local.minute);
}
