/* Prices over HTTP. */
#include "common/os/clock.h"
#include "manager/shell/change.h"
#include "manager/shell/routes_answers.h"
#include "manager/shell/tariff_json.h"
#include "manager/shell/view_json.h"

/* Prices with the decimals of their currency. NULL: no memory. */
static json_t *prices_json(const struct tariff *t)
{
    json_t *json = tariff_write_json(t);
    json_t *decimals = t->currency[0] != '\0' ? json_integer(tariff_decimals(t->currency)) : json_null();

    if (json_object_set_new(json, "currency_decimals", decimals) != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

/* What may be chosen, with decimals. NULL: no memory. */
static json_t *currencies_json(void)
{
    json_t *json = json_object();
    char code[TARIFF_CURRENCY_LEN];
    int decimals = 0;

    for (size_t i = 0; tariff_currency(i, code, &decimals); i++) {
        if (json_object_set_new(json, code, json_integer(decimals)) != 0) {
            json_decref(json);
            return NULL;
        }
    }
    return json;
}

void tariff_read(struct call *c)
{
    struct db_tariff t = {.tariff = {.solar_price_centicent_kwh = -1}};
    int64_t now_utc_ms = clock_utc_ms();
    enum rc rc = history_tariff_at(&c->r->history, now_utc_ms != CLOCK_UNSET_UTC_MS ? now_utc_ms : INT64_MAX, &t);
    json_t *json;

    if (rc == RC_MISSING) {
        t = (struct db_tariff){.tariff = {.solar_price_centicent_kwh = -1}};
    } else if (rc != RC_OK) {
        answer_problem(c->out, 503, "the prices cannot be read at the moment", NULL);
        return;
    }
    json = prices_json(&t.tariff);
    if (json_object_set_new(json, "currencies", currencies_json()) != 0 ||
        json_object_set_new(json, "number", t.number > 0 ? json_integer(t.number) : json_null()) != 0 ||
        json_object_set_new(json, "valid_from_utc", view_json_utc(t.valid_from_utc_ms)) != 0) {
        json_decref(json);
        json = NULL;
    }
    answer_json(c->out, 200, json);
}

static void finish_put(struct routes *r, struct errand *e, struct route_reply *out)
{
    (void)r;
    if (e->rc == RC_OK) {
        answer_changed(e, out);
    } else if (e->rc == RC_STALE) {
        answer_problem(out, 409, "the clock of the manager is not set, so that nobody knows from when on prices are valid", NULL);
    } else {
        answer_problem(out, 503, "this cannot be stored at the moment", NULL);
    }
}

void tariff_put(struct call *c)
{
    struct tariff t;
    struct field_error why;
    struct change *change;

    if (tariff_read_json(c->body, &t, &why) != RC_OK) {
        answer_problem(c->out, 422, why.text, why.field[0] != '\0' ? why.field : NULL);
        return;
    }
    change = change_new(CHANGE_TARIFF_PUT);
    if (change != NULL) {
        change->tariff = t;
    }
    answer_change(c, change, finish_put, 200, prices_json(&t));
}
