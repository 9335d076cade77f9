/* A connection with TLS on TCP: the same events as a TCP stream, but open only when the peer has proven who he is.
 *
 * A stream belongs to its user's object (embedded); its memory must not move and must live until on_closed was called. All calls and callbacks
 * are on the loop's thread. Without an identity it is plain TCP (for loopback addresses: tests and the demo), and `peer` is nobody.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "common/base/rc.h"
#include "common/os/gate.h"
#include "common/os/identity.h"
#include "common/os/tcp.h"
#include "common/os/tls.h"

struct secure_stream;

struct secure_events {
    /* The connection is established and `tls.peer` is who he is. Of an accepted plain one: from inside secure_accept. */
    void (*on_open)(struct secure_stream *s);
    /* Decrypted bytes arrived, borrowed. May call secure_write and secure_close. */
    void (*on_bytes)(struct secure_stream *s, const uint8_t *bytes, size_t len);
    /* The connection is over, or never came about; every callback is done: the memory may go. */
    void (*on_closed)(struct secure_stream *s, const char *why);
};

struct secure_stream {
    struct tcp_stream tcp;
    struct tls tls;
    struct gate *gate; /* while its handshake waits there */
    const struct secure_events *events;
    void *user; /* free for the owner */
    const struct identity *self;
    const uint8_t *pin; /* of a dialled one: the only peer it wants */
    bool is_ready;      /* on_open was called */
    /* Inside the gate: */
    int64_t waits_ms; /* since when it waits for bytes of the peer */
    uint8_t source[GATE_SOURCE_LEN];
};

/* Whom to dial, and as whom. */
struct secure_target {
    const struct sockaddr_storage *address;
    const struct identity *self; /* NULL: plain TCP */
    const uint8_t *pin;          /* hash of the only key that the peer may have, IDENTITY_HASH_LEN bytes; not NULL unless plain or takes_any */
    bool takes_any;              /* any key: on_open must look at tls.peer before it believes anything */
};

/* Take the connection that on_connection of the gate's listener announced. It is open after the handshake, for which the gate finds the time.
 *
 * RC_FULL  its source made too many, or there is no memory: logged; s needs no closing
 * RC_IO    it is gone already: s needs no closing
 */
MUST_USE enum rc secure_accept(struct gate *g, struct secure_stream *s, const struct secure_events *events, void *user);

/* Connect and shake hands. on_open or on_closed follows, never from inside this call; how long it may take is the caller's business.
 *
 * target   its pointers are kept until on_closed
 *
 * RC_IO    not even started (no descriptors): s needs no closing
 */
MUST_USE enum rc secure_dial(struct secure_stream *s, uv_loop_t *loop, const struct secure_target *target, const struct secure_events *events, void *user);

/* Until when the handshake that is under way may take; MS_NEVER before the connection stands and when it needs none. */
int64_t secure_until_ms(const struct secure_stream *s);

/* Queue bytes, copied, as tcp_write does. Dropped when the stream is not open (any more). */
void secure_write(struct secure_stream *s, const uint8_t *bytes, size_t len);

/* Two pieces as one write (prefix and body of a frame). */
void secure_write2(struct secure_stream *s, const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);

/* As tcp_close: `why` is a constant text, NULL "closed". */
void secure_close(struct secure_stream *s, const char *why);

/* For gate.c: one step of the handshake of an accepted stream. */
void secure_step(struct secure_stream *s, int64_t now_ms);
