#include "manager/shell/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "manager/shell/db_inside.h"
#include "manager/shell/schema.h"

/* Translate and keep SQLite's text. */
enum rc db_failed(struct db *d)
{
    int code = sqlite3_errcode(d->handle) & 0xff;

    (void)snprintf(d->why, sizeof d->why, "%s", sqlite3_errmsg(d->handle));
    d->is_blocked = code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_IOERR || code == SQLITE_CORRUPT || code == SQLITE_NOTADB ||
                    code == SQLITE_READONLY || code == SQLITE_CANTOPEN || code == SQLITE_NOMEM;
    d->is_damaged = d->is_damaged || code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? RC_MALFORMED : RC_IO;
}

/* Run a statement that returns no rows. */
enum rc db_run(struct db *d, enum db_statement which)
{
    sqlite3_stmt *s = d->statement[which];
    int code = sqlite3_step(s);
    enum rc rc = code == SQLITE_DONE ? RC_OK : db_failed(d);

    (void)sqlite3_reset(s); /* repeats the code of the step */
    (void)sqlite3_clear_bindings(s);
    return rc;
}

enum rc db_next(struct db *d, enum db_statement which)
{
    int code = sqlite3_step(d->statement[which]);

    if (code == SQLITE_ROW) {
        return RC_OK;
    }
    return code == SQLITE_DONE ? RC_MISSING : db_failed(d);
}

void db_end(struct db *d, enum db_statement which)
{
    (void)sqlite3_reset(d->statement[which]); /* repeats the code of the step */
    (void)sqlite3_clear_bindings(d->statement[which]);
}

/* Binding fails only for a place that is not in the statement or for want of memory; the step then writes NULL into a NOT NULL column or
 * the CHECK below stops us. */
void db_bind_int(struct db *d, enum db_statement which, int place, int64_t value)
{
    CHECK(sqlite3_bind_int64(d->statement[which], place, value) == SQLITE_OK);
}

void db_bind_utc(struct db *d, enum db_statement which, int place, int64_t utc_ms)
{
    if (utc_ms != CLOCK_UNSET_UTC_MS) {
        db_bind_int(d, which, place, utc_ms);
    }
}

void db_bind_text(struct db *d, enum db_statement which, int place, const char *text)
{
    if (text != NULL) {
        CHECK(sqlite3_bind_text(d->statement[which], place, text, -1, SQLITE_STATIC) == SQLITE_OK);
    }
}

void db_bind_bytes(struct db *d, enum db_statement which, int place, const uint8_t *bytes, int len)
{
    if (len > 0) {
        CHECK(sqlite3_bind_blob(d->statement[which], place, bytes, len, SQLITE_STATIC) == SQLITE_OK);
    }
}

static enum rc execute(struct db *d, const char *sql)
{
    return sqlite3_exec(d->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? RC_OK : db_failed(d);
}

static enum rc read_int(struct db *d, const char *sql, int64_t *out)
{
    sqlite3_stmt *s = NULL;
    enum rc rc = RC_OK;

    if (sqlite3_prepare_v2(d->handle, sql, -1, &s, NULL) != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW) {
        rc = db_failed(d);
    } else {
        *out = sqlite3_column_int64(s, 0);
    }
    (void)sqlite3_finalize(s);
    return rc;
}

static enum rc migrate(struct db *d)
{
    int64_t version = 0;
    enum rc rc = read_int(d, "PRAGMA user_version", &version);

    if (rc == RC_OK && (version < 0 || version > schema_steps_n)) {
        d->is_newer = true;
        (void)snprintf(d->why, sizeof d->why, "its tables are of version %lld, this program knows up to %d", (long long)version, schema_steps_n);
        return RC_MALFORMED;
    }
    for (int64_t i = version; i < schema_steps_n && rc == RC_OK; i++) {
        char mark[64];

        (void)snprintf(mark, sizeof mark, "PRAGMA user_version = %lld", (long long)i + 1);
        rc = execute(d, "BEGIN IMMEDIATE");
        rc = rc == RC_OK ? execute(d, schema_steps[i]) : rc;
        rc = rc == RC_OK ? execute(d, mark) : rc;
        rc = rc == RC_OK ? execute(d, "COMMIT") : rc;
        if (rc != RC_OK && sqlite3_get_autocommit(d->handle) == 0) {
            (void)sqlite3_exec(d->handle, "ROLLBACK", NULL, NULL, NULL); /* the first failure is the one to report */
        }
    }
    return rc;
}

static enum rc prepare(struct db *d)
{
    for (int i = 0; i < DB_STATEMENTS; i++) {
        if (sqlite3_prepare_v3(d->handle, db_sql[i], -1, SQLITE_PREPARE_PERSISTENT, &d->statement[i], NULL) != SQLITE_OK) {
            return db_failed(d);
        }
    }
    return RC_OK;
}

static enum rc set_up(struct db *d, int64_t page_max, int32_t busy_ms)
{
    char limit[64];
    enum rc rc;

