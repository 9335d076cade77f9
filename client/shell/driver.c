#include "client/shell/driver.h"

#include <stdlib.h>

#include "client/shell/note.h"
#include "common/base/check.h"
#include "common/base/units.h"
#include "common/os/clock.h"
#include "common/os/log.h"

#define CYCLE_LATE_MS 1000

static void push(struct driver *d, const struct cev *e)
{
    CHECK(e->kind != CEV_START);
    CHECK(e->kind != CEV_LINK_MSG);
    CHECK(e->kind != CEV_RECORD);
    if (d->n == DRIVER_QUEUE_MAX) {
        d->dropped_n++;
        log_err("event_dropped dropped_n=%llu", (unsigned long long)d->dropped_n);
        return;
    }
    d->queue[(d->first + d->n) % DRIVER_QUEUE_MAX] = *e;
    d->n++;
}

static bool pop(struct driver *d, struct cev *out)
{
    if (d->n == 0) {
        return false;
    }
    *out = d->queue[d->first];
    d->first = (uint16_t)((d->first + 1) % DRIVER_QUEUE_MAX);
    d->n--;
    return true;
}

/* What happened in the core is logged; faults are stored as well. */
static void apply_note(struct driver *d, const struct cfx *fx, const struct cev *e)
{
    struct journal_fault fault = {.code = (uint16_t)fx->note.a, .is_raised = fx->note.b != 0, .utc_ms = e->utc_ms, .boot_ms = e->now_ms};

    note_log(fx);
    if (fx->note.kind == CNOTE_FAULT && d->out->fault != NULL) {
        d->out->fault(d->out_user, &fault);
    }
}

static void apply_keep(struct driver *d, const struct cfx *fx)
{
    if (fx->cards != NULL) {
        d->out->cards(d->out_user, fx->cards, fx->ticket);
    } else {
        d->out->keep(d->out_user, &fx->keep, fx->ticket);
    }
}

static void apply(struct driver *d, const struct cfx *fx, const struct cev *e)
{
    switch (fx->kind) {
    case CFX_BOARD:
        d->out->board(d->out_user, &fx->board);
        break;
    case CFX_LINK_DIAL:
        d->out->dial(d->out_user);
        break;
    case CFX_LINK_CLOSE:
        d->out->hang_up(d->out_user);
        break;
    case CFX_SEND:
        d->out->send(d->out_user, &fx->msg);
        break;
    case CFX_KEEP:
        apply_keep(d, fx);
        break;
    case CFX_JOURNAL_BEGIN:
    case CFX_JOURNAL_CHECKPOINT:
    case CFX_JOURNAL_END:
        d->out->session(d->out_user, fx->session, fx->ticket);
        break;
    case CFX_JOURNAL_ACKED:
        d->out->acked(d->out_user, &fx->id, fx->ticket);
        break;
    case CFX_RECORD_NEXT:
        d->out->next(d->out_user, e->now_ms);
        break;
    case CFX_NOTE:
        apply_note(d, fx, e);
        break;
    case CFX_STOPPED:
        d->is_stopped = true;
        d->is_restart = fx->restart;
        break;
    case CFX_UNSET:
        check_failed(__FILE__, __LINE__, "an effect has a kind");
    }
}

/* Returns the time of the event. */
static int64_t step(struct driver *d, struct cev *e)
{
    e->now_ms = clock_boot_ms();
    e->utc_ms = clock_utc_ms();
    client_step(d->core, e, &d->fx);
    CHECK(d->fx.n <= CFX_MAX);
    d->is_applying = true;
    for (uint16_t i = 0; i < d->fx.n; i++) {
        apply(d, &d->fx.at[i], e);
    }
    d->is_applying = false;
    if (d->out->after != NULL) {
        d->out->after(d->out_user);
    }
    return e->now_ms;
}

/* After an event: feed what was queued meanwhile, set the alarm for what comes next, and say so when the core has ended. One turn feeds one
 * queue's worth; an answer that queues again and again waits for the next turn. */
static void settle(struct driver *d, int64_t now_ms)
{
    struct cev e;

    for (int i = 0; i < DRIVER_QUEUE_MAX && pop(d, &e); i++) {
        now_ms = step(d, &e);
    }
    wake_at(&d->wake, d->n > 0 ? now_ms + 1 : client_wake_ms(d->core), now_ms);
    if (client_wake_ms(d->core) > now_ms - CYCLE_LATE_MS) { /* the core was stepped whenever it wanted to be */
        daemon_watchdog_feed(&d->watchdog, now_ms);
    }
    if (d->is_stopped) {
        d->is_stopped = false;
        if (d->is_restart && d->out->restart != NULL) {
            d->out->restart(d->out_user);
        }
        d->out->stopped(d->out_user);
    }
}

static void on_wake(struct wake *w)
{
    struct driver *d = w->user;
    struct cev e = {.kind = CEV_TICK};

    driver_feed(d, &e);
}

enum rc driver_open(struct driver *d, uv_loop_t *loop, const struct client_params *params, const struct driver_out *out, void *user)
{
    void *memory = malloc(client_size());

    if (memory == NULL) {
        log_err("driver why=\"no memory\"");
        return RC_IO;
    }
    d->memory = memory;
    d->core = client_init(memory, params);
    d->out = out;
    d->out_user = user;
    d->is_applying = false;
    d->is_stopped = false;
    d->is_restart = false;
    d->dropped_n = 0;
    d->first = 0;
    d->n = 0;
    wake_open(&d->wake, loop, on_wake, d);
    d->is_open = true;
    return RC_OK;
}

void driver_feed(struct driver *d, const struct cev *e)
{
    struct cev copy = *e;

    if (!d->is_open) {
        return;
    }
    if (d->is_applying) {
        push(d, e);
        return;
    }
    settle(d, step(d, &copy));
}

void driver_close(struct driver *d)
{
    if (d->is_open) {
        CHECK(!d->is_applying);
        d->is_open = false;
        wake_close(&d->wake);
        free(d->memory);
        d->memory = NULL;
        d->core = NULL;
    }
}
