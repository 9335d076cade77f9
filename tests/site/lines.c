#include "tests/site/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/check.h"
#include "common/base/text.h"

struct line_write {
    uv_write_t request;
    char *text;
};

static void on_written(uv_write_t *request, int status)
{
    struct line_write *w = (struct line_write *)request;
    (void)status; /* a broken connection is seen by its reader */
    free(w->text);
    free(w);
}

void lines_write(struct line_peer *peer, json_t *object)
{
    char *text = peer->is_closing ? NULL : json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (text == NULL) {
        return;
    }
    size_t len = strlen(text);
    text[len] = '\n'; /* in the place of its end */
    struct line_write *w = calloc(1, sizeof *w);
    CHECK(w != NULL);
    w->text = text;
    uv_buf_t buf = uv_buf_init(text, (unsigned)len + 1);
    if (uv_write(&w->request, (uv_stream_t *)&peer->pipe, &buf, 1, on_written) != 0) {
        free(text);
        free(w);
    }
    if (uv_stream_get_write_queue_size((uv_stream_t *)&peer->pipe) > LINE_QUEUE_MAX) {
        lines_end(peer);
    }
}

static void on_peer_closed(uv_handle_t *handle)
{
    struct line_peer *peer = handle->data;
    struct line_peer **at = &peer->server->first;
    while (*at != peer) {
        at = &(*at)->next;
    }
    *at = peer->next;
    peer->server->peer_n--;
    peer->server->events->on_closed(peer);
    free(peer);
}

void lines_end(struct line_peer *peer)
{
    if (!peer->is_closing) {
        peer->is_closing = true;
        uv_close((uv_handle_t *)&peer->pipe, on_peer_closed);
    }
}

static void refuse(struct line_peer *peer, const char *why)
{
    lines_write(peer, json_pack("{s:s}", "error", why));
    lines_end(peer);
}

static void take_line(struct line_peer *peer, const char *line, size_t len)
{
    json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(object)) {
        peer->server->events->on_line(peer, object);
    } else {
        refuse(peer, "each line must be one JSON object");
    }
    json_decref(object);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct line_peer *peer = handle->data;
    (void)suggested;
    *buf = uv_buf_init(peer->in + peer->in_len, (unsigned)(sizeof peer->in - peer->in_len));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct line_peer *peer = stream->data;
    char *end = NULL;
    (void)buf;
    if (n < 0) {
        lines_end(peer);
        return;
    }
    peer->in_len += (size_t)n;
    while (!peer->is_closing && (end = memchr(peer->in, '\n', peer->in_len)) != NULL) {
        size_t len = (size_t)(end - peer->in);
        take_line(peer, peer->in, len);
        peer->in_len -= len + 1;
        memmove(peer->in, end + 1, peer->in_len);
    }
    if (peer->in_len == sizeof peer->in) {
        refuse(peer, "line too long");
    }
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct line_server *s = stream->data;
    struct line_peer *peer = NULL;
    if (status != 0 || s->peer_n >= LINE_PEER_MAX) {
        return;
    }
    peer = calloc(1, sizeof *peer);
    CHECK(peer != NULL);
    CHECK(uv_pipe_init(s->loop, &peer->pipe, 0) == 0);
    peer->pipe.data = peer;
    peer->server = s;
    peer->next = s->first;
    s->first = peer;
    s->peer_n++;
    if (uv_accept(stream, (uv_stream_t *)&peer->pipe) != 0 || uv_read_start((uv_stream_t *)&peer->pipe, on_alloc, on_read) != 0) {
        lines_end(peer);
    }
}

/* True when a living process answers at the socket; a dead one's socket file is removed. */
static bool is_busy(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat st;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false; /* then listening fails too, and says why */
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    bool is_alive = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    bool is_dead = !is_alive && errno == ECONNREFUSED && lstat(path, &st) == 0 && S_ISSOCK(st.st_mode);
    (void)close(fd);
    if (is_dead) {
        (void)unlink(path); /* otherwise listening says why */
    }
    return is_alive;
}

/* Why binding failed. libuv says EACCES for a folder that is not there. */
static const char *bind_why(const char *path, int status)
{
    char folder[sizeof(((struct line_server *)0)->path)];
    const char *slash = strrchr(path, '/');
    struct stat st;

    CHECK(text_copy(folder, sizeof folder, path) == RC_OK);
    if (slash == NULL || slash == path) {
        return uv_strerror(status);
    }
    folder[slash - path] = '\0';
    return stat(folder, &st) != 0 && errno == ENOENT ? "its folder does not exist" : uv_strerror(status);
}

enum rc lines_listen(struct line_server *s, uv_loop_t *loop, const char *path, const struct line_events *events, void *user, const char **out_why)
{
    *s = (struct line_server){.loop = loop, .events = events, .user = user};
    if (path[0] == '\0' || text_copy(s->path, sizeof s->path, path) != RC_OK) {
        *out_why = "a path of a socket has 1..107 bytes";
        return RC_IO;
    }
    if (is_busy(path)) {
        *out_why = "another process listens there";
        return RC_IO;
    }
    CHECK(uv_pipe_init(loop, &s->pipe, 0) == 0);
    s->pipe.data = s;
    int status = uv_pipe_bind(&s->pipe, path);
    status = status == 0 ? uv_listen((uv_stream_t *)&s->pipe, 128, on_connection) : status;
    if (status != 0) {
        *out_why = bind_why(path, status);
        uv_close((uv_handle_t *)&s->pipe, NULL);
        return RC_IO;
    }
    s->is_open = true;
    return RC_OK;
}

void lines_close(struct line_server *s)
{
    if (!s->is_open) {
        return;
    }
    s->is_open = false;
    uv_close((uv_handle_t *)&s->pipe, NULL); /* libuv removes the socket file */
    for (struct line_peer *p = s->first; p != NULL; p = p->next) {
        lines_end(p);
    }
}
