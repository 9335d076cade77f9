/* The network: connections between wallboxes and managers as ordered streams of bytes that arrive late, in pieces, or not at all.
 *
 * Decided here: when which bytes arrive at which end, and what an end learns about the other. Not here: frames and messages (wire), who
 * dials (cnode), which faults there are (chaos). A packet travels through its pipe; nothing overtakes. A direction that is held delivers
 * nothing until it is let go, then everything: that is how old data of a dead connection comes late.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/rng.h"
#include "proto/frame.h"
#include "tests/sim/queue.h"

#define PACKET_LEN 1024
#define PACKET_NONE UINT16_MAX
#define CONN_NONE UINT16_MAX
#define DIAL_LIMIT_US INT64_C(2000000) /* a connection that is not there by then is given up */

enum packet_kind {
    PACKET_OPEN, /* up: the dial; down: it was accepted */
    PACKET_DATA,
    PACKET_END, /* the other end closed or was never there */
};

enum net_dir { NET_UP, NET_DOWN, NET_DIRS }; /* from wallbox to manager, and back */

enum end_state {
    END_DIALING, /* wallbox: no answer yet; manager: the dial has not arrived */
    END_OPEN,
    END_OVER, /* closed by itself, or it was told that the other closed */
    END_LOST, /* the machine went dark: it tells nobody */
};

struct packet {
    int64_t at_us; /* arrival if nothing holds it */
    uint8_t kind;
    uint16_t len;
    uint16_t next;
    uint8_t at[PACKET_LEN];
};

struct pipe {
    uint16_t first; /* PACKET_NONE: empty */
    uint16_t last;
    int64_t last_us;            /* arrival of the newest packet */
    bool is_scheduled;          /* an item in the queue will deliver the first */
    struct frame_reader reader; /* of the receiving end */
};

struct conn {
    bool is_used;
    uint32_t generation;
    uint16_t box;
    uint8_t manager;
    uint16_t slot;                /* at the manager, once it has accepted */
    bool is_kept;                 /* the wallbox' core knows of it */
    bool is_told;                 /* the manager's core knows of it */
    bool is_void;                 /* something on the way has forgotten it: what is sent vanishes and nobody is told */
    enum end_state end[NET_DIRS]; /* [NET_UP]: the wallbox' end, [NET_DOWN]: the manager's */
    struct pipe pipe[NET_DIRS];
};

/* The way between one wallbox and the managers. */
struct way {
    int32_t least_us;
    int32_t most_us;
    int64_t held_us[NET_DIRS]; /* nothing arrives before */
    int32_t split_permille;    /* share of messages that come in pieces */
};

struct net {
    struct queue *queue;
    struct rng *rng;
    uint16_t item_kind; /* of the queue items that deliver */
    uint16_t conn_n;
    struct conn *conn;
    uint8_t *bodies; /* two frame buffers for each connection */
    struct way *way; /* of each wallbox */
    uint16_t packet_n;
    struct packet *packet;
    uint16_t free_packet;
};

/* Everything is kept; conn and packet are conn_n and packet_n long, bodies 2 x conn_n x FRAME_MAX. */
void net_init(struct net *n);

/* A new connection from a wallbox; its dial is on the way. */
uint16_t net_dial(struct net *n, uint16_t box, uint8_t manager, int64_t now_us);

/* Send bytes from the end at the beginning of `dir`. Dropped when that end is not open. */
void net_send(struct net *n, uint16_t conn, enum net_dir dir, const uint8_t *bytes, uint32_t len, int64_t now_us);

/* Say END or OPEN in direction `dir`. */
void net_say(struct net *n, uint16_t conn, enum net_dir dir, enum packet_kind kind, int64_t now_us);

/* One end closes after what it sent; END_LOST: it goes dark and nobody is told. */
void net_close(struct net *n, uint16_t conn, enum net_dir end, enum end_state as, int64_t now_us);

/* A dial that nobody has answered is given up: it will not arrive any more. */
void net_give_up(struct net *n, uint16_t conn);

/* A reset: what is under way is gone and both ends learn of it. */
void net_reset(struct net *n, uint16_t conn, int64_t now_us);

/* The first packet of a pipe if it may arrive now, else NULL. */
const struct packet *net_peek(const struct net *n, uint16_t conn, enum net_dir dir, int64_t now_us);

/* It was dealt with. */
void net_drop_first(struct net *n, uint16_t conn, enum net_dir dir);

/* See to it that the rest of the pipe is delivered, not before not_before_us. */
void net_schedule(struct net *n, uint16_t conn, enum net_dir dir, int64_t not_before_us);

/* Free the connection when both ends are over, nothing is under way and both cores have forgotten it. */
void net_reap(struct net *n, uint16_t conn);
