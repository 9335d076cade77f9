/* What the tests of this folder share: a loop with a guard, captured output, a directory of their own. */
#pragma once

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <uv.h>

#define GUARD_MS 5000

struct bench {
    uv_loop_t loop;
    uv_timer_t guard;
};

static inline void on_guard(uv_timer_t *timer)
{
    (void)timer;
    cr_assert_fail("the loop did not come to its end in time");
}

static inline void bench_open(struct bench *b)
{
    cr_assert_eq(uv_loop_init(&b->loop), 0);
    cr_assert_eq(uv_timer_init(&b->loop, &b->guard), 0);
    cr_assert_eq(uv_timer_start(&b->guard, on_guard, GUARD_MS, 0), 0);
    uv_unref((uv_handle_t *)&b->guard);
}

/* Run until nothing is left to do but the guard. */
static inline void bench_run(struct bench *b)
{
    cr_assert_eq(uv_run(&b->loop, UV_RUN_DEFAULT), 0);
}

static inline void bench_close(struct bench *b)
{
    uv_close((uv_handle_t *)&b->guard, NULL);
    bench_run(b);
    cr_assert_eq(uv_loop_close(&b->loop), 0, "a handle was left open");
}

struct capture {
    int number; /* descriptor that is captured */
    int saved;
    int file;
    char text[16384];
};

static inline void capture_begin(struct capture *c, int number)
{
    fflush(stdout);
    fflush(stderr);
    c->number = number;
    c->saved = dup(number);
    c->file = memfd_create("capture", 0);
    cr_assert_geq(c->file, 0);
    cr_assert_geq(dup2(c->file, number), 0);
}

static inline const char *capture_end(struct capture *c)
{
    ssize_t n;

    fflush(stdout);
    fflush(stderr);
    cr_assert_geq(dup2(c->saved, c->number), 0);
    n = pread(c->file, c->text, sizeof c->text - 1, 0);
    c->text[n > 0 ? n : 0] = '\0';
    close(c->saved);
    close(c->file);
    return c->text;
}

struct scratch {
    char dir[64];
    char path[128]; /* of the last scratch_path */
};

static inline void scratch_open(struct scratch *s)
{
    snprintf(s->dir, sizeof s->dir, "/tmp/wallbox-unit-XXXXXX");
    cr_assert_not_null(mkdtemp(s->dir));
}

static inline const char *scratch_path(struct scratch *s, const char *name)
{
    snprintf(s->path, sizeof s->path, "%s/%s", s->dir, name);
    return s->path;
}

static inline int scratch_remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static inline void scratch_close(struct scratch *s)
{
    cr_assert_eq(nftw(s->dir, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}
