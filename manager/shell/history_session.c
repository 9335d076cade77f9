#include <stdio.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "manager/shell/history.h"
#include "manager/shell/view_json.h"

/* Walks along an index, so that ten years of sessions cost no more than one. */
#define COLUMNS                                                                                                  \
    "id, serial, state, start_utc_ms, stop_utc_ms, start_wh, stop_wh, solar_wh, card_uid, identity, end_reason," \
    " tariff, cost_minor, currency,"                                                                             \
    " (SELECT name FROM card WHERE card.uid = session.card_uid OR card.identity = session.identity) AS card_name"

#define SQL_LEN 2048

/* Conditions that hold for every walk. */
static const char *conditions(const struct session_filter *f)
{
    if (f->uid.len > 0) {
        return f->serial != NULL ? " AND card_uid = ?4 AND serial = ?3" : " AND card_uid = ?4";
    }
    if (f->identity != NULL) {
        return f->serial != NULL ? " AND identity = ?5 AND serial = ?3" : " AND identity = ?5";
    }
    return f->serial != NULL ? " AND serial = ?3" : "";
}

static void make_sql(const struct session_filter *f, char out[SQL_LEN])
{
    const char *more = conditions(f);
    const char *way = f->is_oldest_first ? "" : " DESC";
    char open[SQL_LEN / 3] = "";
    char time[96] = "";

    if (!f->is_closed_only) {
        (void)snprintf(open, sizeof open,
                       "SELECT * FROM (SELECT " COLUMNS " FROM session WHERE state = 'open'%s%s ORDER BY received_utc_ms%s LIMIT ?6) UNION ALL ",
                       f->from_utc_ms != 0 || f->to_utc_ms != 0 ? " AND start_utc_ms >= ?1 AND start_utc_ms < ?2" : "", more, way);
    }
    if (f->from_utc_ms != 0 || f->to_utc_ms != 0) {
        (void)snprintf(time, sizeof time, " AND stop_utc_ms >= ?1 AND stop_utc_ms < ?2");
    }
    (void)snprintf(out, SQL_LEN, "%sSELECT * FROM (SELECT " COLUMNS " FROM session WHERE state = 'closed'%s%s ORDER BY stop_utc_ms%s LIMIT ?6) LIMIT ?6", open,
                   time, more, way);
}

static bool bind(sqlite3_stmt *s, const struct session_filter *f)
{
    bool has_time = f->from_utc_ms != 0 || f->to_utc_ms != 0;
    int code = sqlite3_bind_int(s, 6, f->limit);

    if (has_time) {
        code = code == SQLITE_OK ? sqlite3_bind_int64(s, 1, f->from_utc_ms) : code;
        code = code == SQLITE_OK ? sqlite3_bind_int64(s, 2, f->to_utc_ms != 0 ? f->to_utc_ms : INT64_MAX) : code;
    }
    if (f->serial != NULL) {
        code = code == SQLITE_OK ? sqlite3_bind_text(s, 3, f->serial, -1, SQLITE_STATIC) : code;
    }
    if (f->uid.len > 0) {
        code = code == SQLITE_OK ? sqlite3_bind_blob(s, 4, f->uid.at, f->uid.len, SQLITE_STATIC) : code;
    } else if (f->identity != NULL) {
        code = code == SQLITE_OK ? sqlite3_bind_text(s, 5, f->identity, -1, SQLITE_STATIC) : code;
    }
    return code == SQLITE_OK;
}

static int64_t int_at(sqlite3_stmt *s, int column, int64_t preset)
{
    return sqlite3_column_type(s, column) == SQLITE_NULL ? preset : sqlite3_column_int64(s, column);
}

static const char *text_at(sqlite3_stmt *s, int column)
{
    const char *text = (const char *)sqlite3_column_text(s, column);

    return text != NULL ? text : "";
}

