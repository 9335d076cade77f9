/* Boards on Modbus, in real time, with simulated controllers on TCP and on a pseudo-terminal. */
#include "client/shell/board.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "client/shell/board_modbus_guard.h"
#include "client/shell/board_modbus_worker.h"
#include "common/base/units.h"
#include "common/os/clock.h"
#include "tests/unit/client/shell/fake_controller.h"
#include "tests/unit/common/os/helpers.h"

TestSuite(board_modbus, .timeout = 60);

#define STEP_MS 100 /* the client's cycle */

struct rig {
    uv_loop_t loop;
    uv_timer_t timer;
    struct fake_controller *fake;
    struct board *board;
    struct board_command command; /* sent each STEP_MS with a number of its own */
    bool is_mute;                 /* the client says nothing */
    int attached_n;
    int lost_n;
    enum board_watchdog watchdog;
    int samples_n;
    struct board_sample sample;
    bool is_closed;
};

static void on_attached(void *user, enum board_watchdog watchdog, int32_t apply_ms, int32_t rated_ma)
{
    struct rig *r = user;

    r->attached_n++;
    r->watchdog = watchdog;
    cr_expect_eq(apply_ms, board_modbus.apply_ms);
    cr_expect_eq(rated_ma, 0);
}

static void on_sample(void *user, const struct board_sample *sample)
{
    struct rig *r = user;

    r->samples_n++;
    r->sample = *sample;
}

static void on_lost(void *user, const char *why)
{
    struct rig *r = user;

    cr_expect_not_null(why);
    r->lost_n++;
}

static void on_closed(void *user)
{
    struct rig *r = user;

    r->is_closed = true;
}

static const struct board_events events = {.on_attached = on_attached, .on_sample = on_sample, .on_lost = on_lost, .on_closed = on_closed};

static void on_timer(uv_timer_t *timer)
{
    struct rig *r = timer->data;

    if (!r->is_mute) {
        r->command.cycle++;
        board_modbus.command(r->board, &r->command);
    }
}

static void rig_open(struct rig *r, const char *model, bool is_pty, const char *more)
{
    char address[256];

    *r = (struct rig){.fake = fake_controller_start(model, is_pty, 17)};
    snprintf(address, sizeof address, "%s%s", fake_controller_address(r->fake), more);
    cr_assert_eq(uv_loop_init(&r->loop), 0);
    cr_assert_eq(uv_timer_init(&r->loop, &r->timer), 0);
    r->timer.data = r;
    cr_assert_eq(uv_timer_start(&r->timer, on_timer, STEP_MS, STEP_MS), 0);
    r->board = board_modbus.create();
    cr_assert_not_null(r->board);
    cr_assert_eq(board_modbus.open(r->board, &r->loop, address, "W1", &events, r), RC_OK);
}

/* Let it run. */
static void run(struct rig *r, int64_t ms)
{
    int64_t until_ms = clock_boot_ms() + ms;

    while (clock_boot_ms() < until_ms) {
        (void)uv_run(&r->loop, UV_RUN_ONCE);
    }
}

/* Let it run until `probe` holds; asserts that it does in time. */
static void run_until(struct rig *r, const char *what, bool (*probe)(struct rig *r), int64_t most_ms)
{
    int64_t until_ms = clock_boot_ms() + most_ms;

    while (!probe(r) && clock_boot_ms() < until_ms) {
        (void)uv_run(&r->loop, UV_RUN_ONCE);
    }
    cr_assert(probe(r), "%s within %lld ms", what, (long long)most_ms);
}

static void rig_close(struct rig *r)
{
    board_modbus.close(r->board);
    uv_close((uv_handle_t *)&r->timer, NULL);
    (void)uv_run(&r->loop, UV_RUN_DEFAULT);
    cr_expect(r->is_closed);
    cr_assert_eq(uv_loop_close(&r->loop), 0);
    free(r->board);
    fake_controller_stop(r->fake);
}

static struct fake_look look(struct rig *r)
{
    struct fake_look l;

    fake_controller_look(r->fake, &l);
    return l;
}

