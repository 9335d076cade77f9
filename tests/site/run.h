/* The simulated site in real time: world, sessions, meters and record, driven by the machine's clock in ticks.
 *
 * A tick happens at its own time even when the machine was late, so that figures and rows stay on their grid; between ticks commands
 * take effect at the time of their arrival.
 */
#pragma once

#include <stdint.h>

#include <uv.h>

#include "common/os/wake.h"
#include "tests/site/meter.h"
#include "tests/site/record.h"
#include "tests/site/sessions.h"
#include "tests/site/simdoc.h"
#include "tests/site/world.h"

#define ROW_MS 100

/* Big: keep it on the heap. */
struct run {
    struct site site;
    struct world world;
    struct sessions sessions;
    struct meter meter[METER_MAX];
    struct controller controller[BOX_MAX];
    struct record record;
    struct wake wake;
    int64_t began_ms; /* CLOCK_BOOTTIME at time 0 */
    int64_t next_tick_ms;
    int64_t end_ms; /* MS_FOREVER */
    int32_t tick_ms;
    bool is_over;
    void (*on_tick)(void *user);            /* after the ticks that were due */
    void (*on_end)(void *user, int status); /* once: the time is up (0) or the record cannot be written (1) */
    void *user;
};

/* Build world and meters from the site (already in r->site) and its section; nothing runs yet. */
void run_init(struct run *r, const struct simulation *s);

/* Time 0 is now. */
void run_begin(struct run *r, uv_loop_t *loop);

/* Bring everything to the present; call it before looking at or changing the world. */
void run_catch_up(struct run *r);

/* Let the world react to a change, at the present time. */
void run_react(struct run *r);

void run_close(struct run *r);
