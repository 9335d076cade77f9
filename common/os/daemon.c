#include "common/os/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "common/os/log.h"

#define WATCHDOG_PARTS 3 /* one that is late is not yet the end */

static const char *errno_text(int err)
{
    return uv_strerror(uv_translate_sys_error(err));
}

/* 0, or the error. Free space is not asked for: a full disk must not keep a program from starting. */
static int open_dir(const char *dir, int *out_fd)
{
    int fd;
    int err;

    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return errno;
    }
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    if (faccessat(fd, ".", R_OK | W_OK | X_OK, AT_EACCESS) != 0) {
        err = errno;
        close(fd);
        return err;
    }
    *out_fd = fd;
    return 0;
}

/* 0, EWOULDBLOCK when another holds it, or the error. */
static int take_lock(int dir_fd, int *out_fd)
{
    int fd = openat(dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int err;

    if (fd < 0) {
        return errno;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        err = errno;
        close(fd);
        return err;
    }
    *out_fd = fd;
    return 0;
}

enum rc daemon_lock_dir(const char *dir, int *out_fd)
{
    int dir_fd = -1;
    int err;

    *out_fd = -1;
    err = open_dir(dir, &dir_fd);
    if (err == 0) {
        err = take_lock(dir_fd, out_fd);
        close(dir_fd);
        if (err == EWOULDBLOCK) {
            fprintf(stderr, "data directory %s: another process holds its lock\n", dir);
            return RC_REFUSED;
        }
    }
    if (err != 0) {
        fprintf(stderr, "data directory %s: %s\n", dir, errno_text(err));
        return RC_IO;
    }
    return RC_OK;
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct daemon_signals *s = handle->data;

    log_note("signal number=%d", number);
    if (!s->is_stopping) {
        s->is_stopping = true;
        s->on_stop(s->user);
    }
}

static void on_ignored(uv_signal_t *handle, int number)
{
    (void)handle;
    log_note("signal number=%d ignored=true", number);
}

static void must(int err)
{
    if (err != 0) { /* at start, when descriptors are plenty: without signals there is no orderly stop */
        log_err("signals why=\"%s\"", uv_strerror(err));
        abort();
    }
}

void daemon_signals_open(struct daemon_signals *s, uv_loop_t *loop, void (*on_stop)(void *user), void *user)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    CHECK(on_stop != NULL);
    *s = (struct daemon_signals){.on_stop = on_stop, .user = user};
    must(uv_signal_init(loop, &s->term));
    must(uv_signal_init(loop, &s->intr));
    must(uv_signal_init(loop, &s->hup));
    s->term.data = s;
    s->intr.data = s;
    must(uv_signal_start(&s->term, on_signal, SIGTERM));
    /* Once: the kernel restores the default with the first SIGINT, so the second ends the program even when the loop hangs. */
    must(uv_signal_start_oneshot(&s->intr, on_signal, SIGINT));
    must(uv_signal_start(&s->hup, on_ignored, SIGHUP));
    CHECK(sigaction(SIGPIPE, &ignore, NULL) == 0);
    CHECK(sigaction(SIGXFSZ, &ignore, NULL) == 0); /* a file that may not grow is a full disk, not the end */
    s->is_open = true;
}

void daemon_signals_close(struct daemon_signals *s)
{
    if (!s->is_open) {
        return;
    }
    s->is_open = false;
    uv_close((uv_handle_t *)&s->term, NULL);
    uv_close((uv_handle_t *)&s->intr, NULL);
    uv_close((uv_handle_t *)&s->hup, NULL);
}

void daemon_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = path == NULL ? 0 : strlen(path);
    ssize_t sent;
    int fd;

    if (len < 2 || len >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@')) {
        return;
    }
    memcpy(address.sun_path, path, len);
    if (path[0] == '@') { /* abstract: its name begins with a zero byte and ends with its length */
        address.sun_path[0] = '\0';
    }
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        log_warn("notify state=%s why=\"%s\"", state, errno_text(errno));
        return;
    }
    sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
    if (sent < 0) {
        log_warn("notify state=%s why=\"%s\"", state, errno_text(errno));
    }
    close(fd);
}

void daemon_watchdog_open(struct daemon_watchdog *w)
{
    const char *usec = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    int64_t allowed_us = usec != NULL ? text_number(usec, INT64_MAX / 20) : -1;

    *w = (struct daemon_watchdog){.fed_ms = MS_NEVER};
    if (allowed_us > 0 && (pid == NULL || text_number(pid, INT32_MAX) == getpid())) {
        w->each_ms = max_i64(allowed_us / WATCHDOG_PARTS / 1000, 1);
    }
}

void daemon_watchdog_feed(struct daemon_watchdog *w, int64_t now_ms)
{
    if (w->each_ms > 0 && (w->fed_ms == MS_NEVER || now_ms - w->fed_ms >= w->each_ms)) {
        w->fed_ms = now_ms;
        daemon_notify("WATCHDOG=1");
    }
}

void daemon_raise_files(void)
{
    struct rlimit limit;

    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        log_warn("files why=\"%s\"", errno_text(errno));
    }
}
