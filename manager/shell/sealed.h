/* Secrets in a document, closed with a passphrase: argon2id makes a key of it, XChaCha20-Poly1305 closes the box (libsodium).
 *
 * Decided here: the form {"kdf", "passes", "memory_kib", "salt", "nonce", "box"}, base64 where it is bytes. Not here: what is inside (takeover).
 * Whoever changes one bit of it, or guesses, gets nothing. The rest of the document is not covered: people may edit it. Blocks for a moment.
 */
#pragma once

#include <stddef.h>

#include <jansson.h>

#include "common/base/rc.h"

#define PASSPHRASE_MIN 12
#define PASSPHRASE_MAX 256

/* NULL: no memory. Ownership: the caller gives the result back with json_decref. */
json_t *sealed_close(const char *passphrase, const char *text, size_t len);

/* Open it again.
 *
 * out      the text and a zero behind it, given to the caller: wipe it, then free; *out_len without that zero
 * out_why  a constant text when it fails
 *
 * RC_MALFORMED  not of this form
 * RC_REFUSED    the passphrase is another one, or the box was changed
 * RC_IO         no memory
 */
MUST_USE enum rc sealed_open(const json_t *sealed, const char *passphrase, char **out, size_t *out_len, const char **out_why);
