/* A worker: one thread that carries out jobs in order, for libraries that block (SQLite, Modbus). Never the pool of libuv, whose four
 * threads a dead meter would fill.
 *
 * Jobs are done on the worker, their results are handed back on the loop in the same order. Memory of a job belongs to the caller until
 * `done` was called.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <pthread.h>
#include <uv.h>

#include "common/base/rc.h"

struct work_job {
    struct work_job *next;              /* inside */
    void (*run)(struct work_job *job);  /* on the worker */
    void (*done)(struct work_job *job); /* on the loop */
};

struct work {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    uv_async_t async;
    struct work_job *todo_first;
    struct work_job *todo_last;
    struct work_job *done_first;
    struct work_job *done_last;
    bool is_stopping;
    bool is_finished; /* the thread does no more than return */
    bool is_open;
    void (*on_closed)(struct work *w);
    void *user;
};

/* Start the worker.
 *
 * RC_IO  no thread: nothing to close
 */
MUST_USE enum rc work_open(struct work *w, uv_loop_t *loop, const char *thread_name);

/* Queue a job; run and done are set. Not after work_close. */
void work_add(struct work *w, struct work_job *job);

/* Finish what is queued, hand back all results, then call on_closed (may be NULL) on the loop. */
void work_close(struct work *w, void (*on_closed)(struct work *w));
