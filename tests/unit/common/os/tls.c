#include "common/os/tls.h"

#include <errno.h>

#include <gnutls/gnutls.h>

#include "common/base/units.h"
#include "tests/unit/common/os/tls_pair.h"

TestSuite(tls, .timeout = 20);

#define LONG_LEN 65540u

Test(tls, both_ends_learn_whose_key_the_other_holds)
{
    struct pair *p = pair_opened();

    cr_assert_arr_eq(p->server.peer, p->wallbox.hash, IDENTITY_HASH_LEN);
    cr_assert_arr_eq(p->client.peer, p->manager.hash, IDENTITY_HASH_LEN);
    cr_assert_eq(gnutls_protocol_get_version(p->server.session), GNUTLS_TLS1_3);
    cr_assert_eq(gnutls_session_is_resumed(p->client.session), 0);
    pair_end(p);
}

Test(tls, a_handshake_may_come_byte_by_byte)
{
    struct pair *p = pair_begin();

    pair_shake(p, 1);
    cr_assert_eq(p->server.state, TLS_OPEN, "%s", p->server.why);
    cr_assert_eq(p->client.state, TLS_OPEN, "%s", p->client.why);
    pair_end(p);
}

Test(tls, another_key_is_another_peer)
{
    struct pair *p = pair_begin();
    struct identity thief;

    cr_assert_eq(identity_open(&thief, scratch_path(&p->scratch, "thief")), RC_OK);
    tls_close(&p->client);
    cr_assert_eq(tls_open(&p->client, &thief, TLS_CLIENT, 0), RC_OK);
    tls_connect(&p->client, pair_put, &p->to_server);
    pair_shake(p, PIPE_ROOM);
    cr_assert_eq(p->server.state, TLS_OPEN);
    cr_assert_arr_neq(p->server.peer, p->wallbox.hash, IDENTITY_HASH_LEN);
    cr_assert_arr_eq(p->server.peer, thief.hash, IDENTITY_HASH_LEN);
    pair_end(p);
    identity_close(&thief);
}

/* Send `len` bytes as two pieces and read them at the other end, where they arrive in pieces of `most_len`. */
static void talk(struct tls *from, struct pipe *way, struct tls *to, size_t len, size_t most_len)
{
    uint8_t *bytes = malloc(len);
    uint8_t *got = malloc(len + 1);
    size_t got_len = 0;

    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(i * 31 + i / 251);
    }
    cr_assert_eq(tls_write2(from, bytes, 4, bytes + 4, len - 4), RC_OK);
    while (pair_deliver(way, to, most_len) > 0) {
        size_t n = 0;

        while (tls_read(to, got + got_len, len + 1 - got_len, &n) == RC_OK) {
            got_len += n;
        }
        cr_assert_eq(to->state, TLS_OPEN, "%s", to->why);
        cr_assert_not(tls_has_input(to));
    }
    cr_assert_eq(got_len, len);
    cr_assert_arr_eq(got, bytes, len);
    free(bytes);
    free(got);
}

Test(tls, the_longest_frame_goes_through_in_both_directions_whatever_the_pieces)
{
    struct pair *p = pair_opened();

    talk(&p->client, &p->to_server, &p->server, LONG_LEN, 16384);
    talk(&p->server, &p->to_client, &p->client, LONG_LEN, 1000);
    talk(&p->server, &p->to_client, &p->client, 5, 1);
    talk(&p->client, &p->to_server, &p->server, 4, 7);
    pair_end(p);
}

Test(tls, what_goes_over_the_wire_is_not_what_was_said)
{
    struct pair *p = pair_opened();
    static const uint8_t secret[] = "current_ma=16000 for W1";

    cr_assert_eq(tls_write2(&p->client, secret, sizeof secret, NULL, 0), RC_OK);
    cr_assert_null(memmem(p->to_server.bytes, p->to_server.len, secret, sizeof secret - 1));
    pair_end(p);
}

