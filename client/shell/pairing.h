/* Pairing by setup code, the wallbox's side: whose proof is listened to, and when (spec 09 9.1).
 *
 * A wallbox without a pinned manager listens for 15 minutes from its start, any wallbox for as long after its service button was pressed; 20
 * wrong proofs end that time. Whoever proves in it to know the setup code becomes the one manager that is obeyed. The pinned manager himself is
 * listened to at any time when he has said that this wallbox is not paired: so a pairing that was torn half way comes to its end.
 *
 * A connection for pairing is one that the core never hears of: to it the dialling just takes longer.
 * Decided here: which connection is one, what is answered on it. Not here: the bytes of a proof (pair_proof), when to dial (core).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "client/shell/dialer.h"
#include "common/base/limits.h"
#include "common/os/identity.h"
#include "common/os/wake.h"
#include "proto/msg.h"

#define PAIRING_WINDOW_MS (INT64_C(15) * 60 * 1000)
#define PAIRING_FAILED_MAX 20
#define PAIRING_ANSWER_MS 5000 /* a connection for pairing may take so long */

/* How long it listens. Outlives a restart inside the program, which the service button causes. */
struct pairing_window {
    int64_t until_ms; /* MS_NEVER: closed */
    uint8_t failed_n; /* wrong proofs since it was opened */
    bool is_begun;    /* the first start is over */
};

struct pairing {
    struct pairing_window *window;
    struct dialer *dialer;
    const struct identity *self;
    const char *dir;
    const char *serial;
    struct wake limit; /* of a connection */
    uint8_t code[SETUP_CODE_LEN];
    uint8_t pin[IDENTITY_HASH_LEN]; /* as it was read for this dialling */
    bool has_code;
    bool has_pin;
    bool is_refused; /* the pinned manager has said that this wallbox is not paired */
    bool is_on;      /* this connection is one for pairing */
    bool is_done;    /* likewise the manager is pinned and has this wallbox's proof */
    bool is_open;
};

/* Begin; opens the window at the first start without a pinned manager. Reads the setup code and the pin: blocks for a moment. Without a
 * code nobody can be paired, and the pinned manager alone is dialled, as ever.
 *
 * all pointers are kept until pairing_close; window is zeroed before the first time
 */
void pairing_open(struct pairing *p, uv_loop_t *loop, struct dialer *dialer, const struct identity *self, struct pairing_window *window);

/* Say who this is and where its files are, kept. Before pairing_open. */
void pairing_init(struct pairing *p, const char *dir, const char *serial);

/* The service button was pressed. */
void pairing_button(struct pairing *p, int64_t now_ms);

/* Before each dialling: tell the dialer whom it may meet. Reads the pin, so that a new one needs no restart. False: it may meet nobody. */
bool pairing_dial(struct pairing *p, int64_t now_ms);

/* Connected. True: for pairing; the core must not hear of it. */
bool pairing_up(struct pairing *p, int64_t now_ms);

/* A message came. True: it was for pairing. */
bool pairing_message(struct pairing *p, const struct msg *m, int64_t now_ms);

/* The connection is over. True: a manager was paired on it, and is to be dialled at once; the core need not hear of the end. */
bool pairing_down(struct pairing *p);

/* For good; the memory may go when the loop has run its close callbacks. Harmless when not open. */
void pairing_close(struct pairing *p);
