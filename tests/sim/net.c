#include "tests/sim/net.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/limits.h"
#include "common/base/units.h"

void net_init(struct net *n)
{
    for (uint16_t i = 0; i < n->packet_n; i++) {
        n->packet[i].next = (uint16_t)(i + 1 < n->packet_n ? i + 1 : PACKET_NONE);
    }
    n->free_packet = 0;
    for (uint16_t i = 0; i < n->conn_n; i++) {
        n->conn[i].is_used = false;
    }
}

static int64_t arrival_us(const struct net *n, const struct conn *c, const struct pipe *p, int64_t now_us)
{
    const struct way *w = &n->way[c->box];

    return max_i64(p->last_us, now_us + rng_range(n->rng, w->least_us, w->most_us));
}

static struct packet *add_packet(struct net *n, uint16_t conn, enum net_dir dir, enum packet_kind kind, int64_t now_us)
{
    struct conn *c = &n->conn[conn];
    struct pipe *p = &c->pipe[dir];
    uint16_t i = n->free_packet;
    struct packet *new = &n->packet[i];

    CHECK(i != PACKET_NONE);
    n->free_packet = new->next;
    new->kind = (uint8_t)kind;
    new->len = 0;
    new->next = PACKET_NONE;
    new->at_us = arrival_us(n, c, p, now_us);
    p->last_us = new->at_us;
    if (p->first == PACKET_NONE) {
        p->first = i;
    } else {
        n->packet[p->last].next = i;
    }
    p->last = i;
    net_schedule(n, conn, dir, new->at_us);
    return new;
}

void net_schedule(struct net *n, uint16_t conn, enum net_dir dir, int64_t not_before_us)
{
    struct conn *c = &n->conn[conn];
    struct pipe *p = &c->pipe[dir];
    int64_t at_us;

    if (p->first == PACKET_NONE || p->is_scheduled) {
        return;
    }
    p->is_scheduled = true;
    at_us = max_i64(max_i64(n->packet[p->first].at_us, not_before_us), n->way[c->box].held_us[dir]);
    queue_push(n->queue, at_us, n->item_kind, (uint16_t)(conn * NET_DIRS + dir), c->generation);
}

uint16_t net_dial(struct net *n, uint16_t box, uint8_t manager, int64_t now_us)
{
    uint16_t i = 0;
    struct conn *c;

    while (i < n->conn_n && n->conn[i].is_used) {
        i++;
    }
    CHECK(i < n->conn_n);
    c = &n->conn[i];
    *c = (struct conn){.is_used = true, .is_kept = true, .generation = c->generation + 1, .box = box, .manager = manager};
    for (int dir = 0; dir < NET_DIRS; dir++) {
        c->end[dir] = END_DIALING;
        c->pipe[dir].first = PACKET_NONE;
        frame_reader_init(&c->pipe[dir].reader, n->bodies + ((size_t)i * NET_DIRS + (size_t)dir) * FRAME_MAX);
    }
    (void)add_packet(n, i, NET_UP, PACKET_OPEN, now_us);
    return i;
}

static void send_piece(struct net *n, uint16_t conn, enum net_dir dir, const uint8_t *bytes, uint32_t len, int64_t now_us)
{
    while (len > 0) {
        uint32_t piece_len = len < PACKET_LEN ? len : PACKET_LEN;
        struct packet *p = add_packet(n, conn, dir, PACKET_DATA, now_us);

        memcpy(p->at, bytes, piece_len);
        p->len = (uint16_t)piece_len;
        bytes += piece_len;
        len -= piece_len;
    }
}

void net_send(struct net *n, uint16_t conn, enum net_dir dir, const uint8_t *bytes, uint32_t len, int64_t now_us)
{
    struct conn *c = &n->conn[conn];

    if (c->end[dir] != END_OPEN) {
        return;
    }
    if (len > 1 && rng_range(n->rng, 0, 999) < n->way[c->box].split_permille) {
        uint32_t cut = (uint32_t)rng_range(n->rng, 1, (int64_t)len - 1);

        send_piece(n, conn, dir, bytes, cut, now_us);
        bytes += cut;
        len -= cut;
    }
    send_piece(n, conn, dir, bytes, len, now_us);
}

void net_say(struct net *n, uint16_t conn, enum net_dir dir, enum packet_kind kind, int64_t now_us)
{
    (void)add_packet(n, conn, dir, kind, now_us);
}

void net_close(struct net *n, uint16_t conn, enum net_dir end, enum end_state as, int64_t now_us)
{
    struct conn *c = &n->conn[conn];
    bool was_up = c->end[end] == END_OPEN || c->end[end] == END_DIALING;

    c->end[end] = as;
    if (was_up && as == END_OVER) {
        (void)add_packet(n, conn, end, PACKET_END, now_us);
    }
}

static void drop_all(struct net *n, uint16_t conn, enum net_dir dir)
{
    while (n->conn[conn].pipe[dir].first != PACKET_NONE) {
        net_drop_first(n, conn, dir);
    }
}

void net_give_up(struct net *n, uint16_t conn)
{
    struct conn *c = &n->conn[conn];

    c->end[NET_UP] = END_OVER;
    if (c->end[NET_DOWN] == END_DIALING) {
        drop_all(n, conn, NET_UP);
        c->end[NET_DOWN] = END_OVER;
    }
}

void net_reset(struct net *n, uint16_t conn, int64_t now_us)
{
    for (int dir = 0; dir < NET_DIRS; dir++) {
        drop_all(n, conn, (enum net_dir)dir);
        net_say(n, conn, (enum net_dir)dir, PACKET_END, now_us);
    }
}

const struct packet *net_peek(const struct net *n, uint16_t conn, enum net_dir dir, int64_t now_us)
{
    const struct conn *c = &n->conn[conn];
    uint16_t i = c->pipe[dir].first;

    if (i == PACKET_NONE || n->packet[i].at_us > now_us || n->way[c->box].held_us[dir] > now_us) {
        return NULL;
    }
    return &n->packet[i];
}

void net_drop_first(struct net *n, uint16_t conn, enum net_dir dir)
{
    struct pipe *p = &n->conn[conn].pipe[dir];
    uint16_t i = p->first;

    CHECK(i != PACKET_NONE);
    p->first = n->packet[i].next;
    n->packet[i].next = n->free_packet;
    n->free_packet = i;
}

void net_reap(struct net *n, uint16_t conn)
{
    struct conn *c = &n->conn[conn];
    bool is_over = c->end[NET_UP] >= END_OVER && c->end[NET_DOWN] != END_OPEN && !c->is_kept && !c->is_told;

    if (c->is_used && is_over && c->pipe[NET_UP].first == PACKET_NONE && c->pipe[NET_DOWN].first == PACKET_NONE) {
        c->is_used = false;
        c->generation++; /* its items in the queue are for nobody */
    }
}
