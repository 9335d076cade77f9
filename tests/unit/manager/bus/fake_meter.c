#include "tests/unit/manager/bus/fake_meter.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "common/base/check.h"

#define TRICKLE_MS 300
#define LATE_TICKS 3
#define MAX_PDU 253

static uint16_t crc16(const uint8_t *bytes, int len)
{
    uint16_t crc = 0xFFFF;

    for (int i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (uint16_t)((crc & 1) != 0 ? (crc >> 1) ^ 0xA001 : crc >> 1);
        }
    }
    return crc;
}

static void send_all(int fd, const uint8_t *bytes, int len)
{
    (void)!write(fd, bytes, (size_t)len);
}

/* Wrap unit and PDU in the frame of the transport and send it, or keep it for trickling. */
static void answer(struct fake_meter *f, int fd, const uint8_t *request, const uint8_t *pdu, int pdu_len)
{
    uint8_t out[300];
    int len = 0;
    int mode = atomic_load(&f->mode);

    if (!f->is_rtu) {
        uint8_t header[6] = {request[0], request[1], 0, 0, (uint8_t)((pdu_len + 1) >> 8), (uint8_t)(pdu_len + 1)};
        header[1] = (uint8_t)(header[1] + (mode == FAKE_STRANGER ? 7 : 0));
        memcpy(out, header, 6);
        len = 6;
    }
    out[len++] = (uint8_t)(request[f->is_rtu ? 0 : 6] + (mode == FAKE_UNIT ? 1 : 0));
    memcpy(out + len, pdu, (size_t)pdu_len);
    out[len] = (uint8_t)(out[len] ^ (mode == FAKE_FUNCTION ? 3 ^ 4 : 0));
    len += pdu_len;
    if (f->is_rtu) {
        uint16_t crc = (uint16_t)(crc16(out, len) + (mode == FAKE_STRANGER ? 1 : 0));
        out[len++] = (uint8_t)crc;
        out[len++] = (uint8_t)(crc >> 8);
    }
    if (mode == FAKE_TRICKLE || mode == FAKE_LATE) {
        f->pending_ticks = mode == FAKE_LATE ? LATE_TICKS : 0;
        memcpy(f->pending, out, (size_t)len);
        f->pending_from = 0;
        f->pending_len = len;
        f->pending_fd = fd;
        return;
    }
    send_all(fd, out, len);
}

static void refuse(struct fake_meter *f, int fd, const uint8_t *request, uint8_t function, uint8_t code)
{
    uint8_t pdu[2] = {(uint8_t)(function | 0x80), code};

    answer(f, fd, request, pdu, 2);
}

/* unit, function, start, count stand at `body`. False: close the connection. */
static bool serve(struct fake_meter *f, int fd, const uint8_t *request, const uint8_t *body)
{
    uint8_t pdu[MAX_PDU + 8];
    int start = body[2] << 8 | body[3];
    int count = body[4] << 8 | body[5];
    int mode = atomic_load(&f->mode);
    int len = 2;

    atomic_fetch_add(&f->request_n, 1);
    if (mode == FAKE_CLOSES) {
        return false;
    }
    if (mode == FAKE_SILENT || (body[0] != f->unit && mode != FAKE_GATEWAY)) {
        return true;
    }
    if (body[0] != f->unit) {
        refuse(f, fd, request, body[1], 11);
        return true;
    }
    if (mode == FAKE_EXCEPTION || (mode == FAKE_NO_MORE && start != 40) || start + count > FAKE_REGISTERS - 1 || count > 125) {
        refuse(f, fd, request, body[1], 2);
        return true;
    }
    count += mode == FAKE_TOO_MANY ? 1 : 0;
    pdu[0] = body[1];
    pdu[1] = (uint8_t)(2 * count);
    for (int i = 0; i < count; i++) {
        pdu[len++] = (uint8_t)(f->at[start + i] >> 8);
        pdu[len++] = (uint8_t)f->at[start + i];
    }
    answer(f, fd, request, pdu, len);
    return true;
}

/* Requests are small and come whole: TCP 12 bytes, RTU 8. */
static bool on_readable(struct fake_meter *f, int fd)
{
    uint8_t in[64];
    ssize_t want = f->is_rtu ? 8 : 12;
    ssize_t n = read(fd, in, (size_t)want);

    if (n <= 0) {
        return f->is_rtu;
    }
    while (n < want) {
        ssize_t more = read(fd, in + n, (size_t)(want - n));
        if (more <= 0) {
            return false;
        }
        n += more;
    }
    CHECK(!f->is_rtu || crc16(in, 8) == 0);
    return serve(f, fd, in, f->is_rtu ? in : in + 6);
}

static void drop(struct fake_meter *f, int i)
{
    if (f->pending_fd == f->client_fd[i]) {
        f->pending_len = 0;
    }
    (void)close(f->client_fd[i]);
    f->client_fd[i] = -1;
}

static void on_connection(struct fake_meter *f)
{
    int fd = accept4(f->listen_fd, NULL, NULL, SOCK_CLOEXEC);

    for (int i = 0; i < FAKE_CLIENTS && fd >= 0; i++) {
        if (f->client_fd[i] < 0) {
            f->client_fd[i] = fd;
            return;
        }
    }
    (void)close(fd);
}

static void trickle(struct fake_meter *f)
{
    if (f->pending_ticks > 1) {
        f->pending_ticks--;
    } else if (f->pending_ticks == 1) {
        f->pending_ticks = 0;
        send_all(f->pending_fd, f->pending, f->pending_len);
        f->pending_from = f->pending_len;
    } else if (f->pending_from < f->pending_len) {
        send_all(f->pending_fd, &f->pending[f->pending_from++], 1);
    }
}

