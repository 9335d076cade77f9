/* The meters of a site, read over Modbus TCP and serial lines. libmodbus blocks, so each host and each serial device has a thread of its
 * own (a dead meter delays nobody on another line); results come back on the loop.
 *
 * Every meter is read every BUS_POLL_MS, or as fast as its serial line can (bus_interval_ms). Samples are in site order, with the meter's
 * own phase assignment applied. Between thread and loop each meter has one letter box: a newer sample replaces one that the loop has not
 * fetched, so nothing grows while the loop is busy. The bus logs troubles; it does not judge how old a sample may be (manager/core/budget).
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "common/base/limits.h"
#include "common/base/rc.h"
#include "manager/core/budget.h"
#include "manager/core/site.h"
#include "manager/shell/bus_address.h"
#include "manager/shell/bus_line.h"
#include "manager/shell/bus_port.h"
#include "manager/shell/lowfd.h"

struct bus_events {
    /* A meter was read. */
    void (*on_sample)(void *user, uint16_t meter, const struct meter_sample *sample);
    /* The trouble of a meter changed: BUS_MISS_N readings in a row failed, or fail for another reason than before, or (BUS_GOOD, empty text)
     * it answers again. `text` is for people, borrowed. */
    void (*on_trouble)(void *user, uint16_t meter, enum bus_trouble trouble, const char *text);
};

/* What the lines leave for the loop. */
struct bus_letter {
    bool has_sample;
    bool has_fault;
    struct meter_sample sample;
    struct bus_fault fault;
};

struct bus {
    uv_async_t async;
    struct lowfd *lowfd;
    const struct site *site;
    const struct bus_events *events;
    void *user;
    void (*on_closed)(struct bus *b);
    struct bus_stop stop;
    pthread_mutex_t lock; /* of the letters and ended_n */
    uint16_t ended_n;
    uint16_t line_n;
    bool is_open;
    bool is_closing;
    struct bus_letter letter[METER_MAX];
    struct bus_meter meter[METER_MAX];
    struct bus_line line[METER_MAX];
};

/* Start reading all meters of a site. A meter whose model or address is wrong, or whose line cannot start, is told by on_trouble.
 *
 * lowfd   kept; one descriptor for each line is taken
 * site    kept until on_closed
 * events  kept; called on the loop, never from inside this call
 *
 * RC_IO   no descriptors for the bus itself: logged, nothing to close
 */
MUST_USE enum rc bus_open(struct bus *b, uv_loop_t *loop, struct lowfd *lowfd, const struct site *site, const struct bus_events *events, void *user);

/* Stop. No event comes any more; on_closed (may be NULL) follows on the loop when all threads have ended and the memory may go: within the
 * response time-out of a request, longer only while a host name is being resolved. Does not wait itself. Harmless when not open. */
void bus_close(struct bus *b, void (*on_closed)(struct bus *b));

/* How often meter `meter` will be read: BUS_POLL_MS, or the sum of all readings on its serial line when that is more. 0: its address or
 * model is wrong. */
int32_t bus_interval_ms(const struct site *site, uint16_t meter);

/* Look whether the meters of a site can be read: models, addresses, transports, phases, one setting for each serial line, and an interval
 * of at most a third of stale_ms (spec 07).
 *
 * out_meter, out_text  on failure: the first meter that is wrong, and why
 *
 * RC_RANGE  something is wrong
 */
MUST_USE enum rc bus_check(const struct site *site, int32_t stale_ms, uint16_t *out_meter, char out_text[BUS_TEXT_LEN]);

struct bus_test {
    struct meter_sample sample; /* in the meter's own order of phases */
    int32_t latency_ms;         /* of the whole reading */
    enum bus_trouble trouble;
    char text[BUS_TEXT_LEN]; /* what was found, in plain words; also when all is good */
};

/* Connect to one meter, read it once and explain. When it does not answer, the unit numbers that such a meter usually has are tried, to say
 * which would answer. Blocks for a few seconds at most: call it on a worker or in a program of its own. `latency_ms` and `sample` are set
 * only with RC_OK, `trouble` and `text` always.
 *
 * RC_RANGE      model or address wrong, or impossible values
 * RC_IO         no connection or no answer
 * RC_REFUSED    it refuses the request
 * RC_MALFORMED  it does not speak Modbus
 * RC_FULL       no low file descriptor is free
 */
MUST_USE enum rc bus_test_once(struct lowfd *lowfd, const char *model, const char *address, struct bus_test *out);