Test(tls, a_forged_byte_ends_the_session)
{
    struct pair *p = pair_opened();
    uint8_t out[16];
    size_t len = 0;

    cr_assert_eq(tls_write2(&p->client, (const uint8_t *)"hello", 5, NULL, 0), RC_OK);
    p->to_server.bytes[p->to_server.len - 1] ^= 1;
    pair_deliver(&p->to_server, &p->server, PIPE_ROOM);
    cr_assert_eq(tls_read(&p->server, out, sizeof out, &len), RC_MALFORMED);
    cr_assert_eq(p->server.state, TLS_OVER);
    cr_assert_eq(len, 0);
    cr_assert_eq(tls_read(&p->server, out, sizeof out, &len), RC_MISSING, "over stays over");
    pair_end(p);
}

Test(tls, a_goodbye_is_told_from_silence)
{
    struct pair *p = pair_opened();
    uint8_t out[16];
    size_t len = 0;

    cr_assert_eq(tls_read(&p->server, out, sizeof out, &len), RC_AGAIN);
    tls_bye(&p->client);
    pair_deliver(&p->to_server, &p->server, PIPE_ROOM);
    cr_assert_eq(tls_read(&p->server, out, sizeof out, &len), RC_MISSING);
    cr_assert_str_eq(p->server.why, "peer closed");
    pair_end(p);
}

Test(tls, both_ends_compute_the_same_exporter_and_each_session_another)
{
    struct pair *p = pair_opened();
    struct pair *other = pair_opened();
    uint8_t a[TLS_EXPORT_LEN];
    uint8_t b[TLS_EXPORT_LEN];

    cr_assert_eq(tls_export(&p->server, "EXPORTER-wallbox-pairing", a), RC_OK);
    cr_assert_eq(tls_export(&p->client, "EXPORTER-wallbox-pairing", b), RC_OK);
    cr_assert_arr_eq(a, b, sizeof a);
    cr_assert_eq(tls_export(&p->client, "EXPORTER-other", b), RC_OK);
    cr_assert_arr_neq(a, b, sizeof a);
    cr_assert_eq(tls_export(&other->client, "EXPORTER-wallbox-pairing", b), RC_OK);
    cr_assert_arr_neq(a, b, sizeof a);
    pair_end(p);
    pair_end(other);
}

Test(tls, a_handshake_ends_at_its_deadline)
{
    struct pair *p = pair_begin();

    cr_assert_eq(tls_step(&p->client, TLS_SHAKE_MS - 1), RC_AGAIN);
    cr_assert_eq(tls_step(&p->client, TLS_SHAKE_MS), RC_STALE);
    cr_assert_eq(p->client.state, TLS_OVER);
    cr_assert_eq(tls_step(&p->server, TLS_SHAKE_MS - 1), RC_AGAIN, "silence is waited for until then");
    cr_assert_eq(tls_step(&p->server, TLS_SHAKE_MS), RC_STALE);
    cr_assert_str_eq(p->server.why, "handshake took too long");
    pair_end(p);
}

static void expect_garbage_refused(const void *bytes, size_t len)
{
    struct pair *p = pair_begin();

    cr_assert_eq(tls_take(&p->server, bytes, len), RC_OK);
    cr_assert_eq(tls_step(&p->server, 1), RC_MALFORMED, "%02x%02x%02x", ((const uint8_t *)bytes)[0], ((const uint8_t *)bytes)[1], ((const uint8_t *)bytes)[2]);
    cr_assert_eq(p->server.state, TLS_OVER);
    cr_assert_str_not_empty(p->server.why);
    cr_assert_leq(p->to_client.len, 64, "no more than an alert");
    pair_end(p);
}

Test(tls, bytes_that_are_no_handshake_are_refused)
{
    uint8_t noise[2000];

    for (size_t i = 0; i < sizeof noise; i++) {
        noise[i] = (uint8_t)(i * 151 + 7);
    }
    expect_garbage_refused(noise, sizeof noise);
    expect_garbage_refused("GET / HTTP/1.1\r\n\r\n", 18);
    expect_garbage_refused("\x00\x00\x00\x40 a frame without encryption........................................", 68);
    expect_garbage_refused("\x16\x03\x01\xff\xff"
                           "a record that is too long",
                           30);
}

