#include "manager/shell/routes_past.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/os/clock.h"
#include "manager/shell/card_book.h"
#include "manager/shell/moment.h"
#include "manager/shell/report.h"
#include "manager/shell/trail.h"

#define TYPE_JSON "application/json"
#define TYPE_CSV "text/csv; charset=utf-8"
#define TYPE_HTML "text/html; charset=utf-8"
#define DAY_MS INT64_C(86400000)

static const char *argument(const struct route_request *request, const char *name)
{
    return request->argument != NULL ? request->argument(request->argument_user, name) : NULL;
}

static void bad(struct route_reply *out, const char *field, const char *detail)
{
    route_problem(out, 400, "Bad Request", detail, field);
}

static void unreadable(struct route_reply *out)
{
    route_problem(out, 503, "Service Unavailable", "the history cannot be read at the moment", NULL);
}

/* A card by its UID, otherwise a vehicle by its identity. */
static void read_card(const char *text, struct card_uid *out_uid, const char **out_identity)
{
    if (fleet_card_parse(text, out_uid) != RC_OK) {
        *out_uid = (struct card_uid){0};
        *out_identity = text;
    }
}

/* from and to; false when the reply says what is wrong. */
static bool read_span(const struct route_request *request, int64_t *out_from_ms, int64_t *out_to_ms, struct route_reply *out)
{
    const char *from = argument(request, "from");
    const char *to = argument(request, "to");

    if (from != NULL && moment_parse(from, false, out_from_ms) != RC_OK) {
        bad(out, "from", "from must be a date (2026-01-31) or a moment as in RFC 3339");
        return false;
    }
    if (to != NULL && moment_parse(to, true, out_to_ms) != RC_OK) {
        bad(out, "to", "to must be a date (2026-01-31) or a moment as in RFC 3339");
        return false;
    }
    if (*out_to_ms != 0 && *out_from_ms >= *out_to_ms) {
        bad(out, "to", "to must be after from");
        return false;
    }
    return true;
}

/* lang; false when the reply says what is wrong. */
static bool read_lang(const struct route_request *request, enum lang *out_lang, bool *out_is_given, struct route_reply *out)
{
    const char *text = argument(request, "lang");

    *out_is_given = text != NULL;
    if (text != NULL && lang_parse(text, out_lang) != RC_OK) {
        bad(out, "lang", "lang must be en, fr, nb or de");
        return false;
    }
    return true;
}

static void answer_table(struct routes *r, const struct route_request *request, const struct session_filter *filter, struct route_reply *out)
{
    struct report_table table = {.lang = LANG_EN};
    bool has_lang = false;

    if (!read_lang(request, &table.lang, &has_lang, out)) {
        return;
    }
    table.is_plain = !has_lang;
    report_table_names(&table);
    if (history_each_session(&r->history, filter, report_table_row, &table) != RC_OK) {
        buffer_drop(&table.out);
        unreadable(out);
        return;
    }
    route_reply_body(out, 200, TYPE_CSV, buffer_take(&table.out));
    out->file_name = "sessions.csv";
}

void routes_sessions(struct routes *r, const struct route_request *request, struct route_reply *out)
{
    const char *limit = argument(request, "limit");
    const char *format = argument(request, "format");
    const char *card = argument(request, "card");
    bool is_csv = format != NULL && text_same(format, "csv");
    struct session_filter filter = {.serial = argument(request, "wallbox"), .limit = is_csv ? HISTORY_TABLE_MAX : HISTORY_LIMIT_PRESET};
    json_t *sessions = NULL;

    if (limit != NULL) {
        filter.limit = (int)text_number(limit, HISTORY_LIMIT_MAX);
    }
    if (card != NULL) {
        read_card(card, &filter.uid, &filter.identity);
    }
    if (filter.limit < 1) {
        bad(out, "limit", "limit must be a whole number from 1 to 1000");
    } else if (format != NULL && !is_csv && !text_same(format, "json")) {
        bad(out, "format", "format must be json or csv");
    } else if (filter.serial != NULL && !text_is_id(filter.serial)) {
        bad(out, "wallbox", "wallbox must be a serial number");
    } else if (!read_span(request, &filter.from_utc_ms, &filter.to_utc_ms, out)) {
        return;
    } else if (is_csv) {
        filter.is_oldest_first = true;
        answer_table(r, request, &filter, out);
    } else if (history_sessions(&r->history, &filter, &sessions) != RC_OK) {
        unreadable(out);
    } else {
        route_reply_body(out, 200, TYPE_JSON, route_dump(sessions));
    }
}

