/* Typed reading of JSON objects: every value is checked, and what is wrong is said with its path ("wallboxes[3].min_ma: ...").
 * A reader that finds an error notes it and leaves its output at the preset, so that one pass finds all errors of a document.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/base/limits.h"
#include "common/base/phase.h"
#include "manager/shell/sitedoc.h"

#define PLACE_PATH_LEN 160

/* An object of a document and where it stands there. */
struct place {
    const json_t *object;
    char path[PLACE_PATH_LEN]; /* "nodes[2]"; empty: the document itself */
    enum sitedoc_mode mode;
    struct sitedoc_errors *errors;
};

/* What an integer may be, and what it is when it is left out. */
struct int_range {
    int64_t min;
    int64_t max;
    int64_t preset;
};

/* An integer key and where it is kept: int8_t, int32_t or int64_t. */
struct int_row {
    const char *key;
    bool may_be_null; /* null, like leaving it out, means the preset */
    struct int_range range[SITEDOC_MODE_N];
    size_t offset;
    size_t size;
};

#define RANGE(min, max, preset) \
    {                           \
        min, max, preset        \
    }

/* One row; `running` and `what_if` are RANGEs. */
#define INT_ROW(type, key, may_be_null, running, what_if)                                                 \
    {                                                                                                     \
#key, may_be_null, {running, what_if }, offsetof(struct type, key), sizeof((struct type *)0)->key \
    }

/* A value as it stands in an error line. */
struct shown {
    char text[32];
};

struct shown shown(const json_t *value);

/* Note an error about a key: "PATH.KEY: TEXT". */
void read_error(const struct place *at, const char *key, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The document itself as a place. */
struct place place_document(const json_t *document, enum sitedoc_mode mode, struct sitedoc_errors *errors);

/* The object under a key. False, *out untouched, when there is none; an error is noted when something else stands there. */
bool place_key(const struct place *at, const char *key, struct place *out);

/* Element `index` of the list under a key. False, and an error, when it is no object. */
bool place_item(const struct place *at, const char *key, size_t index, struct place *out);

/* The list under a key; NULL when it is absent, or wrong, which is noted. */
const json_t *read_list(const struct place *at, const char *key, size_t max);

/* The first key of an object that is not in the list (ended by NULL); NULL when all are known. `*it` starts at json_object_iter. */
const char *read_next_unknown(const json_t *object, const char *const *keys, void **it);

/* Note every key that is not in the list (ended by NULL). */
void read_refuse_unknown(const struct place *at, const char *const *keys);

bool read_is_within(const json_t *value, int64_t min, int64_t max);

/* The integers of a table into the struct at `out`. */
void read_ints(const struct place *at, const struct int_row *rows, size_t rows_n, void *out);

/* true or false; absent leaves *out. */
void read_bool(const struct place *at, const char *key, bool *out);

/* A text, or NULL and an error when it is missing or something else. Borrowed from the document. */
const char *read_text(const struct place *at, const char *key);

void read_line(const struct place *at, const char *key, char *out, size_t out_len);
void read_id(const struct place *at, const char *key, char out[ID_LEN]);

/* A current on each phase: a list of three, or one number for all of them where `may_be_one`. Absent leaves *out. */
void read_phases_ma(const struct place *at, const char *key, int32_t min_ma, bool may_be_one, int32_t out[PHASE_N]);
