#include "manager/shell/history.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/os/log.h"
#include "manager/shell/view_json.h"
#include "proto/msg.h"

#define HISTORY_BUSY_MS 500

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

sqlite3_stmt *history_prepare(struct history *h, const char *sql, enum rc *out_rc)
{
    sqlite3_stmt *s = NULL;

    *out_rc = open_once(h);
    if (*out_rc == RC_OK && sqlite3_prepare_v2(h->handle, sql, -1, &s, NULL) != SQLITE_OK) {
        log_err("history path=%s why=\"%s\"", h->path, sqlite3_errmsg(h->handle));
        *out_rc = RC_IO;
    }
    return s;
}

enum rc history_finish(struct history *h, sqlite3_stmt *s, int code)
{
    if (code != SQLITE_DONE) {
        log_err("history path=%s why=\"%s\"", h->path, sqlite3_errstr(code));
    }
    (void)sqlite3_finalize(s); /* repeats the code of the step */
    return code == SQLITE_DONE ? RC_OK : RC_IO;
}

static const char *event_text(sqlite3_stmt *s, int column)
{
    return (const char *)sqlite3_column_text(s, column);
}

static json_t *text_json(const char *text)
{
    return text != NULL ? json_string(text) : json_null();
}

static json_t *utc_json(sqlite3_stmt *s, int column)
{
    return view_json_utc(sqlite3_column_type(s, column) == SQLITE_NULL ? CLOCK_UNSET_UTC_MS : sqlite3_column_int64(s, column));
}

/* What stands in the audit trail as JSON text; null when it is none. */
static json_t *object_json(const char *text)
{
    json_t *json = text != NULL ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;

    return json != NULL ? json : json_null();
}

/* Code of a fault; other kinds have none, whatever stands in that column. */
static json_t *code_json(const char *kind, int64_t code)
{
    bool is_fault = kind != NULL && strncmp(kind, "fault_", 6) == 0;

    return is_fault && code != 0 ? json_integer(code) : json_null();
}

static json_t *event_json(sqlite3_stmt *s)
{
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "number", (json_int_t)sqlite3_column_int64(s, 0), "utc", utc_json(s, 1), "kind",
                     text_json(event_text(s, 2)), "serial", text_json(event_text(s, 3)), "code", code_json(event_text(s, 2), sqlite3_column_int64(s, 4)),
                     "text", text_json(event_text(s, 5)), "acknowledged_by", text_json(event_text(s, 6)), "acknowledged_utc", utc_json(s, 7));
}

static json_t *change_json(sqlite3_stmt *s)
{
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "number", (json_int_t)sqlite3_column_int64(s, 0), "utc", utc_json(s, 1), "who",
                     text_json(event_text(s, 2)), "what", text_json(event_text(s, 3)), "subject", text_json(event_text(s, 4)), "before",
                     object_json(event_text(s, 5)), "after", object_json(event_text(s, 6)));
}

/* A numbered table from `since` on, oldest first; see history_events. */
static enum rc numbered(struct history *h, const char *after, const char *newest, int64_t since, int limit, const char *name,
                        json_t *(*to_json)(sqlite3_stmt *s), json_t **out)
{
    json_t *list = json_array();
    int64_t next = since < 0 ? 0 : since;
    enum rc rc;
    sqlite3_stmt *s = history_prepare(h, since < 0 ? newest : after, &rc);
    int code = SQLITE_NOMEM;

    if (s == NULL) {
        json_decref(list);
        return rc;
    }
    if ((since < 0 || sqlite3_bind_int64(s, 1, since) == SQLITE_OK) && sqlite3_bind_int(s, 2, limit) == SQLITE_OK) {
        code = sqlite3_step(s);
    }
    while (code == SQLITE_ROW) { /* ends: LIMIT */
        next = sqlite3_column_int64(s, 0);
        code = json_array_append_new(list, to_json(s)) == 0 ? sqlite3_step(s) : SQLITE_NOMEM;
    }
    rc = history_finish(h, s, code);
    if (rc == RC_OK) {
        *out = json_pack("{s:o, s:I}", name, list, "next", (json_int_t)next);
        return *out != NULL ? RC_OK : RC_IO;
    }
    json_decref(list);
    return rc;
}

#define NUMBERED(columns, table)                                                    \
    "SELECT " columns " FROM " table " WHERE number > ?1 ORDER BY number LIMIT ?2", \
        "SELECT * FROM (SELECT " columns " FROM " table " ORDER BY number DESC LIMIT ?2) ORDER BY number"

