/* A charge controller on Modbus, RTU or TCP (board.h). This file joins the loop, the worker that talks, and the guard. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/shell/board.h"
#include "client/shell/board_modbus_guard.h"
#include "client/shell/board_modbus_worker.h"
#include "common/base/check.h"
#include "common/base/text.h"
#include "common/os/log.h"

#define APPLY_MS 500
#define GUARD_RETRY_MS 500 /* a guard that has ended is started again after so long */
#define ADDRESS_LEN 256

struct board {
    uv_loop_t *loop;
    uv_async_t async;
    uv_timer_t retry;
    uv_process_t guard;
    const struct board_events *events;
    void *user;
    char address[ADDRESS_LEN];
    char guard_path[MB_GUARD_PATH_LEN];
    char serial[SERIAL_LEN];
    int guard_end; /* of the pipe, for the guard */
    bool is_attached;
    bool is_said; /* its absence was logged */
    bool is_closing;
    uint8_t handles_n;
    struct mb_worker worker;
};

static enum rc modbus_check(const char *address, enum board_watchdog *out_watchdog, const char **out_why)
{
    struct mb_address a;
    enum rc rc = mb_address_parse(address, &a, out_why);

    *out_watchdog = rc == RC_OK ? mb_address_watchdog(&a) : WATCHDOG_UNSET;
    return rc;
}

static void close_pipe(const struct board *b)
{
    (void)close(b->guard_end); /* nothing in it is needed */
    (void)close(b->worker.guard_fd);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct board *b = handle->data;

    b->handles_n--;
    if (b->is_closing && b->handles_n == 0) {
        close_pipe(b);
        b->events->on_closed(b->user);
    }
}

static void lost(struct board *b, const char *why)
{
    if (b->is_attached || !b->is_said) {
        b->is_attached = false;
        b->is_said = true;
        log_warn("board lost=%s place=%s why=\"%s\"", b->serial, b->worker.address.place.text, why);
        b->events->on_lost(b->user, why);
    }
}

static void on_told(uv_async_t *async)
{
    struct board *b = async->data;
    struct mb_told told;

    if (b->is_closing) {
        return;
    }
    mb_worker_take(&b->worker, &told);
    if (told.is_lost) {
        lost(b, told.why);
    }
    if (told.is_attached) {
        b->is_attached = true;
        b->is_said = false;
        log_note("board attached=%s place=%s model=%s", b->serial, b->worker.address.place.text, b->worker.address.map->id);
        b->events->on_attached(b->user, mb_address_watchdog(&b->worker.address), APPLY_MS, 0);
    }
    if (told.has_sample && b->is_attached && !b->is_closing) {
        b->events->on_sample(b->user, &told.sample);
    }
}

static enum rc start_guard(struct board *b);

static void on_retry(uv_timer_t *timer)
{
    struct board *b = timer->data;

    if (start_guard(b) == RC_OK) {
        mb_worker_hold(&b->worker, false);
    } else {
        CHECK(uv_timer_start(&b->retry, on_retry, GUARD_RETRY_MS, 0) == 0);
    }
}

/* Without its guard such a board may not be used. */
static void on_guard_exit(uv_process_t *process, int64_t status, int signal)
{
    struct board *b = process->data;

    uv_close((uv_handle_t *)process, on_handle_closed);
    if (!b->is_closing) {
        log_warn("guard ended=%s status=%lld signal=%d", b->serial, (long long)status, signal);
        mb_worker_hold(&b->worker, true);
        CHECK(uv_timer_start(&b->retry, on_retry, GUARD_RETRY_MS, 0) == 0);
    }
}

static enum rc start_guard(struct board *b)
{
    char *arguments[] = {b->guard_path, b->address, NULL};
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_INHERIT_FD, .data.fd = b->guard_end}, {.flags = UV_IGNORE}, {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO}};
    uv_process_options_t options = {
        .file = b->guard_path, .args = arguments, .stdio = stdio, .stdio_count = 3, .flags = UV_PROCESS_DETACHED, .exit_cb = on_guard_exit};
    int error = uv_spawn(b->loop, &b->guard, &options);

    b->guard.data = b;
    b->handles_n++;
    if (error != 0) {
        log_err("guard program=%s why=\"%s\"", b->guard_path, uv_strerror(error));
        uv_close((uv_handle_t *)&b->guard, on_handle_closed);
        return RC_IO;
    }
    return RC_OK;
}

/* The guard's pipe. Its reading end stays open here as well, for the next guard: a guard learns of the client's end all the same, since both
 * of the client's ends are gone then. */
static enum rc open_pipe(struct board *b)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) {
        log_err("guard why=\"no pipe, errno %d\"", errno);
        return RC_IO;
    }
    b->guard_end = fds[0];
    b->worker.guard_fd = fds[1];
    return RC_OK;
}

static struct board *modbus_create(void)
{
    return calloc(1, sizeof(struct board));
}

static enum rc open_handles(struct board *b, uv_loop_t *loop)
{
    if (uv_async_init(loop, &b->async, on_told) != 0) {
        return RC_IO;
    }
    b->async.data = b;
    CHECK(uv_timer_init(loop, &b->retry) == 0);
    b->retry.data = b;
    b->handles_n = 2;
    b->worker.async = &b->async;
    return RC_OK;
}

static enum rc modbus_open(struct board *b, uv_loop_t *loop, const char *address, const char *serial, const struct board_events *events, void *user)
{
    const char *why = "";

    *b = (struct board){.loop = loop, .events = events, .user = user};
    if (mb_address_parse(address, &b->worker.address, &why) != RC_OK || text_copy(b->address, sizeof b->address, address) != RC_OK ||
        text_copy(b->serial, sizeof b->serial, serial) != RC_OK) {
        return RC_RANGE;
    }
    if (mb_guard_find(b->guard_path) != RC_OK) {
        log_err("guard why=\"wallbox-guard is not beside this program\"");
        return RC_IO;
    }
    if (open_pipe(b) != RC_OK) {
        return RC_IO;
    }
    if (open_handles(b, loop) != RC_OK) {
        close_pipe(b);
        return RC_IO;
    }
    if (start_guard(b) != RC_OK) {
        b->worker.is_held = true;
        CHECK(uv_timer_start(&b->retry, on_retry, GUARD_RETRY_MS, 0) == 0);
    }
    CHECK(mb_worker_start(&b->worker) == RC_OK);
    return RC_OK;
}

static void modbus_command(struct board *b, const struct board_command *c)
{
    if (b->is_attached && !b->is_closing) {
        mb_worker_command(&b->worker, c);
    }
}

/* The worker takes the pilot away and tells the guard. It is waited for: a second at most. */
static void modbus_close(struct board *b)
{
    if (b->is_closing) {
        return;
    }
    b->is_closing = true;
    mb_worker_join(&b->worker);
    uv_close((uv_handle_t *)&b->async, on_handle_closed);
    uv_close((uv_handle_t *)&b->retry, on_handle_closed);
    if (b->handles_n > 2 && !uv_is_closing((uv_handle_t *)&b->guard)) {
        uv_close((uv_handle_t *)&b->guard, on_handle_closed);
    }
}

const struct board_driver board_modbus = {.name = "modbus_evse",
                                          .address = "MODEL,LINE[,meter=UNIT][,watchdog=external]",
                                          .watchdog = WATCHDOG_NONE,
                                          .apply_ms = APPLY_MS,
                                          .check = modbus_check,
                                          .create = modbus_create,
                                          .open = modbus_open,
                                          .command = modbus_command,
                                          .close = modbus_close};
