/* Buses on which meters answer: Modbus TCP servers (several units behind one address, as a gateway has them) and RTU lines over
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
    uint64_t heard_ms; /* uv_now of the last bytes */
    size_t in_len;
    size_t out_len;
    uint8_t in[BUS_LINE_LEN];
    uint8_t out[MODBUS_FRAME_MAX];
};

struct bus {
    struct run *run;
    const struct simulation *simulation; /* kept */
    uint16_t first;                      /* the meter whose address this is; others of the same place answer here, too */
    uv_loop_t *loop;
    struct tcp_listener listener;
    struct bus_conn *conns; /* list */
    struct bus_line line;
    char address[SERVE_LEN]; /* really served, for people */
};

/* Serve the meters at the place of meter `first`. RC_IO: *out_why says why; nothing to close. */
MUST_USE enum rc bus_open(struct bus *b, uv_loop_t *loop, struct run *run, const struct simulation *simulation, uint16_t first, const char **out_why);

void bus_close(struct bus *b);
