#include "tests/site/fields.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"

static void error(const struct fields *f, const char *key, const char *allowed)
{
    sitedoc_error(f->errors, "%s%s%.40s: %s", f->path, f->path[0] != '\0' ? "." : "", key, allowed);
}

struct fields fields_of(const struct fields *parent, const char *key)
{
    struct fields f = {.object = json_object_get(parent->object, key), .errors = parent->errors};
    (void)snprintf(f.path, sizeof f.path, "%.80s%s%.40s", parent->path, parent->path[0] != '\0' ? "." : "", key);
    if (f.object != NULL && !json_is_object(f.object)) {
        error(parent, key, "must be an object");
        f.object = NULL;
    }
    return f;
}

void fields_refuse_unknown(const struct fields *f, const char *const *keys)
{
    json_t *object = (json_t *)f->object; /* jansson's iterators want it so; nothing is changed */
    for (void *it = json_object_iter(object); it != NULL; it = json_object_iter_next(object, it)) {
        size_t k = 0;
        while (keys[k] != NULL && strcmp(keys[k], json_object_iter_key(it)) != 0) {
            k++;
        }
        if (keys[k] == NULL) {
            error(f, json_object_iter_key(it), "unknown key");
        }
    }
}

bool fields_has(const struct fields *f, const char *key)
{
    return json_object_get(f->object, key) != NULL;
}

void fields_i64(const struct fields *f, const char *key, int64_t min, int64_t max, int64_t *out)
{
    const json_t *value = json_object_get(f->object, key);
    char allowed[80];
    if (value == NULL) {
        return;
    }
    if (json_is_integer(value) && json_integer_value(value) >= min && json_integer_value(value) <= max) {
        *out = json_integer_value(value);
        return;
    }
    (void)snprintf(allowed, sizeof allowed, "must be an integer in %lld..%lld", (long long)min, (long long)max);
    error(f, key, allowed);
}

void fields_i32(const struct fields *f, const char *key, int32_t min, int32_t max, int32_t *out)
{
    int64_t wide = *out;
    fields_i64(f, key, min, max, &wide);
    *out = (int32_t)wide;
}

void fields_bool(const struct fields *f, const char *key, bool *out)
{
    const json_t *value = json_object_get(f->object, key);
    if (value != NULL && !json_is_boolean(value)) {
        error(f, key, "must be true or false");
    } else if (value != NULL) {
        *out = json_is_true(value);
    }
}

void fields_text(const struct fields *f, const char *key, char *out, size_t out_len)
{
    const json_t *value = json_object_get(f->object, key);
    char allowed[48];
    if (value == NULL) {
        return;
    }
    if (json_is_string(value) && strlen(json_string_value(value)) < out_len) {
        memcpy(out, json_string_value(value), strlen(json_string_value(value)) + 1);
        return;
    }
    (void)snprintf(allowed, sizeof allowed, "must be a text of at most %zu bytes", out_len - 1);
    error(f, key, allowed);
}

void fields_phases(const struct fields *f, const char *key, int32_t min, int32_t max, int32_t out[PHASE_N])
{
    const json_t *value = json_object_get(f->object, key);
    char allowed[80];
    int32_t read[PHASE_N] = {0};
    bool is_good = json_is_array(value) && json_array_size(value) == PHASE_N;
    for (size_t i = 0; i < PHASE_N && is_good; i++) {
        const json_t *one = json_array_get(value, i);
        is_good = json_is_integer(one) && json_integer_value(one) >= min && json_integer_value(one) <= max;
        read[i] = (int32_t)json_integer_value(one);
    }
    if (value == NULL) {
        return;
    }
    if (!is_good) {
        (void)snprintf(allowed, sizeof allowed, "must be a list of 3 integers in %d..%d", min, max);
        error(f, key, allowed);
        return;
    }
    memcpy(out, read, sizeof read);
}

void fields_vehicle(const struct fields *f, struct vehicle_spec *out)
{
    static const char *const keys[] = {"phases",   "max_ma", "needed_wh",  "down_ms",  "up_ms", "overdraw_permille", "cable_ma", "slow",
                                       "stubborn", "asleep", "ventilated", "identity", NULL};
    int32_t phases_n = out->phases_n;
    bool is_slow = false;
    fields_refuse_unknown(f, keys);
    fields_bool(f, "slow", &is_slow);
    out->down_ms = is_slow ? VEHICLE_DOWN_MAX_MS : out->down_ms;
    fields_i32(f, "phases", 1, 3, &phases_n);
    fields_i32(f, "max_ma", 1000, 80000, &out->max_ma);
    fields_i64(f, "needed_wh", 0, 1000000, &out->needed_wh);
    fields_i32(f, "down_ms", 0, VEHICLE_DOWN_MAX_MS, &out->down_ms);
    fields_i32(f, "up_ms", 0, 60000, &out->up_ms);
    fields_i32(f, "overdraw_permille", 1000, 3000, &out->overdraw_permille);
    fields_i32(f, "cable_ma", 6000, 80000, &out->cable_ma);
    fields_bool(f, "stubborn", &out->is_stubborn);
    fields_bool(f, "asleep", &out->is_asleep);
    fields_bool(f, "ventilated", &out->is_ventilated);
    fields_text(f, "identity", out->identity, sizeof out->identity);
    out->phases_n = (int8_t)phases_n;
}
