/* What a meter of the site document means for the bus. */
#pragma once

#include "common/base/rc.h"
#include "manager/core/site.h"
#include "manager/shell/bus_address.h"
#include "manager/shell/bus_port.h"
#include "manager/shell/regmap_models.h"

/* Model and address of a meter.
 *
 * RC_RANGE  out_text says which key is wrong and what is allowed; the other outputs are untouched
 */
MUST_USE enum rc bus_meter_find(const struct site_meter *m, struct regmap_choice *out_choice, struct bus_address *out_address, char out_text[BUS_TEXT_LEN]);

/* Time a reading of `model` takes on a serial line with the pauses, without the meter's own, ms; 0 on TCP. */
int32_t bus_meter_wire_ms(const struct regmap_model *model, const struct bus_address *address);
