#include "common/os/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "tests/unit/common/os/helpers.h"

TestSuite(daemon, .timeout = 10);

static void expect_refusal(const char *dir, enum rc want, const char *want_end)
{
    struct capture c;
    char want_line[256];
    int fd = 77;
    enum rc rc;

    capture_begin(&c, STDERR_FILENO);
    rc = daemon_lock_dir(dir, &fd);
    capture_end(&c);
    snprintf(want_line, sizeof want_line, "data directory %s: %s\n", dir, want_end);
    cr_assert_str_eq(c.text, want_line);
    cr_assert_eq(rc, want);
    cr_assert_eq(fd, -1);
}

Test(daemon, a_missing_directory_is_made_for_its_owner_only)
{
    struct scratch s;
    struct stat st;
    int fd;

    scratch_open(&s);
    cr_assert_eq(daemon_lock_dir(scratch_path(&s, "data"), &fd), RC_OK);
    cr_assert_eq(stat(s.path, &st), 0);
    cr_assert(S_ISDIR(st.st_mode));
    cr_assert_eq(st.st_mode & 0777, 0700);
    cr_assert_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    close(fd);
    scratch_close(&s);
}

Test(daemon, parents_are_not_made)
{
    struct scratch s;

    scratch_open(&s);
    expect_refusal(scratch_path(&s, "none/data"), RC_IO, "no such file or directory");
    scratch_close(&s);
}

Test(daemon, a_file_is_no_directory)
{
    struct scratch s;

    scratch_open(&s);
    close(open(scratch_path(&s, "data"), O_CREAT | O_WRONLY, 0600));
    expect_refusal(s.path, RC_IO, "not a directory");
    scratch_close(&s);
}

Test(daemon, a_directory_that_may_not_be_written_is_said_so)
{
    struct scratch s;

    scratch_open(&s);
    cr_assert_eq(mkdir(scratch_path(&s, "data"), 0700), 0);
    cr_assert_eq(chmod(s.path, 0555), 0);
    cr_assert_eq(chmod(s.dir, 0755), 0);
    if (geteuid() == 0) { /* root may write everywhere */
        cr_assert_eq(seteuid(65534), 0);
    }
    expect_refusal(s.path, RC_IO, "permission denied");
    cr_assert_eq(seteuid(getuid()), 0);
    cr_assert_eq(chmod(s.path, 0700), 0);
    scratch_close(&s);
}

Test(daemon, a_second_holder_is_refused)
{
    struct scratch s;
    int fd;

    scratch_open(&s);
    cr_assert_eq(daemon_lock_dir(s.dir, &fd), RC_OK);
    expect_refusal(s.dir, RC_REFUSED, "another process holds its lock");
    close(fd);
    cr_assert_eq(daemon_lock_dir(s.dir, &fd), RC_OK, "free again when the holder is gone");
    close(fd);
    scratch_close(&s);
}

Test(daemon, another_process_is_refused_and_the_lock_ends_with_its_holder)
{
    struct scratch s;
    struct capture c;
    int status = 0;
    pid_t child;
    int fd;

    scratch_open(&s);
    cr_assert_eq(daemon_lock_dir(s.dir, &fd), RC_OK);
    capture_begin(&c, STDERR_FILENO);
    child = fork();
    if (child == 0) {
        int other = -1;

        close(fd); /* else the child would share the holder's lock */
        _exit(daemon_lock_dir(s.dir, &other) == RC_REFUSED ? 0 : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    capture_end(&c);
    cr_assert_eq(status, 0);
    cr_assert_not_null(strstr(c.text, "another process"));
    close(fd);
    scratch_close(&s);
}

struct service {
    struct bench bench;
    struct daemon_signals signals;
    int stops_n;
};

static void on_stop(void *user)
{
    struct service *s = user;

    s->stops_n++;
}

/* One turn for each signal; libuv hands them over by a pipe. */
static void send_signal(struct service *s, int number)
{
    cr_assert_eq(raise(number), 0);
    cr_assert_neq(uv_run(&s->bench.loop, UV_RUN_ONCE), 0);
}

static void begin(struct service *s)
{
    *s = (struct service){0};
    bench_open(&s->bench);
    daemon_signals_open(&s->signals, &s->bench.loop, on_stop, s);
}

static void end(struct service *s)
{
    daemon_signals_close(&s->signals);
    daemon_signals_close(&s->signals);
    bench_close(&s->bench);
}

Test(daemon, sigterm_stops_once)
{
    struct service s;

    begin(&s);
    send_signal(&s, SIGTERM);
    send_signal(&s, SIGTERM);
    cr_assert_eq(s.stops_n, 1);
    end(&s);
}

Test(daemon, sigint_after_sigterm_stops_once)
{
    struct service s;

    begin(&s);
    send_signal(&s, SIGTERM);
    send_signal(&s, SIGINT);
    cr_assert_eq(s.stops_n, 1);
    end(&s);
}

Test(daemon, hang_up_and_broken_pipe_are_ignored)
{
    struct service s;

    begin(&s);
    send_signal(&s, SIGHUP);
    cr_assert_eq(raise(SIGPIPE), 0);
    cr_assert_eq(s.stops_n, 0);
    end(&s);
}

Test(daemon, a_second_sigint_ends_the_program_even_when_the_loop_hangs, .signal = SIGINT)
{
    struct service s;

    begin(&s);
    raise(SIGINT);
    raise(SIGINT); /* the loop had no turn in between */
}

static int listen_at(const char *name, size_t len)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    memcpy(address.sun_path, name, len);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)), 0);
    return fd;
}

