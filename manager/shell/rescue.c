#include "manager/shell/rescue.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/os/clock.h"
#include "common/os/log.h"
#include "manager/shell/db.h"

#define COLUMNS_MAX 32
#define SQL_LEN 2048
#define ROWS_MAX INT64_C(1000000000)

/* Tables in the order of their references, with the order of rows from both ends. */
static const struct {
    const char *name;
    const char *order[2];
} tables[] = {
    {"site_document", {"number", "number DESC"}},
    {"card", {"number", "number DESC"}},
    {"card_wallbox", {"card, serial", "card DESC, serial DESC"}},
    {"user", {"number", "number DESC"}},
    {"wallbox", {"serial", "serial DESC"}},
    {"manager_epoch", {"number", "number DESC"}},
    {"tariff", {"number", "number DESC"}},
    {"session", {"id", "id DESC"}},
    {"session_quarter", {"session_id, quarter", "session_id DESC, quarter DESC"}},
    {"quarter_mix", {"from_utc_ms", "from_utc_ms DESC"}},
    {"event", {"number", "number DESC"}},
    {"audit", {"number", "number DESC"}},
    {"series", {"number", "number DESC"}},
    {"sample", {"step_ms, from_utc_ms, series", "step_ms DESC, from_utc_ms DESC, series DESC"}},
};

/* False, said once, when the name does not fit. */
static bool name_of(char out[RESCUE_PATH_LEN], const char *path, const char *end)
{
    if (snprintf(out, RESCUE_PATH_LEN, "%s%s", path, end) >= RESCUE_PATH_LEN) {
        log_err("database path=%s why=\"name too long\"", path);
        return false;
    }
    return true;
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static enum rc move(const char *from, const char *to)
{
    if (rename(from, to) != 0 && errno != ENOENT) {
        log_err("database path=%s to=%s why=\"%s\"", from, to, strerror(errno));
        return RC_IO;
    }
    return RC_OK;
}

/* Renames are durable when their directory is. */
static enum rc sync_dir(const char *path)
{
    char copy[RESCUE_PATH_LEN];
    enum rc rc = RC_IO;
    int fd;

    (void)snprintf(copy, sizeof copy, "%s", path);
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        rc = fsync(fd) == 0 ? RC_OK : RC_IO;
        (void)close(fd); /* nothing was written through it */
    }
    if (rc != RC_OK) {
        log_err("database path=%s why=\"%s\"", path, strerror(errno));
    }
    return rc;
}

enum rc rescue_set_aside(const char *path, const char *word, int64_t utc_ms, char out_aside[RESCUE_PATH_LEN])
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char stamp[25];
    char tail[96];
    char from[RESCUE_PATH_LEN];
    char to[RESCUE_PATH_LEN];

    clock_format_utc(utc_ms, stamp);
    for (int i = 0; i < 100; i++) { /* a second one of the same moment gets a number */
        (void)snprintf(tail, sizeof tail, i == 0 ? ".%s-%.10sT%.2s%.2s%.2s" : ".%s-%.10sT%.2s%.2s%.2s-%d", word, stamp, stamp + 11, stamp + 14, stamp + 17, i);
        if (!name_of(out_aside, path, tail)) {
            return RC_IO;
        }
        if (!is_there(out_aside)) {
            break;
        }
    }
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (!name_of(from, path, ends[i]) || !name_of(to, out_aside, ends[i]) || move(from, to) != RC_OK) {
            return RC_IO;
        }
    }
    return sync_dir(path);
}

/* What is left of an exchange when the old file has gone: its log, which must not be taken for one of the new file, and the new file. */
enum rc rescue_finish(const char *path)
{
    char fresh[RESCUE_PATH_LEN];
    char unused[RESCUE_PATH_LEN];
    char name[RESCUE_PATH_LEN];
    enum rc rc;

    if (!name_of(fresh, path, ".new")) {
        return RC_IO;
    }
    if (!is_there(fresh)) {
        return RC_OK;
    }
    if (is_there(path)) { /* it may be half written */
        for (int i = 0; i < 3; i++) {
            static const char *const ends[] = {".new", ".new-wal", ".new-shm"};

            if (name_of(name, path, ends[i])) {
                (void)unlink(name); /* made anew when it is needed */
            }
        }
        return RC_OK;
    }
    rc = rescue_set_aside(path, "damaged", clock_utc_ms(), unused);
    rc = rc == RC_OK ? move(fresh, path) : rc;
    return rc == RC_OK ? sync_dir(path) : rc;
}

