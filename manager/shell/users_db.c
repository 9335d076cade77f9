#include "manager/shell/users_db.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/os/clock.h"
#include "common/os/log.h"
#include "manager/shell/fields.h"
#include "manager/shell/password.h"

#define BUSY_MS 2000

static const char schema[] = "CREATE TABLE IF NOT EXISTS user (name TEXT PRIMARY KEY, role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),"
                             " password_hash TEXT NOT NULL, must_change INTEGER NOT NULL CHECK (must_change IN (0, 1)), created_utc_ms INTEGER) STRICT;"
                             "CREATE TABLE IF NOT EXISTS token (id TEXT PRIMARY KEY, name TEXT NOT NULL,"
                             " role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')), key_hash BLOB NOT NULL CHECK (length(key_hash) = 32),"
                             " created_utc_ms INTEGER) STRICT;"
                             "CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;";

static enum rc failed(struct users *u)
{
    log_err("users why=\"%s\"", sqlite3_errmsg(u->handle));
    return RC_IO;
}

static enum rc execute(struct users *u, const char *sql)
{
    return sqlite3_exec(u->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? RC_OK : failed(u);
}

enum rc users_db_open(struct users **out, const char *path)
{
    struct users *u = calloc(1, sizeof *u);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600); /* SQLite would make it with the umask's mode */
    enum rc rc = RC_OK;

    if (fd >= 0) {
        (void)close(fd); /* nothing was written to it */
    }
    if (u == NULL || fd < 0) {
        log_err("users path=%s why=\"cannot be made\"", path);
        free(u);
        return RC_IO;
    }
    if (sqlite3_open_v2(path, &u->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        rc = failed(u);
    } else {
        (void)sqlite3_busy_timeout(u->handle, BUSY_MS); /* cannot fail on an open database */
        rc = execute(u, "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF;");
    }
    rc = rc == RC_OK ? execute(u, schema) : rc;
    if (rc != RC_OK) {
        users_close(u);
        return rc;
    }
    *out = u;
    return RC_OK;
}

void users_close(struct users *u)
{
    if (u != NULL) {
        (void)sqlite3_close(u->handle); /* no statement outlives its function */
        free(u);
    }
}

enum rc users_db_begin(struct users *u)
{
    return execute(u, "BEGIN IMMEDIATE");
}

enum rc users_db_end(struct users *u, enum rc rc)
{
    enum rc end = rc == RC_OK ? execute(u, "COMMIT") : RC_OK;

    if ((rc != RC_OK || end != RC_OK) && sqlite3_get_autocommit(u->handle) == 0) {
        rc_ignore(execute(u, "ROLLBACK")); /* the failure that led here is the one to report */
    }
    return rc != RC_OK ? rc : end;
}

/* A statement with its texts; NULL: SQLite refused. */
static sqlite3_stmt *prepare(struct users *u, const char *sql, const char *first, const char *second, const char *third)
{
    const char *const texts[] = {first, second, third};
    sqlite3_stmt *s = NULL;

    if (sqlite3_prepare_v2(u->handle, sql, -1, &s, NULL) != SQLITE_OK) {
        return NULL;
    }
    for (int i = 0; i < 3; i++) {
        if (texts[i] != NULL && sqlite3_bind_text(s, i + 1, texts[i], -1, SQLITE_STATIC) != SQLITE_OK) {
            (void)sqlite3_finalize(s); /* nothing was run */
            return NULL;
        }
    }
    return s;
}

/* Run a statement that gives no rows, and give it back. RC_FULL: a name is taken. RC_MISSING: nothing was changed. */
static enum rc run(struct users *u, sqlite3_stmt *s)
{
    enum rc rc = RC_OK;
    int code = s != NULL ? sqlite3_step(s) : SQLITE_ERROR;

