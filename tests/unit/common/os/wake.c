#include "common/os/wake.h"

#include "common/base/units.h"
#include "common/os/clock.h"
#include "tests/unit/common/os/helpers.h"

TestSuite(wake, .timeout = 10);

struct sleeper {
    struct bench bench;
    struct wake wake;
    int calls_n;
    int again_n; /* how often on_wake asks for a moment that has passed */
    int64_t at_ms;
    int64_t called_ms;
};

static void on_wake(struct wake *w)
{
    struct sleeper *s = w->user;

    s->calls_n++;
    s->called_ms = clock_boot_ms();
    if (s->again_n > 0) {
        s->again_n--;
        wake_at(w, 0, s->called_ms);
    }
}

static void begin(struct sleeper *s)
{
    *s = (struct sleeper){0};
    bench_open(&s->bench);
    wake_open(&s->wake, &s->bench.loop, on_wake, s);
}

static void end(struct sleeper *s)
{
    wake_close(&s->wake);
    wake_close(&s->wake);
    bench_close(&s->bench);
}

Test(wake, nothing_is_pending_before_the_first_wish)
{
    struct sleeper s;

    begin(&s);
    cr_assert_not(uv_is_active((uv_handle_t *)&s.wake.timer));
    end(&s);
    cr_assert_eq(s.calls_n, 0);
}

Test(wake, a_moment_that_has_passed_waits_one_millisecond_and_never_zero)
{
    static const int64_t at_ms[] = {MS_NEVER, -1, 0, 999, 1000, 1001};
    struct sleeper s;

    begin(&s);
    for (size_t i = 0; i < sizeof at_ms / sizeof at_ms[0]; i++) {
        wake_at(&s.wake, at_ms[i], 1000);
        cr_assert_eq(uv_timer_get_due_in(&s.wake.timer), 1);
        cr_assert_eq(uv_timer_get_repeat(&s.wake.timer), 0);
    }
    end(&s);
}

Test(wake, a_moment_that_has_passed_calls_once)
{
    struct sleeper s;

    begin(&s);
    wake_at(&s.wake, 0, clock_boot_ms());
    cr_assert_eq(s.calls_n, 0, "never from inside the call");
    bench_run(&s.bench);
    cr_assert_eq(s.calls_n, 1);
    end(&s);
}

Test(wake, wishing_the_past_again_and_again_lets_the_loop_turn_in_between)
{
    struct sleeper s;

    begin(&s);
    s.again_n = 5;
    wake_at(&s.wake, 0, clock_boot_ms());
    while (s.calls_n < 6) {
        int before_n = s.calls_n;

        uv_run(&s.bench.loop, UV_RUN_NOWAIT); /* one turn; UV_RUN_ONCE looks at its timers twice */
        cr_assert_leq(s.calls_n, before_n + 1);
    }
    bench_run(&s.bench);
    cr_assert_eq(s.calls_n, 6);
    end(&s);
}

Test(wake, it_is_never_early)
{
    struct sleeper s;

    begin(&s);
    for (int64_t wait_ms = 1; wait_ms <= 20; wait_ms += 3) {
        int64_t now_ms = clock_boot_ms();

        wake_at(&s.wake, now_ms + wait_ms, now_ms);
        bench_run(&s.bench);
        cr_assert_geq(s.called_ms, now_ms + wait_ms);
    }
    cr_assert_eq(s.calls_n, 7);
    end(&s);
}

Test(wake, a_timer_that_runs_out_early_waits_for_the_rest)
{
    struct sleeper s;
    int64_t now_ms;

    begin(&s);
    now_ms = clock_boot_ms();
    wake_at(&s.wake, now_ms + 30, now_ms + 29); /* as if the loop's clock were ahead */
    bench_run(&s.bench);
    cr_assert_eq(s.calls_n, 1);
    cr_assert_geq(s.called_ms, now_ms + 30);
    end(&s);
}

Test(wake, for_ever_is_not_at_all)
{
    struct sleeper s;

    begin(&s);
    wake_at(&s.wake, 0, clock_boot_ms());
    wake_at(&s.wake, MS_FOREVER, clock_boot_ms());
    cr_assert_not(uv_is_active((uv_handle_t *)&s.wake.timer));
    bench_run(&s.bench);
    cr_assert_eq(s.calls_n, 0);
    end(&s);
}

Test(wake, it_looks_again_after_an_hour_at_the_latest)
{
    struct sleeper s;

    begin(&s);
    wake_at(&s.wake, 1000 + 3600000, 1000);
    cr_assert_eq(uv_timer_get_due_in(&s.wake.timer), 3600000);
    wake_at(&s.wake, 1000 + 3600001, 1000);
    cr_assert_eq(uv_timer_get_due_in(&s.wake.timer), 3600000);
    wake_at(&s.wake, MS_FOREVER - 1, 0);
    cr_assert_eq(uv_timer_get_due_in(&s.wake.timer), 3600000);
    end(&s);
    cr_assert_eq(s.calls_n, 0);
}

Test(wake, a_new_wish_replaces_the_old_one)
{
    struct sleeper s;

    begin(&s);
    wake_at(&s.wake, MS_FOREVER - 1, 0);
    wake_at(&s.wake, 0, clock_boot_ms());
    bench_run(&s.bench);
    cr_assert_eq(s.calls_n, 1);
    end(&s);
}

Test(wake, a_wish_after_closing_is_dropped)
{
    struct sleeper s;

    begin(&s);
    wake_close(&s.wake);
    wake_at(&s.wake, 0, clock_boot_ms());
    end(&s);
    cr_assert_eq(s.calls_n, 0);
}
