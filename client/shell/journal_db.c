#include "client/shell/journal_db.h"

#include <stdio.h>

#include "client/shell/journal_schema.h"
#include "common/base/text.h"
#include "common/os/log.h"

#define BUSY_MS 2000 /* how long another program's lock is waited for */
#define TEXT_OF(x) TEXT_OF_VALUE(x)
#define TEXT_OF_VALUE(x) #x
#define COLUMNS                                                                                                                                                \
    "id, start_utc_ms, start_boot_ms, start_boot_id, start_wh, last_utc_ms, last_boot_ms, last_boot_id, last_wh, card_uid, end_reason, first_quarter_utc_ms, " \
    "vehicle"

/* The last moment belongs to the boot that wrote it first: a session that ends without a new moment keeps the boot as well. */
static const char *const statement_sql[JDB_STATEMENTS] = {
    [JDB_BEGIN] = "BEGIN IMMEDIATE",
    [JDB_COMMIT] = "COMMIT",
    [JDB_ROLLBACK] = "ROLLBACK",
    [JDB_PUT] = "INSERT INTO session (" COLUMNS ", state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
                " ON CONFLICT (id) DO UPDATE SET start_utc_ms = excluded.start_utc_ms, last_utc_ms = excluded.last_utc_ms,"
                " last_boot_id = iif(last_boot_ms = excluded.last_boot_ms, last_boot_id, excluded.last_boot_id),"
                " last_boot_ms = excluded.last_boot_ms, last_wh = excluded.last_wh, card_uid = excluded.card_uid, end_reason = excluded.end_reason,"
                " first_quarter_utc_ms = excluded.first_quarter_utc_ms, vehicle = excluded.vehicle, state = excluded.state WHERE state = 'open'",
    [JDB_PUT_QUARTER] = "INSERT INTO session_quarter (session_id, quarter, energy_wh) VALUES (?1, ?2, ?3)"
                        " ON CONFLICT (session_id, quarter) DO UPDATE SET energy_wh = excluded.energy_wh WHERE energy_wh <> excluded.energy_wh",
    [JDB_CLOSE_OTHERS] = "UPDATE session SET state = 'finished', end_reason = 'power_loss' WHERE state = 'open' AND id <> ?1",
    [JDB_ACK] = "UPDATE session SET state = 'acked' WHERE id = ?1 AND state = 'finished'",
    [JDB_TRIM] = "DELETE FROM session WHERE state = 'acked' AND number <="
                 " (SELECT number FROM session WHERE state = 'acked' ORDER BY number DESC LIMIT 1 OFFSET " TEXT_OF(JOURNAL_DB_ACKED_MAX) ")",
    [JDB_OLDEST] = "SELECT " COLUMNS " FROM session WHERE state = 'finished' ORDER BY number LIMIT 1",
    [JDB_NEWEST] = "SELECT " COLUMNS " FROM session WHERE state = 'open' ORDER BY number DESC LIMIT 1",
    [JDB_CARD_CLEAR] = "DELETE FROM card",
    [JDB_CARD_PUT] = "INSERT INTO card (uid, kind, colour, is_local, is_blocked, expires_utc_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [JDB_CARD_ALL] = "SELECT uid, kind, colour, is_local, is_blocked, expires_utc_ms FROM card ORDER BY uid",
    [JDB_VEHICLE_CLEAR] = "DELETE FROM vehicle",
    [JDB_VEHICLE_PUT] = "INSERT INTO vehicle (identity, is_local, is_blocked, expires_utc_ms) VALUES (?1, ?2, ?3, ?4)",
    [JDB_VEHICLE_ALL] = "SELECT identity, is_local, is_blocked, expires_utc_ms FROM vehicle ORDER BY identity",
    [JDB_FAULT_RAISE] = "INSERT INTO fault (code, is_open, raised_utc_ms, raised_boot_ms, raised_boot_id) VALUES (?1, 1, ?2, ?3, ?4)",
    [JDB_FAULT_CLEAR] = "UPDATE fault SET is_open = 0, cleared_utc_ms = ?2, cleared_boot_ms = ?3, cleared_boot_id = ?4 WHERE code = ?1 AND is_open = 1",
    [JDB_FAULT_CLOSE] = "UPDATE fault SET is_open = 0 WHERE is_open = 1",
    [JDB_FAULT_TRIM] = "DELETE FROM fault WHERE number <= (SELECT number FROM fault ORDER BY number DESC LIMIT 1 OFFSET " TEXT_OF(JOURNAL_DB_FAULT_MAX) ")",
    [JDB_QUARTERS] = "SELECT quarter, energy_wh FROM session_quarter WHERE session_id = ?1 ORDER BY quarter",
};

