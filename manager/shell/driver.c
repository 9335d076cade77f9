#include "manager/shell/driver.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "common/os/clock.h"
#include "common/os/log.h"
#include "manager/shell/note.h"

#define CLOCK_JUMP_MS 500
#define CYCLE_LATE_MS 1000
#define WALL_AHEAD_MS INT64_C(90000000) /* a day that has 25 hours */
#define LATE_WINDOW_MS 10000

static void publish(struct driver *d, int64_t now_ms)
{
    struct snapshot *s = snapshot_new(d->site);

    d->published_ms = now_ms;
    if (s == NULL) {
        log_err("no_snapshot why=\"no memory\"");
        return;
    }
    s->utc_ms = clock_utc_ms();
    s->made_ms = now_ms;
    s->is_store_failing = d->is_store_failing;
    s->was_damaged = d->was_damaged;
    manager_view(d->core, now_ms, &s->view);
    s->late_ms = max_i64(d->late_ms, d->late_before_ms);
    if (d->out->seen != NULL) {
        d->out->seen(d->out_user, s);
    }
    snapshot_publish(d->board, s);
    d->is_changed = false;
    if (d->on_published != NULL) {
        d->on_published(d->published_user);
    }
}

static int64_t publish_due_ms(const struct driver *d)
{
    if (d->published_ms == MS_NEVER) {
        return MS_NEVER;
    }
    return d->published_ms + (d->is_changed ? DRIVER_PUBLISH_MS : DRIVER_PUBLISH_IDLE_MS);
}

/* After the last event of a turn: let the writer begin, publish when it is time, and set the alarm for what comes next. */
static void settle(struct driver *d, int64_t now_ms)
{
    int64_t at_ms;

    d->out->flush(d->out_user);
    if (publish_due_ms(d) <= now_ms) {
        publish(d, now_ms);
    }
    at_ms = min_i64(manager_wake_ms(d->core), publish_due_ms(d));
    d->alarm_ms = max_i64(d->queue.n > 0 ? now_ms + 1 : at_ms, now_ms + 1); /* the timer fires 1 ms later at the earliest */
    wake_at(&d->wake, d->alarm_ms, now_ms);
    if (manager_wake_ms(d->core) > now_ms - CYCLE_LATE_MS) { /* the core was stepped whenever it wanted to be */
        daemon_watchdog_feed(&d->watchdog, now_ms);
    }
}

/* Words of an event for people: which meter, and why it was lost. NULL: none. */
static const char *event_words(const struct driver *d, const struct mfx_store *what, char *out, size_t cap)
{
    bool is_lost = what->event.kind == EVENT_METER_LOST;

    if (what->kind != MSTORE_EVENT || !(is_lost || what->event.kind == EVENT_METER_BACK) || what->event.meter >= d->site->meter_n) {
        return NULL;
    }
    (void)snprintf(out, cap, "%s%s%s", d->site->meter[what->event.meter].id, is_lost ? ": " : "",
                   is_lost ? meter_doubt_text((enum meter_doubt)what->event.code) : "");
    return out;
}

static void store(struct driver *d, const struct mfx_store *what)
{
    const char *serial = what->box < d->site->box_n ? d->site->box[what->box].serial : NULL;
    char words[TEXT_LEN];
    const char *text = event_words(d, what, words, sizeof words);

    if (d->out->store(d->out_user, what, serial, text) != RC_OK && what->ticket != 0) {
        struct mev e = {.kind = MEV_STORE_FAILED, .stored = {.ticket = what->ticket}};

        driver_feed(d, &e); /* queued: effects are being carried out */
    }
}

static void apply(struct driver *d, const struct mfx *fx)
{
    switch (fx->kind) {
    case MFX_SEND:
        d->out->send(d->out_user, fx->send.peer, &fx->send.msg);
        break;
    case MFX_PEER_CLOSE:
        d->out->close(d->out_user, fx->close.peer);
        break;
    case MFX_STORE:
        store(d, &fx->store);
        break;
    case MFX_NOTE:
        note_log(d->site, d->out->peer_name(d->out_user, fx->note.peer), fx);
        if (d->out->note != NULL) {
            d->out->note(d->out_user, fx);
        }
        break;
    case MFX_UNSET:
        check_failed(__FILE__, __LINE__, "an effect has a kind");
    }
}

/* Returns the time of the event. */
static int64_t step(struct driver *d, struct mev *e)
{
    e->now_ms = clock_boot_ms();
    manager_step(d->core, e, &d->fx);
    CHECK(d->fx.n <= MFX_MAX);
    d->is_applying = true;
    for (uint16_t i = 0; i < d->fx.n; i++) {
        apply(d, &d->fx.at[i]);
    }
    for (uint16_t i = 0; i < d->fx.ask_n && d->out->ask != NULL; i++) {
        d->out->ask(d->out_user, &d->fx.ask[i]);
    }
    d->is_applying = false;
    d->is_changed = true;
    return e->now_ms;
}

