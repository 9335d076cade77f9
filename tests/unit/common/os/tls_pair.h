/* Two TLS sessions that talk through memory, for the tests of this folder. */
#pragma once

#include "common/os/tls.h"
#include "tests/unit/common/os/helpers.h"

#define PIPE_ROOM 400000u

/* Bytes on their way from one end to the other. */
struct pipe {
    uint8_t bytes[PIPE_ROOM];
    size_t at;
    size_t len;
};

struct pair {
    struct scratch scratch;
    struct identity manager;
    struct identity wallbox;
    struct tls server;
    struct tls client;
    struct pipe to_server;
    struct pipe to_client;
};

static inline void pair_put(void *user, const uint8_t *bytes, size_t len)
{
    struct pipe *p = user;

    cr_assert_leq(p->len + len, PIPE_ROOM);
    memcpy(p->bytes + p->len, bytes, len);
    p->len += len;
}

/* Up to `most` of what waits in a pipe to the session at its end. */
static inline size_t pair_deliver(struct pipe *p, struct tls *t, size_t most_len)
{
    size_t len = p->len - p->at < most_len ? p->len - p->at : most_len;

    cr_assert_eq(tls_take(t, p->bytes + p->at, len), RC_OK);
    p->at += len;
    if (p->at == p->len) {
        p->at = p->len = 0;
    }
    return len;
}

static inline struct pair *pair_begin(void)
{
    struct pair *p = calloc(1, sizeof *p);

    cr_assert_not_null(p);
    scratch_open(&p->scratch);
    cr_assert_eq(identity_open(&p->manager, scratch_path(&p->scratch, "manager")), RC_OK);
    cr_assert_eq(identity_open(&p->wallbox, scratch_path(&p->scratch, "wallbox")), RC_OK);
    cr_assert_eq(tls_open(&p->server, &p->manager, TLS_SERVER, 0), RC_OK);
    cr_assert_eq(tls_open(&p->client, &p->wallbox, TLS_CLIENT, 0), RC_OK);
    tls_connect(&p->server, pair_put, &p->to_client);
    tls_connect(&p->client, pair_put, &p->to_server);
    return p;
}

static inline void pair_end(struct pair *p)
{
    tls_close(&p->server);
    tls_close(&p->client);
    tls_close(&p->client);
    identity_close(&p->manager);
    identity_close(&p->wallbox);
    scratch_close(&p->scratch);
    free(p);
}

/* Both ends take turns, pieces of `most_len` bytes each, until neither has anything to say. */
static inline void pair_shake(struct pair *p, size_t most_len)
{
    size_t moved_len = 1;

    (void)!tls_step(&p->client, 1);
    while (moved_len > 0) {
        moved_len = pair_deliver(&p->to_server, &p->server, most_len);
        if (p->server.state == TLS_SHAKING && moved_len > 0) {
            (void)!tls_step(&p->server, 1);
        }
        moved_len += pair_deliver(&p->to_client, &p->client, most_len);
        if (p->client.state == TLS_SHAKING) {
            (void)!tls_step(&p->client, 1);
        }
    }
}

static inline struct pair *pair_opened(void)
{
    struct pair *p = pair_begin();

    pair_shake(p, PIPE_ROOM);
    cr_assert_eq(p->server.state, TLS_OPEN, "%s", p->server.why);
    cr_assert_eq(p->client.state, TLS_OPEN, "%s", p->client.why);
    return p;
}
