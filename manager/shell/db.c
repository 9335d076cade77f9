#include "manager/shell/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/os/log.h"
#include "manager/shell/schema.h"

static const char *const statement_sql[DB_STATEMENTS] = {
    [DB_BEGIN] = "BEGIN IMMEDIATE",
    [DB_COMMIT] = "COMMIT",
    [DB_ROLLBACK] = "ROLLBACK",
    [DB_DOCUMENT_ADD] = "INSERT INTO site_document (utc_ms, document) VALUES (?1, ?2)",
    [DB_DOCUMENT_NEWEST] = "SELECT document FROM site_document ORDER BY number DESC LIMIT 1",
    [DB_BOX] = "INSERT INTO wallbox (serial, fallback_ma, has_met, changed_utc_ms) VALUES (?1, ?2, 1, ?3)"
               " ON CONFLICT (serial) DO UPDATE SET fallback_ma = ?2, has_met = 1, changed_utc_ms = ?3",
    [DB_SESSION_START] = "INSERT INTO session (id, serial, state, start_utc_ms, start_wh, card_uid, received_utc_ms)"
                         " VALUES (?1, ?2, 'open', ?3, ?4, ?5, ?6) ON CONFLICT (id) DO NOTHING",
    [DB_SESSION_STOP] = "INSERT INTO session (id, serial, state, start_utc_ms, stop_utc_ms, start_wh, stop_wh, card_uid, end_reason,"
                        " first_quarter_utc_ms, received_utc_ms) VALUES (?1, ?2, 'closed', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
                        " ON CONFLICT (id) DO UPDATE SET state = 'closed', start_utc_ms = coalesce(?3, start_utc_ms), stop_utc_ms = ?4,"
                        " start_wh = ?5, stop_wh = ?6, card_uid = ?7, end_reason = ?8, first_quarter_utc_ms = ?9, received_utc_ms = ?10"
                        " WHERE state = 'open'",
    [DB_QUARTER] = "INSERT INTO session_quarter (session_id, quarter, energy_wh) VALUES (?1, ?2, ?3)",
    [DB_EVENT] = "INSERT INTO event (utc_ms, kind, serial, code, text) VALUES (?1, ?2, ?3, ?4, ?5)",
    [DB_EPOCH] = "INSERT INTO manager_epoch (epoch, longest_lease_ms, utc_ms) VALUES (?1, ?2, ?3)"
                 " ON CONFLICT (epoch) DO UPDATE SET longest_lease_ms = ?2, utc_ms = ?3",
    [DB_EPOCH_NEWEST] = "SELECT coalesce(max(epoch), 0), coalesce(max(longest_lease_ms), 0) FROM manager_epoch",
};

/* Translate and keep SQLite's text. */
static enum rc failed(struct db *d)
{
    int code = sqlite3_errcode(d->handle) & 0xff;

    (void)snprintf(d->why, sizeof d->why, "%s", sqlite3_errmsg(d->handle));
    d->is_blocked = code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_IOERR || code == SQLITE_CORRUPT || code == SQLITE_NOTADB ||
                    code == SQLITE_READONLY || code == SQLITE_CANTOPEN || code == SQLITE_NOMEM;
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? RC_MALFORMED : RC_IO;
}

/* Run a statement that returns no rows. */
static enum rc run(struct db *d, enum db_statement which)
{
    sqlite3_stmt *s = d->statement[which];
    int code = sqlite3_step(s);
    enum rc rc = code == SQLITE_DONE ? RC_OK : failed(d);

    (void)sqlite3_reset(s); /* repeats the code of the step */
    (void)sqlite3_clear_bindings(s);
    return rc;
}

/* Binding fails only for a place that is not in the statement or for want of memory; the step then writes NULL into a NOT NULL column or
 * the CHECK below stops us. */
static void bind_int(struct db *d, enum db_statement which, int place, int64_t value)
{
    CHECK(sqlite3_bind_int64(d->statement[which], place, value) == SQLITE_OK);
}

