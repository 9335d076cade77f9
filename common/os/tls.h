/* One TLS session without a socket: bytes of the peer in, bytes for the peer out, one step of the handshake per call, so that the caller
 * decides when the processor is used.
 *
 * TLS 1.3 only, both sides with a key of their own; no tickets, no resumption, no early data, no names. A session that is open has proven that
 * its peer holds the key whose hash is in `peer`; whether that key is trusted is the caller's business (spec 09 9.1).
 *
 * Source: RFC 8446 (TLS 1.3), RFC 5705 and RFC 8446 7.5 (exporter).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/rc.h"
#include "common/os/identity.h"

#define TLS_SHAKE_MS 5000  /* a handshake may take so long */
#define TLS_KEEP_MAX 32768 /* bytes that a peer may send before the handshake is done, and that may wait at any time */
#define TLS_EXPORT_LEN 32  /* bytes of the exporter */

enum tls_side { TLS_CLIENT, TLS_SERVER };
enum tls_state { TLS_SHAKING, TLS_OPEN, TLS_OVER };

struct gnutls_session_int;

struct tls {
    struct gnutls_session_int *session; /* NULL: nothing to close */
    void (*out)(void *user, const uint8_t *bytes, size_t len);
    void *user;
    enum tls_state state;
    int64_t until_ms;                /* of the handshake */
    uint8_t peer[IDENTITY_HASH_LEN]; /* set when open */
    const char *why;                 /* constant text, once over */
    uint8_t *kept;                   /* inside: bytes that wait; NULL none */
    size_t kept_at;
    size_t kept_len;
    size_t shaken_len; /* bytes taken before it was open */
};

/* Begin a session. *t must not be moved until tls_close.
 *
 * self    kept until tls_close
 * now_ms  CLOCK_BOOTTIME; the handshake may last until now_ms + TLS_SHAKE_MS
 *
 * RC_FULL  no memory: nothing to close
 */
MUST_USE enum rc tls_open(struct tls *t, const struct identity *self, enum tls_side side, int64_t now_ms);

/* Say at once after tls_open where the bytes for the peer go: `out` gets them, borrowed, from inside tls_step, tls_read, tls_write2 and tls_bye,
 * and must not call into this session. */
void tls_connect(struct tls *t, void (*out)(void *user, const uint8_t *bytes, size_t len), void *user);

/* Bytes of the peer, copied. RC_FULL: they are more than TLS_KEEP_MAX allows, or there is no memory; the session is over. */
MUST_USE enum rc tls_take(struct tls *t, const uint8_t *bytes, size_t len);

/* True when bytes wait for tls_step or tls_read. */
bool tls_has_input(const struct tls *t);

/* One step of the handshake.
 *
 * RC_OK         it is done: state TLS_OPEN, `peer` is set
 * RC_AGAIN      more bytes of the peer are needed
 * RC_STALE      the deadline has passed: over
 * RC_MALFORMED  the peer does not speak as demanded: over, `why` says how, an alert went out
 */
MUST_USE enum rc tls_step(struct tls *t, int64_t now_ms);

/* Take what the peer said out of an open session.
 *
 * room          of out, 1 or more
 *
 * RC_OK         *out_len bytes (1..room); call again
 * RC_AGAIN      nothing more has come
 * RC_MISSING    the peer has said that he is done: over
 * RC_MALFORMED  damaged or forged bytes: over
 */
MUST_USE enum rc tls_read(struct tls *t, uint8_t *out, size_t room, size_t *out_len);

/* Encrypt two pieces as one (prefix and body of a frame). RC_MALFORMED: the session is over. Open sessions only (CHECKed). */
MUST_USE enum rc tls_write2(struct tls *t, const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);

/* Say that nothing more will be sent. Harmless when not open. */
void tls_bye(struct tls *t);

/* Bytes that both ends of this session, and nobody else, can compute. Open sessions only (CHECKed).
 *
 * RC_RANGE  the library refuses the label
 */
MUST_USE enum rc tls_export(struct tls *t, const char *label, uint8_t out[TLS_EXPORT_LEN]);

/* Forget everything, keys included. Zeroed is harmless. */
void tls_close(struct tls *t);
