#include "manager/shell/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "manager/shell/change.h"
#include "proto/utf8.h"

#define TYPE_JSON "application/json"
#define TYPE_PROBLEM "application/problem+json"

static const char *title_of(unsigned status)
{
    static const struct {
        unsigned status;
        const char *title;
    } titles[] = {{400, "Bad Request"},
                  {401, "Unauthorized"},
                  {403, "Forbidden"},
                  {404, "Not Found"},
                  {405, "Method Not Allowed"},
                  {406, "Not Acceptable"},
                  {409, "Conflict"},
                  {413, "Content Too Large"},
                  {415, "Unsupported Media Type"},
                  {422, "Unprocessable Content"},
                  {429, "Too Many Requests"},
                  {503, "Service Unavailable"}};

    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        if (titles[i].status == status) {
            return titles[i].title;
        }
    }
    return "Error";
}

void answer_text(struct route_reply *out, unsigned status, const char *type, char *body)
{
    out->status = body != NULL ? status : 503;
    out->type = type;
    out->body = body;
    out->body_len = body != NULL ? strlen(body) : 0;
}

static void answer_value(struct route_reply *out, unsigned status, const char *type, json_t *value)
{
    char *text = value != NULL ? json_dumps(value, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;

    json_decref(value);
    answer_text(out, status, type, text);
}

void answer_json(struct route_reply *out, unsigned status, json_t *value)
{
    answer_value(out, status, TYPE_JSON, value);
}

void answer_problem(struct route_reply *out, unsigned status, const char *detail, const char *field)
{
    json_t *p = json_pack("{s:s, s:s, s:i, s:s}", "type", "about:blank", "title", title_of(status), "status", (int)status, "detail", detail);

    /* What the visitor called a field is said again only when it is a name: other bytes have no place in JSON. */
    if (p != NULL && field != NULL && utf8_is_text(field, FIELD_NAME_LEN) && json_object_set_new(p, "field", json_string(field)) != 0) {
        json_decref(p);
        p = NULL;
    }
    answer_value(out, status, TYPE_PROBLEM, p);
}

void answer_nothing(struct route_reply *out)
{
    answer_text(out, 204, TYPE_JSON, strdup(""));
}

static void drop_cached(struct routes *r)
{
    free(r->site_text);
    free(r->boxes_text);
    r->site_text = NULL;
    r->boxes_text = NULL;
    snapshot_drop(r->cached);
    r->cached = NULL;
}

bool answer_refresh(struct call *c)
{
    struct routes *r = c->r;
    struct snapshot *newest = snapshot_take(r->board);

    if (newest == r->cached) {
        snapshot_drop(newest);
    } else {
        drop_cached(r);
        r->cached = newest;
    }
    if (r->cached == NULL) {
        answer_problem(c->out, 503, "the manager has just started", NULL);
        c->out->retry_s = 1;
    }
    return r->cached != NULL;
}

void answer_later(struct call *c, struct errand *e)
{
    if (e == NULL) {
        answer_problem(c->out, 503, "there is no memory at the moment", NULL);
        return;
    }
    e->users = c->r->users;
    e->is_secure = c->request->is_secure;
    rc_ignore(text_copy(e->by, sizeof e->by, call_who(c)));               /* names were checked when they were made */
    rc_ignore(text_copy(e->address, sizeof e->address, call_address(c))); /* numeric addresses fit */
    c->out->errand = e;
}

void call_note(struct routes *r, const char *who, const char *what, const char *subject, json_t *after)
{
    struct change *note = change_note(who, what, subject, NULL, after, NULL);

    if (r->out != NULL && r->out->note != NULL) {
        r->out->note(r->out_user, note);
    } else {
        change_free(note);
    }
}

void answer_change(struct call *c, struct change *change, void (*finish)(struct routes *r, struct errand *e, struct route_reply *out), unsigned status,
                   json_t *json)
{
    struct errand *e = change != NULL ? errand_new(ERRAND_LOOP, NULL, finish) : NULL;

    if (e == NULL) {
        change_free(change);
    } else {
        rc_ignore(text_copy(change->who, sizeof change->who, call_who(c))); /* names were checked when they were made */
        e->change = change;
        e->answer = json != NULL ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
        e->answer_status = status;
    }
    json_decref(json);
    answer_later(c, e);
}

void answer_changed(struct errand *e, struct route_reply *out)
{
    if (e->answer == NULL) {
        answer_nothing(out);
        return;
    }
    answer_text(out, e->answer_status, "application/json", e->answer);
    e->answer = NULL;
}

const char *call_who(const struct call *c)
{
    if (c->login != NULL) {
        return c->login->user;
    }
    return c->token != NULL ? c->token->name : "nobody";
}

const char *call_address(const struct call *c)
{
    return c->request->address != NULL ? c->request->address : "unknown";
}

bool call_box(struct call *c, uint16_t *out_box)
{
    if (!answer_refresh(c)) {
        return false;
    }
    if (!text_is_id(c->part[0]) || site_box_find(c->r->cached->site, c->part[0], out_box) != RC_OK || *out_box >= c->r->cached->view.box_n) {
        answer_problem(c->out, 404, "no wallbox of this serial number is configured", NULL);
        return false;
    }
    return true;
}

void routes_init(struct routes *r, struct snapshot_board *board, const char *db_path)
{
    memset(r, 0, sizeof *r);
    r->board = board;
    CHECK(pthread_mutex_init(&r->lock, NULL) == 0);
    history_init(&r->history, db_path);
    access_init(&r->access);
    r->refused_ms = MS_NEVER;
}

void routes_deinit(struct routes *r)
{
    drop_cached(r);
    history_close(&r->history);
    CHECK(pthread_mutex_destroy(&r->lock) == 0);
}
