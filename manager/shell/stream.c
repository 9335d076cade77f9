#include "manager/shell/stream.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <microhttpd.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "common/os/clock.h"
#include "common/os/log.h"

static const char heartbeat[] = ": still here\n\n";

static void lock(struct stream *s)
{
    CHECK(pthread_mutex_lock(&s->lock) == 0);
}

static void unlock(struct stream *s)
{
    CHECK(pthread_mutex_unlock(&s->lock) == 0);
}

/* Wake up whoever waits. The lock is held. */
static void resume_all(struct stream *s, bool is_heartbeat)
{
    for (struct stream_client *c = s->first; c != NULL; c = c->next) { /* ends: at most STREAM_CLIENTS_MAX */
        c->is_heartbeat_due = c->is_heartbeat_due || is_heartbeat;
        if (c->is_suspended) {
            c->is_suspended = false;
            MHD_resume_connection(c->connection);
        }
    }
}

/* Make the next frame, without the lock while it is made. */
static void make_frame(struct stream *s)
{
    struct snapshot *snapshot;
    struct stream_frame *f = NULL;
    uint64_t number = s->newest + 1;

    s->is_published = false;
    unlock(s);
    snapshot = snapshot_take(s->board);
    if (snapshot != NULL) {
        f = stream_frame_make(snapshot, s->boot, number, &s->seen);
    }
    snapshot_drop(snapshot);
    lock(s);
    if (f == NULL) {
        stream_seen_clear(&s->seen); /* what was lost is news in the next one */
    } else {
        stream_frame_drop(s->frame[number % STREAM_FRAMES_MAX]);
        s->frame[number % STREAM_FRAMES_MAX] = f;
        s->newest = number;
        resume_all(s, false);
    }
}

static void wait_ms(struct stream *s, int64_t ms)
{
    struct timespec until;

    CHECK(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_cond_timedwait(&s->wake, &s->lock, &until); /* early or late: the clock is looked at again */
}

static void *stream_main(void *user)
{
    struct stream *s = user;
    int64_t framed_ms = MS_NEVER;
    int64_t woken_ms = clock_boot_ms();

    lock(s);
    while (!s->is_closing) {
        int64_t now_ms = clock_boot_ms();
        int64_t frame_ms = framed_ms == MS_NEVER ? now_ms : framed_ms + STREAM_EACH_MS;

        if (s->is_published && now_ms >= frame_ms && (s->clients_n > 0 || s->newest == 0)) {
            framed_ms = now_ms;
            woken_ms = now_ms;
            make_frame(s);
        } else if (now_ms >= woken_ms + STREAM_HEARTBEAT_MS) {
            woken_ms = now_ms;
            resume_all(s, true);
        } else {
            int64_t until_ms = s->is_published && s->clients_n > 0 ? min_i64(frame_ms, woken_ms + STREAM_HEARTBEAT_MS) : woken_ms + STREAM_HEARTBEAT_MS;

            wait_ms(s, max_i64(until_ms - now_ms, 1));
        }
    }
    unlock(s);
    return NULL;
}

/* Start the thread with signals blocked: they belong to the loop. */
static int start_thread(struct stream *s)
{
    sigset_t blocked;
    sigset_t before;
    int err;

    CHECK(sigfillset(&blocked) == 0);
    CHECK(pthread_sigmask(SIG_SETMASK, &blocked, &before) == 0);
    err = pthread_create(&s->thread, NULL, stream_main, s);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return err;
}

enum rc stream_open(struct stream *s, struct snapshot_board *board, bool (*is_alive)(void *user, const char *login), void *user)
{
    pthread_condattr_t attributes;

    memset(s, 0, sizeof *s);
    s->board = board;
    s->is_alive = is_alive;
    s->user = user;
    clock_random(&s->boot, sizeof s->boot);
    CHECK(pthread_mutex_init(&s->lock, NULL) == 0);
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&s->wake, &attributes) == 0);
    CHECK(pthread_condattr_destroy(&attributes) == 0);
    s->is_open = true;
    if (start_thread(s) != 0) {
        s->is_closing = true;
        stream_deinit(s);
        log_err("stream why=\"no thread\"");
        return RC_IO;
    }
    return RC_OK;
}

void stream_publish(struct stream *s)
{
    lock(s);
    s->is_published = true;
    CHECK(pthread_cond_signal(&s->wake) == 0);
    unlock(s);
}

