/* What a request may say: fields of a query or a JSON body by tables, from which the description of the interface (openapi) is made as well.
 *
 * Decided here: that a value has its type and is within its range, that nothing is unknown or given twice. Not here: which fields (routes).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/base/rc.h"

#define FIELDS_MAX 16
#define FIELD_WHY_LEN 192
#define FIELD_NAME_LEN 65

enum field_type {
    FIELD_TEXT,   /* min..max bytes of UTF-8 without control characters */
    FIELD_INT,    /* min..max */
    FIELD_BOOL,   /* number is 0 or 1 */
    FIELD_UTC,    /* RFC 3339 UTC; number is ms since 1970 */
    FIELD_CHOICE, /* one word of `choices`; number is its place */
    FIELD_LIST,   /* JSON only: min..max texts, each an id (text_is_id) */
    FIELD_OBJECTS /* JSON only: a list of min..max objects with the keys of `choices`; what is in them is checked by whoever reads them */
};

struct field {
    const char *name;
    enum field_type type;
    int64_t min;
    int64_t max;
    const char *choices; /* separated by spaces */
    bool is_required;
    bool may_be_null;
    const char *help;
};

struct field_value {
    bool is_set; /* given, null included */
    bool is_null;
    int64_t number;
    const char *text;   /* borrowed from query or body */
    const json_t *list; /* likewise */
};

struct field_error {
    char field[FIELD_NAME_LEN]; /* empty: the body as a whole */
    char text[FIELD_WHY_LEN];
};

struct field_arg {
    const char *name;
    const char *value;
};

/* Read the arguments of a query. out is [n].
 *
 * RC_RANGE  why says which field and what is allowed
 */
MUST_USE enum rc fields_query(const struct field *fields, size_t n, const struct field_arg *args, size_t args_n, struct field_value *out,
                              struct field_error *why);

/* Read a JSON object; the texts in out are borrowed from *out_body, which the caller gives back with json_decref.
 *
 * RC_MALFORMED  no JSON object
 * RC_RANGE      why says which field and what is allowed
 */
MUST_USE enum rc fields_body(const struct field *fields, size_t n, const char *body, size_t body_len, json_t **out_body, struct field_value *out,
                             struct field_error *why);

/* Place of a word in a list of words separated by spaces; -1 none. */
int field_choice(const char *choices, const char *word);

/* "2026-01-31T12:00:00Z", milliseconds allowed.
 *
 * RC_RANGE  no such time between 1970 and 2999
 */
MUST_USE enum rc field_parse_utc(const char *text, int64_t *out_utc_ms);
