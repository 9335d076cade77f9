#include "manager/core/params.h"

#include <stddef.h>

#include "common/base/units.h"

#define PARAM_ROW(name, min, preset, max, unit, applies, help) {#name, min, preset, max, unit, applies, help, offsetof(struct manager_params, name)},

static const struct param_row rows[] = {MANAGER_PARAMS(PARAM_ROW)};

const struct param_row *manager_param_rows(size_t *out_n)
{
    *out_n = sizeof rows / sizeof rows[0];
    return rows;
}

void manager_params_defaults(struct manager_params *p)
{
    param_defaults(rows, sizeof rows / sizeof rows[0], p);
}

enum rc manager_params_validate(const struct manager_params *p, const char **out_text)
{
    if (p->lease_ms <= 3 * p->status_ms + p->cycle_ms) {
        *out_text = "lease_ms must be above 3 x status_ms + cycle_ms, so that a lost report never ends a grant";
        return RC_RANGE;
    }
    if (p->silent_ms <= 2 * p->status_ms) {
        *out_text = "silent_ms must be above 2 x status_ms, so that one late report is not silence";
        return RC_RANGE;
    }
    return RC_OK;
}
