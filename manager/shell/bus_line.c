#include "manager/shell/bus_line.h"

#include <signal.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "common/os/clock.h"

#define STACK_LEN 262144 /* the resolver of host names needs most of it */

static bool is_stopping(const struct bus_line *l)
{
    return atomic_load(&l->port.stop->is_set);
}

/* Whether `a` is asked before `b`. What is due and answers does not wait for what does not. */
static bool goes_before(const struct bus_meter *a, const struct bus_meter *b, int64_t now_ms)
{
    bool is_dead_a = a->miss_n == BUS_MISS_N;
    bool is_dead_b = b->miss_n == BUS_MISS_N;

    if (is_dead_a != is_dead_b && a->due_ms <= now_ms && b->due_ms <= now_ms) {
        return is_dead_b;
    }
    return a->due_ms < b->due_ms;
}

static struct bus_meter *first_due(struct bus_line *l)
{
    int64_t now_ms = clock_boot_ms();
    struct bus_meter *best = l->first;

    for (struct bus_meter *m = l->first; m != NULL; m = m->next) {
        if (goes_before(m, best, now_ms)) {
            best = m;
        }
    }
    return best;
}

static void meter_missed(struct bus_line *l, struct bus_meter *m, const struct bus_fault *fault)
{
    if (m->miss_n < BUS_MISS_N) {
        m->miss_n++;
    }
    if (m->miss_n == BUS_MISS_N) {
        bus_reader_reset(&m->reader);
    }
    if (m->miss_n == BUS_MISS_N && m->told != fault->trouble) {
        m->told = fault->trouble;
        l->events->on_fault(l->user, m->index, fault);
    }
}

/* The one place where the meter's own order of phases becomes the site's. */
static void meter_answered(struct bus_line *l, struct bus_meter *m, const struct meter_sample *own)
{
    static const struct bus_fault good = {.trouble = BUS_GOOD};
    struct meter_sample sample = *own;

    phase_to_site(m->phases, own->current_ma, sample.current_ma);
    phase_to_site(m->phases, own->voltage_mv, sample.voltage_mv);
    phase_to_site(m->phases, own->power_w, sample.power_w);
    phase_to_site(m->phases, own->factor_permille, sample.factor_permille);
    sample.current_set = phase_set_to_site(m->phases, own->current_set);
    sample.factor_set = phase_set_to_site(m->phases, own->factor_set);
    sample.power_set = (uint8_t)(phase_set_to_site(m->phases, own->power_set) | (own->power_set & METER_POWER_TOTAL));
    m->miss_n = 0;
    if (m->told != BUS_GOOD) {
        m->told = BUS_GOOD;
        l->events->on_fault(l->user, m->index, &good);
    }
    l->events->on_sample(l->user, m->index, &sample);
}

/* The connection is gone: the first time it is made anew at once, then ever later. Nobody on the line is asked before. */
static void line_back_off(struct bus_line *l)
{
    int64_t until_ms = clock_boot_ms() + l->backoff_ms;

    l->backoff_ms = l->backoff_ms == 0 ? BUS_BACKOFF_MS : min_i32(2 * l->backoff_ms, BUS_BACKOFF_MAX_MS);
    for (struct bus_meter *m = l->first; m != NULL; m = m->next) {
        m->due_ms = max_i64(m->due_ms, until_ms);
        m->reader.refused = 0;
    }
}

static bool line_connect(struct bus_line *l)
{
    struct bus_fault fault;

    if (l->port.is_open || bus_port_open(&l->port, &fault) == RC_OK) {
        return true;
    }
    if (!is_stopping(l)) {
        l->backoff_ms = max_i32(l->backoff_ms, BUS_BACKOFF_MS);
        line_back_off(l);
        for (struct bus_meter *m = l->first; m != NULL; m = m->next) {
            meter_missed(l, m, &fault);
        }
    }
    return false;
}

/* A meter that does not answer costs the others of its line its time-out: it is asked rarely. */
static bool is_dead(const struct bus_line *l, const struct bus_meter *m, const struct bus_fault *fault)
{
    bool is_own = fault->trouble == BUS_SILENT || fault->trouble == BUS_NO_UNIT || fault->trouble == BUS_GARBLED;

    return is_own && m->miss_n == BUS_MISS_N && l->first->next != NULL;
}

static void line_read(struct bus_line *l, struct bus_meter *m)
{
    struct meter_sample sample;
    struct bus_fault fault;
    enum rc rc = bus_reading_take(&l->port, &m->reader, &sample, &fault);
    int64_t now_ms = clock_boot_ms();

    if (is_stopping(l)) {
        return;
    }
    m->due_ms = max_i64(m->due_ms + l->interval_ms, now_ms); /* after a delay no burst to catch up */
    if (rc == RC_OK) {
        l->backoff_ms = 0;
        meter_answered(l, m, &sample);
        return;
    }
    meter_missed(l, m, &fault);
    if (!l->port.is_open) {
        line_back_off(l);
    }
    if (is_dead(l, m, &fault)) {
        m->due_ms = now_ms + BUS_DEAD_MS;
    }
}

static void *line_main(void *arg)
{
    struct bus_line *l = arg;

    while (!is_stopping(l)) {
        struct bus_meter *m = first_due(l);

        if (bus_port_idle(&l->port, m->due_ms - clock_boot_ms()) && line_connect(l)) {
            line_read(l, m);
        }
    }
    bus_port_close(&l->port);
    l->events->on_end(l->user);
    return NULL;
}

enum rc bus_line_start(struct bus_line *l)
{
    pthread_attr_t attr;
    sigset_t all;
    sigset_t before;

    CHECK(l->first != NULL);
    CHECK(l->interval_ms >= BUS_POLL_MS);
    l->port.awaits_late = l->first->next == NULL; /* neighbours would wait as well, and it is another who is asked next */
    for (struct bus_meter *m = l->first; m != NULL; m = m->next) {
        m->due_ms = clock_boot_ms();
    }
    CHECK(pthread_attr_init(&attr) == 0);
    (void)pthread_attr_setstacksize(&attr, STACK_LEN); /* the default only costs address space */
    /* Signals belong to the loop's thread. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&l->thread, &attr, line_main, l);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attr);
    if (error != 0) {
        return RC_IO;
    }
    (void)pthread_setname_np(l->thread, "meter-bus");
    return RC_OK;
}

void bus_line_join(struct bus_line *l)
{
    CHECK(pthread_join(l->thread, NULL) == 0);
}
