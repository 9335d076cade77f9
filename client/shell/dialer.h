/* The connection to the manager: TCP, TLS, frames, messages.
 *
 * Decided here: which bytes are a message, how long connecting may take. Not here: when to connect, what a message means (core).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "common/base/limits.h"
#include "common/os/secure.h"
#include "common/os/wake.h"
#include "proto/codec.h"
#include "proto/frame.h"

#define DIALER_WHY_LEN 64
#define DIALER_CONNECT_MS 2000 /* a connection that is not there by then, after two attempts of the kernel, is given up; its handshake has TLS_SHAKE_MS */

struct dialer_events {
    void (*on_up)(void *user);
    /* It failed, ended or was refused. May be called from inside dialer_dial. */
    void (*on_down)(void *user);
    void (*on_msg)(void *user, const struct msg *m); /* checked, borrowed until return */
};

struct dialer {
    struct secure_stream stream;
    struct wake limit; /* of connecting */
    uv_loop_t *loop;
    struct secure_target target;
    uint8_t pin[IDENTITY_HASH_LEN];
    bool has_pin;
    char manager[TCP_ADDRESS_LEN]; /* for logs */
    const struct dialer_events *events;
    void *user;
    struct frame_reader reader;
    int32_t connect_ms; /* DIALER_CONNECT_MS unless changed after dialer_init */
    uint64_t unknown_n; /* messages of kinds unknown to this version, skipped */
    bool is_active;     /* between dialer_dial and on_down */
    bool is_up;
    bool is_closing;
    char said[DIALER_WHY_LEN]; /* why there is no connection, as last logged; empty: there was one since */
    struct codec_arena arena;
    uint8_t out[FRAME_MAX];
    uint8_t body[FRAME_MAX];
};

/* address, events and user are kept until the loop has run after dialer_close. */
void dialer_init(struct dialer *d, uv_loop_t *loop, const struct sockaddr_storage *address, const struct dialer_events *events, void *user);

/* Another address, kept, from the next dialling on. Not while there is a connection (CHECKed). */
void dialer_aim(struct dialer *d, const struct sockaddr_storage *address);

/* Demand TLS, as this identity, which is kept like the address. Before the first dialer_dial; else plain TCP is spoken. */
void dialer_secure(struct dialer *d, const struct identity *self);

/* The only key that the manager may have, copied, from the next dialling on; NULL: none is known, so that nobody is dialled. */
void dialer_pin(struct dialer *d, const uint8_t *hash);

/* Whether the manager may have any key, from the next dialling on: then on_up must look at dialer_tls before it believes anything. */
void dialer_take_any(struct dialer *d, bool takes_any);

/* The session of the connection, from on_up until on_down; NULL: plain. */
struct tls *dialer_tls(struct dialer *d);

/* Connect; on_up or on_down follows. Not while there is a connection (CHECKed). */
void dialer_dial(struct dialer *d);

/* Queue a message. Dropped silently when there is no connection; one that cannot be encoded is our mistake: logged. */
void dialer_send(struct dialer *d, const struct msg *m);

/* End the connection after what was sent on it; on_down follows, never from inside this call. Harmless when there is none. */
void dialer_hang_up(struct dialer *d);

/* For good: no callback comes any more. The memory may go when the loop has run its close callbacks. */
void dialer_close(struct dialer *d);
