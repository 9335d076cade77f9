#include "manager/shell/bus.h"

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "common/os/log.h"
#include "manager/shell/bus_meter.h"

static void post_sample(void *user, uint16_t meter, const struct meter_sample *sample)
{
    struct bus *b = user;

    (void)pthread_mutex_lock(&b->lock);
    b->letter[meter].has_sample = true;
    b->letter[meter].sample = *sample;
    (void)pthread_mutex_unlock(&b->lock);
    (void)uv_async_send(&b->async); /* fails only on a handle that is no async */
}

static void post_fault(void *user, uint16_t meter, const struct bus_fault *fault)
{
    struct bus *b = user;

    (void)pthread_mutex_lock(&b->lock);
    b->letter[meter].has_fault = true;
    b->letter[meter].fault = *fault;
    (void)pthread_mutex_unlock(&b->lock);
    (void)uv_async_send(&b->async);
}

/* The handle is closed only after the thread was joined, so it may still be used here. */
static void post_end(void *user)
{
    struct bus *b = user;

    (void)pthread_mutex_lock(&b->lock);
    b->ended_n++;
    (void)pthread_mutex_unlock(&b->lock);
    (void)uv_async_send(&b->async);
}

static const struct bus_line_events line_events = {.on_sample = post_sample, .on_fault = post_fault, .on_end = post_end};

static void deliver_fault(struct bus *b, uint16_t meter, const struct bus_fault *fault)
{
    const struct site_meter *m = &b->site->meter[meter];

    if (fault->trouble == BUS_GOOD) {
        log_note("meter_answers meter=%s", m->id);
    } else {
        log_warn("meter_trouble meter=%s trouble=%s text=\"%s\"", m->id, bus_trouble_text(fault->trouble), fault->text);
    }
    b->events->on_trouble(b->user, meter, fault->trouble, fault->text);
}

/* The callbacks run without the lock, and may close the bus. */
static void deliver(struct bus *b)
{
    for (uint16_t i = 0; i < b->site->meter_n && !b->is_closing; i++) {
        struct bus_letter letter;

        (void)pthread_mutex_lock(&b->lock);
        letter = b->letter[i];
        b->letter[i].has_sample = false;
        b->letter[i].has_fault = false;
        (void)pthread_mutex_unlock(&b->lock);
        if (letter.has_fault) {
            deliver_fault(b, i, &letter.fault);
        }
        if (letter.has_sample && !b->is_closing) {
            b->events->on_sample(b->user, i, &letter.sample);
        }
    }
}

static void on_async_closed(uv_handle_t *handle)
{
    struct bus *b = handle->data;

    (void)close(b->stop.fd);
    (void)pthread_mutex_destroy(&b->lock);
    b->is_open = false;
    if (b->on_closed != NULL) {
        b->on_closed(b);
    }
}

static void finish(struct bus *b)
{
    (void)pthread_mutex_lock(&b->lock);
    bool is_over = b->ended_n == b->line_n;
    (void)pthread_mutex_unlock(&b->lock);

    if (!is_over || uv_is_closing((uv_handle_t *)&b->async)) {
        return;
    }
    for (uint16_t i = 0; i < b->line_n; i++) {
        bus_line_join(&b->line[i]);
        bus_port_deinit(&b->line[i].port);
    }
    uv_close((uv_handle_t *)&b->async, on_async_closed);
}

static void on_async(uv_async_t *async)
{
    struct bus *b = async->data;

    deliver(b);
    if (b->is_closing) {
        finish(b);
    }
}

static void meter_misconfigured(struct bus *b, uint16_t meter, const char *text)
{
    struct bus_fault fault = {.trouble = BUS_MISCONFIGURED};

    (void)snprintf(fault.text, sizeof(fault.text), "%s", text);
    post_fault(b, meter, &fault);
}

