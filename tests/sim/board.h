/* The hardware of one wallbox: pilot, contactor, register, watchdog, and the vehicle at its cable. Terminal order.
 *
 * The contract is that of client/shell/board.h: control cycles feed the watchdog; when it fires the pilot goes away at once and the
 * contactor as soon as no current flows, 6 s later at the latest; it stays latched until a cycle that names the number of firings. A board
 * may need some time from command to pilot, and may have no watchdog.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/core/event.h"
#include "tests/sim/vehicle.h"

#define BOARD_DOG_US INT64_C(3000000)  /* watchdog */
#define BOARD_OPEN_US INT64_C(6000000) /* after firing the contactor opens under load at the latest */
#define BOARD_PENDING_MAX 64

struct board_pending {
    int64_t at_us; /* when it shows */
    struct board_command command;
};

struct board {
    enum board_watchdog watchdog;
    int64_t apply_us; /* longest time from command to pilot */
    uint8_t wired;    /* terminals, a set */
    bool is_welded;   /* the contactor does not open any more */
    bool was_welded;
    bool is_silent; /* carries out nothing and tells nothing; its watchdog runs */
    struct vehicle vehicle;
    int32_t pilot_ma; /* on the wire, 0 steady */
    bool is_closed;
    bool wants_closed;
    uint32_t cycle; /* newest carried out */
    bool is_armed;
    int64_t fed_us;
    bool is_latched;
    int64_t fired_us;
    uint32_t firings_n;
    uint8_t pending_n;
    struct board_pending pending[BOARD_PENDING_MAX]; /* oldest first */
    int32_t drawn_ma[PHASE_N];
    int64_t counted_us; /* energy is counted up to here */
    int64_t maus;       /* register, mA x us over all phases */
    int32_t temperature_mdegc;
};

void board_init(struct board *b, enum board_watchdog watchdog, int64_t apply_us, int wired_n);

/* A client attached: its cycles begin anew. */
void board_attach(struct board *b);

/* Its connection ended: a watchdog that was fed fires at once. */
void board_detach(struct board *b, int64_t now_us);

/* One control cycle; it shows at show_us, not before those given earlier. */
void board_take(struct board *b, const struct board_command *command, int64_t show_us, int64_t now_us);

/* Go on to now_us: energy, pending commands, watchdog, vehicle, currents. True when pilot, contactor or a current changed. */
bool board_step(struct board *b, int64_t now_us);

/* When it changes next by itself; INT64_MAX never. */
int64_t board_next_us(const struct board *b, int64_t now_us);

/* A reading; taken_ms is the reader's. */
void board_read(const struct board *b, int64_t taken_ms, struct board_sample *out);

/* Register, Wh. */
int64_t board_energy_wh(const struct board *b);
