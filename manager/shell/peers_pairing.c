/* Pairing on a connection: who may say what, and what is answered. */
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "common/os/clock.h"
#include "manager/shell/peers_inside.h"

/* First message of whoever wants to be paired. */
static void pair(struct peer *one, const char *serial)
{
    struct pairing *pairing = one->peers->pairing;
    struct msg answer = {.kind = MSG_PAIR_PROOF};

    pairing_seen(pairing, serial, one->stream.tls.peer, one->stream.tcp.peer, clock_utc_ms());
    if (pairing_prove(pairing, &one->stream.tls, serial, answer.pair_proof.proof) != RC_OK) {
        peer_reject(one, serial);
        return;
    }
    one->is_proving = true;
    memcpy(one->key, one->stream.tls.peer, sizeof one->key);
    CHECK(text_copy(one->claim, sizeof one->claim, serial) == RC_OK); /* checked when it arrived */
    peer_say(one->peers, one, &answer);
}

/* What whoever has the manager's proof says of it. */
static void take_answer(struct peer *one, const struct msg *m)
{
    struct pairing *pairing = one->peers->pairing;
    bool is_proof = m->kind == MSG_PAIR_PROOF;

    one->is_proving = false;
    if (is_proof && pairing_check(pairing, &one->stream.tls, one->claim, m->pair_proof.proof) == RC_OK) {
        one->is_proven = true;
        return;
    }
    if (!is_proof) {
        pairing_refused(pairing, one->claim, one->stream.tls.peer);
    }
    peer_say_why(one, "pairing_failed", is_proof ? "wrong_proof" : "wrong_code", one->claim);
    secure_close(&one->stream, "pairing failed");
}

bool peer_is_pairing(struct peer *one, const struct msg *m)
{
    bool is_new = !one->is_proving && !one->is_proven && one->hello_until_ms != MS_FOREVER;

    if (one->peers->trust == NULL) {
        return false;
    }
    if (one->is_proving && (m->kind == MSG_PAIR_PROOF || m->kind == MSG_REJECT)) {
        take_answer(one, m);
        return true;
    }
    if (is_new && m->kind == MSG_PAIR_REQUEST) {
        pair(one, m->pair_request.serial);
        return true;
    }
    if (one->is_proving || one->is_proven || m->kind == MSG_PAIR_REQUEST || m->kind == MSG_PAIR_PROOF) {
        peer_refuse(one, "out_of_order", "kind", 0);
        return true;
    }
    return false;
}

void peers_end_pairing(struct peers *p, const uint8_t key[IDENTITY_HASH_LEN])
{
    peers_recheck(p);
    for (uint16_t i = 0; i < PEER_MAX; i++) {
        struct peer *one = p->at[i];

        if (one != NULL && one->is_proven && memcmp(one->key, key, IDENTITY_HASH_LEN) == 0) {
            secure_close(&one->stream, "paired");
        }
    }
}
