#include "client/shell/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <uv.h>

#include "client/shell/dialer.h"
#include "client/shell/driver.h"
#include "client/shell/finder.h"
#include "client/shell/journal.h"
#include "client/shell/pairing.h"
#include "client/shell/panel.h"
#include "common/base/check.h"
#include "common/base/text.h"
#include "common/os/clock.h"
#include "common/os/daemon.h"
#include "common/os/log.h"

struct app {
    const struct settings *settings;
    uv_loop_t loop;
    struct driver driver;
    struct dialer dialer;
    struct identity self; /* of TLS; none when plain */
    struct pairing pairing;
    struct pairing_window *window;
    struct finder finder;          /* when the manager is looked for: */
    struct sockaddr_storage found; /* where it was found */
    bool is_found;
    bool is_missed;          /* nobody was there, which was said */
    bool was_met;            /* the core has heard of this connection */
    struct journal *journal; /* NULL once it is closing */
    struct journal_start stored;
    struct board *board; /* memory lives until the loop has ended */
    struct panel panel;
    struct daemon_signals signals;
    uint64_t kernel_boot_id;
    int lock_fd;
    int exit_code;
    bool is_board_open;
    bool is_stopping;
    bool is_restart; /* begin anew when all of it is over */
};

/* Whatever is open begins to close; the loop ends when all of it has. */
static void shut(void *user)
{
    struct app *a = user;

    if (a->is_stopping) {
        return;
    }
    a->is_stopping = true;
    daemon_notify("STOPPING=1");
    driver_close(&a->driver);
    dialer_close(&a->dialer);
    pairing_close(&a->pairing);
    finder_close(&a->finder);
    panel_close(&a->panel);
    if (a->is_board_open) {
        a->settings->board_driver->close(a->board);
    }
    if (a->journal != NULL) {
        journal_close(a->journal);
        a->journal = NULL;
    }
    daemon_signals_close(&a->signals);
}

/* Effects of the core. */

static void out_board(void *user, const struct board_command *command)
{
    struct app *a = user;

    if (a->is_board_open) {
        a->settings->board_driver->command(a->board, command);
    }
}

static void out_dial(void *user)
{
    struct app *a = user;
    int64_t now_ms = clock_boot_ms();
    bool may_meet = a->settings->loopback_plain || pairing_dial(&a->pairing, now_ms);

    a->was_met = false;
    if (a->settings->is_search && !a->is_found && may_meet) {
        finder_ask(&a->finder, now_ms);
    } else {
        dialer_dial(&a->dialer);
    }
}

/* The search is over; to the core the dialling has just taken longer. */
static void on_found(void *user, const struct sockaddr_storage *address)
{
    struct app *a = user;

    if (address == NULL) {
        if (!a->is_missed) { /* once each time that nobody is there any more */
            a->is_missed = true;
            log_warn("manager_not_found search=%s", a->settings->manager);
        }
        driver_feed(&a->driver, &(struct cev){.kind = CEV_LINK_DOWN});
        return;
    }
    a->is_missed = false;
    a->is_found = true;
    a->found = *address;
    dialer_aim(&a->dialer, &a->found);
    dialer_dial(&a->dialer);
}

static void out_hang_up(void *user)
{
    struct app *a = user;

    dialer_hang_up(&a->dialer);
}

static void out_send(void *user, const struct msg *m)
{
    struct app *a = user;

    dialer_send(&a->dialer, m);
}

static void out_keep(void *user, const struct client_keep *keep, uint64_t ticket)
{
    struct app *a = user;

    journal_keep(a->journal, keep, a->kernel_boot_id, ticket);
}

static void out_session(void *user, const struct journal_session *session, uint64_t ticket)
{
    struct app *a = user;

    journal_session(a->journal, session, ticket);
}

static void out_acked(void *user, const struct session_id *id, uint64_t ticket)
{
    struct app *a = user;

    journal_acked(a->journal, id, ticket);
}

static void out_next(void *user, int64_t now_ms)
{
    struct app *a = user;

    journal_next(a->journal, now_ms, a->kernel_boot_id);
}

static void out_cards(void *user, const struct card_list *list, uint64_t ticket)
{
    struct app *a = user;

    journal_cards(a->journal, list, ticket);
}

static void out_fault(void *user, const struct journal_fault *fault)
{
    struct app *a = user;

    journal_fault(a->journal, fault);
}

static void out_restart(void *user)
{
    struct app *a = user;

    log_note("restart");
    a->is_restart = true;
}

static void out_after(void *user)
{
    struct app *a = user;
    struct client_face face;

    client_face(a->driver.core, &face);
    panel_show(&a->panel, &face);
}

