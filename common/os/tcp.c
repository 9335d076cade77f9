#include "common/os/tcp.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "common/os/log.h"

#define READ_LEN 16384 /* bytes taken from the socket in one go */

/* What the socket did not take at once, with its request in one block. */
struct pending {
    uv_write_t request;
    uint8_t bytes[];
};

static uv_stream_t *stream_of(struct tcp_stream *s)
{
    return (uv_stream_t *)&s->handle;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct tcp_stream *s = handle->data;

    s->is_open = false;
    s->events->on_closed(s, s->why); /* the last touch: the memory may be gone after it */
}

void tcp_close(struct tcp_stream *s, const char *why)
{
    if (!s->is_open || s->is_closing) {
        return;
    }
    s->is_closing = true;
    s->why = why != NULL ? why : "closed";
    /* Bytes are queued only when the socket took no more, so there is nothing left that would go at once. What it took, the kernel sends. */
    uv_close((uv_handle_t *)&s->handle, on_handle_closed);
}

/* Memory for one read only: a thousand idle connections hold none. NULL makes libuv report UV_ENOBUFS. */
static void on_alloc(uv_handle_t *handle, size_t suggested_len, uv_buf_t *out)
{
    (void)handle;
    (void)suggested_len;
    out->base = malloc(READ_LEN);
    out->len = out->base != NULL ? READ_LEN : 0;
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct tcp_stream *s = stream->data;

    if (len > 0) {
        s->events->on_bytes(s, (const uint8_t *)buf->base, (size_t)len);
    } else if (len < 0) {
        tcp_close(s, len == UV_EOF ? "peer closed" : uv_strerror((int)len));
    }
    free(buf->base);
}

static void init(struct tcp_stream *s, const struct tcp_events *events, void *user)
{
    CHECK(events->on_bytes != NULL);
    CHECK(events->on_closed != NULL);
    *s = (struct tcp_stream){.events = events, .user = user, .why = "closed"};
}

static void begin(struct tcp_stream *s)
{
    s->handle.data = s;
    s->connect.data = s;
    s->is_open = true;
    (void)uv_tcp_nodelay(&s->handle, 1); /* fails only when the connection is already over, which reading tells */
}

static void start_reading(struct tcp_stream *s)
{
    int err = uv_read_start(stream_of(s), on_alloc, on_read);

    if (err != 0) {
        tcp_close(s, uv_strerror(err));
    }
}

enum rc tcp_pending_address(const struct tcp_listener *l, struct sockaddr_storage *out)
{
    struct sockaddr_storage peer = {0};
    socklen_t peer_len = sizeof peer;

    CHECK(l->pending_fd >= 0);
    if (getpeername(l->pending_fd, (struct sockaddr *)&peer, &peer_len) != 0) {
        return RC_IO;
    }
    *out = peer;
    return RC_OK;
}

void tcp_pause(struct tcp_stream *s)
{
    if (s->is_open && !s->is_closing) {
        s->is_paused = true;
        (void)uv_read_stop(stream_of(s)); /* never fails (libuv's own documentation) */
    }
}

void tcp_resume(struct tcp_stream *s)
{
    if (s->is_paused && s->is_open && !s->is_closing) {
        s->is_paused = false;
        start_reading(s);
    }
}

enum rc tcp_accept(struct tcp_listener *l, struct tcp_stream *s, const struct tcp_events *events, void *user)
{
    struct sockaddr_storage peer;

    if (tcp_pending_address(l, &peer) != RC_OK) {
        return RC_IO;
    }
    init(s, events, user);
    tcp_address_text(&peer, s->peer);
    CHECK(uv_tcp_init(l->poll.loop, &s->handle) == 0);
    CHECK(uv_tcp_open(&s->handle, l->pending_fd) == 0); /* it is a fresh socket, unknown to the loop */
    l->pending_fd = -1;
    begin(s);
    start_reading(s);
    return RC_OK;
}

static void on_connect(uv_connect_t *request, int status)
{
    struct tcp_stream *s = request->data;

    if (s->is_closing) { /* UV_ECANCELED, or closed in the same turn */
        return;
    }
    if (status != 0) {
        tcp_close(s, uv_strerror(status));
        return;
    }
    start_reading(s);
    if (s->events->on_open != NULL && !s->is_closing) {
        s->events->on_open(s);
    }
}

enum rc tcp_dial(struct tcp_stream *s, uv_loop_t *loop, const struct sockaddr_storage *address, const struct tcp_events *events, void *user)
{
    int err;

    init(s, events, user);
    tcp_address_text(address, s->peer);
    err = uv_tcp_init_ex(loop, &s->handle, address->ss_family); /* makes the socket; registers nothing when it fails */
    if (err != 0) {
        log_warn("dial peer=%s why=\"%s\"", s->peer, uv_strerror(err));
        return RC_IO;
    }
    begin(s);
    err = uv_tcp_connect(&s->connect, &s->handle, (const struct sockaddr *)address, on_connect);
    if (err != 0) {
        tcp_close(s, uv_strerror(err));
    }
    return RC_OK;
}

static void on_written(uv_write_t *request, int status)
{
    struct tcp_stream *s = request->handle->data;

    free(request); /* first member of its block */
    if (status != 0) {
        tcp_close(s, uv_strerror(status));
    }
}

/* Copy what is left of the pieces behind the first `sent` bytes and queue it. */
static void queue(struct tcp_stream *s, const uv_buf_t pieces[2], size_t sent)
{
    size_t left = pieces[0].len + pieces[1].len - sent;
    size_t from_a = sent < pieces[0].len ? sent : pieces[0].len;
    size_t from_b = sent - from_a;
    struct pending *p;
    uv_buf_t buf;
    int err;

    if (uv_stream_get_write_queue_size(stream_of(s)) + left > TCP_QUEUE_MAX) {
        tcp_close(s, "stuck");
        return;
    }
    p = malloc(sizeof *p + left);
    if (p == NULL) {
        tcp_close(s, "no memory");
        return;
    }
    memcpy(p->bytes, pieces[0].base + from_a, pieces[0].len - from_a);
    if (pieces[1].len > from_b) {
        memcpy(p->bytes + pieces[0].len - from_a, pieces[1].base + from_b, pieces[1].len - from_b);
    }
    buf = uv_buf_init((char *)p->bytes, (unsigned)left);
    err = uv_write(&p->request, stream_of(s), &buf, 1, on_written);
    if (err != 0) {
        free(p);
        tcp_close(s, uv_strerror(err));
    }
}

void tcp_write2(struct tcp_stream *s, const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    uv_buf_t pieces[2];
    int sent;

    if (!s->is_open || s->is_closing || a_len + b_len == 0) {
        return;
    }
    if (a_len > TCP_QUEUE_MAX || b_len > TCP_QUEUE_MAX) {
        tcp_close(s, "stuck");
        return;
    }
    pieces[0] = uv_buf_init((char *)(uintptr_t)a, (unsigned)a_len); /* libuv takes no const bytes, and writes none */
    pieces[1] = uv_buf_init((char *)(uintptr_t)b, (unsigned)b_len);
    sent = uv_try_write(stream_of(s), pieces, b_len > 0 ? 2 : 1);
    if (sent == UV_EAGAIN) { /* not connected yet, or bytes are waiting already */
        sent = 0;
    }
    if (sent < 0) {
        tcp_close(s, uv_strerror(sent));
    } else if ((size_t)sent < a_len + b_len) {
        queue(s, pieces, (size_t)sent);
    }
}

void tcp_write(struct tcp_stream *s, const uint8_t *bytes, size_t len)
{
    tcp_write2(s, bytes, len, NULL, 0);
}
