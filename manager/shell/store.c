#include "manager/shell/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "common/os/clock.h"
#include "common/os/log.h"
#include "manager/shell/db.h"
#include "manager/shell/note.h"
#include "manager/shell/state_file.h"

/* One write. The message of a session is copied; its quarter hours lie in this job. */
struct job {
    struct job *next;
    struct mfx_store what;
    struct msg_session_started started;
    struct msg_session_record record;
    char serial[SERIAL_LEN];
    char text[ID_LEN];
    int64_t utc_ms;
    bool is_stored;
    int32_t quarter_wh[QUARTER_MAX];
};

struct store {
    struct work work;
    struct work_job batch;
    struct job *waiting_first; /* loop only */
    struct job *waiting_last;
    struct job *batch_first; /* worker while is_writing, loop otherwise */
    struct job *free;        /* loop only */
    struct job *pool;
    uint16_t fresh_n;        /* jobs of the pool that were never used: their pages are not touched before they are needed */
    struct db db;            /* worker once started */
    struct state_file state; /* likewise */
    uint64_t transactions_n; /* worker */
    uint64_t shown_transactions_n;
    bool is_state_lost; /* the database knows of epochs that manager.state does not */
    bool is_failing;    /* worker: the trouble was logged, its end is still to be */
    bool is_writing;
    bool is_started;
    bool is_closing;
    void (*on_result)(void *user, uint64_t ticket, bool is_stored);
    void *user;
    void (*on_closed)(void *user);
    void *closed_user;
};

static bool is_state(const struct job *j)
{
    return j->what.kind == MSTORE_EPOCH || j->what.kind == MSTORE_BOX;
}

/* The part of a write that goes into the database. */
static enum rc apply(struct store *s, const struct job *j)
{
    const char *serial = j->serial[0] != '\0' ? j->serial : NULL;
    struct db_event event = {.serial = serial};

    switch (j->what.kind) {
    case MSTORE_EPOCH:
        return db_add_epoch(&s->db, j->what.epoch.epoch, j->what.epoch.longest_lease_ms, j->utc_ms);
    case MSTORE_BOX:
        return db_put_box(&s->db, j->serial, j->what.known.fallback_ma, j->utc_ms);
    case MSTORE_SESSION_STARTED:
        return db_start_session(&s->db, j->serial, &j->started, j->utc_ms);
    case MSTORE_SESSION:
        return db_stop_session(&s->db, j->serial, &j->record, j->utc_ms);
    case MSTORE_EVENT:
        event.kind = note_event_text(j->what.event.kind);
        event.code = j->what.event.code;
        event.text = j->text[0] != '\0' ? j->text : NULL;
        return db_add_event(&s->db, &event, j->utc_ms);
    case MSTORE_UNSET:
        break;
    }
    check_failed(__FILE__, __LINE__, "a write has a kind");
}

/* Epochs and wallboxes of a batch, all in one write of manager.state. */
static void write_state(struct store *s)
{
    bool is_changed = false;

    for (struct job *j = s->batch_first; j != NULL; j = j->next) {
        if (j->what.kind == MSTORE_EPOCH) {
            state_file_epoch(&s->state, j->what.epoch.epoch, j->what.epoch.longest_lease_ms);
            j->is_stored = true;
        } else if (j->what.kind == MSTORE_BOX) {
            j->is_stored = state_file_box(&s->state, j->serial, j->what.known.fallback_ma) == RC_OK;
        }
        is_changed = is_changed || (is_state(j) && j->is_stored);
    }
    if (!is_changed || state_file_write(&s->state) == RC_OK) {
        return;
    }
    for (struct job *j = s->batch_first; j != NULL; j = j->next) {
        j->is_stored = j->is_stored && !is_state(j);
    }
}

/* One transaction of the jobs from `first` up to, not with, `end` (NULL: all). */
static bool write_jobs(struct store *s, const struct job *first, const struct job *end)
{
    enum rc rc = db_begin(&s->db);

    for (const struct job *j = first; j != end && rc == RC_OK; j = j->next) {
        rc = apply(s, j);
    }
    if (rc != RC_OK) {
        db_rollback(&s->db);
        return false;
    }
    s->transactions_n++;
    return db_commit(&s->db) == RC_OK;
}

/* Say once when writing begins to fail and once when it works again. */
static void report(struct store *s, bool is_failing)
{
    if (is_failing && !s->is_failing) {
        log_err("store_failed file=manager.db why=\"%s\"", s->db.why);
    } else if (!is_failing && s->is_failing) {
        log_note("store_works file=manager.db");
    }
    s->is_failing = is_failing;
}

static void on_batch_run(struct work_job *w)
{
    struct store *s = (struct store *)((char *)w - offsetof(struct store, batch));
    bool is_failing = false;
    bool is_hopeless = false;

    write_state(s);
    if (write_jobs(s, s->batch_first, NULL)) {
        for (struct job *j = s->batch_first; j != NULL; j = j->next) {
            j->is_stored = j->is_stored || !is_state(j);
        }
        report(s, false);
        return;
    }
    is_hopeless = s->db.is_blocked;
    for (struct job *j = s->batch_first; j != NULL; j = j->next) {
        bool is_written = !is_hopeless && write_jobs(s, j, j->next);

        is_failing = is_failing || !is_written;
        is_hopeless = is_hopeless || (!is_written && s->db.is_blocked);
        j->is_stored = is_state(j) ? j->is_stored : is_written;
    }
    report(s, is_failing);
}

static void finish(struct work *w)
{
    struct store *s = w->user;
    void (*on_closed)(void *) = s->on_closed;
    void *user = s->closed_user;

    s->is_started = false;
    store_free(s);
    if (on_closed != NULL) {
        on_closed(user);
    }
}

