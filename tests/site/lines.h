/* A Unix socket on which peers exchange lines of JSON: one object a line, at most LINE_MAX bytes. All calls on the loop's thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>
#include <uv.h>

#include "common/base/rc.h"

#define LINE_MAX_LEN 4096
#define LINE_PEER_MAX 2200     /* two for each wallbox and some */
#define LINE_QUEUE_MAX 1048576 /* bytes queued for a peer before it is closed as stuck */

struct line_peer;

struct line_events {
    /* A line that is a JSON object, borrowed. */
    void (*on_line)(struct line_peer *peer, const json_t *object);
    /* The peer is gone; its memory goes after this call. */
    void (*on_closed)(struct line_peer *peer);
};

struct line_server {
    uv_pipe_t pipe;
    uv_loop_t *loop;
    const struct line_events *events;
    void *user;
    struct line_peer *first; /* list of all peers */
    int peer_n;
    bool is_open;
    char path[108];
};

struct line_peer {
    uv_pipe_t pipe;
    struct line_server *server;
    struct line_peer *next;
    void *user; /* the owner's, NULL at first */
    bool is_closing;
    size_t in_len;
    char in[LINE_MAX_LEN];
};

/* Listen at `path`; a socket that nobody answers is replaced.
 *
 * RC_IO  *out_why says why; nothing to close
 */
MUST_USE enum rc lines_listen(struct line_server *s, uv_loop_t *loop, const char *path, const struct line_events *events, void *user, const char **out_why);

/* Queue one line; takes the object. */
void lines_write(struct line_peer *peer, json_t *object);

/* End a connection; what is queued is sent if it goes at once. on_closed follows later. */
void lines_end(struct line_peer *peer);

/* Stop listening, end all peers, remove the socket. */
void lines_close(struct line_server *s);
