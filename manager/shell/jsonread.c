#include "manager/shell/jsonread.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"

struct shown shown(const json_t *value)
{
    static const char *const kinds[] = {[JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list", [JSON_STRING] = "a text", [JSON_INTEGER] = "an integer",
                                        [JSON_REAL] = "no integer",  [JSON_TRUE] = "true",    [JSON_FALSE] = "false",   [JSON_NULL] = "null"};
    struct shown s;

    if (json_is_integer(value)) {
        (void)snprintf(s.text, sizeof s.text, "%lld", (long long)json_integer_value(value));
    } else {
        (void)snprintf(s.text, sizeof s.text, "%s", kinds[json_typeof(value)]);
    }
    return s;
}

static const char *dot(const struct place *at)
{
    return at->path[0] != '\0' ? "." : "";
}

void read_error(const struct place *at, const char *key, const char *format, ...)
{
    char text[SITEDOC_ERROR_LEN];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args); /* a long line is cut */
    va_end(args);
    sitedoc_error(at->errors, "%s%s%.64s: %s", at->path, dot(at), key, text);
}

struct place place_document(const json_t *document, enum sitedoc_mode mode, struct sitedoc_errors *errors)
{
    return (struct place){.object = document, .mode = mode, .errors = errors};
}

bool place_key(const struct place *at, const char *key, struct place *out)
{
    const json_t *object = json_object_get(at->object, key);
    struct place found = {.object = object, .mode = at->mode, .errors = at->errors};

    if (object != NULL && !json_is_object(object)) {
        read_error(at, key, "must be an object");
        return false;
    }
    if (object == NULL) {
        return false;
    }
    (void)snprintf(found.path, sizeof found.path, "%.80s%s%.64s", at->path, dot(at), key);
    *out = found;
    return true;
}

bool place_item(const struct place *at, const char *key, size_t index, struct place *out)
{
    *out = (struct place){.object = json_array_get(json_object_get(at->object, key), index), .mode = at->mode, .errors = at->errors};
    (void)snprintf(out->path, sizeof out->path, "%.80s%s%.32s[%zu]", at->path, dot(at), key, index);
    if (!json_is_object(out->object)) {
        sitedoc_error(at->errors, "%s: must be an object", out->path);
        return false;
    }
    return true;
}

const json_t *read_list(const struct place *at, const char *key, size_t max)
{
    const json_t *list = json_object_get(at->object, key);

    if (list != NULL && (!json_is_array(list) || json_array_size(list) > max)) {
        read_error(at, key, "must be a list of at most %zu objects", max);
        return NULL;
    }
    return list;
}

const char *read_next_unknown(const json_t *object, const char *const *keys, void **it)
{
    while (*it != NULL) {
        const char *key = json_object_iter_key(*it);
        size_t k = 0;

        *it = json_object_iter_next((json_t *)object, *it);
        while (keys[k] != NULL && !text_same(keys[k], key)) {
            k++;
        }
        if (keys[k] == NULL) {
            return key;
        }
    }
    return NULL;
}

void read_refuse_unknown(const struct place *at, const char *const *keys)
{
    void *it = json_object_iter((json_t *)at->object);

    for (const char *key = read_next_unknown(at->object, keys, &it); key != NULL; key = read_next_unknown(at->object, keys, &it)) {
        read_error(at, key, "unknown key");
    }
}

bool read_is_within(const json_t *value, int64_t min, int64_t max)
{
    return json_is_integer(value) && json_integer_value(value) >= min && json_integer_value(value) <= max;
}

static void keep_int(const struct int_row *row, int64_t value, void *out)
{
    int8_t small = (int8_t)value;
    int32_t middle = (int32_t)value;
    const void *from = row->size == sizeof small ? (const void *)&small : row->size == sizeof middle ? (const void *)&middle : (const void *)&value;

    CHECK(row->size == sizeof small || row->size == sizeof middle || row->size == sizeof value);
    memcpy((char *)out + row->offset, from, row->size);
}

void read_ints(const struct place *at, const struct int_row *rows, size_t rows_n, void *out)
{
    for (size_t i = 0; i < rows_n; i++) {
        const struct int_row *r = &rows[i];
        const struct int_range *range = &r->range[at->mode];
        const json_t *value = json_object_get(at->object, r->key);
        bool is_absent = value == NULL || (r->may_be_null && json_is_null(value));
        int64_t number = range->preset;

        if (!is_absent && !read_is_within(value, range->min, range->max)) {
            read_error(at, r->key, "must be %lld..%lld, is %s", (long long)range->min, (long long)range->max, shown(value).text);
        } else if (!is_absent) {
            number = json_integer_value(value);
        }
        keep_int(r, number, out);
    }
}

void read_bool(const struct place *at, const char *key, bool *out)
{
    const json_t *value = json_object_get(at->object, key);

    if (value != NULL && !json_is_boolean(value)) {
        read_error(at, key, "must be true or false, is %s", shown(value).text);
    } else if (value != NULL) {
        *out = json_is_true(value);
    }
}

const char *read_text(const struct place *at, const char *key)
{
    const json_t *value = json_object_get(at->object, key);

    if (value == NULL) {
        read_error(at, key, "missing");
    } else if (!json_is_string(value)) {
        read_error(at, key, "must be a text, is %s", shown(value).text);
    }
    return json_string_value(value);
}

void read_line(const struct place *at, const char *key, char *out, size_t out_len)
{
    const char *text = read_text(at, key);

    if (text != NULL && text_copy(out, out_len, text) != RC_OK) {
        read_error(at, key, "must be at most %zu bytes", out_len - 1);
    }
}

void read_id(const struct place *at, const char *key, char out[ID_LEN])
{
    const char *text = read_text(at, key);

    if (text != NULL && (!text_is_id(text) || text_copy(out, ID_LEN, text) != RC_OK)) {
        read_error(at, key, "must be 1..32 of A-Z a-z 0-9 . _ -, is \"%.64s\"", text);
    }
}

void read_phases_ma(const struct place *at, const char *key, int32_t min_ma, bool may_be_one, int32_t out[PHASE_N])
{
    const json_t *value = json_object_get(at->object, key);
    bool is_list = json_is_array(value) && json_array_size(value) == PHASE_N;

    if (value == NULL || (may_be_one && json_is_null(value))) {
        return;
    }
    if (!is_list && !(may_be_one && json_is_number(value))) {
        read_error(at, key, "must be a list of 3 integers%s", may_be_one ? " or one integer" : "");
        return;
    }
    for (size_t p = 0; p < PHASE_N; p++) {
        const json_t *one = is_list ? json_array_get(value, p) : value;

        if (read_is_within(one, min_ma, MA_MAX)) {
            out[p] = (int32_t)json_integer_value(one);
        } else if (is_list) {
            sitedoc_error(at->errors, "%s%s%s[%zu]: must be %d..%d, is %s", at->path, dot(at), key, p, min_ma, MA_MAX, shown(one).text);
        } else if (p == 0) {
            read_error(at, key, "must be %d..%d, is %s", min_ma, MA_MAX, shown(one).text);
        }
    }
}
