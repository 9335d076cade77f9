/* Answers wallboxes that ask the local network for a manager (PROTOCOL.md 10): where the link listens, and nothing else.
 *
 * Not more often than BEACON_PER_S, and never with more bytes than were asked with, so that nobody is flooded with our help. Without it wallboxes
 * need the manager's address in their configuration; that it cannot be opened is logged and no failure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "proto/seek.h"

#define BEACON_PER_S 200 /* answers: a site that comes back all at once is answered within seconds */
#define BEACON_READ_LEN 64

struct beacon {
    uv_udp_t udp;
    uint16_t port;   /* of the link */
    int64_t at_ms;   /* begin of the present second */
    uint16_t sent_n; /* in it */
    uint64_t unsent_n;
    uint8_t bytes[BEACON_READ_LEN];
    bool is_open;
};

/* Listen where the link's networks send to everybody, at the link's port.
 *
 * link  where the link listens (tcp_listener.local): IPv4, or any address of IPv6, for which IPv4 networks count as well; on others nothing is
 *       answered
 */
void beacon_open(struct beacon *b, uv_loop_t *loop, const char *link);

/* The memory may go when the loop has run its close callbacks. Harmless when it is not open. */
void beacon_close(struct beacon *b);
