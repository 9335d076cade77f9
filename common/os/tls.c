#include "common/os/tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "common/base/check.h"
#include "common/base/units.h"

#define PACKET_MAX 8192 /* longest message of a handshake: a certificate of ours has 400 bytes */

static enum rc over(struct tls *t, const char *why, enum rc rc)
{
    t->state = TLS_OVER;
    t->why = why;
    return rc;
}

static void drop_kept(struct tls *t)
{
    free(t->kept);
    t->kept = NULL;
    t->kept_at = 0;
    t->kept_len = 0;
}

static ssize_t pull(gnutls_transport_ptr_t transport, void *out, size_t room)
{
    struct tls *t = transport;
    size_t left_len = t->kept_len - t->kept_at;
    size_t len = room < left_len ? room : left_len;

    if (len == 0) {
        gnutls_transport_set_errno(t->session, EAGAIN);
        return -1;
    }
    memcpy(out, t->kept + t->kept_at, len);
    t->kept_at += len;
    if (t->kept_at == t->kept_len) {
        drop_kept(t);
    }
    return (ssize_t)len;
}

/* Never waits: what is not here does not come during this call. */
static int pull_timeout(gnutls_transport_ptr_t transport, unsigned wait_ms)
{
    const struct tls *t = transport;

    (void)wait_ms;
    return tls_has_input(t) ? 1 : 0;
}

static ssize_t push(gnutls_transport_ptr_t transport, const void *bytes, size_t len)
{
    struct tls *t = transport;

    t->out(t->user, bytes, len);
    return (ssize_t)len;
}

static void out_nowhere(void *user, const uint8_t *bytes, size_t len)
{
    (void)user;
    (void)bytes;
    (void)len;
}

enum rc tls_open(struct tls *t, const struct identity *self, enum tls_side side, int64_t now_ms)
{
    unsigned flags = (side == TLS_SERVER ? GNUTLS_SERVER : GNUTLS_CLIENT) | GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS;
    int err;

    CHECK(self->credentials != NULL);
    *t = (struct tls){.out = out_nowhere, .until_ms = after_ms(now_ms, TLS_SHAKE_MS), .why = ""};
    if (gnutls_init(&t->session, flags) != 0) {
        t->session = NULL;
        return RC_FULL;
    }
    err = gnutls_priority_set(t->session, self->priorities);
    err = err == 0 ? gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, self->credentials) : err;
    if (err != 0) {
        tls_close(t);
        return RC_FULL;
    }
    if (side == TLS_SERVER) {
        gnutls_certificate_server_set_request(t->session, GNUTLS_CERT_REQUIRE);
    }
    gnutls_handshake_set_max_packet_length(t->session, PACKET_MAX);
    gnutls_handshake_set_timeout(t->session, GNUTLS_INDEFINITE_TIMEOUT); /* the deadline is counted here, on the clock of this program */
    gnutls_transport_set_ptr(t->session, t);
    gnutls_transport_set_pull_function(t->session, pull);
    gnutls_transport_set_push_function(t->session, push);
    gnutls_transport_set_pull_timeout_function(t->session, pull_timeout);
    return RC_OK;
}

void tls_connect(struct tls *t, void (*out)(void *user, const uint8_t *bytes, size_t len), void *user)
{
    t->out = out;
    t->user = user;
}

enum rc tls_take(struct tls *t, const uint8_t *bytes, size_t len)
{
    size_t left_len = t->kept_len - t->kept_at;
    uint8_t *all;

    if (t->state == TLS_OVER || len == 0) {
        return RC_OK;
    }
    t->shaken_len += t->state == TLS_SHAKING ? len : 0; /* GnuTLS itself gathers a long message for ever */
    if (len > TLS_KEEP_MAX - left_len || t->shaken_len > TLS_KEEP_MAX) {
        return over(t, "more bytes than a handshake has", RC_FULL);
    }
    all = malloc(left_len + len);
    if (all == NULL) {
        return over(t, "no memory", RC_FULL);
    }
    if (left_len > 0) {
        memcpy(all, t->kept + t->kept_at, left_len);
    }
    memcpy(all + left_len, bytes, len);
    drop_kept(t);
    t->kept = all;
    t->kept_len = left_len + len;
    return RC_OK;
}

bool tls_has_input(const struct tls *t)
{
    return t->kept_len > t->kept_at;
}

/* Who it is. GnuTLS has checked that the peer holds the key of the first certificate of his list, and nothing else about it. */
static enum rc take_peer(struct tls *t)
{
    gnutls_x509_crt_t crt = NULL;
    unsigned n = 0;
    const gnutls_datum_t *list = gnutls_certificate_get_peers(t->session, &n);
    enum rc rc = RC_MALFORMED;