static void expect_notice(int fd, const char *state)
{
    char got[64];
    ssize_t n;

    daemon_notify(state);
    n = recv(fd, got, sizeof got, MSG_DONTWAIT);
    cr_assert_eq(n, (ssize_t)strlen(state));
    cr_assert_eq(memcmp(got, state, strlen(state)), 0);
}

Test(daemon, the_service_manager_is_told_by_a_socket_in_the_file_system)
{
    struct scratch s;
    int fd;

    scratch_open(&s);
    scratch_path(&s, "notify");
    fd = listen_at(s.path, strlen(s.path));
    setenv("NOTIFY_SOCKET", s.path, 1);
    expect_notice(fd, "READY=1");
    expect_notice(fd, "STOPPING=1");
    close(fd);
    scratch_close(&s);
}

Test(daemon, the_service_manager_is_told_by_an_abstract_socket)
{
    char name[64];
    int fd;

    snprintf(name, sizeof name, "@wallbox-unit-%d", (int)getpid());
    setenv("NOTIFY_SOCKET", name, 1);
    name[0] = '\0';
    fd = listen_at(name, 1 + strlen(name + 1));
    expect_notice(fd, "WATCHDOG=1");
    close(fd);
}

/* Nothing has arrived. */
static bool is_silent(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

Test(daemon, the_watchdog_is_fed_thrice_as_often_as_it_must_be_and_only_by_cycles)
{
    struct daemon_watchdog w;
    struct scratch s;
    char text[32] = "";
    char pid[32];
    int fd;

    scratch_open(&s);
    scratch_path(&s, "notify");
    fd = listen_at(s.path, strlen(s.path));
    setenv("NOTIFY_SOCKET", s.path, 1);
    setenv("WATCHDOG_USEC", "3000000", 1);
    (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    daemon_watchdog_open(&w);
    cr_expect_eq(w.each_ms, 1000);
    cr_expect(is_silent(fd), "no cycle was completed yet");
    daemon_watchdog_feed(&w, 5000);
    cr_assert_gt(recv(fd, text, sizeof text - 1, MSG_DONTWAIT), 0);
    cr_expect_str_eq(text, "WATCHDOG=1");
    daemon_watchdog_feed(&w, 5999);
    cr_expect(is_silent(fd), "not with each of them");
    daemon_watchdog_feed(&w, 6000);
    cr_expect_not(is_silent(fd));
    close(fd);
    scratch_close(&s);
}

Test(daemon, a_watchdog_of_somebody_else_is_not_fed)
{
    static const char *const wrong[] = {"", "0", "-5", "soon"};
    struct daemon_watchdog w;

    setenv("WATCHDOG_USEC", "3000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    daemon_watchdog_open(&w);
    cr_expect_eq(w.each_ms, 0);
    unsetenv("WATCHDOG_PID");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        setenv("WATCHDOG_USEC", wrong[i], 1);
        daemon_watchdog_open(&w);
        cr_expect_eq(w.each_ms, 0, "%s", wrong[i]);
    }
    unsetenv("WATCHDOG_USEC");
    daemon_watchdog_open(&w);
    cr_expect_eq(w.each_ms, 0);
}

Test(daemon, nothing_is_told_when_nobody_asked)
{
    struct capture c;
    char longer[200];

    memset(longer, 'a', sizeof longer);
    longer[0] = '/';
    longer[199] = '\0';
    capture_begin(&c, STDERR_FILENO);
    unsetenv("NOTIFY_SOCKET");
    daemon_notify("READY=1");
    setenv("NOTIFY_SOCKET", "", 1);
    daemon_notify("READY=1");
    setenv("NOTIFY_SOCKET", "relative", 1);
    daemon_notify("READY=1");
    setenv("NOTIFY_SOCKET", longer, 1);
    daemon_notify("READY=1");
    cr_assert_str_eq(capture_end(&c), "");
}

Test(daemon, the_limit_of_open_files_rises_to_the_hard_one)
{
    struct rlimit limit;

    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = 64;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    daemon_raise_files();
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    cr_assert_eq(limit.rlim_cur, limit.rlim_max);
}