static bool has_sample(struct rig *r)
{
    return r->samples_n > 0;
}

static bool is_charging(struct rig *r)
{
    return r->sample.contactor_closed && r->sample.current_ma[0] > 15000 && look(r).is_closed;
}

static bool is_open(struct rig *r)
{
    return !r->sample.contactor_closed && !look(r).is_closed;
}

static bool has_been_attached_twice(struct rig *r)
{
    return r->attached_n == 2;
}

static bool is_lost(struct rig *r)
{
    return r->lost_n > 0;
}

static bool is_latched(struct rig *r)
{
    return r->sample.watchdog_latched;
}

static bool is_not_latched(struct rig *r)
{
    return !r->sample.watchdog_latched;
}

static void offer(struct rig *r, int32_t pilot_ma, bool is_closed)
{
    r->command.pilot_ma = pilot_ma;
    r->command.contactor_closed = is_closed;
}

static void start_charging(struct rig *r)
{
    run_until(r, "a sample", has_sample, 5000);
    fake_controller_plug(r->fake);
    offer(r, 16500, true);
    run_until(r, "charging", is_charging, 12000);
}

static void charge_and_stop(bool is_pty)
{
    struct rig r;
    int64_t cut_ms;

    rig_open(&r, "evse_wb_din", is_pty, "");
    run_until(&r, "a sample", has_sample, 5000);
    cr_expect_eq(r.watchdog, WATCHDOG_NONE);
    cr_expect(r.sample.pilot == PILOT_A1 && r.sample.closes_itself && !r.sample.contactor_closed);
    cr_expect(look(&r).boot_a == 0 && look(&r).saved_n == 1 && look(&r).set_a == 0);
    start_charging(&r);
    cr_expect_eq(look(&r).pilot_ma, 16000); /* it rounds down ... */
    cr_expect_eq(r.sample.pilot_ma, 16500); /* ... and offers no more than it was told */
    cr_expect(r.sample.pilot == PILOT_C2 && r.sample.voltage_mv[1] > 230000 && r.sample.power_w > 10000 && r.sample.cable_ma == 32000);
    cr_expect_gt(r.sample.cycle, 0);
    run(&r, 2000);
    cr_expect_gt(r.sample.energy_wh, 0);
    cr_expect_leq(clock_boot_ms() - r.sample.taken_ms, 1500);
    offer(&r, 0, true);
    cut_ms = clock_boot_ms();
    while (look(&r).pilot_ma > 0 && clock_boot_ms() - cut_ms < 3000) {
        (void)uv_run(&r.loop, UV_RUN_ONCE);
    }
    cr_expect_leq(clock_boot_ms() - cut_ms, board_modbus.apply_ms + STEP_MS + 50);
    offer(&r, 0, false);
    run_until(&r, "open", is_open, 8000);
    rig_close(&r);
}

Test(board_modbus, an_evse_over_tcp_charges_with_what_it_is_told_and_stops_within_its_time)
{
    charge_and_stop(false);
}

Test(board_modbus, an_evse_over_a_serial_line_does_as_well)
{
    charge_and_stop(true);
}

Test(board_modbus, a_contactor_that_is_to_open_under_load_is_told_to_turn_off)
{
    struct rig r;

    rig_open(&r, "evse_wb_din", false, "");
    start_charging(&r);
    offer(&r, 0, false);
    run(&r, 1200);
    cr_expect_not(look(&r).is_closed);
    offer(&r, 16000, true);
    run_until(&r, "charging again", is_charging, 12000);
    rig_close(&r);
}

Test(board_modbus, the_current_after_a_start_is_written_once_and_not_again)
{
    struct rig r;

    rig_open(&r, "evse_wb_din", false, "");
    run_until(&r, "a sample", has_sample, 5000);
    fake_controller_silence(r.fake, true);
    run_until(&r, "lost", is_lost, 5000);
    fake_controller_silence(r.fake, false);
    run_until(&r, "back", has_been_attached_twice, 5000);
    cr_expect_eq(look(&r).saved_n, 1);
    rig_close(&r);
}