    if (list == NULL || n == 0 || gnutls_certificate_type_get2(t->session, GNUTLS_CTYPE_PEERS) != GNUTLS_CRT_X509 || gnutls_x509_crt_init(&crt) != 0) {
        return RC_MALFORMED;
    }
    if (gnutls_x509_crt_import(crt, &list[0], GNUTLS_X509_FMT_DER) == 0) {
        rc = identity_of(crt, t->peer);
    }
    gnutls_x509_crt_deinit(crt);
    return rc;
}

/* Why a call failed: what the peer complained of, or the library. */
static const char *text_of(struct tls *t, ssize_t err)
{
    if (err == GNUTLS_E_FATAL_ALERT_RECEIVED || err == GNUTLS_E_WARNING_ALERT_RECEIVED) {
        const char *name = gnutls_alert_get_name(gnutls_alert_get(t->session));

        return name != NULL ? name : "alert";
    }
    return gnutls_strerror((int)err);
}

enum rc tls_step(struct tls *t, int64_t now_ms)
{
    int err;

    CHECK(t->state == TLS_SHAKING);
    if (now_ms >= t->until_ms) {
        return over(t, "handshake took too long", RC_STALE);
    }
    err = gnutls_handshake(t->session);
    if (err == 0) {
        if (take_peer(t) != RC_OK) {
            (void)gnutls_alert_send(t->session, GNUTLS_AL_FATAL, GNUTLS_A_BAD_CERTIFICATE); /* a courtesy */
            return over(t, "no certificate with a key that is understood", RC_MALFORMED);
        }
        t->state = TLS_OPEN;
        return RC_OK;
    }
    if (gnutls_error_is_fatal(err) == 0) {
        return RC_AGAIN;
    }
    (void)gnutls_alert_send_appropriate(t->session, err); /* a courtesy */
    return over(t, text_of(t, err), RC_MALFORMED);
}

enum rc tls_read(struct tls *t, uint8_t *out, size_t room, size_t *out_len)
{
    size_t tries_n = t->kept_len - t->kept_at + 1; /* what is neither data nor the end takes at least a byte each time */

    CHECK(room > 0);
    if (t->state != TLS_OPEN) {
        return t->state == TLS_SHAKING ? RC_AGAIN : RC_MISSING;
    }
    for (size_t i = 0; i < tries_n; i++) {
        ssize_t n = gnutls_record_recv(t->session, out, room);

        if (n > 0) {
            *out_len = (size_t)n;
            return RC_OK;
        }
        if (n == 0) {
            return over(t, "peer closed", RC_MISSING);
        }
        if (gnutls_error_is_fatal((int)n) != 0) {
            (void)gnutls_alert_send_appropriate(t->session, (int)n); /* a courtesy */
            return over(t, text_of(t, n), RC_MALFORMED);
        }
        if (!tls_has_input(t)) {
            break;
        }
    }
    return RC_AGAIN;
}

/* All of a piece into the corked session. Returns an error of GnuTLS or 0. */
static int put(struct tls *t, const uint8_t *bytes, size_t len)
{
    size_t done_len = 0;

    while (done_len < len) {
        ssize_t n = gnutls_record_send(t->session, bytes + done_len, len - done_len);

        if (n <= 0) {
            return n < 0 ? (int)n : GNUTLS_E_PUSH_ERROR;
        }
        done_len += (size_t)n;
    }
    return 0;
}

enum rc tls_write2(struct tls *t, const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    int err;

    CHECK(t->state == TLS_OPEN);
    gnutls_record_cork(t->session);
    err = put(t, a, a_len);
    err = err == 0 ? put(t, b, b_len) : err;
    if (err == 0) {
        err = gnutls_record_uncork(t->session, 0);
        err = err < 0 ? err : 0; /* else bytes: `out` takes all of them */
    }
    return err == 0 ? RC_OK : over(t, text_of(t, err), RC_MALFORMED);
}

void tls_bye(struct tls *t)
{
    if (t->session != NULL && t->state == TLS_OPEN) {
        (void)gnutls_bye(t->session, GNUTLS_SHUT_WR); /* a courtesy: the end of the connection says it as well */
    }
}

enum rc tls_export(struct tls *t, const char *label, uint8_t out[TLS_EXPORT_LEN])
{
    uint8_t bytes[TLS_EXPORT_LEN];

    CHECK(t->state == TLS_OPEN);
    if (gnutls_prf_rfc5705(t->session, strlen(label), label, 0, NULL, sizeof bytes, (char *)bytes) != 0) {
        return RC_RANGE;
    }
    memcpy(out, bytes, sizeof bytes);
    return RC_OK;
}

void tls_close(struct tls *t)
{
    if (t->session != NULL) {
        gnutls_deinit(t->session);
    }
    drop_kept(t);
    *t = (struct tls){.state = TLS_OVER, .why = "closed"};
}
