/* The newest picture of the manager, handed from the loop to the thread that answers people: immutable and counted, so that neither side
 * ever waits for the other's work.
 *
 * Decided here: whose memory it is. Not here: how often one is made (driver), what it looks like as JSON (view_json).
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <pthread.h>

#include "manager/core/site.h"
#include "manager/core/view.h"

struct snapshot {
    atomic_int users_n;
    int64_t utc_ms;          /* when it was made; CLOCK_UNSET_UTC_MS */
    int64_t made_ms;         /* the same, CLOCK_BOOTTIME */
    int64_t late_ms;         /* how late the loop woke up at worst in the last 10 to 20 s */
    const struct site *site; /* outlives every snapshot */
    bool is_store_failing;   /* the disk refuses records */
    bool was_damaged;        /* the database was set aside at the start */
    struct view view;
};

struct snapshot_board {
    pthread_mutex_t lock;
    struct snapshot *newest;
};

void snapshot_init(struct snapshot_board *b);

/* New snapshot with one user, its view not filled; NULL when there is no memory. Any thread. */
struct snapshot *snapshot_new(const struct site *site);

/* Make `s` the newest; it is taken. Loop only. */
void snapshot_publish(struct snapshot_board *b, struct snapshot *s);

/* The newest, given back with snapshot_drop; NULL when there is none yet. Any thread. */
struct snapshot *snapshot_take(struct snapshot_board *b);

/* Give back. NULL is harmless. Any thread. */
void snapshot_drop(struct snapshot *s);

/* No thread uses the board any more. */
void snapshot_deinit(struct snapshot_board *b);
