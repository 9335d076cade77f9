#include "manager/shell/bus_reading.h"

#include <stdio.h>

#include "common/os/clock.h"

#define EXCEPTION_LAST_LASTING 3 /* 1..3 say that the request is wrong for this meter; the others pass */

static enum rc implausible(const struct bus_port *p, uint8_t unit, const char *why, struct bus_fault *out_fault)
{
    char place[TEXT_LEN + 32];

    bus_address_describe(&p->address, place, sizeof(place));
    out_fault->trouble = BUS_IMPLAUSIBLE;
    out_fault->exception = 0;
    (void)snprintf(out_fault->text, sizeof(out_fault->text), "unit %u at %.80s answers, but %s: wrong model?", (unsigned)unit, place, why);
    return RC_RANGE;
}

enum rc bus_reading_take(struct bus_port *p, const struct regmap_model *model, uint8_t unit, uint32_t *refused, struct meter_sample *out,
                         struct bus_fault *out_fault)
{
    struct regmap_image image = {0};
    char why[REGMAP_TEXT_LEN];
    int64_t taken_ms = 0;

    for (uint16_t i = 0; i < model->block_n; i++) {
        const struct regmap_block *block = &model->block[i];

        if ((*refused & (1u << i)) != 0) {
            continue;
        }
        if (p->address.kind == BUS_RTU) {
            (void)bus_port_idle(p, model->gap_ms);
        }
        int64_t asked_ms = clock_boot_ms();
        enum rc rc = bus_port_read(p, unit, block, image.at[i], out_fault);
        if (rc == RC_REFUSED && block->kind == BLOCK_OPTIONAL && out_fault->exception <= EXCEPTION_LAST_LASTING) {
            *refused |= 1u << i;
            continue;
        }
        if (rc != RC_OK) {
            return rc;
        }
        image.count[i] = block->count;
        if (block->kind == BLOCK_MAIN) {
            taken_ms = asked_ms + (clock_boot_ms() - asked_ms) / 2;
        }
    }
    if (regmap_decode(model, &image, taken_ms, out, why) != RC_OK) {
        return implausible(p, unit, why, out_fault);
    }
    return RC_OK;
}
