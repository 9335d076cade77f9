#include "client/shell/board_modbus_worker.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "client/shell/board_modbus_guard.h"
#include "client/shell/board_modbus_setup.h"
#include "common/base/check.h"
#include "common/base/units.h"
#include "common/os/clock.h"

#define BOOTED_MS 120000
#define PRESENT_MV 50000      /* a phase behind a closed contactor has more */
#define NO_SENSOR_MDEGC 25000 /* these boards do not measure their temperature */
#define CODE_RESIDUAL 8005

static void tell(struct mb_worker *w)
{
    CHECK(uv_async_send(w->async) == 0);
}

static void lose(struct mb_worker *w, const char *why)
{
    (void)pthread_mutex_lock(&w->lock);
    w->told = (struct mb_told){.is_lost = true, .why = why};
    w->command_ms = MS_NEVER;
    (void)pthread_mutex_unlock(&w->lock);
    w->is_attached = false;
    tell(w);
}

/* The current that the controller may offer from now on. */
static enum rc write_offer(struct mb_worker *w, int32_t pilot_ma)
{
    struct mb_write offer = w->address.map->offer(&w->nature, pilot_ma);
    enum rc rc = mb_line_write(&w->line, w->address.unit, &offer);

    if (rc == RC_OK) {
        w->written_ma = pilot_ma;
        w->written_ms = clock_boot_ms();
    }
    return rc;
}

static enum rc write_hold_off(struct mb_worker *w, bool is_off)
{
    struct mb_write hold = w->address.map->hold_off(is_off);
    enum rc rc = mb_line_write(&w->line, w->address.unit, &hold);

    w->is_held_off = rc == RC_OK ? is_off : w->is_held_off;
    return rc;
}

/* As a watchdog would: nothing is offered until a cycle that knows of it. */
static enum rc fire(struct mb_worker *w)
{
    if (!w->is_latched) {
        w->firings++;
        w->is_latched = true;
    }
    return write_offer(w, 0);
}

static void attach(struct mb_worker *w)
{
    const char *why = mb_setup(&w->line, &w->address, &w->nature);

    if (why != NULL) {
        mb_line_close(&w->line);
        lose(w, why);
        return;
    }
    w->is_attached = true;
    w->done_cycle = 0;
    w->written_ma = 0;
    w->written_ms = clock_boot_ms();
    w->is_latched = false;
    w->is_held_off = false;
    w->failed_n = 0;
    w->now = (struct board_command){0};
    (void)pthread_mutex_lock(&w->lock);
    w->command_ms = MS_NEVER;
    w->told.is_attached = true;
    (void)pthread_mutex_unlock(&w->lock);
    tell(w);
}

/* The newest command, and whether somebody still commands. */
static bool take_command(struct mb_worker *w)
{
    bool is_alive;

    (void)pthread_mutex_lock(&w->lock);
    is_alive = w->command_ms == MS_NEVER || clock_boot_ms() - w->command_ms < MB_STARVED_MS;
    if (w->command_ms != MS_NEVER) {
        w->now = w->command;
    }
    (void)pthread_mutex_unlock(&w->lock);
    return is_alive;
}

/* Between two requests: carry out what is new. A current that stays is written from time to time. */
static enum rc carry_out(struct mb_worker *w)
{
    bool is_alive = take_command(w);
    bool is_old = clock_boot_ms() - w->written_ms >= MB_REFRESH_MS;
    enum rc rc = RC_OK;

    if (!is_alive && !w->is_latched) {
        return fire(w);
    }
    if (w->is_latched && is_alive && w->now.cycle > 0 && w->now.rearm_firing == w->firings) {
        w->is_latched = false;
    }
    if (w->is_latched) {
        return is_old ? write_offer(w, 0) : RC_OK;
    }
    if (w->is_held_off && w->now.pilot_ma > 0) {
        rc = write_hold_off(w, false);
    }
    if (rc == RC_OK && (is_old || w->now.pilot_ma != w->written_ma)) {
        rc = write_offer(w, w->now.pilot_ma);
    }
    w->done_cycle = rc == RC_OK ? w->now.cycle : w->done_cycle;
    return rc;
}

/* Its own contactor is to be open and is not: a controller can be told to turn off at once. */
static enum rc open_now(struct mb_worker *w, const struct mb_reading *r)
{
    bool wants_open = !w->now.contactor_closed && w->written_ma == 0 && w->now.cycle > 0;

    return wants_open && r->is_on && !w->is_held_off ? write_hold_off(w, true) : RC_OK;
}