static bool read_step(const char *text, enum record_step *out)
{
    static const char *const names[RECORD_STEP_N] = {"1s", "1min", "15min"};

    for (int i = 0; i < RECORD_STEP_N; i++) {
        if (text != NULL && text_same(names[i], text)) {
            *out = (enum record_step)i;
            return true;
        }
    }
    return false;
}

static bool is_recorded(struct routes *r, const char *quantity, const char *node)
{
    struct snapshot *s = snapshot_take(r->board);
    bool is = s != NULL && trail_records(s->site, quantity, node);

    snapshot_drop(s);
    return is;
}

void routes_history(struct routes *r, const struct route_request *request, struct route_reply *out)
{
    const char *quantity = argument(request, "quantity");
    const char *node = argument(request, "node");
    const char *step_text = argument(request, "step");
    enum record_step step = RECORD_MINUTE;
    int64_t from_ms = 0;
    int64_t to_ms = 0;
    json_t *curve = NULL;
    enum rc rc;

    if (quantity == NULL || !text_is_id(quantity)) {
        bad(out, "quantity", "quantity must be the name of a figure, as current_l1_ma or power_w");
        return;
    }
    if (node == NULL || !text_is_id(node)) {
        bad(out, "node", "node must be the name of a node or meter, or a serial number");
        return;
    }
    if (step_text != NULL && !read_step(step_text, &step)) {
        bad(out, "step", "step must be 1s, 1min or 15min");
        return;
    }
    if (!read_span(request, &from_ms, &to_ms, out)) {
        return;
    }
    to_ms = to_ms != 0 ? to_ms : clock_utc_ms() + 1;
    from_ms = from_ms != 0 ? from_ms : to_ms - DAY_MS;
    if (from_ms <= 0 || from_ms >= to_ms) {
        bad(out, "from", "from must be given and before to");
        return;
    }
    rc = history_samples(&r->history, quantity, node, step, from_ms, to_ms, is_recorded(r, quantity, node), &curve);
    if (rc == RC_MISSING) {
        route_problem(out, 404, "Not Found", "this figure was never recorded", NULL);
    } else if (rc != RC_OK) {
        unreadable(out);
    } else {
        route_reply_body(out, 200, TYPE_JSON, route_dump(curve));
    }
}

/* A numbered table: events or changes. */
static void answer_numbered(struct routes *r, const struct route_request *request, enum rc (*read)(struct history *h, int64_t since, int limit, json_t **out),
                            struct route_reply *out)
{
    const char *since_text = argument(request, "since");
    const char *limit_text = argument(request, "limit");
    int64_t since = since_text != NULL ? text_number(since_text, INT64_MAX / 20) : -1;
    int64_t limit = limit_text != NULL ? text_number(limit_text, HISTORY_LIMIT_MAX) : HISTORY_LIMIT_PRESET;
    json_t *table = NULL;

    if (since_text != NULL && since < 0) {
        bad(out, "since", "since must be the number of the last one that is known");
    } else if (limit < 1) {
        bad(out, "limit", "limit must be a whole number from 1 to 1000");
    } else if (read(&r->history, since, (int)limit, &table) != RC_OK) {
        unreadable(out);
    } else {
        route_reply_body(out, 200, TYPE_JSON, route_dump(table));
    }
}

void routes_events(struct routes *r, const struct route_request *request, struct route_reply *out)
{
    answer_numbered(r, request, history_events, out);
}

void routes_changes(struct routes *r, const struct route_request *request, struct route_reply *out)
{
    answer_numbered(r, request, history_changes, out);
}

struct listing {
    json_t *list;
    struct buffer table;
    bool is_short;
};