/* The columns that a table has in both files, separated by commas. */
static int columns_of(sqlite3 *from, sqlite3 *to, const char *table, char *out, size_t out_len)
{
    char sql[SQL_LEN];
    sqlite3_stmt *s = NULL;
    size_t len = 0;
    int n = 0;

    (void)snprintf(sql, sizeof sql, "PRAGMA table_info(%s)", table);
    if (sqlite3_prepare_v2(from, sql, -1, &s, NULL) != SQLITE_OK) {
        return 0;
    }
    while (n < COLUMNS_MAX && sqlite3_step(s) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(s, 1);
        int more = name != NULL && sqlite3_table_column_metadata(to, NULL, table, name, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK
                       ? snprintf(out + len, out_len - len, "%s%s", n == 0 ? "" : ", ", name)
                       : 0;

        if (more > 0 && len + (size_t)more < out_len) {
            len += (size_t)more;
            n++;
        }
    }
    (void)sqlite3_finalize(s); /* a damaged schema gives what it gives */
    return n;
}

/* Copy rows until one cannot be read; returns true when all could. */
static bool copy_rows(sqlite3_stmt *read, sqlite3_stmt *write, int columns_n, int64_t *copied_n)
{
    int code = sqlite3_step(read);

    for (int64_t i = 0; i < ROWS_MAX && code == SQLITE_ROW; i++) {
        for (int k = 0; k < columns_n; k++) {
            (void)sqlite3_bind_value(write, k + 1, sqlite3_column_value(read, k)); /* a row that misses one is refused by its table */
        }
        if (sqlite3_step(write) == SQLITE_DONE) {
            *copied_n += sqlite3_changes(sqlite3_db_handle(write));
        }
        (void)sqlite3_reset(write);
        (void)sqlite3_clear_bindings(write);
        code = sqlite3_step(read);
    }
    return code == SQLITE_DONE;
}

/* One table, from its beginning and, when that stops somewhere, from its end. Returns how many rows were copied. */
static int64_t copy_table(sqlite3 *from, sqlite3 *to, size_t table)
{
    static const char places[] = "?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20";
    char columns[SQL_LEN / 2];
    char sql[SQL_LEN];
    int n = columns_of(from, to, tables[table].name, columns, sizeof columns);
    sqlite3_stmt *write = NULL;
    int64_t copied_n = 0;
    bool is_whole = false;
    int places_len = n <= 9 ? 3 * n - 1 : 26 + 4 * (n - 9);

    if (n == 0 || n > 20) {
        return 0;
    }
    (void)snprintf(sql, sizeof sql, "INSERT OR IGNORE INTO %s (%s) VALUES (%.*s)", tables[table].name, columns, places_len, places);
    if (sqlite3_prepare_v2(to, sql, -1, &write, NULL) != SQLITE_OK) {
        return 0;
    }
    for (int end = 0; end < 2 && !is_whole; end++) {
        sqlite3_stmt *read = NULL;

        (void)snprintf(sql, sizeof sql, "SELECT %s FROM %s ORDER BY %s", columns, tables[table].name, tables[table].order[end]);
        if (sqlite3_prepare_v2(from, sql, -1, &read, NULL) == SQLITE_OK) {
            is_whole = copy_rows(read, write, n, &copied_n);
        }
        (void)sqlite3_finalize(read); /* repeats the code of the step */
    }
    (void)sqlite3_finalize(write);
    return copied_n;
}

/* All that can be read, in one transaction. */
static enum rc copy_all(sqlite3 *from, struct db *to, struct rescue *out)
{
    enum rc rc = db_begin(to);

    (void)sqlite3_exec(from, "PRAGMA cell_size_check = ON", NULL, NULL, NULL); /* rather no row than a wrong one */
    for (size_t i = 0; i < sizeof tables / sizeof tables[0] && rc == RC_OK; i++) {
        int64_t n = copy_table(from, to->handle, i);

        out->document_n += strcmp(tables[i].name, "site_document") == 0 ? n : 0;
        out->card_n += strcmp(tables[i].name, "card") == 0 ? n : 0;
        out->session_n += strcmp(tables[i].name, "session") == 0 ? n : 0;
    }
    rc = rc == RC_OK ? db_commit(to) : rc;
    return rc == RC_OK ? db_mark_gaps(to) : rc;
}

/* A new file beside the old one with all that can be read of it. */
static enum rc make_fresh(const char *path, const char *fresh, struct rescue *out)
{
    sqlite3 *from = NULL;
    struct db to;
    enum rc rc = db_open(&to, fresh, 0, 0);

    if (rc == RC_OK) {
        if (sqlite3_open_v2(path, &from, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK) { /* its log belongs to it */
            (void)sqlite3_db_config(from, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);                       /* it stays as it is */
            rc = copy_all(from, &to, out);
        }
        (void)sqlite3_close(from); /* nothing is open on it */
        if (rc == RC_OK && sqlite3_exec(to.handle, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL) != SQLITE_OK) {
            rc = RC_IO;
        }
    }
    if (rc != RC_OK) {
        log_err("database path=%s why=\"%s\"", fresh, to.why);
    }
    db_close(&to);
    return rc == RC_OK ? RC_OK : RC_IO;
}

static void remove_fresh(const char *fresh)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char name[RESCUE_PATH_LEN];

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (name_of(name, fresh, ends[i])) {
            (void)unlink(name); /* not there is as good */
        }
    }
}

enum rc rescue_exchange(const char *path, int64_t utc_ms, bool may_be_empty, struct rescue *out)
{
    char fresh[RESCUE_PATH_LEN];
    enum rc rc;

    *out = (struct rescue){.was_damaged = true};
    if (!name_of(fresh, path, ".new")) {
        return RC_IO;
    }
    remove_fresh(fresh);
    rc = make_fresh(path, fresh, out);
    if (rc == RC_OK && out->document_n == 0 && !may_be_empty) {
        rc = RC_MISSING;
    }
    rc = rc == RC_OK ? rescue_set_aside(path, "damaged", utc_ms, out->aside) : rc;
    if (rc != RC_OK) {
        if (is_there(path)) {
            remove_fresh(fresh);
        }
        return rc;
    }
    rc = move(fresh, path);
    rc = rc == RC_OK ? sync_dir(path) : rc;
    if (rc == RC_OK) {
        rescue_unmark(path);
    }
    return rc;
}

void rescue_mark(const char *path)
{
    char name[RESCUE_PATH_LEN];
    int fd = name_of(name, path, ".damage") ? open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;

    if (fd >= 0) {
        (void)close(fd); /* it is empty; without it the next start looks as far as it has time */
    }
}

bool rescue_is_marked(const char *path)
{
    char name[RESCUE_PATH_LEN];

    return name_of(name, path, ".damage") && is_there(name);
}

void rescue_unmark(const char *path)
{
    char name[RESCUE_PATH_LEN];

    if (name_of(name, path, ".damage")) {
        (void)unlink(name); /* not there is as good */
    }
}
