/* The only writer of the core: brings events to it one at a time, carries out its effects in their order, wakes it when it wants.
 *
 * Decided here: one clock read for each event, when a snapshot is published (at most five a second, at least one), that the wall clock was
 * set. Not here: everything else; what comes from outside arrives through peers, store and bus.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "common/os/daemon.h"
#include "common/os/wake.h"
#include "manager/core/core.h"
#include "manager/core/event.h"
#include "manager/shell/mev_queue.h"
#include "manager/shell/snapshot.h"

#define DRIVER_PUBLISH_MS 200
#define DRIVER_PUBLISH_IDLE_MS 1000

/* Where effects go, so that the driver can be tested without network and disk. */
struct driver_out {
    void (*send)(void *user, uint16_t peer, const struct msg *m);
    void (*close)(void *user, uint16_t peer);
    /* RC_FULL: will not be stored, the result is an event of the driver's own */
    enum rc (*store)(void *user, const struct mfx_store *what, const char *serial, const char *text);
    void (*flush)(void *user); /* what was stored since the last call belongs together */
    const char *(*peer_name)(void *user, uint16_t peer);
    void (*ask)(void *user, const struct mfx_ask *ask);        /* NULL: there is no back end */
    void (*seen)(void *user, const struct snapshot *snapshot); /* one was made; borrowed. NULL: nobody wants it */
    void (*note)(void *user, const struct mfx *fx);            /* a note of the core, which is logged already; NULL: nobody wants them */
};

struct driver {
    struct manager *core;
    void *memory;
    const struct site *site;
    const struct driver_out *out;
    void *out_user;
    struct snapshot_board *board;
    struct wake wake;
    int64_t published_ms;             /* MS_NEVER */
    int64_t utc_offset_ms;            /* UTC minus CLOCK_BOOTTIME as the core knows it */
    struct wall_clock wall;           /* likewise the clock of the site */
    int64_t alarm_ms;                 /* for which the wake-up was set; MS_FOREVER */
    int64_t late_ms;                  /* worst lateness of a wake-up in this window ... */
    int64_t late_before_ms;           /* ... and in the one before */
    int64_t window_ms;                /* begin of this window */
    void (*on_published)(void *user); /* may be NULL */
    void *published_user;
    bool is_changed; /* since the last snapshot */
    bool is_applying;
    bool is_open;
    struct daemon_watchdog watchdog; /* opened by the owner */
    bool is_store_failing;           /* for the snapshots, set by the owner; so the next */
    bool was_damaged;
    uint64_t dropped_n; /* events lost because the queue was full */
    struct mev_queue queue;
    struct mfx_list fx;
};

/* site, params, out, board are kept until the loop has run after driver_close.
 *
 * RC_IO  no memory; nothing to close
 */
MUST_USE enum rc driver_open(struct driver *d, uv_loop_t *loop, const struct site *site, const struct manager_params *params, struct snapshot_board *board);

/* Where effects go; set before the first event. */
void driver_connect(struct driver *d, const struct driver_out *out, void *user);

/* Hand an event to the core (now_ms is set here) and carry out what it answers. Called while effects are being carried out it only queues:
 * such an event must not hold a message. After driver_close it is dropped. */
void driver_feed(struct driver *d, const struct mev *e);

/* Call this on the loop after each snapshot. */
void driver_on_published(struct driver *d, void (*on_published)(void *user), void *user);

/* Fill in the clocks of the start event, which then is fed like any other. */
void driver_start_clock(struct driver *d, struct mev_start *start);

/* No event reaches the core any more; its memory is given back. Harmless when not open. */
void driver_close(struct driver *d);