    (void)sqlite3_busy_timeout(d->handle, busy_ms);
    rc = execute(d, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
                    " PRAGMA journal_size_limit = 4194304");
    rc = rc == RC_OK ? migrate(d) : rc;
    rc = rc == RC_OK ? prepare(d) : rc;
    if (rc == RC_OK && page_max > 0) {
        (void)snprintf(limit, sizeof limit, "PRAGMA max_page_count = %lld", (long long)page_max);
        rc = execute(d, limit);
    }
    return rc;
}

enum rc db_open(struct db *d, const char *path, int64_t page_max, int32_t busy_ms)
{
    enum rc rc;

    *d = (struct db){0};
    if (sqlite3_open_v2(path, &d->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        rc = d->handle != NULL ? db_failed(d) : RC_IO;
    } else {
        rc = set_up(d, page_max, busy_ms);
    }
    if (rc != RC_OK) {
        if (d->why[0] == '\0') {
            (void)snprintf(d->why, sizeof d->why, "no memory");
        }
        db_close(d);
    }
    return rc;
}

void db_close(struct db *d)
{
    for (int i = 0; i < DB_STATEMENTS; i++) {
        (void)sqlite3_finalize(d->statement[i]);
        d->statement[i] = NULL;
    }
    (void)sqlite3_close(d->handle); /* nothing is open on it any more */
    d->handle = NULL;
}

enum rc db_begin(struct db *d)
{
    return db_run(d, DB_BEGIN);
}

void db_rollback(struct db *d)
{
    if (sqlite3_get_autocommit(d->handle) == 0) {
        rc_ignore(db_run(d, DB_ROLLBACK)); /* the failure that led here is the one to report */
    }
}

enum rc db_commit(struct db *d)
{
    enum rc rc = db_run(d, DB_COMMIT);
    char why[sizeof d->why];

    if (rc != RC_OK) {
        memcpy(why, d->why, sizeof why);
        db_rollback(d);
        memcpy(d->why, why, sizeof why);
    }
    return rc;
}

enum rc db_add_document(struct db *d, const char *text, const struct db_by *by, int64_t utc_ms)
{
    db_bind_utc(d, DB_DOCUMENT_ADD, 1, utc_ms);
    db_bind_text(d, DB_DOCUMENT_ADD, 2, text);
    db_bind_text(d, DB_DOCUMENT_ADD, 3, by != NULL ? by->who : NULL);
    db_bind_text(d, DB_DOCUMENT_ADD, 4, by != NULL ? by->why : NULL);
    return db_run(d, DB_DOCUMENT_ADD);
}

enum rc db_newest_document(struct db *d, char **out)
{
    sqlite3_stmt *s = d->statement[DB_DOCUMENT_NEWEST];
    int code = sqlite3_step(s);
    enum rc rc = RC_OK;

    if (code == SQLITE_DONE) {
        rc = RC_MISSING;
    } else if (code != SQLITE_ROW) {
        rc = db_failed(d);
    } else {
        char *copy = strdup((const char *)sqlite3_column_text(s, 0));

        rc = copy != NULL ? RC_OK : RC_IO;
        if (copy != NULL) {
            *out = copy;
        }
    }
    (void)sqlite3_reset(s); /* repeats the code of the step */
    return rc;
}

enum rc db_put_box(struct db *d, const char *serial, int32_t fallback_ma, bool is_unwatched, int64_t utc_ms)
{
    db_bind_text(d, DB_BOX, 1, serial);
    if (fallback_ma >= 0) {
        db_bind_int(d, DB_BOX, 2, fallback_ma);
    }
    db_bind_utc(d, DB_BOX, 3, utc_ms);
    db_bind_int(d, DB_BOX, 4, is_unwatched ? 1 : 0);
    return db_run(d, DB_BOX);
}

enum rc db_add_event(struct db *d, const struct db_event *event, int64_t utc_ms)
{
    db_bind_utc(d, DB_EVENT, 1, utc_ms);
    db_bind_text(d, DB_EVENT, 2, event->kind);
    db_bind_text(d, DB_EVENT, 3, event->serial);
    db_bind_int(d, DB_EVENT, 4, event->code);
    db_bind_text(d, DB_EVENT, 5, event->text);
    return db_run(d, DB_EVENT);
}

enum rc db_acknowledge_event(struct db *d, int64_t number, const char *who, int64_t utc_ms)
{
    enum rc rc;

