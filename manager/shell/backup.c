#include "manager/shell/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/os/clock.h"
#include "common/os/log.h"
#include "manager/shell/db.h"
#include "manager/shell/rescue.h"

#define BACKUP_BUSY_MS 5000

static bool join(char out[RESCUE_PATH_LEN], const char *a, const char *b)
{
    if (snprintf(out, RESCUE_PATH_LEN, "%s%s", a, b) >= RESCUE_PATH_LEN) {
        log_err("backup path=%s why=\"name too long\"", a);
        return false;
    }
    return true;
}

static enum rc refuse(const char *path, const char *why)
{
    log_err("backup path=%s why=\"%s\"", path, why);
    return RC_IO;
}

/* All pages of one database into another, as of one moment. */
static enum rc copy_pages(sqlite3 *from, sqlite3 *to, const char *path)
{
    sqlite3_backup *copy = sqlite3_backup_init(to, "main", from, "main");
    int code = SQLITE_NOMEM;

    if (copy == NULL) {
        return refuse(path, sqlite3_errmsg(to));
    }
    (void)sqlite3_backup_step(copy, -1); /* its code comes again */
    code = sqlite3_backup_finish(copy);
    return code == SQLITE_OK ? RC_OK : refuse(path, sqlite3_errstr(code));
}

/* A copy at `to`, which must not exist; readable by its owner only, in a single file. */
static enum rc copy_database(const char *from_path, const char *to_path)
{
    sqlite3 *from = NULL;
    sqlite3 *to = NULL;
    int fd = open(to_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    enum rc rc = RC_OK;

    if (fd < 0) {
        return refuse(to_path, strerror(errno));
    }
    (void)close(fd); /* nothing was written to it */
    if (sqlite3_open_v2(from_path, &from, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        rc = refuse(from_path, from != NULL ? sqlite3_errmsg(from) : "no memory");
    } else if (sqlite3_open_v2(to_path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        rc = refuse(to_path, to != NULL ? sqlite3_errmsg(to) : "no memory");
    } else {
        (void)sqlite3_busy_timeout(from, BACKUP_BUSY_MS); /* cannot fail on an open database */
        rc = copy_pages(from, to, to_path);
    }
    if (rc == RC_OK && sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) != SQLITE_OK) {
        rc = refuse(to_path, sqlite3_errmsg(to));
    }
    (void)sqlite3_close(from); /* nothing is open on them */
    (void)sqlite3_close(to);
    return rc;
}

static enum rc sync_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool is_good = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0) {
        (void)close(fd); /* fsync has answered */
    }
    return is_good ? RC_OK : refuse(path, strerror(errno));
}

enum rc backup_make(const char *dir, const char *file)
{
    char path[RESCUE_PATH_LEN];
    char part[RESCUE_PATH_LEN];
    enum rc rc;

    if (!join(path, dir, "/manager.db") || !join(part, file, ".part")) {
        return RC_IO;
    }
    rc = copy_database(path, part);
    rc = rc == RC_OK ? sync_file(part) : rc;
    if (rc == RC_OK && rename(part, file) != 0) {
        rc = refuse(file, strerror(errno));
    }
    if (rc != RC_OK) {
        (void)unlink(part); /* half a copy is none */
    }
    return rc;
}

/* Bring the copy up to date, look at all of it, and note that its list of epochs may lack some. */
static enum rc prepare(const char *fresh, const char *file)
{
    struct db db;
    enum rc rc = db_open(&db, fresh, 0, 0);

    rc = rc == RC_OK ? db_check(&db, 0) : rc;
    rc = rc == RC_OK ? db_mark_gaps(&db) : rc;
    if (rc == RC_OK && sqlite3_exec(db.handle, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL) != SQLITE_OK) {
        rc = RC_IO;
    }
    if (rc != RC_OK) {
        log_err("backup path=%s why=\"%s\"", file, db.why);
    }
    db_close(&db);
    return rc;
}

enum rc backup_restore(const char *dir, const char *file)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char path[RESCUE_PATH_LEN];
    char fresh[RESCUE_PATH_LEN];
    char aside[RESCUE_PATH_LEN];
    char name[RESCUE_PATH_LEN];
    enum rc rc;

    if (access(file, R_OK) != 0) {
        return refuse(file, strerror(errno));
    }
    if (!join(path, dir, "/manager.db") || !join(fresh, path, ".new")) {
        return RC_IO;
    }
    rc = rescue_finish(path);
    rc = rc == RC_OK ? copy_database(file, fresh) : rc;
    rc = rc == RC_OK ? prepare(fresh, file) : rc;
    rc = rc == RC_OK ? sync_file(fresh) : rc;
    if (rc == RC_OK) {
        rc = rescue_set_aside(path, "replaced", clock_utc_ms(), aside);
        return rc == RC_OK ? rescue_finish(path) : rc; /* moves the new one into its place */
    }
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (join(name, fresh, ends[i])) {
            (void)unlink(name); /* not there is as good */
        }
    }
    return rc;
}
