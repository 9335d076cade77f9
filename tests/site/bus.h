/* Buses on which meters and charge controllers answer: Modbus TCP servers (several units behind one address, as a gateway has them) and RTU lines over
 * pseudo-terminals. One request at a time per connection; an unknown unit gets no answer.
 */
#pragma once

#include <stdint.h>

#include <uv.h>

#include "common/os/tcp.h"
#include "tests/site/modbus.h"
#include "tests/site/run.h"

#define BUS_IN_LEN 2080  /* eight frames that wait */
#define BUS_LINE_LEN 256 /* bytes of an RTU line that wait */

struct bus_conn;

/* An RTU line: the master side of a pseudo-terminal. */
struct bus_line {
    bool is_open;
    int fd;
    int held_fd; /* its other side, kept open so that the line never hangs up */
    uv_poll_t poll;
    uv_timer_t timer; /* latency of the answer under way */
    bool is_waiting;
    const struct meter *meter; /* that answers; NULL a controller */
    uint64_t heard_ms;         /* uv_now of the last bytes */
    size_t in_len;
    size_t out_len;
    size_t out_from;
    int32_t byte_ms; /* between bytes of the answer; 0: all at once */
    uint8_t in[BUS_LINE_LEN];
    uint8_t out[MODBUS_FRAME_MAX + 2];
};

struct bus {
    struct run *run;
    const struct simulation *simulation; /* kept */
    const struct serve *place;           /* kept; all meters and controllers of this place answer here */
    bool is_controller;                  /* opened for a wallbox */
    const char *name;                    /* of the meter or wallbox that it was opened for, kept */
    uv_loop_t *loop;
    struct tcp_listener listener;
    struct bus_conn *conns; /* list */
    struct bus_line line;
    char address[SERVE_LEN]; /* really served, for people */
};

/* Both at the same place; port 0 is never the same. */
bool bus_shares(const struct serve *a, const struct serve *b);

/* Serve whatever stands at a place; run, simulation, place and name are set, the rest zeroed. RC_IO: *out_why says why; nothing to close. */
MUST_USE enum rc bus_open(struct bus *b, uv_loop_t *loop, const char **out_why);

void bus_close(struct bus *b);
