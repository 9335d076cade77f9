#include "common/os/secure.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "common/os/clock.h"

#define READ_LEN 16384 /* bytes decrypted in one go: a whole record */

static bool is_plain(const struct secure_stream *s)
{
    return s->self == NULL;
}

static void on_tls_out(void *user, const uint8_t *bytes, size_t len)
{
    struct secure_stream *s = user;

    tcp_write(&s->tcp, bytes, len);
}

void secure_close(struct secure_stream *s, const char *why)
{
    if (!s->tcp.is_open || s->tcp.is_closing) {
        return;
    }
    tls_bye(&s->tls);
    tcp_close(&s->tcp, why);
    if (s->gate != NULL) {
        gate_leave(s->gate, s);
    }
}

/* Hand out what has been said in the session so far. */
static void read_all(struct secure_stream *s)
{
    uint8_t bytes[READ_LEN];
    size_t len = 0;
    enum rc rc = RC_OK;

    while (rc == RC_OK && !s->tcp.is_closing) { /* ends with what tls_take took */
        rc = tls_read(&s->tls, bytes, sizeof bytes, &len);
        if (rc == RC_OK) {
            s->events->on_bytes(s, bytes, len);
        }
    }
    if (rc == RC_MISSING || rc == RC_MALFORMED) {
        secure_close(s, s->tls.why);
    }
}

static void be_open(struct secure_stream *s)
{
    s->is_ready = true;
    if (s->events->on_open != NULL) {
        s->events->on_open(s);
    }
}

static void shaken(struct secure_stream *s)
{
    if (s->pin != NULL && memcmp(s->pin, s->tls.peer, IDENTITY_HASH_LEN) != 0) {
        secure_close(s, "another key than the pinned one");
        return;
    }
    be_open(s);
    if (!s->tcp.is_closing) {
        read_all(s);
    }
}

void secure_step(struct secure_stream *s, int64_t now_ms)
{
    struct gate *g = s->gate;
    enum rc rc = tls_step(&s->tls, now_ms);

    CHECK(g != NULL);
    s->waits_ms = clock_boot_ms();
    tcp_resume(&s->tcp);
    if (rc == RC_OK) {
        g->done_n++;
        gate_leave(g, s);
        shaken(s);
    } else if (rc != RC_AGAIN) {
        g->failed_n++;
        gate_say(g, s->tcp.peer, s->tls.why, now_ms);
        secure_close(s, s->tls.why);
    }
}

/* Of a dialled stream: there is one, so its steps need no gate. */
static void step_now(struct secure_stream *s)
{
    enum rc rc = tls_step(&s->tls, clock_boot_ms());

    if (rc == RC_OK) {
        shaken(s);
    } else if (rc != RC_AGAIN) {
        secure_close(s, s->tls.why);
    }
}

static void on_tcp_open(struct tcp_stream *tcp)
{
    struct secure_stream *s = tcp->user;

    if (is_plain(s)) {
        be_open(s);
        return;
    }
    if (tls_open(&s->tls, s->self, TLS_CLIENT, clock_boot_ms()) != RC_OK) {
        secure_close(s, "no memory");
        return;
    }
    tls_connect(&s->tls, on_tls_out, s);
    step_now(s);
}

static void on_tcp_bytes(struct tcp_stream *tcp, const uint8_t *bytes, size_t len)
{
    struct secure_stream *s = tcp->user;

    if (is_plain(s)) {
        s->events->on_bytes(s, bytes, len);
    } else if (tls_take(&s->tls, bytes, len) != RC_OK) {
        if (s->gate != NULL) {
            s->gate->failed_n++;
            gate_say(s->gate, s->tcp.peer, s->tls.why, clock_boot_ms());
        }
        secure_close(s, s->tls.why);
    } else if (s->is_ready) {
        read_all(s);
    } else if (s->gate != NULL) {
        tcp_pause(&s->tcp); /* until its step: no more than one read waits here */
        gate_work(s->gate);
    } else {
        step_now(s);
    }
}

static void on_tcp_closed(struct tcp_stream *tcp, const char *why)
{
    struct secure_stream *s = tcp->user;

    if (s->gate != NULL) {
        gate_leave(s->gate, s);
    }
    tls_close(&s->tls);
    s->events->on_closed(s, why); /* the last touch: the memory may be gone after it */
}

static const struct tcp_events tcp_events = {.on_open = on_tcp_open, .on_bytes = on_tcp_bytes, .on_closed = on_tcp_closed};

static void init(struct secure_stream *s, const struct identity *self, const struct secure_events *events, void *user)
{
    CHECK(events->on_bytes != NULL);
    CHECK(events->on_closed != NULL);
    memset(s, 0, sizeof *s);
    s->self = self;
    s->events = events;
    s->user = user;
}

enum rc secure_accept(struct gate *g, struct secure_stream *s, const struct secure_events *events, void *user)
{
    int64_t now_ms = clock_boot_ms();
    struct sockaddr_storage from;
    enum rc rc = tcp_pending_address(g->listener, &from);

    init(s, g->self, events, user);
    if (rc == RC_OK && !is_plain(s)) {
        rc = gate_admit(g, &from, now_ms);
        rc = rc == RC_OK ? tls_open(&s->tls, g->self, TLS_SERVER, now_ms) : rc;
    }
    rc = rc == RC_OK ? tcp_accept(g->listener, &s->tcp, &tcp_events, s) : rc;
    if (rc != RC_OK) {
        tls_close(&s->tls);
        return rc;
    }
    if (is_plain(s)) {
        be_open(s);
        return RC_OK;
    }
    tls_connect(&s->tls, on_tls_out, s);
    gate_enter(g, s, now_ms);
    return RC_OK;
}

enum rc secure_dial(struct secure_stream *s, uv_loop_t *loop, const struct secure_target *target, const struct secure_events *events, void *user)
{
    CHECK(target->self == NULL || target->pin != NULL || target->takes_any);
    init(s, target->self, events, user);
    s->pin = target->takes_any ? NULL : target->pin;
    return tcp_dial(&s->tcp, loop, target->address, &tcp_events, s);
}

int64_t secure_until_ms(const struct secure_stream *s)
{
    return s->tls.session != NULL && s->tls.state == TLS_SHAKING ? s->tls.until_ms : MS_NEVER;
}

void secure_write2(struct secure_stream *s, const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    if (!s->is_ready || !s->tcp.is_open || s->tcp.is_closing || a_len + b_len == 0) {
        return;
    }
    if (is_plain(s)) {
        tcp_write2(&s->tcp, a, a_len, b, b_len);
    } else if (tls_write2(&s->tls, a, a_len, b, b_len) != RC_OK) {
        secure_close(s, s->tls.why);
    }
}

void secure_write(struct secure_stream *s, const uint8_t *bytes, size_t len)
{
    secure_write2(s, bytes, len, NULL, 0);
}
