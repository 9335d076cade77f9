/* Addresses that reach everybody on the networks of this machine's interfaces (IPv4). */
#pragma once

#include <stdint.h>

#include <netinet/in.h>

#include "common/base/rc.h"

#define LAN_MAX 32 /* networks looked at */

/* Broadcast address of each network, loopback included, port 0. Returns how many. */
uint8_t lan_broadcasts(struct in_addr out[LAN_MAX]);

/* Broadcast address of the network that an address of this machine is in. RC_MISSING: none of its interfaces is. */
MUST_USE enum rc lan_broadcast_of(struct in_addr own, struct in_addr *out);
