/* One line: a Modbus TCP host and port or a serial device with all meters on it, one request at a time, on a thread of its own.
 *
 * Decided here: whose turn it is, when a meter counts as troubled, when to reconnect, how a meter is wired to the site. Not here: how a
 * request is made (bus_port), how results reach the loop (bus).
 */
#pragma once

#include <pthread.h>
#include <stdint.h>

#include "common/base/phase.h"
#include "common/base/rc.h"
#include "manager/core/budget.h"
#include "manager/shell/bus_port.h"
#include "manager/shell/bus_reading.h"

#define BUS_POLL_MS 500    /* shortest time between two readings of a meter */
#define BUS_MISS_N 3       /* so many readings in a row must fail before it is a trouble */
#define BUS_DEAD_MS 10000  /* how often a dead meter is asked when others share its line */
#define BUS_BACKOFF_MS 500 /* wait before a connection is tried again, doubled each time */
#define BUS_BACKOFF_MAX_MS 4000

/* A meter on a line. */
struct bus_meter {
    struct bus_meter *next; /* on the same line */
    uint16_t index;         /* in the site */
    uint8_t miss_n;         /* readings failed in a row, up to BUS_MISS_N */
    enum phase_assign phases;
    enum bus_trouble told; /* trouble last told */
    int64_t due_ms;
    struct bus_reader reader;
};

/* Called on the line's thread. */
struct bus_line_events {
    void (*on_sample)(void *user, uint16_t meter, const struct meter_sample *sample);
    void (*on_fault)(void *user, uint16_t meter, const struct bus_fault *fault); /* the trouble changed; BUS_GOOD: it is over */
    void (*on_end)(void *user);                                                  /* the last call */
};

struct bus_line {
    pthread_t thread;
    struct bus_port port;
    struct bus_meter *first; /* 1 or more */
    int32_t interval_ms;
    int32_t backoff_ms; /* 0: the connection has served since it was made */
    const struct bus_line_events *events;
    void *user;
};

/* Start the thread. port, first, interval_ms, events and user are set and stay until it was joined.
 *
 * RC_IO  no thread: no call comes
 */
MUST_USE enum rc bus_line_start(struct bus_line *l);

/* Wait for the thread: at once after on_end. The stop of the port must have been set. */
void bus_line_join(struct bus_line *l);
