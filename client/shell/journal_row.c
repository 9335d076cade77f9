#include "client/shell/journal_db.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"

static const char *const end_text[END_N] = {NULL, "unplugged", "card", "command", "fault", "power_loss"};

/* Run a statement that returns no rows. */
enum rc journal_db_run(struct journal_db *d, enum journal_db_statement which)
{
    sqlite3_stmt *s = d->statement[which];
    enum rc rc = sqlite3_step(s) == SQLITE_DONE ? RC_OK : journal_db_failed(d);

    (void)sqlite3_reset(s); /* repeats the code of the step */
    (void)sqlite3_clear_bindings(s);
    return rc;
}

/* Binding numbers, NULL and constant texts fails only for a place that is not in the statement. */
static void bind_int(sqlite3_stmt *s, enum journal_db_column column, int64_t value)
{
    CHECK(sqlite3_bind_int64(s, (int)column + 1, value) == SQLITE_OK);
}

static void bind_utc(sqlite3_stmt *s, enum journal_db_column column, int64_t utc_ms)
{
    if (utc_ms != CLOCK_UNSET_UTC_MS) {
        bind_int(s, column, utc_ms);
    }
}

static void bind_bytes(sqlite3_stmt *s, enum journal_db_column column, const uint8_t *bytes, int len)
{
    if (len > 0) {
        CHECK(sqlite3_bind_blob(s, (int)column + 1, bytes, len, SQLITE_STATIC) == SQLITE_OK);
    }
}

static void bind_text(sqlite3_stmt *s, enum journal_db_column column, const char *text)
{
    if (text != NULL) {
        CHECK(sqlite3_bind_text(s, (int)column + 1, text, -1, SQLITE_STATIC) == SQLITE_OK);
    }
}

/* End a transaction: all of it when `rc` is RC_OK, else nothing. */
enum rc journal_db_finish(struct journal_db *d, enum rc rc)
{
    char why[sizeof d->why];

    rc = rc == RC_OK ? journal_db_run(d, JDB_COMMIT) : rc;
    if (rc != RC_OK && sqlite3_get_autocommit(d->handle) == 0) {
        memcpy(why, d->why, sizeof why);
        (void)journal_db_run(d, JDB_ROLLBACK); /* the failure that led here is the one to report */
        memcpy(d->why, why, sizeof why);
    }
    return rc == RC_OK ? RC_OK : RC_IO;
}

static enum rc put_row(struct journal_db *d, const struct journal_session *s, uint64_t kernel_boot_id)
{
    sqlite3_stmt *to = d->statement[JDB_PUT];

    bind_bytes(to, COL_ID, s->id.at, SESSION_ID_LEN);
    bind_utc(to, COL_START_UTC_MS, s->start_utc_ms);
    bind_int(to, COL_START_BOOT_MS, s->start_boot_ms);
    bind_int(to, COL_START_BOOT_ID, (int64_t)s->start_boot_id);
    bind_int(to, COL_START_WH, s->start_wh);
    bind_utc(to, COL_LAST_UTC_MS, s->last_utc_ms);
    bind_int(to, COL_LAST_BOOT_MS, s->last_boot_ms);
    bind_int(to, COL_LAST_BOOT_ID, (int64_t)kernel_boot_id);
    bind_int(to, COL_LAST_WH, s->last_wh);
    bind_bytes(to, COL_CARD_UID, s->uid.at, s->uid.len);
    bind_text(to, COL_END_REASON, end_text[s->end]);
    bind_utc(to, COL_FIRST_QUARTER_UTC_MS, s->first_quarter_utc_ms);
    bind_text(to, COL_VEHICLE, s->identity[0] != '\0' ? s->identity : NULL);
    bind_text(to, COL_STATE, s->end == END_UNSET ? "open" : "finished");
    return journal_db_run(d, JDB_PUT);
}

static enum rc put_quarters(struct journal_db *d, const struct journal_session *s)
{
    sqlite3_stmt *to = d->statement[JDB_PUT_QUARTER];
    enum rc rc = RC_OK;

