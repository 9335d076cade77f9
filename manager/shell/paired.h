/* What happens when a wallbox has proven to know its setup code: its key is stored with an entry of the audit trail, and then it may come.
 *
 * Not here: who has proven what (pairing), what is written (change).
 */
#pragma once

#include <stdint.h>

#include "common/os/identity.h"
#include "manager/shell/pairing.h"
#include "manager/shell/peers.h"
#include "manager/shell/store.h"

struct paired {
    const char *dir; /* data directory; all are kept */
    struct store **store;
    struct trust *trust;
    struct pairing *pairing;
    struct peers *peers;
};

/* For pairing_init; user: a struct paired. */
void paired_store(void *user, const char *serial, const uint8_t key[IDENTITY_HASH_LEN]);
