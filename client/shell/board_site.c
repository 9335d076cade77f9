#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "client/shell/board.h"
#include "client/shell/board_json.h"
#include "common/base/text.h"
#include "common/os/log.h"
#include "proto/msg.h"

#define LINE_MAX_LEN 4096
#define RETRY_MS 500
#define ATTACH_MS 5000      /* a site that has not answered by then is tried anew */
#define QUEUE_MAX_LEN 65536 /* bytes that the site has not taken: it is stuck */

struct board {
    uv_loop_t *loop;
    uv_pipe_t pipe;
    uv_connect_t connect;
    uv_timer_t retry; /* between two attempts; during one its limit */
    const struct board_events *events;
    void *user;
    char path[108]; /* sockaddr_un has no more */
    char serial[SERIAL_LEN];
    bool is_piped; /* the pipe handle is open or opening */
    bool is_attached;
    bool has_power_failed; /* said at the attachment, for the first sample after it */
    bool is_closing;
    bool is_said; /* its absence was logged */
    uint8_t handles_n;
    size_t line_len;
    char line[LINE_MAX_LEN];
    char bytes[LINE_MAX_LEN];
};

static void dial(struct board *b);

static void closed_one(struct board *b)
{
    b->handles_n--;
    if (b->is_closing && b->handles_n == 0) {
        b->events->on_closed(b->user);
    }
}

static void on_retry(uv_timer_t *timer)
{
    dial(timer->data);
}

static void on_pipe_closed(uv_handle_t *handle)
{
    struct board *b = handle->data;

    b->is_piped = false;
    if (!b->is_closing) {
        uv_timer_start(&b->retry, on_retry, RETRY_MS, 0);
    }
    closed_one(b);
}

/* The site is gone or was never there; it is tried again. */
static void lose(struct board *b, const char *why)
{
    bool was_attached = b->is_attached;

    b->is_attached = false;
    if (uv_is_closing((uv_handle_t *)&b->pipe)) {
        return;
    }
    uv_close((uv_handle_t *)&b->pipe, on_pipe_closed);
    if (b->is_closing) {
        return;
    }
    if (was_attached || !b->is_said) {
        b->is_said = true;
        log_warn("board lost=%s socket=%s why=\"%s\"", b->serial, b->path, why);
        b->events->on_lost(b->user, why);
    }
}

static void on_written(uv_write_t *write, int status)
{
    struct board *b = write->data;

    free(write);
    if (status < 0 && status != UV_ECANCELED) {
        lose(b, uv_strerror(status));
    }
}

static void on_late(uv_timer_t *timer)
{
    lose(timer->data, "no answer");
}

/* Send one line, its end included. */
static void send_line(struct board *b, const char *line, size_t len)
{
    uv_write_t *write;
    uv_buf_t buf;

    if (uv_stream_get_write_queue_size((uv_stream_t *)&b->pipe) > QUEUE_MAX_LEN) {
        lose(b, "stuck");
        return;
    }
    write = malloc(sizeof *write + len);
    if (write == NULL) {
        lose(b, "no memory");
        return;
    }
    memcpy(write + 1, line, len);
    write->data = b;
    buf = uv_buf_init((char *)(write + 1), (unsigned)len);
    if (uv_write(write, (uv_stream_t *)&b->pipe, &buf, 1, on_written) != 0) {
        free(write);
        lose(b, "write refused");
    }
}

static enum board_watchdog watchdog_of(const char *text)
{
    static const char *const names[WATCHDOG_N] = {"", "hardware", "external", "none"};

    for (int i = WATCHDOG_HARDWARE; text != NULL && i < WATCHDOG_N; i++) {
        if (text_same(text, names[i])) {
            return (enum board_watchdog)i;
        }
    }
    return WATCHDOG_UNSET;
}

static void on_attach(struct board *b, const json_t *object)
{
    enum board_watchdog watchdog = watchdog_of(json_string_value(json_object_get(object, "watchdog")));
    int64_t apply_ms;
    int64_t rated_ma;

    if (watchdog == WATCHDOG_UNSET || board_json_int(object, "apply_ms", 0, APPLY_MS_MAX, &apply_ms) != RC_OK ||
        board_json_int(object, "rated_ma", 0, 80000, &rated_ma) != RC_OK) {
        lose(b, "its answer to attach is none");
        return;
    }
    (void)uv_timer_stop(&b->retry); /* never fails */
    b->is_attached = true;
    b->is_said = false;
    b->has_power_failed = json_is_true(json_object_get(object, "power_failed"));
    log_note("board attached=%s socket=%s", b->serial, b->path);
    b->events->on_attached(b->user, watchdog, (int32_t)apply_ms, (int32_t)rated_ma);
}