Test(board_modbus, a_client_that_says_nothing_for_2_5_s_loses_the_pilot_until_it_knows_of_it)
{
    struct rig r;

    rig_open(&r, "evse_wb_din", false, "");
    start_charging(&r);
    r.is_mute = true;
    run(&r, 2000);
    cr_expect_eq(look(&r).pilot_ma, 16000);
    run_until(&r, "latched", is_latched, 2000);
    cr_expect_eq(look(&r).pilot_ma, 0);
    cr_expect_eq(r.sample.watchdog_firings, 1);
    r.is_mute = false;
    run(&r, 1500); /* it speaks, but does not know yet */
    cr_expect(r.sample.watchdog_latched && look(&r).pilot_ma == 0);
    r.command.rearm_firing = 1;
    run_until(&r, "rearmed", is_not_latched, 2000);
    run_until(&r, "charging again", is_charging, 12000);
    rig_close(&r);
}

Test(board_modbus, a_controller_that_forgot_what_it_was_told_counts_as_fired)
{
    struct rig r;

    rig_open(&r, "evse_wb_din", false, "");
    start_charging(&r);
    fake_controller_forget(r.fake);
    run_until(&r, "latched", is_latched, 3000);
    cr_expect_eq(look(&r).pilot_ma, 0);
    rig_close(&r);
}

Test(board_modbus, a_silent_controller_is_lost_and_found_again_without_current)
{
    struct rig r;

    rig_open(&r, "evse_wb_din", true, "");
    start_charging(&r);
    fake_controller_silence(r.fake, true);
    run_until(&r, "lost", is_lost, 4000);
    r.is_mute = true;
    fake_controller_silence(r.fake, false);
    run_until(&r, "attached again", has_been_attached_twice, 5000);
    run(&r, 500);
    cr_expect_eq(look(&r).pilot_ma, 0);
    rig_close(&r);
}

static void relay(bool is_pty)
{
    struct rig r;

    rig_open(&r, "evse_wb_din", is_pty, ",watchdog=external");
    fake_controller_relay(r.fake);
    run_until(&r, "a sample", has_sample, 5000);
    cr_expect_eq(r.watchdog, WATCHDOG_EXTERNAL);
    run(&r, 500);
    cr_expect_not(r.sample.contactor_closed); /* a meter without supply is silent */
    cr_expect(r.sample.no_voltage);
    start_charging(&r);
    cr_expect(r.sample.contactor_closed && !r.sample.no_voltage && r.lost_n == 0);
    rig_close(&r);
}

Test(board_modbus, the_voltage_behind_a_watchdog_relay_is_the_contactors_feedback)
{
    relay(true);
    relay(false);
}

Test(board_modbus, voltage_behind_a_contactor_that_nobody_closed_is_told)
{
    struct rig r;

    rig_open(&r, "evse_wb_din", false, ",watchdog=external"); /* this meter sits in front */
    run_until(&r, "a sample", has_sample, 5000);
    cr_expect(r.sample.contactor_closed);
    rig_close(&r);
}

Test(board_modbus, a_charx_gets_its_watchdog_set_and_charges)
{
    struct rig r;

    rig_open(&r, "phoenix_charx", false, "");
    run_until(&r, "a sample", has_sample, 5000);
    cr_expect_eq(r.watchdog, WATCHDOG_HARDWARE);
    cr_expect_eq(look(&r).limit_s, 3);
    start_charging(&r);
    cr_expect(r.sample.pilot == PILOT_C2 && r.sample.pilot_ma == 16500);
    offer(&r, 0, false);
    run_until(&r, "open", is_open, 8000);
    rig_close(&r);
}

Test(board_modbus, an_end_in_good_order_leaves_no_pilot)
{
    struct rig r;
    struct fake_look l;

    rig_open(&r, "evse_wb_din", false, "");
    start_charging(&r);
    board_modbus.close(r.board);
    fake_controller_look(r.fake, &l);
    cr_expect_eq(l.set_a, 0);
    uv_close((uv_handle_t *)&r.timer, NULL);
    (void)uv_run(&r.loop, UV_RUN_DEFAULT);
    cr_assert_eq(uv_loop_close(&r.loop), 0);
    free(r.board);
    fake_controller_stop(r.fake);
}

