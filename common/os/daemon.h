/* What every long-running program does alike: data directory with its lock, signals, readiness. */
#pragma once

#include <stdbool.h>

#include <uv.h>

#include "common/base/rc.h"

/* Open the data directory (created with mode 0700 if missing) and lock it for this process.
 *
 * out_fd  of the lock, closed at exit by the system; -1 on failure
 *
 * RC_IO       it cannot be created, entered or written: one line on standard error says which and why
 * RC_REFUSED  another process holds the lock: one line on standard error
 */
MUST_USE enum rc daemon_lock_dir(const char *dir, int *out_fd);

struct daemon_signals {
    uv_signal_t term;
    uv_signal_t intr;
    uv_signal_t hup;
    void (*on_stop)(void *user);
    void *user;
    bool is_stopping; /* on_stop was called */
    bool is_open;
};

/* Call on_stop once on SIGTERM or SIGINT; SIGPIPE, SIGXFSZ and SIGHUP are ignored. A second SIGINT ends the program at once. */
void daemon_signals_open(struct daemon_signals *s, uv_loop_t *loop, void (*on_stop)(void *user), void *user);
void daemon_signals_close(struct daemon_signals *s);

/* Tell systemd (NOTIFY_SOCKET, if set): "READY=1", "STOPPING=1", "WATCHDOG=1". Nothing happens elsewhere. */
void daemon_notify(const char *state);

/* Raise the soft limit of open files to the hard one. */
void daemon_raise_files(void);
