/* The outcome of a simulation as JSON (spec 04 4.6, --simulate). */
#pragma once

#include <jansson.h>

#include "manager/shell/plan_simulate.h"

/* Sessions in the order of the document, totals, nodes, and what share of the grid connection was used.
 *
 * Ownership: the caller gives the result back with json_decref. Never NULL.
 */
json_t *plan_outcome_json(const struct plan *plan, const struct plan_days *days, const struct plan_outcome *outcome);