static const struct driver_out driver_out = {.board = out_board,
                                             .dial = out_dial,
                                             .hang_up = out_hang_up,
                                             .send = out_send,
                                             .keep = out_keep,
                                             .session = out_session,
                                             .acked = out_acked,
                                             .next = out_next,
                                             .stopped = shut,
                                             .cards = out_cards,
                                             .fault = out_fault,
                                             .restart = out_restart,
                                             .after = out_after};

static void on_up(void *user)
{
    struct app *a = user;

    if (!pairing_up(&a->pairing, clock_boot_ms())) {
        a->was_met = true;
        driver_feed(&a->driver, &(struct cev){.kind = CEV_LINK_UP});
    }
}

static void on_down(void *user)
{
    struct app *a = user;

    if (pairing_down(&a->pairing)) {
        out_dial(a);
    } else {
        a->is_found = a->is_found && a->was_met; /* else it is somebody whom we do not want, or gone: look again */
        driver_feed(&a->driver, &(struct cev){.kind = CEV_LINK_DOWN});
    }
}

static void on_msg(void *user, const struct msg *m)
{
    struct app *a = user;

    if (!pairing_message(&a->pairing, m, clock_boot_ms())) {
        driver_feed(&a->driver, &(struct cev){.kind = CEV_LINK_MSG, .msg = m});
    }
}

static const struct dialer_events dialer_events = {.on_up = on_up, .on_down = on_down, .on_msg = on_msg};

/* The core was started with what boards of this driver are known to have; another board is none that it may command. */
static void on_attached(void *user, enum board_watchdog watchdog, int32_t apply_ms, int32_t rated_ma)
{
    struct app *a = user;
    const struct client_params *p = &a->settings->params;

    if (watchdog != p->watchdog || apply_ms != p->apply_ms) {
        log_err("board_refused watchdog=%d apply_ms=%d expected_watchdog=%d expected_apply_ms=%d", (int)watchdog, apply_ms, (int)p->watchdog, p->apply_ms);
        a->exit_code = 1;
        shut(a);
        return;
    }
    if (rated_ma > 0 && rated_ma != p->rated_ma) { /* 0: it does not tell */
        log_warn("rated board_ma=%d configured_ma=%d", rated_ma, p->rated_ma);
    }
}

static void on_sample(void *user, const struct board_sample *sample)
{
    struct app *a = user;

    driver_feed(&a->driver, &(struct cev){.kind = CEV_BOARD, .board = *sample});
}

static void on_lost(void *user, const char *why)
{
    struct app *a = user;

    (void)why; /* the board's driver has logged it */
    driver_feed(&a->driver, &(struct cev){.kind = CEV_BOARD_LOST});
}

static void on_board_closed(void *user)
{
    struct app *a = user;

    a->is_board_open = false;
}

static void on_card(void *user, const struct card_uid *uid)
{
    struct app *a = user;

    driver_feed(&a->driver, &(struct cev){.kind = CEV_CARD, .card = *uid});
}

static void on_button(void *user, enum board_button which, bool is_down)
{
    struct app *a = user;

    if (which == BUTTON_SERVICE && is_down) {
        pairing_button(&a->pairing, clock_boot_ms());
    }
    driver_feed(&a->driver, &(struct cev){.kind = CEV_BUTTON, .button = {.which = which, .is_down = is_down}});
}

static void on_identity(void *user, const char *identity)
{
    struct app *a = user;
    struct cev e = {.kind = CEV_IDENTITY};

    if (text_copy(e.identity, sizeof e.identity, identity) == RC_OK) { /* a longer one is none */
        driver_feed(&a->driver, &e);
    }
}

static const struct board_events board_events = {.on_attached = on_attached,
                                                 .on_sample = on_sample,
                                                 .on_card = on_card,
                                                 .on_button = on_button,
                                                 .on_identity = on_identity,
                                                 .on_lost = on_lost,
                                                 .on_closed = on_board_closed};

static void on_stored(void *user, uint64_t ticket, bool is_stored)
{
    struct app *a = user;

    driver_feed(&a->driver, &(struct cev){.kind = is_stored ? CEV_STORED : CEV_STORE_FAILED, .ticket = ticket});
}

static void on_record(void *user, const struct msg_session_record *record)
{
    struct app *a = user;

    driver_feed(&a->driver, &(struct cev){.kind = CEV_RECORD, .record = {.record = record}});
}

static void on_journal_closed(void *user)
{
    (void)user; /* the loop ends by itself */
}

static const struct journal_events journal_events = {.on_stored = on_stored, .on_record = on_record, .on_closed = on_journal_closed};

static void on_signal(void *user)
{
    struct app *a = user;

    log_note("stop");
    driver_feed(&a->driver, &(struct cev){.kind = CEV_STOP});
}

