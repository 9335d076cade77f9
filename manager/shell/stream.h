/* Everybody who listens to GET stream: a thread of its own makes a frame at most once a second after a snapshot and wakes all connections.
 *
 * Decided here: how many may listen, what each gets next (changes, or everything when it has missed too much), heartbeats. Not here: the
 * text (stream_frame), HTTP (http).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <pthread.h>

#include "manager/shell/stream_frame.h"
#include "manager/shell/users.h"

#define STREAM_CLIENTS_MAX 250
#define STREAM_FRAMES_MAX 16 /* as long as somebody misses no more than these, he gets changes only */
#define STREAM_EACH_MS 1000
#define STREAM_HEARTBEAT_MS 4000

struct stream;
struct MHD_Connection;

struct stream_client {
    struct stream *stream;
    struct stream_client *next;
    struct stream_client *before;
    struct MHD_Connection *connection;
    struct stream_frame *frame; /* being sent; NULL none */
    const char *text;           /* rest of what is being sent */
    size_t text_len;
    uint64_t have;  /* number of the last frame; 0 none */
    uint64_t after; /* frames up to this one are too old to begin with */
    bool is_heartbeat_due;
    bool is_suspended;
    char login[USERS_ID_LEN];
};

struct stream {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct snapshot_board *board;
    bool (*is_alive)(void *user, const char *login); /* called by the threads of http */
    void *user;
    struct stream_frame *frame[STREAM_FRAMES_MAX]; /* number % STREAM_FRAMES_MAX */
    uint64_t newest;
    uint32_t boot; /* part of the ids, so that those of an earlier start are not taken for ours */
    struct stream_client *first;
    int clients_n;
    bool is_published; /* since the last frame */
    bool is_closing;
    bool is_open;
    struct stream_seen seen; /* the thread's */
};

/* board is kept; is_alive says whether a login still holds.
 *
 * RC_IO  no thread: nothing to close
 */
MUST_USE enum rc stream_open(struct stream *s, struct snapshot_board *board, bool (*is_alive)(void *user, const char *login), void *user);

/* A snapshot was published. Loop; never waits for long. */
void stream_publish(struct stream *s);

/* Somebody wants to listen. last_id: what he has already, NULL nothing. NULL: too many do, or no memory. */
struct stream_client *stream_add(struct stream *s, struct MHD_Connection *connection, const char *last_id, const char *login);

/* The next bytes for him: as many as were written to out; 0: none now, his connection was suspended; -1: it is over. */
int64_t stream_read(struct stream_client *c, char *out, size_t most);

void stream_remove(struct stream_client *c);

/* Wake everybody up for the last time; the thread ends. Then http may be stopped, then stream_deinit. Harmless when not open. */
void stream_close(struct stream *s);
void stream_deinit(struct stream *s);
