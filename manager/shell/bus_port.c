#include "manager/shell/bus_port.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <modbus/modbus.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "common/os/clock.h"

#define DIAL_MAX 4       /* addresses tried of a host name */
#define LINE_QUIET_MS 50 /* after so long without a byte an answer is over */
#define PLACE_LEN (TEXT_LEN + 40)

/* A request and an answer over TCP: transaction, protocol, length, unit, function; then address and count, or bytes and registers, or the
 * exception. */
#define AT_LENGTH 4
#define AT_UNIT 6
#define AT_FUNCTION 7
#define AT_COUNT 8
#define REQUEST_LEN 12
#define ANSWER_MIN 9
#define EXCEPTION_BIT 0x80
#define EXCEPTION_N 12

const char *bus_trouble_text(enum bus_trouble trouble)
{
    static const char *const texts[BUS_TROUBLE_N] = {
        [BUS_GOOD] = "good",
        [BUS_MISCONFIGURED] = "misconfigured",
        [BUS_UNREACHABLE] = "unreachable",
        [BUS_LOST] = "lost",
        [BUS_SILENT] = "silent",
        [BUS_GARBLED] = "garbled",
        [BUS_NO_UNIT] = "no_unit",
        [BUS_EXCEPTION] = "exception",
        [BUS_IMPLAUSIBLE] = "implausible",
        [BUS_STOPPED] = "stopped",
    };

    return trouble < BUS_TROUBLE_N ? texts[trouble] : "unknown";
}

enum rc bus_port_init(struct bus_port *p, struct lowfd *lowfd, const struct bus_address *address, struct bus_stop *stop)
{
    *p = (struct bus_port){.lowfd = lowfd, .stop = stop, .address = *address};
    if (lowfd_take(lowfd, &p->low_fd) != RC_OK) {
        return RC_FULL;
    }
    /* The host given to libmodbus is never used: it gets a connected socket. */
    p->modbus = address->kind == BUS_TCP ? modbus_new_tcp("127.0.0.1", address->port) : modbus_new_rtu(address->place, address->baud, address->parity, 8, 1);
    if (p->modbus == NULL) {
        lowfd_give(lowfd, p->low_fd);
        return RC_IO;
    }
    CHECK(modbus_set_error_recovery(p->modbus, MODBUS_ERROR_RECOVERY_NONE) == 0);
    /* A byte time-out restarts with every byte: a peer that trickles would hold a request for minutes. 0 turns it off. */
    CHECK(modbus_set_byte_timeout(p->modbus, 0, 0) == 0);
    CHECK(modbus_set_response_timeout(p->modbus, 0, BUS_TCP_WAIT_MS * 1000) == 0);
    return RC_OK;
}

/* Wait for events on fd (-1: none) or the stop. Returns false at the end of time and on the stop. */
static bool wait_on(const struct bus_stop *stop, int fd, short events, int64_t until_ms)
{
    struct pollfd fds[2] = {{.fd = fd, .events = events}, {.fd = stop->fd, .events = POLLIN}};
    int64_t left_ms;

    while ((left_ms = until_ms - clock_boot_ms()) > 0 && !atomic_load(&stop->is_set)) {
        int n = poll(fds, 2, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);

        if (n > 0 && fds[0].revents != 0) {
            return true;
        }
        if (n > 0 || (n < 0 && errno != EINTR)) {
            return false;
        }
    }
    return false;
}

bool bus_port_idle(struct bus_port *p, int64_t ms)
{
    (void)wait_on(p->stop, -1, 0, clock_boot_ms() + ms);
    return !atomic_load(&p->stop->is_set);
}

