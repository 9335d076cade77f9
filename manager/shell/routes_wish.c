#include <stdio.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/os/clock.h"
#include "common/os/log.h"
#include "manager/shell/change.h"
#include "manager/shell/routes_answers.h"
#include "manager/shell/view_json.h"

#define DEPARTURE_MAX_MS 2678400000 /* 31 days ahead */

/* Give a wish to the loop and say its number, and the audit trail what it was; or say why not. `after` is taken, NULL none. */
static void give(struct call *c, struct mev *e, const char *what, json_t *after)
{
    const struct routes_out *out = c->r->out;

    if (out == NULL || out->feed(c->r->out_user, e) != RC_OK) {
        answer_problem(c->out, 503, "too many wishes wait", NULL);
        c->out->retry_s = 1;
        json_decref(after);
        return;
    }
    call_note(c->r, call_who(c), what, c->part[0], after);
    answer_json(c->out, 202, json_pack("{s:I}", "seq", (json_int_t)c->r->seq));
}

static uint32_t next_seq(struct routes *r)
{
    if (r->seq == 0) {
        clock_random(&r->seq, sizeof r->seq); /* numbers of the last start do not come again soon */
    }
    r->seq = r->seq == UINT32_MAX ? 1 : r->seq + 1;
    return r->seq;
}

/* The wallbox in the path, when it is online; else answered. */
static bool online_box(struct call *c, uint16_t *out_box)
{
    if (!call_box(c, out_box)) {
        return false;
    }
    if (!c->r->cached->view.box[*out_box].is_online) {
        answer_problem(c->out, 409, "this wallbox is offline", NULL);
        return false;
    }
    return true;
}

void wish_command(struct call *c)
{
    static const struct {
        const char *word;
        enum manager_command command;
    } commands[] = {{"start", MANAGER_START},   {"stop", MANAGER_STOP},       {"pause", MANAGER_PAUSE},
                    {"resume", MANAGER_RESUME}, {"restart", MANAGER_RESTART}, {"unlock", MANAGER_UNLOCK}};
    const char *word = strrchr(c->route->path, '/') + 1;
    struct mev e = {.kind = MEV_COMMAND};
    char what[CHANGE_WHAT_LEN];

    if (!online_box(c, &e.command.box)) {
        return;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (text_same(commands[i].word, word)) {
            e.command.command = commands[i].command;
        }
    }
    CHECK(e.command.command != MANAGER_COMMAND_UNSET);
    e.command.seq = next_seq(c->r);
    log_note("command wallbox=%s what=%s by=\"%s\"", c->part[0], word, call_who(c));
    (void)snprintf(what, sizeof what, "command_%s", word);
    give(c, &e, what, NULL);
}

static void run_nothing(struct errand *e)
{
    (void)e;
}

static void finish_setting(struct routes *r, struct errand *e, struct route_reply *out)
{
    (void)r;
    answer_json(out, 200, view_json_setting(&e->setting.setting));
}

void wish_setting(struct call *c)
{
    const struct field_value *v = c->value;
    const struct site_box *site;
    struct errand *e;
    uint16_t box = 0;

    if (!call_box(c, &box)) {
        return;
    }
    site = &c->r->cached->site->box[box];
    if (v[3].is_set && !v[3].is_null && (v[3].number < site->min_ma || v[3].number > site->max_ma)) {
        answer_problem(c->out, 422, "must be null or from min_ma to max_ma of the wallbox", "local_limit_ma");
        return;
    }
    e = errand_new(ERRAND_LOOP, run_nothing, finish_setting);
    if (e != NULL) {
        struct wish_setting *s = &e->setting.setting;

        e->setting.box = box;
        e->setting_set = (uint8_t)((v[0].is_set ? SETTING_NAME : 0) | (v[1].is_set ? SETTING_PRIORITY : 0) | (v[2].is_set ? SETTING_MODE : 0) |
                                   (v[3].is_set ? SETTING_LIMIT : 0));
        CHECK(text_copy(s->name, sizeof s->name, v[0].is_set ? v[0].text : "") == RC_OK);
        s->priority = (int8_t)v[1].number;
        s->mode = (enum solar_mode)v[2].number;
        s->local_limit_ma = v[3].is_null ? 0 : (int32_t)v[3].number;
    }
    answer_later(c, e);
}

void wish_session(struct call *c)
{
    static const uint8_t bits[] = {WISH_DEPARTURE, WISH_NEEDED, WISH_MODE, WISH_PRIORITY, WISH_NOW};
    const struct field_value *v = c->value;
    struct mev e = {.kind = MEV_WISH};
    struct wish *w = &e.wish.wish;
    int64_t ahead_ms = v[0].number - clock_utc_ms();

    if (!online_box(c, &e.wish.box)) {
        return;
    }
    if (c->r->cached->view.box[e.wish.box].pilot <= PILOT_A2) {
        answer_problem(c->out, 409, "no vehicle is connected to this wallbox", NULL);
        return;
    }
    if (v[0].is_set && !v[0].is_null && (ahead_ms <= 0 || ahead_ms > DEPARTURE_MAX_MS)) {
        answer_problem(c->out, 422, "must be ahead, within 31 days", "departure");
        return;
    }
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        bool is_wished = v[i].is_set && !v[i].is_null && (bits[i] != WISH_NOW || v[i].number != 0);

        e.wish.set = (uint8_t)(e.wish.set | (v[i].is_set ? bits[i] : 0));
        w->set = (uint8_t)(w->set | (is_wished ? bits[i] : 0));
    }
    w->departure_utc_ms = v[0].number;
    w->needed_wh = (int32_t)v[1].number;
    w->mode = (enum solar_mode)v[2].number;
    w->priority = (int8_t)v[3].number;
    (void)next_seq(c->r);
    give(c, &e, "session_wish", json_loadb(c->request->body, c->request->body_len, 0, NULL)); /* it was read before: what it holds is allowed */
}
