#include "manager/shell/store.h"

#include <stddef.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/os/clock.h"
#include "common/os/log.h"
#include "manager/shell/store_inside.h"

void jobs_add(struct job_list *l, struct job *j)
{
    j->next = NULL;
    if (l->last != NULL) {
        l->last->next = j;
    } else {
        l->first = j;
    }
    l->last = j;
    l->n++;
}

static struct store *store_of(struct work_job *w)
{
    return (struct store *)((char *)w - offsetof(struct store, batch));
}

static void on_batch_run(struct work_job *w)
{
    store_write(store_of(w));
}

static void handle_closed(struct store *s)
{
    void (*on_closed)(void *) = s->on_closed;
    void *user = s->closed_user;

    s->open_handles_n--;
    if (s->open_handles_n > 0) {
        return;
    }
    s->is_started = false;
    store_free(s);
    if (on_closed != NULL) {
        on_closed(user);
    }
}

static void on_work_closed(struct work *w)
{
    handle_closed(w->user);
}

static void on_timer_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

static void end(struct store *s)
{
    s->open_handles_n = 2;
    if (s->kept.n > 0) {
        log_err("not_stored what=events n=%u why=\"the disk refuses them\"", s->kept.n);
    }
    uv_close((uv_handle_t *)&s->retry, on_timer_closed);
    work_close(&s->work, on_work_closed);
}

static void give_back(struct store *s, struct job *j)
{
    j->next = s->free;
    s->free = j;
}

/* The disk has refused it and nobody waits: it is tried again, while there is room. */
static void keep(struct store *s, struct job *j)
{
    if (s->kept.n >= STORE_KEPT_MAX) {
        s->kept_lost_n = s->kept_lost_n < UINT16_MAX ? (uint16_t)(s->kept_lost_n + 1) : UINT16_MAX;
        give_back(s, j);
        return;
    }
    j->is_kept = true;
    j->what.ticket = 0;
    jobs_add(&s->kept, j);
}

/* A write that somebody waits for is his to repeat; of epochs and wallboxes the history is still to be written. */
static bool is_worth_keeping(const struct job *j)
{
    bool is_history = (j->what.kind == MSTORE_EPOCH || j->what.kind == MSTORE_BOX) && j->is_stored;

    return !j->is_in_db && (j->what.ticket == 0 || is_history);
}

static void tell_trouble(struct store *s)
{
    struct mfx_store lost = {.kind = MSTORE_EVENT, .box = BOX_MAX, .event = {.kind = EVENT_RECORDS_LOST, .code = s->kept_lost_n, .meter = METER_MAX}};

    if (s->is_failing == s->is_shown_failing) {
        return;
    }
    s->is_shown_failing = s->is_failing;
    if (!s->is_failing && s->kept_lost_n > 0) {
        log_err("not_stored what=events n=%u why=\"more than could be kept\"", s->kept_lost_n);
        s->kept_lost_n = 0;
        rc_ignore(store_put(s, &lost, NULL, NULL)); /* closing, or so full that it says no more than the rest */
    }
    if (s->on_trouble != NULL) {
        s->on_trouble(s->user, s->is_failing);
    }
}

static void on_batch_done(struct work_job *w)
{
    struct store *s = store_of(w);
    struct job *j = s->writing.first;
    struct store_order *o = s->ordered;

    s->writing = (struct job_list){0};
    s->ordered = NULL;
    s->is_writing = false;
    s->shown_transactions_n = s->transactions_n;
    tell_trouble(s);
    store_flush(s);     /* what has come meanwhile does not wait for the results of this batch */
    while (j != NULL) { /* ends: a batch has at most STORE_QUEUE_MAX jobs */
        struct job *next = j->next;
        uint64_t ticket = j->what.ticket;
        bool is_stored = j->is_stored;

        if (is_worth_keeping(j)) {
            keep(s, j);
        } else {
            give_back(s, j);
        }
        if (ticket != 0) {
            s->on_result(s->user, ticket, is_stored);
        }
        j = next;
    }
    while (o != NULL) { /* ends: each was queued once */
        struct store_order *next = o->next;

        o->done(o, o->rc);
        o = next;
    }
    store_flush(s);
    if (s->is_closing && !s->is_writing) {
        end(s);
    }
}

static void begin(struct store *s)
{
    s->ordered = s->orders;
    s->orders = NULL;
    s->orders_end = &s->orders;
    s->is_writing = true;
    work_add(&s->work, &s->batch);
}

void store_flush(struct store *s)
{
    if (s->is_writing || (s->waiting.first == NULL && s->orders == NULL) || !s->is_started) {
        return;
    }
    s->writing = s->waiting;
    s->waiting = (struct job_list){0};
    begin(s);
}

