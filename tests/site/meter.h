/* A simulated meter: measures a node or its sun, refreshes its registers from time to time, misbehaves on request.
 *
 * Decided here: what its registers hold. Not here: the register facts (models), answering (bus).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/rng.h"
#include "manager/core/site.h"
#include "tests/site/registers.h"
#include "tests/site/world.h"

enum meter_mode {
    METER_OK,
    METER_SILENT,    /* does not answer */
    METER_FROZEN,    /* answers what it had when it froze */
    METER_SIGN,      /* import and export exchanged, as a meter mounted the wrong way round */
    METER_SWAPPED,   /* its phases L1 and L2 exchanged */
    METER_GARBAGE,   /* random registers */
    METER_SLOW,      /* answers after METER_SLOW_MS */
    METER_TRICKLE,   /* sends its answer a byte each METER_TRICKLE_MS */
    METER_UNIT,      /* answers as if it were another unit */
    METER_FUNCTION,  /* answers to another function than was asked */
    METER_EXCEPTION, /* refuses everything, exception 2 */
    METER_TOO_MANY,  /* sends one register more than was asked */
    METER_MODE_N
};

#define METER_SLOW_MS 1500
#define METER_TRICKLE_MS 300

struct meter {
    const struct site_meter *site; /* kept */
    int32_t refresh_ms;
    enum meter_mode mode;
    uint32_t asked_n; /* requests that reached it */
    int64_t now_ms;
    int64_t refresh_at_ms;
    struct rng rng;
    struct quantities real;           /* energies go on here, whatever the mode */
    int64_t import_mwms[PHASE_N + 1]; /* below one mWh, total first */
    int64_t export_mwms[PHASE_N + 1];
    struct image image;
};

/* A meter of a model at time 0. RC_RANGE: no such model. */
MUST_USE enum rc meter_init(struct meter *m, const struct site_meter *site, int32_t refresh_ms, uint64_t seed);

/* Count energy and refresh the registers when it is time; after world_step. */
void meter_step(struct meter *m, const struct world *w);

/* Change its behaviour; it shows at once. */
void meter_set_mode(struct meter *m, enum meter_mode mode);

/* Name of a mode and back. RC_RANGE: no such mode. */
const char *meter_mode_text(enum meter_mode mode);
MUST_USE enum rc meter_mode_parse(const char *text, enum meter_mode *out);
