#include "common/os/work.h"

#include <signal.h>

#include "tests/unit/common/os/helpers.h"

TestSuite(work, .timeout = 10);

#define JOBS_N 200

struct shop {
    struct bench bench;
    struct work work;
    pthread_t loop_thread;
    int run_n; /* written by the worker only */
    int done_n;
    int closed_n;
    bool was_wrong_thread;
    bool was_out_of_order;
    char thread_name[16];
    sigset_t blocked;
};

struct task {
    struct work_job job; /* first, so that a job is its task */
    struct shop *shop;
    int number;
    int ran_as;
};

static void run_task(struct work_job *job)
{
    struct task *t = (struct task *)job;

    t->ran_as = t->shop->run_n++;
    if (pthread_equal(pthread_self(), t->shop->loop_thread)) {
        t->shop->was_wrong_thread = true;
    }
}

static void task_done(struct work_job *job)
{
    struct task *t = (struct task *)job;
    struct shop *s = t->shop;

    if (!pthread_equal(pthread_self(), s->loop_thread)) {
        s->was_wrong_thread = true;
    }
    if (t->number != s->done_n || t->ran_as != s->done_n || s->closed_n > 0) {
        s->was_out_of_order = true;
    }
    s->done_n++;
    free(t); /* the memory is the caller's again */
}

static void on_closed(struct work *w)
{
    struct shop *s = w->user;

    s->closed_n++;
}

static void begin(struct shop *s, const char *name)
{
    *s = (struct shop){.loop_thread = pthread_self()};
    bench_open(&s->bench);
    cr_assert_eq(work_open(&s->work, &s->bench.loop, name), RC_OK);
    s->work.user = s;
}

static void add(struct shop *s, int number)
{
    struct task *t = calloc(1, sizeof *t);

    *t = (struct task){.job = {.run = run_task, .done = task_done}, .shop = s, .number = number};
    work_add(&s->work, &t->job);
}

Test(work, a_worker_without_jobs_closes)
{
    struct shop s;

    begin(&s, "idle");
    work_close(&s.work, on_closed);
    cr_assert_eq(s.closed_n, 0, "never from inside the call");
    bench_run(&s.bench);
    cr_assert_eq(s.closed_n, 1);
    bench_close(&s.bench);
}

Test(work, nobody_has_to_hear_of_the_closing)
{
    struct shop s;

    begin(&s, "idle");
    work_close(&s.work, NULL);
    bench_run(&s.bench);
    cr_assert_not(s.work.is_open);
    bench_close(&s.bench);
}

Test(work, closing_carries_out_what_is_queued_and_hands_everything_back_in_order)
{
    struct shop s;

    begin(&s, "drain");
    for (int i = 0; i < JOBS_N; i++) {
        add(&s, i);
    }
    work_close(&s.work, on_closed);
    bench_run(&s.bench);
    cr_assert_eq(s.run_n, JOBS_N);
    cr_assert_eq(s.done_n, JOBS_N);
    cr_assert_eq(s.closed_n, 1);
    cr_assert_not(s.was_wrong_thread);
    cr_assert_not(s.was_out_of_order);
    bench_close(&s.bench);
}

static void next_done(struct work_job *job)
{
    struct task *t = (struct task *)job;
    struct shop *s = t->shop;

    s->done_n++;
    t->number++;
    if (t->number < JOBS_N) {
        work_add(&s->work, job); /* the same memory once more */
    } else {
        work_close(&s->work, on_closed);
    }
}

Test(work, a_result_may_queue_the_next_job_and_close)
{
    struct shop s;
    struct task t = {.job = {.run = run_task, .done = next_done}, .shop = &s};

    begin(&s, "chain");
    work_add(&s.work, &t.job);
    bench_run(&s.bench);
    cr_assert_eq(s.run_n, JOBS_N);
    cr_assert_eq(s.done_n, JOBS_N);
    cr_assert_eq(s.closed_n, 1);
    cr_assert_not(s.was_wrong_thread);
    bench_close(&s.bench);
}

static void run_look(struct work_job *job)
{
    struct shop *s = ((struct task *)job)->shop;

    pthread_getname_np(pthread_self(), s->thread_name, sizeof s->thread_name);
    pthread_sigmask(SIG_SETMASK, NULL, &s->blocked);
}

static void look_done(struct work_job *job)
{
    work_close(&((struct task *)job)->shop->work, on_closed);
}

static void expect_name(const char *given, const char *want)
{
    struct shop s;
    struct task t = {.job = {.run = run_look, .done = look_done}, .shop = &s};

    begin(&s, given);
    work_add(&s.work, &t.job);
    bench_run(&s.bench);
    cr_assert_str_eq(s.thread_name, want);
    cr_assert_eq(sigismember(&s.blocked, SIGTERM), 1);
    cr_assert_eq(sigismember(&s.blocked, SIGINT), 1);
    cr_assert_eq(sigismember(&s.blocked, SIGSEGV), 0, "faults stay visible");
    bench_close(&s.bench);
}

Test(work, the_thread_has_its_name_cut_to_15_bytes_and_leaves_signals_to_the_loop)
{
    expect_name("store", "store");
    expect_name("123456789012345", "123456789012345");
    expect_name("1234567890123456", "123456789012345");
}

Test(work, a_job_after_closing_ends_the_program, .signal = SIGABRT)
{
    struct shop s;

    begin(&s, "late");
    work_close(&s.work, on_closed);
    add(&s, 0);
}