    for (uint16_t i = 0; i < s->quarter_n && rc == RC_OK; i++) {
        CHECK(sqlite3_bind_blob(to, 1, s->id.at, SESSION_ID_LEN, SQLITE_STATIC) == SQLITE_OK);
        CHECK(sqlite3_bind_int(to, 2, i) == SQLITE_OK);
        CHECK(sqlite3_bind_int(to, 3, s->quarter_wh[i]) == SQLITE_OK);
        rc = journal_db_run(d, JDB_PUT_QUARTER);
    }
    return rc;
}

static enum rc put(struct journal_db *d, const struct journal_session *s, uint64_t kernel_boot_id)
{
    enum rc rc;

    bind_bytes(d->statement[JDB_CLOSE_OTHERS], COL_ID, s->id.at, SESSION_ID_LEN);
    rc = journal_db_run(d, JDB_CLOSE_OTHERS);
    rc = rc == RC_OK ? put_row(d, s, kernel_boot_id) : rc;
    if (rc != RC_OK || sqlite3_changes(d->handle) == 0) {
        return rc; /* failed, or finished already and the same once more */
    }
    return put_quarters(d, s);
}

enum rc journal_db_put(struct journal_db *d, const struct journal_session *s, uint64_t kernel_boot_id)
{
    enum rc rc;

    CHECK(s->quarter_n <= QUARTER_MAX);
    CHECK(s->end < END_N);
    rc = journal_db_run(d, JDB_BEGIN);
    return rc == RC_OK ? journal_db_finish(d, put(d, s, kernel_boot_id)) : RC_IO;
}

enum rc journal_db_ack(struct journal_db *d, const struct session_id *id)
{
    enum rc rc = journal_db_run(d, JDB_BEGIN);

    if (rc != RC_OK) {
        return RC_IO;
    }
    bind_bytes(d->statement[JDB_ACK], COL_ID, id->at, SESSION_ID_LEN);
    rc = journal_db_run(d, JDB_ACK);
    rc = rc == RC_OK ? journal_db_run(d, JDB_TRIM) : rc;
    return journal_db_finish(d, rc);
}

/* RC_MISSING when the statement gives no row. Without a row the statement is reset. */
static enum rc first_row(struct journal_db *d, enum journal_db_statement which)
{
    int code = sqlite3_step(d->statement[which]);
    enum rc rc = RC_IO;

    if (code == SQLITE_ROW) {
        return RC_OK;
    }
    if (code == SQLITE_DONE) {
        rc = RC_MISSING;
    } else {
        (void)journal_db_failed(d);
    }
    (void)sqlite3_reset(d->statement[which]); /* repeats the code of the step */
    return rc;
}

static enum end_reason end_of(const char *text)
{
    for (int i = END_UNPLUGGED; text != NULL && i < END_N; i++) {
        if (text_same(text, end_text[i])) {
            return (enum end_reason)i;
        }
    }
    return END_UNSET;
}

static void read_row(sqlite3_stmt *s, struct journal_session *out, uint64_t *out_last_boot_id)
{
    const void *id = sqlite3_column_blob(s, COL_ID);
    const void *uid = sqlite3_column_blob(s, COL_CARD_UID);
    int uid_len = sqlite3_column_bytes(s, COL_CARD_UID);
    const char *vehicle = (const char *)sqlite3_column_text(s, COL_VEHICLE);

    *out = (struct journal_session){.start_utc_ms = sqlite3_column_int64(s, COL_START_UTC_MS), /* NULL reads as 0, which is CLOCK_UNSET_UTC_MS */
                                    .start_boot_ms = sqlite3_column_int64(s, COL_START_BOOT_MS),
                                    .start_boot_id = (uint64_t)sqlite3_column_int64(s, COL_START_BOOT_ID),
                                    .start_wh = sqlite3_column_int64(s, COL_START_WH),
                                    .last_wh = sqlite3_column_int64(s, COL_LAST_WH),
                                    .last_utc_ms = sqlite3_column_int64(s, COL_LAST_UTC_MS),
                                    .last_boot_ms = sqlite3_column_int64(s, COL_LAST_BOOT_MS),
                                    .end = end_of((const char *)sqlite3_column_text(s, COL_END_REASON)),
                                    .first_quarter_utc_ms = sqlite3_column_int64(s, COL_FIRST_QUARTER_UTC_MS)};
    if (id != NULL) { /* its length is checked by the table */
        memcpy(out->id.at, id, SESSION_ID_LEN);
    }
    if (vehicle != NULL && text_copy(out->identity, sizeof out->identity, vehicle) != RC_OK) {
        out->identity[0] = '\0'; /* longer than the table allows */
    }
    if (uid != NULL && uid_len <= UID_MAX) {
        out->uid.len = (uint8_t)uid_len;
        memcpy(out->uid.at, uid, (size_t)uid_len);
    }
    *out_last_boot_id = (uint64_t)sqlite3_column_int64(s, COL_LAST_BOOT_ID);
}

