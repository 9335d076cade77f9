#include "manager/shell/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/os/clock.h"
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
static void reply(struct route_reply *out, unsigned status, const char *type, char *body)
{
    *out = (struct route_reply){.status = body != NULL ? status : 503, .type = type, .body = body, .body_len = body != NULL ? strlen(body) : 0};
}

static char *dump(json_t *value)
{
    char *text = value != NULL ? json_dumps(value, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;

    json_decref(value);
    return text;
}

/* RFC 9457. field: the argument that was wrong, NULL none. */
static void problem(struct route_reply *out, unsigned status, const char *title, const char *detail, const char *field)
{
    json_t *p = json_pack("{s:s, s:s, s:i, s:s}", "type", "about:blank", "title", title, "status", (int)status, "detail", detail);

    if (p != NULL && field != NULL && json_object_set_new(p, "field", json_string(field)) != 0) {
        json_decref(p);
        p = NULL;
    }
    reply(out, status, TYPE_PROBLEM, dump(p));
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

static void answer_site(struct routes *r, struct route_reply *out)
{
    const struct snapshot *s = r->cached;

    if (r->site_text == NULL) {
        r->site_text = dump(view_json_site(s->site, &s->view, s->utc_ms));
    }
    reply(out, 200, TYPE_JSON, r->site_text != NULL ? strdup(r->site_text) : NULL);
}

static void answer_boxes(struct routes *r, struct route_reply *out)
{
    const struct snapshot *s = r->cached;

    if (r->boxes_text == NULL) {
        r->boxes_text = dump(view_json_boxes(s->site, &s->view, s->utc_ms));
    }
    reply(out, 200, TYPE_JSON, r->boxes_text != NULL ? strdup(r->boxes_text) : NULL);
}

static void answer_box(struct routes *r, const char *serial, struct route_reply *out)
{
    const struct snapshot *s = r->cached;
    uint16_t box = 0;

    if (!text_is_id(serial) || site_box_find(s->site, serial, &box) != RC_OK || box >= s->view.box_n) {
        problem(out, 404, "Not Found", "no wallbox of this serial number is configured", NULL);
        return;
    }
    reply(out, 200, TYPE_JSON, dump(view_json_box(s->site, &s->view, box)));
}

/* 0 when the text is no number from 1 to HISTORY_LIMIT_MAX. */
static int parse_limit(const char *text)
{
    int value = 0;

    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || value > HISTORY_LIMIT_MAX) {
            return 0;
        }
        value = value * 10 + (*at - '0');
    }
    return value <= HISTORY_LIMIT_MAX ? value : 0;
}

static void answer_sessions(struct routes *r, const struct route_request *request, struct route_reply *out)
{
    int limit = request->limit != NULL ? parse_limit(request->limit) : HISTORY_LIMIT_PRESET;
    json_t *sessions = NULL;

    if (limit == 0) {
        problem(out, 400, "Bad Request", "limit must be a whole number from 1 to 1000", "limit");
    } else if (history_sessions(&r->history, limit, &sessions) != RC_OK) {
        problem(out, 503, "Service Unavailable", "the history cannot be read at the moment", NULL);
    } else {
        reply(out, 200, TYPE_JSON, dump(sessions));
    }
}

static void answer_health(struct routes *r, struct route_reply *out)
{
    int64_t age_ms = refresh(r) ? clock_boot_ms() - r->cached->made_ms : INT64_MAX;
    bool is_good = age_ms <= SNAPSHOT_STALE_MS;

    reply(out, is_good ? 200 : 503, TYPE_JSON, strdup(is_good ? "{\"status\":\"ok\"}" : "{\"status\":\"stale\"}"));
}

enum route { ROUTE_NONE, ROUTE_SITE, ROUTE_BOXES, ROUTE_BOX, ROUTE_SESSIONS, ROUTE_HEALTH };

static enum route find_route(const char *path)
{
    if (text_same(path, "/api/v1/site")) {
        return ROUTE_SITE;
    }
    if (text_same(path, wallboxes_path)) {
        return ROUTE_BOXES;
    }
    if (strncmp(path, wallboxes_path, sizeof wallboxes_path - 1) == 0 && path[sizeof wallboxes_path - 1] == '/' &&
        strchr(path + sizeof wallboxes_path, '/') == NULL) {
        return ROUTE_BOX;
    }
    if (text_same(path, "/api/v1/sessions")) {
        return ROUTE_SESSIONS;
    }
    return text_same(path, "/health") ? ROUTE_HEALTH : ROUTE_NONE;
}

void routes_answer(struct routes *r, const struct route_request *request, struct route_reply *out)
{
    enum route route = find_route(request->path);

    if (request->has_content_length && request->has_transfer_encoding) {
        problem(out, 400, "Bad Request", "Content-Length and Transfer-Encoding together are refused", NULL);
        return;
    }
    if (route == ROUTE_NONE) {
        problem(out, 404, "Not Found", "there is nothing at this path", NULL);
        return;
    }
    if (!text_same(request->method, "GET") && !text_same(request->method, "HEAD")) {
        problem(out, 405, "Method Not Allowed", "this path answers GET and HEAD", NULL);
        out->allow = "GET, HEAD";
        return;
    }
    if (route != ROUTE_HEALTH && route != ROUTE_SESSIONS && !refresh(r)) {
        problem(out, 503, "Service Unavailable", "the manager has just started", NULL);
        return;
    }
    switch (route) {
    case ROUTE_SITE:
        answer_site(r, out);
        break;
    case ROUTE_BOXES:
        answer_boxes(r, out);
        break;
    case ROUTE_BOX:
        answer_box(r, request->path + sizeof wallboxes_path, out);
        break;
    case ROUTE_SESSIONS:
        answer_sessions(r, request, out);
        break;
    case ROUTE_HEALTH:
        answer_health(r, out);
        break;
    case ROUTE_NONE:
        break;
    }
}