static void feed_start(struct app *a)
{
    struct cev e = {.kind = CEV_START};

    clock_random(&e.start.seed, sizeof e.start.seed);
    clock_random(&e.start.boot_id, sizeof e.start.boot_id);
    e.start.boot_id |= 1; /* not 0 */
    e.start.kernel_boot_id = a->kernel_boot_id;
    e.start.after_power_loss = a->stored.kernel_boot_id != 0 && a->stored.kernel_boot_id != a->kernel_boot_id;
    e.start.keep = a->stored.keep;
    e.start.open = a->stored.has_open ? &a->stored.open : NULL;
    e.start.cards = &a->stored.cards;
    driver_feed(&a->driver, &e);
}

/* Returns an exit code, 0 to go on. */
static int open_board(struct app *a)
{
    const struct board_driver *driver = a->settings->board_driver;
    enum rc rc;

    a->board = driver->create();
    if (a->board == NULL) {
        (void)fprintf(stderr, "wallbox-client: no memory\n");
        return 1;
    }
    rc = driver->open(a->board, &a->loop, a->settings->board_address, a->settings->params.serial, &board_events, a);
    if (rc == RC_RANGE) {
        (void)fprintf(stderr, "wallbox-client: board must be %s:ADDRESS with %s, is \"%s\"\n", driver->name, driver->address, a->settings->board);
        return 2;
    }
    if (rc != RC_OK) {
        (void)fprintf(stderr, "wallbox-client: board %s: %s\n", a->settings->board, rc_text(rc));
        return 1;
    }
    a->is_board_open = true;
    return 0;
}

/* Everything on the loop. Returns an exit code, 0 to go on. */
static int open_all(struct app *a)
{
    int code;

    if (driver_open(&a->driver, &a->loop, &a->settings->params, &driver_out, a) != RC_OK) {
        return 1;
    }
    daemon_signals_open(&a->signals, &a->loop, on_signal, a);
    panel_open(&a->panel, &a->loop, a->settings->panel, a->settings->params.serial);
    dialer_init(&a->dialer, &a->loop, &a->settings->manager_address, &dialer_events, a);
    if (!a->settings->loopback_plain) {
        dialer_secure(&a->dialer, &a->self);
        pairing_open(&a->pairing, &a->loop, &a->dialer, &a->self, a->window);
    }
    if (a->settings->is_search &&
        finder_open(&a->finder, &a->loop, ntohs(((const struct sockaddr_in *)&a->settings->manager_address)->sin_port), on_found, a) != RC_OK) {
        return 1;
    }
    feed_start(a);
    code = open_board(a);
    if (code == 0) {
        log_note("start serial=%s manager=%s board=%s", a->settings->params.serial, a->settings->manager, a->settings->board);
        daemon_notify("READY=1");
        daemon_watchdog_open(&a->driver.watchdog);
    }
    return code;
}

static void run(struct app *a)
{
    const struct settings *s = a->settings;

    if (daemon_lock_dir(s->data, &a->lock_fd) != RC_OK || (!s->loopback_plain && identity_open(&a->self, s->data) != RC_OK) ||
        journal_open(s->data, &a->loop, &journal_events, a, &a->journal, &a->stored) != RC_OK) { /* each of them said why */
        a->exit_code = 1;
        return;
    }
    a->exit_code = open_all(a);
    if (a->exit_code != 0) {
        shut(a);
    }
    (void)uv_run(&a->loop, UV_RUN_DEFAULT); /* returns when nothing is open any more */
}

/* One life of the program. */
static int run_once(const struct settings *settings, struct pairing_window *window, bool *out_restart)
{
    struct app *a = calloc(1, sizeof *a);
    int exit_code;

    if (a == NULL || uv_loop_init(&a->loop) != 0) {
        (void)fprintf(stderr, "wallbox-client: not enough memory or descriptors to start\n");
        free(a);
        return 1;
    }
    a->settings = settings;
    a->window = window;
    pairing_init(&a->pairing, settings->data, settings->params.serial);
    a->lock_fd = -1;
    a->kernel_boot_id = clock_kernel_boot_id();
    run(a);
    CHECK(uv_loop_close(&a->loop) == 0);
    free(a->board);
    identity_close(&a->self);
    if (a->lock_fd >= 0) {
        (void)close(a->lock_fd); /* gives the lock back */
    }
    exit_code = a->exit_code;
    *out_restart = a->is_restart && exit_code == 0;
    free(a);
    return exit_code;
}

int app_run(const struct settings *settings)
{
    struct pairing_window window = {0};
    bool is_again = true;
    int exit_code = 0;

    while (is_again) {
        is_again = false;
        exit_code = run_once(settings, &window, &is_again);
    }
    return exit_code;
}