enum rc journal_db_failed(struct journal_db *d)
{
    int code = sqlite3_errcode(d->handle) & 0xff;

    (void)snprintf(d->why, sizeof d->why, "%s", sqlite3_errmsg(d->handle));
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? RC_MALFORMED : RC_IO;
}

static enum rc execute(struct journal_db *d, const char *sql)
{
    return sqlite3_exec(d->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? RC_OK : journal_db_failed(d);
}

/* First column of the first row of a PRAGMA, as a number. */
static enum rc read_int(struct journal_db *d, const char *sql, int64_t *out)
{
    sqlite3_stmt *s = NULL;
    enum rc rc = RC_OK;

    if (sqlite3_prepare_v2(d->handle, sql, -1, &s, NULL) != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW) {
        rc = journal_db_failed(d);
    } else {
        *out = sqlite3_column_int64(s, 0);
    }
    (void)sqlite3_finalize(s);
    return rc;
}

/* Look at the whole file, which takes milliseconds: better no wallbox than one that builds upon damage. */
static enum rc inspect(struct journal_db *d)
{
    sqlite3_stmt *s = NULL;
    enum rc rc = RC_OK;

    if (sqlite3_prepare_v2(d->handle, "PRAGMA quick_check(1)", -1, &s, NULL) != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW) {
        rc = journal_db_failed(d);
    } else if (!text_same((const char *)sqlite3_column_text(s, 0), "ok")) {
        (void)snprintf(d->why, sizeof d->why, "damaged: %s", (const char *)sqlite3_column_text(s, 0));
        rc = RC_MALFORMED;
    }
    (void)sqlite3_finalize(s);
    return rc;
}

static enum rc migrate(struct journal_db *d, int64_t version)
{
    enum rc rc = RC_OK;

    for (int64_t i = version; i < journal_schema_steps_n && rc == RC_OK; i++) {
        char mark[64];

        (void)snprintf(mark, sizeof mark, "PRAGMA user_version = %lld", (long long)i + 1);
        rc = execute(d, "BEGIN IMMEDIATE");
        rc = rc == RC_OK ? execute(d, journal_schema_steps[i]) : rc;
        rc = rc == RC_OK ? execute(d, mark) : rc;
        rc = rc == RC_OK ? execute(d, "COMMIT") : rc;
        if (rc != RC_OK && sqlite3_get_autocommit(d->handle) == 0) {
            (void)sqlite3_exec(d->handle, "ROLLBACK", NULL, NULL, NULL); /* the first failure is the one to report */
        }
    }
    return rc;
}

static enum rc prepare(struct journal_db *d)
{
    for (int i = 0; i < JDB_STATEMENTS; i++) {
        if (sqlite3_prepare_v3(d->handle, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT, &d->statement[i], NULL) != SQLITE_OK) {
            return journal_db_failed(d);
        }
    }
    return RC_OK;
}

/* Nothing is written before the file was found to be ours and whole. */
static enum rc set_up(struct journal_db *d)
{
    int64_t version = 0;
    enum rc rc;

    (void)sqlite3_busy_timeout(d->handle, BUSY_MS);
    rc = read_int(d, "PRAGMA user_version", &version);
    if (rc == RC_OK && (version < 0 || version > journal_schema_steps_n)) {
        (void)snprintf(d->why, sizeof d->why, "its tables are of version %lld, this program knows up to %d", (long long)version, journal_schema_steps_n);
        return RC_MALFORMED;
    }
    rc = rc == RC_OK ? inspect(d) : rc;
    rc = rc == RC_OK ? execute(d, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
                                  " PRAGMA journal_size_limit = 1048576")
                     : rc;
    rc = rc == RC_OK ? migrate(d, version) : rc;
    return rc == RC_OK ? prepare(d) : rc;
}

enum rc journal_db_open(struct journal_db *d, const char *path)
{
    enum rc rc;

    *d = (struct journal_db){0};
    if (sqlite3_open_v2(path, &d->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        rc = d->handle != NULL ? journal_db_failed(d) : RC_IO;
    } else {
        rc = set_up(d);
    }
    if (rc != RC_OK) {
        log_err("database path=%s why=\"%s\"", path, d->why[0] != '\0' ? d->why : "no memory");
        if (rc == RC_MALFORMED) { /* keep what its last program left beside it, too */
            (void)sqlite3_db_config(d->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        }
        journal_db_close(d);
    }
    return rc;
}

void journal_db_close(struct journal_db *d)
{
    for (int i = 0; i < JDB_STATEMENTS; i++) {
        (void)sqlite3_finalize(d->statement[i]);
        d->statement[i] = NULL;
    }
    (void)sqlite3_close(d->handle); /* nothing is open on it any more */
    d->handle = NULL;
}
