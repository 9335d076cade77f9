/* A simulated charge controller in place of a client's board: registers on a Modbus line in front of a wallbox's hardware, and a meter beside it.
 *
 * Decided here: what such a controller answers and does, from its public register facts (Simple EVSE WB/DIN; Phoenix CHARX with its watchdog).
 * The tables are this simulator's own. Not here: what the hardware does with pilot and contactor (board), framing (bus).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/site/board.h"
#include "tests/site/registers.h"

#define CONTROLLER_RELAY_MS 3000
#define CONTROLLER_SAVED 18 /* registers that survive a start, from 2000 */

enum controller_kind { CONTROLLER_NONE, CONTROLLER_EVSE, CONTROLLER_CHARX, CONTROLLER_N };

struct controller {
    enum controller_kind kind;
    uint16_t firmware;                /* EVSE: up to 15 it gives 7 registers at once and has no status */
    uint16_t set;                     /* current that it was told, A; EVSE: 0 off */
    uint16_t command;                 /* EVSE: bit 0 turn off now */
    uint16_t saved[CONTROLLER_SAVED]; /* EVSE: [0] is the current after a start */
    uint32_t saved_n;                 /* writes to them */
    uint16_t release;                 /* CHARX, like all below */
    uint16_t fallback;                /* A, when nobody talks to it */
    uint16_t limit_s;                 /* nobody for so long; 65,535 never */
    int64_t heard_ms;
    bool has_relay; /* a watchdog relay in the contactor's supply, held by requests; the meter is behind the contactor */
    int64_t off_ms; /* the pilot was taken away; MS_NEVER not */
    struct image meter;
};

/* As delivered: an EVSE starts with `boot_a`. */
void controller_init(struct controller *c, enum controller_kind kind, uint16_t firmware, uint16_t boot_a);

/* Model of an id. RC_RANGE: there is none. */
MUST_USE enum rc controller_parse(const char *text, enum controller_kind *out);

/* Let it act on its hardware; before and after each step of that. */
void controller_step(struct controller *c, struct board *b, int64_t now_ms);

/* Answer a request; 0: silent. */
size_t controller_answer(struct controller *c, const struct board *b, int64_t now_ms, const uint8_t *pdu, size_t pdu_len, uint8_t *out);

/* Likewise the meter beside it: in front of the contactor; with a relay behind it, and silent while that is open. */
size_t controller_meter_answer(struct controller *c, const struct board *b, int64_t now_ms, const uint8_t *pdu, size_t pdu_len, uint8_t *out);
