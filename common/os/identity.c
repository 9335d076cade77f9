#include "common/os/identity.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "common/base/check.h"
#include "common/os/file.h"
#include "common/os/log.h"

/* TLS 1.3 and what every implementation of it knows; keys of peers may be of the modern kind as well. */
#define PRIORITIES                                                                                                                      \
    "NONE:+VERS-TLS1.3:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+AEAD:+GROUP-X25519:+GROUP-SECP256R1:+SIGN-ECDSA-SECP256R1-SHA256:" \
    "+SIGN-EDDSA-ED25519:+CTYPE-X509:%NO_TICKETS"
#define KEY_FILE_MAX 16384
#define SERIAL_BYTES 16
#define BEGIN_S 0 /* the certificate is valid from 1970 on and without end: whoever looks at its dates must not find them wrong */

static enum rc failed(const char *path, const char *why, enum rc rc)
{
    log_err("identity file=%s why=\"%s\"", path, why);
    return rc;
}

void identity_text(const uint8_t hash[IDENTITY_HASH_LEN], char out[IDENTITY_TEXT_LEN])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < IDENTITY_HASH_LEN; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[IDENTITY_TEXT_LEN - 1] = '\0';
}

/* -1: no digit. */
static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum rc identity_parse(const char *text, uint8_t out[IDENTITY_HASH_LEN])
{
    uint8_t hash[IDENTITY_HASH_LEN];

    if (strlen(text) != IDENTITY_TEXT_LEN - 1) {
        return RC_RANGE;
    }
    for (size_t i = 0; i < IDENTITY_HASH_LEN; i++) {
        int high = digit_of(text[2 * i]);
        int low = digit_of(text[2 * i + 1]);

        if (high < 0 || low < 0) {
            return RC_RANGE;
        }
        hash[i] = (uint8_t)(high * 16 + low);
    }
    memcpy(out, hash, sizeof hash);
    return RC_OK;
}

enum rc identity_of(gnutls_x509_crt_t certificate, uint8_t out[IDENTITY_HASH_LEN])
{
    uint8_t hash[IDENTITY_HASH_LEN];
    size_t len = sizeof hash;

    if (gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, hash, &len) != 0 || len != sizeof hash) {
        return RC_MALFORMED;
    }
    memcpy(out, hash, sizeof hash);
    return RC_OK;
}

/* A new key into the file. */
static enum rc make_key(const char *path)
{
    gnutls_x509_privkey_t key = NULL;
    gnutls_datum_t pem = {0};
    const char *why = "";
    enum rc rc = RC_IO;
    int err = gnutls_x509_privkey_init(&key);

    err = err == 0 ? gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) : err;
    err = err == 0 ? gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem) : err;
    if (err == 0) {
        rc = file_write(path, pem.data, pem.size, &why);
        gnutls_memset(pem.data, 0, pem.size);
    } else {
        why = gnutls_strerror(err);
    }
    gnutls_free(pem.data);
    if (key != NULL) {
        gnutls_x509_privkey_deinit(key);
    }
    return rc == RC_OK ? RC_OK : failed(path, why, RC_IO);
}

/* The text of the key file, made first if there is none. */
static enum rc load_text(const char *dir, const char *path, char **out, size_t *out_len)
{
    const char *why = "";
    int lock_fd = -1;
    enum rc rc;

    if (file_lock(dir, &lock_fd, &why) != RC_OK) { /* two programs that begin at once must not make two keys */
        return failed(path, why, RC_IO);
    }
    rc = file_read(path, KEY_FILE_MAX, out, out_len, &why);
    if (rc == RC_MISSING) {
        rc = make_key(path);
        if (rc == RC_OK) {
            rc = file_read(path, KEY_FILE_MAX, out, out_len, &why);
            rc = rc == RC_OK ? RC_OK : failed(path, why, RC_IO);
        }
    } else if (rc != RC_OK) {
        rc = failed(path, why, RC_IO);
    }
    (void)close(lock_fd); /* gives the lock back */
    return rc;
}