/* A connected socket, or -1 with errno. */
static int dial(const struct bus_stop *stop, const struct addrinfo *to, int64_t until_ms)
{
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = 0;
    int yes = 1;
    socklen_t len = sizeof(error);

    if (fd < 0) {
        return -1;
    }
    if (connect(fd, to->ai_addr, to->ai_addrlen) != 0) {
        error = errno;
    }
    if (error == EINPROGRESS) {
        error = ETIMEDOUT;
        if (wait_on(stop, fd, POLLOUT, until_ms) && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
            error = errno;
        }
    }
    if (error != 0) {
        (void)close(fd);
        errno = error;
        return -1;
    }
    /* Without it a request is only slower. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    return fd;
}

static const char *system_text(int error)
{
    const char *text = strerrordesc_np(error);

    return text == NULL ? "unknown error" : text;
}

static enum rc fault_set(struct bus_fault *out, enum bus_trouble trouble, const char *before, const struct bus_port *p, const char *after)
{
    char place[PLACE_LEN];

    bus_address_describe(&p->address, place, sizeof(place));
    out->exception = 0;
    out->trouble = atomic_load(&p->stop->is_set) ? BUS_STOPPED : trouble;
    (void)snprintf(out->text, sizeof(out->text), "%s %s: %s", before, place, after);
    return RC_IO;
}

static enum rc open_tcp(struct bus_port *p, struct bus_fault *out_fault)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char service[8];
    int fd = -1;

    (void)snprintf(service, sizeof(service), "%u", (unsigned)p->address.port);
    int error = getaddrinfo(p->address.place, service, &hints, &list);
    if (error != 0) {
        return fault_set(out_fault, BUS_UNREACHABLE, "cannot resolve the host of", p, gai_strerror(error));
    }
    int64_t until_ms = clock_boot_ms() + BUS_TCP_WAIT_MS;
    const struct addrinfo *to = list;
    for (int i = 0; i < DIAL_MAX && to != NULL && fd < 0; i++) {
        fd = dial(p->stop, to, until_ms);
        to = to->ai_next;
    }
    error = errno;
    freeaddrinfo(list);
    if (fd < 0) {
        return fault_set(out_fault, BUS_UNREACHABLE, "cannot connect to", p, error == ETIMEDOUT ? "nothing answers at this address" : system_text(error));
    }
    if (lowfd_place(p->lowfd, p->low_fd, fd) != RC_OK) {
        return fault_set(out_fault, BUS_UNREACHABLE, "cannot connect to", p, "no file descriptor");
    }
    return RC_OK;
}

/* libmodbus opens and sets up the line without select(); the descriptor it got may be high, so it moves to the low one before the first
 * request. The line is never given to modbus_close, which would free the low number. */
static enum rc open_rtu(struct bus_port *p, struct bus_fault *out_fault)
{
    CHECK(modbus_set_slave(p->modbus, 1) == 0); /* modbus_connect wants any */
    if (modbus_connect(p->modbus) != 0) {
        return fault_set(out_fault, BUS_UNREACHABLE, "cannot open", p, system_text(errno));
    }
    if (lowfd_place(p->lowfd, p->low_fd, modbus_get_socket(p->modbus)) != RC_OK) {
        return fault_set(out_fault, BUS_UNREACHABLE, "cannot open", p, "no file descriptor");
    }
    return RC_OK;
}

enum rc bus_port_open(struct bus_port *p, struct bus_fault *out_fault)
{
    CHECK(!p->is_open);
    enum rc rc = p->address.kind == BUS_TCP ? open_tcp(p, out_fault) : open_rtu(p, out_fault);

    if (rc != RC_OK) {
        return rc;
    }
    CHECK(modbus_set_socket(p->modbus, p->low_fd) == 0);
    p->is_open = true;
    return RC_OK;
}

static const char *exception_text(int code)
{
    switch (code) {
    case 1:
        return "function not supported (exception 1): not this model";
    case 2:
        return "no such registers (exception 2): not this model, or Modbus is limited in its settings";
    case 3:
        return "request refused (exception 3): it does not give so many registers at once; not this model";
    case 4:
        return "it reports a failure of its own (exception 4)";
    case 5:
    case 6:
        return "it is busy (exception 5 or 6)";
    default:
        return "it refuses the request";
    }
}

/* What libmodbus' errno means. A TCP connection whose next answer may belong to an earlier request is closed. */
static enum rc read_failed(struct bus_port *p, uint8_t unit, int error, struct bus_fault *out_fault)
{
    char who[48];
    int exception = error - MODBUS_ENOBASE;

    (void)snprintf(who, sizeof(who), "unit %u at", (unsigned)unit);
    if (error == EMBXGPATH || error == EMBXGTAR) {
        (void)fault_set(out_fault, BUS_NO_UNIT, who, p, "the gateway finds no meter with this unit number");
        out_fault->exception = (uint8_t)exception;
        return RC_REFUSED;
    }
    if (error >= EMBXILFUN && error <= EMBXGTAR) {
        (void)fault_set(out_fault, BUS_EXCEPTION, who, p, exception_text(exception));
        out_fault->exception = (uint8_t)exception;
        return RC_REFUSED;
    }
    bool is_garbled = error == EMBBADCRC || error == EMBBADDATA || error == EMBBADEXC || error == EMBUNKEXC || error == EMBMDATA || error == EMBBADSLAVE;
    bool is_silent = error == ETIMEDOUT;
    if (p->address.kind == BUS_TCP || (!is_garbled && !is_silent)) {
        bus_port_close(p);
    }
    if (is_garbled) {
        (void)fault_set(out_fault, BUS_GARBLED, who, p,
                        error == EMBBADSLAVE ? "the answer does not fit the question: another unit answers than was asked"
                                             : "the answer does not fit the question: not Modbus, wrong parity or baud rate, or two devices with one number");
        return RC_MALFORMED;
    }
    if (is_silent) {
        return fault_set(out_fault, BUS_SILENT, who, p, "no complete answer in time: wrong unit number, Modbus switched off, or wiring");
    }
    return fault_set(out_fault, BUS_LOST, who, p, error == ECONNRESET ? "the connection was closed by the other side" : system_text(error));
}

/* What is wrong with an answer over TCP, as an errno of libmodbus; 0: nothing. It is at least as long as an exception's. */
static int answer_fault(const uint8_t *answer, int len, const uint8_t *request, uint16_t count)
{
    bool is_exception = answer[AT_FUNCTION] == (request[AT_FUNCTION] | EXCEPTION_BIT);
    int follows = answer[AT_LENGTH] << 8 | answer[AT_LENGTH + 1];

    if (memcmp(answer, request, AT_LENGTH) != 0 || follows != len - AT_UNIT) {
        return EMBBADDATA; /* of another transaction, or no Modbus */
    }
    if (answer[AT_UNIT] != request[AT_UNIT]) {
        return EMBBADSLAVE;
    }
    if (is_exception) {
        return len == ANSWER_MIN && answer[AT_COUNT] >= 1 && answer[AT_COUNT] < EXCEPTION_N ? MODBUS_ENOBASE + answer[AT_COUNT] : EMBBADEXC;
    }
    return answer[AT_FUNCTION] != request[AT_FUNCTION] || answer[AT_COUNT] != 2 * count || len != ANSWER_MIN + 2 * count ? EMBBADDATA : 0;
}

/* As modbus_read_registers, which over TCP does not look at the unit that answers. Returns the count, or -1 with errno. */
static int read_tcp(struct bus_port *p, const struct bus_request *request, uint16_t *out)
{
    uint8_t answer[MODBUS_TCP_MAX_ADU_LENGTH];
    uint8_t ask[REQUEST_LEN];

    p->transaction++;
    const uint16_t words[] = {p->transaction, 0, REQUEST_LEN - AT_UNIT, (uint16_t)(request->unit << 8 | request->function), request->address, request->count};
    for (int i = 0; i < REQUEST_LEN; i++) {
        ask[i] = (uint8_t)(words[i / 2] >> (i % 2 == 0 ? 8 : 0));
    }
    if (send(p->low_fd, ask, sizeof(ask), MSG_NOSIGNAL) != (ssize_t)sizeof(ask)) {
        return -1;
    }
    int len = modbus_receive_confirmation(p->modbus, answer);
    if (len < 0) {
        return -1;
    }
    int fault = len < ANSWER_MIN ? EMBBADDATA : answer_fault(answer, len, ask, request->count);
    if (fault != 0) {
        errno = fault;
        return -1;
    }
    for (int i = 0; i < request->count; i++) {
        out[i] = (uint16_t)(answer[ANSWER_MIN + 2 * i] << 8 | answer[ANSWER_MIN + 2 * i + 1]);
    }
    return request->count;
}

/* Wait for an answer that comes too late, until the line is quiet again. Returns how long after `asked_ms` it came; 0: it did not. */
static int32_t await_late(struct bus_port *p, int64_t asked_ms)
{
    int64_t until_ms = asked_ms + BUS_RTU_LATE_MS;
    int64_t came_ms = 0;
    uint8_t dropped[MODBUS_RTU_MAX_ADU_LENGTH];

    while (wait_on(p->stop, p->low_fd, POLLIN, came_ms == 0 ? until_ms : min_i64(until_ms, clock_boot_ms() + LINE_QUIET_MS))) {
        if (read(p->low_fd, dropped, sizeof(dropped)) <= 0) {
            break;
        }
        came_ms = came_ms == 0 ? clock_boot_ms() : came_ms;
    }
    return came_ms == 0 ? 0 : (int32_t)(came_ms - asked_ms);
}

static int32_t rtu_wait_ms(const struct bus_port *p, const struct bus_request *request)
{
    int32_t own_ms = request->wait_ms > 0 ? request->wait_ms : BUS_RTU_WAIT_MS;

    return own_ms + regmap_wire_ms(request->count, p->address.baud, p->address.parity != 'N');
}

static int read_rtu(struct bus_port *p, const struct bus_request *request, uint16_t *out)
{
    int32_t wait_ms = rtu_wait_ms(p, request);

    CHECK(modbus_set_slave(p->modbus, request->unit) == 0);
    CHECK(modbus_set_response_timeout(p->modbus, (uint32_t)(wait_ms / 1000), (uint32_t)(wait_ms % 1000) * 1000) == 0);
    /* What a late answer or noise left behind would be taken for the next answer. */
    (void)modbus_flush(p->modbus);
    return request->function == 3 ? modbus_read_registers(p->modbus, request->address, request->count, out)
                                  : modbus_read_input_registers(p->modbus, request->address, request->count, out);
}

enum rc bus_port_read(struct bus_port *p, const struct bus_request *request, uint16_t *out, struct bus_fault *out_fault)
{
    bool is_rtu = p->address.kind == BUS_RTU;

    CHECK(p->is_open);
    CHECK(request->count >= 1);
    CHECK(request->count <= REGMAP_REGISTER_MAX);
    if (is_rtu && !bus_port_idle(p, request->gap_ms)) {
        return fault_set(out_fault, BUS_STOPPED, "", p, "nobody waits for it");
    }
    int64_t asked_ms = clock_boot_ms();
    errno = 0;
    int n = is_rtu ? read_rtu(p, request, out) : read_tcp(p, request, out);
    int error = errno;
    if (n == request->count) {
        return RC_OK;
    }
    int32_t late_ms = is_rtu && p->awaits_late && error == ETIMEDOUT ? await_late(p, asked_ms) : 0;
    enum rc rc = read_failed(p, request->unit, error, out_fault);
    if (late_ms > 0) {
        char who[48];

        (void)snprintf(who, sizeof(who), "unit %u answers only after %d ms at", (unsigned)request->unit, (int)late_ms);
        rc = fault_set(out_fault, BUS_SILENT, who, p, "too late: it is overloaded, or something delays the line");
    }
    return rc;
}

void bus_port_interrupt(struct bus_port *p)
{
    /* The number is always ours (lowfd.h): on a line that is closed or serial this fails and changes nothing. */
    (void)shutdown(p->low_fd, SHUT_RDWR);
}

void bus_port_close(struct bus_port *p)
{
    if (p->is_open) {
        lowfd_clear(p->lowfd, p->low_fd);
        p->is_open = false;
    }
}

void bus_port_deinit(struct bus_port *p)
{
    if (p->modbus == NULL) {
        return;
    }
    bus_port_close(p);
    modbus_free(p->modbus); /* frees memory only, closes nothing */
    lowfd_give(p->lowfd, p->low_fd);
    p->modbus = NULL;
}
