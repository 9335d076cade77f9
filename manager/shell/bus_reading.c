#include "manager/shell/bus_reading.h"

#include <stdio.h>

#include "common/os/clock.h"

#define EXCEPTION_ADDRESS 2
#define EXCEPTION_VALUE 3
#define EXCEPTION_LAST_LASTING 3 /* 1..3 say that the request is wrong for this meter; the others pass */
#define PIECE_MAX 6              /* registers of a request when a block is asked for in pieces: so many every meter gives */

void bus_reader_reset(struct bus_reader *r)
{
    r->has_plan = false;
    r->refused = 0;
    r->split = 0;
}

static enum rc implausible(const struct bus_port *p, uint8_t unit, enum bus_trouble trouble, const char *why, struct bus_fault *out_fault)
{
    char place[TEXT_LEN + 32];

    bus_address_describe(&p->address, place, sizeof(place));
    out_fault->trouble = trouble;
    out_fault->exception = 0;
    (void)snprintf(out_fault->text, sizeof(out_fault->text), "unit %u at %.80s answers, but %s", (unsigned)unit, place, why);
    return RC_RANGE;
}

static enum rc ask(struct bus_port *p, const struct bus_reader *r, uint8_t function, uint16_t address, uint16_t count, uint16_t *out,
                   struct bus_fault *out_fault)
{
    const struct regmap_model *model = r->choice.model;
    const struct bus_request request = {.unit = r->unit,
                                        .function = function,
                                        .address = (uint16_t)(r->plan.base + address),
                                        .count = count,
                                        .gap_ms = model->gap_ms,
                                        .wait_ms = model->wait_ms};

    return bus_port_read(p, &request, out, out_fault);
}

/* Length of the value that begins at each register of a block, 0 where none does. */
static void mark(const struct regmap_block *block, uint8_t function, uint16_t address, int n, uint8_t lengths[REGMAP_REGISTER_MAX])
{
    int from = address - block->start;

    if (function == block->function && from >= 0 && from + n <= block->count) {
        lengths[from] = (uint8_t)n;
    }
}

static void mark_values(const struct regmap_map *map, const struct regmap_block *block, uint8_t lengths[REGMAP_REGISTER_MAX])
{
    for (uint16_t i = 0; i < map->point_n; i++) {
        const struct regmap_point *point = &map->point[i];

        mark(block, point->function, point->address, regmap_type_n(point->type), lengths);
        if (point->exponent_address != 0) {
            mark(block, point->function, point->exponent_address, 1, lengths);
        }
        if (point->factor_address != 0) {
            mark(block, point->function, point->factor_address, 2, lengths);
        }
    }
}

/* The values of a block in small requests; what lies between them stays 0. */
static enum rc read_pieces(struct bus_port *p, const struct bus_reader *r, const struct regmap_block *block, uint16_t *out, struct bus_fault *out_fault)
{
    uint8_t lengths[REGMAP_REGISTER_MAX] = {0};
    uint16_t from = 0;

    mark_values(r->plan.map, block, lengths);
    while (from < block->count) {
        uint16_t n = 0;

        while (from + n < block->count && lengths[from + n] > 0 && n + lengths[from + n] <= PIECE_MAX) {
            n = (uint16_t)(n + lengths[from + n]);
        }
        if (n > 0) {
            enum rc rc = ask(p, r, block->function, (uint16_t)(block->start + from), n, out + from, out_fault);
            if (rc != RC_OK) {
                return rc;
            }
        }
        from = (uint16_t)(from + (n > 0 ? n : 1));
    }
    return RC_OK;
}

static enum rc read_block(struct bus_port *p, struct bus_reader *r, uint16_t i, uint16_t *out, struct bus_fault *out_fault)
{
    const struct regmap_block *block = &r->plan.map->block[i];
    enum rc rc;