static void *fake_main(void *arg)
{
    struct fake_meter *f = arg;

    for (;;) {
        struct pollfd fds[FAKE_CLIENTS + 2] = {{.fd = f->stop_fd, .events = POLLIN}, {.fd = f->listen_fd, .events = POLLIN}};

        for (int i = 0; i < FAKE_CLIENTS; i++) {
            fds[i + 2] = (struct pollfd){.fd = f->client_fd[i], .events = POLLIN};
        }
        int n = poll(fds, FAKE_CLIENTS + 2, f->pending_from < f->pending_len ? TRICKLE_MS : -1);
        if (fds[0].revents != 0) {
            return NULL;
        }
        if (n == 0) {
            trickle(f);
        }
        if (fds[1].revents != 0 && f->is_rtu) {
            (void)on_readable(f, f->listen_fd);
        } else if (fds[1].revents != 0) {
            on_connection(f);
        }
        for (int i = 0; i < FAKE_CLIENTS; i++) {
            if (fds[i + 2].revents != 0 && !on_readable(f, f->client_fd[i])) {
                drop(f, i);
            }
        }
    }
}

static void start_thread(struct fake_meter *f)
{
    for (int i = 0; i < FAKE_CLIENTS; i++) {
        f->client_fd[i] = -1;
    }
    f->pending_fd = -1;
    f->stop_fd = eventfd(0, EFD_CLOEXEC);
    CHECK(f->stop_fd >= 0);
    CHECK(pthread_create(&f->thread, NULL, fake_main, f) == 0);
}

void fake_start(struct fake_meter *f)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    f->slave_fd = -1;
    f->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(f->listen_fd >= 0);
    CHECK(bind(f->listen_fd, (struct sockaddr *)&address, len) == 0);
    CHECK(listen(f->listen_fd, FAKE_CLIENTS) == 0);
    CHECK(getsockname(f->listen_fd, (struct sockaddr *)&address, &len) == 0);
    f->port = ntohs(address.sin_port);
    start_thread(f);
}

void fake_serve_on(struct fake_meter *f, int bound_fd)
{
    f->slave_fd = -1;
    f->listen_fd = bound_fd;
    CHECK(listen(bound_fd, FAKE_CLIENTS) == 0);
    start_thread(f);
}

void fake_start_rtu(struct fake_meter *f)
{
    struct termios raw;

    f->is_rtu = true;
    f->listen_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK(f->listen_fd >= 0);
    CHECK(grantpt(f->listen_fd) == 0);
    CHECK(unlockpt(f->listen_fd) == 0);
    CHECK(ptsname_r(f->listen_fd, f->device, sizeof(f->device)) == 0);
    f->slave_fd = open(f->device, O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK(f->slave_fd >= 0);
    CHECK(tcgetattr(f->slave_fd, &raw) == 0);
    cfmakeraw(&raw);
    CHECK(tcsetattr(f->slave_fd, TCSANOW, &raw) == 0);
    start_thread(f);
}

void fake_stop(struct fake_meter *f)
{
    uint64_t one = 1;

    CHECK(write(f->stop_fd, &one, sizeof(one)) == (ssize_t)sizeof(one));
    CHECK(pthread_join(f->thread, NULL) == 0);
    for (int i = 0; i < FAKE_CLIENTS; i++) {
        if (f->client_fd[i] >= 0) {
            (void)close(f->client_fd[i]);
        }
    }
    (void)close(f->listen_fd);
    (void)close(f->stop_fd);
    if (f->slave_fd >= 0) {
        (void)close(f->slave_fd);
    }
}

void fake_u32(struct fake_meter *f, uint16_t address, uint32_t value)
{
    f->at[address] = (uint16_t)(value >> 16);
    f->at[address + 1] = (uint16_t)value;
}

void fake_u64(struct fake_meter *f, uint16_t address, uint64_t value)
{
    fake_u32(f, address, (uint32_t)(value >> 32));
    fake_u32(f, (uint16_t)(address + 2), (uint32_t)value);
}

void fake_f32(struct fake_meter *f, uint16_t address, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    fake_u32(f, address, bits);
}

void fake_fill_em300(struct fake_meter *f)
{
    for (uint16_t i = 0; i < 3; i++) {
        uint16_t base = (uint16_t)(40 * (i + 1));

        fake_u32(f, base, (10u + i) * 2300);                     /* 0.1 W import */
        fake_u32(f, (uint16_t)(base + 20), 10000u + 1000u * i);  /* mA */
        fake_u32(f, (uint16_t)(base + 22), 230000u + 1000u * i); /* mV */
    }
    fake_u32(f, 0, 33u * 2300);
    fake_u32(f, 26, 50010);
    fake_u64(f, 512, 123456);
    fake_u64(f, 516, 789);
}

void fake_fill_sdm630(struct fake_meter *f)
{
    for (uint16_t i = 0; i < 3; i++) {
        fake_f32(f, (uint16_t)(2 * i), 230.0f + (float)i);
        fake_f32(f, (uint16_t)(6 + 2 * i), 10.0f + (float)i);
        fake_f32(f, (uint16_t)(12 + 2 * i), (i == 2 ? -230.0f : 230.0f) * (10.0f + (float)i));
    }
    fake_f32(f, 52, 2070.0f);
    fake_f32(f, 70, 50.01f);
    fake_f32(f, 72, 12.5f);
    fake_f32(f, 74, 0.0f);
}
