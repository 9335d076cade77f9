/* client.db: the sessions of one wallbox in SQLite (spec 06 6.6). Everything here blocks; it is called at the start by the loop and then by
 * the journal's worker only. Each write is one transaction: it is durable as a whole or not there at all.
 *
 * Decided here: tables and statements, that a session is counted once by its id, how many acknowledged ones stay. Not here: when to write.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "client/core/event.h"
#include "common/base/rc.h"

#define JOURNAL_DB_ACKED_MAX 100  /* sessions that the manager has and that stay here nevertheless */
#define JOURNAL_DB_FAULT_MAX 1000 /* faults that stay */

enum journal_db_statement {
    JDB_BEGIN,
    JDB_COMMIT,
    JDB_ROLLBACK,
    JDB_PUT,
    JDB_PUT_QUARTER,
    JDB_CLOSE_OTHERS,
    JDB_ACK,
    JDB_TRIM,
    JDB_OLDEST,
    JDB_NEWEST,
    JDB_QUARTERS,
    JDB_CARD_CLEAR,
    JDB_CARD_PUT,
    JDB_CARD_ALL,
    JDB_VEHICLE_CLEAR,
    JDB_VEHICLE_PUT,
    JDB_VEHICLE_ALL,
    JDB_FAULT_RAISE,
    JDB_FAULT_CLEAR,
    JDB_FAULT_CLOSE,
    JDB_FAULT_TRIM,
    JDB_STATEMENTS
};

/* Places of a session's columns in a row, counted from 0; a place to bind is one more. */
enum journal_db_column {
    COL_ID,
    COL_START_UTC_MS,
    COL_START_BOOT_MS,
    COL_START_BOOT_ID,
    COL_START_WH,
    COL_LAST_UTC_MS,
    COL_LAST_BOOT_MS,
    COL_LAST_BOOT_ID,
    COL_LAST_WH,
    COL_CARD_UID,
    COL_END_REASON,
    COL_FIRST_QUARTER_UTC_MS,
    COL_VEHICLE,
    COL_STATE
};

/* A fault that came or went. */
struct journal_fault {
    uint16_t code;
    bool is_raised;
    int64_t utc_ms; /* CLOCK_UNSET_UTC_MS unknown */
    int64_t boot_ms;
};

struct journal_db {
    sqlite3 *handle;
    sqlite3_stmt *statement[JDB_STATEMENTS];
    char why[160]; /* text of the last failure */
};

/* Open or create the database and bring its tables up to date.
 *
 * RC_MALFORMED  it is no database, is damaged, or was written by a newer version: one line logged, the file is untouched
 * RC_IO         it cannot be opened, read or written: one line logged
 */
MUST_USE enum rc journal_db_open(struct journal_db *d, const char *path);

/* Harmless when not open. */
void journal_db_close(struct journal_db *d);

/* Keep SQLite's text of what has just failed in d->why, and translate it: RC_MALFORMED when the file is damaged, else RC_IO. */
enum rc journal_db_failed(struct journal_db *d);

/* Store a session as it is now; a finished one (end set) does not change any more. Any other session that is still open, which its end
 * never reached, is finished with what was stored of it.
 *
 * kernel_boot_id  of the machine at this moment
 *
 * RC_IO  nothing of it was stored; d->why says why
 */
MUST_USE enum rc journal_db_put(struct journal_db *d, const struct journal_session *s, uint64_t kernel_boot_id);

/* The manager has this session. RC_IO as above. */
MUST_USE enum rc journal_db_ack(struct journal_db *d, const struct session_id *id);

/* Oldest finished session that is not acknowledged.
 *
 * now_ms, kernel_boot_id  what ages are counted up to; 0 for a moment of another boot
 * out, out_quarter_wh     the record, its quarter hours in the caller's array
 *
 * RC_MISSING  there is none
 * RC_IO       it cannot be read
 */
MUST_USE enum rc journal_db_oldest(struct journal_db *d, int64_t now_ms, uint64_t kernel_boot_id, struct msg_session_record *out,
                                   int32_t out_quarter_wh[QUARTER_MAX]);

/* Replace the list of cards and vehicles by this one. RC_IO as above. */
MUST_USE enum rc journal_db_put_cards(struct journal_db *d, const struct card_list *list);

/* Read it; empty when none was stored. RC_IO as above. */
MUST_USE enum rc journal_db_cards(struct journal_db *d, struct card_list *out);

/* A fault came or went. RC_IO as above. */
MUST_USE enum rc journal_db_fault(struct journal_db *d, const struct journal_fault *fault, uint64_t kernel_boot_id);

/* Faults that the last run left open are over as far as anybody knows. RC_IO as above. */
MUST_USE enum rc journal_db_close_faults(struct journal_db *d);

/* For the statements: run one that returns no rows; end a transaction, all of it when `rc` is RC_OK, else nothing. */
enum rc journal_db_run(struct journal_db *d, enum journal_db_statement which);
enum rc journal_db_finish(struct journal_db *d, enum rc rc);

/* The session that was left open. RC_MISSING, RC_IO as above. */
MUST_USE enum rc journal_db_open_session(struct journal_db *d, struct journal_session *out);
