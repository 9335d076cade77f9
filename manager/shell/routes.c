#include "manager/shell/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/os/clock.h"
#include "manager/shell/routes_past.h"
#include "manager/shell/view_json.h"

#define TYPE_JSON "application/json"
#define TYPE_PROBLEM "application/problem+json"
#define SNAPSHOT_STALE_MS 3000 /* the loop publishes every second; a longer silence means that it hangs */

static const char wallboxes_path[] = "/api/v1/wallboxes";

void routes_init(struct routes *r, struct snapshot_board *board, const char *db_path)
{
    *r = (struct routes){.board = board};
    history_init(&r->history, db_path);
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

void routes_deinit(struct routes *r)
{
    drop_cached(r);
    history_close(&r->history);
}

/* Takes the body; without one there was no memory for it. */
void route_reply_body(struct route_reply *out, unsigned status, const char *type, char *body)
{
    *out = (struct route_reply){.status = body != NULL ? status : 503, .type = type, .body = body, .body_len = body != NULL ? strlen(body) : 0};
}

char *route_dump(json_t *value)
{
    char *text = value != NULL ? json_dumps(value, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;

    json_decref(value);
    return text;
}

/* RFC 9457. field: the argument that was wrong, NULL none. */
void route_problem(struct route_reply *out, unsigned status, const char *title, const char *detail, const char *field)
{
    json_t *p = json_pack("{s:s, s:s, s:i, s:s}", "type", "about:blank", "title", title, "status", (int)status, "detail", detail);

    if (p != NULL && field != NULL && json_object_set_new(p, "field", json_string(field)) != 0) {
        json_decref(p);
        p = NULL;
    }
    route_reply_body(out, status, TYPE_PROBLEM, route_dump(p));
}

/* Bring the cached snapshot up to date; false when there is none yet. */
static bool refresh(struct routes *r)
{
    struct snapshot *newest = snapshot_take(r->board);

    if (newest == r->cached) {
        snapshot_drop(newest);
    } else {
        drop_cached(r);
        r->cached = newest;
    }
    return r->cached != NULL;
}

static json_t *site_json(const struct snapshot *s)
{
    json_t *json = view_json_site(s->site, &s->view, s->utc_ms);
    json_t *state = json_object_get(json, "state");

    if (json_object_set_new(state, "is_store_failing", json_boolean(s->is_store_failing)) != 0 ||
        json_object_set_new(state, "was_database_damaged", json_boolean(s->was_damaged)) != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

static void answer_site(struct routes *r, struct route_reply *out)
{
    const struct snapshot *s = r->cached;

    if (r->site_text == NULL) {
        r->site_text = route_dump(site_json(s));
    }
    route_reply_body(out, 200, TYPE_JSON, r->site_text != NULL ? strdup(r->site_text) : NULL);
}

static void answer_boxes(struct routes *r, struct route_reply *out)
{
    const struct snapshot *s = r->cached;

    if (r->boxes_text == NULL) {
        r->boxes_text = route_dump(view_json_boxes(s->site, &s->view, s->utc_ms));
    }
    route_reply_body(out, 200, TYPE_JSON, r->boxes_text != NULL ? strdup(r->boxes_text) : NULL);
}

static void answer_box(struct routes *r, const char *serial, struct route_reply *out)
{
    const struct snapshot *s = r->cached;
    uint16_t box = 0;

    if (!text_is_id(serial) || site_box_find(s->site, serial, &box) != RC_OK || box >= s->view.box_n) {
        route_problem(out, 404, "Not Found", "no wallbox of this serial number is configured", NULL);
        return;
    }
    route_reply_body(out, 200, TYPE_JSON, route_dump(view_json_box(s->site, &s->view, box)));
}

static void answer_health(struct routes *r, struct route_reply *out)
{
    int64_t age_ms = refresh(r) ? clock_boot_ms() - r->cached->made_ms : INT64_MAX;
    bool is_good = age_ms <= SNAPSHOT_STALE_MS;

    route_reply_body(out, is_good ? 200 : 503, TYPE_JSON, strdup(is_good ? "{\"status\":\"ok\"}" : "{\"status\":\"stale\"}"));
}

enum route { ROUTE_NONE, ROUTE_SITE, ROUTE_BOXES, ROUTE_BOX, ROUTE_SESSIONS, ROUTE_HISTORY, ROUTE_EVENTS, ROUTE_CARDS, ROUTE_STATEMENT, ROUTE_HEALTH };

static enum route find_route(const char *path)
{
    static const struct {
        const char *path;
        enum route route;
    } rows[] = {{"/api/v1/site", ROUTE_SITE},     {wallboxes_path, ROUTE_BOXES},  {"/api/v1/sessions", ROUTE_SESSIONS},   {"/api/v1/history", ROUTE_HISTORY},
                {"/api/v1/events", ROUTE_EVENTS}, {"/api/v1/cards", ROUTE_CARDS}, {"/api/v1/statement", ROUTE_STATEMENT}, {"/health", ROUTE_HEALTH}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (text_same(path, rows[i].path)) {
            return rows[i].route;
        }
    }
    if (strncmp(path, wallboxes_path, sizeof wallboxes_path - 1) == 0 && path[sizeof wallboxes_path - 1] == '/' &&
        strchr(path + sizeof wallboxes_path, '/') == NULL) {
        return ROUTE_BOX;
    }
    return ROUTE_NONE;
}

/* What is answered from the newest snapshot, which is there. */
static void answer_present(struct routes *r, enum route route, const char *path, struct route_reply *out)
{
    if (route == ROUTE_SITE) {
        answer_site(r, out);
    } else if (route == ROUTE_BOXES) {
        answer_boxes(r, out);
    } else {
        answer_box(r, path + sizeof wallboxes_path, out);
    }
}

void routes_answer(struct routes *r, const struct route_request *request, struct route_reply *out)
{
    enum route route = find_route(request->path);

    if (request->has_content_length && request->has_transfer_encoding) {
        route_problem(out, 400, "Bad Request", "Content-Length and Transfer-Encoding together are refused", NULL);
        return;
    }
    if (route == ROUTE_NONE) {
        route_problem(out, 404, "Not Found", "there is nothing at this path", NULL);
        return;
    }
    if (!text_same(request->method, "GET") && !text_same(request->method, "HEAD")) {
        route_problem(out, 405, "Method Not Allowed", "this path answers GET and HEAD", NULL);
        out->allow = "GET, HEAD";
        return;
    }
    switch (route) {
    case ROUTE_SITE:
    case ROUTE_BOXES:
    case ROUTE_BOX:
        if (refresh(r)) {
            answer_present(r, route, request->path, out);
        } else {
            route_problem(out, 503, "Service Unavailable", "the manager has just started", NULL);
        }
        break;
    case ROUTE_SESSIONS:
        routes_sessions(r, request, out);
        break;
    case ROUTE_HISTORY:
        routes_history(r, request, out);
        break;
    case ROUTE_EVENTS:
        routes_events(r, request, out);
        break;
    case ROUTE_CARDS:
        routes_cards(r, request, out);
        break;
    case ROUTE_STATEMENT:
        routes_statement(r, request, out);
        break;
    case ROUTE_HEALTH:
        answer_health(r, out);
        break;
    case ROUTE_NONE:
        break;
    }
}