    if ((r->split & (1u << i)) != 0) {
        return read_pieces(p, r, block, out, out_fault);
    }
    rc = ask(p, r, block->function, block->start, block->count, out, out_fault);
    if (rc == RC_REFUSED && block->count > PIECE_MAX && (out_fault->exception == EXCEPTION_ADDRESS || out_fault->exception == EXCEPTION_VALUE)) {
        rc = read_pieces(p, r, block, out, out_fault);
        r->split |= rc == RC_OK ? 1u << i : 0;
    }
    return rc;
}

static enum rc read_image(struct bus_port *p, struct bus_reader *r, struct regmap_image *image, int64_t *out_taken_ms, struct bus_fault *out_fault)
{
    for (uint16_t i = 0; i < r->plan.map->block_n; i++) {
        const struct regmap_block *block = &r->plan.map->block[i];
        int64_t asked_ms = clock_boot_ms() + (p->address.kind == BUS_RTU ? r->choice.model->gap_ms : 0);
        enum rc rc;

        if ((r->refused & (1u << i)) != 0) {
            continue;
        }
        rc = read_block(p, r, i, image->at[i], out_fault);
        if (rc == RC_REFUSED && block->kind == BLOCK_OPTIONAL && out_fault->exception <= EXCEPTION_LAST_LASTING) {
            r->refused |= 1u << i;
            continue;
        }
        if (rc != RC_OK) {
            return rc;
        }
        image->count[i] = block->count;
        if (block->kind == BLOCK_MAIN) {
            *out_taken_ms = asked_ms + (clock_boot_ms() - asked_ms) / 2;
        }
    }
    return RC_OK;
}

/* Whether any voltage was read: a meter that lives has one. */
static bool image_has_voltage(const struct bus_reader *r, const struct regmap_image *image)
{
    const struct regmap_map *map = r->plan.map;

    for (uint16_t i = 0; i < map->point_n; i++) {
        for (uint16_t k = 0; k < map->block_n && map->point[i].quantity == QUANTITY_VOLTAGE; k++) {
            int from = map->point[i].address - map->block[k].start;

            if (from >= 0 && from < image->count[k]) {
                return true;
            }
        }
    }
    return false;
}

enum rc bus_reading_take(struct bus_port *p, struct bus_reader *r, struct meter_sample *out, struct bus_fault *out_fault)
{
    struct regmap_image image = {0};
    char why[REGMAP_TEXT_LEN];
    char text[REGMAP_TEXT_LEN + 32];
    struct meter_sample sample;
    int64_t taken_ms = 0;
    enum rc rc = RC_OK;

    if (!r->has_plan) {
        rc = bus_find(p, &r->choice, r->unit, &r->plan, out_fault);
        r->has_plan = rc == RC_OK;
    }
    if (rc == RC_OK && (r->need & ~(regmap_phases(r->plan.map) & r->plan.phases)) != 0) {
        return implausible(p, r->unit, BUS_MISCONFIGURED, "does not measure three phases: its phases must be L1, L2 or L3", out_fault);
    }
    if (rc == RC_OK) {
        rc = read_image(p, r, &image, &taken_ms, out_fault);
    }
    if (rc != RC_OK) {
        return rc;
    }
    struct regmap_plan plan = r->plan;
    plan.phases = (uint8_t)(r->need != 0 ? plan.phases & r->need : plan.phases);
    if (regmap_decode(&plan, &image, taken_ms, &sample, why) != RC_OK) {
        (void)snprintf(text, sizeof(text), "%s: wrong model?", why);
        return implausible(p, r->unit, BUS_IMPLAUSIBLE, text, out_fault);
    }
    if (image_has_voltage(r, &image) && sample.voltage_mv[0] == 0 && sample.voltage_mv[1] == 0 && sample.voltage_mv[2] == 0) {
        return implausible(p, r->unit, BUS_IMPLAUSIBLE, "it shows no voltage: wrong model, or not connected to the mains?", out_fault);
    }
    *out = sample;
    return RC_OK;
}
