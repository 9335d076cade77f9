/* The door of a server: how many handshakes at a time, how much of them in one turn of the loop, how many of one source.
 *
 * A handshake costs the processor a thousand times what the first bytes of one cost their sender, so it must never be done where the bytes
 * arrive. Here the sessions of secure.h wait until the loop has nothing more urgent, a few steps each turn; when the door is full nobody is
 * accepted and the kernel lets the others wait. Not here: who the peers are.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <uv.h>

#include "common/base/rc.h"
#include "common/os/identity.h"
#include "common/os/tcp.h"
#include "common/os/wake.h"

#define GATE_MAX 64           /* handshakes at a time */
#define GATE_TURN_STEPS 16    /* steps of them in one turn of the loop, */
#define GATE_TURN_MS 10       /* none begun when the turn's steps took so long already */
#define GATE_PATIENCE_MS 250  /* at a full door, a handshake of the busiest source must not wait longer for its peer */
#define GATE_LOOK_MS 50       /* how often a full door looks whether somebody wants in */
#define GATE_SOURCE_MAX 256   /* sources remembered */
#define GATE_SOURCE_LEN 16    /* bytes of an address that make a source: IPv4 whole, IPv6 its first half */
#define GATE_BURST 1100       /* connections of one source at once: a whole site behind one address */
#define GATE_REFILL_PER_S 100 /* and after that */

struct secure_stream;

struct gate_source {
    uint8_t key[GATE_SOURCE_LEN];
    int64_t at_ms; /* when `left` was right; MS_NEVER: unused */
    int32_t left;  /* thousandths of a connection */
};

struct gate {
    const struct identity *self; /* NULL: no TLS, nobody waits here */
    struct tcp_listener *listener;
    uv_idle_t idle; /* active only while bytes wait for their step */
    struct wake wake;
    struct secure_stream *at[GATE_MAX];
    uint16_t n;
    uint16_t next; /* where the search for work begins */
    struct gate_source source[GATE_SOURCE_MAX];
    uint64_t done_n;    /* handshakes that came to a good end */
    uint64_t failed_n;  /* that did not, for what the peer said */
    uint64_t late_n;    /* that took too long or had to make room */
    uint64_t refused_n; /* connections of sources that made too many */
    int64_t said_ms;    /* begin of the present period of log lines; MS_NEVER */
    int32_t said_n;     /* lines in it */
    uint64_t unsaid_n;  /* lines left out since the last one */
    bool is_open;
};

/* self, listener: kept until gate_close. self may be NULL. */
void gate_open(struct gate *g, uv_loop_t *loop, const struct identity *self, struct tcp_listener *listener);

/* The memory may go when the loop has run its close callbacks. No handshake may be under way. Harmless when it is not open. */
void gate_close(struct gate *g);

/* May a connection of this source come in now? Counts it. RC_FULL: too many came; counted and logged. */
MUST_USE enum rc gate_admit(struct gate *g, const struct sockaddr_storage *from, int64_t now_ms);

/* For secure.c: a handshake begins, has bytes to work on, is over in either way (harmless when it is not here). */
void gate_enter(struct gate *g, struct secure_stream *s, int64_t now_ms);
void gate_work(struct gate *g);
void gate_leave(struct gate *g, struct secure_stream *s);

/* May one more line about a connection that was turned away be logged? Counts it: a flood of them is not a flood of lines.
 *
 * out_left_out_n  lines left out since the last one, for this line; untouched when false
 */
bool gate_may_say(struct gate *g, int64_t now_ms, uint64_t *out_left_out_n);

/* Log why a connection was turned away before it was open, if gate_may_say. */
void gate_say(struct gate *g, const char *peer, const char *why, int64_t now_ms);
