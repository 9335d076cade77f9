#include "manager/shell/bus_address.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"

#define UNIT_TCP_ITSELF 255 /* a device with an address of its own needs no unit number */
#define UNIT_MAX 247
#define PORT_MAX 65535
#define BAUD_MAX 115200

static const int32_t bauds[] = {1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200};

/* Cut the part after the last colon off. NULL when there is no colon. */
static char *cut_last(char *text)
{
    char *colon = strrchr(text, ':');

    if (colon == NULL) {
        return NULL;
    }
    *colon = '\0';
    return colon + 1;
}

/* Decimal digits only, 0..max; -1 for anything else. */
static int32_t number_of(const char *text, int32_t max)
{
    int64_t n = 0;

    if (text == NULL || text[0] == '\0') {
        return -1;
    }
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        n = n * 10 + (text[i] - '0');
        if (n > max) {
            return -1;
        }
    }
    return (int32_t)n;
}

static char parity_of(const char *text)
{
    static const char *const names[] = {"N", "n", "none", "E", "e", "even", "O", "o", "odd"};

    for (size_t i = 0; text != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
        if (text_same(text, names[i])) {
            return "NEO"[i / 3];
        }
    }
    return '\0';
}

static bool baud_is_usual(int32_t baud)
{
    for (size_t i = 0; i < sizeof(bauds) / sizeof(bauds[0]); i++) {
        if (bauds[i] == baud) {
            return true;
        }
    }
    return false;
}

static const char *parse_tcp(char *rest, int32_t unit, struct bus_address *a)
{
    int32_t port = number_of(cut_last(rest), PORT_MAX);
    size_t len = strlen(rest);

    if (unit < 0 || (unit > UNIT_MAX && unit != UNIT_TCP_ITSELF)) {
        return "the unit must be 0..247 or 255";
    }
    if (port < 1) {
        return "the port must be 1..65535";
    }
    if (len >= 2 && rest[0] == '[' && rest[len - 1] == ']') {
        rest[len - 1] = '\0';
        rest++;
    }
    if (rest[0] == '\0' || text_copy(a->place, sizeof(a->place), rest) != RC_OK) {
        return "the host must be an IP address or a name";
    }
    a->kind = BUS_TCP;
    a->port = (uint16_t)port;
    a->unit = (uint8_t)unit;
    return NULL;
}

static const char *parse_rtu(char *rest, int32_t unit, struct bus_address *a)
{
    char parity = parity_of(cut_last(rest));
    int32_t baud = number_of(cut_last(rest), BAUD_MAX);

    if (unit < 1 || unit > UNIT_MAX) {
        return "the unit on a serial line must be 1..247";
    }
    if (parity == '\0') {
        return "the parity must be N, E or O";
    }
    if (!baud_is_usual(baud)) {
        return "the baud rate must be 1200, 2400, 4800, 9600, 19200, 38400, 57600 or 115200";
    }
    if (rest[0] != '/' || text_copy(a->place, sizeof(a->place), rest) != RC_OK) {
        return "the device must be a path such as /dev/ttyUSB0";
    }
    a->kind = BUS_RTU;
    a->baud = baud;
    a->parity = parity;
    a->unit = (uint8_t)unit;
    return NULL;
}

enum rc bus_address_parse(const char *text, struct bus_address *out, const char **out_why)
{
    struct bus_address a = {0};
    char copy[TEXT_LEN];
    const char *why = "the address must be " BUS_ADDRESS_FORMS;

    if (text_copy(copy, sizeof(copy), text) == RC_OK) {
        bool is_tcp = strncmp(copy, "tcp:", 4) == 0;
        bool is_rtu = strncmp(copy, "rtu:", 4) == 0;

        if (is_tcp || is_rtu) {
            char *rest = copy + 4;
            int32_t unit = number_of(cut_last(rest), UNIT_TCP_ITSELF);
            why = is_tcp ? parse_tcp(rest, unit, &a) : parse_rtu(rest, unit, &a);
        }
    }
    if (why != NULL) {
        *out_why = why;
        return RC_RANGE;
    }
    *out = a;
    return RC_OK;
}

bool bus_address_shares_line(const struct bus_address *a, const struct bus_address *b)
{
    return a->kind == b->kind && text_same(a->place, b->place) && (a->kind == BUS_RTU || a->port == b->port);
}

void bus_address_describe(const struct bus_address *address, char *out, size_t cap)
{
    if (address->kind == BUS_TCP) {
        (void)snprintf(out, cap, "%s port %u", address->place, (unsigned)address->port);
    } else {
        (void)snprintf(out, cap, "%s at %d baud, parity %c", address->place, (int)address->baud, address->parity);
    }
}
