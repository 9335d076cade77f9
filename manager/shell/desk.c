#include "manager/shell/desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/os/log.h"
#include "manager/shell/change.h"
#include "manager/shell/view_json.h"

static void lock(struct desk *d)
{
    CHECK(pthread_mutex_lock(&d->lock) == 0);
}

static void unlock(struct desk *d)
{
    CHECK(pthread_mutex_unlock(&d->lock) == 0);
}

static bool pop_event(struct desk *d, struct mev *out)
{
    bool is_there;

    lock(d);
    is_there = d->event_n > 0;
    if (is_there) {
        *out = d->event[d->event_first];
        d->event_first = (uint16_t)((d->event_first + 1) % DESK_EVENTS_MAX);
        d->event_n--;
    }
    unlock(d);
    return is_there;
}

static struct errand *pop_errand(struct desk *d)
{
    struct errand *e;

    lock(d);
    e = d->todo_first;
    if (e != NULL) {
        d->todo_first = e->next;
        d->todo_n--;
    }
    unlock(d);
    return e;
}

static void end_errand(struct errand *e, enum rc rc)
{
    e->rc = rc;
    e->on_done(e->user, e);
}

/* What an errand wants into the document to come. */
static void apply(struct document *to, const struct errand *e)
{
    const struct wish_setting *s = &e->setting.setting;
    struct site_box *b = &to->site.box[e->setting.box];

    memcpy(b->name, s->name, sizeof b->name);
    b->priority = s->priority;
    b->mode = s->mode;
    b->local_limit_ma = s->local_limit_ma;
}

/* The fields that an errand leaves as they are come from what is stored by then. */
static void complete(const struct document *d, struct errand *e)
{
    struct wish_setting is;

    wish_setting_init(&is, &d->site.box[e->setting.box]);
    if ((e->setting_set & SETTING_NAME) == 0) {
        memcpy(e->setting.setting.name, is.name, sizeof is.name);
    }
    if ((e->setting_set & SETTING_PRIORITY) == 0) {
        e->setting.setting.priority = is.priority;
    }
    if ((e->setting_set & SETTING_MODE) == 0) {
        e->setting.setting.mode = is.mode;
    }
    if ((e->setting_set & SETTING_LIMIT) == 0) {
        e->setting.setting.local_limit_ma = is.local_limit_ma;
    }
}

static void store_next(struct desk *d);

/* A setting is stored: now it counts. */
static void set(struct desk *d, const struct errand *e)
{
    struct mev event = {.kind = MEV_SETTING, .setting = e->setting};

    *d->document = *d->next;
    log_note("setting wallbox=%s by=\"%s\"", d->document->site.box[e->setting.box].serial, e->by);
    d->out->feed(d->user, &event);
}

static void on_changed(struct store_order *order, enum rc rc)
{
    struct change *change = (struct change *)order;
    struct desk *d = change->owner;
    struct errand *e = d->storing;

    if (rc == RC_OK && d->is_open) {
        if (e != NULL && change->kind == CHANGE_DOCUMENT) {
            set(d, e);
        }
        d->out->changed(d->user, change);
    }
    change_free(change);
    if (e != NULL) { /* else it ended with the desk */
        d->storing = NULL;
        end_errand(e, rc);
        store_next(d);
    }
}

/* What an errand wants as a change: a document in which the setting is another one. NULL: no memory. */
static struct change *change_of_setting(struct desk *d, struct errand *e)
{
    const struct site_box *site = &d->document->site.box[e->setting.box];
    struct wish_setting was;
    char *text;

    wish_setting_init(&was, site);
    complete(d->document, e);
    *d->next = *d->document;
    apply(d->next, e);
    text = document_write(d->next);
    return text != NULL ? change_note(e->by, "setting", site->serial, view_json_setting(&was), view_json_setting(&e->setting.setting), text) : NULL;
}

/* Give the change of an errand to the store; it belongs to that from then on. */
static void store_change(struct desk *d, struct errand *e)
{
    if (e->change == NULL) {
        CHECK(e->setting.box < d->document->site.box_n);
        e->change = change_of_setting(d, e);
    }
    if (e->change == NULL) {
        end_errand(e, RC_IO);
        return;
    }
    e->change->order.done = on_changed;
    e->change->owner = d;
    if (d->out->change(d->user, e->change) != RC_OK) {
        end_errand(e, RC_IO);
        return;
    }
    e->change = NULL;
    d->storing = e;
}

/* Begin to store the next setting or change, unless one is under way. */
static void store_next(struct desk *d)
{
    while (d->storing == NULL && !d->is_closing) { /* ends: each turn takes an errand, of which there are few */
        struct errand *e = pop_errand(d);

        if (e == NULL) {
            return;
        }
        store_change(d, e);
    }
}

