#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "common/os/log.h"
#include "common/os/tcp.h"

#define BACKLOG 1024
#define ACCEPTS_PER_TURN 16 /* then other handles of the loop have their turn; the rest is still readable */
#define PAUSE_MS 1000
#define SAY_AGAIN_MS 60000

static void on_readable(uv_poll_t *poll, int status, int events);

static const char *errno_text(int err)
{
    return uv_strerror(uv_translate_sys_error(err));
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

static int open_reserve(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void on_pause_over(uv_timer_t *timer)
{
    struct tcp_listener *l = timer->data;

    if (l->reserve_fd < 0) {
        l->reserve_fd = open_reserve();
    }
    if (!l->is_held) {
        CHECK(uv_poll_start(&l->poll, UV_READABLE, on_readable) == 0);
    }
}

static void pause_accepting(struct tcp_listener *l)
{
    CHECK(uv_poll_stop(&l->poll) == 0);
    CHECK(uv_timer_start(&l->pause, on_pause_over, PAUSE_MS, 0) == 0);
}

/* accept failed: no descriptors, most likely. The connection stays in the kernel's queue and the listener readable, so it is refused with the
 * descriptor held in reserve, or, if that fails as well, not looked at for a second.
 */
static void shed(struct tcp_listener *l, int err)
{
    int64_t now_ms = (int64_t)uv_now(l->poll.loop);
    int fd = -1;

    if (l->said_ms == MS_NEVER || now_ms - l->said_ms >= SAY_AGAIN_MS) {
        log_warn("connection_refused local=%s why=\"%s\"", l->local, errno_text(err));
        l->said_ms = now_ms;
    }
    if (l->reserve_fd >= 0) {
        close_fd(&l->reserve_fd);
        fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
        close_fd(&fd);
        l->reserve_fd = open_reserve();
    }
    if (l->reserve_fd < 0) {
        pause_accepting(l);
    }
}

/* Errors of accept(2) that concern one connection only. */
static bool is_passing(int err)
{
    return err == EINTR || err == ECONNABORTED || err == EPROTO || err == ENOPROTOOPT || err == ENETDOWN || err == ENETUNREACH || err == EHOSTDOWN ||
           err == EHOSTUNREACH || err == ENONET || err == EOPNOTSUPP || err == EPERM;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct tcp_listener *l = poll->data;

    (void)events;
    if (status != 0) {
        log_err("listener local=%s why=\"%s\"", l->local, uv_strerror(status));
        pause_accepting(l);
        return;
    }
    for (int i = 0; i < ACCEPTS_PER_TURN && l->is_open && !l->is_held; i++) {
        int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        int err = errno;

        if (fd >= 0) {
            l->pending_fd = fd;
            l->on_connection(l);
            close_fd(&l->pending_fd); /* refused: nobody took it */
        } else if (err == EAGAIN || err == EWOULDBLOCK) {
            return;
        } else if (!is_passing(err)) {
            shed(l, err);
            return;
        }
    }
}

/* A bound and listening socket in *out_fd, or the error. */
static int bind_socket(const struct sockaddr_storage *address, int *out_fd)
{
    socklen_t len = address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    int yes = 1;
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int err = 0;

    if (fd < 0) {
        return errno;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 || bind(fd, (const struct sockaddr *)address, len) != 0 || listen(fd, BACKLOG) != 0) {
        err = errno;
        close(fd);
        return err;
    }
    *out_fd = fd;
    return 0;
}

enum rc tcp_listen(struct tcp_listener *l, uv_loop_t *loop, const struct sockaddr_storage *address, void (*on_connection)(struct tcp_listener *l), void *user,
                   const char **out_why)
{
    struct sockaddr_storage bound = {0};
    socklen_t bound_len = sizeof bound;
    int err;

    *l = (struct tcp_listener){.on_connection = on_connection, .user = user, .fd = -1, .reserve_fd = -1, .pending_fd = -1, .said_ms = MS_NEVER};
    err = bind_socket(address, &l->fd);
    if (err != 0) {
        *out_why = errno_text(err);
        return RC_IO;
    }
    err = uv_poll_init(loop, &l->poll, l->fd); /* registers nothing when it fails */
    if (err != 0) {
        close_fd(&l->fd);
        *out_why = uv_strerror(err);
        return RC_IO;
    }
    CHECK(uv_timer_init(loop, &l->pause) == 0);
    l->poll.data = l;
    l->pause.data = l;
    l->reserve_fd = open_reserve();
    l->is_open = true;
    CHECK(getsockname(l->fd, (struct sockaddr *)&bound, &bound_len) == 0);
    tcp_address_text(&bound, l->local);
    CHECK(uv_poll_start(&l->poll, UV_READABLE, on_readable) == 0);
    return RC_OK;
}

void tcp_hold(struct tcp_listener *l, bool is_held)
{
    if (!l->is_open || l->is_held == is_held) {
        return;
    }
    l->is_held = is_held;
    if (is_held) {
        CHECK(uv_poll_stop(&l->poll) == 0);
    } else if (uv_is_active((uv_handle_t *)&l->pause) == 0) { /* else it begins when the pause is over */
        CHECK(uv_poll_start(&l->poll, UV_READABLE, on_readable) == 0);
    }
}

bool tcp_has_waiting(const struct tcp_listener *l)
{
    struct pollfd one = {.fd = l->fd, .events = POLLIN};

    return l->is_open && poll(&one, 1, 0) == 1;
}

void tcp_unlisten(struct tcp_listener *l)
{
    if (!l->is_open) {
        return;
    }
    l->is_open = false;
    uv_close((uv_handle_t *)&l->poll, NULL);
    uv_close((uv_handle_t *)&l->pause, NULL);
    close_fd(&l->fd);
    close_fd(&l->reserve_fd);
}
