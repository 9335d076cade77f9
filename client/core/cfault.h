/* The faults that are present, and overdraw supervision (spec 06 6.1, 6.2).
 *
 * Decided here: which faults there are, which of them forbid charging, what of it was not told yet. Not here: retries, texts and lights.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/core/cfault_table.h"
#include "client/core/event.h"

#define CFAULT_MAX (2 * FAULT_MAX) /* present ones and those whose end was not told yet */

struct cfault_row {
    uint16_t code; /* 0 free */
    bool present;
    bool fresh; /* it came and nobody has asked about that yet */
    bool noted; /* what was logged last: present or not */
    bool sent;  /* what the manager was told last on this connection */
    int64_t since_ms;
    int64_t since_utc_ms;
};

struct cfault {
    struct cfault_row row[CFAULT_MAX];
};

/* A fault is there or is not. With the table full a new one is not noted: the others are present. */
void cfault_set(struct cfault *f, uint16_t code, bool present, int64_t now_ms, int64_t utc_ms);

/* The faults that the board found replace those of its last reading. The client's own stay: codes of both kinds are the core's to join. */
void cfault_board(struct cfault *f, const struct board_sample *sample, int64_t now_ms, int64_t utc_ms);

bool cfault_has(const struct cfault *f, uint16_t code);

/* A fault that has come since the last call, one at a time, 0 none: what counts as an interruption. */
uint16_t cfault_take_fresh(struct cfault *f);

/* The present one that matters most, NULL none: danger, then what is never retried, then what interrupts, then the rest; older ones first. */
const struct cfault_row *cfault_worst(const struct cfault *f);

/* One is present that only the mains switch ends. */
bool cfault_is_final(const struct cfault *f);

/* Something demands an open contactor at once. A full journal does not: running sessions go on; nor does the watchdog: it has acted already;
 * nor a lost board: nobody hears the demand. */
bool cfault_blocks(const struct cfault *f);

/* The codes that are present, at most FAULT_MAX; returns how many. */
uint8_t cfault_list(const struct cfault *f, uint16_t out_codes[FAULT_MAX]);

/* A change that was not told yet. */
struct cfault_news {
    struct cfault_row row;
    bool note; /* to be logged */
    bool send; /* to be sent to the manager */
};

/* Take the next change; true when there is one. linked: the manager can be told. */
bool cfault_take_news(struct cfault *f, bool linked, struct cfault_news *out);

/* There is a change to take. */
bool cfault_has_news(const struct cfault *f, bool linked);

/* The connection is gone: on the next one everything present is sent again. */
void cfault_unlinked(struct cfault *f);

/* The board itself reports this code. */
bool cfault_in_sample(const struct board_sample *sample, uint16_t code);

/* Overdraw supervision: compare what flows with what was signalled, after the vehicle had its 5 s to follow. */
#define OVERDRAW_FOLLOW_MS 5000

struct cfault_overdraw {
    int32_t ref_ma;     /* what the vehicle may draw: the largest signalled in its time to follow */
    int32_t next_ma;    /* largest signalled since lowered_ms */
    int64_t lowered_ms; /* MS_NEVER: nothing was lowered that it still follows */
    int64_t over_ms[3]; /* above the first, second and third bound since; MS_NEVER not */
};

void cfault_overdraw_init(struct cfault_overdraw *o);

/* True when a vehicle draws too much for too long: above (offered + 0.5 A) x 1.1 for 7 s, 1.5 x for 2 s, 2 x for 0.5 s.
 *
 * pilot_ma    signalled now, 0 steady
 * current_ma  largest of the phases
 */
bool cfault_overdraw(struct cfault_overdraw *o, int32_t pilot_ma, int32_t current_ma, int64_t now_ms);

/* When a bound that is exceeded becomes a fault; MS_FOREVER none is. */
int64_t cfault_overdraw_next_ms(const struct cfault_overdraw *o);