static void list_card(void *user, const struct card_entry *card)
{
    struct listing *l = user;

    if (l->list == NULL) {
        card_book_write_csv(&l->table, card);
    } else {
        l->is_short = json_array_append_new(l->list, card_book_write_json(card)) != 0 || l->is_short;
    }
}

void routes_cards(struct routes *r, const struct route_request *request, struct route_reply *out)
{
    const char *format = argument(request, "format");
    bool is_csv = format != NULL && text_same(format, "csv");
    struct listing l = {0};

    if (format != NULL && !is_csv && !text_same(format, "json")) {
        bad(out, "format", "format must be json or csv");
        return;
    }
    if (is_csv) {
        card_book_write_names(&l.table);
    } else {
        l.list = json_array();
    }
    if (history_each_card(&r->history, list_card, &l) != RC_OK || l.is_short) {
        buffer_drop(&l.table);
        json_decref(l.list);
        unreadable(out);
    } else if (is_csv) {
        route_reply_body(out, 200, TYPE_CSV, buffer_take(&l.table));
        out->file_name = "cards.csv";
    } else {
        route_reply_body(out, 200, TYPE_JSON, route_dump(json_pack("{s:o}", "cards", l.list)));
    }
}

/* Sums and prices; RC_FULL: the statement would not be whole. */
static enum rc finish_statement(struct routes *r, struct report_statement *s)
{
    enum rc rc = s->has_more ? RC_FULL : RC_OK;

    report_statement_sums(s);
    for (uint16_t i = 0; i < s->tariff_n && rc == RC_OK; i++) {
        struct db_tariff t;

        rc = history_tariff(&r->history, s->tariff[i], &t);
        if (rc == RC_OK) {
            report_statement_prices(s, &t);
        } else if (rc == RC_MISSING) {
            rc = RC_OK; /* lost with a damaged file: what the sessions cost is not */
        }
    }
    report_statement_end(s);
    return rc;
}

void routes_statement(struct routes *r, const struct route_request *request, struct route_reply *out)
{
    const char *card = argument(request, "card");
    const char *month = argument(request, "month");
    char name[NAME_LEN] = "";
    struct moment_date first;
    struct moment_date next;
    struct report_statement s = {.lang = LANG_EN, .card_name = name, .made_utc_ms = clock_utc_ms()};
    struct session_filter filter = {.is_closed_only = true, .is_oldest_first = true, .limit = HISTORY_TABLE_MAX};
    bool has_lang;
    enum rc rc;

    if (card == NULL || card[0] == '\0' || strlen(card) >= NAME_LEN) {
        bad(out, "card", "card must be a UID in hex digits or the identity of a vehicle");
        return;
    }
    if (month == NULL || moment_parse_month(month, &first) != RC_OK) {
        bad(out, "month", "month must be a year and a month (2026-01)");
        return;
    }
    if (!read_lang(request, &s.lang, &has_lang, out)) {
        return;
    }
    read_card(card, &filter.uid, &filter.identity);
    next = moment_next_month(&first);
    filter.from_utc_ms = moment_midnight_utc_ms(&first);
    filter.to_utc_ms = moment_midnight_utc_ms(&next);
    s.uid = filter.uid;
    s.identity = filter.identity != NULL ? filter.identity : "";
    s.year = first.year;
    s.month = first.month;
    rc = history_card_name(&r->history, &filter.uid, s.identity, name);
    if (rc == RC_OK || rc == RC_MISSING) { /* a card that was deleted still has its sessions */
        report_statement_begin(&s);
        rc = history_each_session(&r->history, &filter, report_statement_row, &s);
    }
    rc = rc == RC_OK ? finish_statement(r, &s) : rc;
    if (rc != RC_OK) {
        buffer_drop(&s.out);
        if (rc == RC_FULL) {
            route_problem(out, 409, "Conflict", "the prices of this month were changed too often for one statement; the table of sessions has all of it",
                          "month");
        } else {
            unreadable(out);
        }
        return;
    }
    route_reply_body(out, 200, TYPE_HTML, buffer_take(&s.out));
    out->is_page = true;
}
