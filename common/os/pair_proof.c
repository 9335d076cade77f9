#include "common/os/pair_proof.h"

#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "common/base/check.h"

#define LABEL_LEN 24 /* with zeros behind it: the rest of the text begins at the same place for each role */

/* What is proven, and by whom: bytes of another use of the code would begin otherwise. */
static const char labels[][LABEL_LEN] = {[PAIR_CLIENT] = "fleet pairing 1 client", [PAIR_MANAGER] = "fleet pairing 1 manager"};

enum rc pair_facts_of(struct pair_facts *out, struct tls *t, const struct identity *self, enum pair_role role, const uint8_t code[SETUP_CODE_LEN])
{
    struct pair_facts f;

    if (tls_export(t, PAIR_LABEL, f.session) != RC_OK) {
        return RC_IO;
    }
    memcpy(f.code, code, sizeof f.code);
    memcpy(f.client, role == PAIR_CLIENT ? self->hash : t->peer, sizeof f.client);
    memcpy(f.manager, role == PAIR_MANAGER ? self->hash : t->peer, sizeof f.manager);
    *out = f;
    pair_facts_forget(&f);
    return RC_OK;
}

enum rc pair_proof(const struct pair_facts *f, enum pair_role prover, uint8_t out[PAIR_PROOF_LEN])
{
    uint8_t text[LABEL_LEN + 2 * IDENTITY_HASH_LEN + TLS_EXPORT_LEN];
    uint8_t proof[PAIR_PROOF_LEN];
    uint8_t *at = text;

    CHECK(prover == PAIR_CLIENT || prover == PAIR_MANAGER);
    memcpy(at, labels[prover], LABEL_LEN);
    at += LABEL_LEN;
    memcpy(at, f->client, sizeof f->client);
    at += sizeof f->client;
    memcpy(at, f->manager, sizeof f->manager);
    at += sizeof f->manager;
    memcpy(at, f->session, sizeof f->session);
    if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, f->code, sizeof f->code, text, sizeof text, proof) != 0) {
        return RC_IO;
    }
    memcpy(out, proof, sizeof proof);
    return RC_OK;
}

bool pair_proof_is_right(const struct pair_facts *f, enum pair_role prover, const uint8_t proof[PAIR_PROOF_LEN])
{
    uint8_t right[PAIR_PROOF_LEN];

    return pair_proof(f, prover, right) == RC_OK && gnutls_memcmp(right, proof, sizeof right) == 0;
}

void pair_facts_forget(struct pair_facts *f)
{
    gnutls_memset(f, 0, sizeof *f);
}
