/* What stands behind "modbus_evse:" on the command line: which controller, on which line, with which meter.
 *
 *   MODEL,LINE[,meter=UNIT][,watchdog=external]
 *   LINE   tcp:ADDRESS:PORT:UNIT   or   rtu:DEVICE:BAUD:PARITY:UNIT
 *
 * meter     unit of an SDM630 on the same line: current, voltage and energy of a controller that measures nothing itself
 * watchdog  a watchdog relay in the supply of the contactor, held by the traffic on the line; the meter then sits behind the contactor, and its
 *           voltage is the contactor's feedback (a meter that has no supply and is silent: open)
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "client/core/event.h"
#include "common/base/rc.h"

#define MB_PLACE_LEN 108

struct mb_map;

struct mb_place {
    bool is_tcp;
    char text[MB_PLACE_LEN]; /* "ADDRESS:PORT", or the path of the device */
    struct sockaddr_storage address;
    int32_t baud;
    char parity; /* 'N', 'E', 'O'; always 8 data bits and 1 stop bit */
};

struct mb_address {
    const struct mb_map *map;
    struct mb_place place;
    uint8_t unit;
    uint8_t meter_unit; /* 0: none */
    bool has_relay;
};

/* Read an address.
 *
 * out_why  on failure: static text, what is allowed
 *
 * RC_RANGE  no such address; *out is untouched
 */
MUST_USE enum rc mb_address_parse(const char *text, struct mb_address *out, const char **out_why);

/* What such a board can promise: that of the map, or the relay's. */
enum board_watchdog mb_address_watchdog(const struct mb_address *a);
