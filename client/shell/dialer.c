#include "client/shell/dialer.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "common/os/clock.h"
#include "common/os/log.h"

static void down(struct dialer *d, const char *why)
{
    d->is_active = false;
    d->is_up = false;
    if (d->is_closing) {
        return;
    }
    if (strncmp(d->said, why, sizeof d->said - 1) != 0) { /* once each time that it is another reason than before */
        (void)snprintf(d->said, sizeof d->said, "%s", why);
        log_warn("link_down manager=%s why=\"%s\"", d->manager, why);
    }
    d->events->on_down(d->user);
}

static void refuse(struct dialer *d, const char *reason, const char *field, uint32_t claimed_len)
{
    log_warn("frame_refused manager=%s reason=%s field=%s claimed_len=%u", d->manager, reason, field, claimed_len);
    secure_close(&d->stream, "refused");
}

static void take_frame(struct dialer *d, const uint8_t *body, uint32_t body_len)
{
    const char *field = "";
    struct msg m;
    enum rc rc = codec_decode(&d->arena, body, body_len, &m, &field);

    if (rc == RC_MISSING) {
        d->unknown_n++;
        log_dbg("unknown_message unknown_n=%llu", (unsigned long long)d->unknown_n);
        return;
    }
    if (rc != RC_OK) {
        refuse(d, rc == RC_RANGE ? "value_outside_range" : "malformed_message", field, body_len);
        return;
    }
    d->events->on_msg(d->user, &m);
}

static void on_bytes(struct secure_stream *s, const uint8_t *bytes, size_t len)
{
    struct dialer *d = s->user;
    size_t done_len = 0;

    while (done_len < len && !s->tcp.is_closing) {
        size_t used_len = 0;
        const uint8_t *body = NULL;
        uint32_t body_len = 0;
        enum rc rc = frame_read(&d->reader, bytes + done_len, len - done_len, &used_len, &body, &body_len);

        done_len += used_len;
        if (rc == RC_OK) {
            take_frame(d, body, body_len);
        } else if (rc != RC_AGAIN) {
            refuse(d, "frame_length", "length", body_len);
        }
    }
}

static void on_open(struct secure_stream *s)
{
    struct dialer *d = s->user;

    wake_at(&d->limit, MS_FOREVER, clock_boot_ms());
    d->is_up = true;
    d->said[0] = '\0';
    log_note("link_up manager=%s", d->manager);
    d->events->on_up(d->user);
}

static void on_stream_closed(struct secure_stream *s, const char *why)
{
    struct dialer *d = s->user;

    wake_at(&d->limit, MS_FOREVER, clock_boot_ms());
    down(d, why);
}

static const struct secure_events stream_events = {.on_open = on_open, .on_bytes = on_bytes, .on_closed = on_stream_closed};

static void on_limit(struct wake *w)
{
    struct dialer *d = w->user;
    int64_t now_ms = clock_boot_ms();
    int64_t until_ms = secure_until_ms(&d->stream);

    if (d->is_active && !d->is_up && until_ms > now_ms) {
        wake_at(w, until_ms, now_ms); /* it is there, and shakes hands with a manager who may have many to shake */
    } else if (d->is_active && !d->is_up) {
        secure_close(&d->stream, "no answer");
    }
}

void dialer_init(struct dialer *d, uv_loop_t *loop, const struct sockaddr_storage *address, const struct dialer_events *events, void *user)
{
    memset(d, 0, offsetof(struct dialer, arena)); /* the buffers' pages stay untouched until they are needed */
    d->loop = loop;
    d->target.address = address;
    tcp_address_text(address, d->manager);
    d->events = events;
    d->user = user;
    d->connect_ms = DIALER_CONNECT_MS;
    wake_open(&d->limit, loop, on_limit, d);
}

void dialer_aim(struct dialer *d, const struct sockaddr_storage *address)
{
    CHECK(!d->is_active);
    d->target.address = address;
    tcp_address_text(address, d->manager);
}

void dialer_secure(struct dialer *d, const struct identity *self)
{
    d->target.self = self;
    d->target.pin = d->pin;
}

void dialer_pin(struct dialer *d, const uint8_t *hash)
{
    d->has_pin = hash != NULL;
    if (hash != NULL) {
        memcpy(d->pin, hash, sizeof d->pin);
    }
}

void dialer_take_any(struct dialer *d, bool takes_any)
{
    d->target.takes_any = takes_any;
}

struct tls *dialer_tls(struct dialer *d)
{
    return d->target.self != NULL ? &d->stream.tls : NULL;
}

void dialer_dial(struct dialer *d)
{
    int64_t now_ms = clock_boot_ms();

    CHECK(!d->is_active);
    if (d->is_closing) {
        return;
    }
    if (d->target.self != NULL && !d->has_pin && !d->target.takes_any) {
        down(d, "no manager is paired: the service button lets one be paired by setup code, or --pin HASH");
        return;
    }
    frame_reader_init(&d->reader, d->body);
    if (secure_dial(&d->stream, d->loop, &d->target, &stream_events, d) != RC_OK) {
        down(d, "not started");
        return;
    }
    d->is_active = true;
    wake_at(&d->limit, now_ms + d->connect_ms, now_ms);
}

void dialer_send(struct dialer *d, const struct msg *m)
{
    uint8_t prefix[FRAME_PREFIX_LEN];
    size_t len = 0;
    enum rc rc;

    if (!d->is_up || d->stream.tcp.is_closing) {
        return;
    }
    rc = codec_encode(m, d->out, sizeof d->out, &len);
    if (rc != RC_OK) {
        log_err("not_sent message=%s why=\"%s\"", msg_kind_text(m->kind), rc_text(rc));
        return;
    }
    frame_prefix((uint32_t)len, prefix);
    secure_write2(&d->stream, prefix, sizeof prefix, d->out, len);
}

void dialer_hang_up(struct dialer *d)
{
    if (d->is_active) {
        secure_close(&d->stream, "closed");
    }
}

void dialer_close(struct dialer *d)
{
    if (d->is_closing || d->loop == NULL) {
        return;
    }
    d->is_closing = true;
    wake_close(&d->limit);
    dialer_hang_up(d);
}
