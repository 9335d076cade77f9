/* TCP connections on the loop, as streams of bytes. With TLS in between: secure.h.
 *
 * A stream belongs to its user's object (embedded); its memory must live until on_closed was called. All calls and callbacks are on the
 * loop's thread. Every connection has TCP_NODELAY; writes are queued up to a limit, after which the peer counts as stuck and is closed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "common/base/rc.h"

#define TCP_ADDRESS_LEN 64    /* "[IPv6]:PORT" and the end */
#define TCP_QUEUE_MAX 1048576 /* bytes queued for one peer before it is closed as stuck */

struct tcp_stream;

struct tcp_events {
    /* Outgoing connection is established. Not called for accepted ones. */
    void (*on_open)(struct tcp_stream *s);
    /* Bytes arrived, borrowed. May call tcp_write and tcp_close. */
    void (*on_bytes)(struct tcp_stream *s, const uint8_t *bytes, size_t len);
    /* The connection is over and every callback done: the memory may go. `why` is "closed", "peer closed", or the system's text. */
    void (*on_closed)(struct tcp_stream *s, const char *why);
};

struct tcp_stream {
    uv_tcp_t handle;
    uv_connect_t connect;
    const struct tcp_events *events;
    void *user; /* free for the owner */
    const char *why;
    bool is_open; /* from tcp_accept or tcp_dial until on_closed */
    bool is_closing;
    bool is_paused;             /* tcp_pause */
    char peer[TCP_ADDRESS_LEN]; /* for logs */
};

/* Own descriptors instead of a uv_tcp_t: libuv 1.44 calls back for ever when a process has no descriptor left and its one reserve is lost. */
struct tcp_listener {
    uv_poll_t poll;
    uv_timer_t pause; /* accepting is tried again when it runs out */
    int fd;
    int reserve_fd;                                /* given up to refuse a connection when no descriptor is left */
    int pending_fd;                                /* announced by on_connection and not yet taken; -1 */
    int64_t said_ms;                               /* when the lack of descriptors was last logged (uv_now); MS_NEVER */
    void (*on_connection)(struct tcp_listener *l); /* answer with tcp_accept, or not at all: then it is refused */
    void *user;
    bool is_open;
    bool is_held;                /* tcp_hold */
    char local[TCP_ADDRESS_LEN]; /* address really bound (port 0 asked: the chosen one) */
};

/* Split "HOST:PORT" or "[HOST]:PORT" with a numeric host.
 *
 * RC_RANGE  no such address: out is untouched
 */
MUST_USE enum rc tcp_parse_address(const char *text, struct sockaddr_storage *out);

/* "ADDRESS:PORT" or "[ADDRESS]:PORT" for logs; "unknown" for another family. */
void tcp_address_text(const struct sockaddr_storage *address, char out[TCP_ADDRESS_LEN]);

/* True when the address is on this machine's loopback (127.0.0.0/8, ::1). */
bool tcp_is_loopback(const struct sockaddr_storage *address);

/* Listen.
 *
 * RC_IO  the address cannot be bound; *out_why is the system's text ("address already in use"); nothing to close
 */
MUST_USE enum rc tcp_listen(struct tcp_listener *l, uv_loop_t *loop, const struct sockaddr_storage *address, void (*on_connection)(struct tcp_listener *l),
                            void *user, const char **out_why);

/* Where the connection that on_connection announced comes from. RC_IO: it is gone already. */
MUST_USE enum rc tcp_pending_address(const struct tcp_listener *l, struct sockaddr_storage *out);

/* Announce nobody while held: who dials waits in the kernel's queue. May be called from on_connection. */
void tcp_hold(struct tcp_listener *l, bool is_held);

/* True when somebody waits in the kernel's queue. */
bool tcp_has_waiting(const struct tcp_listener *l);

/* Take the connection that on_connection announced into *s.
 *
 * RC_IO  it is gone already: s needs no closing
 */
MUST_USE enum rc tcp_accept(struct tcp_listener *l, struct tcp_stream *s, const struct tcp_events *events, void *user);

/* Connect. on_open or on_closed follows, never from inside this call.
 *
 * RC_IO  not even started (no descriptors): s needs no closing
 */
MUST_USE enum rc tcp_dial(struct tcp_stream *s, uv_loop_t *loop, const struct sockaddr_storage *address, const struct tcp_events *events, void *user);

/* Queue bytes, copied. On a stream that is closing they are dropped. A peer whose queue passes TCP_QUEUE_MAX is closed ("stuck"). */
void tcp_write(struct tcp_stream *s, const uint8_t *bytes, size_t len);

/* Two pieces as one write (prefix and body of a frame). */
void tcp_write2(struct tcp_stream *s, const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);

/* Read nothing more, so that the peer has to wait, until tcp_resume. Both are harmless when nothing is to be done. */
void tcp_pause(struct tcp_stream *s);
void tcp_resume(struct tcp_stream *s);

/* Close: what is queued is sent if it goes at once. on_closed follows later. Harmless when already closing.
 *
 * why  for on_closed, kept until then: a constant text; NULL is "closed"
 */
void tcp_close(struct tcp_stream *s, const char *why);

/* Stop listening. Harmless when it does not. The memory may go when the loop has run its close callbacks. */
void tcp_unlisten(struct tcp_listener *l);
