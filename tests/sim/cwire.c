/* What arrives at a wallbox: packets, frames, messages. Part of cnode. */
#include "tests/sim/cnode.h"

#include <string.h>

#include "common/base/check.h"

static void take_frame(struct sim *s, uint16_t box, const uint8_t *body, uint32_t body_len)
{
    const char *field = "";
    struct msg m;
    enum rc rc = codec_decode(s->arena, body, body_len, &m, &field);
    struct cev e = {.kind = CEV_LINK_MSG, .msg = &m};

    if (rc != RC_OK) {
        check_failed(__FILE__, __LINE__, "a manager's message is allowed");
    }
    sim_trace(s, TRACE_MESSAGE, box, m.kind, 1, body_len);
    check_client_got(s, box, &m);
    cnode_feed(s, box, &e);
}

static void take_bytes(struct sim *s, uint16_t conn, const uint8_t *bytes, size_t len)
{
    struct conn *c = &s->net.conn[conn];
    uint32_t generation = c->generation;
    size_t done_len = 0;

    while (done_len < len && c->generation == generation && c->end[NET_UP] == END_OPEN) {
        size_t used_len = 0;
        const uint8_t *body = NULL;
        uint32_t body_len = 0;
        enum rc rc = frame_read(&c->pipe[NET_DOWN].reader, bytes + done_len, len - done_len, &used_len, &body, &body_len);

        done_len += used_len;
        CHECK(rc == RC_OK || rc == RC_AGAIN);
        if (rc == RC_OK) {
            take_frame(s, c->box, body, body_len);
        }
    }
}

static void take_packet(struct sim *s, uint16_t conn, const struct packet *first)
{
    struct conn *c = &s->net.conn[conn];
    struct cev up = {.kind = CEV_LINK_UP};
    uint8_t bytes[PACKET_LEN];
    uint16_t len = first->len;
    enum packet_kind kind = (enum packet_kind)first->kind;
    bool is_mine = s->client[c->box].conn == conn;

    memcpy(bytes, first->at, len);
    net_drop_first(&s->net, conn, NET_DOWN);
    switch (kind) {
    case PACKET_OPEN:
        if (is_mine && c->end[NET_UP] == END_DIALING) {
            c->end[NET_UP] = END_OPEN;
            sim_trace(s, TRACE_LINK, c->box, up.kind, c->manager, c->slot);
            cnode_feed(s, c->box, &up);
        }
        break;
    case PACKET_END:
        if (is_mine && (c->end[NET_UP] == END_DIALING || c->end[NET_UP] == END_OPEN)) {
            c->end[NET_UP] = END_OVER;
            cnode_link_down(s, c->box);
        }
        break;
    case PACKET_DATA:
        if (is_mine && c->end[NET_UP] == END_OPEN) {
            take_bytes(s, conn, bytes, len);
        } else if (!s->client[c->box].p.is_dark && c->end[NET_DOWN] == END_OPEN) {
            net_say(&s->net, conn, NET_UP, PACKET_END, s->now_us);
        }
        break;
    }
}

void cnode_pipe(struct sim *s, uint16_t conn)
{
    struct conn *c = &s->net.conn[conn];
    struct process *p = &s->client[c->box].p;
    uint32_t generation = c->generation;
    int64_t not_before_us = 0;

    while (c->generation == generation) {
        const struct packet *first = net_peek(&s->net, conn, NET_DOWN, s->now_us);

        if (first == NULL) {
            break;
        }
        if (p->is_up && p->stopped_us > s->now_us) {
            not_before_us = p->stopped_us + sim_between(s, 0, 2000);
            break;
        }
        if (c->is_void) {
            net_drop_first(&s->net, conn, NET_DOWN);
        } else {
            take_packet(s, conn, first);
        }
    }
    if (c->generation == generation) {
        net_schedule(&s->net, conn, NET_DOWN, not_before_us);
        net_reap(&s->net, conn);
    }
}
