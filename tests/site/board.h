/* The hardware of one simulated wallbox: pilot, contactor, energy register, watchdog, sensors, and the vehicle at its cable.
 *
 * Decided here: what the hardware does with commands. Not here: the socket (boards), the mains (world). Terminal order throughout.
 * Time comes in as ms since the site started and never decreases.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/phase.h"
#include "common/base/rc.h"
#include "tests/site/vehicle.h"

#define BOARD_WATCHDOG_MS 3000 /* without a control cycle for so long it fires */
#define BOARD_OPEN_MS 6000     /* after firing the contactor opens under load at the latest */
#define BOARD_LAMP_N 8         /* S1..S4, online, charging mode, card, touch button */
#define BOARD_LAMP_LEN 24      /* "orange:breathe" and the end */

/* Physical faults; those that hardware reports by a code have one in the table of board.c. */
enum board_fault {
    BOARD_WELDED,      /* the contactor does not open */
    BOARD_STUCK,       /* the contactor does not close */
    BOARD_PILOT_SHORT, /* state E */
    BOARD_PILOT_LOST,  /* state F */
    BOARD_METER_STUCK, /* the energy register stands still */
    BOARD_SILENT,      /* the board is there but tells nothing and does nothing; its watchdog runs */
    BOARD_RESIDUAL,    /* reports 8005 */
    BOARD_CABLE,       /* reports 8 */
    BOARD_LOAD,        /* reports 5 */
    BOARD_SAFETY,      /* reports 8007 */
    BOARD_EARTH,       /* reports 9004 */
    BOARD_CCID,        /* reports 9005 */
    BOARD_MODULE,      /* reports 9011 */
    BOARD_DIODE,       /* the negative half-wave of the pilot is missing */
    BOARD_FAULT_N
};

struct board {
    char serial[SERIAL_LEN];
    enum phase_assign phases;
    int32_t rated_ma;
    struct vehicle vehicle;
    uint32_t plug_n;   /* how many vehicles have been plugged in */
    int32_t pilot_ma;  /* on the wire; 0 steady */
    bool is_closed;    /* contactor */
    bool wants_closed; /* as commanded */
    uint32_t cycle;    /* newest carried out */
    int64_t fed_ms;
    bool is_armed; /* a cycle was carried out since the start or the last firing */
    uint32_t firing_n;
    bool is_latched;
    int64_t fired_ms;
    int64_t dark_until_ms; /* without power until then; MS_NEVER: it has power */
    bool power_failed;     /* it was without power before this start; told once */
    uint32_t faults;       /* bit of each enum board_fault */
    uint16_t codes_n;      /* further codes to report, by control */
    uint16_t codes[FAULT_MAX];
    int32_t temperature_mdegc;
    int32_t voltage_mv[PHASE_N]; /* at the terminals */
    int32_t forced_mv[PHASE_N];  /* 0: the mains' */
    int32_t drawn_ma[PHASE_N];
    int64_t energy_wh;
    int64_t carried_mwms; /* below one Wh */
    bool has_switch;      /* it tells its rated-current switch, switch_ma */
    int32_t switch_ma;
    bool is_locked; /* plug; as commanded, like all below */
    char lamp[BOARD_LAMP_N][BOARD_LAMP_LEN];
    int32_t brightness_permille;
    char tone[BOARD_LAMP_LEN]; /* the last one played */
    uint32_t tone_n;
    bool is_button_down;
    bool is_service;   /* which one */
    int64_t button_ms; /* released then */
};

void board_init(struct board *b, const char *serial, enum phase_assign phases, int32_t rated_ma);

/* A client attached. RC_REFUSED: the board has no power. */
MUST_USE enum rc board_attach(struct board *b);

/* Its connection ended: the watchdog fires at once if it was fed before. */
void board_detach(struct board *b, int64_t now_ms);

/* One control cycle, values checked by the caller (pilot 0 or 6,000..80,000). Refused while latched unless `rearm` is the number of firings.
 *
 * Returns false when it was not carried out: latched, silent or without power.
 */
bool board_command(struct board *b, uint32_t cycle, int32_t pilot_ma, bool wants_closed, uint32_t rearm, int64_t now_ms);

/* Count what flowed during `dt_ms` with the currents and voltages of the last step. */
void board_count(struct board *b, int64_t dt_ms);

/* Watchdog, contactor and vehicle at now_ms, with the mains' voltage at each terminal; then the current that flows. */
void board_step(struct board *b, const int32_t voltage_mv[PHASE_N], int64_t now_ms);

/* Take the power away until `until_ms`. */
void board_power_cut(struct board *b, int64_t until_ms);

bool board_has_power(const struct board *b);

/* What the pilot is measured as: "A1" .. "D2", "E", "F". Static. */
const char *board_pilot_text(const struct board *b);

/* Rating of the plugged cable, mA; 0 when there is none. */
int32_t board_cable_ma(const struct board *b);

/* Power drawn, W, rounded down. */
int32_t board_power_w(const struct board *b);

/* Codes that the hardware reports now. Returns how many. */
uint16_t board_codes(const struct board *b, uint16_t out[FAULT_MAX]);

/* Set or clear a fault. */
void board_fault_set(struct board *b, enum board_fault fault, bool is_on);
bool board_fault_is(const struct board *b, enum board_fault fault);

/* Report a code or not. RC_FULL: too many codes. */
MUST_USE enum rc board_code_set(struct board *b, uint16_t code, bool is_on);

/* Fault of a name ("welded"). RC_RANGE: there is none. */
MUST_USE enum rc board_fault_parse(const char *text, enum board_fault *out);
