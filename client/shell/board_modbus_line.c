#include "client/shell/board_modbus_line.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <modbus/modbus.h>

#include "common/base/check.h"
#include "common/os/clock.h"

#define FRAME_BYTES 16 /* of request and answer around the registers */

static void sleep_ms(int64_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    if (ms > 0) {
        (void)nanosleep(&t, NULL); /* cut short by a signal: the pause is a courtesy */
    }
}

static socklen_t length_of(const struct sockaddr_storage *a)
{
    return a->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

/* A connected socket, or -1 with errno. */
static int dial(const struct sockaddr_storage *to)
{
    int fd = socket(to->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    int error = 0;
    int yes = 1;
    socklen_t len = sizeof error;

    if (fd < 0) {
        return -1;
    }
    if (connect(fd, (const struct sockaddr *)to, length_of(to)) != 0) {
        error = errno;
    }
    if (error == EINPROGRESS) {
        error = ETIMEDOUT;
        if (poll(&wait, 1, MB_WAIT_MS) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
            error = errno;
        }
    }
    if (error != 0) {
        (void)close(fd);
        errno = error;
        return -1;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* without it a request is only slower */
    return fd;
}

static enum rc open_modbus(struct mb_line *l, const struct mb_place *place)
{
    /* The host given to libmodbus is never used: it gets a connected socket. */
    modbus_t *modbus = place->is_tcp ? modbus_new_tcp("127.0.0.1", 502) : modbus_new_rtu(place->text, place->baud, place->parity, 8, 1);

    if (modbus == NULL) {
        return RC_IO;
    }
    CHECK(modbus_set_error_recovery(modbus, MODBUS_ERROR_RECOVERY_NONE) == 0);
    CHECK(modbus_set_byte_timeout(modbus, 0, 0) == 0); /* it would begin anew with every byte */
    CHECK(modbus_set_response_timeout(modbus, 0, MB_WAIT_MS * 1000) == 0);
    CHECK(modbus_set_slave(modbus, 1) == 0); /* modbus_connect wants any */
    if (place->is_tcp) {
        l->fd = dial(&place->address);
        if (l->fd >= 0) {
            CHECK(modbus_set_socket(modbus, l->fd) == 0);
        }
    } else {
        l->fd = modbus_connect(modbus) == 0 ? modbus_get_socket(modbus) : -1;
    }
    if (l->fd < 0) {
        modbus_free(modbus);
        return RC_IO;
    }
    l->modbus = modbus;
    return RC_OK;
}

enum rc mb_line_open(struct mb_line *l, const struct mb_place *place, const char **out_why)
{
    *l = (struct mb_line){.is_tcp = place->is_tcp, .fd = -1};
    if (open_modbus(l, place) != RC_OK) {
        *out_why = strerrordesc_np(errno);
        *out_why = *out_why == NULL ? "cannot be opened" : *out_why;
        return RC_IO;
    }
    if (l->fd >= FD_SETSIZE) { /* libmodbus waits with select() */
        mb_line_close(l);
        *out_why = "too many files are open";
        return RC_IO;
    }
    if (!l->is_tcp) {
        l->byte_us = (place->parity == 'N' ? 10 : 11) * 1000000 / place->baud;
    }
    return RC_OK;
}

void mb_line_close(struct mb_line *l)
{
    if (l->modbus != NULL) {
        modbus_close(l->modbus);
        modbus_free(l->modbus);
        l->modbus = NULL;
        l->fd = -1;
    }
}

/* Before a request: the pause, what noise left behind, and the time that it may take. */
static void prepare(struct mb_line *l, uint8_t unit, uint16_t count)
{
    int64_t wait_us;

    CHECK(modbus_set_slave(l->modbus, unit) == 0);
    if (l->is_tcp) {
        return;
    }
    sleep_ms(l->quiet_ms + MB_GAP_MS - clock_boot_ms());
    (void)modbus_flush(l->modbus);
    wait_us = MB_RTU_WAIT_MS * 1000 + (int64_t)l->byte_us * (FRAME_BYTES + 2 * count);
    CHECK(modbus_set_response_timeout(l->modbus, (uint32_t)(wait_us / 1000000), (uint32_t)(wait_us % 1000000)) == 0);
}

/* After a request that failed. On a serial line the next pause lets a late answer pass. */
static enum rc failed(struct mb_line *l, int error)
{
    if (error >= EMBXILFUN && error <= EMBXGTAR) {
        return RC_REFUSED;
    }
    if (l->is_tcp || error == EIO || error == EBADF || error == ENXIO || error == ENODEV) {
        mb_line_close(l);
    }
    return RC_IO;
}

enum rc mb_line_read(struct mb_line *l, uint8_t unit, const struct mb_block *block, uint16_t *out)
{
    int n;

    if (l->modbus == NULL) {
        return RC_IO;
    }
    prepare(l, unit, block->count);
    errno = 0;
    n = block->function == 3 ? modbus_read_registers(l->modbus, block->first, block->count, out)
                             : modbus_read_input_registers(l->modbus, block->first, block->count, out);
    l->quiet_ms = clock_boot_ms();
    return n == block->count ? RC_OK : failed(l, errno);
}

enum rc mb_line_read_all(struct mb_line *l, uint8_t unit, struct mb_regs *r)
{
    enum rc rc = RC_OK;

    for (uint8_t i = 0; i < r->n && rc == RC_OK; i++) {
        CHECK(r->block[i].count <= MB_COUNT_MAX);
        rc = mb_line_read(l, unit, &r->block[i], r->value[i]);
    }
    return rc;
}

enum rc mb_line_write(struct mb_line *l, uint8_t unit, const struct mb_write *w)
{
    int n;

    if (w->count == 0) {
        return RC_OK;
    }
    if (l->modbus == NULL) {
        return RC_IO;
    }
    prepare(l, unit, w->count);
    errno = 0;
    n = modbus_write_registers(l->modbus, w->first, w->count, w->value);
    l->quiet_ms = clock_boot_ms();
    return n == w->count ? RC_OK : failed(l, errno);
}
