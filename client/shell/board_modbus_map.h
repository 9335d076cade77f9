/* Charge controllers and the meter that are reached over Modbus: which registers mean what. Data and arithmetic only; the line is elsewhere.
 *
 * Decided here: what is read, how it is understood, what is written for a command. Not here: when (board_modbus_worker).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/core/event.h"
#include "common/base/rc.h"

#define MB_BLOCK_MAX 5
#define MB_COUNT_MAX 24 /* registers of one block */
#define MB_WRITE_MAX 2  /* registers of one write */

/* Registers that are read together. */
struct mb_block {
    uint8_t function; /* 3 or 4 */
    uint16_t first;
    uint16_t count;
};

struct mb_regs {
    uint8_t n;
    struct mb_block block[MB_BLOCK_MAX];
    uint16_t value[MB_BLOCK_MAX][MB_COUNT_MAX];
};

struct mb_write {
    uint16_t first;
    uint16_t count; /* 0: nothing */
    uint16_t value[MB_WRITE_MAX];
};

/* What was found out about one controller when it was attached. */
struct mb_nature {
    uint16_t firmware;
    bool is_fine; /* currents in 0.01 A */
};

/* What it says. */
struct mb_reading {
    enum pilot_state pilot;
    int32_t pilot_ma; /* offered; 0 steady */
    int32_t set_ma;   /* what it was told, as it remembers it */
    bool is_on;       /* its contactor, as far as it knows */
    bool diode_failed;
    bool residual;
    int32_t cable_ma;
    bool has_meter; /* it measures by itself: */
    int32_t current_ma[PHASE_N];
    int32_t voltage_mv[PHASE_N];
    int32_t power_w;
    int64_t energy_wh;
};

/* One thing that is looked at, and put right, when it is attached. */
struct mb_setup {
    uint16_t address;
    uint16_t value;
    const char *why; /* for people, when it cannot be */
};

struct mb_map {
    const char *id;
    enum board_watchdog watchdog;
    bool needs_meter;
    const struct mb_setup *setup;
    uint8_t setup_n;
    /* Registers that tell its nature: read at the attachment. count 0: none. */
    struct mb_block nature[2];
    /* Understand them; a block that was refused has the count 0. RC_RANGE: no such controller. */
    enum rc (*learn)(const struct mb_regs *r, struct mb_nature *out);
    /* What is read in each round. */
    void (*blocks)(const struct mb_nature *n, struct mb_regs *out);
    /* RC_RANGE: impossible values. */
    enum rc (*decode)(const struct mb_nature *n, const struct mb_regs *r, struct mb_reading *out);
    /* Write for a current (0, or 6,000..80,000); it never offers more. */
    struct mb_write (*offer)(const struct mb_nature *n, int32_t pilot_ma);
    /* Write that opens the contactor now, or lets it be closed again. count 0: there is none. */
    struct mb_write (*hold_off)(bool is_off);
};

/* Controller of an id; NULL when there is none. */
const struct mb_map *mb_map_find(const char *id);

/* What such a controller really offers when it is told `pilot_ma`. */
int32_t mb_rounded_ma(const struct mb_nature *n, int32_t pilot_ma);

/* SDM630: what is read, and its values. RC_RANGE: impossible ones. */
void mb_meter_blocks(struct mb_regs *out);
MUST_USE enum rc mb_meter_decode(const struct mb_regs *r, struct mb_reading *out);

/* Value at an address of the blocks that were read; 0 when none holds it. */
uint16_t mb_u16(const struct mb_regs *r, uint16_t address);
int32_t mb_i32(const struct mb_regs *r, uint16_t address);
int64_t mb_i64(const struct mb_regs *r, uint16_t address);

extern const struct mb_map mb_evse_wb_din;
extern const struct mb_map mb_phoenix_charx;
