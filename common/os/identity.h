/* Who this program is towards its peers: a key that it makes at its first start, and who a peer is: the SHA-256 of his public key
 * (spec 09 9.1).
 *
 * Decided here: kind and file of the key. Not here: whose keys are trusted. The certificate that TLS wants around the key is made anew at each
 * start: nobody looks at its names and dates, because clocks may be wrong.
 */
#pragma once

#include <stdint.h>

#include "common/base/rc.h"

#define IDENTITY_HASH_LEN 32                          /* SHA-256 of the SubjectPublicKeyInfo */
#define IDENTITY_TEXT_LEN (2 * IDENTITY_HASH_LEN + 1) /* as hexadecimal digits, and the end */
#define IDENTITY_FILE "link.key"                      /* in the data directory, PKCS #8 PEM, mode 0600 */

struct gnutls_certificate_credentials_st;
struct gnutls_priority_st;
struct gnutls_x509_crt_int;

struct identity {
    struct gnutls_certificate_credentials_st *credentials; /* for tls; NULL: none */
    struct gnutls_priority_st *priorities;                 /* what all its sessions may negotiate: once, because it is larger than a session */
    uint8_t hash[IDENTITY_HASH_LEN];
};

/* Read the key of a data directory, which is made if missing, like the key: ECDSA on P-256.
 *
 * RC_IO         the file cannot be read or written: logged; nothing to close
 * RC_MALFORMED  the file is no key of this kind: logged; it is not replaced, because the peers know the key that it held
 */
MUST_USE enum rc identity_open(struct identity *i, const char *dir);

/* Zeroed is harmless. No session may use it any more. */
void identity_close(struct identity *i);

/* 64 small hexadecimal digits. */
void identity_text(const uint8_t hash[IDENTITY_HASH_LEN], char out[IDENTITY_TEXT_LEN]);

/* RC_RANGE: not 64 hexadecimal digits; out is untouched. */
MUST_USE enum rc identity_parse(const char *text, uint8_t out[IDENTITY_HASH_LEN]);

/* The hash of the key in a certificate. RC_MALFORMED: it holds none that this program understands. */
MUST_USE enum rc identity_of(struct gnutls_x509_crt_int *certificate, uint8_t out[IDENTITY_HASH_LEN]);
