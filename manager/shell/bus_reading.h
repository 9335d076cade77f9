/* One reading of one meter: which map it answers, its requests in turn, then the sample. Blocks the calling thread within the bounds of
 * bus_port. */
#pragma once

#include <stdint.h>

#include "common/base/rc.h"
#include "manager/core/meter_sample.h"
#include "manager/shell/bus_find.h"
#include "manager/shell/bus_port.h"
#include "manager/shell/regmap_models.h"

/* A meter as a reader knows it. */
struct bus_reader {
    struct regmap_choice choice;
    uint8_t unit;
    uint8_t need; /* phases of its own that must be there; 0: what it has */
    bool has_plan;
    struct regmap_plan plan;
    uint32_t refused; /* set of optional blocks that it does not have */
    uint32_t split;   /* set of blocks that it gives value by value only */
};

/* Forget what was learned of the meter: another may be there now. */
void bus_reader_reset(struct bus_reader *r);

/* Read once. A block that the meter refuses as a whole (exceptions 2 and 3) is asked for value by value from then on.
 *
 * out  the sample in the meter's own order of phases, taken in the middle of the request for the main block (CLOCK_BOOTTIME)
 *
 * RC_IO, RC_REFUSED, RC_MALFORMED  as bus_port_read; RC_RANGE impossible values, or it does not answer as its model does. out_fault says why;
 * *out is untouched
 */
MUST_USE enum rc bus_reading_take(struct bus_port *p, struct bus_reader *r, struct meter_sample *out, struct bus_fault *out_fault);
