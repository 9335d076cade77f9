/* The only writer of the core: brings events to it one at a time, carries out its effects in their order, wakes it when it wants.
 *
 * Decided here: one clock read for each event. Not here: everything else; what comes from outside arrives through board, dialer and journal.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "client/core/core.h"
#include "client/core/event.h"
#include "client/shell/journal_db.h"
#include "common/os/daemon.h"
#include "common/os/wake.h"

#define DRIVER_QUEUE_MAX CFX_MAX /* each effect of a step fails at most once */

/* Where effects go, so that the driver can be tested without board, network and disk. */
struct driver_out {
    void (*board)(void *user, const struct board_command *command);
    void (*dial)(void *user);
    void (*hang_up)(void *user);
    void (*send)(void *user, const struct msg *m);
    void (*keep)(void *user, const struct client_keep *keep, uint64_t ticket);
    void (*session)(void *user, const struct journal_session *session, uint64_t ticket);
    void (*acked)(void *user, const struct session_id *id, uint64_t ticket);
    void (*next)(void *user, int64_t now_ms);
    void (*stopped)(void *user); /* may close the driver */
    void (*cards)(void *user, const struct card_list *list, uint64_t ticket);
    void (*fault)(void *user, const struct journal_fault *fault); /* NULL: nobody keeps them */
    void (*restart)(void *user);                                  /* before `stopped`: the program is to start again; NULL: it just ends */
    void (*after)(void *user);                                    /* after each event: the face may have changed; NULL */
};

struct driver {
    struct client *core;
    void *memory;
    const struct driver_out *out;
    void *out_user;
    struct wake wake;
    struct daemon_watchdog watchdog; /* opened by the owner */
    bool is_applying;
    bool is_stopped;
    bool is_restart;
    bool is_open;
    uint64_t dropped_n; /* events lost because the queue was full */
    uint16_t first;     /* of the queue */
    uint16_t n;
    struct cev queue[DRIVER_QUEUE_MAX];
    struct cfx_list fx;
};

/* params, out and user are kept until the loop has run after driver_close.
 *
 * RC_IO  no memory: logged; nothing to close
 */
MUST_USE enum rc driver_open(struct driver *d, uv_loop_t *loop, const struct client_params *params, const struct driver_out *out, void *user);

/* Hand an event to the core (its times are set here) and carry out what it answers. Called while effects are being carried out it only
 * queues: such an event must not borrow anything (CHECKed). After driver_close it is dropped. */
void driver_feed(struct driver *d, const struct cev *e);

/* No event reaches the core any more; its memory is given back. Harmless when not open. */
void driver_close(struct driver *d);
