/* Where requests meet the loop: wishes for the core from any thread, settings that are stored before they count, and the worker that does
 * errands about passwords.
 *
 * Decided here: order and bounds. Not here: what is allowed (routes), what the core does with it.
 */
#pragma once

#include <stdbool.h>

#include <pthread.h>
#include <uv.h>

#include "common/os/work.h"
#include "manager/shell/document.h"
#include "manager/shell/errand.h"

#define DESK_EVENTS_MAX 256
#define DESK_WORK_MAX 16 /* errands of the worker at a time: each holds 19 MiB only while it runs, but all of them wait */
#define DESK_SETTINGS_MAX 64

/* Where the desk's work goes. */
struct desk_out {
    void (*feed)(void *user, const struct mev *e); /* loop */
    /* Carry a change out (order.done is set, and it is taken); RC_FULL: it will not be, and is not taken. Loop. */
    enum rc (*change)(void *user, struct change *change);
    /* It is stored. Loop. */
    void (*changed)(void *user, const struct change *change);
};

struct desk {
    pthread_mutex_t lock;
    uv_async_t async;
    struct work work;
    const struct desk_out *out;
    void *user;
    struct document *document; /* as it is stored; loop */
    struct document *next;     /* as it will be when what is being stored is; loop */
    struct errand *storing;    /* loop */
    struct mev event[DESK_EVENTS_MAX];
    uint16_t event_first;
    uint16_t event_n;
    struct errand *todo_first; /* for the loop */
    struct errand *todo_last;
    uint16_t todo_n;
    uint16_t work_n;
    bool is_open;
    bool is_closing;
};

/* document is copied: settings that come are added to it. out is kept.
 *
 * RC_IO  no thread or no memory: nothing to close
 */
MUST_USE enum rc desk_open(struct desk *d, uv_loop_t *loop, const struct document *document, const struct desk_out *out, void *user);

/* An event for the core. Any thread.
 *
 * RC_FULL  too many wait, or the manager ends
 */
MUST_USE enum rc desk_feed(struct desk *d, const struct mev *e);

/* Carry an errand out, then call its on_done. Any thread.
 *
 * RC_FULL  too many wait, or the manager ends: on_done will not be called
 */
MUST_USE enum rc desk_send(struct desk *d, struct errand *e);

/* Store a change (taken) for which nobody waits. NULL, or too many wait: it is lost, which is logged. Any thread. */
void desk_note(struct desk *d, struct change *change);

/* Errands under way end with RC_IO or are finished; the memory may go when the loop has run. Harmless when not open. Loop. */
void desk_close(struct desk *d);
