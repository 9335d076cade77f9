#include "tests/unit/client/shell/fake_controller.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "common/os/clock.h"
#include "tests/site/controller.h"
#include "tests/site/modbus.h"

#define CONNS 6
#define STEP_MS 20
#define METER_UNIT 2

struct conn {
    int fd;
    size_t len;
    uint8_t in[512];
};

struct fake_controller {
    pthread_t thread;
    pthread_mutex_t lock;
    struct board board;
    struct controller controller;
    int64_t began_ms;
    int64_t stepped_ms;
    bool is_over;
    bool is_pty;
    int listen_fd;
    int held_fd;
    struct conn conn[CONNS];
    char address[160];
};

static void step(struct fake_controller *f)
{
    static const int32_t mains_mv[PHASE_N] = {230000, 231000, 229000};
    int64_t now_ms = clock_boot_ms() - f->began_ms;

    board_count(&f->board, now_ms - f->stepped_ms);
    controller_step(&f->controller, &f->board, now_ms);
    board_step(&f->board, mains_mv, now_ms);
    f->stepped_ms = now_ms;
}

static size_t answer(struct fake_controller *f, uint8_t unit, const uint8_t *pdu, size_t len, uint8_t *out)
{
    size_t n = 0;

    step(f);
    if (unit == 1) {
        n = controller_answer(&f->controller, &f->board, f->stepped_ms, pdu, len, out);
    } else if (unit == METER_UNIT) {
        n = controller_meter_answer(&f->controller, &f->board, f->stepped_ms, pdu, len, out);
    }
    step(f);
    return n;
}

static void drop(struct conn *c, size_t n)
{
    c->len -= n;
    memmove(c->in, c->in + n, c->len);
}

static void serve_tcp(struct fake_controller *f, struct conn *c)
{
    size_t frame_len = 0;

    while (modbus_tcp_frame(c->in, c->len, &frame_len) == RC_OK && frame_len > 0) {
        uint8_t out[MODBUS_FRAME_MAX];
        size_t n = answer(f, c->in[6], c->in + MBAP_LEN, frame_len - MBAP_LEN, out + MBAP_LEN);

        if (n > 0) {
            memcpy(out, c->in, MBAP_LEN);
            out[4] = 0;
            out[5] = (uint8_t)(n + 1);
            cr_assert_eq(send(c->fd, out, MBAP_LEN + n, MSG_NOSIGNAL), (ssize_t)(MBAP_LEN + n));
        }
        drop(c, frame_len);
    }
}

static void serve_rtu(struct fake_controller *f, struct conn *c)
{
    while (c->len >= 8) {
        size_t len = c->in[1] == 16 ? 9u + c->in[6] : 8;
        uint8_t out[MODBUS_FRAME_MAX];
        size_t n;

        if (c->len < len) {
            return;
        }
        if (modbus_crc(c->in, len - 2) != (c->in[len - 2] | (c->in[len - 1] << 8))) {
            drop(c, 1);
            continue;
        }
        n = answer(f, c->in[0], c->in + 1, len - 3, out + 1);
        if (n > 0) {
            uint16_t crc;

            out[0] = c->in[0];
            crc = modbus_crc(out, n + 1);
            out[n + 1] = (uint8_t)crc;
            out[n + 2] = (uint8_t)(crc >> 8);
            cr_assert_eq(write(c->fd, out, n + 3), (ssize_t)(n + 3));
        }
        drop(c, len);
    }
}

static void take_bytes(struct fake_controller *f, struct conn *c)
{
    ssize_t n = read(c->fd, c->in + c->len, sizeof c->in - c->len);

    if (n <= 0) {
        close(c->fd);
        *c = (struct conn){.fd = -1};
        return;
    }
    c->len += (size_t)n;
    if (f->is_pty) {
        serve_rtu(f, c);
    } else {
        serve_tcp(f, c);
    }
}

static void accept_one(struct fake_controller *f)
{
    int fd = accept(f->listen_fd, NULL, NULL);

    for (int i = 0; i < CONNS; i++) {
        if (fd >= 0 && f->conn[i].fd < 0) {
            f->conn[i] = (struct conn){.fd = fd};
            return;
        }
    }
    close(fd);
}

static void *serve(void *user)
{
    struct fake_controller *f = user;
    bool is_over = false;

    while (!is_over) {
        struct pollfd fds[CONNS + 1] = {{.fd = f->listen_fd, .events = POLLIN}};

        for (int i = 0; i < CONNS; i++) {
            fds[i + 1] = (struct pollfd){.fd = f->conn[i].fd, .events = POLLIN};
        }
        (void)poll(fds, CONNS + 1, STEP_MS);
        pthread_mutex_lock(&f->lock);
        step(f);
        for (int i = 0; i < CONNS; i++) {
            if ((fds[i + 1].revents & (POLLIN | POLLHUP)) != 0) {
                take_bytes(f, &f->conn[i]);
            }
        }
        if ((fds[0].revents & POLLIN) != 0) {
            accept_one(f);
        }
        is_over = f->is_over;
        pthread_mutex_unlock(&f->lock);
    }
    return NULL;
}

