/* The wallboxes' connections: a server with a fixed number of slots that turns frames into checked messages and events.
 *
 * With keys (peers_secure) only a wallbox that has proven to hold a pinned one is a peer, and speaks for the serial number of that pin alone. Any
 * other is a stranger: his Hello is answered with a Reject, and nobody but the list of those that want to be paired hears of him.
 *
 * Decided here: which bytes are a message, how long a connection may stay without introducing itself, how much of one is handled in one turn of
 * the loop. Not here: whose keys are pinned (trust), who may join, what a message means (core).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "common/base/limits.h"
#include "common/base/rc.h"
#include "common/os/gate.h"
#include "common/os/tcp.h"
#include "common/os/wake.h"
#include "manager/core/event.h"
#include "manager/shell/pairing.h"
#include "manager/shell/trust.h"
#include "proto/codec.h"
#include "proto/frame.h"

#define PEERS_HELLO_MS 5000      /* a connection without a valid Hello for so long is closed */
#define PEERS_TURN_LEN 4096      /* bytes of one connection decoded in one turn; the rest waits, and its sender with it */
#define PEERS_TURN_ALL_LEN 65536 /* bytes of waiting connections decoded in one turn, all together */
#define PEERS_STRANGER_MAX 32    /* connections with keys that are not pinned, at a time */

struct peer;

struct peers {
    struct tcp_listener listener;
    struct gate gate;
    struct trust *trust; /* NULL: plain TCP */
    struct pairing *pairing;
    struct wake wake;
    uv_loop_t *loop;
    void (*on_event)(void *user, const struct mev *e); /* now_ms is not set; the message is borrowed until return */
    void (*on_closed)(struct peers *p);
    void *user;
    struct peer *at[PEER_MAX];
    uint16_t open_n;
    int32_t hello_ms;    /* PEERS_HELLO_MS unless changed between peers_init and peers_open */
    uint16_t next;       /* where the search for a free slot and the turns begin */
    uint64_t unknown_n;  /* messages of kinds unknown to this version, skipped */
    uint64_t refused_n;  /* connections closed for bytes that are no message */
    uint64_t unpaired_n; /* connections with keys that are not pinned, or not to the serial number they claimed */
    uint16_t stranger_n; /* of those, open now */
    bool is_closing;
    struct codec_arena arena;
    uint8_t out[FRAME_MAX];
};

/* Listen for wallboxes.
 *
 * on_event  gets MEV_PEER_OPEN, MEV_PEER_MSG and MEV_PEER_CLOSED; may call peers_send and peers_close
 *
 * RC_IO     the address cannot be bound: *out_why is the system's text; nothing to close
 */
MUST_USE enum rc peers_open(struct peers *p, uv_loop_t *loop, const struct sockaddr_storage *address, const char **out_why);

/* Set before peers_open. */
void peers_init(struct peers *p, void (*on_event)(void *user, const struct mev *e), void *user);

/* Demand TLS with keys that the trust of `pairing` has pinned, now and after each change of its file; kept until peers_stop is done. Between
 * peers_init and peers_open; else plain TCP is spoken. */
void peers_secure(struct peers *p, struct pairing *pairing);

/* What pairing had to store of this key is stored, or will not be: end the connections on which it is waited for, and those
 * of whoever was this wallbox until now. */
void peers_end_pairing(struct peers *p, const uint8_t key[IDENTITY_HASH_LEN]);

/* The pins have changed: end the connections of those that are not pinned any more. */
void peers_recheck(struct peers *p);

/* Queue a message on a connection. Dropped silently when that is gone or going; a message that cannot be encoded is our mistake: logged. */
void peers_send(struct peers *p, uint16_t slot, const struct msg *m);

/* End a connection after what was sent on it. MEV_PEER_CLOSED follows, never from inside this call. */
void peers_close(struct peers *p, uint16_t slot);

/* "127.0.0.1:50000" of a connection; "?" when it is gone. */
const char *peers_name(const struct peers *p, uint16_t slot);

/* Stop listening, end all connections, then call on_closed (may be NULL) on the loop. No events come any more. */
void peers_stop(struct peers *p, void (*on_closed)(struct peers *p));
