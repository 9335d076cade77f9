#include "common/base/param.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"

void param_defaults(const struct param_row *rows, size_t rows_n, void *base)
{
    for (size_t i = 0; i < rows_n; i++) {
        memcpy((char *)base + rows[i].offset, &rows[i].preset, sizeof rows[i].preset);
    }
}

const struct param_row *param_find(const struct param_row *rows, size_t rows_n, const char *name)
{
    for (size_t i = 0; i < rows_n; i++) {
        if (text_same(rows[i].name, name)) {
            return &rows[i];
        }
    }
    return NULL;
}

enum rc param_set(const struct param_row *row, void *base, int64_t value)
{
    int32_t narrow;

    CHECK(row != NULL);
    if (value < row->min || value > row->max) {
        return RC_RANGE;
    }
    narrow = (int32_t)value;
    memcpy((char *)base + row->offset, &narrow, sizeof narrow);
    return RC_OK;
}

int32_t param_get(const struct param_row *row, const void *base)
{
    int32_t value;

    CHECK(row != NULL);
    memcpy(&value, (const char *)base + row->offset, sizeof value);
    return value;
}
