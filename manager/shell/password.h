/* Passwords as argon2id hashes (libsodium): 2 passes over 19 MiB, about 30 ms. Blocks; on the worker of passwords only. */
#pragma once

#include <stdbool.h>

#include "common/base/rc.h"

#define PASSWORD_HASH_LEN 128

/* RC_IO: no memory for it. */
MUST_USE enum rc password_hash(const char *password, char out[PASSWORD_HASH_LEN]);

bool password_is(const char *hash, const char *password);

/* A hash that no password has, so that an unknown name takes as long as a wrong password. Static. */
const char *password_of_nobody(void);