static bool has_voltage(const struct mb_reading *r)
{
    return r->voltage_mv[0] >= PRESENT_MV || r->voltage_mv[1] >= PRESENT_MV || r->voltage_mv[2] >= PRESENT_MV;
}

/* What the controller had been told when it was read. */
struct told {
    int64_t at_ms;
    uint32_t cycle;
    int32_t ma;
};

static void give_sample(struct mb_worker *w, const struct mb_reading *r, const struct told *told)
{
    struct board_sample s = {.taken_ms = told->at_ms, .pilot = r->pilot, .pilot_ma = r->pilot_ma, .cable_ma = r->cable_ma};

    /* It rounds down; what it was told is what it offers at most. */
    s.pilot_ma = r->pilot_ma > 0 && r->pilot_ma == mb_rounded_ma(&w->nature, told->ma) ? told->ma : r->pilot_ma;
    s.contactor_closed = w->address.has_relay ? has_voltage(r) : r->is_on;
    s.no_voltage = w->address.has_relay && !s.contactor_closed;
    for (int p = 0; p < PHASE_N; p++) {
        s.current_ma[p] = r->current_ma[p];
        s.voltage_mv[p] = r->voltage_mv[p];
    }
    w->energy_wh = max_i64(w->energy_wh, r->energy_wh);
    s.power_w = r->power_w;
    s.energy_wh = w->energy_wh;
    s.temperature_mdegc = NO_SENSOR_MDEGC;
    s.diode_failed = r->diode_failed;
    s.faults_n = r->residual ? 1 : 0;
    s.faults[0] = CODE_RESIDUAL;
    s.cycle = told->cycle;
    s.watchdog_firings = w->firings;
    s.watchdog_latched = w->is_latched;
    s.power_failed = w->has_booted;
    s.closes_itself = true;
    w->has_booted = false;
    (void)pthread_mutex_lock(&w->lock);
    w->told.sample = s;
    w->told.has_sample = true;
    (void)pthread_mutex_unlock(&w->lock);
    tell(w);
}

/* A meter behind the contactor has no supply while that is open: its silence is no voltage. One that is broken is taken for that too, which ends the
 * charging. */
static enum rc take_silence(struct mb_worker *w, enum rc rc)
{
    const char *why = "";

    if (rc == RC_OK || !w->address.has_relay) {
        return rc;
    }
    return w->line.modbus != NULL ? RC_OK : mb_line_open(&w->line, &w->address.place, &why);
}

/* The meter's part of a reading. */
static enum rc read_meter(struct mb_worker *w, struct mb_reading *r)
{
    struct mb_regs regs;
    enum rc rc = RC_OK;

    if (w->address.meter_unit == 0) {
        return RC_OK;
    }
    mb_meter_blocks(&regs);
    for (uint8_t i = 0; i < regs.n && rc == RC_OK; i++) {
        rc = carry_out(w);
        if (rc != RC_OK) {
            return rc;
        }
        rc = mb_line_read(&w->line, w->address.meter_unit, &regs.block[i], regs.value[i]);
    }
    return rc == RC_OK ? mb_meter_decode(&regs, r) : take_silence(w, rc);
}

static enum rc read_controller(struct mb_worker *w, struct mb_reading *r)
{
    struct mb_regs regs;
    enum rc rc;

    w->address.map->blocks(&w->nature, &regs);
    rc = mb_line_read_all(&w->line, w->address.unit, &regs);
    return rc == RC_OK ? w->address.map->decode(&w->nature, &regs, r) : rc;
}

static enum rc round_once(struct mb_worker *w)
{
    struct mb_reading reading;
    struct told told;
    enum rc rc = carry_out(w);

    if (rc != RC_OK) {
        return rc;
    }
    told = (struct told){.at_ms = clock_boot_ms(), .cycle = w->done_cycle, .ma = w->written_ma};
    rc = read_controller(w, &reading);
    if (rc == RC_OK && reading.set_ma != mb_rounded_ma(&w->nature, told.ma)) {
        rc = fire(w); /* it was started anew, or somebody else has told it something */
    }
    rc = rc == RC_OK ? read_meter(w, &reading) : rc;
    rc = rc == RC_OK ? open_now(w, &reading) : rc;
    if (rc == RC_OK) {
        give_sample(w, &reading, &told);
    }
    return rc;
}

/* The guard lives on what is really done: a round with a live command. */
static void feed_guard(struct mb_worker *w)
{
    char byte = MB_GUARD_FEED;

    if (w->guard_fd >= 0 && w->now.cycle > 0 && !w->is_latched) {
        (void)!write(w->guard_fd, &byte, 1); /* full: it has been fed enough; closed: the loop learns of its end */
    }
}

