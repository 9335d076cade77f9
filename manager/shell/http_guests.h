/* Everybody who is connected, and until when he has to come to the end of what he is at.
 *
 * The library lets go who is silent; who sends a byte now and then would be kept as long as he likes. Decided here: the deadline for a request's
 * headers, for its body and for reading its answer. Not here: how many may come (http).
 */
#pragma once

#include <stdint.h>

#include <pthread.h>

#define GUEST_HEADER_MS 30000  /* from the connection, or the end of the request before, to the whole headers */
#define GUEST_BODY_MS 30000    /* from there to the end of the body */
#define GUEST_ANSWER_MS 600000 /* from there to the end of the answer: a year's table over a bad line */

struct MHD_Connection;

struct http_guest {
    struct http_guest *next;
    struct http_guest *before;
    int fd;
    int64_t deadline_ms; /* MS_FOREVER none */
};

struct http_guests {
    pthread_mutex_t lock;
    struct http_guest *first;
};

void http_guests_init(struct http_guests *g);

/* Nobody is connected any more. */
void http_guests_deinit(struct http_guests *g);

/* A connection begins. NULL: no memory, he has no deadline but that of the library. The socket is the library's and stays open until http_guests_remove. */
struct http_guest *http_guests_add(struct http_guests *g, int fd, int64_t now_ms);

/* guest may be NULL, here and below. */
void http_guests_remove(struct http_guests *g, struct http_guest *guest);

/* What he is at has to end by then, MS_FOREVER: whenever he likes. */
void http_guests_expect(struct http_guests *g, struct http_guest *guest, int64_t deadline_ms);

/* Cut the connections whose deadline has come; their threads find them ended. Any thread. */
void http_guests_sweep(struct http_guests *g, int64_t now_ms);
