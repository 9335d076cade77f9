#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/units.h"
#include "common/os/clock.h"
#include "manager/shell/openapi.h"
#include "manager/shell/routes_answers.h"
#include "manager/shell/routes_past.h"
#include "manager/shell/view_json.h"

#define TYPE_JSON "application/json"
#define SNAPSHOT_STALE_MS 3000 /* the loop publishes every second; a longer silence means that it hangs */

static char *dump(json_t *value)
{
    char *text = value != NULL ? json_dumps(value, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;

    json_decref(value);
    return text;
}

void read_site(struct call *c)
{
    struct routes *r = c->r;

    if (!answer_refresh(c)) {
        return;
    }
    if (r->site_text == NULL) {
        r->site_text = dump(view_json_site(r->cached));
    }
    answer_text(c->out, 200, TYPE_JSON, r->site_text != NULL ? strdup(r->site_text) : NULL);
}

void read_boxes(struct call *c)
{
    struct routes *r = c->r;

    if (!answer_refresh(c)) {
        return;
    }
    if (r->boxes_text == NULL) {
        r->boxes_text = dump(view_json_boxes(r->cached->site, &r->cached->view, r->cached->utc_ms));
    }
    answer_text(c->out, 200, TYPE_JSON, r->boxes_text != NULL ? strdup(r->boxes_text) : NULL);
}

void read_box(struct call *c)
{
    uint16_t box = 0;

    if (call_box(c, &box)) {
        answer_json(c->out, 200, view_json_box(c->r->cached->site, &c->r->cached->view, box));
    }
}

void past_sessions(struct call *c)
{
    routes_sessions(c->r, c->request, c->out);
}

void past_history(struct call *c)
{
    routes_history(c->r, c->request, c->out);
}

void past_events(struct call *c)
{
    routes_events(c->r, c->request, c->out);
}

void past_changes(struct call *c)
{
    routes_changes(c->r, c->request, c->out);
}

void past_cards(struct call *c)
{
    routes_cards(c->r, c->request, c->out);
}

void past_statement(struct call *c)
{
    routes_statement(c->r, c->request, c->out);
}

void route_reply_body(struct route_reply *out, unsigned status, const char *type, char *body)
{
    answer_text(out, status, type, body);
}

char *route_dump(json_t *value)
{
    return dump(value);
}

void route_problem(struct route_reply *out, unsigned status, const char *title, const char *detail, const char *field)
{
    (void)title;
    answer_problem(out, status, detail, field);
}

void read_health(struct call *c)
{
    struct snapshot *s = snapshot_take(c->r->board);
    bool is_good = s != NULL && clock_boot_ms() - s->made_ms <= SNAPSHOT_STALE_MS;
    json_t *json = json_pack("{s:s, s:o}", "status", is_good ? "ok" : "stale", "loop_late_ms", s != NULL ? json_integer(s->late_ms) : json_null());

    snapshot_drop(s);
    answer_json(c->out, is_good ? 200 : 503, json);
}

void read_stream(struct call *c)
{
    c->out->is_stream = true;
    if (c->login != NULL || c->token != NULL) {
        rc_ignore(text_copy(c->out->login, sizeof c->out->login, c->login != NULL ? c->login->id : c->token->id)); /* the same length */
    }
}

void read_openapi(struct call *c)
{
    answer_json(c->out, 200, openapi_document());
}