/* The frame that somebody has by the id that he was sent; 0: none that helps. */
static uint64_t parse_id(const struct stream *s, const char *id)
{
    char boot[10];
    unsigned long long number;

    (void)snprintf(boot, sizeof boot, "%08x-", s->boot);
    if (id == NULL || strncmp(id, boot, 9) != 0 || strlen(id) > 9 + 16) {
        return 0;
    }
    number = strtoull(id + 9, NULL, 16);
    return number <= s->newest ? number : 0;
}

struct stream_client *stream_add(struct stream *s, struct MHD_Connection *connection, const char *last_id, const char *login)
{
    struct stream_client *c = calloc(1, sizeof *c);
    bool is_full;

    if (c == NULL) {
        return NULL;
    }
    c->stream = s;
    c->connection = connection;
    CHECK(text_copy(c->login, sizeof c->login, login) == RC_OK);
    lock(s);
    is_full = s->clients_n >= STREAM_CLIENTS_MAX || s->is_closing;
    if (!is_full) {
        c->have = parse_id(s, last_id);
        c->after = s->clients_n == 0 ? s->newest : 0; /* nobody listened: the last frame may be old */
        c->next = s->first;
        if (s->first != NULL) {
            s->first->before = c;
        }
        s->first = c;
        s->clients_n++;
        CHECK(pthread_cond_signal(&s->wake) == 0);
    }
    unlock(s);
    if (is_full) {
        free(c);
        return NULL;
    }
    return c;
}

/* What comes next for somebody; false: nothing yet. The lock is held. */
static bool take_next(struct stream *s, struct stream_client *c)
{
    bool is_near = c->have != 0 && s->newest - c->have < STREAM_FRAMES_MAX;

    if (s->newest > c->have && s->newest > c->after) {
        uint64_t number = is_near ? c->have + 1 : s->newest;
        struct stream_frame *f = s->frame[number % STREAM_FRAMES_MAX];

        CHECK(f != NULL);
        CHECK(f->number == number);
        (void)atomic_fetch_add(&f->users_n, 1);
        c->frame = f;
        c->text = is_near ? f->delta : f->full;
        c->text_len = is_near ? f->delta_len : f->full_len;
        c->have = number;
        c->is_heartbeat_due = false;
        return true;
    }
    if (c->is_heartbeat_due) {
        c->is_heartbeat_due = false;
        c->text = heartbeat;
        c->text_len = sizeof heartbeat - 1;
        return true;
    }
    return false;
}

int64_t stream_read(struct stream_client *c, char *out, size_t most)
{
    struct stream *s = c->stream;
    size_t len;
    bool is_over;

    if (c->text_len == 0) {
        bool is_alive = s->is_alive(s->user, c->login);

        stream_frame_drop(c->frame);
        c->frame = NULL;
        lock(s);
        is_over = s->is_closing || !is_alive;
        if (!is_over && !take_next(s, c)) {
            c->is_suspended = true;
            MHD_suspend_connection(c->connection); /* with the lock: nobody wakes it up before */
        }
        unlock(s);
        if (is_over) {
            return -1;
        }
    }
    len = c->text_len < most ? c->text_len : most;
    if (len > 0) {
        memcpy(out, c->text, len);
        c->text += len;
        c->text_len -= len;
    }
    return (int64_t)len;
}

void stream_remove(struct stream_client *c)
{
    struct stream *s = c->stream;

    lock(s);
    if (c->before != NULL) {
        c->before->next = c->next;
    } else {
        s->first = c->next;
    }
    if (c->next != NULL) {
        c->next->before = c->before;
    }
    s->clients_n--;
    unlock(s);
    stream_frame_drop(c->frame);
    free(c);
}

void stream_close(struct stream *s)
{
    if (!s->is_open || s->is_closing) {
        return;
    }
    lock(s);
    s->is_closing = true;
    resume_all(s, false);
    CHECK(pthread_cond_signal(&s->wake) == 0);
    unlock(s);
    CHECK(pthread_join(s->thread, NULL) == 0);
}

void stream_deinit(struct stream *s)
{
    if (!s->is_open) {
        return;
    }
    CHECK(s->is_closing);
    for (int i = 0; i < STREAM_FRAMES_MAX; i++) {
        stream_frame_drop(s->frame[i]);
    }
    stream_seen_clear(&s->seen);
    CHECK(pthread_cond_destroy(&s->wake) == 0);
    CHECK(pthread_mutex_destroy(&s->lock) == 0);
    s->is_open = false;
}
