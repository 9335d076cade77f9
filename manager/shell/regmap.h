/* Register maps of meters as data: where each quantity stands, how it is written, what it is worth. A new model is new rows in a
 * regmap_models_*.c and nothing else.
 *
 * Decided here: what the registers of a model mean, and whether values are possible at all. Not here: how they are fetched (bus_port), which
 * of several maps a meter answers (bus_find), how the meter is wired to the site (bus_line), whether a sample is too old or does not fit the
 * wallboxes (manager/core/budget, meter_watch).
 *
 * Rows of the same quantity and phase add up: power as import minus export is two rows, the second with a negative num; a counter split
 * into kWh and Wh is two rows as well.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/rc.h"
#include "manager/core/meter_sample.h"

#define REGMAP_BLOCK_MAX 9      /* requests for one reading */
#define REGMAP_REGISTER_MAX 125 /* registers of one request (Modbus limit) */
#define REGMAP_TEXT_LEN 160     /* why a reading is impossible */
#define REGMAP_TOTAL PHASE_N    /* "phase" of a figure for all phases together */

enum regmap_quantity {
    QUANTITY_UNSET = 0,
    QUANTITY_CURRENT,   /* mA */
    QUANTITY_VOLTAGE,   /* mV */
    QUANTITY_POWER,     /* W */
    QUANTITY_IMPORT,    /* Wh */
    QUANTITY_EXPORT,    /* Wh */
    QUANTITY_FREQUENCY, /* mHz */
    QUANTITY_FACTOR,    /* power factor, permille */
    QUANTITY_N,
};

#define QUANTITY_BIT(quantity) (1u << (quantity))

/* TYPE_ACC32: an unsigned counter for which 0 and 0x80000000 mean that there is none (SunSpec). */
enum regmap_type { TYPE_U16, TYPE_I16, TYPE_U32, TYPE_I32, TYPE_U64, TYPE_I64, TYPE_F32, TYPE_F64, TYPE_ACC32 };

enum regmap_order { ORDER_HIGH_FIRST, ORDER_LOW_FIRST }; /* of registers; bytes inside one are always high first */

/* Raw values that mean "not available", a set. */
#define SENTINEL_ONES 1u      /* unsigned: all bits set */
#define SENTINEL_HIGHEST 2u   /* signed: 0x7FFF... */
#define SENTINEL_LOWEST 4u    /* signed: 0x8000... */
#define SENTINEL_HIGH_WORD 8u /* signed: 0x7FFF in the high register */

/* What sources contradict each other about, a set. */
#define QUIRK_FREQUENCY_TENTHS 1u   /* a frequency above 100 Hz is ten times too large */
#define QUIRK_FREQUENCY_DOUBTFUL 2u /* an impossible frequency is not measured; elsewhere it refuses the reading */
#define QUIRK_FACTOR_PERCENT 4u     /* a power factor beyond +-1 is in percent */

struct regmap_point {
    enum regmap_quantity quantity;
    uint8_t phase;    /* 0..2, REGMAP_TOTAL */
    uint8_t function; /* 3 holding registers, 4 input registers */
    uint16_t address; /* as on the wire, from 0; of a SunSpec map: from the model's id on */
    enum regmap_type type;
    enum regmap_order order;
    int32_t num; /* value in the quantity's unit = raw * num / den * 10^exponent; negative: subtracted */
    int32_t den;
    uint16_t exponent_address; /* signed register in the same request that holds the exponent, also one of 8 bits; 0 none */
    uint16_t factor_address;   /* u32 in the same request that replaces the exponent when it is not 0: value = raw * factor; 0 none */
    bool if_zero;              /* counts only when the rows before it give 0 */
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

/* What the registers of a meter mean. */
struct regmap_map {
    enum regmap_sign sign;
    uint32_t sentinels;
    uint32_t quirks;
    uint16_t block_n;
    uint16_t point_n;
    const struct regmap_block *block; /* the main one first: a dead meter is noticed by it */
    const struct regmap_point *point;
};

/* A map as one meter answers it. */
struct regmap_plan {
    const struct regmap_map *map;
    uint16_t base;  /* added to every address */
    uint8_t phases; /* that are read, of the meter's own L1 L2 L3; others are not measured */
    bool is_inverted;
};

/* Registers of one reading as they came, by the map's blocks. */
struct regmap_image {
    uint16_t count[REGMAP_BLOCK_MAX]; /* how many came; 0: block not read */
    uint16_t at[REGMAP_BLOCK_MAX][REGMAP_REGISTER_MAX];
};

/* Name of a quantity: "current". */
const char *regmap_quantity_text(enum regmap_quantity quantity);

/* Phases (of the meter's own) whose current the map gives, a set. */
uint8_t regmap_phases(const struct regmap_map *map);

/* Registers that a value of a type takes, 1, 2 or 4. */
int regmap_type_n(enum regmap_type type);

/* Time that one request for `count` registers and its answer take on a serial line, ms, rounded up, without the meter's own.
 * baud 1,200..115,200. */
int32_t regmap_wire_ms(uint16_t count, int32_t baud, bool has_parity);

/* A number that changes whenever any register of an image does; never 0. */
uint64_t regmap_digest(const struct regmap_image *image);

/* Make a sample in the meter's own order of phases. Currents and powers are rounded towards import, all else down.
 *
 * taken_ms  time of the sample
 * out       the sample: power_total_w is the sum of the phases when the meter has none; voltage, frequency, power factor and energy that
 *           are missing or no number are marked as not measured; a power factor is derived from power, voltage and current where the meter
 *           has none
 * out_text  on failure: which value is impossible and why, in plain words
 *
 * RC_RANGE  a current or power is missing, no number or impossible, a voltage is neither 0 nor 50..500 V, a frequency neither 0 nor
 *           40..70 Hz; *out is untouched
 */
MUST_USE enum rc regmap_decode(const struct regmap_plan *plan, const struct regmap_image *image, int64_t taken_ms, struct meter_sample *out,
                               char out_text[REGMAP_TEXT_LEN]);
