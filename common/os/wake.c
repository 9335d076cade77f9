#include "common/os/wake.h"

#include "common/base/check.h"
#include "common/base/units.h"
#include "common/os/clock.h"

#define WAKE_LOOK_MS 3600000 /* the loop's clock stands still during suspend and may drift against CLOCK_BOOTTIME */

static void arm(struct wake *w, int64_t now_ms);

/* libuv counts from the begin of its turn and on another clock, so the timer may run out a little early: then wait for the rest. */
static void on_timer(uv_timer_t *timer)
{
    struct wake *w = timer->data;
    int64_t now_ms = clock_boot_ms();

    if (now_ms < w->at_ms) {
        arm(w, now_ms);
        return;
    }
    w->at_ms = MS_FOREVER;
    w->on_wake(w);
}

static void arm(struct wake *w, int64_t now_ms)
{
    int64_t wait_ms = 1;

    if (w->at_ms > now_ms && now_ms >= 0) {
        wait_ms = min_i64(w->at_ms - now_ms, WAKE_LOOK_MS);
    }
    CHECK(uv_timer_start(&w->timer, on_timer, (uint64_t)wait_ms, 0) == 0);
}

void wake_open(struct wake *w, uv_loop_t *loop, void (*on_wake)(struct wake *w), void *user)
{
    *w = (struct wake){.on_wake = on_wake, .user = user, .at_ms = MS_FOREVER};
    CHECK(uv_timer_init(loop, &w->timer) == 0);
    w->timer.data = w;
    w->is_open = true;
}

void wake_at(struct wake *w, int64_t at_ms, int64_t now_ms)
{
    if (!w->is_open) { /* a last wish of a core whose driver is closing */
        return;
    }
    w->at_ms = at_ms;
    if (at_ms == MS_FOREVER) {
        CHECK(uv_timer_stop(&w->timer) == 0);
        return;
    }
    arm(w, now_ms);
}

void wake_close(struct wake *w)
{
    if (w->is_open) {
        w->is_open = false;
        uv_close((uv_handle_t *)&w->timer, NULL);
    }
}
