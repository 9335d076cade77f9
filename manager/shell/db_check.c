/* Whether a database is sound and whole. */
#include <stdio.h>
#include <string.h>

#include "common/os/clock.h"
#include "manager/shell/db_inside.h"

#define GAPS_ID "1467" /* application_id of a database whose list of epochs may lack some */

enum rc db_mark_gaps(struct db *d)
{
    return sqlite3_exec(d->handle, "PRAGMA application_id = " GAPS_ID, NULL, NULL, NULL) == SQLITE_OK ? RC_OK : db_failed(d);
}

enum rc db_has_gaps(struct db *d, bool *out)
{
    sqlite3_stmt *s = NULL;
    enum rc rc = RC_OK;

    if (sqlite3_prepare_v2(d->handle, "SELECT application_id = " GAPS_ID " FROM pragma_application_id", -1, &s, NULL) != SQLITE_OK ||
        sqlite3_step(s) != SQLITE_ROW) {
        rc = db_failed(d);
    } else {
        *out = sqlite3_column_int(s, 0) != 0;
    }
    (void)sqlite3_finalize(s); /* repeats the code of the step */
    return rc;
}

static int is_over(void *user)
{
    return clock_boot_ms() >= *(const int64_t *)user ? 1 : 0;
}

/* One PRAGMA quick_check. RC_AGAIN: not finished in time. */
static enum rc check_with(struct db *d, const char *sql)
{
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(d->handle, sql, -1, &s, NULL);
    enum rc rc = RC_OK;

    code = code == SQLITE_OK ? sqlite3_step(s) : code;
    if (code == SQLITE_INTERRUPT) {
        rc = RC_AGAIN;
    } else if (code != SQLITE_ROW) {
        rc = db_failed(d);
    } else if (strcmp((const char *)sqlite3_column_text(s, 0), "ok") != 0) {
        (void)snprintf(d->why, sizeof d->why, "%s", (const char *)sqlite3_column_text(s, 0));
        for (char *at = strchr(d->why, '\n'); at != NULL; at = strchr(at, '\n')) { /* a log line is one */
            *at = ' ';
        }
        d->is_damaged = true;
        rc = RC_MALFORMED;
    }
    (void)sqlite3_finalize(s); /* repeats the code of the step */
    return rc;
}

enum rc db_check(struct db *d, int64_t most_ms)
{
    static const char *const checks[] = {
        "PRAGMA quick_check('site_document')", "PRAGMA quick_check('card')",   "PRAGMA quick_check('user')", "PRAGMA quick_check('manager_epoch')",
        "PRAGMA quick_check('wallbox')",       "PRAGMA quick_check('tariff')", "PRAGMA quick_check"};
    int64_t end_ms = clock_boot_ms() + most_ms;
    enum rc rc = RC_OK;

    if (most_ms > 0) {
        sqlite3_progress_handler(d->handle, 1000, is_over, &end_ms);
    }
    for (size_t i = 0; i < sizeof checks / sizeof checks[0] && rc == RC_OK; i++) {
        rc = check_with(d, checks[i]);
    }
    sqlite3_progress_handler(d->handle, 0, NULL, NULL);
    return rc == RC_AGAIN ? RC_OK : rc;
}
