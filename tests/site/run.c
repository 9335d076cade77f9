#include "tests/site/run.h"

#include "common/base/check.h"
#include "common/base/units.h"
#include "common/os/clock.h"
#include "common/os/log.h"

#define LATE_MS 60000 /* the machine slept: time stood still here, too */

void run_init(struct run *r, const struct simulation *s)
{
    world_init(&r->world, &r->site, &s->options);
    r->tick_ms = s->tick_ms;
    r->sessions.stays = s->stays;
    r->end_ms = MS_FOREVER;
    for (uint16_t i = 0; i < r->site.node_n; i++) {
        r->world.load[i] = s->load[i];
        r->world.sun[i] = s->sun[i];
    }
    for (uint16_t i = 0; i < r->site.meter_n; i++) {
        enum rc rc = meter_init(&r->meter[i], &r->site.meter[i], s->serve[i].refresh_ms, s->options.seed + i);
        CHECK(rc == RC_OK); /* simdoc knows the models */
    }
    for (uint16_t i = 0; i < r->site.box_n; i++) {
        struct vehicle_spec spec = s->box[i].vehicle;
        const struct controller_setup *setup = &s->box[i].controller;
        r->world.board[i].rated_ma = s->box[i].rated_ma;
        controller_init(&r->controller[i], setup->kind, setup->firmware, setup->boot_a);
        r->controller[i].has_relay = setup->has_relay;
        if (s->box[i].has_vehicle) {
            spec.needed_wh = div_up(spec.needed_wh, s->options.speed);
            vehicle_plug(&r->world.board[i].vehicle, &spec);
            r->world.board[i].plug_n++;
        }
    }
}

static void end(struct run *r, int status)
{
    if (!r->is_over) {
        r->is_over = true;
        r->on_end(r->user, status);
    }
}

static void after_step(struct run *r)
{
    sessions_step(&r->sessions, &r->world);
    for (uint16_t i = 0; i < r->site.meter_n; i++) {
        meter_step(&r->meter[i], &r->world);
    }
}

/* One step of the world; controllers act before and see after it. */
static void step(struct run *r, int64_t now_ms)
{
    for (uint16_t i = 0; i < r->site.box_n; i++) {
        controller_step(&r->controller[i], &r->world.board[i], now_ms);
    }
    world_step(&r->world, now_ms);
}

static void tick(struct run *r)
{
    step(r, r->next_tick_ms);
    after_step(r);
    if (r->next_tick_ms % ROW_MS == 0 && record_rows(&r->record, &r->world) != RC_OK) {
        log_err("record why=\"cannot be written\"");
        end(r, 1);
    }
    if (r->next_tick_ms >= r->end_ms) {
        end(r, 0);
    }
    r->next_tick_ms += r->tick_ms;
}

void run_catch_up(struct run *r)
{
    int64_t now_ms = clock_boot_ms() - r->began_ms;
    if (now_ms - r->next_tick_ms > LATE_MS) {
        log_warn("site late_ms=%lld", (long long)(now_ms - r->next_tick_ms));
        r->began_ms += now_ms - r->next_tick_ms;
        now_ms = r->next_tick_ms;
    }
    while (r->next_tick_ms <= now_ms && !r->is_over) {
        tick(r);
    }
    if (!r->is_over && now_ms > r->world.now_ms) {
        step(r, now_ms);
    }
}

void run_react(struct run *r)
{
    step(r, r->world.now_ms);
}

static void on_wake(struct wake *wake)
{
    struct run *r = wake->user;
    run_catch_up(r);
    if (!r->is_over) {
        r->on_tick(r->user);
        wake_at(&r->wake, r->began_ms + r->next_tick_ms, clock_boot_ms());
    }
}

void run_begin(struct run *r, uv_loop_t *loop)
{
    wake_open(&r->wake, loop, on_wake, r);
    r->began_ms = clock_boot_ms();
    world_begin(&r->world);
    wake_at(&r->wake, r->began_ms, r->began_ms);
}

void run_close(struct run *r)
{
    r->is_over = true;
    wake_close(&r->wake);
}
