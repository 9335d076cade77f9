#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "common/os/clock.h"
#include "common/os/log.h"
#include "manager/shell/routes_answers.h"
#include "manager/shell/view_json.h"

#define RECOVERY_ACCOUNT "recovery key"
#define REFUSAL_EACH_MS 60000
#define COOKIE_FORM "session=%s; Path=/; HttpOnly; SameSite=Strict%s"

static json_t *me_json(const char *user, enum role role, bool must_change, const char *csrf)
{
    return json_pack("{s:s?, s:s, s:b, s:s?}", "user", user, "role", role_text(role), "must_change", must_change, "csrf", csrf);
}

void login_me(struct call *c)
{
    if (c->login != NULL) {
        answer_json(c->out, 200, me_json(c->login->user, c->login->role, c->login->must_change, c->login->csrf));
    } else {
        answer_json(c->out, 200, me_json(c->token != NULL ? c->token->name : NULL, c->role, false, NULL));
    }
}

/* The next try comes too early: answered. */
static bool has_to_wait(struct call *c, const char *account)
{
    int64_t wait_ms = access_try(&c->r->access, account, call_address(c), clock_boot_ms());

    if (wait_ms > 0) {
        answer_problem(c->out, 429, "too many failures, wait before the next try", NULL);
        c->out->retry_s = (int32_t)div_up(wait_ms, 1000);
    }
    return wait_ms > 0;
}

/* A new login for a user whose password was right; logins that the browser had before do not count any more. */
static void begin(struct routes *r, struct errand *e, struct route_reply *out)
{
    char token[LOGIN_TOKEN_LEN];
    const struct login *l = access_begin(&r->access, &e->row, e->address, clock_boot_ms(), clock_utc_ms(), token);

    (void)snprintf(out->cookie, sizeof out->cookie, COOKIE_FORM, token, e->is_secure ? "; Secure" : "");
    sodium_memzero(token, sizeof token);
    answer_json(out, 200, me_json(l->user, l->role, l->must_change, l->csrf));
}

static void run_check(struct errand *e)
{
    e->rc = users_check(e->users, e->name, e->secret, &e->row);
}

/* One a minute: whoever guesses without end must not fill the disk; the log has them all. */
static void note_refusal(struct routes *r, const char *what, const struct errand *e)
{
    int64_t now_ms = clock_boot_ms();

    if (r->refused_ms == MS_NEVER || now_ms - r->refused_ms >= REFUSAL_EACH_MS) {
        r->refused_ms = now_ms;
        call_note(r, "nobody", what, e->name, json_pack("{s:s}", "address", e->address));
    }
}

static void note_of(struct routes *r, const char *what, const struct errand *e)
{
    call_note(r, e->row.name, what, e->row.name, json_pack("{s:s}", "address", e->address));
}

static void finish_check(struct routes *r, struct errand *e, struct route_reply *out)
{
    if (e->rc != RC_OK) {
        log_note("login_refused address=%s", e->address);
        note_refusal(r, "login_refused", e);
        answer_problem(out, 401, "user and password do not belong together", NULL);
        return;
    }
    access_succeeded(&r->access, e->name, e->address, clock_boot_ms());
    log_note("login user=\"%s\" address=%s", e->row.name, e->address);
    note_of(r, "login", e);
    begin(r, e, out);
}

void login_begin(struct call *c)
{
    struct errand *e;

    if (has_to_wait(c, c->value[0].text)) {
        return;
    }
    e = errand_new(ERRAND_WORKER, run_check, finish_check);
    if (e != NULL) {
        CHECK(text_copy(e->name, sizeof e->name, c->value[0].text) == RC_OK);
        CHECK(text_copy(e->secret, sizeof e->secret, c->value[1].text) == RC_OK);
    }
    if (c->login != NULL) {
        access_end(c->login);
        c->login = NULL;
    }
    answer_later(c, e);
}

static void drop_cookie(struct route_reply *out)
{
    (void)snprintf(out->cookie, sizeof out->cookie, COOKIE_FORM, "", "; Max-Age=0");
}

void login_end(struct call *c)
{
    access_end(c->login);
    c->login = NULL;
    answer_nothing(c->out);
    drop_cookie(c->out);
}

static void run_change(struct errand *e)
{
    e->rc = users_change(e->users, e->by, e->secret, e->new_name, e->new_secret, &e->row);
}