static void on_batch_done(struct work_job *w)
{
    struct store *s = (struct store *)((char *)w - offsetof(struct store, batch));
    struct job *j = s->batch_first;

    s->batch_first = NULL;
    s->is_writing = false;
    s->shown_transactions_n = s->transactions_n;
    store_flush(s);     /* what has come meanwhile does not wait for the results of this batch */
    while (j != NULL) { /* ends: a batch has at most STORE_QUEUE_MAX jobs */
        struct job *next = j->next;

        j->next = s->free;
        s->free = j;
        if (j->what.ticket != 0) {
            s->on_result(s->user, j->what.ticket, j->is_stored);
        }
        j = next;
    }
    store_flush(s);
    if (s->is_closing && !s->is_writing) {
        work_close(&s->work, finish);
    }
}

void store_flush(struct store *s)
{
    if (s->is_writing || s->waiting_first == NULL || !s->is_started) {
        return;
    }
    s->batch_first = s->waiting_first;
    s->waiting_first = NULL;
    s->waiting_last = NULL;
    s->is_writing = true;
    work_add(&s->work, &s->batch);
}

/* Point the copy at its own message instead of the caller's. */
static void copy_message(struct job *j, const struct mfx_store *what)
{
    if (what->kind == MSTORE_SESSION_STARTED) {
        j->started = *what->session_started;
        j->what.session_started = &j->started;
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
    CHECK(what->kind <= MSTORE_EVENT);
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
    if (s->waiting_last != NULL) {
        s->waiting_last->next = j;
    } else {
        s->waiting_first = j;
    }
    s->waiting_last = j;
    return RC_OK;
}

uint64_t store_transactions_n(const struct store *s)
{
    return s->shown_transactions_n;
}

static enum rc open_files(struct store *s, const struct store_options *options)
{
    char path[4096];
    enum rc rc;

    if (snprintf(path, sizeof path, "%s/manager.state", options->dir) >= (int)sizeof path - 8) {
        log_err("store dir=%s why=\"name too long\"", options->dir);
        return RC_IO;
    }
    rc = state_file_open(&s->state, path);
    if (rc != RC_OK) {
        return rc;
    }
    (void)snprintf(path, sizeof path, "%s/manager.db", options->dir); /* shorter than the one before */
    return db_open(&s->db, path, options->page_max, options->busy_ms);
}

enum rc store_open(struct store **out, const struct store_options *options)
{
    struct store *s = calloc(1, sizeof *s);
    enum rc rc;

    if (s == NULL) {
        log_err("store dir=%s why=\"no memory\"", options->dir);
        return RC_IO;
    }
    s->pool = calloc(STORE_QUEUE_MAX, sizeof *s->pool);
    if (s->pool == NULL) {
        log_err("store dir=%s why=\"no memory\"", options->dir);
        free(s);
        return RC_IO;
    }
    s->fresh_n = STORE_QUEUE_MAX;
    s->batch.run = on_batch_run;
    s->batch.done = on_batch_done;
    rc = open_files(s, options);
    if (rc != RC_OK) {
        store_free(s);
        return rc;
    }
    *out = s;
    return RC_OK;
}

enum rc store_load(struct store *s, struct store_loaded *out)
{
    struct store_loaded loaded = {0};
    enum rc rc;

    CHECK(!s->is_started);
    rc = db_newest_epoch(&s->db, &loaded.epoch, &loaded.longest_lease_ms);
    rc = rc == RC_OK ? db_newest_document(&s->db, &loaded.document) : rc;
    if (rc != RC_OK && rc != RC_MISSING) {
        log_err("database path=%s why=\"%s\"", sqlite3_db_filename(s->db.handle, "main"), s->db.why);
        return RC_IO;
    }
    s->is_state_lost = s->state.epoch < loaded.epoch;
    /* One of the two may be behind: the database when it could not be written, the file when it was lost. */
    loaded.epoch = s->state.epoch > loaded.epoch ? s->state.epoch : loaded.epoch;
    loaded.longest_lease_ms = max_i64(s->state.longest_lease_ms, loaded.longest_lease_ms);
    *out = loaded;
    return RC_OK;
}

void store_known(struct store *s, const struct site *site, struct mev_known *out)
{
    CHECK(!s->is_started);
    if (s->state.box_n + site->box_n > BOX_MAX) { /* a wallbox that left the site may come back with what it has stored */
        state_file_keep(&s->state, site);
    }
    state_file_known(&s->state, site, out);
    for (uint16_t i = 0; s->is_state_lost && i < site->box_n; i++) { /* the file is gone: anybody may hold anything */
        out[i] = (struct mev_known){.fallback_ma = MA_UNSET, .has_met = true};
    }
}

enum rc store_add_document(struct store *s, const char *text, int64_t utc_ms)
{
    CHECK(!s->is_started);
    if (db_add_document(&s->db, text, utc_ms) != RC_OK) {
        log_err("document_not_stored why=\"%s\"", s->db.why);
        return RC_IO;
    }
    return RC_OK;
}

enum rc store_start(struct store *s, uv_loop_t *loop, void (*on_result)(void *user, uint64_t ticket, bool is_stored), void *user)
{
    enum rc rc = work_open(&s->work, loop, "store");

    if (rc != RC_OK) {
        log_err("store why=\"no thread\"");
        return rc;
    }
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
    store_flush(s);
    s->is_closing = true;
    if (!s->is_writing) {
        work_close(&s->work, finish);
    }
}

void store_free(struct store *s)
{
    if (s == NULL) {
        return;
    }
    CHECK(!s->is_started);
    state_file_close(&s->state);
    db_close(&s->db);
    free(s->pool);
    free(s);
}