static void open_tcp(struct fake_controller *f, const char *model, const char *options)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;

    f->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(f->listen_fd >= 0 && bind(f->listen_fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(f->listen_fd, CONNS) == 0);
    cr_assert_eq(getsockname(f->listen_fd, (struct sockaddr *)&a, &len), 0);
    snprintf(f->address, sizeof f->address, "%s,tcp:127.0.0.1:%d:1%s", model, ntohs(a.sin_port), options);
}

static void open_pty(struct fake_controller *f, const char *model, const char *options)
{
    struct termios raw;
    char name[64];
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    cr_assert(fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0 && ptsname_r(fd, name, sizeof name) == 0);
    f->held_fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    cr_assert(f->held_fd >= 0 && tcgetattr(f->held_fd, &raw) == 0);
    cfmakeraw(&raw);
    cr_assert_eq(tcsetattr(f->held_fd, TCSANOW, &raw), 0);
    f->conn[0].fd = fd;
    f->listen_fd = -1;
    snprintf(f->address, sizeof f->address, "%s,rtu:%s:9600:N:1%s", model, name, options);
}

struct fake_controller *fake_controller_start(const char *model, bool is_pty, uint16_t firmware)
{
    struct fake_controller *f = calloc(1, sizeof *f);
    enum controller_kind kind = CONTROLLER_NONE;

    cr_assert(f != NULL);
    cr_assert_eq(controller_parse(model, &kind), RC_OK);
    f->is_pty = is_pty;
    f->held_fd = -1;
    f->began_ms = clock_boot_ms();
    for (int i = 0; i < CONNS; i++) {
        f->conn[i].fd = -1;
    }
    board_init(&f->board, "W1", PHASES_L1_L2_L3, 32000);
    controller_init(&f->controller, kind, firmware, 32);
    (is_pty ? open_pty : open_tcp)(f, model, kind == CONTROLLER_EVSE ? ",meter=2" : "");
    cr_assert_eq(pthread_mutex_init(&f->lock, NULL), 0);
    cr_assert_eq(pthread_create(&f->thread, NULL, serve, f), 0);
    return f;
}

void fake_controller_stop(struct fake_controller *f)
{
    pthread_mutex_lock(&f->lock);
    f->is_over = true;
    pthread_mutex_unlock(&f->lock);
    cr_assert_eq(pthread_join(f->thread, NULL), 0);
    for (int i = 0; i < CONNS; i++) {
        close(f->conn[i].fd);
    }
    close(f->listen_fd);
    close(f->held_fd);
    free(f);
}

const char *fake_controller_address(const struct fake_controller *f)
{
    return f->address;
}

void fake_controller_look(struct fake_controller *f, struct fake_look *out)
{
    pthread_mutex_lock(&f->lock);
    *out = (struct fake_look){.pilot_ma = f->board.pilot_ma,
                              .is_closed = f->board.is_closed,
                              .set_a = f->controller.kind == CONTROLLER_CHARX && f->controller.release == 0 ? 0 : f->controller.set,
                              .boot_a = f->controller.saved[0],
                              .saved_n = f->controller.saved_n,
                              .limit_s = f->controller.limit_s,
                              .command = f->controller.command,
                              .energy_wh = f->board.energy_wh};
    pthread_mutex_unlock(&f->lock);
}

void fake_controller_plug(struct fake_controller *f)
{
    struct vehicle_spec spec;

    vehicle_spec_default(&spec);
    spec.up_ms = 100;
    pthread_mutex_lock(&f->lock);
    vehicle_plug(&f->board.vehicle, &spec);
    pthread_mutex_unlock(&f->lock);
}

void fake_controller_silence(struct fake_controller *f, bool is_silent)
{
    pthread_mutex_lock(&f->lock);
    board_fault_set(&f->board, BOARD_SILENT, is_silent);
    pthread_mutex_unlock(&f->lock);
}

void fake_controller_relay(struct fake_controller *f)
{
    pthread_mutex_lock(&f->lock);
    f->controller.has_relay = true;
    pthread_mutex_unlock(&f->lock);
}

void fake_controller_forget(struct fake_controller *f)
{
    pthread_mutex_lock(&f->lock);
    f->controller.set = f->controller.saved[0];
    f->controller.release = 0;
    pthread_mutex_unlock(&f->lock);
}
