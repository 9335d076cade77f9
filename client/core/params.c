#include "client/core/params.h"

#include <stddef.h>

#include "common/base/text.h"
#include "proto/msg.h"

#define PARAM_ROW(name, min, preset, max, unit, applies, help) {#name, min, preset, max, unit, applies, help, offsetof(struct client_params, name)},

static const struct param_row rows[] = {CLIENT_PARAMS(PARAM_ROW)};

const struct param_row *client_param_rows(size_t *out_n)
{
    *out_n = sizeof rows / sizeof rows[0];
    return rows;
}

void client_params_defaults(struct client_params *p)
{
    *p = (struct client_params){.model = MODEL_PLUS, .watchdog = WATCHDOG_HARDWARE};
    param_defaults(rows, sizeof rows / sizeof rows[0], p);
}

bool client_params_authorization(const struct client_params *p)
{
    return p->authorization >= 0 ? p->authorization == 1 : p->model == MODEL_CONNECT && p->market == MARKET_ECE;
}

static const char *wrong_text(const struct client_params *p)
{
    if (p->rated_ma != 0 && p->rated_ma < p->min_ma) {
        return "rated_ma must be 0 or at least min_ma";
    }
    if (!rated_is_step(p->rated_steps, p->rated_ma)) {
        return rated_text(p->rated_steps);
    }
    if (p->wired_phases_n != 1 && p->wired_phases_n != 3) {
        return "wired_phases_n must be 1 or 3";
    }
    if (!text_is_id(p->serial)) {
        return "serial must be 1 to 32 characters out of A-Z a-z 0-9 and . _ -";
    }
    if (p->model != MODEL_CONNECT && p->model != MODEL_PLUS) {
        return "model must be connect or plus";
    }
    if (p->watchdog <= WATCHDOG_UNSET || p->watchdog >= WATCHDOG_N) {
        return "watchdog must be hardware, external or none";
    }
    if (p->factory_n > CLIENT_FACTORY_MAX) {
        return "at most 8 cards are delivered";
    }
    if (p->apply_ms < 0 || p->apply_ms > APPLY_MS_MAX) {
        return "apply_ms must be 0..3000";
    }
    return NULL;
}

enum rc client_params_validate(const struct client_params *p, const char **out_text)
{
    const char *text = wrong_text(p);

    if (text != NULL) {
        *out_text = text;
        return RC_RANGE;
    }
    return RC_OK;
}
