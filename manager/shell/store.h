/* The manager's memory on disk: queues what the core wants stored, writes it on one worker, says what became durable.
 *
 * All that is queued at a moment goes into one transaction. Epoch and wallboxes go into manager.state, which needs no free space, and for
 * the history into manager.db as well; sessions and events into manager.db.
 * Decided here: order, grouping and retry of writes. Not here: statements (db), record (state_file), what a failure means (core).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "common/base/limits.h"
#include "common/base/rc.h"
#include "common/os/work.h"
#include "manager/core/event.h"
#include "manager/core/site.h"

#define STORE_QUEUE_MAX 2048 /* writes waiting or under way; more are refused */
#define STORE_BUSY_MS 2000   /* wait for another program's lock on the database */

struct store_options {
    const char *dir;  /* borrowed until return of store_open */
    int64_t page_max; /* largest database in pages of 4 KiB, 0 no limit */
    int32_t busy_ms;  /* wait for another program's lock on the database */
};

struct store;

/* What a start needs to know. */
struct store_loaded {
    char *document; /* newest site document, allocated, given back with free; NULL none was imported */
    uint64_t epoch; /* newest, 0 none */
    int64_t longest_lease_ms;
};

/* Open or create manager.db and manager.state in a directory. Blocks. Give back with store_close (started) or store_free (not).
 *
 * RC_IO         one of them cannot be opened: logged; *out is NULL
 * RC_MALFORMED  one of them is damaged: logged; *out is NULL
 */
MUST_USE enum rc store_open(struct store **out, const struct store_options *options);

/* Newest document and epoch. Blocks; before store_start only.
 *
 * RC_IO  the database cannot be read: logged
 */
MUST_USE enum rc store_load(struct store *s, struct store_loaded *out);

/* What is remembered of each wallbox of the site; what is remembered of others is forgotten when there is no room for both. Before store_start only. out is [site->box_n]. */
void store_known(struct store *s, const struct site *site, struct mev_known *out);

/* Add a site document to the history. Blocks; before store_start only.
 *
 * RC_IO  not stored: logged
 */
MUST_USE enum rc store_add_document(struct store *s, const char *text, int64_t utc_ms);

/* Start the worker.
 *
 * on_result  called on the loop for each write with a ticket, in the order of store_put; never from inside store_put
 *
 * RC_IO      no thread: logged
 */
MUST_USE enum rc store_start(struct store *s, uv_loop_t *loop, void (*on_result)(void *user, uint64_t ticket, bool is_stored), void *user);

/* Queue a write, copied.
 *
 * serial  of the wallbox that it is about, NULL none
 * text    for an event, NULL none
 *
 * RC_FULL  STORE_QUEUE_MAX writes are waiting: it will not be stored and on_result will not be called
 */
MUST_USE enum rc store_put(struct store *s, const struct mfx_store *what, const char *serial, const char *text);

/* Begin to write what is queued; it joins the next transaction when one is under way. */
void store_flush(struct store *s);

/* Transactions and writes so far, for figures. */
uint64_t store_transactions_n(const struct store *s);

/* Write what is queued, give results, end the worker, free the memory, then call on_closed (may be NULL) on the loop. */
void store_close(struct store *s, void (*on_closed)(void *user), void *user);

/* Free a store that was never started. NULL is harmless. */
void store_free(struct store *s);
