#include "client/shell/journal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/shell/journal_db.h"
#include "client/shell/keep_file.h"
#include "common/base/check.h"
#include "common/os/clock.h"
#include "common/os/log.h"
#include "common/os/work.h"

#define JOBS_MAX 40  /* faults, and before them the others: */
#define OTHERS_MAX 9 /* the core waits for its kept record, its session (begin and end at most), its cards and its acknowledged record */

/* One write or read, in the pool. */
struct job {
    struct work_job work; /* first: a work_job is a job */
    struct journal *journal;
    bool is_used;
    bool is_good; /* set by the worker */
    uint64_t ticket;
    union {
        struct {
            struct client_keep keep;
            uint64_t kernel_boot_id;
        } keep;
        struct journal_session session;
        struct session_id id;
        struct card_list *cards;
        struct journal_fault fault;
        struct {
            int64_t now_ms;
            uint64_t kernel_boot_id;
            struct msg_session_record record;
            int32_t quarter_wh[QUARTER_MAX];
        } next;
    };
};

struct journal {
    struct work work;
    const struct journal_events *events;
    void *user;
    uint64_t kernel_boot_id;
    bool is_asked; /* a read of the oldest record is under way */
    uint64_t dropped_n;
    struct job job[JOBS_MAX];
    /* The worker's own. */
    struct journal_db db;
    struct keep_file keep;
    bool is_failing; /* and was logged */
};

/* A free one, `first` or later; NULL when there is none. */
static struct job *find_free(struct journal *j, int first)
{
    for (int i = first; i < JOBS_MAX; i++) {
        if (!j->job[i].is_used) {
            return &j->job[i];
        }
    }
    return NULL;
}

static struct job *new_job(struct journal *j, int first, void (*run)(struct work_job *), void (*done)(struct work_job *))
{
    struct job *free_one = find_free(j, first);

    CHECK(free_one != NULL);
    free_one->work.run = run;
    free_one->work.done = done;
    free_one->journal = j;
    free_one->is_used = true;
    free_one->is_good = false;
    free_one->ticket = 0;
    return free_one;
}

/* Worker: say once that the database fails, and once that it works again. */
static bool judge(struct journal *j, enum rc rc)
{
    bool is_good = rc == RC_OK || rc == RC_MISSING;

    if (!is_good && !j->is_failing) {
        log_err("journal_failing why=\"%s\"", j->db.why);
    } else if (is_good && j->is_failing) {
        log_note("journal_working");
    }
    j->is_failing = !is_good;
    return is_good;
}

static void done_write(struct work_job *work)
{
    struct job *job = (struct job *)work;
    struct journal *j = job->journal;

    job->is_used = false;
    if (job->ticket != 0) {
        j->events->on_stored(j->user, job->ticket, job->is_good);
    }
}

static void run_keep(struct work_job *work)
{
    struct job *job = (struct job *)work;

    job->is_good = keep_file_write(&job->journal->keep, &job->keep.keep, job->keep.kernel_boot_id) == RC_OK;
}

static void run_session(struct work_job *work)
{
    struct job *job = (struct job *)work;
    struct journal *j = job->journal;

    job->is_good = judge(j, journal_db_put(&j->db, &job->session, j->kernel_boot_id));
}

static void run_acked(struct work_job *work)
{
    struct job *job = (struct job *)work;
    struct journal *j = job->journal;

    job->is_good = judge(j, journal_db_ack(&j->db, &job->id));
}

static void run_next(struct work_job *work)
{
    struct job *job = (struct job *)work;
    struct journal *j = job->journal;
    enum rc rc = journal_db_oldest(&j->db, job->next.now_ms, job->next.kernel_boot_id, &job->next.record, job->next.quarter_wh);

    (void)judge(j, rc);
    job->is_good = rc == RC_OK;
}

static void done_next(struct work_job *work)
{
    struct job *job = (struct job *)work;
    struct journal *j = job->journal;

    j->is_asked = false;
    j->events->on_record(j->user, job->is_good ? &job->next.record : NULL);
    job->is_used = false; /* only now: the record was borrowed from it */
}

void journal_keep(struct journal *j, const struct client_keep *keep, uint64_t kernel_boot_id, uint64_t ticket)
{
    struct job *job = new_job(j, 0, run_keep, done_write);

    job->keep.keep = *keep;
    job->keep.kernel_boot_id = kernel_boot_id;
    job->ticket = ticket;
    work_add(&j->work, &job->work);
}

void journal_session(struct journal *j, const struct journal_session *session, uint64_t ticket)
{
    struct job *job = new_job(j, 0, run_session, done_write);

    job->session = *session;
    job->ticket = ticket;
    work_add(&j->work, &job->work);
}