/* Feed what was queued. One turn feeds one queue's worth; an answer that queues again and again waits for the next turn. */
static int64_t drain(struct driver *d, int64_t now_ms)
{
    struct mev e;

    for (int i = 0; i < MEV_QUEUE_MAX && mev_queue_pop(&d->queue, &e); i++) {
        now_ms = step(d, &e);
    }
    return now_ms;
}

/* The clock of the site, as the core wants it. */
static struct wall_clock wall_at(int64_t utc_ms)
{
    struct wall_clock wall = {.offset_ms = clock_local_offset_ms(utc_ms)};

    if (clock_local_change(utc_ms, WALL_AHEAD_MS, &wall.change_utc_ms, &wall.after_ms) != RC_OK) {
        wall.change_utc_ms = 0;
    }
    return wall;
}

void driver_start_clock(struct driver *d, struct mev_start *start)
{
    start->utc_ms = clock_utc_ms();
    start->wall = wall_at(start->utc_ms);
    d->utc_offset_ms = start->utc_ms - clock_boot_ms();
    d->wall = start->wall;
}

/* Somebody set the clock, or summer time begins or ends soon or just now: the core is told. */
static void watch_clock(struct driver *d, int64_t now_ms)
{
    int64_t utc_ms = clock_utc_ms();
    struct wall_clock wall = wall_at(utc_ms);
    int64_t jump_ms = utc_ms - now_ms - d->utc_offset_ms;

    if (jump_ms > CLOCK_JUMP_MS || jump_ms < -CLOCK_JUMP_MS || wall.offset_ms != d->wall.offset_ms || wall.change_utc_ms != d->wall.change_utc_ms) {
        struct mev e = {.kind = MEV_CLOCK, .clock = {.utc_ms = utc_ms, .wall = wall}};

        d->utc_offset_ms = utc_ms - now_ms;
        d->wall = wall;
        driver_feed(d, &e);
    }
}

/* Remember how late the loop wakes up. */
static void watch_lateness(struct driver *d, int64_t now_ms)
{
    if (now_ms - d->window_ms >= LATE_WINDOW_MS) {
        d->late_before_ms = d->late_ms;
        d->late_ms = 0;
        d->window_ms = now_ms;
    }
    if (d->alarm_ms < now_ms) {
        d->late_ms = max_i64(d->late_ms, now_ms - d->alarm_ms);
    }
}

static void on_wake(struct wake *w)
{
    struct driver *d = w->user;
    int64_t now_ms = clock_boot_ms();

    watch_lateness(d, now_ms);
    if (publish_due_ms(d) <= now_ms) { /* each second */
        watch_clock(d, now_ms);
    }
    if (manager_wake_ms(d->core) <= now_ms) {
        struct mev e = {.kind = MEV_TICK};

        driver_feed(d, &e);
    } else {
        settle(d, drain(d, now_ms));
    }
}

enum rc driver_open(struct driver *d, uv_loop_t *loop, const struct site *site, const struct manager_params *params, struct snapshot_board *board)
{
    void *memory = malloc(manager_size());

    if (memory == NULL) {
        log_err("driver why=\"no memory\"");
        return RC_IO;
    }
    d->memory = memory;
    d->core = manager_init(memory, site, params);
    d->site = site;
    d->board = board;
    d->published_ms = MS_NEVER;
    d->alarm_ms = MS_FOREVER;
    d->late_ms = 0;
    d->late_before_ms = 0;
    d->window_ms = clock_boot_ms();
    d->is_changed = true;
    d->is_applying = false;
    d->dropped_n = 0;
    d->queue.first = 0;
    d->queue.n = 0;
    wake_open(&d->wake, loop, on_wake, d);
    d->is_open = true;
    return RC_OK;
}

void driver_on_published(struct driver *d, void (*on_published)(void *user), void *user)
{
    d->on_published = on_published;
    d->published_user = user;
}

void driver_connect(struct driver *d, const struct driver_out *out, void *user)
{
    d->out = out;
    d->out_user = user;
}

void driver_feed(struct driver *d, const struct mev *e)
{
    struct mev copy = *e;

    if (!d->is_open) {
        return;
    }
    CHECK(d->out != NULL);
    if (!d->is_applying) {
        settle(d, drain(d, step(d, &copy)));
        return;
    }
    if (mev_queue_push(&d->queue, e) != RC_OK) {
        /* Safe: a write whose result the core never hears is never acknowledged and comes again. */
        d->dropped_n++;
        log_err("event_dropped dropped_n=%llu", (unsigned long long)d->dropped_n);
    }
}

void driver_close(struct driver *d)
{
    if (d->is_open) {
        d->is_open = false;
        wake_close(&d->wake);
        free(d->memory);
        d->memory = NULL;
        d->core = NULL;
    }
}
