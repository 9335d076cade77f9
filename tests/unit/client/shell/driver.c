#include "client/shell/driver.h"

#include "common/base/text.h"
#include "common/os/clock.h"
#include "tests/unit/common/os/helpers.h"

TestSuite(driver, .timeout = 10);

#define BOOT_ID 5

struct rig {
    struct bench bench;
    struct client_params params;
    struct driver driver;
    char order[64]; /* one letter for each effect */
    int dials_n;
    bool dial_fails;
    int floods_n; /* events fed by the next control cycle */
    struct board_command command;
    struct client_keep keep;
    uint64_t keep_ticket;
    struct journal_session session;
    uint64_t session_ticket;
    int stopped_n;
    bool closes_when_stopped;
};

static void mark(struct rig *r, char letter)
{
    size_t n = strlen(r->order);

    cr_assert_lt(n, sizeof r->order - 1);
    r->order[n] = letter;
}

static void out_board(void *user, const struct board_command *command)
{
    struct rig *r = user;

    mark(r, 'b');
    r->command = *command;
    for (; r->floods_n > 0; r->floods_n--) {
        driver_feed(&r->driver, &(struct cev){.kind = CEV_STORED, .ticket = UINT64_MAX});
    }
}

static void out_dial(void *user)
{
    struct rig *r = user;

    mark(r, 'd');
    r->dials_n++;
    if (r->dial_fails) {
        driver_feed(&r->driver, &(struct cev){.kind = CEV_LINK_DOWN});
    }
}

static void out_hang_up(void *user)
{
    mark(user, 'h');
}

static void out_send(void *user, const struct msg *m)
{
    (void)m;
    mark(user, 's');
}

static void out_keep(void *user, const struct client_keep *keep, uint64_t ticket)
{
    struct rig *r = user;

    mark(r, 'k');
    r->keep = *keep;
    r->keep_ticket = ticket;
}

static void out_session(void *user, const struct journal_session *session, uint64_t ticket)
{
    struct rig *r = user;

    mark(r, 'j');
    r->session = *session;
    r->session_ticket = ticket;
}

static void out_acked(void *user, const struct session_id *id, uint64_t ticket)
{
    (void)id;
    (void)ticket;
    mark(user, 'a');
}

static void out_next(void *user, int64_t now_ms)
{
    (void)now_ms;
    mark(user, 'n');
}

static void out_stopped(void *user)
{
    struct rig *r = user;

    r->stopped_n++;
    if (r->closes_when_stopped) {
        driver_close(&r->driver);
    }
}

static const struct driver_out out = {.board = out_board,
                                      .dial = out_dial,
                                      .hang_up = out_hang_up,
                                      .send = out_send,
                                      .keep = out_keep,
                                      .session = out_session,
                                      .acked = out_acked,
                                      .next = out_next,
                                      .stopped = out_stopped};

static void rig_open(struct rig *r)
{
    *r = (struct rig){0};
    bench_open(&r->bench);
    client_params_defaults(&r->params);
    cr_assert_eq(text_copy(r->params.serial, sizeof r->params.serial, "W1"), RC_OK);
    cr_assert_eq(driver_open(&r->driver, &r->bench.loop, &r->params, &out, r), RC_OK);
}

static void start(struct rig *r)
{
    driver_feed(&r->driver, &(struct cev){.kind = CEV_START, .start = {.seed = 1, .boot_id = 2, .kernel_boot_id = BOOT_ID, .keep = {.boot_count = 7}}});
}

static void rig_close(struct rig *r)
{
    driver_close(&r->driver);
    driver_close(&r->driver); /* harmless */
    bench_run(&r->bench);
    bench_close(&r->bench);
}

static struct board_sample idle_sample(void)
{
    return (struct board_sample){.taken_ms = clock_boot_ms(), .pilot = PILOT_A1, .voltage_mv = {230000, 230000, 230000}, .temperature_mdegc = 20000};
}

Test(driver, a_start_keeps_the_next_boot_count_and_dials)
{
    struct rig r;

    rig_open(&r);
    start(&r);
    cr_assert_eq(r.keep.boot_count, 8);
    cr_assert_neq(r.keep_ticket, 0);
    cr_assert_eq(r.dials_n, 1);
    cr_assert_null(strchr(r.order, 'b'), "no control cycle without a reading");
    rig_close(&r);
}

Test(driver, a_reading_is_answered_by_a_control_cycle)
{
    struct cev e = {.kind = CEV_BOARD};
    struct rig r;

    rig_open(&r);
    start(&r);
    e.board = idle_sample();
    driver_feed(&r.driver, &e);
    cr_assert_not_null(strchr(r.order, 'b'));
    cr_assert_eq(r.command.cycle, 1);
    cr_assert_eq(r.command.pilot_ma, 0);
    cr_assert_not(r.command.contactor_closed);
    rig_close(&r);
}

Test(driver, an_event_that_an_effect_causes_waits_for_its_turn_and_the_core_is_woken_in_time)
{
    struct rig r;

    rig_open(&r);
    r.dial_fails = true;
    start(&r);
    cr_assert_eq(r.dials_n, 1);
    cr_assert_eq(r.driver.n, 0, "the queue was fed after the effects");
    while (r.dials_n < 2) { /* the core wants to be woken to try again */
        uv_run(&r.bench.loop, UV_RUN_ONCE);
    }
    rig_close(&r);
}

Test(driver, a_flood_of_answers_is_bounded_and_counted)
{
    struct cev e = {.kind = CEV_BOARD};
    struct rig r;

    rig_open(&r);
    start(&r);
    r.floods_n = DRIVER_QUEUE_MAX + 3;
    e.board = idle_sample();
    driver_feed(&r.driver, &e);
    cr_assert_eq(r.driver.dropped_n, 3);
    cr_assert_eq(r.driver.n, 0);
    rig_close(&r);
}

Test(driver, a_stop_is_told_once_and_may_close_the_driver_from_inside)
{
    struct rig r;

    rig_open(&r);
    r.closes_when_stopped = true;
    start(&r);
    driver_feed(&r.driver, &(struct cev){.kind = CEV_STOP});
    while (r.stopped_n == 0) {
        uv_run(&r.bench.loop, UV_RUN_ONCE);
    }
    cr_assert_eq(r.stopped_n, 1);
    r.order[0] = '\0';
    driver_feed(&r.driver, &(struct cev){.kind = CEV_LINK_DOWN}); /* dropped */
    cr_assert_str_empty(r.order);
    rig_close(&r);
}

Test(driver, a_session_is_handed_over_as_it_is)
{
    struct cev e = {.kind = CEV_BOARD};
    struct rig r;

    rig_open(&r);
    start(&r);
    e.board = idle_sample();
    driver_feed(&r.driver, &e);
    e.board = idle_sample();
    e.board.pilot = PILOT_B1;
    e.board.energy_wh = 4711;
    driver_feed(&r.driver, &e);
    cr_assert_not_null(strchr(r.order, 'j'), "%s", r.order);
    cr_assert_neq(r.session_ticket, 0);
    cr_assert_eq(r.session.start_wh, 4711);
    cr_assert_eq(r.session.start_boot_id, BOOT_ID);
    cr_assert_eq(r.session.end, END_UNSET);
    rig_close(&r);
}
