#include "manager/shell/snapshot.h"

#include <stdlib.h>

#include "common/base/check.h"

void snapshot_init(struct snapshot_board *b)
{
    b->newest = NULL;
    CHECK(pthread_mutex_init(&b->lock, NULL) == 0);
}

struct snapshot *snapshot_new(const struct site *site)
{
    struct snapshot *s = calloc(1, sizeof *s);

    if (s != NULL) {
        atomic_init(&s->users_n, 1);
        s->site = site;
    }
    return s;
}

void snapshot_publish(struct snapshot_board *b, struct snapshot *s)
{
    struct snapshot *old;

    CHECK(pthread_mutex_lock(&b->lock) == 0);
    old = b->newest;
    b->newest = s;
    CHECK(pthread_mutex_unlock(&b->lock) == 0);
    snapshot_drop(old);
}

struct snapshot *snapshot_take(struct snapshot_board *b)
{
    struct snapshot *s;

    CHECK(pthread_mutex_lock(&b->lock) == 0);
    s = b->newest;
    if (s != NULL) {
        (void)atomic_fetch_add(&s->users_n, 1);
    }
    CHECK(pthread_mutex_unlock(&b->lock) == 0);
    return s;
}

void snapshot_drop(struct snapshot *s)
{
    if (s != NULL && atomic_fetch_sub(&s->users_n, 1) == 1) {
        free(s);
    }
}

void snapshot_deinit(struct snapshot_board *b)
{
    snapshot_drop(b->newest);
    b->newest = NULL;
    CHECK(pthread_mutex_destroy(&b->lock) == 0);
}
