#include "manager/shell/http_guests.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "common/base/check.h"
#include "common/base/units.h"

static void lock(struct http_guests *g)
{
    CHECK(pthread_mutex_lock(&g->lock) == 0);
}

static void unlock(struct http_guests *g)
{
    CHECK(pthread_mutex_unlock(&g->lock) == 0);
}

void http_guests_init(struct http_guests *g)
{
    *g = (struct http_guests){0};
    CHECK(pthread_mutex_init(&g->lock, NULL) == 0);
}

void http_guests_deinit(struct http_guests *g)
{
    CHECK(g->first == NULL);
    CHECK(pthread_mutex_destroy(&g->lock) == 0);
}

struct http_guest *http_guests_add(struct http_guests *g, int fd, int64_t now_ms)
{
    struct http_guest *guest = calloc(1, sizeof *guest);

    if (guest == NULL) {
        return NULL;
    }
    guest->fd = fd;
    guest->deadline_ms = now_ms + GUEST_HEADER_MS;
    lock(g);
    guest->next = g->first;
    if (g->first != NULL) {
        g->first->before = guest;
    }
    g->first = guest;
    unlock(g);
    return guest;
}

void http_guests_remove(struct http_guests *g, struct http_guest *guest)
{
    if (guest == NULL) {
        return;
    }
    lock(g);
    if (guest->next != NULL) {
        guest->next->before = guest->before;
    }
    if (guest->before != NULL) {
        guest->before->next = guest->next;
    } else {
        g->first = guest->next;
    }
    unlock(g);
    free(guest);
}

void http_guests_expect(struct http_guests *g, struct http_guest *guest, int64_t deadline_ms)
{
    if (guest != NULL) {
        lock(g);
        guest->deadline_ms = deadline_ms;
        unlock(g);
    }
}

void http_guests_sweep(struct http_guests *g, int64_t now_ms)
{
    lock(g);
    for (struct http_guest *guest = g->first; guest != NULL; guest = guest->next) { /* as many as the library lets in */
        if (guest->deadline_ms <= now_ms) {
            guest->deadline_ms = MS_FOREVER;
            (void)shutdown(guest->fd, SHUT_RDWR); /* it may have ended by itself */
        }
    }
    unlock(g);
}
