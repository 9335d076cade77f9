/* Pairing by setup code, the manager's side: who has asked to be paired, who has proven to know the code of his serial number (spec 09 9.1).
 *
 * Decided here: what is remembered of whom, when a proof is given and what a wrong one means: this key is not offered another proof with the
 * same code, so that a mistyped code does not use up the wallbox's patience; and a serial number for which too many keys have failed gets none
 * until its code is given anew. Not here: connections (peers), the bytes of a proof (pair_proof), the tables of keys and codes (trust).
 * Belongs to the loop; the list is read by other threads.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <pthread.h>

#include "common/base/limits.h"
#include "common/base/rc.h"
#include "common/os/identity.h"
#include "common/os/tcp.h"
#include "common/os/tls.h"
#include "manager/shell/trust.h"

#define PAIRING_LIST_MAX 256
#define PAIRING_FAILED_MAX 20 /* keys that may fail with one code */

enum pairing_state {
    PAIRING_SEEN,    /* asked; there is no code for it */
    PAIRING_PROVING, /* has the manager's proof, or has answered it and is being pinned */
    PAIRING_FAILED,  /* does not know the code, or the manager knows another */
    PAIRING_PAIRED,
    PAIRING_STATE_N
};

/* A key that has asked, for a serial number. */
struct pairing_row {
    char serial[SERIAL_LEN]; /* as it claims */
    uint8_t key[IDENTITY_HASH_LEN];
    char address[TCP_ADDRESS_LEN];
    enum pairing_state state;
    int64_t first_utc_ms;
    int64_t last_utc_ms;
    int64_t failed_given_ms; /* given_utc_ms of the code with which it failed */
    uint64_t turn;           /* inside: order of their last visits */
};

struct pairing_list {
    struct pairing_row at[PAIRING_LIST_MAX];
    uint16_t n;
};

struct pairing {
    pthread_mutex_t lock; /* around the list */
    struct trust *trust;
    struct pairing_list list;
    uint64_t turn;
    /* Store that this key is the wallbox's, and forget its code; pairing_stored follows, never from inside. */
    void (*store)(void *user, const char *serial, const uint8_t key[IDENTITY_HASH_LEN]);
    void *user;
};

/* trust and user are kept; store may be NULL when nobody will ask. */
void pairing_init(struct pairing *p, struct trust *trust, void (*store)(void *user, const char *serial, const uint8_t key[IDENTITY_HASH_LEN]), void *user);
void pairing_deinit(struct pairing *p);

/* A peer has asked, by PairRequest or, without a pinned key, by Hello.
 *
 * key      of the peer
 * address  of the peer
 */
void pairing_seen(struct pairing *p, const char *serial, const uint8_t key[IDENTITY_HASH_LEN], const char *address, int64_t utc_ms);

/* The proof for a peer that was seen.
 *
 * tls  the open session with it
 *
 * RC_MISSING  there is no code for this serial number, or it has failed with it, or too many have
 * RC_REFUSED  the key of this peer is pinned to another serial number
 * RC_IO       the library refuses
 */
MUST_USE enum rc pairing_prove(struct pairing *p, struct tls *tls, const char *serial, uint8_t out_proof[PAIR_PROOF_LEN]);

/* The proof of a peer. RC_OK: it is right, and the peer's key is being stored. RC_REFUSED: it is not, or the code is not known any more. */
MUST_USE enum rc pairing_check(struct pairing *p, struct tls *tls, const char *serial, const uint8_t proof[PAIR_PROOF_LEN]);

/* The peer does not take the manager's proof. */
void pairing_refused(struct pairing *p, const char *serial, const uint8_t key[IDENTITY_HASH_LEN]);

/* The peer has gone before it answered. */
void pairing_gone(struct pairing *p, const char *serial, const uint8_t key[IDENTITY_HASH_LEN]);

/* What `store` was asked for is stored, or will not be. */
void pairing_stored(struct pairing *p, const char *serial, const uint8_t key[IDENTITY_HASH_LEN], bool is_stored);

/* Forget who has asked for this serial number. Any thread. */
void pairing_forget(struct pairing *p, const char *serial);

/* A copy of the list. Any thread. */
void pairing_copy(struct pairing *p, struct pairing_list *out);

/* "seen", "proving", "failed", "paired". */
const char *pairing_state_text(enum pairing_state state);
