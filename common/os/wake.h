/* One deadline on the loop: the core says when it wants to be called, this calls. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

struct wake {
    uv_timer_t timer;
    void (*on_wake)(struct wake *w);
    void *user;
    int64_t at_ms; /* inside: MS_FOREVER when nothing is wished */
    bool is_open;
};

void wake_open(struct wake *w, uv_loop_t *loop, void (*on_wake)(struct wake *w), void *user);

/* Call on_wake once at `at_ms` (CLOCK_BOOTTIME) or as soon as possible after it; replaces an earlier wish. MS_FOREVER: not at all.
 * Never re-arms with 0 ms (libuv 1.44 would run it for ever in one turn) and looks again every hour at the latest. */
void wake_at(struct wake *w, int64_t at_ms, int64_t now_ms);

/* The memory may go when the loop has run its close callbacks. */
void wake_close(struct wake *w);