/* What was refused goes first, in its order, and then what is waiting. */
static void try_kept(struct store *s)
{
    if (s->is_writing || s->kept.first == NULL) {
        return;
    }
    s->writing = s->kept;
    s->kept = (struct job_list){0};
    for (struct job *j = s->waiting.first; j != NULL;) { /* ends: at most STORE_QUEUE_MAX */
        struct job *next = j->next;

        jobs_add(&s->writing, j);
        j = next;
    }
    s->waiting = (struct job_list){0};
    begin(s);
}

static void on_retry(uv_timer_t *timer)
{
    try_kept(timer->data);
}

/* Point the copy at its own message instead of the caller's. */
static void copy_message(struct job *j, const struct mfx_store *what)
{
    if (what->kind == MSTORE_SESSION_STARTED) {
        j->started = *what->session_started;
        j->what.session_started = &j->started;
    } else if (what->kind == MSTORE_CARD) {
        j->taught = *what->taught;
        j->what.taught = &j->taught;
    } else if (what->kind == MSTORE_SESSION) {
        CHECK(what->session->quarter_n <= QUARTER_MAX);
        j->record = *what->session;
        if (j->record.quarter_n > 0) {
            memcpy(j->quarter_wh, what->session->quarter_wh, sizeof j->quarter_wh[0] * j->record.quarter_n);
        }
        j->record.quarter_wh = j->quarter_wh;
        j->what.session = &j->record;
    }
}

/* NULL when all are in use. */
static struct job *take_job(struct store *s)
{
    struct job *j = s->free;

    if (j != NULL) {
        s->free = j->next;
    } else if (s->fresh_n > 0) {
        j = &s->pool[STORE_QUEUE_MAX - s->fresh_n];
        s->fresh_n--;
    }
    return j;
}

enum rc store_put(struct store *s, const struct mfx_store *what, const char *serial, const char *text)
{
    struct job *j;

    CHECK(s->is_started);
    CHECK(what->kind > MSTORE_UNSET);
    CHECK(what->kind <= MSTORE_CARD);
    CHECK(what->kind == MSTORE_EPOCH || what->kind == MSTORE_EVENT || serial != NULL);
    CHECK(what->kind != MSTORE_EVENT || (what->event.kind > EVENT_UNSET && what->event.kind < EVENT_N));
    j = s->is_closing ? NULL : take_job(s);
    if (j == NULL) {
        return RC_FULL;
    }
    memset(j, 0, offsetof(struct job, quarter_wh));
    j->what = *what;
    j->utc_ms = clock_utc_ms();
    copy_message(j, what);
    if (serial != NULL) {
        CHECK(text_copy(j->serial, sizeof j->serial, serial) == RC_OK);
    }
    if (text != NULL) {
        CHECK(text_copy(j->text, sizeof j->text, text) == RC_OK);
    }
    jobs_add(&s->waiting, j);
    return RC_OK;
}

void store_order(struct store *s, struct store_order *order)
{
    CHECK(s->is_started);
    CHECK(!s->is_closing);
    order->next = NULL;
    *s->orders_end = order;
    s->orders_end = &order->next;
    store_flush(s);
}

uint64_t store_transactions_n(const struct store *s)
{
    return s->shown_transactions_n;
}

uint16_t store_kept_n(const struct store *s)
{
    return s->kept.n;
}

void store_on_trouble(struct store *s, void (*on_trouble)(void *user, bool is_failing))
{
    s->on_trouble = on_trouble;
}

enum rc store_start(struct store *s, uv_loop_t *loop, void (*on_result)(void *user, uint64_t ticket, bool is_stored), void *user)
{
    enum rc rc = work_open(&s->work, loop, "store");

    if (rc != RC_OK) {
        log_err("store why=\"no thread\"");
        return rc;
    }
    CHECK(uv_timer_init(loop, &s->retry) == 0);
    s->retry.data = s;
    CHECK(uv_timer_start(&s->retry, on_retry, STORE_RETRY_MS, STORE_RETRY_MS) == 0);
    uv_unref((uv_handle_t *)&s->retry);
    s->batch.run = on_batch_run;
    s->batch.done = on_batch_done;
    s->orders_end = &s->orders;
    s->work.user = s;
    s->on_result = on_result;
    s->user = user;
    s->is_started = true;
    return RC_OK;
}

void store_close(struct store *s, void (*on_closed)(void *user), void *user)
{
    CHECK(s->is_started);
    CHECK(!s->is_closing);
    s->on_closed = on_closed;
    s->closed_user = user;
    try_kept(s); /* once more */
    store_flush(s);
    s->is_closing = true;
    if (!s->is_writing) {
        end(s);
    }
}
