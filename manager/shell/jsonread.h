/* Typed reading of JSON objects: every value is checked, and what is wrong is said with its path ("wallboxes[3].min_ma: ...").
 * A reader that finds an error notes it and leaves its output at the preset, so that one pass finds all errors of a document.
 */
#pragma once

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "common/base/phase.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "manager/shell/sitedoc.h"

/* One object of a list. */
struct place {
    const json_t *object;
    const char *section;
    size_t index;
    struct sitedoc_errors *errors;
};

/* An integer key and where it is kept, int32_t or int8_t. */
struct int_row {
    const char *key;
    int32_t min;
    int32_t max;
    int32_t preset;
    bool may_be_null; /* null, like leaving it out, means the preset; not written when it has that value */
    size_t offset;
    size_t size;
};

#define INT_ROW(type, key, min, max, preset, may_be_null)                                              \
    {                                                                                                  \
#key, min, max, preset, may_be_null, offsetof(struct type, key), sizeof((struct type *)0)->key \
    }

/* A value as it stands in an error line. */
struct shown {
    char text[32];
};

static inline struct shown shown(const json_t *value)
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

static inline bool read_is_within(const json_t *value, int32_t min, int32_t max)
{
    return json_is_integer(value) && json_integer_value(value) >= min && json_integer_value(value) <= max;
}

/* The first key of an object that is not in the list (ended by NULL); NULL when all are known. `*it` starts at json_object_iter. */
static inline const char *read_next_unknown(const json_t *object, const char *const *keys, void **it)
{
    while (*it != NULL) {
        const char *key = json_object_iter_key(*it);
        size_t k = 0;

        *it = json_object_iter_next((json_t *)object, *it);
        while (keys[k] != NULL && strcmp(keys[k], key) != 0) {
            k++;
        }
        if (keys[k] == NULL) {
            return key;
        }
    }
    return NULL;
}

static inline void read_refuse_unknown(const struct place *at, const char *const *keys)
{
    void *it = json_object_iter((json_t *)at->object);

    for (const char *key = read_next_unknown(at->object, keys, &it); key != NULL; key = read_next_unknown(at->object, keys, &it)) {
        sitedoc_error(at->errors, "%s[%zu].%.64s: unknown key", at->section, at->index, key);
    }
}

static inline void read_ints(const struct place *at, const struct int_row *rows, size_t rows_n, void *out)
{
    for (size_t i = 0; i < rows_n; i++) {
        const struct int_row *r = &rows[i];
        const json_t *value = json_object_get(at->object, r->key);
        bool is_absent = value == NULL || (r->may_be_null && json_is_null(value));
        int32_t number = r->preset;
        int8_t small;

        if (!is_absent && !read_is_within(value, r->min, r->max)) {
            sitedoc_error(at->errors, "%s[%zu].%s: must be %d..%d, is %s", at->section, at->index, r->key, r->min, r->max, shown(value).text);
        } else if (!is_absent) {
            number = (int32_t)json_integer_value(value);
        }
        small = (int8_t)number;
        memcpy((char *)out + r->offset, r->size == sizeof small ? (const void *)&small : (const void *)&number, r->size);
    }
}

/* A text, or NULL and an error when it is missing or something else. Borrowed from the document. */
static inline const char *read_text(const struct place *at, const char *key)
{
    const json_t *value = json_object_get(at->object, key);

    if (value == NULL) {
        sitedoc_error(at->errors, "%s[%zu].%s: missing", at->section, at->index, key);
    } else if (!json_is_string(value)) {
        sitedoc_error(at->errors, "%s[%zu].%s: must be a text, is %s", at->section, at->index, key, shown(value).text);
    }
    return json_string_value(value);
}

static inline void read_line(const struct place *at, const char *key, char *out, size_t out_len)
{
    const char *text = read_text(at, key);

    if (text != NULL && text_copy(out, out_len, text) != RC_OK) {
        sitedoc_error(at->errors, "%s[%zu].%s: must be at most %zu bytes", at->section, at->index, key, out_len - 1);
    }
}

static inline void read_id(const struct place *at, const char *key, char out[ID_LEN])
{
    const char *text = read_text(at, key);

    if (text != NULL && (!text_is_id(text) || text_copy(out, ID_LEN, text) != RC_OK)) {
        sitedoc_error(at->errors, "%s[%zu].%s: must be 1..32 of A-Z a-z 0-9 . _ -, is \"%.64s\"", at->section, at->index, key, text);
    }
}

/* A current on each phase: a list of three, or one number for all of them where `may_be_one`. Absent leaves *out. */
static inline void read_phases_ma(const struct place *at, const char *key, int32_t min_ma, bool may_be_one, int32_t out[PHASE_N])
{
    const json_t *value = json_object_get(at->object, key);
    bool is_list = json_is_array(value) && json_array_size(value) == PHASE_N;

    if (value == NULL || (may_be_one && json_is_null(value))) {
        return;
    }
    if (!is_list && !(may_be_one && json_is_number(value))) {
        sitedoc_error(at->errors, "%s[%zu].%s: must be a list of 3 integers%s", at->section, at->index, key, may_be_one ? " or one integer" : "");
        return;
    }
    for (size_t p = 0; p < PHASE_N; p++) {
        const json_t *one = is_list ? json_array_get(value, p) : value;

        if (read_is_within(one, min_ma, MA_MAX)) {
            out[p] = (int32_t)json_integer_value(one);
        } else if (is_list) {
            sitedoc_error(at->errors, "%s[%zu].%s[%zu]: must be %d..%d, is %s", at->section, at->index, key, p, min_ma, MA_MAX, shown(one).text);
        } else if (p == 0) {
            sitedoc_error(at->errors, "%s[%zu].%s: must be %d..%d, is %s", at->section, at->index, key, min_ma, MA_MAX, shown(one).text);
        }
    }
}