    if ((code & 0xff) == SQLITE_CONSTRAINT) {
        rc = RC_FULL;
    } else if (code != SQLITE_DONE) {
        rc = failed(u);
    } else if (sqlite3_changes(u->handle) == 0) {
        rc = RC_MISSING;
    }
    (void)sqlite3_finalize(s); /* repeats the code of the step */
    return rc;
}

enum rc users_db_put(struct users *u, const char *key, const char *value)
{
    enum rc rc = value != NULL ? run(u, prepare(u, "INSERT OR REPLACE INTO fact (name, value) VALUES (?1, ?2)", key, value, NULL))
                               : run(u, prepare(u, "DELETE FROM fact WHERE name = ?1", key, NULL, NULL));

    return rc == RC_FULL ? RC_IO : rc;
}

/* A text of a row into out; RC_MISSING: longer than that. */
static enum rc column(sqlite3_stmt *s, int place, char *out, size_t out_len)
{
    const char *text = (const char *)sqlite3_column_text(s, place);

    return text != NULL && text_copy(out, out_len, text) == RC_OK ? RC_OK : RC_MISSING;
}

/* One text of the first row, and the statement is given back. */
static enum rc first_text(struct users *u, sqlite3_stmt *s, char *out, size_t out_len)
{
    int code = s != NULL ? sqlite3_step(s) : SQLITE_ERROR;
    enum rc rc = RC_MISSING;

    if (code == SQLITE_ROW) {
        rc = column(s, 0, out, out_len);
    } else if (code != SQLITE_DONE) {
        rc = failed(u);
    }
    (void)sqlite3_finalize(s); /* repeats the code of the step */
    return rc;
}

enum rc users_db_get(struct users *u, const char *key, char *out, size_t out_len)
{
    return first_text(u, prepare(u, "SELECT value FROM fact WHERE name = ?1", key, NULL, NULL), out, out_len);
}

enum rc users_db_first_admin(struct users *u, char out_name[NAME_LEN])
{
    return first_text(u, prepare(u, "SELECT name FROM user WHERE role = 'admin' ORDER BY created_utc_ms, rowid LIMIT 1", NULL, NULL, NULL), out_name, NAME_LEN);
}

enum rc users_db_add(struct users *u, const struct users_row *row, const char *hash)
{
    sqlite3_stmt *s = prepare(u, "INSERT INTO user (name, role, password_hash, must_change, created_utc_ms) VALUES (?1, ?2, ?3, ?4, ?5)", row->name,
                              role_text(row->role), hash);

    if (s != NULL) {
        (void)sqlite3_bind_int(s, 4, row->must_change);      /* left NULL for want of memory, which the table refuses */
        (void)sqlite3_bind_int64(s, 5, row->created_utc_ms); /* left NULL then: unknown */
    }
    return run(u, s);
}

enum rc users_db_change(struct users *u, const char *name, const char *new_name, const char *hash)
{
    return run(u, prepare(u, "UPDATE user SET name = ?2, password_hash = ?3, must_change = 0 WHERE name = ?1", name, new_name, hash));
}

enum rc users_db_first(struct users *u, const char *name, const char *hash)
{
    return run(u, prepare(u, "UPDATE user SET password_hash = ?2 WHERE name = ?1", name, hash, NULL));
}

enum rc users_db_get_user(struct users *u, const char *name, struct users_row *out, char *hash)
{
    sqlite3_stmt *s = prepare(u, "SELECT name, role, must_change, created_utc_ms, password_hash FROM user WHERE name = ?1", name, NULL, NULL);
    int code = s != NULL ? sqlite3_step(s) : SQLITE_ERROR;
    struct users_row row = {0};
    enum rc rc = RC_MISSING;

    if (code == SQLITE_ROW) {
        rc = column(s, 0, row.name, sizeof row.name);
        rc = rc == RC_OK ? column(s, 4, hash, PASSWORD_HASH_LEN) : rc;
        row.role = (enum role)(field_choice(ROLE_CHOICES, (const char *)sqlite3_column_text(s, 1)) + 1);
        row.must_change = sqlite3_column_int(s, 2) != 0;
        row.created_utc_ms = sqlite3_column_int64(s, 3);
    } else if (code != SQLITE_DONE) {
        rc = failed(u);
    }
    (void)sqlite3_finalize(s); /* repeats the code of the step */
    if (rc == RC_OK) {
        *out = row;
    }
    return rc;
}

enum rc users_db_delete_user(struct users *u, const char *name)
{
    char unused[PASSWORD_HASH_LEN];
    struct users_row row;
    enum rc rc = users_db_get_user(u, name, &row, unused);

