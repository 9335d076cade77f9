/* Prices as JSON on arbitrary bytes: what is refused names a field or the whole, what is accepted is in range, costs something in bounds at every
 * quarter hour of the week, and is written and read again equal. */
#include "manager/shell/tariff_json.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "tests/fuzz/fuzz.h"

static char *write(const struct tariff *t)
{
    json_t *json = tariff_write_json(t);
    char *text = json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER);

    CHECK(text != NULL);
    json_decref(json);
    return text;
}

static void check_prices(const struct tariff *t)
{
    for (int i = 0; i < TARIFF_WEEK_STEPS; i++) {
        struct tariff_quarter q = {.week_min = (int16_t)(i * TARIFF_STEP_MIN), .energy_wh = TARIFF_ENERGY_MAX_WH, .solar_wh = i};
        int32_t price_centicent_kwh = tariff_price_centicent_kwh(t, q.week_min);
        int64_t cost_minor = -1;

        CHECK(price_centicent_kwh >= 0 && price_centicent_kwh <= TARIFF_PRICE_MAX);
        if (t->currency[0] != '\0') {
            enum rc rc = tariff_cost(t, &q, 1, q.energy_wh, &cost_minor);

            CHECK(rc == RC_OK);
            CHECK(cost_minor >= 0 && cost_minor <= TARIFF_PRICE_MAX / 100 * (TARIFF_ENERGY_MAX_WH / INT64_C(1000)));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    struct field_error why = {0};
    struct tariff first;
    struct tariff second;
    char *text;
    char *text_again;
    json_t *again;
    enum rc rc;

    if (json == NULL) {
        return 0;
    }
    rc = tariff_read_json(json, &first, &why);
    json_decref(json);
    if (rc != RC_OK) {
        CHECK(rc == RC_RANGE);
        CHECK(why.text[0] != '\0');
        return 0;
    }
    check_prices(&first);
    text = write(&first);
    again = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    rc = tariff_read_json(again, &second, &why);
    CHECK(rc == RC_OK);
    json_decref(again);
    text_again = write(&second);
    CHECK(strcmp(text, text_again) == 0);
    free(text);
    free(text_again);
    return 0;
}
