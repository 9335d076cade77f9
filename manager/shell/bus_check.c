#include "manager/shell/bus.h"

#include <stdio.h>

#include "common/base/units.h"
#include "manager/shell/bus_meter.h"

enum rc bus_meter_find(const struct site_meter *m, const struct regmap_model **out_model, struct bus_address *out_address, char out_text[BUS_TEXT_LEN])
{
    const struct regmap_model *model = regmap_find(m->model);
    struct bus_address address;
    const char *why;

    if (model == NULL) {
        (void)snprintf(out_text, BUS_TEXT_LEN, "meter %s: there is no model \"%s\"", m->id, m->model);
        return RC_RANGE;
    }
    if (bus_address_parse(m->address, &address, &why) != RC_OK) {
        (void)snprintf(out_text, BUS_TEXT_LEN, "meter %s: address \"%s\": %s", m->id, m->address, why);
        return RC_RANGE;
    }
    if (address.kind == BUS_RTU && !model->has_rtu) {
        (void)snprintf(out_text, BUS_TEXT_LEN, "meter %s: model %s has no serial line: the address must be tcp:HOST:PORT:UNIT", m->id, model->id);
        return RC_RANGE;
    }
    if (phase_wired_n(m->phases) != 1 && phase_wired_n(m->phases) != PHASE_N) {
        (void)snprintf(out_text, BUS_TEXT_LEN, "meter %s: the phases must be set", m->id);
        return RC_RANGE;
    }
    if (phase_wired_n(m->phases) != 1 && !regmap_has_phase(model, 1)) {
        (void)snprintf(out_text, BUS_TEXT_LEN, "meter %s: model %s measures one phase only: the phases must be L1, L2 or L3", m->id, model->id);
        return RC_RANGE;
    }
    *out_model = model;
    *out_address = address;
    return RC_OK;
}

/* Sum of what all meters on the line of `at` take, ms. */
static int64_t line_sum_ms(const struct site *site, const struct bus_address *at)
{
    char text[BUS_TEXT_LEN];
    int64_t sum_ms = 0;

    for (uint16_t i = 0; i < site->meter_n; i++) {
        const struct regmap_model *model;
        struct bus_address address;

        if (bus_meter_find(&site->meter[i], &model, &address, text) == RC_OK && bus_address_shares_line(at, &address)) {
            sum_ms += bus_reading_wire_ms(model, &address);
        }
    }
    return sum_ms;
}

int32_t bus_interval_ms(const struct site *site, uint16_t meter)
{
    const struct regmap_model *model;
    struct bus_address address;
    char text[BUS_TEXT_LEN];

    if (meter >= site->meter_n || bus_meter_find(&site->meter[meter], &model, &address, text) != RC_OK) {
        return 0;
    }
    return (int32_t)max_i64(BUS_POLL_MS, line_sum_ms(site, &address));
}

/* A serial line has one speed and parity for all that are on it. */
static enum rc check_line(const struct site *site, uint16_t meter, const struct bus_address *address, char out_text[BUS_TEXT_LEN])
{
    for (uint16_t i = 0; i < meter; i++) {
        const struct regmap_model *model;
        struct bus_address other;

        if (bus_meter_find(&site->meter[i], &model, &other, out_text) != RC_OK || !bus_address_shares_line(address, &other)) {
            continue;
        }
        if (other.kind == BUS_RTU && (other.baud != address->baud || other.parity != address->parity)) {
            (void)snprintf(out_text, BUS_TEXT_LEN, "meter %s: baud rate and parity must be those of meter %s on the same line %s", site->meter[meter].id,
                           site->meter[i].id, address->place);
            return RC_RANGE;
        }
    }
    return RC_OK;
}

enum rc bus_check(const struct site *site, int32_t stale_ms, uint16_t *out_meter, char out_text[BUS_TEXT_LEN])
{
    for (uint16_t i = 0; i < site->meter_n; i++) {
        const struct site_meter *m = &site->meter[i];
        const struct regmap_model *model;
        struct bus_address address;
        enum rc rc = bus_meter_find(m, &model, &address, out_text);

        if (rc == RC_OK) {
            rc = check_line(site, i, &address, out_text);
        }
        if (rc == RC_OK && bus_interval_ms(site, i) > stale_ms / 3) {
            (void)snprintf(out_text, BUS_TEXT_LEN,
                           "meter %s: it can only be read every %d ms (sum of its line), but at most a third of meter_stale_ms is allowed, %d ms", m->id,
                           (int)bus_interval_ms(site, i), (int)(stale_ms / 3));
            rc = RC_RANGE;
        }
        if (rc != RC_OK) {
            *out_meter = i;
            return rc;
        }
    }
    return RC_OK;
}