/* What people and vehicles do at the wallbox; what is no such thing is skipped like any unknown key. */
static void on_person(struct board *b, const json_t *object)
{
    const char *uid_text = json_string_value(json_object_get(object, "card"));
    const char *identity = json_string_value(json_object_get(object, "identity"));
    const json_t *button = json_object_get(object, "button");
    const char *kind = json_string_value(json_object_get(button, "kind"));
    const json_t *down = json_object_get(button, "down");
    struct card_uid uid;

    if (uid_text != NULL && card_uid_parse(uid_text, &uid) == RC_OK && b->events->on_card != NULL) {
        b->events->on_card(b->user, &uid);
    }
    if (identity != NULL && b->events->on_identity != NULL) {
        b->events->on_identity(b->user, identity);
    }
    if (kind != NULL && json_is_boolean(down) && b->events->on_button != NULL && (text_same(kind, "service") || text_same(kind, "touch"))) {
        b->events->on_button(b->user, text_same(kind, "service") ? BUTTON_SERVICE : BUTTON_TOUCH, json_is_true(down));
    }
}

static void on_object(struct board *b, const json_t *object)
{
    const json_t *sample = json_object_get(object, "sample");
    const char *error = json_string_value(json_object_get(object, "error"));
    struct board_sample s;

    if (error != NULL) {
        lose(b, error);
    } else if (json_object_get(object, "attached") != NULL) {
        on_attach(b, object);
    } else if (sample != NULL && b->is_attached) {
        if (board_json_sample(sample, &s) != RC_OK) {
            lose(b, "a sample is none");
            return;
        }
        s.power_failed = b->has_power_failed;
        b->has_power_failed = false;
        b->events->on_sample(b->user, &s);
    } else if (b->is_attached) {
        on_person(b, object);
    }
}

static void on_line(struct board *b)
{
    json_t *object = json_loadb(b->line, b->line_len, JSON_REJECT_DUPLICATES, NULL);

    if (!json_is_object(object)) {
        json_decref(object);
        lose(b, "a line is no JSON object");
        return;
    }
    on_object(b, object);
    json_decref(object);
}

static void on_bytes(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct board *b = stream->data;

    if (n < 0) {
        lose(b, n == UV_EOF ? "the site closed" : uv_strerror((int)n));
        return;
    }
    for (ssize_t i = 0; i < n && b->is_piped && !uv_is_closing((uv_handle_t *)&b->pipe); i++) {
        if (buf->base[i] == '\n') {
            on_line(b);
            b->line_len = 0;
        } else if (b->line_len == sizeof b->line) {
            lose(b, "a line is too long");
        } else {
            b->line[b->line_len] = buf->base[i];
            b->line_len++;
        }
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct board *b = handle->data;

    (void)suggested;
    *out = uv_buf_init(b->bytes, sizeof b->bytes);
}

static void on_connect(uv_connect_t *connect, int status)
{
    struct board *b = connect->data;
    char line[SERIAL_LEN + 32];
    int len;

    if (status < 0) {
        if (status != UV_ECANCELED) {
            lose(b, uv_strerror(status));
        }
        return;
    }
    len = snprintf(line, sizeof line, "{\"attach\":\"%s\"}\n", b->serial);
    b->line_len = 0;
    if (uv_read_start((uv_stream_t *)&b->pipe, on_alloc, on_bytes) != 0) {
        lose(b, "read refused");
        return;
    }
    send_line(b, line, (size_t)len);
}

static void dial(struct board *b)
{
    if (uv_pipe_init(b->loop, &b->pipe, 0) != 0) {
        uv_timer_start(&b->retry, on_retry, RETRY_MS, 0);
        return;
    }
    b->is_piped = true;
    b->handles_n++;
    b->pipe.data = b;
    b->connect.data = b;
    uv_timer_start(&b->retry, on_late, ATTACH_MS, 0);
    uv_pipe_connect(&b->connect, &b->pipe, b->path, on_connect);
}

static struct board *site_create(void)
{
    return calloc(1, sizeof(struct board));
}

static enum rc site_open(struct board *b, uv_loop_t *loop, const char *address, const char *serial, const struct board_events *events, void *user)
{
    *b = (struct board){.loop = loop, .events = events, .user = user};
    if (address[0] == '\0' || text_copy(b->path, sizeof b->path, address) != RC_OK || text_copy(b->serial, sizeof b->serial, serial) != RC_OK) {
        return RC_RANGE;
    }
    if (uv_timer_init(loop, &b->retry) != 0) {
        return RC_IO;
    }
    b->retry.data = b;
    b->handles_n = 1;
    dial(b);
    return RC_OK;
}

static void site_command(struct board *b, const struct board_command *c)
{
    char line[BOARD_JSON_CYCLE_LEN];

    if (b->is_attached) {
        send_line(b, line, board_json_cycle(c, line));
    }
}

static void on_timer_closed(uv_handle_t *handle)
{
    closed_one(handle->data);
}

/* The end of the connection takes the pilot away, as the board's watchdog would. */
static void site_close(struct board *b)
{
    if (b->is_closing) {
        return;
    }
    b->is_closing = true;
    uv_close((uv_handle_t *)&b->retry, on_timer_closed);
    if (b->is_piped && !uv_is_closing((uv_handle_t *)&b->pipe)) {
        uv_close((uv_handle_t *)&b->pipe, on_pipe_closed);
    }
}

const struct board_driver board_site = {.name = "site",
                                        .address = "a socket path of 1 to 107 bytes",
                                        .watchdog = WATCHDOG_HARDWARE,
                                        .apply_ms = 0,
                                        .create = site_create,
                                        .open = site_open,
                                        .command = site_command,
                                        .close = site_close};