/* Line of an address, made when there is none yet. NULL: it cannot be made. Lines start only when all meters are on them. */
static struct bus_line *line_of(struct bus *b, const struct bus_address *address, int32_t interval_ms)
{
    for (uint16_t i = 0; i < b->line_n; i++) {
        if (bus_address_shares_line(&b->line[i].port.address, address)) {
            return &b->line[i];
        }
    }
    struct bus_line *l = &b->line[b->line_n];
    *l = (struct bus_line){.interval_ms = interval_ms, .events = &line_events, .user = b};
    if (bus_port_init(&l->port, b->lowfd, address, &b->stop) != RC_OK) {
        return NULL;
    }
    b->line_n++;
    return l;
}

static void meter_add(struct bus *b, uint16_t meter)
{
    const struct site_meter *config = &b->site->meter[meter];
    struct bus_meter *m = &b->meter[meter];
    struct regmap_choice choice;
    struct bus_address address;
    char text[BUS_TEXT_LEN];

    if (bus_meter_find(config, &choice, &address, text) != RC_OK) {
        meter_misconfigured(b, meter, text);
        return;
    }
    struct bus_line *l = line_of(b, &address, bus_interval_ms(b->site, meter));
    if (l == NULL) {
        meter_misconfigured(b, meter, "no low file descriptor is left for its line");
        return;
    }
    *m = (struct bus_meter){.next = l->first, .index = meter, .phases = config->phases};
    m->reader = (struct bus_reader){.choice = choice, .unit = address.unit, .need = phase_wired_n(config->phases) == 1 ? PHASE_BIT(0) : PHASE_ALL};
    l->first = m;
}

/* Start the lines; those that cannot are taken out, so that line[0..line_n) all have a thread. */
static void lines_start(struct bus *b)
{
    uint16_t line_n = b->line_n;

    b->line_n = 0;
    for (uint16_t i = 0; i < line_n; i++) {
        struct bus_line *l = &b->line[b->line_n];

        if (l != &b->line[i]) {
            *l = b->line[i];
        }
        if (bus_line_start(l) == RC_OK) {
            b->line_n++;
            continue;
        }
        for (const struct bus_meter *m = l->first; m != NULL; m = m->next) {
            meter_misconfigured(b, m->index, "the system has no thread left for its line");
        }
        bus_port_deinit(&l->port);
    }
}

enum rc bus_open(struct bus *b, uv_loop_t *loop, struct lowfd *lowfd, const struct site *site, const struct bus_events *events, void *user)
{
    CHECK(site->meter_n <= METER_MAX);
    memset(b, 0, sizeof(*b));
    b->lowfd = lowfd;
    b->site = site;
    b->events = events;
    b->user = user;
    b->stop.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (b->stop.fd < 0) {
        log_err("bus_failed text=\"no file descriptor\"");
        return RC_IO;
    }
    if (uv_async_init(loop, &b->async, on_async) != 0) {
        log_err("bus_failed text=\"the loop takes no more wake-ups\"");
        (void)close(b->stop.fd);
        return RC_IO;
    }
    b->async.data = b;
    CHECK(pthread_mutex_init(&b->lock, NULL) == 0);
    b->is_open = true;
    for (uint16_t i = 0; i < site->meter_n; i++) {
        if (site->meter[i].role != METER_UNUSED) {
            meter_add(b, i);
        }
    }
    lines_start(b);
    return RC_OK;
}

void bus_close(struct bus *b, void (*on_closed)(struct bus *b))
{
    uint64_t one = 1;

    if (!b->is_open || b->is_closing) {
        return;
    }
    b->is_closing = true;
    b->on_closed = on_closed;
    atomic_store(&b->stop.is_set, true);
    CHECK(write(b->stop.fd, &one, sizeof(one)) == (ssize_t)sizeof(one));
    for (uint16_t i = 0; i < b->line_n; i++) {
        bus_port_interrupt(&b->line[i].port);
    }
    (void)uv_async_send(&b->async); /* a bus without lines ends as well */
}