void journal_acked(struct journal *j, const struct session_id *id, uint64_t ticket)
{
    struct job *job = new_job(j, 0, run_acked, done_write);

    job->id = *id;
    job->ticket = ticket;
    work_add(&j->work, &job->work);
}

static void run_cards(struct work_job *work)
{
    struct job *job = (struct job *)work;
    struct journal *j = job->journal;

    job->is_good = judge(j, journal_db_put_cards(&j->db, job->cards));
    free(job->cards);
    job->cards = NULL;
}

void journal_cards(struct journal *j, const struct card_list *list, uint64_t ticket)
{
    struct job *job = new_job(j, 0, run_cards, done_write);

    job->cards = malloc(sizeof *list);
    CHECK(job->cards != NULL);
    memcpy(job->cards, list, sizeof *list);
    job->ticket = ticket;
    work_add(&j->work, &job->work);
}

static void run_fault(struct work_job *work)
{
    struct job *job = (struct job *)work;
    struct journal *j = job->journal;

    job->is_good = judge(j, journal_db_fault(&j->db, &job->fault, j->kernel_boot_id));
}

void journal_fault(struct journal *j, const struct journal_fault *fault)
{
    struct job *job;

    if (find_free(j, OTHERS_MAX) == NULL) { /* those below are for what the core waits for */
        j->dropped_n++;
        log_err("fault_not_stored code=%u dropped_n=%llu", fault->code, (unsigned long long)j->dropped_n);
        return;
    }
    job = new_job(j, OTHERS_MAX, run_fault, done_write);
    job->fault = *fault;
    work_add(&j->work, &job->work);
}

void journal_next(struct journal *j, int64_t now_ms, uint64_t kernel_boot_id)
{
    struct job *job;

    if (j->is_asked) {
        return;
    }
    j->is_asked = true;
    job = new_job(j, 0, run_next, done_next);
    job->next.now_ms = now_ms;
    job->next.kernel_boot_id = kernel_boot_id;
    work_add(&j->work, &job->work);
}

/* Both files and what they hold. What is open when it fails is the caller's to close. */
static enum rc load(struct journal *j, const char *dir, struct journal_start *out)
{
    char path[PATH_MAX];
    enum rc rc;

    if (strlen(dir) + sizeof "/client.state" > sizeof path) {
        log_err("journal dir=%.64s why=\"name too long\"", dir);
        return RC_IO;
    }
    (void)snprintf(path, sizeof path, "%s/client.state", dir);
    rc = keep_file_open(&j->keep, path, &out->keep, &out->kernel_boot_id);
    if (rc != RC_OK) {
        return rc;
    }
    (void)snprintf(path, sizeof path, "%s/client.db", dir);
    rc = journal_db_open(&j->db, path);
    if (rc != RC_OK) {
        return rc;
    }
    rc = journal_db_open_session(&j->db, &out->open);
    if (rc != RC_OK && rc != RC_MISSING) {
        log_err("database path=%s why=\"%s\"", path, j->db.why);
        return rc;
    }
    out->has_open = rc == RC_OK;
    rc = journal_db_cards(&j->db, &out->cards);
    rc = rc == RC_OK ? journal_db_close_faults(&j->db) : rc;
    if (rc != RC_OK) {
        log_err("database path=%s why=\"%s\"", path, j->db.why);
    }
    return rc;
}

enum rc journal_open(const char *dir, uv_loop_t *loop, const struct journal_events *events, void *user, struct journal **out, struct journal_start *out_start)
{
    struct journal *j = calloc(1, sizeof *j);
    enum rc rc;

    if (j == NULL) {
        log_err("journal dir=%s why=\"no memory\"", dir);
        return RC_IO;
    }
    j->events = events;
    j->user = user;
    j->kernel_boot_id = clock_kernel_boot_id();
    *out_start = (struct journal_start){0};
    rc = load(j, dir, out_start);
    rc = rc == RC_OK ? work_open(&j->work, loop, "journal") : rc;
    if (rc != RC_OK) {
        journal_db_close(&j->db);
        keep_file_close(&j->keep);
        free(j);
        return rc;
    }
    *out = j;
    return RC_OK;
}

static void on_work_closed(struct work *w)
{
    struct journal *j = w->user;
    const struct journal_events *events = j->events;
    void *user = j->user;

    journal_db_close(&j->db);
    keep_file_close(&j->keep);
    free(j);
    events->on_closed(user);
}

void journal_close(struct journal *j)
{
    j->work.user = j;
    work_close(&j->work, on_work_closed);
}
