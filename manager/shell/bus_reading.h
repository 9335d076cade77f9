/* One reading of one meter: its requests in turn, then the sample. Blocks the calling thread within the bounds of bus_port. */
#pragma once

#include <stdint.h>

#include "common/base/rc.h"
#include "manager/core/budget.h"
#include "manager/shell/bus_port.h"
#include "manager/shell/regmap.h"

/* Read once.
 *
 * model        what to ask and what it means
 * refused      set of the model's optional blocks that the meter refused before (bit i: block i), kept up to date here; zero it for each
 *              new connection
 * out          the sample in the meter's own order of phases, taken in the middle of the request for the main block (CLOCK_BOOTTIME)
 *
 * RC_IO, RC_REFUSED, RC_MALFORMED  as bus_port_read; RC_RANGE impossible values. out_fault says why; *out is untouched
 */
MUST_USE enum rc bus_reading_take(struct bus_port *p, const struct regmap_model *model, uint8_t unit, uint32_t *refused, struct meter_sample *out,
                                  struct bus_fault *out_fault);