static void read_row(sqlite3_stmt *s, struct session_row *out)
{
    int uid_len = sqlite3_column_bytes(s, 8);

    *out = (struct session_row){.serial = text_at(s, 1),
                                .start_utc_ms = int_at(s, 3, CLOCK_UNSET_UTC_MS),
                                .stop_utc_ms = int_at(s, 4, CLOCK_UNSET_UTC_MS),
                                .start_wh = sqlite3_column_int64(s, 5),
                                .stop_wh = int_at(s, 6, -1),
                                .solar_wh = int_at(s, 7, -1),
                                .identity = text_at(s, 9),
                                .end_reason = text_at(s, 10),
                                .tariff = int_at(s, 11, 0),
                                .cost_minor = int_at(s, 12, -1),
                                .currency = text_at(s, 13),
                                .card_name = text_at(s, 14)};
    out->is_closed = out->stop_wh >= 0;
    if (sqlite3_column_bytes(s, 0) == SESSION_ID_LEN) {
        memcpy(out->id, sqlite3_column_blob(s, 0), SESSION_ID_LEN);
    }
    if (uid_len > 0 && uid_len <= UID_MAX) {
        memcpy(out->uid.at, sqlite3_column_blob(s, 8), (size_t)uid_len);
        out->uid.len = (uint8_t)uid_len;
    }
}

enum rc history_each_session(struct history *h, const struct session_filter *filter, void (*on_row)(void *user, const struct session_row *row), void *user)
{
    char sql[SQL_LEN];
    enum rc rc;
    sqlite3_stmt *s;
    int code;

    CHECK(filter->limit >= 1);
    CHECK(filter->limit <= HISTORY_TABLE_MAX);
    make_sql(filter, sql);
    s = history_prepare(h, sql, &rc);
    if (s == NULL) {
        return rc;
    }
    code = bind(s, filter) ? sqlite3_step(s) : SQLITE_NOMEM;
    for (int i = 0; i < filter->limit && code == SQLITE_ROW; i++) {
        struct session_row row;

        read_row(s, &row);
        on_row(user, &row);
        code = sqlite3_step(s);
    }
    return history_finish(h, s, code);
}

static json_t *text_or_null(const char *text)
{
    return text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *known(bool is_known, int64_t value)
{
    return is_known ? json_integer(value) : json_null();
}

struct listing {
    json_t *list;
    bool is_short;
};

static void add_row(void *user, const struct session_row *r)
{
    struct listing *l = user;
    json_t *uid = r->uid.len > 0 ? view_json_hex(r->uid.at, r->uid.len) : json_null();
    json_t *row = json_pack("{s:o, s:s, s:s, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", view_json_hex(r->id, SESSION_ID_LEN),
                            "serial", r->serial, "state", r->is_closed ? "closed" : "open", "start_utc", view_json_utc(r->start_utc_ms), "stop_utc",
                            view_json_utc(r->stop_utc_ms), "energy_wh", known(r->is_closed, r->stop_wh - r->start_wh), "start_wh", (json_int_t)r->start_wh,
                            "stop_wh", known(r->is_closed, r->stop_wh), "solar_wh", known(r->solar_wh >= 0, r->solar_wh), "card_uid", uid, "identity",
                            text_or_null(r->identity), "card_name", text_or_null(r->card_name), "end_reason", text_or_null(r->end_reason), "tariff",
                            known(r->tariff > 0, r->tariff), "cost_minor", known(r->cost_minor >= 0, r->cost_minor), "currency", text_or_null(r->currency),
                            "currency_decimals", known(r->currency[0] != '\0', tariff_decimals(r->currency)));

    l->is_short = json_array_append_new(l->list, row) != 0 || l->is_short;
}

enum rc history_sessions(struct history *h, const struct session_filter *filter, json_t **out)
{
    struct listing l = {.list = json_array()};
    enum rc rc = history_each_session(h, filter, add_row, &l);

    if (rc == RC_OK && !l.is_short) {
        *out = json_pack("{s:o}", "sessions", l.list);
        return *out != NULL ? RC_OK : RC_IO;
    }
    json_decref(l.list);
    return rc != RC_OK ? rc : RC_IO;
}
