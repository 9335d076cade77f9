/* Which register map a meter answers, and where it stands: SunSpec discovery, and probes where a brand answers one of several maps.
 *
 * Decided here: the plan for reading. Not here: reading (bus_reading). Blocks the calling thread within the bounds of bus_port, for at most
 * BUS_FIND_MAX requests; a meter that does not answer ends it at the first.
 */
#pragma once

#include "common/base/rc.h"
#include "manager/shell/bus_port.h"
#include "manager/shell/regmap_models.h"

#define BUS_FIND_MAX 48

/* Find the plan. At once, without a request, for a model with one map.
 *
 * RC_IO, RC_REFUSED, RC_MALFORMED  as bus_port_read; RC_RANGE: it answers, but not as this model does; RC_REFUSED also when it
 * gave nothing but exceptions. out_fault says why; *out is untouched
 */
MUST_USE enum rc bus_find(struct bus_port *p, const struct regmap_choice *choice, uint8_t unit, struct regmap_plan *out, struct bus_fault *out_fault);
