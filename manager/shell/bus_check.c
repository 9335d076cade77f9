#include "manager/shell/bus.h"

#include <stdio.h>

#include "common/base/units.h"
#include "manager/shell/bus_meter.h"

static enum rc refuse(char out_text[BUS_TEXT_LEN], const struct site_meter *m, const char *what, const char *why)
{
    (void)snprintf(out_text, BUS_TEXT_LEN, "meter %s: %s: %s", m->id, what, why);
    return RC_RANGE;
}

/* Whether a model can be what the site makes of it. */
static const char *misfit_of(const struct site_meter *m, const struct regmap_model *model, const struct bus_address *address)
{
    int wired_n = phase_wired_n(m->phases);

    if (address->kind == BUS_RTU && !model->has_rtu) {
        return "it has no serial line: the address must be tcp:HOST:PORT:UNIT";
    }
    if (regmap_model_phases(model) == 0) {
        return "no source says where it holds its currents: it can be tested, but not used";
    }
    if (wired_n != 1 && wired_n != PHASE_N) {
        return "the phases must be set";
    }
    if (wired_n != 1 && regmap_model_phases(model) != PHASE_ALL) {
        return "it measures one phase only: the phases must be L1, L2 or L3";
    }
    return NULL;
}

enum rc bus_meter_find(const struct site_meter *m, struct regmap_choice *out_choice, struct bus_address *out_address, char out_text[BUS_TEXT_LEN])
{
    struct regmap_choice choice;
    struct bus_address address;
    char what[TEXT_LEN + 16];
    const char *why;

    (void)snprintf(what, sizeof(what), "model %s", m->model);
    if (regmap_choose(m->model, &choice, &why) != RC_OK) {
        return refuse(out_text, m, what, why);
    }
    if (bus_address_parse(m->address, &address, &why) != RC_OK) {
        (void)snprintf(what, sizeof(what), "address %s", m->address);
        return refuse(out_text, m, what, why);
    }
    why = misfit_of(m, choice.model, &address);
    if (why != NULL) {
        return refuse(out_text, m, what, why);
    }
    *out_choice = choice;
    *out_address = address;
    return RC_OK;
}

/* Time the requests of a map take. */
static int32_t map_wire_ms(const struct regmap_map *map, const struct regmap_model *model, const struct bus_address *address)
{
    int32_t sum_ms = 0;

    for (uint16_t i = 0; i < map->block_n; i++) {
        sum_ms += model->gap_ms + regmap_wire_ms(map->block[i].count, address->baud, address->parity != 'N');
    }
    return sum_ms;
}

int32_t bus_meter_wire_ms(const struct regmap_model *model, const struct bus_address *address)
{
    int32_t most_ms = 0;

    for (uint16_t i = 0; address->kind == BUS_RTU && i < model->map_n; i++) {
        most_ms = max_i32(most_ms, map_wire_ms(model->map[i], model, address));
    }
    return most_ms;
}

/* Sum of what all meters on the line of `at` take, ms. */
static int64_t line_sum_ms(const struct site *site, const struct bus_address *at)
{
    char text[BUS_TEXT_LEN];
    int64_t sum_ms = 0;

    for (uint16_t i = 0; i < site->meter_n; i++) {
        struct regmap_choice choice;
        struct bus_address address;

        if (site->meter[i].role != METER_UNUSED && bus_meter_find(&site->meter[i], &choice, &address, text) == RC_OK && bus_address_shares_line(at, &address)) {
            sum_ms += bus_meter_wire_ms(choice.model, &address);
        }
    }
    return sum_ms;
}

int32_t bus_interval_ms(const struct site *site, uint16_t meter)
{
    struct regmap_choice choice;
    struct bus_address address;
    char text[BUS_TEXT_LEN];

    if (meter >= site->meter_n || bus_meter_find(&site->meter[meter], &choice, &address, text) != RC_OK) {
        return 0;
    }
    return (int32_t)max_i64(BUS_POLL_MS, line_sum_ms(site, &address));
}

/* A serial line has one speed and parity for all that are on it. */
static enum rc check_line(const struct site *site, uint16_t meter, const struct bus_address *address, char out_text[BUS_TEXT_LEN])
{
    for (uint16_t i = 0; i < meter; i++) {
        struct regmap_choice choice;
        struct bus_address other;

        if (bus_meter_find(&site->meter[i], &choice, &other, out_text) != RC_OK || !bus_address_shares_line(address, &other)) {
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
        struct regmap_choice choice;
        struct bus_address address;
        enum rc rc = bus_meter_find(m, &choice, &address, out_text);

        if (rc == RC_OK) {
            rc = check_line(site, i, &address, out_text);
        }
        if (rc == RC_OK && m->role != METER_UNUSED && bus_interval_ms(site, i) > stale_ms / 3) {
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
