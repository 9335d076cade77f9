#include "tests/site/bus_line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "common/base/check.h"
#include "common/os/log.h"

#define REQUEST_LEN 8 /* unit, function, address, count, CRC: all that a meter is asked */
#define WRITE_LEN 9   /* with function 16: before the count and behind the registers */
#define WRITE_FUNCTION 16
#define GAP_MS 50 /* after a silence of so long a new frame begins */

static void serve_next(struct bus *b);

static void send_bytes(struct bus *b, size_t len)
{
    struct bus_line *l = &b->line;
    ssize_t n = write(l->fd, l->out + l->out_from, len);
    if (n != (ssize_t)len) {
        log_warn("line path=%s why=\"answer lost\"", b->address); /* nobody reads: its buffer is full */
    }
    l->out_from += len;
}

/* The wait is over: send all, or one byte and wait again. */
static void on_latency_over(uv_timer_t *timer)
{
    struct bus *b = timer->data;
    struct bus_line *l = &b->line;
    l->byte_ms = l->meter != NULL && l->meter->mode == METER_TRICKLE ? l->byte_ms : 0;
    send_bytes(b, l->byte_ms == 0 ? l->out_len - l->out_from : 1);
    if (l->out_from < l->out_len) {
        CHECK(uv_timer_start(&l->timer, on_latency_over, (uint64_t)l->byte_ms, 0) == 0);
        return;
    }
    l->is_waiting = false;
    serve_next(b);
}

/* How long request and answer are on the line. */
static int32_t wire_ms(const struct bus_reply *reply, size_t request_len, size_t answer_len)
{
    int64_t bits = (int64_t)(request_len + answer_len) * reply->byte_bits;
    return reply->baud == 0 || reply->byte_ms != 0 ? 0 : (int32_t)((bits * 1000 + reply->baud - 1) / reply->baud);
}

static void take_request(struct bus *b, size_t request_len)
{
    struct bus_line *l = &b->line;
    struct bus_request request = {.unit = l->in[0], .pdu = l->in + 1, .pdu_len = request_len - 3};
    struct bus_reply reply;
    if (!bus_answer(b, &request, &reply)) {
        return;
    }
    l->out[0] = reply.unit;
    memcpy(l->out + 1, reply.pdu, reply.pdu_len);
    uint16_t crc = modbus_crc(l->out, reply.pdu_len + 1);
    l->out[reply.pdu_len + 1] = (uint8_t)crc;
    l->out[reply.pdu_len + 2] = (uint8_t)(crc >> 8);
    l->out_len = reply.pdu_len + 3;
    l->out_from = 0;
    l->byte_ms = reply.byte_ms;
    l->meter = reply.meter;
    int32_t wait_ms = reply.wait_ms + wire_ms(&reply, request_len, l->out_len);
    if (wait_ms == 0 && reply.byte_ms == 0) {
        send_bytes(b, l->out_len);
        return;
    }
    l->is_waiting = true;
    CHECK(uv_timer_start(&l->timer, on_latency_over, (uint64_t)wait_ms, 0) == 0);
}

static void drop(struct bus_line *l, size_t n)
{
    l->in_len -= n;
    memmove(l->in, l->in + n, l->in_len);
}

/* Look for whole requests; bytes that begin none are dropped one by one. */
static void serve_next(struct bus *b)
{
    struct bus_line *l = &b->line;
    while (!l->is_waiting && l->in_len >= REQUEST_LEN) {
        size_t len = l->in[1] == WRITE_FUNCTION ? WRITE_LEN + (size_t)l->in[6] : REQUEST_LEN;
        if (len > sizeof l->in) { /* no such request */
            drop(l, 1);
            continue;
        }
        if (l->in_len < len) {
            return;
        }
        uint16_t crc = (uint16_t)(l->in[len - 2] | (l->in[len - 1] << 8));
        if (modbus_crc(l->in, len - 2) != crc) {
            drop(l, 1);
            continue;
        }
        take_request(b, len);
        drop(l, len);
    }
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct bus *b = poll->data;
    struct bus_line *l = &b->line;
    uint64_t now_ms = uv_now(b->loop);
    (void)events;
    if (now_ms - l->heard_ms > GAP_MS && !l->is_waiting) {
        l->in_len = 0;
    }
    l->heard_ms = now_ms;
    if (l->in_len == sizeof l->in) { /* somebody talks without listening */
        l->in_len = 0;
    }
    ssize_t n = status == 0 ? read(l->fd, l->in + l->in_len, sizeof l->in - l->in_len) : 0;
    if (n > 0 && !l->is_waiting) { /* a meter that answers hears nothing else */
        l->in_len += (size_t)n;
        serve_next(b);
    }
}

/* Open both sides without echo or line editing. False: errno says why. */
static bool open_pair(struct bus_line *l, char *name, size_t name_len)
{
    struct termios raw;
    l->fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (l->fd < 0 || grantpt(l->fd) != 0 || unlockpt(l->fd) != 0 || ptsname_r(l->fd, name, name_len) != 0) {
        return false;
    }
    l->held_fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (l->held_fd < 0 || tcgetattr(l->held_fd, &raw) != 0) {
        return false;
    }
    cfmakeraw(&raw);
    return tcsetattr(l->held_fd, TCSANOW, &raw) == 0;
}

/* A link left by an earlier run is replaced, anything else is not. */
static bool link_to(const char *name, const char *path)
{
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
        (void)unlink(path); /* symlink says if that failed */
    }
    return symlink(name, path) == 0;
}

static void close_pair(struct bus_line *l)
{
    if (l->fd >= 0) {
        (void)close(l->fd); /* nothing of it is kept */
    }
    if (l->held_fd >= 0) {
        (void)close(l->held_fd);
    }
}

enum rc bus_line_open(struct bus *b, const char *path, const char **out_why)
{
    struct bus_line *l = &b->line;
    char name[64];
    l->fd = -1;
    l->held_fd = -1;
    if (!open_pair(l, name, sizeof name) || !link_to(name, path)) {
        *out_why = strerror(errno);
        close_pair(l);
        return RC_IO;
    }
    CHECK(uv_poll_init(b->loop, &l->poll, l->fd) == 0);
    CHECK(uv_timer_init(b->loop, &l->timer) == 0);
    l->poll.data = b;
    l->timer.data = b;
    CHECK(uv_poll_start(&l->poll, UV_READABLE, on_readable) == 0);
    (void)snprintf(b->address, sizeof b->address, "%s", path);
    l->is_open = true;
    return RC_OK;
}

void bus_line_close(struct bus *b)
{
    struct bus_line *l = &b->line;
    if (!l->is_open) {
        return;
    }
    l->is_open = false;
    uv_close((uv_handle_t *)&l->poll, NULL);
    uv_close((uv_handle_t *)&l->timer, NULL);
    close_pair(l);
    (void)unlink(b->address); /* a link that stays is replaced by the next run */
}
