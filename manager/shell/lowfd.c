#include "manager/shell/lowfd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/select.h>
#include <unistd.h>

#include "common/base/check.h"

#define FIRST_FD 3       /* never standard input, output or error */
#define DUP_TRIES_MAX 10 /* EINTR and EBUSY are transient */

static void close_all(struct lowfd *l)
{
    for (uint16_t i = 0; i < l->n; i++) {
        (void)close(l->fd[i]);
    }
    (void)close(l->idle_fd);
    l->n = 0;
}

enum rc lowfd_open(struct lowfd *l, uint16_t n)
{
    CHECK(n >= 1);
    CHECK(n <= LOWFD_MAX);
    *l = (struct lowfd){.idle_fd = open("/dev/null", O_RDWR | O_CLOEXEC)};
    if (l->idle_fd < 0) {
        return RC_IO;
    }
    for (uint16_t i = 0; i < n; i++) {
        int fd = fcntl(l->idle_fd, F_DUPFD_CLOEXEC, FIRST_FD);

        if (fd >= FD_SETSIZE) {
            (void)close(fd);
            close_all(l);
            return RC_FULL;
        }
        if (fd < 0) {
            close_all(l);
            return RC_IO;
        }
        l->fd[l->n++] = fd;
    }
    CHECK(pthread_mutex_init(&l->lock, NULL) == 0);
    l->is_open = true;
    return RC_OK;
}

enum rc lowfd_take(struct lowfd *l, int *out_fd)
{
    enum rc rc = RC_FULL;

    CHECK(l->is_open);
    (void)pthread_mutex_lock(&l->lock);
    for (uint16_t i = 0; i < l->n && rc != RC_OK; i++) {
        if (!l->is_taken[i]) {
            l->is_taken[i] = true;
            *out_fd = l->fd[i];
            rc = RC_OK;
        }
    }
    (void)pthread_mutex_unlock(&l->lock);
    return rc;
}

static enum rc put_on(int fd, int low_fd)
{
    for (int i = 0; i < DUP_TRIES_MAX; i++) {
        if (dup3(fd, low_fd, O_CLOEXEC) == low_fd) {
            return RC_OK;
        }
        if (errno != EINTR && errno != EBUSY) {
            break;
        }
    }
    return RC_IO;
}

enum rc lowfd_place(struct lowfd *l, int low_fd, int fd)
{
    CHECK(l->is_open);
    CHECK(low_fd < FD_SETSIZE);
    CHECK(fd != low_fd);
    enum rc rc = put_on(fd, low_fd);
    (void)close(fd);
    return rc;
}

void lowfd_clear(struct lowfd *l, int low_fd)
{
    CHECK(l->is_open);
    /* Both numbers are open and ours: the system has no reason to refuse, and without the placeholder the number would be lost. */
    CHECK(put_on(l->idle_fd, low_fd) == RC_OK);
}

void lowfd_give(struct lowfd *l, int low_fd)
{
    lowfd_clear(l, low_fd);
    (void)pthread_mutex_lock(&l->lock);
    for (uint16_t i = 0; i < l->n; i++) {
        if (l->fd[i] == low_fd) {
            CHECK(l->is_taken[i]);
            l->is_taken[i] = false;
        }
    }
    (void)pthread_mutex_unlock(&l->lock);
}

void lowfd_close(struct lowfd *l)
{
    if (!l->is_open) {
        return;
    }
    for (uint16_t i = 0; i < l->n; i++) {
        CHECK(!l->is_taken[i]);
    }
    close_all(l);
    (void)pthread_mutex_destroy(&l->lock);
    l->is_open = false;
}