    if (rc != RC_OK) {
        return rc;
    }
    rc = run(u, prepare(u, "DELETE FROM user WHERE name = ?1 AND (role <> 'admin' OR (SELECT count(*) FROM user WHERE role = 'admin') > 1)", name, NULL, NULL));
    return rc == RC_MISSING ? RC_REFUSED : rc;
}

enum rc users_db_add_token(struct users *u, const struct users_row *row)
{
    sqlite3_stmt *s =
        prepare(u, "INSERT INTO token (id, name, role, key_hash, created_utc_ms) VALUES (?1, ?2, ?3, ?4, ?5)", row->id, row->name, role_text(row->role));

    if (s != NULL) {
        (void)sqlite3_bind_blob(s, 4, row->key, sizeof row->key, SQLITE_STATIC); /* left NULL for want of memory, which the table refuses */
        (void)sqlite3_bind_int64(s, 5, row->created_utc_ms);                     /* left NULL then: unknown */
    }
    return run(u, s);
}

enum rc users_db_delete_token(struct users *u, const char *id)
{
    return run(u, prepare(u, "DELETE FROM token WHERE id = ?1", id, NULL, NULL));
}

enum rc users_db_room(struct users *u, enum users_db_table table, int most)
{
    char text[16];
    const char *sql = table == USERS_DB_USER ? "SELECT CAST(count(*) AS TEXT) FROM user" : "SELECT CAST(count(*) AS TEXT) FROM token";
    enum rc rc = first_text(u, prepare(u, sql, NULL, NULL, NULL), text, sizeof text);

    return rc == RC_OK && strtoll(text, NULL, 10) >= most ? RC_FULL : rc;
}

enum rc users_db_all(struct users *u, enum users_db_table table, struct users_list *out)
{
    const char *sql = table == USERS_DB_USER ? "SELECT name, role, created_utc_ms, must_change, NULL FROM user ORDER BY name LIMIT 64"
                                             : "SELECT name, role, created_utc_ms, id, key_hash FROM token ORDER BY name, id LIMIT 64";
    sqlite3_stmt *s = prepare(u, sql, NULL, NULL, NULL);
    int code = s != NULL ? sqlite3_step(s) : SQLITE_ERROR;

    out->n = 0;
    while (code == SQLITE_ROW && out->n < USERS_MAX) {
        struct users_row *row = &out->at[out->n++];

        *row = (struct users_row){.created_utc_ms = sqlite3_column_int64(s, 2)};
        rc_ignore(column(s, 0, row->name, sizeof row->name)); /* it was checked before it was stored */
        row->role = (enum role)(field_choice(ROLE_CHOICES, (const char *)sqlite3_column_text(s, 1)) + 1);
        if (table == USERS_DB_USER) {
            row->must_change = sqlite3_column_int(s, 3) != 0;
        } else {
            rc_ignore(column(s, 3, row->id, sizeof row->id)); /* as above */
            memcpy(row->key, sqlite3_column_blob(s, 4), sizeof row->key);
        }
        code = sqlite3_step(s);
    }
    (void)sqlite3_finalize(s); /* repeats the code of the step */
    return code == SQLITE_DONE || code == SQLITE_ROW ? RC_OK : failed(u);
}

enum rc users_copy(struct users *u, uint8_t **out, size_t *out_len)
{
    sqlite3_int64 len = 0;
    unsigned char *bytes = sqlite3_serialize(u->handle, "main", &len, 0);

    *out = bytes != NULL ? malloc((size_t)len) : NULL;
    if (*out != NULL) {
        memcpy(*out, bytes, (size_t)len);
        *out_len = (size_t)len;
    } else {
        log_err("users why=\"cannot be copied\"");
    }
    sqlite3_free(bytes);
    return *out != NULL ? RC_OK : RC_IO;
}
