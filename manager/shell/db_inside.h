/* Inside of db: what the files that together are db share. Nobody else includes this. */
#pragma once

#include "manager/shell/db.h"

/* SQL of each statement. */
extern const char *const db_sql[DB_STATEMENTS];

/* Translate and keep SQLite's text. */
MUST_USE enum rc db_failed(struct db *d);

/* Run a statement that returns no rows; its bindings are cleared. */
MUST_USE enum rc db_run(struct db *d, enum db_statement which);

/* Next row of a statement. RC_MISSING: there is none. Whatever the answer, db_end follows in the end. */
MUST_USE enum rc db_next(struct db *d, enum db_statement which);
void db_end(struct db *d, enum db_statement which);

/* Bind a value to a place; unset clocks, NULL texts and no bytes stay NULL. What is bound is borrowed until the statement was run. */
void db_bind_int(struct db *d, enum db_statement which, int place, int64_t value);
void db_bind_utc(struct db *d, enum db_statement which, int place, int64_t utc_ms);
void db_bind_text(struct db *d, enum db_statement which, int place, const char *text);
void db_bind_bytes(struct db *d, enum db_statement which, int place, const uint8_t *bytes, int len);

/* Give an ended session the prices that were valid at a moment, and its cost. One without prices or whose energies cannot be right has none. */
MUST_USE enum rc db_price_session(struct db *d, const uint8_t session[SESSION_ID_LEN], int64_t at_utc_ms);

/* Work its cost out again, by the prices it has, after the mix of a quarter hour has become known. */
MUST_USE enum rc db_reprice_session(struct db *d, const uint8_t session[SESSION_ID_LEN], int64_t utc_ms);