/* A guard in a process of its own; what this process writes is its food. */
struct guarded {
    struct fake_controller *fake;
    struct mb_address address;
    pid_t pid;
    int food_fd;
};

static void guard_open(struct guarded *g, bool is_pty)
{
    const char *why = "";
    int fds[2];

    g->fake = fake_controller_start("evse_wb_din", is_pty, 17); /* which offers 32 A from the start */
    cr_assert_eq(mb_address_parse(fake_controller_address(g->fake), &g->address, &why), RC_OK);
    cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
    g->pid = fork();
    cr_assert_geq(g->pid, 0);
    if (g->pid == 0) {
        close(fds[1]);
        _exit(mb_guard_run(&g->address, fds[0]));
    }
    close(fds[0]);
    g->food_fd = fds[1];
}

static void feed(const struct guarded *g, char byte)
{
    cr_assert_eq(write(g->food_fd, &byte, 1), 1);
}

static uint16_t set_a(const struct guarded *g)
{
    struct fake_look l;

    fake_controller_look(g->fake, &l);
    return l.set_a;
}

static int guard_close(struct guarded *g)
{
    int status = -1;

    close(g->food_fd);
    cr_assert_eq(waitpid(g->pid, &status, 0), g->pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Let the others work. */
static void pass(int64_t ms)
{
    int64_t until_ms = clock_boot_ms() + ms;

    for (int64_t left_ms = ms; left_ms > 0; left_ms = until_ms - clock_boot_ms()) {
        (void)poll(NULL, 0, (int)left_ms);
    }
}

static void guard_sees_the_end(bool is_pty)
{
    struct guarded g;

    guard_open(&g, is_pty);
    feed(&g, MB_GUARD_FEED);
    pass(300);
    cr_expect_eq(set_a(&g), 32);
    cr_expect_eq(guard_close(&g), 0);
    cr_expect_eq(set_a(&g), 0);
    fake_controller_stop(g.fake);
}

Test(board_modbus, the_guard_takes_the_pilot_away_when_its_client_is_gone)
{
    guard_sees_the_end(false);
    guard_sees_the_end(true);
}

Test(board_modbus, the_guard_takes_the_pilot_away_when_its_client_stands_still_for_3_s)
{
    struct guarded g;

    guard_open(&g, false);
    pass(3500);
    cr_expect_eq(set_a(&g), 32); /* it was never fed: there is nothing to guard yet */
    feed(&g, MB_GUARD_FEED);
    pass(2500);
    cr_expect_eq(set_a(&g), 32);
    pass(1000);
    cr_expect_eq(set_a(&g), 0);
    feed(&g, MB_GUARD_DONE);
    cr_expect_eq(guard_close(&g), 0);
    fake_controller_stop(g.fake);
}

Test(board_modbus, the_guard_goes_without_a_look_when_all_is_done)
{
    struct guarded g;

    guard_open(&g, false);
    feed(&g, MB_GUARD_FEED);
    feed(&g, MB_GUARD_DONE);
    pass(300);
    cr_expect_eq(guard_close(&g), 0);
    cr_expect_eq(set_a(&g), 32);
    fake_controller_stop(g.fake);
}

/* The guard of a board is a child of this process and the only one. */
static pid_t child_of_this(void)
{
    char path[64];
    int pid = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    f = fopen(path, "r");
    cr_assert_not_null(f);
    cr_assert_eq(fscanf(f, "%d", &pid), 1);
    fclose(f);
    return pid;
}

Test(board_modbus, without_its_guard_a_board_is_lost_and_back_with_the_next_one)
{
    struct rig r;

    rig_open(&r, "evse_wb_din", false, "");
    start_charging(&r);
    cr_assert_eq(kill(child_of_this(), SIGKILL), 0);
    run_until(&r, "lost", is_lost, 2000);
    cr_expect_eq(look(&r).set_a, 0);
    run_until(&r, "attached again", has_been_attached_twice, 5000);
    rig_close(&r);
}
