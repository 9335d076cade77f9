#include "manager/shell/history.h"

#include "common/base/check.h"
#include "common/base/limits.h"
#include "common/os/log.h"
#include "manager/shell/view_json.h"
#include "proto/msg.h"

#define HISTORY_BUSY_MS 500

/* Two walks along an index, so that ten years of sessions cost no more than one. */
#define SESSION_COLUMNS "id, serial, state, start_utc_ms, stop_utc_ms, start_wh, stop_wh, card_uid, end_reason"
static const char sessions_sql[] =
    "SELECT * FROM (SELECT " SESSION_COLUMNS " FROM session WHERE state = 'open' ORDER BY received_utc_ms DESC LIMIT ?1)"
    " UNION ALL SELECT * FROM (SELECT " SESSION_COLUMNS " FROM session WHERE state = 'closed' ORDER BY stop_utc_ms DESC LIMIT ?1) LIMIT ?1";

void history_init(struct history *h, const char *path)
{
    *h = (struct history){.path = path};
}

static enum rc open_once(struct history *h)
{
    if (h->handle != NULL) {
        return RC_OK;
    }
    if (sqlite3_open_v2(h->path, &h->handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        log_err("history path=%s why=\"%s\"", h->path, h->handle != NULL ? sqlite3_errmsg(h->handle) : "no memory");
        history_close(h);
        return RC_IO;
    }
    (void)sqlite3_busy_timeout(h->handle, HISTORY_BUSY_MS); /* cannot fail on an open database */
    return RC_OK;
}

static json_t *utc_column(sqlite3_stmt *s, int column)
{
    return view_json_utc(sqlite3_column_type(s, column) == SQLITE_NULL ? CLOCK_UNSET_UTC_MS : sqlite3_column_int64(s, column));
}

static json_t *int_column(sqlite3_stmt *s, int column)
{
    return sqlite3_column_type(s, column) == SQLITE_NULL ? json_null() : json_integer(sqlite3_column_int64(s, column));
}

static json_t *text_column(sqlite3_stmt *s, int column)
{
    const char *text = (const char *)sqlite3_column_text(s, column);

    return text != NULL ? json_string(text) : json_null();
}

static json_t *hex_column(sqlite3_stmt *s, int column)
{
    const uint8_t *bytes = sqlite3_column_blob(s, column);
    int len = sqlite3_column_bytes(s, column);

    return bytes != NULL && len <= SESSION_ID_LEN ? view_json_hex(bytes, (unsigned)len) : json_null();
}

static json_t *session_row(sqlite3_stmt *s)
{
    bool is_closed = sqlite3_column_type(s, 6) != SQLITE_NULL;
    json_t *energy = is_closed ? json_integer(sqlite3_column_int64(s, 6) - sqlite3_column_int64(s, 5)) : json_null();

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", hex_column(s, 0), "serial", text_column(s, 1), "state", text_column(s, 2),
                     "start_utc", utc_column(s, 3), "stop_utc", utc_column(s, 4), "energy_wh", energy, "start_wh", int_column(s, 5), "stop_wh",
                     int_column(s, 6), "card_uid", hex_column(s, 7), "end_reason", text_column(s, 8));
}

static enum rc read_sessions(struct history *h, int limit, json_t *list)
{
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(h->handle, sessions_sql, -1, &s, NULL);

    code = code == SQLITE_OK ? sqlite3_bind_int(s, 1, limit) : code;
    code = code == SQLITE_OK ? sqlite3_step(s) : code;
    for (int i = 0; i < limit && code == SQLITE_ROW; i++) {
        code = json_array_append_new(list, session_row(s)) == 0 ? sqlite3_step(s) : SQLITE_NOMEM;
    }
    if (code != SQLITE_DONE) {
        log_err("history path=%s why=\"%s\"", h->path, sqlite3_errstr(code));
    }
    (void)sqlite3_finalize(s); /* repeats the code of the step */
    return code == SQLITE_DONE ? RC_OK : RC_IO;
}

enum rc history_sessions(struct history *h, int limit, json_t **out)
{
    json_t *list;
    enum rc rc = open_once(h);

    CHECK(limit >= 1);
    CHECK(limit <= HISTORY_LIMIT_MAX);
    if (rc != RC_OK) {
        return rc;
    }
    list = json_array();
    rc = read_sessions(h, limit, list);
    if (rc == RC_OK) {
        *out = json_pack("{s:o}", "sessions", list);
        return *out != NULL ? RC_OK : RC_IO;
    }
    json_decref(list);
    return rc;
}

void history_close(struct history *h)
{
    (void)sqlite3_close(h->handle); /* nothing is open on it any more; NULL is harmless */
    h->handle = NULL;
}