    CHECK(who != NULL);
    db_bind_int(d, DB_EVENT_ACK, 1, number);
    db_bind_text(d, DB_EVENT_ACK, 2, who);
    db_bind_utc(d, DB_EVENT_ACK, 3, utc_ms);
    rc = db_run(d, DB_EVENT_ACK);
    return rc == RC_OK && sqlite3_changes(d->handle) == 0 ? RC_MISSING : rc;
}

enum rc db_add_audit(struct db *d, const struct db_audit *a, int64_t utc_ms)
{
    CHECK(a->who != NULL);
    CHECK(a->what != NULL);
    db_bind_utc(d, DB_AUDIT, 1, utc_ms);
    db_bind_text(d, DB_AUDIT, 2, a->who);
    db_bind_text(d, DB_AUDIT, 3, a->what);
    db_bind_text(d, DB_AUDIT, 4, a->subject);
    db_bind_text(d, DB_AUDIT, 5, a->before);
    db_bind_text(d, DB_AUDIT, 6, a->after);
    return db_run(d, DB_AUDIT);
}

enum rc db_add_epoch(struct db *d, const struct db_epoch *e, int64_t utc_ms)
{
    db_bind_int(d, DB_EPOCH, 1, (int64_t)e->epoch);
    db_bind_int(d, DB_EPOCH, 2, e->longest_lease_ms);
    db_bind_utc(d, DB_EPOCH, 3, utc_ms);
    db_bind_int(d, DB_EPOCH, 4, e->is_foreign ? 1 : 0);
    db_bind_int(d, DB_EPOCH, 5, e->is_fenced ? 1 : 0);
    return db_run(d, DB_EPOCH);
}

enum rc db_newest_epoch(struct db *d, struct db_epoch *out)
{
    struct db_epoch newest = {0};
    enum rc rc = db_next(d, DB_EPOCH_NEWEST);

    if (rc == RC_OK) {
        newest.epoch = (uint64_t)sqlite3_column_int64(d->statement[DB_EPOCH_NEWEST], 0);
        newest.longest_lease_ms = sqlite3_column_int64(d->statement[DB_EPOCH_NEWEST], 1);
    }
    db_end(d, DB_EPOCH_NEWEST);
    if (rc != RC_OK) {
        return rc;
    }
    rc = db_next(d, DB_EPOCH_RIVALS);
    if (rc == RC_OK) {
        newest.is_foreign = sqlite3_column_int(d->statement[DB_EPOCH_RIVALS], 0) != 0;
        newest.is_fenced = sqlite3_column_int(d->statement[DB_EPOCH_RIVALS], 1) != 0;
    }
    db_end(d, DB_EPOCH_RIVALS);
    if (rc == RC_OK || rc == RC_MISSING) {
        *out = newest;
        return RC_OK;
    }
    return rc;
}

enum rc db_issued_epochs(struct db *d, uint64_t *out, uint16_t cap, uint16_t *out_n)
{
    uint16_t n = 0;
    enum rc rc = RC_OK;

    db_bind_int(d, DB_EPOCH_ISSUED, 1, cap);
    while (n < cap && rc == RC_OK) {
        rc = db_next(d, DB_EPOCH_ISSUED);
        if (rc == RC_OK) {
            out[n++] = (uint64_t)sqlite3_column_int64(d->statement[DB_EPOCH_ISSUED], 0);
        }
    }
    db_end(d, DB_EPOCH_ISSUED);
    if (rc != RC_OK && rc != RC_MISSING) {
        return rc;
    }
    for (uint16_t i = 0; i < n / 2; i++) { /* newest first from the table, ascending for the core */
        uint64_t one = out[i];

        out[i] = out[n - 1 - i];
        out[n - 1 - i] = one;
    }
    *out_n = n;
    return RC_OK;
}