static void bind_utc(struct db *d, enum db_statement which, int place, int64_t utc_ms)
{
    if (utc_ms != CLOCK_UNSET_UTC_MS) {
        bind_int(d, which, place, utc_ms);
    }
}

static void bind_text(struct db *d, enum db_statement which, int place, const char *text)
{
    if (text != NULL) {
        CHECK(sqlite3_bind_text(d->statement[which], place, text, -1, SQLITE_STATIC) == SQLITE_OK);
    }
}

static void bind_bytes(struct db *d, enum db_statement which, int place, const uint8_t *bytes, int len)
{
    if (len > 0) {
        CHECK(sqlite3_bind_blob(d->statement[which], place, bytes, len, SQLITE_STATIC) == SQLITE_OK);
    }
}

static enum rc execute(struct db *d, const char *sql)
{
    return sqlite3_exec(d->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? RC_OK : failed(d);
}

static enum rc read_int(struct db *d, const char *sql, int64_t *out)
{
    sqlite3_stmt *s = NULL;
    enum rc rc = RC_OK;

    if (sqlite3_prepare_v2(d->handle, sql, -1, &s, NULL) != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW) {
        rc = failed(d);
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
        if (sqlite3_prepare_v3(d->handle, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT, &d->statement[i], NULL) != SQLITE_OK) {
            return failed(d);
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
        rc = d->handle != NULL ? failed(d) : RC_IO;
    } else {
        rc = set_up(d, page_max, busy_ms);
    }
    if (rc != RC_OK) {
        log_err("database path=%s why=\"%s\"", path, d->why[0] != '\0' ? d->why : "no memory");
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
    return run(d, DB_BEGIN);
}

void db_rollback(struct db *d)
{
    if (sqlite3_get_autocommit(d->handle) == 0) {
        (void)run(d, DB_ROLLBACK); /* the failure that led here is the one to report */
    }
}

enum rc db_commit(struct db *d)
{
    enum rc rc = run(d, DB_COMMIT);
    char why[sizeof d->why];

    if (rc != RC_OK) {
        memcpy(why, d->why, sizeof why);
        db_rollback(d);
        memcpy(d->why, why, sizeof why);
    }
    return rc;
}

enum rc db_add_document(struct db *d, const char *text, int64_t utc_ms)
{
    bind_utc(d, DB_DOCUMENT_ADD, 1, utc_ms);
    bind_text(d, DB_DOCUMENT_ADD, 2, text);
    return run(d, DB_DOCUMENT_ADD);
}

enum rc db_newest_document(struct db *d, char **out)
{
    sqlite3_stmt *s = d->statement[DB_DOCUMENT_NEWEST];
    int code = sqlite3_step(s);
    enum rc rc = RC_OK;

    if (code == SQLITE_DONE) {
        rc = RC_MISSING;
    } else if (code != SQLITE_ROW) {
        rc = failed(d);
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

enum rc db_put_box(struct db *d, const char *serial, int32_t fallback_ma, int64_t utc_ms)
{
    bind_text(d, DB_BOX, 1, serial);
    if (fallback_ma >= 0) {
        bind_int(d, DB_BOX, 2, fallback_ma);
    }
    bind_utc(d, DB_BOX, 3, utc_ms);
    return run(d, DB_BOX);
}

/* A moment that the client's clock told, or the receipt minus the age it counted. */
static int64_t dated_ms(int64_t told_utc_ms, int64_t age_ms, int64_t utc_ms)
{
    if (told_utc_ms != CLOCK_UNSET_UTC_MS) {
        return told_utc_ms;
    }
    return utc_ms != CLOCK_UNSET_UTC_MS && age_ms <= utc_ms ? utc_ms - age_ms : CLOCK_UNSET_UTC_MS;
}

enum rc db_start_session(struct db *d, const char *serial, const struct msg_session_started *m, int64_t utc_ms)
{
    bind_bytes(d, DB_SESSION_START, 1, m->session.at, SESSION_ID_LEN);
    bind_text(d, DB_SESSION_START, 2, serial);
    bind_utc(d, DB_SESSION_START, 3, dated_ms(m->start_utc_ms, m->start_age_ms, utc_ms));
    bind_int(d, DB_SESSION_START, 4, m->start_wh);
    bind_bytes(d, DB_SESSION_START, 5, m->uid.at, m->uid.len);
    bind_utc(d, DB_SESSION_START, 6, utc_ms);
    return run(d, DB_SESSION_START);
}

enum rc db_stop_session(struct db *d, const char *serial, const struct msg_session_record *m, int64_t utc_ms)
{
    enum rc rc;

    bind_bytes(d, DB_SESSION_STOP, 1, m->session.at, SESSION_ID_LEN);
    bind_text(d, DB_SESSION_STOP, 2, serial);
    bind_utc(d, DB_SESSION_STOP, 3, dated_ms(m->start_utc_ms, m->start_age_ms, utc_ms));
    bind_utc(d, DB_SESSION_STOP, 4, dated_ms(m->stop_utc_ms, m->stop_age_ms, utc_ms));
    bind_int(d, DB_SESSION_STOP, 5, m->start_wh);
    bind_int(d, DB_SESSION_STOP, 6, m->stop_wh);
    bind_bytes(d, DB_SESSION_STOP, 7, m->uid.at, m->uid.len);
    bind_text(d, DB_SESSION_STOP, 8, db_end_text(m->end));
    bind_utc(d, DB_SESSION_STOP, 9, m->first_quarter_utc_ms);
    bind_utc(d, DB_SESSION_STOP, 10, utc_ms);
    rc = run(d, DB_SESSION_STOP);
    if (rc != RC_OK || sqlite3_changes(d->handle) == 0) {
        return rc; /* failed, or the same record once more: it counts once */
    }
    for (uint16_t i = 0; i < m->quarter_n && rc == RC_OK; i++) {
        bind_bytes(d, DB_QUARTER, 1, m->session.at, SESSION_ID_LEN);
        bind_int(d, DB_QUARTER, 2, i);
        bind_int(d, DB_QUARTER, 3, m->quarter_wh[i]);
        rc = run(d, DB_QUARTER);
    }
    return rc;
}

enum rc db_add_event(struct db *d, const struct db_event *event, int64_t utc_ms)
{
    bind_utc(d, DB_EVENT, 1, utc_ms);
    bind_text(d, DB_EVENT, 2, event->kind);
    bind_text(d, DB_EVENT, 3, event->serial);
    bind_int(d, DB_EVENT, 4, event->code);
    bind_text(d, DB_EVENT, 5, event->text);
    return run(d, DB_EVENT);
}

enum rc db_add_epoch(struct db *d, uint64_t epoch, int64_t longest_lease_ms, int64_t utc_ms)
{
    bind_int(d, DB_EPOCH, 1, (int64_t)epoch);
    bind_int(d, DB_EPOCH, 2, longest_lease_ms);
    bind_utc(d, DB_EPOCH, 3, utc_ms);
    return run(d, DB_EPOCH);
}

enum rc db_newest_epoch(struct db *d, uint64_t *out_epoch, int64_t *out_longest_lease_ms)
{
    sqlite3_stmt *s = d->statement[DB_EPOCH_NEWEST];
    enum rc rc = RC_OK;

    if (sqlite3_step(s) != SQLITE_ROW) {
        rc = failed(d);
    } else {
        *out_epoch = (uint64_t)sqlite3_column_int64(s, 0);
        *out_longest_lease_ms = sqlite3_column_int64(s, 1);
    }
    (void)sqlite3_reset(s); /* repeats the code of the step */
    return rc;
}

const char *db_end_text(enum end_reason end)
{
    switch (end) {
    case END_UNPLUGGED:
        return "unplugged";
    case END_CARD:
        return "card";
    case END_COMMAND:
        return "command";
    case END_FAULT:
        return "fault";
    case END_POWER_LOSS:
        return "power_loss";
    case END_UNSET:
    case END_N:
        break;
    }
    return "unknown";
}
