/* Many wallboxes in one process, as far as the link is concerned: real keys, the real dialer, Hello and a Status a second; no boards.
 *
 *   bench-fleet DIR N                        make N keys in DIR, print a pin "SERIAL HASH" of each and end
 *   bench-fleet DIR N ADDR:PORT HASH|plain   dial the manager of that key, all at once; at each line on standard input all hang up and dial
 *                                            again after the back-off of a client; the end of the input ends it
 *
 * Prints "welcomed N ms=M dials=K" whenever all are welcome: M after the first of them had to dial, K the dials that took.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "client/shell/dialer.h"
#include "common/base/check.h"
#include "common/base/rng.h"
#include "common/base/text.h"
#include "common/os/clock.h"
#include "common/os/daemon.h"
#include "common/os/file.h"
#include "common/os/log.h"

#define STATUS_MS 1000
#define BACKOFF_LEAST_MS 500 /* as a client that has met its manager (spec 05 5.1) */
#define BACKOFF_MOST_MS 4000

struct fleet;

struct one {
    struct fleet *fleet;
    struct identity self;
    struct dialer dialer;
    struct wake wake; /* to dial, or for the next Status */
    char serial[SERIAL_LEN];
    uint64_t seq;
    bool is_welcome;
};

struct fleet {
    uv_loop_t loop;
    uv_pipe_t pipe;
    struct one *at;
    int n;
    int welcome_n;
    int dials_n;
    int64_t begin_ms;
    struct sockaddr_storage address;
    uint8_t pin[IDENTITY_HASH_LEN];
    bool is_plain;
    bool is_ending;
    struct rng rng;
    char line[64];
};

static void name_of(int i, char out[SERIAL_LEN])
{
    (void)snprintf(out, SERIAL_LEN, "W%04d", i);
}

static void send_hello(struct one *o)
{
    struct msg m = {.kind = MSG_HELLO,
                    .hello = {.model = MODEL_PLUS,
                              .wired_n = 3,
                              .max_ma = 16000,
                              .watchdog = WATCHDOG_HARDWARE,
                              .firmware = "bench",
                              .protocol_major = LINK_PROTOCOL_MAJOR,
                              .boot_id = 1}};

    CHECK(text_copy(m.hello.serial, sizeof m.hello.serial, o->serial) == RC_OK);
    dialer_send(&o->dialer, &m);
}

static void send_status(struct one *o)
{
    struct msg m = {.kind = MSG_STATUS, .status = {.status_seq = ++o->seq, .boot_id = 1, .pilot = PILOT_A1, .limit_by = LIMIT_STATE, .state = BOX_IDLE}};

    m.status.temperature_mdegc = 25000 + (int32_t)(o->seq % 16) * 1000; /* so that each Status is news for the dashboards */
    dialer_send(&o->dialer, &m);
}

static void on_wake(struct wake *w)
{
    struct one *o = w->user;
    int64_t now_ms = clock_boot_ms();

    if (o->is_welcome) {
        send_status(o);
        wake_at(w, now_ms + STATUS_MS, now_ms);
    } else if (!o->dialer.is_active && !o->fleet->is_ending) {
        o->fleet->dials_n++;
        dialer_dial(&o->dialer);
    }
}

static void on_up(void *user)
{
    send_hello(user);
}

static void on_down(void *user)
{
    struct one *o = user;
    int64_t now_ms = clock_boot_ms();

    if (o->is_welcome && o->fleet->welcome_n == o->fleet->n) { /* the first that is lost */
        o->fleet->begin_ms = now_ms;
        o->fleet->dials_n = 0;
    }
    o->fleet->welcome_n -= o->is_welcome ? 1 : 0;
    o->is_welcome = false;
    wake_at(&o->wake, now_ms + rng_range(&o->fleet->rng, BACKOFF_LEAST_MS, BACKOFF_MOST_MS), now_ms);
}

static void on_msg(void *user, const struct msg *m)
{
    struct one *o = user;
    struct fleet *f = o->fleet;
    int64_t now_ms = clock_boot_ms();

    if (m->kind != MSG_WELCOME || o->is_welcome) {
        return;
    }
    o->is_welcome = true;
    f->welcome_n++;
    wake_at(&o->wake, now_ms + rng_range(&f->rng, 1, STATUS_MS), now_ms);
    if (f->welcome_n == f->n) {
        printf("welcomed %d ms=%lld dials=%d\n", f->n, (long long)(now_ms - f->begin_ms), f->dials_n);
        (void)fflush(stdout); /* whoever reads it sees that it is missing */
    }
}