static void work(struct mb_worker *w)
{
    if (!w->is_attached) {
        attach(w);
        return;
    }
    if (round_once(w) == RC_OK) {
        w->failed_n = 0;
        feed_guard(w);
        return;
    }
    w->failed_n++;
    if (w->failed_n >= MB_FAILED_MAX || w->line.modbus == NULL) {
        (void)write_offer(w, 0); /* perhaps it still hears */
        mb_line_close(&w->line);
        lose(w, "no answer, or impossible values");
    }
}

/* Until the next round, or until a command changes something. False: the end. */
static bool rest(struct mb_worker *w, int64_t until_ms)
{
    bool goes_on;

    (void)pthread_mutex_lock(&w->lock);
    while (!w->is_stopping && clock_boot_ms() < until_ms && (!w->is_attached || w->command_ms == MS_NEVER || w->command.cycle == w->now.cycle)) {
        int64_t left_ms = until_ms - clock_boot_ms();
        struct timespec at;

        (void)clock_gettime(CLOCK_MONOTONIC, &at);
        at.tv_sec += (at.tv_nsec / 1000000 + left_ms) / 1000;
        at.tv_nsec = (at.tv_nsec / 1000000 + left_ms) % 1000 * 1000000;
        (void)pthread_cond_timedwait(&w->wake, &w->lock, &at);
    }
    goes_on = !w->is_stopping;
    (void)pthread_mutex_unlock(&w->lock);
    return goes_on;
}

static bool is_held(struct mb_worker *w)
{
    bool is_held;

    (void)pthread_mutex_lock(&w->lock);
    is_held = w->is_held;
    (void)pthread_mutex_unlock(&w->lock);
    return is_held;
}

static void *worker_main(void *user)
{
    struct mb_worker *w = user;
    int64_t began_ms;

    do {
        began_ms = clock_boot_ms();
        if (is_held(w)) {
            if (w->is_attached) {
                (void)fire(w);
                lose(w, "no guard");
            }
        } else {
            work(w);
        }
    } while (rest(w, began_ms + (w->is_attached ? MB_ROUND_MS : MB_RETRY_MS)));
    if (w->line.modbus != NULL && write_offer(w, 0) == RC_OK && w->guard_fd >= 0) {
        char byte = MB_GUARD_DONE;

        (void)!write(w->guard_fd, &byte, 1); /* else it looks for itself */
    }
    mb_line_close(&w->line);
    return NULL;
}

enum rc mb_worker_start(struct mb_worker *w)
{
    pthread_condattr_t attr;

    w->command_ms = MS_NEVER;
    w->has_booted = clock_boot_ms() < BOOTED_MS;
    CHECK(pthread_mutex_init(&w->lock, NULL) == 0);
    CHECK(pthread_condattr_init(&attr) == 0);
    CHECK(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&w->wake, &attr) == 0);
    CHECK(pthread_condattr_destroy(&attr) == 0);
    return pthread_create(&w->thread, NULL, worker_main, w) == 0 ? RC_OK : RC_IO;
}

void mb_worker_command(struct mb_worker *w, const struct board_command *command)
{
    (void)pthread_mutex_lock(&w->lock);
    if (!w->told.is_lost && !w->told.is_attached) { /* else it was meant for the attachment before */
        w->command = *command;
        w->command_ms = clock_boot_ms();
        (void)pthread_cond_signal(&w->wake);
    }
    (void)pthread_mutex_unlock(&w->lock);
}

void mb_worker_hold(struct mb_worker *w, bool is_held)
{
    (void)pthread_mutex_lock(&w->lock);
    w->is_held = is_held;
    (void)pthread_cond_signal(&w->wake);
    (void)pthread_mutex_unlock(&w->lock);
}

void mb_worker_take(struct mb_worker *w, struct mb_told *out)
{
    (void)pthread_mutex_lock(&w->lock);
    *out = w->told;
    w->told = (struct mb_told){0};
    (void)pthread_mutex_unlock(&w->lock);
}

void mb_worker_join(struct mb_worker *w)
{
    (void)pthread_mutex_lock(&w->lock);
    w->is_stopping = true;
    (void)pthread_cond_signal(&w->wake);
    (void)pthread_mutex_unlock(&w->lock);
    CHECK(pthread_join(w->thread, NULL) == 0);
    CHECK(pthread_cond_destroy(&w->wake) == 0);
    CHECK(pthread_mutex_destroy(&w->lock) == 0);
}