/* What TLS demands of a certificate, and nothing that anybody could rely on. */
static int describe(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const uint8_t *serial)
{
    static const char name[] = "wallbox";
    int err = gnutls_x509_crt_set_version(crt, 3);

    err = err == 0 ? gnutls_x509_crt_set_serial(crt, serial, SERIAL_BYTES) : err;
    err = err == 0 ? gnutls_x509_crt_set_activation_time(crt, BEGIN_S) : err;
    err = err == 0 ? gnutls_x509_crt_set_expiration_time(crt, GNUTLS_X509_NO_WELL_DEFINED_EXPIRATION) : err;
    err = err == 0 ? gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, sizeof name - 1) : err;
    err = err == 0 ? gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE) : err;
    return err == 0 ? gnutls_x509_crt_set_key(crt, key) : err;
}

/* A certificate around the key, and the hash of the key. Returns an error of GnuTLS. */
static int wrap(struct identity *i, gnutls_x509_crt_t crt, gnutls_x509_privkey_t key)
{
    uint8_t serial[SERIAL_BYTES];
    size_t len = sizeof i->hash;
    int err = gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, i->hash, &len);

    memcpy(serial, i->hash, sizeof serial);
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 1); /* positive and without leading zeros */
    err = err == 0 ? describe(crt, key, serial) : err;
    err = err == 0 ? gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0) : err;
    err = err == 0 ? gnutls_priority_init(&i->priorities, PRIORITIES, NULL) : err;
    err = err == 0 ? gnutls_certificate_allocate_credentials(&i->credentials) : err;
    return err == 0 ? gnutls_certificate_set_x509_key(i->credentials, &crt, 1, key) : err;
}

static bool is_our_kind(gnutls_x509_privkey_t key)
{
    gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;

    return gnutls_x509_privkey_get_pk_algorithm(key) == GNUTLS_PK_ECDSA && gnutls_x509_privkey_export_ecc_raw(key, &curve, NULL, NULL, NULL) == 0 &&
           curve == GNUTLS_ECC_CURVE_SECP256R1;
}

static enum rc use_text(struct identity *i, const char *path, const gnutls_datum_t *pem)
{
    gnutls_x509_privkey_t key = NULL;
    gnutls_x509_crt_t crt = NULL;
    enum rc rc = RC_OK;
    int err = gnutls_x509_privkey_init(&key);

    err = err == 0 ? gnutls_x509_crt_init(&crt) : err;
    if (err == 0) {
        err = gnutls_x509_privkey_import2(key, pem, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN);
        if (err != 0 || !is_our_kind(key)) {
            rc = failed(path, err != 0 ? gnutls_strerror(err) : "not an ECDSA key on P-256", RC_MALFORMED);
            goto out;
        }
        err = wrap(i, crt, key);
    }
    rc = err == 0 ? RC_OK : failed(path, gnutls_strerror(err), RC_IO);

out:
    if (crt != NULL) {
        gnutls_x509_crt_deinit(crt);
    }
    if (key != NULL) {
        gnutls_x509_privkey_deinit(key);
    }
    return rc;
}

enum rc identity_open(struct identity *i, const char *dir)
{
    char path[FILE_PATH_LEN];
    gnutls_datum_t pem;
    char *text = NULL;
    size_t len = 0;
    enum rc rc;

    *i = (struct identity){0};
    if (file_path(path, dir, IDENTITY_FILE) != RC_OK) {
        return failed(dir, "name too long", RC_IO);
    }
    rc = load_text(dir, path, &text, &len);
    if (rc != RC_OK) {
        return rc;
    }
    pem = (gnutls_datum_t){.data = (unsigned char *)text, .size = (unsigned)len};
    rc = use_text(i, path, &pem);
    gnutls_memset(text, 0, len);
    free(text);
    if (rc != RC_OK) {
        identity_close(i);
    }
    return rc;
}

void identity_close(struct identity *i)
{
    if (i->credentials != NULL) {
        gnutls_certificate_free_credentials(i->credentials);
    }
    if (i->priorities != NULL) {
        gnutls_priority_deinit(i->priorities);
    }
    *i = (struct identity){0};
}
