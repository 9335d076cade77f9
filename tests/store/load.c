/* store-load DIR: write sessions, events and epochs into a data directory without a pause, and say on standard output what was acknowledged,
 * one line each, until SIGTERM. store-load DIR --show: what a start would find.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/check.h"
#include "common/os/clock.h"
#include "manager/shell/store.h"

#define BURST 8 /* writes of one turn */

struct load {
    uv_loop_t loop;
    uv_timer_t timer;
    uv_signal_t term;
    struct store *store;
    uint32_t number;
};

/* A ticket says what it is for: its number, and its kind in the upper half. */
static uint64_t ticket_of(enum mstore_kind kind, uint32_t number)
{
    return (uint64_t)kind << 32 | number;
}

static void on_result(void *user, uint64_t ticket, bool is_stored)
{
    char line[64];
    int len = snprintf(line, sizeof line, "%s %u %u\n", is_stored ? "ack" : "no", (unsigned)(ticket >> 32), (unsigned)ticket);

    (void)user;
    CHECK(write(STDOUT_FILENO, line, (size_t)len) == len);
}

/* A session that can be checked from its number: quarter hours of 1, 2, 3 ... Wh, number % 20 of them. */
static void put_session(struct load *l, uint32_t number)
{
    int32_t quarters[20];
    struct msg_session_record m = {
        .start_utc_ms = 1700000000000, .stop_utc_ms = 1700003600000, .start_wh = number, .stop_wh = number + 1000, .end = END_UNPLUGGED};
    struct msg_session_started started = {.start_utc_ms = 1700000000000, .start_wh = number};
    struct mfx_store what = {.kind = MSTORE_SESSION_STARTED, .session_started = &started};

    memcpy(m.session.at, &number, sizeof number);
    started.session = m.session;
    m.quarter_n = (uint16_t)(number % 20);
    m.quarter_wh = quarters;
    for (int i = 0; i < m.quarter_n; i++) {
        quarters[i] = i + 1;
    }
    rc_ignore(store_put(l->store, &what, "W01", NULL)); /* a full queue: it comes with its record */
    what = (struct mfx_store){.kind = MSTORE_SESSION, .ticket = ticket_of(MSTORE_SESSION, number), .session = &m};
    rc_ignore(store_put(l->store, &what, "W01", NULL)); /* not acknowledged then */
}

static void put_epoch(struct load *l, uint32_t number)
{
    struct mfx_store what = {.kind = MSTORE_EPOCH, .ticket = ticket_of(MSTORE_EPOCH, number), .box = BOX_MAX};

    what.epoch.epoch = (uint64_t)number << 32;
    what.epoch.longest_lease_ms = 10000;
    rc_ignore(store_put(l->store, &what, NULL, NULL)); /* as above */
}

static void put_event(struct load *l, uint32_t number)
{
    struct mfx_store what = {.kind = MSTORE_EVENT, .ticket = ticket_of(MSTORE_EVENT, number), .box = BOX_MAX, .event = {.kind = EVENT_FAULT_RAISED}};
    char text[ID_LEN];

    (void)snprintf(text, sizeof text, "%u", (unsigned)number);
    rc_ignore(store_put(l->store, &what, "W01", text)); /* as above */
}

static void on_timer(uv_timer_t *timer)
{
    struct load *l = timer->data;

    for (int i = 0; i < BURST; i++) {
        l->number++;
        if (l->number % 16 == 0) {
            put_epoch(l, l->number);
        } else if (l->number % 4 == 0) {
            put_event(l, l->number);
        } else {
            put_session(l, l->number);
        }
    }
    store_flush(l->store);
}

static void on_term(uv_signal_t *handle, int number)
{
    struct load *l = handle->data;

    (void)number;
    uv_close((uv_handle_t *)&l->timer, NULL);
    uv_close((uv_handle_t *)&l->term, NULL);
    store_close(l->store, NULL, NULL);
}

static int show(struct store *store)
{
    struct store_loaded loaded;

    if (store_load(store, &loaded) != RC_OK) {
        return 1;
    }
    printf("epoch %llu damaged %d\n", (unsigned long long)(loaded.epoch >> 32), store_was_damaged(store));
    free(loaded.document);
    store_free(store);
    return 0;
}

int main(int argc, char **argv)
{
    struct load l = {0};
    struct store_options options = {.busy_ms = 1000};

    if (argc < 2) {
        return 2;
    }
    options.dir = argv[1];
    options.may_be_empty = true;
    if (store_open(&l.store, &options) != RC_OK) {
        return 1;
    }
    if (argc > 2) {
        return show(l.store);
    }
    CHECK(uv_loop_init(&l.loop) == 0);
    CHECK(store_start(l.store, &l.loop, on_result, &l) == RC_OK);
    l.timer.data = &l;
    l.term.data = &l;
    CHECK(uv_timer_init(&l.loop, &l.timer) == 0);
    CHECK(uv_signal_init(&l.loop, &l.term) == 0);
    CHECK(uv_signal_start(&l.term, on_term, SIGTERM) == 0);
    CHECK(uv_timer_start(&l.timer, on_timer, 1, 2) == 0);
    (void)uv_run(&l.loop, UV_RUN_DEFAULT);
    return uv_loop_close(&l.loop) == 0 ? 0 : 1;
}