static enum rc read_quarters(struct journal_db *d, struct journal_session *s)
{
    sqlite3_stmt *from = d->statement[JDB_QUARTERS];
    int code = SQLITE_DONE;
    enum rc rc = RC_OK;

    CHECK(sqlite3_bind_blob(from, 1, s->id.at, SESSION_ID_LEN, SQLITE_STATIC) == SQLITE_OK);
    for (int i = 0; i < QUARTER_MAX; i++) {
        code = sqlite3_step(from);
        if (code != SQLITE_ROW) {
            break;
        }
        int quarter = sqlite3_column_int(from, 0); /* 0..QUARTER_MAX - 1 by the table */

        CHECK(quarter >= 0);
        CHECK(quarter < QUARTER_MAX);
        s->quarter_wh[quarter] = sqlite3_column_int(from, 1);
        s->quarter_n = (uint16_t)(quarter + 1);
    }
    if (code != SQLITE_DONE && code != SQLITE_ROW) {
        (void)journal_db_failed(d);
        rc = RC_IO;
    }
    (void)sqlite3_reset(from); /* repeats the code of the step */
    (void)sqlite3_clear_bindings(from);
    return rc;
}

static enum rc read_session(struct journal_db *d, enum journal_db_statement which, struct journal_session *out, uint64_t *out_last_boot_id)
{
    enum rc rc = first_row(d, which);

    if (rc == RC_OK) {
        read_row(d->statement[which], out, out_last_boot_id);
        (void)sqlite3_reset(d->statement[which]); /* after a row it has nothing to report */
        rc = read_quarters(d, out);
    }
    return rc;
}

enum rc journal_db_oldest(struct journal_db *d, int64_t now_ms, uint64_t kernel_boot_id, struct msg_session_record *out, int32_t out_quarter_wh[QUARTER_MAX])
{
    struct journal_session s;
    uint64_t last_boot_id = 0;
    enum rc rc = read_session(d, JDB_OLDEST, &s, &last_boot_id);

    if (rc != RC_OK) {
        return rc;
    }
    memcpy(out_quarter_wh, s.quarter_wh, sizeof s.quarter_wh);
    *out = (struct msg_session_record){.session = s.id,
                                       .start_utc_ms = s.start_utc_ms,
                                       .stop_utc_ms = s.last_utc_ms,
                                       .start_age_ms = s.start_boot_id == kernel_boot_id ? max_i64(0, now_ms - s.start_boot_ms) : 0,
                                       .stop_age_ms = last_boot_id == kernel_boot_id ? max_i64(0, now_ms - s.last_boot_ms) : 0,
                                       .start_wh = s.start_wh,
                                       .stop_wh = s.last_wh,
                                       .uid = s.uid,
                                       .end = s.end,
                                       .first_quarter_utc_ms = s.first_quarter_utc_ms,
                                       .quarter_n = s.quarter_n,
                                       .quarter_wh = out_quarter_wh};
    memcpy(out->identity, s.identity, sizeof out->identity);
    return RC_OK;
}

enum rc journal_db_open_session(struct journal_db *d, struct journal_session *out)
{
    uint64_t unused = 0;

    return read_session(d, JDB_NEWEST, out, &unused);
}
