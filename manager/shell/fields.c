#include "manager/shell/fields.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "proto/utf8.h"

__attribute__((format(printf, 3, 4))) static enum rc wrong(struct field_error *why, const char *name, const char *format, ...)
{
    va_list arguments;

    (void)snprintf(why->field, sizeof why->field, "%s", name); /* cut when longer */
    va_start(arguments, format);
    (void)vsnprintf(why->text, sizeof why->text, format, arguments);
    va_end(arguments);
    return RC_RANGE;
}

int field_choice(const char *choices, const char *word)
{
    size_t len = strlen(word);
    const char *at = choices;

    for (int place = 0; *at != '\0'; place++) {
        size_t choice_len = strcspn(at, " ");

        if (choice_len == len && memcmp(at, word, len) == 0) {
            return place;
        }
        at += choice_len + (at[choice_len] == ' ' ? 1 : 0);
    }
    return -1;
}

/* n digits; -1 when there are other characters. */
static int digits(const char *text, int n)
{
    int value = 0;

    for (int i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

enum rc field_parse_utc(const char *text, int64_t *out_utc_ms)
{
    size_t len = strlen(text);
    struct tm t = {0};
    struct tm back;
    int ms = 0;
    time_t seconds;

    if (len < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[len - 1] != 'Z' ||
        (len != 20 && (len != 24 || text[19] != '.'))) {
        return RC_RANGE;
    }
    t.tm_year = digits(text, 4) - 1900;
    t.tm_mon = digits(text + 5, 2) - 1;
    t.tm_mday = digits(text + 8, 2);
    t.tm_hour = digits(text + 11, 2);
    t.tm_min = digits(text + 14, 2);
    t.tm_sec = digits(text + 17, 2);
    ms = len == 24 ? digits(text + 20, 3) : 0;
    if (t.tm_year < 70 || t.tm_year > 1099 || t.tm_mon < 0 || t.tm_mday < 1 || t.tm_hour < 0 || t.tm_min < 0 || t.tm_sec < 0 || ms < 0) {
        return RC_RANGE;
    }
    back = t;
    seconds = timegm(&back);
    if (back.tm_mon != t.tm_mon || back.tm_mday != t.tm_mday || back.tm_hour != t.tm_hour || back.tm_min != t.tm_min || back.tm_sec != t.tm_sec) {
        return RC_RANGE; /* the 31st of June */
    }
    *out_utc_ms = (int64_t)seconds * 1000 + ms;
    return RC_OK;
}

static enum rc take_number(const struct field *f, int64_t number, struct field_value *out, struct field_error *why)
{
    if (number < f->min || number > f->max) {
        return wrong(why, f->name, "must be a whole number from %" PRId64 " to %" PRId64, f->min, f->max);
    }
    out->number = number;
    return RC_OK;
}

static enum rc take_text(const struct field *f, const char *text, struct field_value *out, struct field_error *why)
{
    size_t len = strlen(text);

    if ((int64_t)len < f->min || (int64_t)len > f->max) {
        return wrong(why, f->name, "must be a text of %" PRId64 " to %" PRId64 " bytes", f->min, f->max);
    }
    if (!utf8_is_text(text, len + 1)) {
        return wrong(why, f->name, "must be UTF-8 without control characters");
    }
    out->text = text;
    return RC_OK;
}

/* A value that is written as text, in a query or in JSON. */
static enum rc take_word(const struct field *f, const char *text, struct field_value *out, struct field_error *why)
{
    if (f->type == FIELD_TEXT) {
        return take_text(f, text, out, why);
    }
    if (f->type == FIELD_UTC) {
        return field_parse_utc(text, &out->number) == RC_OK ? RC_OK : wrong(why, f->name, "must be a time in UTC like 2026-01-31T12:00:00Z");
    }
    CHECK(f->type == FIELD_CHOICE);
    out->number = field_choice(f->choices, text);
    out->text = text;
    return out->number >= 0 ? RC_OK : wrong(why, f->name, "must be one of: %s", f->choices);
}

static enum rc take_digits(const struct field *f, const char *text, struct field_value *out, struct field_error *why)
{
    const char *at = text[0] == '-' ? text + 1 : text;
    int64_t number = 0;

    for (size_t i = 0; at[i] != '\0' || i == 0; i++) {
        if (at[i] < '0' || at[i] > '9' || i >= 18) {
            return take_number(f, f->min - 1, out, why);
        }
        number = number * 10 + (at[i] - '0');
    }
    return take_number(f, at == text ? number : -number, out, why);
}

static enum rc take_arg(const struct field *f, const char *value, struct field_value *out, struct field_error *why)
{
    json_t *utf8 = json_string(value);
    bool is_utf8 = utf8 != NULL;

    json_decref(utf8);
    if (!is_utf8) {
        return wrong(why, f->name, "must be UTF-8");
    }
    CHECK(f->type != FIELD_LIST && f->type != FIELD_OBJECTS);
    if (f->type == FIELD_INT) {
        return take_digits(f, value, out, why);
    }
    if (f->type == FIELD_BOOL) {
        out->number = field_choice("false true", value);
        return out->number >= 0 ? RC_OK : wrong(why, f->name, "must be true or false");
    }
    return take_word(f, value, out, why);
}

static enum rc take_list(const struct field *f, const json_t *value, struct field_value *out, struct field_error *why)
{
    int64_t n = (int64_t)json_array_size(value);
    bool is_good = json_is_array(value) && n >= f->min && n <= f->max;

    for (int64_t i = 0; i < n && is_good; i++) {
        const char *text = json_string_value(json_array_get(value, (size_t)i));

        is_good = text != NULL && text_is_id(text);
    }
    if (!is_good) {
        return wrong(why, f->name, "must be a list of %" PRId64 " to %" PRId64 " serial numbers", f->min, f->max);
    }
    out->list = value;
    return RC_OK;
}

static enum rc take_objects(const struct field *f, const json_t *value, struct field_value *out, struct field_error *why)
{
    int64_t n = (int64_t)json_array_size(value);
    bool is_good = json_is_array(value) && n >= f->min && n <= f->max;

    for (int64_t i = 0; i < n && is_good; i++) {
        is_good = json_is_object(json_array_get(value, (size_t)i));
    }
    if (!is_good) {
        return wrong(why, f->name, "must be a list of %" PRId64 " to %" PRId64 " objects", f->min, f->max);
    }
    out->list = value;
    return RC_OK;
}

static enum rc take_json(const struct field *f, const json_t *value, struct field_value *out, struct field_error *why)
{
    if (json_is_null(value)) {
        out->is_null = true;
        return f->may_be_null ? RC_OK : wrong(why, f->name, "must not be null");
    }
    if (f->type == FIELD_INT) {
        return json_is_integer(value) ? take_number(f, json_integer_value(value), out, why) : take_number(f, f->min - 1, out, why);
    }
    if (f->type == FIELD_BOOL) {
        out->number = json_is_true(value) ? 1 : 0;
        return json_is_boolean(value) ? RC_OK : wrong(why, f->name, "must be true or false");
    }
    if (f->type == FIELD_LIST) {
        return take_list(f, value, out, why);
    }
    if (f->type == FIELD_OBJECTS) {
        return take_objects(f, value, out, why);
    }
    return json_is_string(value) ? take_word(f, json_string_value(value), out, why) : wrong(why, f->name, "must be a text");
}

static size_t find(const struct field *fields, size_t n, const char *name)
{
    size_t i = 0;

    while (i < n && !text_same(fields[i].name, name)) {
        i++;
    }
    return i;
}

static enum rc check_required(const struct field *fields, size_t n, const struct field_value *values, struct field_error *why)
{
    for (size_t i = 0; i < n; i++) {
        if (fields[i].is_required && !values[i].is_set) {
            return wrong(why, fields[i].name, "must be given");
        }
    }
    return RC_OK;
}

/* Names that strangers chose are shown only when they are printable. */
static const char *shown(const char *name)
{
    for (const char *at = name; *at != '\0'; at++) {
        if (*at < 0x20 || *at > 0x7e) {
            return "?";
        }
    }
    return name;
}

enum rc fields_query(const struct field *fields, size_t n, const struct field_arg *args, size_t args_n, struct field_value *out, struct field_error *why)
{
    CHECK(n <= FIELDS_MAX);
    for (size_t i = 0; i < n; i++) {
        out[i] = (struct field_value){0};
    }
    for (size_t i = 0; i < args_n; i++) {
        size_t k = find(fields, n, args[i].name);
        enum rc rc;

        if (k == n) {
            return wrong(why, shown(args[i].name), "is not known here");
        }
        if (out[k].is_set) {
            return wrong(why, fields[k].name, "must be given once");
        }
        out[k].is_set = true;
        rc = take_arg(&fields[k], args[i].value != NULL ? args[i].value : "", &out[k], why);
        if (rc != RC_OK) {
            return rc;
        }
    }
    return check_required(fields, n, out, why);
}

enum rc fields_body(const struct field *fields, size_t n, const char *body, size_t body_len, json_t **out_body, struct field_value *out,
                    struct field_error *why)
{
    json_error_t error;
    json_t *json = json_loadb(body, body_len, JSON_REJECT_DUPLICATES, &error);
    const char *key;
    json_t *value;
    enum rc rc = RC_OK;

    CHECK(n <= FIELDS_MAX);
    for (size_t i = 0; i < n; i++) {
        out[i] = (struct field_value){0};
    }
    if (!json_is_object(json)) {
        json_decref(json);
        rc_ignore(wrong(why, "", "the body must be one JSON object")); /* the answer is another one here */
        return RC_MALFORMED;
    }
    json_object_foreach(json, key, value)
    {
        size_t k = find(fields, n, key);

        if (k == n) {
            rc = wrong(why, shown(key), "is not known here");
        } else {
            out[k].is_set = true;
            rc = take_json(&fields[k], value, &out[k], why);
        }
        if (rc != RC_OK) {
            break;
        }
    }
    rc = rc == RC_OK ? check_required(fields, n, out, why) : rc;
    if (rc != RC_OK) {
        json_decref(json);
        return rc;
    }
    *out_body = json;
    return RC_OK;
}
