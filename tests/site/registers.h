/* Register images of meters: what a meter of a model would answer, built from its register facts.
 *
 * Decided here: how quantities are written into registers. The tables are this simulator's own, so that a mistake in the manager's decoder
 * is not repeated here. Not here: what flows (meter), framing (modbus).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/phase.h"
#include "common/base/rc.h"

#define AREA_MAX 16    /* areas of one model */
#define IMAGE_LEN 1024 /* registers of one model over all areas */

/* What a meter knows, in the order of its own terminals. Import positive. */
struct quantities {
    int32_t voltage_mv[PHASE_N];
    int32_t current_ma[PHASE_N]; /* signed like the power */
    int64_t power_mw[PHASE_N];
    int32_t frequency_mhz;
    int64_t import_mwh[PHASE_N + 1]; /* total, then phases */
    int64_t export_mwh[PHASE_N + 1];
};

enum point_kind {
    POINT_CONSTANT, /* writes `unit` as it stands: scale factors */
    POINT_VOLTAGE,
    POINT_CURRENT,
    POINT_POWER,
    POINT_POWER_PLUS,
    POINT_POWER_MINUS,
    POINT_FACTOR,
    POINT_FREQUENCY,
    POINT_IMPORT,
    POINT_EXPORT,
    POINT_IMPORT_REST, /* beyond whole kWh */
    POINT_EXPORT_REST,
};

enum point_form { FORM_U16, FORM_I16, FORM_U32, FORM_I32, FORM_U64, FORM_I64, FORM_F32, FORM_F64 };
enum point_order { HIGH_FIRST, LOW_FIRST };

/* One value of a model. `unit`: how many uV, uA, uW, uWh, uHz or 1/1,000,000 one count (or 1.0) is. */
struct point {
    enum point_kind kind;
    int8_t phase; /* 0 total, 1..3 */
    uint16_t address;
    enum point_form form;
    enum point_order order;
    int64_t unit;
};

/* Registers that may be read with a function; others answer exception 2. */
struct area {
    uint8_t function; /* 3 or 4 */
    uint16_t first;
    uint16_t count;
};

struct point_table {
    uint8_t area_n;
    uint16_t point_n;
    uint16_t read_max; /* registers in one request */
    const struct area *area;
    const struct point *point;
};

struct meter_model {
    const char *id;
    const struct point_table *table;
};

struct image {
    const struct meter_model *model;
    uint16_t reg[IMAGE_LEN]; /* the areas one after the other */
};

/* Model of an id; NULL when there is none. Options of the manager behind a dot do not count: a meter knows nothing of them. */
const struct meter_model *model_find(const char *id);

/* Ids of all models, at 0..; NULL behind the last. */
const char *model_id(size_t at);

/* Write quantities into the image of its model; currents are magnitudes, as all these meters have it. Values beyond a register's range stop at its end. */
void image_encode(struct image *image, const struct quantities *q);

/* Borrow `count` registers. RC_RANGE: not all of them inside one area of that function.
 * RC_FULL: more than the model gives in one answer. */
MUST_USE enum rc image_read(const struct image *image, uint8_t function, uint16_t first, uint16_t count, const uint16_t **out);
