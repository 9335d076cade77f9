/* Inside of the wallboxes' connections, for peers*.c only. */
#pragma once

#include "common/os/secure.h"
#include "manager/shell/peers.h"

struct peer {
    struct secure_stream stream;
    struct peers *peers;
    struct frame_reader reader;
    uint8_t *backlog; /* bytes that arrived and were not yet decoded; NULL none. Reading is paused meanwhile. */
    size_t backlog_at;
    size_t backlog_len;
    int64_t hello_until_ms; /* MS_FOREVER during the handshake and once introduced */
    uint16_t slot;
    bool is_told;     /* MEV_PEER_OPEN was sent */
    bool is_stranger; /* his key is not pinned */
    bool is_proving;  /* has asked to be paired, as `claim`, and got the manager's proof */
    bool is_proven;   /* likewise has proven to know the code: his key is being stored */
    char claim[SERIAL_LEN];
    uint8_t key[IDENTITY_HASH_LEN]; /* his, which the session forgets before it is closed */
    char serial[SERIAL_LEN];        /* that his key is pinned to; empty: plain */
    uint8_t body[FRAME_MAX];
};

/* Send a message; one that cannot be encoded is our mistake: logged. */
void peer_say(struct peers *p, struct peer *one, const struct msg *m);

/* End a connection whose bytes are no message, or none that may come now: counted and logged. */
void peer_refuse(struct peer *one, const char *reason, const char *field, uint32_t claimed_len);

/* A line about a stranger, unless there were too many of them. */
void peer_say_why(struct peer *one, const char *what, const char *reason, const char *serial);

/* Whoever claims to be a wallbox without its key hears that much and no more. */
void peer_reject(struct peer *one, const char *serial);

/* A message of pairing, or one that must not come in its course. True: it was dealt with, and nobody else hears of it. */
bool peer_is_pairing(struct peer *one, const struct msg *m);