enum rc history_events(struct history *h, int64_t since, int limit, json_t **out)
{
    return numbered(h, NUMBERED("number, utc_ms, kind, serial, code, text, acknowledged_by, acknowledged_utc_ms", "event"), since, limit, "events", event_json,
                    out);
}

enum rc history_changes(struct history *h, int64_t since, int limit, json_t **out)
{
    return numbered(h, NUMBERED("number, utc_ms, who, what, subject, before, after", "audit"), since, limit, "changes", change_json, out);
}

enum rc history_document(struct history *h, char **out)
{
    enum rc rc;
    sqlite3_stmt *s = history_prepare(h, "SELECT document FROM site_document ORDER BY number DESC LIMIT 1", &rc);
    int code;

    if (s == NULL) {
        return rc;
    }
    code = sqlite3_step(s);
    if (code == SQLITE_DONE) {
        (void)sqlite3_finalize(s); /* nothing failed */
        return RC_MISSING;
    }
    *out = code == SQLITE_ROW ? strdup((const char *)sqlite3_column_text(s, 0)) : NULL;
    rc = history_finish(h, s, code == SQLITE_ROW ? SQLITE_DONE : code);
    return rc == RC_OK && *out == NULL ? RC_IO : rc;
}

enum rc history_each_card(struct history *h, void (*on_card)(void *user, const struct card_entry *card), void *user)
{
    static const char sql[] = "SELECT uid, identity, kind, name, colour, is_blocked, expires_utc_ms, departure_min, needed_wh, priority,"
                              " (SELECT group_concat(serial, ' ') FROM card_wallbox WHERE card = card.number)"
                              " FROM card ORDER BY uid IS NULL, length(uid), uid, identity";
    enum rc rc;
    sqlite3_stmt *s = history_prepare(h, sql, &rc);
    int code;

    if (s == NULL) {
        return rc;
    }
    code = sqlite3_step(s);
    for (int i = 0; i <= FLEET_CARD_MAX && code == SQLITE_ROW; i++) {
        struct card_entry c;

        if (card_entry_read(s, &c)) {
            on_card(user, &c);
        }
        code = sqlite3_step(s);
    }
    return history_finish(h, s, code);
}

enum rc history_card_name(struct history *h, const struct card_uid *uid, const char *identity, char out_name[NAME_LEN])
{
    enum rc rc;
    sqlite3_stmt *s = history_prepare(h, "SELECT name FROM card WHERE uid = ?1 OR identity = ?2", &rc);
    const char *name;
    int code = SQLITE_NOMEM;

    if (s == NULL) {
        return rc;
    }
    if ((uid->len == 0 || sqlite3_bind_blob(s, 1, uid->at, uid->len, SQLITE_STATIC) == SQLITE_OK) &&
        (uid->len > 0 || sqlite3_bind_text(s, 2, identity, -1, SQLITE_STATIC) == SQLITE_OK)) {
        code = sqlite3_step(s);
    }
    name = code == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
    if (name != NULL && text_copy(out_name, NAME_LEN, name) == RC_OK) {
        (void)sqlite3_finalize(s); /* nothing failed */
        return RC_OK;
    }
    rc = history_finish(h, s, code == SQLITE_ROW ? SQLITE_DONE : code);
    return rc == RC_OK ? RC_MISSING : rc;
}

static enum rc find_tariff(struct history *h, const char *sql, int64_t key, struct db_tariff *out)
{
    enum rc rc;
    sqlite3_stmt *s = history_prepare(h, sql, &rc);
    enum rc found = RC_MISSING;
    int code;

    if (s == NULL) {
        return rc;
    }
    code = sqlite3_bind_int64(s, 1, key);
    code = code == SQLITE_OK ? sqlite3_step(s) : code;
    if (code == SQLITE_ROW) {
        found = db_tariff_read(s, out);
        code = SQLITE_DONE;
    }
    rc = history_finish(h, s, code);
    if (rc != RC_OK) {
        return rc;
    }
    return found == RC_MALFORMED ? RC_MISSING : found;
}

enum rc history_tariff_at(struct history *h, int64_t utc_ms, struct db_tariff *out)
{
    return find_tariff(h, DB_TARIFF_AT_SQL, utc_ms, out);
}

enum rc history_tariff(struct history *h, int64_t number, struct db_tariff *out)
{
    return find_tariff(h, DB_TARIFF_SQL, number, out);
}

void history_close(struct history *h)
{
    (void)sqlite3_close(h->handle); /* nothing is open on it any more; NULL is harmless */
    h->handle = NULL;
}
