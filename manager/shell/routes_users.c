#include <string.h>

#include <sodium.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/os/log.h"
#include "manager/shell/routes_answers.h"
#include "manager/shell/view_json.h"

static json_t *user_json(const struct users_row *row)
{
    return json_pack("{s:s, s:s, s:b, s:o}", "user", row->name, "role", role_text(row->role), "must_change", row->must_change, "created_utc",
                     view_json_utc(row->created_utc_ms));
}

static json_t *token_json(const struct users_row *row)
{
    return json_pack("{s:s, s:s, s:s, s:o}", "id", row->id, "name", row->name, "scope", role_text(row->role), "created_utc",
                     view_json_utc(row->created_utc_ms));
}

static void answer_list(struct route_reply *out, const char *key, const struct users_list *list, json_t *(*to_json)(const struct users_row *row))
{
    json_t *json = json_array();

    for (uint16_t i = 0; i < list->n; i++) {
        if (json_array_append_new(json, to_json(&list->at[i])) != 0) {
            json_decref(json);
            json = NULL;
            break;
        }
    }
    answer_json(out, 200, json != NULL ? json_pack("{s:o}", key, json) : NULL);
}

static void run_all(struct errand *e)
{
    e->rc = users_all(e->users, &e->list);
}

static void finish_all(struct routes *r, struct errand *e, struct route_reply *out)
{
    (void)r;
    answer_list(out, "users", &e->list, user_json);
}

void user_all(struct call *c)
{
    answer_later(c, errand_new(ERRAND_WORKER, run_all, finish_all));
}

static void run_add(struct errand *e)
{
    e->rc = users_add(e->users, e->name, e->secret, e->role);
}

static void finish_add(struct routes *r, struct errand *e, struct route_reply *out)
{
    if (e->rc == RC_FULL) {
        answer_problem(out, 409, "the name is taken, or there are 64 users already", "user");
    } else if (e->rc == RC_RANGE) {
        answer_problem(out, 422, "must differ from the user name and the serial number", "password");
    } else {
        log_note("user_added user=\"%s\" role=%s by=\"%s\"", e->name, role_text(e->role), e->by);
        call_note(r, e->by, "user_add", e->name, json_pack("{s:s}", "role", role_text(e->role)));
        answer_json(out, 201, json_pack("{s:s, s:s}", "user", e->name, "role", role_text(e->role)));
    }
}

void user_add(struct call *c)
{
    struct errand *e;

    if (strchr(c->value[0].text, '/') != NULL) {
        answer_problem(c->out, 422, "must not hold a slash", "user"); /* it is part of a path */
        return;
    }
    e = errand_new(ERRAND_WORKER, run_add, finish_add);
    if (e != NULL) {
        CHECK(text_copy(e->name, sizeof e->name, c->value[0].text) == RC_OK);
        CHECK(text_copy(e->secret, sizeof e->secret, c->value[1].text) == RC_OK);
        e->role = (enum role)(c->value[2].number + 1);
    }
    answer_later(c, e);
}

static void run_delete(struct errand *e)
{
    e->rc = users_delete(e->users, e->name);
}

static void finish_delete(struct routes *r, struct errand *e, struct route_reply *out)
{
    if (e->rc == RC_OK) {
        access_end_user(&r->access, e->name, NULL);
        log_note("user_deleted user=\"%s\" by=\"%s\"", e->name, e->by);
        call_note(r, e->by, "user_delete", e->name, NULL);
        answer_nothing(out);
    } else if (e->rc == RC_REFUSED) {
        answer_problem(out, 409, "the last administrator stays", NULL);
    } else {
        answer_problem(out, 404, "there is no such user", NULL);
    }
}

void user_delete(struct call *c)
{
    struct errand *e = errand_new(ERRAND_WORKER, run_delete, finish_delete);

    if (e != NULL) {
        CHECK(text_copy(e->name, sizeof e->name, c->part[0]) == RC_OK);
    }
    answer_later(c, e);
}

static void run_token_all(struct errand *e)
{
    e->rc = users_all_tokens(e->users, &e->list);
}

static void finish_token_all(struct routes *r, struct errand *e, struct route_reply *out)
{
    access_set_tokens(&r->access, &e->list);
    answer_list(out, "tokens", &e->list, token_json);
}

void token_all(struct call *c)
{
    answer_later(c, errand_new(ERRAND_WORKER, run_token_all, finish_token_all));
}

static void run_token_add(struct errand *e)
{
    e->rc = users_add_token(e->users, e->name, e->role, e->secret, &e->row);
    if (e->rc == RC_OK) {
        e->rc = users_all_tokens(e->users, &e->list);
    }
}

static void finish_token_add(struct routes *r, struct errand *e, struct route_reply *out)
{
    json_t *json;

    if (e->rc != RC_OK) {
        answer_problem(out, 409, "there are 64 tokens already", NULL);
        return;
    }
    access_set_tokens(&r->access, &e->list);
    log_note("token_added name=\"%s\" scope=%s by=\"%s\"", e->name, role_text(e->role), e->by);
    call_note(r, e->by, "token_add", e->name, json_pack("{s:s}", "scope", role_text(e->role)));
    json = token_json(&e->row);
    if (json != NULL && json_object_set_new(json, "token", json_string(e->secret)) != 0) {
        json_decref(json);
        json = NULL;
    }
    answer_json(out, 201, json);
}

void token_add(struct call *c)
{
    struct errand *e = errand_new(ERRAND_WORKER, run_token_add, finish_token_add);

    if (e != NULL) {
        CHECK(text_copy(e->name, sizeof e->name, c->value[0].text) == RC_OK);
        e->role = (enum role)(c->value[1].number + 1);
    }
    answer_later(c, e);
}

static void run_token_delete(struct errand *e)
{
    enum rc rc = users_delete_token(e->users, e->name);

    e->rc = rc == RC_OK || rc == RC_MISSING ? users_all_tokens(e->users, &e->list) : rc;
    e->rc = e->rc == RC_OK ? rc : e->rc;
}

static void finish_token_delete(struct routes *r, struct errand *e, struct route_reply *out)
{
    access_set_tokens(&r->access, &e->list);
    if (e->rc != RC_OK) {
        answer_problem(out, 404, "there is no such token", NULL);
        return;
    }
    log_note("token_deleted id=%s by=\"%s\"", e->name, e->by);
    call_note(r, e->by, "token_delete", e->name, NULL);
    answer_nothing(out);
}

void token_delete(struct call *c)
{
    struct errand *e = errand_new(ERRAND_WORKER, run_token_delete, finish_token_delete);

    if (e != NULL) {
        CHECK(text_copy(e->name, sizeof e->name, c->part[0]) == RC_OK);
    }
    answer_later(c, e);
}
