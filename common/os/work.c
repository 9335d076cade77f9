#include "common/os/work.h"

#include <signal.h>
#include <stdio.h>

#include "common/base/check.h"
#include "common/os/log.h"

#define THREAD_NAME_LEN 16 /* the kernel's limit, the end included */

static void append(struct work_job **first, struct work_job **last, struct work_job *job)
{
    job->next = NULL;
    if (*first == NULL) {
        *first = job;
    } else {
        (*last)->next = job;
    }
    *last = job;
}

/* Next job, or NULL when the worker has to end. The lock is held. */
static struct work_job *wait_for_job(struct work *w)
{
    struct work_job *job;

    while (w->todo_first == NULL && !w->is_stopping) {
        CHECK(pthread_cond_wait(&w->wake, &w->lock) == 0);
    }
    job = w->todo_first;
    if (job != NULL) {
        w->todo_first = job->next;
    }
    return job;
}

static void *work_main(void *user)
{
    struct work *w = user;
    struct work_job *job;

    CHECK(pthread_mutex_lock(&w->lock) == 0);
    for (;;) {
        job = wait_for_job(w);
        if (job == NULL) {
            break;
        }
        CHECK(pthread_mutex_unlock(&w->lock) == 0);
        job->run(job);
        CHECK(pthread_mutex_lock(&w->lock) == 0);
        append(&w->done_first, &w->done_last, job);
        CHECK(uv_async_send(&w->async) == 0);
    }
    if (!w->is_finished) { /* else the handle never came to be */
        w->is_finished = true;
        CHECK(uv_async_send(&w->async) == 0);
    }
    CHECK(pthread_mutex_unlock(&w->lock) == 0);
    return NULL;
}

static void destroy(struct work *w)
{
    CHECK(pthread_cond_destroy(&w->wake) == 0);
    CHECK(pthread_mutex_destroy(&w->lock) == 0);
}

static void on_async_closed(uv_handle_t *handle)
{
    struct work *w = handle->data;

    w->is_open = false;
    destroy(w);
    if (w->on_closed != NULL) {
        w->on_closed(w);
    }
}

static void on_async(uv_async_t *async)
{
    struct work *w = async->data;
    struct work_job *job;
    bool is_finished;

    CHECK(pthread_mutex_lock(&w->lock) == 0);
    job = w->done_first;
    w->done_first = NULL;
    is_finished = w->is_finished;
    CHECK(pthread_mutex_unlock(&w->lock) == 0);
    while (job != NULL) {
        struct work_job *next = job->next; /* `done` may give the job's memory back */

        job->done(job);
        job = next;
    }
    if (is_finished && !uv_is_closing((uv_handle_t *)async)) {
        CHECK(pthread_join(w->thread, NULL) == 0);
        uv_close((uv_handle_t *)async, on_async_closed);
    }
}

/* Start the thread with signals blocked: they belong to the loop, and a blocking library must not be interrupted by them. Signals that a
 * fault raises stay as they are. */
static int start_thread(struct work *w)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
    sigset_t blocked;
    sigset_t before;
    int err;

    CHECK(sigfillset(&blocked) == 0);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        CHECK(sigdelset(&blocked, faults[i]) == 0);
    }
    CHECK(pthread_sigmask(SIG_SETMASK, &blocked, &before) == 0);
    err = pthread_create(&w->thread, NULL, work_main, w);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return err;
}

/* Thread and async handle, or neither. The thread is first because it can be taken back at once, a handle cannot; it finds no job and stays
 * away from the handle before there is one. */
static int start(struct work *w, uv_loop_t *loop)
{
    int err = start_thread(w);

    if (err != 0) {
        return uv_translate_sys_error(err);
    }
    err = uv_async_init(loop, &w->async, on_async);
    if (err != 0) {
        CHECK(pthread_mutex_lock(&w->lock) == 0);
        w->is_stopping = true;
        w->is_finished = true;
        CHECK(pthread_cond_signal(&w->wake) == 0);
        CHECK(pthread_mutex_unlock(&w->lock) == 0);
        CHECK(pthread_join(w->thread, NULL) == 0);
    }
    return err;
}

enum rc work_open(struct work *w, uv_loop_t *loop, const char *thread_name)
{
    char name[THREAD_NAME_LEN];
    int err;

    *w = (struct work){0};
    CHECK(pthread_mutex_init(&w->lock, NULL) == 0);
    CHECK(pthread_cond_init(&w->wake, NULL) == 0);
    err = start(w, loop);
    if (err != 0) {
        log_err("worker name=%s why=\"%s\"", thread_name, uv_strerror(err));
        destroy(w);
        return RC_IO;
    }
    w->async.data = w;
    (void)snprintf(name, sizeof name, "%s", thread_name); /* cut when longer */
    (void)pthread_setname_np(w->thread, name);            /* for people who look at threads; nothing depends on it */
    w->is_open = true;
    return RC_OK;
}

void work_add(struct work *w, struct work_job *job)
{
    CHECK(job->run != NULL);
    CHECK(job->done != NULL);
    CHECK(w->is_open);
    CHECK(pthread_mutex_lock(&w->lock) == 0);
    CHECK(!w->is_stopping);
    append(&w->todo_first, &w->todo_last, job);
    CHECK(pthread_cond_signal(&w->wake) == 0);
    CHECK(pthread_mutex_unlock(&w->lock) == 0);
}

void work_close(struct work *w, void (*on_closed)(struct work *w))
{
    CHECK(w->is_open);
    w->on_closed = on_closed;
    CHECK(pthread_mutex_lock(&w->lock) == 0);
    CHECK(!w->is_stopping);
    w->is_stopping = true;
    CHECK(pthread_cond_signal(&w->wake) == 0);
    CHECK(pthread_mutex_unlock(&w->lock) == 0);
}
