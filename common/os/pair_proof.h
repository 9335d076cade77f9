/* Pairing by setup code: how each side shows the other that it knows the code (spec 09 9.1).
 *
 * A proof is HMAC-SHA-256, with the code as its key, over the role of whom proves, the hashes of both keys and bytes of this very TLS session.
 * So it says nothing about the code, fits no other session (replay), no other pair of keys (somebody between the two who shakes hands with
 * both), and cannot be sent back to whom made it.
 *
 * Decided here: the bytes of a proof. Not here: when one is sent, and what a wrong one leads to.
 *
 * Source: RFC 2104 (HMAC), RFC 8446 7.5 (exporter).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/rc.h"
#include "common/os/identity.h"
#include "common/os/tls.h"

#define PAIR_LABEL "EXPORTER-fleet-pairing-1" /* of the TLS exporter */

enum pair_role { PAIR_CLIENT, PAIR_MANAGER };

struct pair_facts {
    uint8_t code[SETUP_CODE_LEN];
    uint8_t client[IDENTITY_HASH_LEN];
    uint8_t manager[IDENTITY_HASH_LEN];
    uint8_t session[TLS_EXPORT_LEN];
};

/* Collect what a proof is made of.
 *
 * t     an open session (CHECKed); the peer's key is that of the other side
 * self  whose side this is, with role
 *
 * RC_IO  the library cannot tell the session's bytes; out is untouched
 */
MUST_USE enum rc pair_facts_of(struct pair_facts *out, struct tls *t, const struct identity *self, enum pair_role role, const uint8_t code[SETUP_CODE_LEN]);

/* The proof that this role sends. RC_IO: the library refuses; out is untouched. */
MUST_USE enum rc pair_proof(const struct pair_facts *f, enum pair_role prover, uint8_t out[PAIR_PROOF_LEN]);

/* True when `proof` is the one that this role must send; takes as long whatever is wrong with it. */
bool pair_proof_is_right(const struct pair_facts *f, enum pair_role prover, const uint8_t proof[PAIR_PROOF_LEN]);

/* Overwrite the code and the rest. */
void pair_facts_forget(struct pair_facts *f);
