#include "client/shell/board_modbus_address.h"

#include <string.h>

#include "client/shell/board_modbus_map.h"
#include "common/base/text.h"
#include "common/os/tcp.h"

#define COPY_LEN 256
#define UNIT_MAX 247
#define UNIT_TCP_ITSELF 255
#define BAUD_LEAST 1200
#define BAUD_MOST 115200

/* Cut the part after the last `mark` off. NULL when there is none. */
static char *cut_last(char *text, char mark)
{
    char *at = strrchr(text, mark);

    if (at == NULL) {
        return NULL;
    }
    *at = '\0';
    return at + 1;
}

/* Decimal digits only, lo..hi; -1 for anything else. */
static int32_t number_of(const char *text, int32_t lo, int32_t hi)
{
    int64_t n = 0;

    if (text == NULL || text[0] == '\0') {
        return -1;
    }
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (text[i] < '0' || text[i] > '9' || n > hi) {
            return -1;
        }
        n = n * 10 + (text[i] - '0');
    }
    return n < lo || n > hi ? -1 : (int32_t)n;
}

static const char *parse_rtu(char *text, struct mb_place *out)
{
    const char *parity = cut_last(text, ':');

    out->baud = number_of(cut_last(text, ':'), BAUD_LEAST, BAUD_MOST);
    if (out->baud < 0 || parity == NULL || strlen(parity) != 1 || strchr("NEO", parity[0]) == NULL) {
        return "a line rtu:DEVICE:BAUD:PARITY:UNIT with 1200..115200 baud and parity N, E or O";
    }
    out->parity = parity[0];
    if (text[0] != '/' || text_copy(out->text, sizeof out->text, text) != RC_OK) {
        return "a device that is a path such as /dev/ttyUSB0";
    }
    return NULL;
}

static const char *parse_line(char *text, struct mb_address *a)
{
    bool is_tcp = strncmp(text, "tcp:", 4) == 0;
    int32_t unit = number_of(cut_last(text, ':'), is_tcp ? 0 : 1, is_tcp ? UNIT_TCP_ITSELF : UNIT_MAX);

    if (!is_tcp && strncmp(text, "rtu:", 4) != 0) {
        return "a line tcp:ADDRESS:PORT:UNIT or rtu:DEVICE:BAUD:PARITY:UNIT";
    }
    if (unit < 0 || (unit > UNIT_MAX && unit < UNIT_TCP_ITSELF)) {
        return "a unit of 1..247, over TCP also 0 and 255";
    }
    a->unit = (uint8_t)unit;
    a->place.is_tcp = is_tcp;
    if (!is_tcp) {
        return parse_rtu(text + 4, &a->place);
    }
    if (text_copy(a->place.text, sizeof a->place.text, text + 4) != RC_OK || tcp_parse_address(a->place.text, &a->place.address) != RC_OK) {
        return "a line tcp:ADDRESS:PORT:UNIT with a numeric address";
    }
    return NULL;
}

static const char *parse_option(const char *text, struct mb_address *a)
{
    if (text_same(text, "watchdog=external")) {
        a->has_relay = true;
        return NULL;
    }
    if (strncmp(text, "meter=", 6) == 0 && number_of(text + 6, 1, UNIT_MAX) > 0) {
        a->meter_unit = (uint8_t)number_of(text + 6, 1, UNIT_MAX);
        return NULL;
    }
    return "options meter=UNIT (1..247) and watchdog=external only";
}

static const char *check(const struct mb_address *a)
{
    if (a->map->needs_meter && a->meter_unit == 0) {
        return "meter=UNIT: this controller measures nothing itself";
    }
    if (!a->map->needs_meter && (a->meter_unit != 0 || a->has_relay)) {
        return "no options: this controller has a meter and a watchdog of its own";
    }
    if (a->meter_unit != 0 && a->meter_unit == a->unit) {
        return "two units: controller and meter may not share one";
    }
    return NULL;
}

/* The parts between the commas, from the left. */
static const char *parse_parts(char *text, struct mb_address *a)
{
    char *rest = strchr(text, ',');
    const char *why = "MODEL,LINE with a model of evse_wb_din or phoenix_charx";

    if (rest == NULL) {
        return why;
    }
    *rest++ = '\0';
    a->map = mb_map_find(text);
    if (a->map == NULL) {
        return why;
    }
    for (int i = 0; rest != NULL; i++) {
        char *next = strchr(rest, ',');

        if (next != NULL) {
            *next++ = '\0';
        }
        why = i == 0 ? parse_line(rest, a) : parse_option(rest, a);
        if (why != NULL) {
            return why;
        }
        rest = next;
    }
    return check(a);
}

enum rc mb_address_parse(const char *text, struct mb_address *out, const char **out_why)
{
    struct mb_address a = {0};
    char copy[COPY_LEN];
    const char *why = text_copy(copy, sizeof copy, text) == RC_OK ? parse_parts(copy, &a) : "less than 256 bytes";

    if (why != NULL) {
        *out_why = why;
        return RC_RANGE;
    }
    *out = a;
    return RC_OK;
}

enum board_watchdog mb_address_watchdog(const struct mb_address *a)
{
    return a->has_relay ? WATCHDOG_EXTERNAL : a->map->watchdog;
}
