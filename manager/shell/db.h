/* manager.db: history of the site, sessions, events and epochs in SQLite. Everything here blocks; it is called at the start by the loop and
 * then by the store's worker only.
 *
 * Decided here: the statements and that a session is counted once by its id. Not here: when to write and what a failure means (store),
 * the tables (schema).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "common/base/limits.h"
#include "common/base/rc.h"
#include "proto/msg.h"

enum db_statement {
    DB_BEGIN,
    DB_COMMIT,
    DB_ROLLBACK,
    DB_DOCUMENT_ADD,
    DB_DOCUMENT_NEWEST,
    DB_BOX,
    DB_SESSION_START,
    DB_SESSION_STOP,
    DB_QUARTER,
    DB_EVENT,
    DB_EPOCH,
    DB_EPOCH_NEWEST,
    DB_STATEMENTS
};

struct db {
    sqlite3 *handle;
    sqlite3_stmt *statement[DB_STATEMENTS];
    char why[160];   /* SQLite's text of the last failure */
    bool is_blocked; /* the last failure was of the whole database, not of one row: locked, full, damaged */
};

struct db_event {
    const char *kind;
    const char *serial; /* NULL none */
    const char *text;   /* NULL none */
    int32_t code;
};

/* Open or create the database and bring its tables up to date.
 *
 * page_max  largest size in pages of 4 KiB, 0 no limit
 * busy_ms   how long to wait for another program's lock
 *
 * RC_MALFORMED  it is no database, is damaged, or was written by a newer version: one line logged
 * RC_IO         it cannot be opened or written: one line logged
 */
MUST_USE enum rc db_open(struct db *d, const char *path, int64_t page_max, int32_t busy_ms);

/* Harmless when not open. */
void db_close(struct db *d);

/* One transaction. A failure leaves db.why and db.is_blocked; the caller decides whether to log.
 *
 * RC_IO  it did not work; after a failed db_commit the transaction was rolled back
 */
MUST_USE enum rc db_begin(struct db *d);
MUST_USE enum rc db_commit(struct db *d);
void db_rollback(struct db *d);

/* Inside or outside of a transaction. utc_ms is CLOCK_UNSET_UTC_MS when no clock knows. RC_IO as above. */
MUST_USE enum rc db_add_document(struct db *d, const char *text, int64_t utc_ms);
MUST_USE enum rc db_put_box(struct db *d, const char *serial, int32_t fallback_ma, int64_t utc_ms);
MUST_USE enum rc db_start_session(struct db *d, const char *serial, const struct msg_session_started *m, int64_t utc_ms);
MUST_USE enum rc db_stop_session(struct db *d, const char *serial, const struct msg_session_record *m, int64_t utc_ms);
MUST_USE enum rc db_add_event(struct db *d, const struct db_event *event, int64_t utc_ms);
MUST_USE enum rc db_add_epoch(struct db *d, uint64_t epoch, int64_t longest_lease_ms, int64_t utc_ms);

/* Newest site document.
 *
 * *out  allocated, given back with free
 *
 * RC_MISSING  there is none
 */
MUST_USE enum rc db_newest_document(struct db *d, char **out);

/* Highest epoch and the longest lease of all. Both 0 when there is none. */
MUST_USE enum rc db_newest_epoch(struct db *d, uint64_t *out_epoch, int64_t *out_longest_lease_ms);

/* Why a session ended, as stored and shown: "unplugged", "card", ... */
const char *db_end_text(enum end_reason end);