/* A new password ends everything that was begun with the old one. */
static void begin_anew(struct routes *r, struct errand *e, const char *what, struct route_reply *out)
{
    access_end_user(&r->access, e->by, NULL);
    access_end_user(&r->access, e->row.name, NULL);
    log_note("password_changed user=\"%s\" address=%s", e->row.name, e->address);
    note_of(r, what, e);
    begin(r, e, out);
}

static void finish_change(struct routes *r, struct errand *e, struct route_reply *out)
{
    if (e->rc == RC_OK) {
        access_succeeded(&r->access, e->by, e->address, clock_boot_ms());
        begin_anew(r, e, "password", out);
    } else if (e->rc == RC_RANGE) {
        answer_problem(out, 422, "must differ from the old one, the user name and the serial number", "new_password");
    } else if (e->rc == RC_FULL) {
        answer_problem(out, 409, "somebody else has this name", "new_user");
    } else {
        answer_problem(out, 403, "is not the present password", "password");
    }
}

void login_password(struct call *c)
{
    struct errand *e;

    if (c->value[2].is_set && strchr(c->value[2].text, '/') != NULL) {
        answer_problem(c->out, 422, "must not hold a slash", "new_user"); /* it is part of a path */
        return;
    }
    if (has_to_wait(c, c->login->user)) {
        return;
    }
    e = errand_new(ERRAND_WORKER, run_change, finish_change);
    if (e != NULL) {
        CHECK(text_copy(e->secret, sizeof e->secret, c->value[0].text) == RC_OK);
        CHECK(text_copy(e->new_secret, sizeof e->new_secret, c->value[1].text) == RC_OK);
        CHECK(text_copy(e->new_name, sizeof e->new_name, c->value[2].is_set ? c->value[2].text : "") == RC_OK);
    }
    answer_later(c, e);
}

static void run_recover(struct errand *e)
{
    e->rc = users_recover(e->users, e->secret, e->new_secret, &e->row);
}

static void finish_recover(struct routes *r, struct errand *e, struct route_reply *out)
{
    if (e->rc == RC_OK) {
        access_succeeded(&r->access, RECOVERY_ACCOUNT, e->address, clock_boot_ms());
        begin_anew(r, e, "recovery", out);
    } else if (e->rc == RC_RANGE) {
        answer_problem(out, 422, "must differ from the user name and the serial number", "new_password");
    } else {
        log_note("recovery_refused address=%s", e->address);
        note_refusal(r, "recovery_refused", e);
        answer_problem(out, 403, "is not the recovery key of this manager", "recovery_key");
    }
}

void login_recover(struct call *c)
{
    struct errand *e;

    if (has_to_wait(c, RECOVERY_ACCOUNT)) {
        return;
    }
    e = errand_new(ERRAND_WORKER, run_recover, finish_recover);
    if (e != NULL) {
        CHECK(text_copy(e->secret, sizeof e->secret, c->value[0].text) == RC_OK);
        CHECK(text_copy(e->new_secret, sizeof e->new_secret, c->value[1].text) == RC_OK);
    }
    answer_later(c, e);
}

/* An administrator sees all logins, everybody else his own. */
static bool is_shown(const struct call *c, const struct login *l)
{
    return l->is_open && (c->role == ROLE_ADMIN || text_same(l->user, c->login->user));
}

void login_all(struct call *c)
{
    const struct access *a = &c->r->access;
    int64_t now_ms = clock_boot_ms();
    json_t *list = json_array();

    for (int i = 0; i < LOGIN_MAX; i++) {
        const struct login *l = &a->login[i];
        json_t *one;

        if (!is_shown(c, l)) {
            continue;
        }
        one = json_pack("{s:s, s:s, s:s, s:s, s:o, s:I, s:b}", "id", l->id, "user", l->user, "role", role_text(l->role), "address", l->address, "begun_utc",
                        view_json_utc(l->begun_utc_ms), "idle_ms", (json_int_t)(now_ms - l->used_ms), "is_own", l == c->login);
        if (json_array_append_new(list, one) != 0) {
            json_decref(list);
            list = NULL;
            break;
        }
    }
    answer_json(c->out, 200, list != NULL ? json_pack("{s:o}", "logins", list) : NULL);
}

void login_delete(struct call *c)
{
    struct access *a = &c->r->access;

    for (int i = 0; i < LOGIN_MAX; i++) {
        if (is_shown(c, &a->login[i]) && text_same(a->login[i].id, c->part[0])) {
            access_end(&a->login[i]);
            answer_nothing(c->out);
            return;
        }
    }
    answer_problem(c->out, 404, "there is no such login", NULL);
}
