/* Configuration files (libconfig syntax): what must exist before the first start. Every error is one line on standard error: file, line,
 * key, what is allowed. Unknown keys are errors. Groups, lists and @include are not known.
 *
 * The function is not called config_read because libconfig exports that name.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/param.h"
#include "common/base/rc.h"

enum config_type { CONFIG_TEXT, CONFIG_BOOL, CONFIG_CHOICE };

/* A key that is not an integer parameter. */
struct config_key {
    const char *name;
    enum config_type type;
    void *out; /* CONFIG_TEXT: char[out_len]; CONFIG_BOOL: bool; CONFIG_CHOICE: int32_t */
    size_t out_len;
    const char *const *choices;         /* CONFIG_CHOICE: texts, NULL at the end; *out is the index */
    const char *allowed;                /* what is allowed, for the error */
    bool (*is_valid)(const char *text); /* CONFIG_TEXT: may be NULL */
    bool is_required;
};

/* Read `path` into parameters (rows, rows_n, base) and other keys. Values not in the file keep what they have.
 *
 * RC_MISSING  the file cannot be read: one line said so
 * RC_RANGE    one or more errors, each said in a line; what was valid may have been set
 */
MUST_USE enum rc config_load(const char *path, const struct param_row *rows, size_t rows_n, void *base, const struct config_key *keys, size_t keys_n);
