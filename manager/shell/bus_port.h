/* One connection to a Modbus TCP host or one serial line: the only place that calls libmodbus, all of it blocking, all of it bounded.
 *
 * Time: connecting takes at most BUS_TCP_WAIT_MS, a request at most BUS_TCP_WAIT_MS, or on a serial line its pause, BUS_RTU_WAIT_MS (or what
 * the model needs) and the time that request and answer are on the wire; where awaits_late is set, BUS_RTU_LATE_MS without an answer. A peer that sends single bytes does not lengthen it. Resolving a host name (not a numeric address)
 * takes what the system's resolver takes.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/rc.h"
#include "manager/shell/bus_address.h"
#include "manager/shell/lowfd.h"
#include "manager/shell/regmap.h"

#define BUS_TCP_WAIT_MS 500
#define BUS_RTU_WAIT_MS 200
#define BUS_RTU_LATE_MS 2000 /* a late answer may come for so long after its question */
#define BUS_TEXT_LEN 320

enum bus_trouble {
    BUS_GOOD = 0,
    BUS_MISCONFIGURED, /* model, address or phases do not exist or do not fit together */
    BUS_UNREACHABLE,   /* no connection, serial device cannot be opened */
    BUS_LOST,          /* the connection ended during a request */
    BUS_SILENT,        /* no complete answer in time */
    BUS_GARBLED,       /* an answer to something else, wrong length, wrong checksum */
    BUS_NO_UNIT,       /* a gateway says that nothing answers there */
    BUS_EXCEPTION,     /* the meter refuses the request */
    BUS_IMPLAUSIBLE,   /* it answers with impossible values */
    BUS_STOPPED,       /* nobody wants to know any more */
    BUS_TROUBLE_N,
};

/* One word for logs and the API: "silent". */
const char *bus_trouble_text(enum bus_trouble trouble);

/* What went wrong, with the sentence for people. */
struct bus_fault {
    enum bus_trouble trouble;
    uint8_t exception; /* Modbus exception code, with BUS_EXCEPTION and BUS_NO_UNIT */
    char text[BUS_TEXT_LEN];
};

struct bus_stop {
    int fd; /* readable when all work must end; -1: never */
    atomic_bool is_set;
};

/* One question. */
struct bus_request {
    uint8_t unit;
    uint8_t function; /* 3 or 4 */
    uint16_t address;
    uint16_t count;  /* 1..REGMAP_REGISTER_MAX */
    int32_t gap_ms;  /* pause before it on a serial line */
    int32_t wait_ms; /* how long the meter may take on a serial line, its wire time not counted; 0: BUS_RTU_WAIT_MS */
};

struct bus_port {
    void *modbus; /* libmodbus' context */
    struct lowfd *lowfd;
    int low_fd;
    struct bus_stop *stop;
    struct bus_address address; /* its unit is not used here */
    bool is_open;
    uint16_t transaction; /* of the newest request over TCP */
    bool awaits_late;     /* on a serial line: a late answer would be taken for that to the next question, so it is waited for */
};

/* Prepare. lowfd and stop are kept until bus_port_deinit.
 *
 * RC_FULL  no low descriptor is left: nothing to deinit
 * RC_IO    libmodbus refused (memory): nothing to deinit
 */
MUST_USE enum rc bus_port_init(struct bus_port *p, struct lowfd *lowfd, const struct bus_address *address, struct bus_stop *stop);

/* Connect, or open the serial device.
 *
 * RC_IO  out_fault says why
 */
MUST_USE enum rc bus_port_open(struct bus_port *p, struct bus_fault *out_fault);

/* Read registers. `out` has room for request->count. When the connection is not usable afterwards, it is closed: p->is_open is false.
 *
 * RC_IO       not connected any more, or no answer, or work must end: out_fault says why
 * RC_REFUSED  the meter or gateway answered with an exception
 * RC_MALFORMED  the answer is none
 */
MUST_USE enum rc bus_port_read(struct bus_port *p, const struct bus_request *request, uint16_t *out, struct bus_fault *out_fault);

/* Wait `ms`. False when work must end. */
bool bus_port_idle(struct bus_port *p, int64_t ms);

/* Make a request that runs on another thread return now (TCP; on a serial line it returns after its time-out). */
void bus_port_interrupt(struct bus_port *p);

void bus_port_close(struct bus_port *p);

/* Close and give everything back. */
void bus_port_deinit(struct bus_port *p);
