/* Whom to tell of alarms. Passwords go in and never come out. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "manager/shell/herald.h"
#include "manager/shell/routes_answers.h"

#define TEST_SUBJECT "Test"
#define TEST_TEXT "Wallbox manager: this is a test.\n"
#define TEST_JSON "{\"subject\":\"Test\",\"text\":\"Wallbox manager: this is a test.\",\"alarms\":[],\"more_n\":0,\"open_n\":0}"

static bool has_herald(struct call *c)
{
    if (c->r->herald == NULL || !c->r->herald->is_open) {
        answer_problem(c->out, 503, "alarms cannot be told at the moment", NULL);
        return false;
    }
    return true;
}

void alarms_read(struct call *c)
{
    struct alarm_settings s;

    if (has_herald(c)) {
        herald_settings(c->r->herald, &s);
        answer_json(c->out, 200, alarm_settings_write(&s, false));
        sodium_memzero(s.mail_password, sizeof s.mail_password);
    }
}

static void run_put(struct errand *e)
{
    e->rc = alarm_settings_store(e->alarms, e->dir);
}

static void finish_put(struct routes *r, struct errand *e, struct route_reply *out)
{
    if (e->rc != RC_OK) {
        answer_problem(out, 503, "this cannot be stored at the moment", NULL);
        return;
    }
    herald_set(r->herald, e->alarms);
    call_note(r, e->by, "alarms_put", NULL, alarm_settings_write(e->alarms, false));
    answer_json(out, 200, alarm_settings_write(e->alarms, false));
}

/* An errand with the present settings; NULL: answered. */
static struct errand *errand_of(struct call *c, void (*run)(struct errand *e), void (*finish)(struct routes *r, struct errand *e, struct route_reply *out))
{
    struct errand *e = errand_new(ERRAND_WORKER, run, finish);

    if (e != NULL) {
        e->alarms = malloc(sizeof *e->alarms);
        e->dir = c->r->dir;
    }
    if (e == NULL || e->alarms == NULL) {
        errand_free(e);
        answer_later(c, NULL);
        return NULL;
    }
    herald_settings(c->r->herald, e->alarms);
    return e;
}

void alarms_put(struct call *c)
{
    struct field_error why;
    struct errand *e = has_herald(c) ? errand_of(c, run_put, finish_put) : NULL;

    if (e == NULL) {
        return;
    }
    if (alarm_settings_read(e->alarms, c->body, &why) != RC_OK) {
        answer_problem(c->out, 422, why.text, why.field[0] != '\0' ? why.field : NULL);
        errand_free(e);
        return;
    }
    answer_later(c, e);
}

static void run_test(struct errand *e)
{
    rc_ignore(courier_try(e->alarms, TEST_SUBJECT, TEST_TEXT, TEST_JSON, e->secret)); /* why not is the answer, no failure of ours */
    e->rc = RC_OK;
}

static void finish_test(struct routes *r, struct errand *e, struct route_reply *out)
{
    (void)r;
    answer_json(out, 200, json_pack("{s:b, s:s}", "is_told", e->secret[0] == '\0', "why", e->secret));
}

void alarms_test(struct call *c)
{
    struct errand *e = has_herald(c) ? errand_of(c, run_test, finish_test) : NULL;

    if (e == NULL) {
        return;
    }
    if (e->alarms->mail_url[0] == '\0' && e->alarms->hook_url[0] == '\0') {
        answer_problem(c->out, 409, "nobody is to be told: there is neither a mail server nor a web hook", NULL);
        errand_free(e);
        return;
    }
    answer_later(c, e);
}
