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
    size_t out_from;
    int32_t byte_ms;
    const struct meter *meter; /* that answers; NULL a controller */
    uint8_t in[BUS_IN_LEN];
    uint8_t out[MODBUS_FRAME_MAX + 2];
};

/* What a meter that misbehaves makes of a good answer. */
static void spoil(enum meter_mode mode, struct bus_reply *r)
{
    bool is_exception = (r->pdu[0] & 0x80) != 0;
    if (mode == METER_UNIT) {
        r->unit = (uint8_t)(r->unit == 1 ? 2 : 1);
    } else if (mode == METER_FUNCTION) {
        r->pdu[0] ^= 3 ^ 4;
    } else if (mode == METER_EXCEPTION) {
        r->pdu[0] |= 0x80;
        r->pdu[1] = 2;
        r->pdu_len = 2;
    } else if (mode == METER_TOO_MANY && !is_exception) {
        r->pdu[1] = (uint8_t)(r->pdu[1] + 2);
        r->pdu[r->pdu_len] = 0;
        r->pdu[r->pdu_len + 1] = 0;
        r->pdu_len += 2;
    } else if (mode == METER_TRICKLE) {
        r->byte_ms = METER_TRICKLE_MS;
    } else if (mode == METER_SLOW) {
        r->wait_ms += METER_SLOW_MS;
    }
}

bool bus_shares(const struct serve *a, const struct serve *b)
{
    size_t len = strlen(a->place);
    bool is_any_port = !a->is_pty && len > 2 && text_same(a->place + len - 2, ":0");
    return a->is_pty == b->is_pty && text_same(a->place, b->place) && (a == b || !is_any_port);
}

/* A charge controller, or the meter beside it. */
static bool controller_answers(struct bus *b, uint16_t box, const struct bus_request *request, struct bus_reply *out)
{
    const struct controller_setup *setup = &b->simulation->box[box].controller;
    bool is_meter = setup->kind == CONTROLLER_EVSE && request->unit == setup->meter_unit;
    struct controller *c = &b->run->controller[box];
    if (setup->kind == CONTROLLER_NONE || !bus_shares(&setup->serve, b->place) || (!is_meter && request->unit != setup->serve.unit)) {
        return false;
    }
    run_catch_up(b->run);
    *out = (struct bus_reply){.unit = request->unit, .wait_ms = setup->serve.latency_ms, .baud = setup->serve.baud, .byte_bits = setup->serve.byte_bits};
    int64_t now_ms = b->run->world.now_ms;
    const struct board *board = &b->run->world.board[box];
    out->pdu_len = is_meter ? controller_meter_answer(c, board, now_ms, request->pdu, request->pdu_len, out->pdu)
                            : controller_answer(c, board, now_ms, request->pdu, request->pdu_len, out->pdu);
    run_react(b->run);
    return out->pdu_len > 0;
}

static bool meter_answers(struct bus *b, uint16_t meter, const struct bus_request *request, struct bus_reply *out)
{
    const struct serve *s = &b->simulation->serve[meter];
    struct meter *m = &b->run->meter[meter];
    run_catch_up(b->run);
    m->asked_n++;
    if (m->mode == METER_SILENT) {
        return false;
    }
    *out = (struct bus_reply){.meter = m, .unit = s->unit, .wait_ms = s->latency_ms, .baud = s->baud, .byte_bits = s->byte_bits};
    out->pdu_len = modbus_answer(&m->image, request->pdu, request->pdu_len, out->pdu);
    spoil(m->mode, out);
    return true;
}

bool bus_answer(struct bus *b, const struct bus_request *request, struct bus_reply *out)
{
    for (uint16_t i = 0; i < b->run->site.meter_n; i++) {
        const struct serve *s = &b->simulation->serve[i];
        if (s->unit == request->unit && bus_shares(s, b->place)) {
            return meter_answers(b, i, request, out);
        }
    }
    for (uint16_t i = 0; i < b->run->site.box_n; i++) {
        if (controller_answers(b, i, request, out)) {
            return true;
        }
    }
    return false;
}

static void serve_next(struct bus_conn *c);

/* The wait is over: send all, or one byte and wait again. */
static void on_latency_over(uv_timer_t *timer)
{
    struct bus_conn *c = timer->data;
    c->byte_ms = c->meter != NULL && c->meter->mode == METER_TRICKLE ? c->byte_ms : 0;
    size_t len = c->byte_ms == 0 ? c->out_len - c->out_from : 1;
    tcp_write(&c->stream, c->out + c->out_from, len);
    c->out_from += len;
    if (c->out_from < c->out_len && !c->stream.is_closing) {
        CHECK(uv_timer_start(&c->timer, on_latency_over, (uint64_t)c->byte_ms, 0) == 0);
        return;
    }
    c->is_waiting = false;
    serve_next(c);
}

/* One whole frame: prepare the answer and send it when the meter would. */
static void take_frame(struct bus_conn *c, size_t frame_len)
{
    struct bus_request request = {.unit = c->in[6], .pdu = c->in + MBAP_LEN, .pdu_len = frame_len - MBAP_LEN};
    struct bus_reply reply;
    if (!bus_answer(c->bus, &request, &reply)) {
        return;
    }
    memcpy(c->out, c->in, MBAP_LEN);
    c->out[4] = 0;
    c->out[5] = (uint8_t)(reply.pdu_len + 1);
    c->out[6] = reply.unit;
    memcpy(c->out + MBAP_LEN, reply.pdu, reply.pdu_len);
    c->out_len = MBAP_LEN + reply.pdu_len;
    c->out_from = 0;
    c->byte_ms = reply.byte_ms;
    c->meter = reply.meter;
    if (reply.wait_ms == 0 && reply.byte_ms == 0) {
        tcp_write(&c->stream, c->out, c->out_len);
        return;
    }
    c->is_waiting = true;
    CHECK(uv_timer_start(&c->timer, on_latency_over, (uint64_t)reply.wait_ms, 0) == 0);
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

enum rc bus_open(struct bus *b, uv_loop_t *loop, const char **out_why)
{
    struct sockaddr_storage address;
    b->loop = loop;
    if (b->place->is_pty) {
        return bus_line_open(b, b->place->place, out_why);
    }
    if (tcp_parse_address(b->place->place, &address) != RC_OK) {
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
