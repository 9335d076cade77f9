#include "tests/site/bus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "tests/site/bus_line.h"

struct bus_conn {
    struct tcp_stream stream;
    uv_timer_t timer; /* latency of the answer under way */
    struct bus *bus;
    struct bus_conn *next;
    bool is_waiting;
    bool is_stream_closed;
    bool is_timer_closed;
    size_t in_len;
    size_t out_len;
    uint8_t in[BUS_IN_LEN];
    uint8_t out[MODBUS_FRAME_MAX];
};

bool bus_answer(struct bus *b, const struct bus_request *request, uint8_t *out, size_t *out_len, int32_t *out_wait_ms)
{
    const struct serve *place = &b->simulation->serve[b->first];
    for (uint16_t i = b->first; i < b->run->site.meter_n; i++) {
        const struct serve *s = &b->simulation->serve[i];
        struct meter *m = &b->run->meter[i];
        if (s->unit != request->unit || s->is_pty != place->is_pty || !text_same(s->place, place->place)) {
            continue;
        }
        run_catch_up(b->run);
        m->asked_n++;
        if (m->mode == METER_SILENT) {
            return false;
        }
        *out_len = modbus_answer(&m->image, request->pdu, request->pdu_len, out);
        *out_wait_ms = s->latency_ms + (m->mode == METER_SLOW ? METER_SLOW_MS : 0);
        return true;
    }
    return false;
}

static void serve_next(struct bus_conn *c);

static void on_latency_over(uv_timer_t *timer)
{
    struct bus_conn *c = timer->data;
    c->is_waiting = false;
    tcp_write(&c->stream, c->out, c->out_len);
    serve_next(c);
}

/* One whole frame: prepare the answer and send it when the meter would. */
static void take_frame(struct bus_conn *c, size_t frame_len)
{
    struct bus_request request = {.unit = c->in[6], .pdu = c->in + MBAP_LEN, .pdu_len = frame_len - MBAP_LEN};
    size_t pdu_len = 0;
    int32_t wait_ms = 0;
    if (!bus_answer(c->bus, &request, c->out + MBAP_LEN, &pdu_len, &wait_ms)) {
        return;
    }
    memcpy(c->out, c->in, MBAP_LEN);
    c->out[4] = 0;
    c->out[5] = (uint8_t)(pdu_len + 1);
    c->out_len = MBAP_LEN + pdu_len;
    if (wait_ms == 0) {
        tcp_write(&c->stream, c->out, c->out_len);
        return;
    }
    c->is_waiting = true;
    CHECK(uv_timer_start(&c->timer, on_latency_over, (uint64_t)wait_ms, 0) == 0);
}

static void serve_next(struct bus_conn *c)
{
    while (!c->is_waiting && !c->stream.is_closing) {
        size_t frame_len = 0;
        if (modbus_tcp_frame(c->in, c->in_len, &frame_len) != RC_OK) {
            tcp_close(&c->stream, "no Modbus");
            return;
        }
        if (frame_len == 0) {
            return;
        }
        take_frame(c, frame_len);
        c->in_len -= frame_len;
        memmove(c->in, c->in + frame_len, c->in_len);
    }
}

static void on_bytes(struct tcp_stream *s, const uint8_t *bytes, size_t len)
{
    struct bus_conn *c = s->user;
    if (len > sizeof c->in - c->in_len) {
        tcp_close(s, "too many requests at a time");
        return;
    }
    memcpy(c->in + c->in_len, bytes, len);
    c->in_len += len;
    serve_next(c);
}

static void release(struct bus_conn *c)
{
    struct bus_conn **at = &c->bus->conns;
    if (!c->is_stream_closed || !c->is_timer_closed) {
        return;
    }
    while (*at != c) {
        at = &(*at)->next;
    }
    *at = c->next;
    free(c);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct bus_conn *c = handle->data;
    c->is_timer_closed = true;
    release(c);
}

static void on_stream_closed(struct tcp_stream *s, const char *why)
{
    struct bus_conn *c = s->user;
    (void)why;
    c->is_stream_closed = true;
    uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}

static void on_connection(struct tcp_listener *l)
{
    static const struct tcp_events events = {.on_bytes = on_bytes, .on_closed = on_stream_closed};
    struct bus *b = l->user;
    struct bus_conn *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    c->bus = b;
    if (tcp_accept(l, &c->stream, &events, c) != RC_OK) {
        free(c);
        return;
    }
    CHECK(uv_timer_init(b->loop, &c->timer) == 0);
    c->timer.data = c;
    c->next = b->conns;
    b->conns = c;
}

enum rc bus_open(struct bus *b, uv_loop_t *loop, struct run *run, const struct simulation *simulation, uint16_t first, const char **out_why)
{
    const struct serve *s = &simulation->serve[first];
    struct sockaddr_storage address;
    *b = (struct bus){.run = run, .simulation = simulation, .first = first, .loop = loop};
    if (s->is_pty) {
        return bus_line_open(b, s->place, out_why);
    }
    if (tcp_parse_address(s->place, &address) != RC_OK) {
        *out_why = "must be HOST:PORT with a numeric host, or pty:PATH";
        return RC_IO;
    }
    if (tcp_listen(&b->listener, loop, &address, on_connection, b, out_why) != RC_OK) {
        return RC_IO;
    }
    (void)snprintf(b->address, sizeof b->address, "%s", b->listener.local);
    return RC_OK;
}

void bus_close(struct bus *b)
{
    bus_line_close(b);
    tcp_unlisten(&b->listener);
    for (struct bus_conn *c = b->conns; c != NULL; c = c->next) {
        tcp_close(&c->stream, "closed");
    }
}
