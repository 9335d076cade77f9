/* State machines as tables: one row a state, with the states that may follow. A move that the table does not allow is our mistake
 * and ends the program; that every state is reachable and has an exit is checked by the unit tests over the same rows.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SM_BIT(state) (UINT32_C(1) << (state))
#define SM_START 1u /* the machine may begin here */
#define SM_END 2u   /* it may stay here for good */

struct sm_row {
    const char *name;
    uint32_t next; /* set of allowed successors, SM_BIT of each */
    uint32_t flags;
};

/* True when `rows` (n of them, at most 32) allow the move. Staying in a state is not a move. */
bool sm_may(const struct sm_row *rows, int n, int from, int to);

/* Move *state to `to`. CHECKs that the table allows it. */
void sm_move(const struct sm_row *rows, int n, int *state, int to);

/* True when each state can be reached from a start state, each has an exit or is an end and none leads out of the table; otherwise *out_state
 * is the first that fails. */
bool sm_is_sound(const struct sm_row *rows, int n, int *out_state);
