/* Register maps of meters as data: where each quantity stands, how it is written, what it is worth. A new model is new rows in
 * regmap_models.c and nothing else.
 *
 * Decided here: what the registers of a model mean, and whether values are possible at all. Not here: how they are fetched (bus_port),
 * how the meter is wired to the site (bus_line), whether a sample is too old or does not fit the wallboxes (manager/core/budget).
 *
 * Rows of the same quantity and phase add up: power as import minus export is two rows, the second with a negative num; a counter split
 * into kWh and Wh is two rows as well.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/rc.h"
#include "manager/core/budget.h"

#define REGMAP_BLOCK_MAX 9        /* requests for one reading */
#define REGMAP_REGISTER_MAX 125   /* registers of one request (Modbus limit) */
#define REGMAP_TEXT_LEN 160       /* why a reading is impossible */
#define REGMAP_TOTAL PHASE_N      /* "phase" of a figure for all phases together */
#define REGMAP_NO_EXPONENT 0xFFFF /* a point without a register that holds a power of ten */

enum regmap_quantity {
    QUANTITY_UNSET = 0,
    QUANTITY_CURRENT,   /* mA */
    QUANTITY_VOLTAGE,   /* mV */
    QUANTITY_POWER,     /* W */
    QUANTITY_IMPORT,    /* Wh */
    QUANTITY_EXPORT,    /* Wh */
    QUANTITY_FREQUENCY, /* mHz */
    QUANTITY_N,
};

enum regmap_type { TYPE_U16, TYPE_I16, TYPE_U32, TYPE_I32, TYPE_U64, TYPE_I64, TYPE_F32, TYPE_F64 };

enum regmap_order { ORDER_HIGH_FIRST, ORDER_LOW_FIRST }; /* of registers; bytes inside one are always high first */

/* Raw values that mean "not available", a set. */
#define SENTINEL_ONES 1u      /* unsigned: all bits set */
#define SENTINEL_HIGHEST 2u   /* signed: 0x7FFF... */
#define SENTINEL_LOWEST 4u    /* signed: 0x8000... */
#define SENTINEL_HIGH_WORD 8u /* signed: 0x7FFF in the high register */

struct regmap_point {
    enum regmap_quantity quantity;
    uint8_t phase;    /* 0..2, REGMAP_TOTAL */
    uint8_t function; /* 3 holding registers, 4 input registers */
    uint16_t address; /* as on the wire, from 0 */
    enum regmap_type type;
    enum regmap_order order;
    int32_t num; /* value in the quantity's unit = raw * num / den * 10^exponent; negative: subtracted */
    int32_t den;
    uint16_t exponent_address; /* signed register in the same request, or REGMAP_NO_EXPONENT */
};

enum regmap_block_kind {
    BLOCK_MAIN,     /* holds the currents: the middle of this request is the time of the sample */
    BLOCK_MORE,     /* needed as well */
    BLOCK_OPTIONAL, /* a meter may refuse it; its quantities are then not measured */
};

struct regmap_block {
    uint8_t function;
    uint16_t start;
    uint16_t count;
    enum regmap_block_kind kind;
};

enum regmap_sign {
    SIGN_OWN,      /* the current is signed by itself */
    SIGN_OF_POWER, /* the current is a magnitude; its direction is that of the power of its phase */
};

enum regmap_confidence { CONFIDENCE_HIGH, CONFIDENCE_MEDIUM, CONFIDENCE_LOW }; /* low: shown as "unverified" */

struct regmap_model {
    const char *id;
    const char *name;
    enum regmap_confidence confidence;
    bool has_tcp; /* of its own; any model may stand behind a gateway from TCP to a serial line */
    bool has_rtu;
    uint16_t tcp_port;
    uint8_t unit;
    int32_t baud;   /* 0: no serial line */
    char parity;    /* 'N', 'E', 'O' */
    int32_t gap_ms; /* pause before each request on a serial line */
    enum regmap_sign sign;
    uint32_t sentinels;
    uint16_t block_n;
    uint16_t point_n;
    const struct regmap_block *block; /* the main one first: a dead meter is noticed by it */
    const struct regmap_point *point;
};

/* Registers of one reading as they came, by the model's blocks. */
struct regmap_image {
    uint16_t count[REGMAP_BLOCK_MAX]; /* how many came; 0: block not read */
    uint16_t at[REGMAP_BLOCK_MAX][REGMAP_REGISTER_MAX];
};

/* All models, in the order of the list that people see. */
const struct regmap_model *regmap_models(size_t *out_n);

/* Model of an id; NULL when there is none. */
const struct regmap_model *regmap_find(const char *id);

/* "high", "medium", "low". */
const char *regmap_confidence_text(enum regmap_confidence confidence);

/* True when the model measures phase `phase` (0..2) at all. */
bool regmap_has_phase(const struct regmap_model *model, int phase);

/* Time that one request and its answer take on a serial line, ms, rounded up, without the meter's own. baud 1,200..115,200. */
int32_t regmap_wire_ms(const struct regmap_block *block, int32_t baud, bool has_parity);

/* Make a sample in the meter's own order of phases. Currents and powers are rounded towards import, all else down.
 *
 * taken_ms  time of the sample
 * out       the sample: power_total_w is the sum of the phases when the meter has none; voltage, frequency and energy that are missing or
 *           no number are marked as not measured
 * out_text  on failure: which value is impossible and why, in plain words
 *
 * RC_RANGE  a current or power is missing, no number or impossible, a voltage is neither 0 nor 50..500 V, a frequency neither 0 nor
 *           40..70 Hz; *out is untouched
 */
MUST_USE enum rc regmap_decode(const struct regmap_model *model, const struct regmap_image *image, int64_t taken_ms, struct meter_sample *out,
                               char out_text[REGMAP_TEXT_LEN]);
