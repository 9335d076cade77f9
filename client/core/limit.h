/* The lowest of the wallbox's own limits, and who sets it (spec 03: the lowest of all limits wins; SR-047, SR-204).
 *
 * Decided here: which current the wallbox could take, its grant left aside. Not here: the grant (grant), the state (charge).
 */
#pragma once

#include <stdint.h>

#include "proto/msg.h"

#define LIMIT_NONE_MA MA_MAX      /* a limit that does not limit */
#define LIMIT_DERATE_MDEGC 70000  /* above this the current falls (SR-045) */
#define LIMIT_SHUTOFF_MDEGC 85000 /* at this it has fallen to the minimum and charging is interrupted (SR-046) */
#define LIMIT_COOLED_MDEGC 75000  /* charging resumes when it has cooled to this */

struct limit_in {
    int32_t rated_ma;   /* 0 or 6,000..80,000 (SR-204) */
    int32_t cable_ma;   /* 0: not coded, does not limit */
    int32_t derated_ma; /* of limit_derated_ma */
    int32_t local_ma;   /* the driver's own limit, LIMIT_NONE_MA none */
    int32_t min_ma;     /* smallest current that is ever offered */
};

struct limit {
    int32_t ma; /* 0 or min_ma..80,000 */
    enum limit_by by;
};

/* Current that the temperature allows: all up to LIMIT_DERATE_MDEGC, then in steps of 1 A down to min_ma at LIMIT_SHUTOFF_MDEGC.
 *
 * Returns LIMIT_NONE_MA while the temperature does not limit.
 */
int32_t limit_derated_ma(int32_t rated_ma, int32_t min_ma, int32_t temperature_mdegc);

/* The lowest of the own limits; below min_ma it is 0. */
struct limit limit_own(const struct limit_in *in);

/* The lower of the own limits and what grant or fallback give; below min_ma it is 0.
 *
 * by  LIMIT_GRANT or LIMIT_FALLBACK, named when it is not above the own limit
 */
struct limit limit_with(struct limit own, int32_t given_ma, enum limit_by by, int32_t min_ma);
