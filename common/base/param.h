/* Parameter tables: name, bounds, default, unit, when it applies and help of each parameter stand in one row; the struct, its defaults,
 * range checks, the sample file, --help and later the API come from it.
 *
 * A table is an X-macro of rows P(name, min, default, max, unit, applies, help), all integers, the unit being the last word of the name.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/rc.h"

enum param_applies {
    PARAM_LIVE,    /* takes effect at once */
    PARAM_RESTART, /* takes effect at the next start */
};

struct param_row {
    const char *name;
    int32_t min;
    int32_t preset;
    int32_t max;
    const char *unit;
    enum param_applies applies;
    const char *help;
    size_t offset; /* of the int32_t in its struct */
};

#define PARAM_FIELD(name, min, preset, max, unit, applies, help) int32_t name;
#define PARAM_CHECK(name, min, preset, max, unit, applies, help) \
    _Static_assert((min) <= (preset) && (preset) <= (max), #name " has a default outside its bounds");

/* Set every parameter of the struct at `base` to its default. */
void param_defaults(const struct param_row *rows, size_t rows_n, void *base);

/* Row of a name, or NULL. */
const struct param_row *param_find(const struct param_row *rows, size_t rows_n, const char *name);

/* Set one parameter.
 *
 * RC_RANGE  value outside the row's bounds; the struct is untouched
 */
MUST_USE enum rc param_set(const struct param_row *row, void *base, int64_t value);

/* Value of one parameter. */
int32_t param_get(const struct param_row *row, const void *base);
