/* What every long-running program does alike: data directory with its lock, signals, readiness. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

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

/* The watchdog of systemd (WATCHDOG_USEC, WATCHDOG_PID), which restarts a program that does not feed it. Zeroed: nobody watches. */
struct daemon_watchdog {
    int64_t each_ms; /* it is fed at most so often, a third of what is allowed; 0: nobody watches */
    int64_t fed_ms;
};

void daemon_watchdog_open(struct daemon_watchdog *w);

/* To be called after each completed control cycle, and by nothing else: a timer of its own would say that all is well when nothing is. */
void daemon_watchdog_feed(struct daemon_watchdog *w, int64_t now_ms);

/* Raise the soft limit of open files to the hard one. */
void daemon_raise_files(void);