Test(tls, a_hello_of_16_mib_is_refused_long_before_its_end)
{
    struct pair *p = pair_begin();
    uint8_t record[5 + 1024] = {0x16, 0x03, 0x01, 0x04, 0x00, 0x01, 0xff, 0xff, 0xff};
    size_t sent_len = 0;

    while (tls_take(&p->server, record, sizeof record) == RC_OK && sent_len <= TLS_KEEP_MAX) {
        sent_len += sizeof record;
        (void)!tls_step(&p->server, 1);
        memset(record + 5, 0x55, sizeof record - 5);
    }
    cr_assert_leq(sent_len, TLS_KEEP_MAX);
    cr_assert_eq(p->server.state, TLS_OVER);
    pair_end(p);
}

/* A client that is not one of ours: GnuTLS with priorities and flags of its own on the same two pipes. */
struct foreigner {
    struct pair *pair;
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
};

static ssize_t foreign_push(gnutls_transport_ptr_t transport, const void *bytes, size_t len)
{
    struct foreigner *f = transport;

    pair_put(&f->pair->to_server, bytes, len);
    return (ssize_t)len;
}

static ssize_t foreign_pull(gnutls_transport_ptr_t transport, void *out, size_t room)
{
    struct foreigner *f = transport;
    struct pipe *p = &f->pair->to_client;
    size_t len = p->len - p->at < room ? p->len - p->at : room;

    if (len == 0) {
        gnutls_transport_set_errno(f->session, EAGAIN);
        return -1;
    }
    memcpy(out, p->bytes + p->at, len);
    p->at += len;
    return (ssize_t)len;
}

static int foreign_wait(gnutls_transport_ptr_t transport, unsigned wait_ms)
{
    const struct foreigner *f = transport;

    (void)wait_ms;
    return f->pair->to_client.len > f->pair->to_client.at ? 1 : 0;
}

/* Shake hands with the server of `p`. Returns what the server says of it in the end. */
static enum rc server_meets(struct pair *p, const char *priorities, bool has_key)
{
    struct foreigner f = {.pair = p};
    enum rc rc = RC_AGAIN;

    cr_assert_eq(gnutls_init(&f.session, GNUTLS_CLIENT | GNUTLS_NONBLOCK), 0);
    cr_assert_eq(gnutls_certificate_allocate_credentials(&f.credentials), 0);
    cr_assert_eq(gnutls_priority_set_direct(f.session, priorities, NULL), 0);
    cr_assert_eq(gnutls_credentials_set(f.session, GNUTLS_CRD_CERTIFICATE, has_key ? p->wallbox.credentials : f.credentials), 0);
    gnutls_transport_set_ptr(f.session, &f);
    gnutls_transport_set_push_function(f.session, foreign_push);
    gnutls_transport_set_pull_function(f.session, foreign_pull);
    gnutls_transport_set_pull_timeout_function(f.session, foreign_wait);
    for (int i = 0; i < 6 && rc == RC_AGAIN; i++) {
        (void)gnutls_handshake(f.session);
        if (pair_deliver(&p->to_server, &p->server, PIPE_ROOM) > 0) {
            rc = tls_step(&p->server, 1);
        }
    }
    gnutls_deinit(f.session);
    gnutls_certificate_free_credentials(f.credentials);
    return rc;
}

Test(tls, another_implementation_with_a_key_is_welcome)
{
    struct pair *p = pair_begin();

    cr_assert_eq(server_meets(p, "NORMAL", true), RC_OK, "%s", p->server.why);
    cr_assert_arr_eq(p->server.peer, p->wallbox.hash, IDENTITY_HASH_LEN);
    pair_end(p);
}

Test(tls, an_older_version_is_refused)
{
    static const char *const older[] = {"NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0"};

    for (size_t i = 0; i < sizeof older / sizeof older[0]; i++) {
        struct pair *p = pair_begin();

        cr_assert_eq(server_meets(p, older[i], true), RC_MALFORMED);
        cr_assert_eq(p->server.state, TLS_OVER);
        cr_assert_str_not_empty(p->server.why);
        pair_end(p);
    }
}

Test(tls, a_peer_without_a_key_is_refused)
{
    struct pair *p = pair_begin();

    cr_assert_eq(server_meets(p, "NORMAL", false), RC_MALFORMED);
    cr_assert_eq(p->server.state, TLS_OVER);
    pair_end(p);
}
