/* Three phases, and how the terminals of a wallbox are wired to them (spec 04 4.1, SR-167, SR-168).
 *
 * Terminal order: T1 T2 T3 as labelled in the wallbox; board, client, journal and link use it. Site order: L1 L2 L3 of the grid
 * connection; manager, API and records use it. The manager converts once, on receipt.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/rc.h"

#define PHASE_N 3

/* A set of phases: bit 0 is the first. Which order it is in is said by whoever holds it. */
#define PHASE_BIT(i) ((uint8_t)(1u << (i)))
#define PHASE_ALL ((uint8_t)7)

enum phase_assign {
    PHASES_UNSET = 0,
    PHASES_L1_L2_L3 = 1,
    PHASES_L2_L3_L1 = 2,
    PHASES_L3_L1_L2 = 3,
    PHASES_L1 = 4,
    PHASES_L2 = 5,
    PHASES_L3 = 6,
    PHASES_N = 7,
};

/* "L2-L3-L1"; "unset" for a value outside the list. */
const char *phase_assign_text(enum phase_assign a);

/* Read such a text.
 *
 * RC_RANGE  not one of the six; *out is untouched
 */
MUST_USE enum rc phase_assign_parse(const char *text, enum phase_assign *out);

/* Number of wired terminals, 1 or 3. */
int phase_wired_n(enum phase_assign a);

/* Site phase (0..2) of terminal `terminal` (0..2); -1 when that terminal is not wired. */
int phase_of_terminal(enum phase_assign a, int terminal);

/* Site phases wired, as a set in site order. */
uint8_t phase_wired(enum phase_assign a);

/* A set of terminals as a set of site phases; terminals that are not wired are left out. */
uint8_t phase_set_to_site(enum phase_assign a, uint8_t terminals);

/* Values in terminal order [3] to site order [3]. A site phase with no terminal gets 0. `in` and `out` must not overlap. */
void phase_to_site(enum phase_assign a, const int32_t in[PHASE_N], int32_t out[PHASE_N]);

/* The other way: what each terminal sees of values in site order [3]. A terminal that is not wired gets 0. */
void phase_to_terminal(enum phase_assign a, const int32_t in[PHASE_N], int32_t out[PHASE_N]);

/* Number of phases in a set. */
int phase_set_n(uint8_t set);
