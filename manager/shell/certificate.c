#include "manager/shell/certificate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <sodium.h>

#include "common/os/clock.h"
#include "common/os/file.h"
#include "common/os/log.h"

#define FILE_MAX 65536
#define YEARS_10_S 315360000
#define DAY_S 86400
#define UNSET_FROM_S 1704067200 /* 2024: a clock that was never set stands before */

static enum rc failed(const char *what, const char *why)
{
    log_err("https file=%s why=\"%s\"", what, why);
    return RC_IO;
}

/* A whole file; NULL: logged. */
static char *read_file(const char *path)
{
    const char *why = "";
    char *text = NULL;
    size_t len = 0;
    enum rc rc = file_read(path, FILE_MAX, &text, &len, &why);

    if (rc == RC_OK && len > 0) {
        return text;
    }
    rc_ignore(failed(path, rc == RC_OK ? "empty" : why)); /* NULL says it */
    free(text);
    return NULL;
}

static enum rc write_file(const char *path, const void *bytes, size_t len)
{
    const char *why = "";

    return file_write(path, bytes, len, &why) == RC_OK ? RC_OK : failed(path, why);
}

static void host_name(char out[256])
{
    if (gethostname(out, 256) != 0 || out[0] == '\0') {
        (void)snprintf(out, 256, "localhost");
    }
    out[255] = '\0';
}

/* Who it is for, and how long. */
static int describe(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key)
{
    static const unsigned char loopback4[] = {127, 0, 0, 1};
    int64_t now_s = clock_utc_ms() / 1000;
    uint8_t serial[16];
    char host[256];
    int err = 0;

    host_name(host);
    clock_random(serial, sizeof serial);
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 1); /* positive and without leading zeros */
    now_s = now_s < UNSET_FROM_S ? UNSET_FROM_S : now_s;
    err |= gnutls_x509_crt_set_version(crt, 3);
    err |= gnutls_x509_crt_set_serial(crt, serial, sizeof serial);
    err |= gnutls_x509_crt_set_activation_time(crt, (time_t)(now_s - DAY_S));
    err |= gnutls_x509_crt_set_expiration_time(crt, (time_t)(now_s + YEARS_10_S));
    err |= gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, "wallbox-manager", sizeof "wallbox-manager" - 1);
    err |= gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, "localhost", sizeof "localhost" - 1, GNUTLS_FSAN_SET);
    err |= gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, loopback4, sizeof loopback4, GNUTLS_FSAN_APPEND);
    if (strcmp(host, "localhost") != 0) {
        err |= gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, host, (unsigned)strlen(host), GNUTLS_FSAN_APPEND);
    }
    err |= gnutls_x509_crt_set_basic_constraints(crt, 0, -1);
    err |= gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
    err |= gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0);
    err |= gnutls_x509_crt_set_key(crt, key);
    return err != 0 ? err : gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
}

/* Key first: a certificate without its key is made anew, a key without certificate too. */
static enum rc write_both(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *key_path, const char *chain_path)
{
    gnutls_datum_t key_pem = {0};
    gnutls_datum_t crt_pem = {0};
    enum rc rc = RC_IO;

    if (gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &key_pem) == 0 && gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &crt_pem) == 0) {
        rc = write_file(key_path, key_pem.data, key_pem.size);
        rc = rc == RC_OK ? write_file(chain_path, crt_pem.data, crt_pem.size) : rc;
    }
    if (key_pem.data != NULL) {
        sodium_memzero(key_pem.data, key_pem.size);
    }
    gnutls_free(key_pem.data);
    gnutls_free(crt_pem.data);
    return rc;
}

static enum rc make(const char *key_path, const char *chain_path)
{
    gnutls_x509_privkey_t key = NULL;
    gnutls_x509_crt_t crt = NULL;
    int err = gnutls_x509_privkey_init(&key);
    enum rc rc = RC_IO;

    err = err == 0 ? gnutls_x509_crt_init(&crt) : err;
    err = err == 0 ? gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) : err;
    err = err == 0 ? describe(crt, key) : err;
    if (err == 0) {
        rc = write_both(crt, key, key_path, chain_path);
    } else {
        rc = failed(chain_path, gnutls_strerror(err));
    }
    if (crt != NULL) {
        gnutls_x509_crt_deinit(crt);
    }
    if (key != NULL) {
        gnutls_x509_privkey_deinit(key);
    }
    return rc;
}

enum rc certificate_own(struct certificate *c, const char *dir)
{
    char key_path[FILE_PATH_LEN];
    char chain_path[FILE_PATH_LEN];
    struct stat unused;
    enum rc rc = RC_OK;

    *c = (struct certificate){0};
    if (file_path(key_path, dir, "https.key") != RC_OK || file_path(chain_path, dir, "https.crt") != RC_OK) {
        return failed(dir, "name too long");
    }
    if (stat(key_path, &unused) != 0 || stat(chain_path, &unused) != 0) {
        rc = make(key_path, chain_path);
    }
    return rc == RC_OK ? certificate_read(c, key_path, chain_path) : rc;
}

enum rc certificate_read(struct certificate *c, const char *key_path, const char *chain_path)
{
    c->key = read_file(key_path);
    c->chain = read_file(chain_path);
    if (c->key == NULL || c->chain == NULL) {
        certificate_free(c);
        return RC_IO;
    }
    return RC_OK;
}

void certificate_free(struct certificate *c)
{
    if (c->key != NULL) {
        sodium_memzero(c->key, strlen(c->key));
    }
    free(c->key);
    free(c->chain);
    *c = (struct certificate){0};
}
