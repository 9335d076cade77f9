/* Parameters of the manager that an operator may set, one row each (name, min, default, max, unit, applies, help). */
#pragma once

#include <stdint.h>

#include "common/base/param.h"

#define MANAGER_PARAMS(P)                                                                                                            \
    P(lease_ms, 2000, 10000, 60000, "ms", PARAM_RESTART, "how long a grant lives")                                                   \
    P(settle_ms, 6000, 7000, 60000, "ms", PARAM_RESTART, "how long a vehicle may take to follow a lower current")                    \
    P(watchdog_ms, 1000, 3000, 10000, "ms", PARAM_RESTART, "time-out of the wallboxes' hardware watchdogs")                          \
    P(status_ms, 200, 1000, 2500, "ms", PARAM_LIVE, "how often a wallbox reports")                                                   \
    P(silent_ms, 1000, 2500, 10000, "ms", PARAM_LIVE, "a wallbox not heard for so long counts as silent")                            \
    P(cycle_ms, 20, 100, 1000, "ms", PARAM_LIVE, "shortest time between two control cycles")                                         \
    P(meter_stale_ms, 500, 3000, 60000, "ms", PARAM_LIVE, "a meter without a good sample for so long is lost")                       \
    P(ripple_ma, 0, 300, 5000, "mA", PARAM_LIVE, "smaller movements of a budget are not passed on")                                  \
    P(rise_hold_ms, 0, 10000, 600000, "ms", PARAM_LIVE, "a budget must have risen for so long before it is used")                    \
    P(export_credit_permille, 0, 450, 450, "permille", PARAM_LIVE, "share of a limit up to which exported current is credited")      \
    P(step_ma, 100, 100, 1000, "mA", PARAM_LIVE, "currents are given in steps of this")                                              \
    P(start_margin_ma, 0, 500, 5000, "mA", PARAM_LIVE, "a wallbox starts only when its minimum and so much fit")                     \
    P(turn_ms, 60000, 900000, 86400000, "ms", PARAM_LIVE, "length of a turn when not all wallboxes fit")                             \
    P(min_run_ms, 0, 300000, 86400000, "ms", PARAM_LIVE, "a wallbox that started is not displaced for so long")                      \
    P(min_pause_ms, 0, 120000, 86400000, "ms", PARAM_LIVE, "a wallbox stopped for lack of current is not started again for so long") \
    P(surplus_per_phase, 0, 0, 1, "bool", PARAM_LIVE, "0: the sun on one phase may be used on another (bills are summed); 1: not")   \
    P(solar_start_ms, 0, 60000, 3600000, "ms", PARAM_LIVE, "solar only: starts when the sun has sufficed for so long")               \
    P(solar_stop_ms, 0, 180000, 3600000, "ms", PARAM_LIVE, "solar only: stops when the sun has not sufficed for so long")            \
    P(voltage_mv, 100000, 230000, 500000, "mV", PARAM_LIVE, "nominal voltage, to count watts as current")                            \
    P(authorization_rule, 0, 0, 2, "rule", PARAM_LIVE, "0: as set at each wallbox; 1: a card is needed, the list goes to all wallboxes; 2: none is")

MANAGER_PARAMS(PARAM_CHECK)

struct manager_params {
    MANAGER_PARAMS(PARAM_FIELD)
};

/* Rows of the table, for parsers, help and the API. */
const struct param_row *manager_param_rows(size_t *out_n);

/* Every parameter at its default. */
void manager_params_defaults(struct manager_params *p);

/* Relations between values.
 *
 * RC_RANGE  *out_text (static) names the keys and what must hold: lease_ms above 2 x status_ms + cycle_ms, silent_ms above 2 x status_ms
 */
MUST_USE enum rc manager_params_validate(const struct manager_params *p, const char **out_text);