static void on_async(uv_async_t *async)
{
    struct desk *d = async->data;
    struct mev e;

    for (int i = 0; i < DESK_EVENTS_MAX && !d->is_closing && pop_event(d, &e); i++) {
        d->out->feed(d->user, &e);
    }
    store_next(d);
}

static void free_documents(struct desk *d)
{
    free(d->document);
    free(d->next);
    d->document = NULL;
    d->next = NULL;
}

enum rc desk_open(struct desk *d, uv_loop_t *loop, const struct document *document, const struct desk_out *out, void *user)
{
    memset(d, 0, sizeof *d);
    d->document = malloc(sizeof *d->document);
    d->next = malloc(sizeof *d->next);
    d->out = out;
    d->user = user;
    if (d->document == NULL || d->next == NULL || work_open(&d->work, loop, "passwords") != RC_OK) {
        free_documents(d);
        return RC_IO;
    }
    d->work.user = d;
    *d->document = *document;
    CHECK(pthread_mutex_init(&d->lock, NULL) == 0);
    CHECK(uv_async_init(loop, &d->async, on_async) == 0);
    d->async.data = d;
    d->is_open = true;
    return RC_OK;
}

enum rc desk_feed(struct desk *d, const struct mev *e)
{
    enum rc rc = RC_FULL;

    lock(d);
    if (!d->is_closing && d->event_n < DESK_EVENTS_MAX) {
        d->event[(d->event_first + d->event_n) % DESK_EVENTS_MAX] = *e;
        d->event_n++;
        rc = RC_OK;
        CHECK(uv_async_send(&d->async) == 0);
    }
    unlock(d);
    return rc;
}

static void on_run(struct work_job *job)
{
    struct errand *e = (struct errand *)((char *)job - offsetof(struct errand, job));

    e->run(e);
}

static void on_run_done(struct work_job *job)
{
    struct errand *e = (struct errand *)((char *)job - offsetof(struct errand, job));
    struct desk *d = e->desk;

    lock(d);
    d->work_n--;
    unlock(d);
    e->on_done(e->user, e);
}

static enum rc send_to_worker(struct desk *d, struct errand *e)
{
    if (d->work_n >= DESK_WORK_MAX) {
        return RC_FULL;
    }
    d->work_n++;
    e->desk = d;
    e->job.run = on_run;
    e->job.done = on_run_done;
    work_add(&d->work, &e->job);
    return RC_OK;
}

static enum rc send_to_loop(struct desk *d, struct errand *e)
{
    if (d->todo_n >= DESK_SETTINGS_MAX) {
        return RC_FULL;
    }
    e->next = NULL;
    if (d->todo_first == NULL) {
        d->todo_first = e;
    } else {
        d->todo_last->next = e;
    }
    d->todo_last = e;
    d->todo_n++;
    CHECK(uv_async_send(&d->async) == 0);
    return RC_OK;
}

enum rc desk_send(struct desk *d, struct errand *e)
{
    enum rc rc = RC_FULL;

    lock(d);
    if (!d->is_closing) {
        rc = e->where == ERRAND_WORKER ? send_to_worker(d, e) : send_to_loop(d, e);
    }
    unlock(d);
    return rc;
}

static void on_noted(void *user, struct errand *e)
{
    (void)user;
    if (e->rc != RC_OK) {
        log_warn("audit_lost by=\"%s\" what=%s", e->by, e->name);
    }
    errand_free(e);
}

void desk_note(struct desk *d, struct change *change)
{
    struct errand *e = change != NULL ? errand_new(ERRAND_LOOP, NULL, NULL) : NULL;
    enum rc rc;

    if (e == NULL) {
        log_warn("audit_lost why=\"no memory\"");
        change_free(change);
        return;
    }
    e->change = change;
    e->on_done = on_noted;
    memcpy(e->by, change->who, sizeof e->by);
    (void)snprintf(e->name, sizeof e->name, "%s", change->what);
    rc = desk_send(d, e); /* then the loop has it, and may have done with it */
    if (rc != RC_OK) {
        e->rc = rc;
        on_noted(NULL, e);
    }
}

static void on_async_closed(uv_handle_t *handle)
{
    struct desk *d = handle->data;

    free_documents(d);
    CHECK(pthread_mutex_destroy(&d->lock) == 0);
}

static void on_work_closed(struct work *w)
{
    struct desk *d = w->user;

    uv_close((uv_handle_t *)&d->async, on_async_closed);
}

void desk_close(struct desk *d)
{
    struct errand *e;

    if (!d->is_open) {
        return;
    }
    d->is_open = false;
    lock(d);
    d->is_closing = true;
    unlock(d);
    if (d->storing != NULL) {
        end_errand(d->storing, RC_IO);
        d->storing = NULL;
    }
    for (int i = 0; i < DESK_SETTINGS_MAX && (e = pop_errand(d)) != NULL; i++) {
        end_errand(e, RC_IO);
    }
    work_close(&d->work, on_work_closed); /* what is under way is finished */
}
