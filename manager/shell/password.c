#include "manager/shell/password.h"

#include <string.h>

#include <sodium.h>

#define PASSES_N 2
#define MEMORY_LEN ((size_t)19 * 1024 * 1024)

_Static_assert(PASSWORD_HASH_LEN == crypto_pwhash_STRBYTES, "the hash with its parameters fits");

enum rc password_hash(const char *password, char out[PASSWORD_HASH_LEN])
{
    return crypto_pwhash_str_alg(out, password, strlen(password), PASSES_N, MEMORY_LEN, crypto_pwhash_ALG_ARGON2ID13) == 0 ? RC_OK : RC_IO;
}

bool password_is(const char *hash, const char *password)
{
    return crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
}

const char *password_of_nobody(void)
{
    return "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
}
