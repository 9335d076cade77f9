/* Where a meter is: "tcp:HOST:PORT:UNIT" or "rtu:DEVICE:BAUD:PARITY:UNIT". Read from the right, so device paths and IPv6 hosts may hold
 * colons; an IPv6 host may stand in brackets.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/rc.h"

#define BUS_ADDRESS_FORMS "tcp:HOST:PORT:UNIT or rtu:DEVICE:BAUD:PARITY:UNIT"

enum bus_kind { BUS_KIND_UNSET = 0, BUS_TCP, BUS_RTU };

struct bus_address {
    enum bus_kind kind;
    char place[TEXT_LEN]; /* host, numeric or a name; path of the serial device */
    uint16_t port;        /* TCP: 1..65,535 */
    int32_t baud;         /* RTU: 1,200..115,200, the usual ones */
    char parity;          /* RTU: 'N', 'E', 'O'; always 8 data bits and 1 stop bit */
    uint8_t unit;         /* TCP: 0..247, 255; RTU: 1..247 */
};

/* Read an address.
 *
 * out_why  on failure: static text, what is wrong and what is allowed
 *
 * RC_RANGE  no such address; *out is untouched
 */
MUST_USE enum rc bus_address_parse(const char *text, struct bus_address *out, const char **out_why);

/* True when both are on the same host and port or the same serial device. */
bool bus_address_shares_line(const struct bus_address *a, const struct bus_address *b);

/* The line in plain words, without the unit: "10.0.0.5 port 502", "/dev/ttyUSB0 at 9600 baud, parity N". */
void bus_address_describe(const struct bus_address *address, char *out, size_t cap);
