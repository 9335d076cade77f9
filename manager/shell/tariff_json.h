/* Prices as JSON:
 *
 *   {"currency": "EUR" or null, "price_centicent_kwh": 2850, "solar_price_centicent_kwh": 1000 or null,
 *    "windows": [{"days": ["mon", "sun"], "from": "22:00", "to": "06:00", "price_centicent_kwh": 1900}]}
 *
 * solar_price_centicent_kwh and windows may be left out. Decided here: the form, and where in the week a moment lies on the wall clock of the
 * site. Not here: what prices mean (tariff).
 */
#pragma once

#include <jansson.h>

#include "manager/shell/fields.h"
#include "manager/shell/tariff.h"

/* Read and check.
 *
 * RC_RANGE  out_why names the field ("windows[0].from") and what is allowed; *out is undefined
 */
MUST_USE enum rc tariff_read_json(const json_t *json, struct tariff *out, struct field_error *out_why);

/* NULL: no memory. Ownership: the caller's, given back with json_decref. */
json_t *tariff_write_json(const struct tariff *t);

/* Minute of the week on the wall clock of the site, 0 Monday 00:00. */
int16_t tariff_week_min(int64_t utc_ms);
