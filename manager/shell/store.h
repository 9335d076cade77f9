/* The manager's memory on disk: queues what the core wants stored, writes it on one worker, says what became durable.
 *
 * All that is queued at a moment goes into one transaction. Epoch and wallboxes go into manager.state, which needs no free space, and for
 * the history into manager.db as well; everything else into manager.db.
 * When the disk refuses, writes that somebody waits for are answered so at once (wallboxes keep their sessions and send them again); the
 * others, events above all, are kept in memory, STORE_KEPT_MAX at most, and tried again every STORE_RETRY_MS.
 * A database that is damaged at the start is set aside (rescue).
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

#define STORE_QUEUE_MAX 2048 /* writes waiting, under way or kept; more are refused */
#define STORE_KEPT_MAX 1024  /* of these, refused by the disk and to be tried again */
#define STORE_RETRY_MS 5000
#define STORE_BUSY_MS 2000 /* wait for another program's lock on the database */

struct store_options {
    const char *dir;   /* borrowed until return of store_open */
    int64_t page_max;  /* largest database in pages of 4 KiB, 0 no limit */
    int32_t busy_ms;   /* wait for another program's lock on the database */
    bool may_be_empty; /* a damaged database is set aside even when no site document is left in it */
};

struct store;
struct db;
struct db_by;

/* What a start needs to know. */
struct store_loaded {
    char *document; /* newest site document, allocated, given back with free; NULL none was imported */
    uint64_t epoch; /* newest, 0 none */
    int64_t longest_lease_ms;
    bool is_foreign; /* as in mev_start; so all that follow */
    bool is_fenced;
    bool has_issued;
    uint16_t issued_n;
    uint64_t issued[EPOCH_ISSUED_MAX];
};

/* Something that people or the shell want from the database: a change or a question, carried out on the worker in a transaction of its own. */
struct store_order {
    struct store_order *next; /* inside, as `rc` */
    enum rc rc;
    enum rc (*run)(struct store_order *order, struct db *db, int64_t utc_ms); /* on the worker; anything but RC_OK is rolled back */
    void (*done)(struct store_order *order, enum rc rc);                      /* on the loop; RC_IO: the disk has refused */
};

/* Open or create manager.db and manager.state in a directory. Blocks. Give back with store_close (started) or store_free (not).
 *
 * RC_IO         one of them cannot be opened: logged; *out is NULL
 * RC_MALFORMED  one of them is damaged beyond use, or of a newer program: logged; *out is NULL
 */
MUST_USE enum rc store_open(struct store **out, const struct store_options *options);

/* True when the database was damaged and set aside at the opening. */
bool store_was_damaged(const struct store *s);

/* Newest document, epochs and rivals. Blocks; before store_start only.
 *
 * RC_IO  the database cannot be read: logged
 */
MUST_USE enum rc store_load(struct store *s, struct store_loaded *out);

/* What is remembered of each wallbox of the site; what is remembered of others is forgotten when there is no room for both. Before store_start only. out is [site->box_n]. */
void store_known(struct store *s, const struct site *site, struct mev_known *out);

/* Add a site document to the history. Blocks; before store_start only.
 *
 * by         who and why; NULL: nobody said
 *
 * RC_IO      not stored: logged
 */
MUST_USE enum rc store_add_document(struct store *s, const char *text, const struct db_by *by, int64_t utc_ms);

/* What is known of the manager whose identity is imported. */
struct store_met {
    uint64_t epoch; /* newest that is known of it, 0 none */
    int64_t longest_lease_ms;
    uint16_t box_n;
    const char *serial[BOX_MAX]; /* wallboxes that it has met, borrowed */
    bool is_unwatched[BOX_MAX];  /* as in mev_known */
};

/* From the next start on, be the manager whose identity was imported and who may still be at work: its epochs count as passed, and each of its
 * wallboxes at the most it may draw until it has reported (spec 05 5.2). Blocks; before store_start only.
 *
 * RC_IO  not written: logged
 */
MUST_USE enum rc store_adopt(struct store *s, const struct store_met *met);

/* Carry out an order at once, in a transaction of its own. Blocks; before store_start only. RC_IO: not stored, logged. */
MUST_USE enum rc store_carry_out(struct store *s, struct store_order *order, int64_t utc_ms);

/* Start the worker.
 *
 * on_result  called on the loop for each write with a ticket, in the order of store_put; never from inside store_put
 *
 * RC_IO      no thread: logged
 */
MUST_USE enum rc store_start(struct store *s, uv_loop_t *loop, void (*on_result)(void *user, uint64_t ticket, bool is_stored), void *user);

/* Be told, on the loop, when writing begins to fail and when it works again; `user` is that of store_start. */
void store_on_trouble(struct store *s, void (*on_trouble)(void *user, bool is_failing));

/* Queue a write, copied.
 *
 * serial  of the wallbox that it is about, NULL none
 * text    for an event, NULL none
 *
 * RC_FULL  STORE_QUEUE_MAX writes are waiting: it will not be stored and on_result will not be called
 */
MUST_USE enum rc store_put(struct store *s, const struct mfx_store *what, const char *serial, const char *text);

/* Queue an order behind what is queued, and begin. It is kept until `done` was called. */
void store_order(struct store *s, struct store_order *order);

/* Begin to write what is queued; it joins the next transaction when one is under way. */
void store_flush(struct store *s);

/* Transactions so far, and writes kept because the disk refuses them, for figures. */
uint64_t store_transactions_n(const struct store *s);
uint16_t store_kept_n(const struct store *s);

/* Write what is queued, give results, end the worker, free the memory, then call on_closed (may be NULL) on the loop. */
void store_close(struct store *s, void (*on_closed)(void *user), void *user);

/* Free a store that was never started. NULL is harmless. */
void store_free(struct store *s);