static const struct dialer_events events = {.on_up = on_up, .on_down = on_down, .on_msg = on_msg};

/* Everybody at once; whoever is connected hangs up and dials after a back-off like a client that has lost its manager. */
static void dial_all(struct fleet *f)
{
    f->begin_ms = clock_boot_ms();
    f->dials_n = 0;
    for (int i = 0; i < f->n; i++) {
        struct one *o = &f->at[i];

        if (o->dialer.is_active) {
            dialer_hang_up(&o->dialer); /* on_down follows */
        } else {
            wake_at(&o->wake, f->begin_ms, f->begin_ms);
        }
    }
}

static void end(struct fleet *f)
{
    f->is_ending = true;
    for (int i = 0; i < f->n; i++) {
        dialer_close(&f->at[i].dialer);
        wake_close(&f->at[i].wake);
    }
    uv_close((uv_handle_t *)&f->pipe, NULL);
}

static void on_alloc(uv_handle_t *handle, size_t suggested_len, uv_buf_t *out)
{
    struct fleet *f = handle->data;

    (void)suggested_len;
    *out = uv_buf_init(f->line, sizeof f->line);
}

static void on_line(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct fleet *f = stream->data;

    (void)buf;
    if (len > 0) {
        dial_all(f);
    } else if (len < 0) {
        end(f);
    }
}

/* Keys of all; those that are there already stay. */
static bool open_keys(struct fleet *f, const char *dir)
{
    for (int i = 0; i < f->n; i++) {
        struct one *o = &f->at[i];
        char path[FILE_PATH_LEN];

        o->fleet = f;
        name_of(i, o->serial);
        if (file_path(path, dir, o->serial) != RC_OK || identity_open(&o->self, path) != RC_OK) {
            return false;
        }
    }
    return true;
}

static void print_pins(const struct fleet *f)
{
    for (int i = 0; i < f->n; i++) {
        char text[IDENTITY_TEXT_LEN];

        identity_text(f->at[i].self.hash, text);
        printf("%s %s\n", f->at[i].serial, text);
    }
}

static void run(struct fleet *f)
{
    CHECK(uv_loop_init(&f->loop) == 0);
    CHECK(uv_pipe_init(&f->loop, &f->pipe, 0) == 0);
    CHECK(uv_pipe_open(&f->pipe, 0) == 0);
    f->pipe.data = f;
    CHECK(uv_read_start((uv_stream_t *)&f->pipe, on_alloc, on_line) == 0);
    f->rng = (struct rng){.state = 1};
    for (int i = 0; i < f->n; i++) {
        struct one *o = &f->at[i];

        dialer_init(&o->dialer, &f->loop, &f->address, &events, o);
        if (!f->is_plain) {
            dialer_secure(&o->dialer, &o->self);
            dialer_pin(&o->dialer, f->pin);
        }
        wake_open(&o->wake, &f->loop, on_wake, o);
    }
    dial_all(f);
    (void)uv_run(&f->loop, UV_RUN_DEFAULT); /* returns when nothing is open any more */
    CHECK(uv_loop_close(&f->loop) == 0);
}

int main(int argc, char **argv)
{
    static struct fleet f;
    char *rest = NULL;
    bool is_good = argc == 3 || argc == 5;

    f.n = is_good ? (int)strtoll(argv[2], &rest, 10) : 0;
    is_good = is_good && *rest == '\0' && f.n > 0 && f.n <= BOX_MAX;
    if (is_good && argc == 5) {
        f.is_plain = text_same(argv[4], "plain");
        is_good = tcp_parse_address(argv[3], &f.address) == RC_OK && (f.is_plain || identity_parse(argv[4], f.pin) == RC_OK);
    }
    if (!is_good) {
        (void)fprintf(stderr, "usage: bench-fleet DIR N [ADDR:PORT HASH|plain], N 1..%d\n", BOX_MAX);
        return 2;
    }
    daemon_raise_files();
    log_set_level(LOG_LEVEL_ERR);
    f.at = calloc((size_t)f.n, sizeof *f.at);
    if (f.at == NULL || !open_keys(&f, argv[1])) {
        return 1;
    }
    if (argc == 3) {
        print_pins(&f);
    } else {
        run(&f);
    }
    for (int i = 0; i < f.n; i++) {
        identity_close(&f.at[i].self);
    }
    free(f.at);
    return fflush(stdout) == 0 ? 0 : 1;
}
