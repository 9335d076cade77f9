#include "tests/site/controller.h"

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "tests/site/modbus.h"

#define EVSE_FIRST 1000
#define EVSE_COUNT 10
#define EVSE_FEW 7 /* what old firmware gives */
#define EVSE_OLD 15
#define SAVED_FIRST 2000
#define SAVED_OPTIONS 5
#define FINE_BIT 0x80u
#define CHARX_NEVER 65535
#define CHARX_LEAST_A 6
#define CHARX_MOST_A 80
#define READ_MAX 125

static const char *const ids[CONTROLLER_N] = {"", "evse_wb_din", "phoenix_charx"};

enum rc controller_parse(const char *text, enum controller_kind *out)
{
    for (int i = CONTROLLER_EVSE; i < CONTROLLER_N; i++) {
        if (text_same(ids[i], text)) {
            *out = (enum controller_kind)i;
            return RC_OK;
        }
    }
    return RC_RANGE;
}

void controller_init(struct controller *c, enum controller_kind kind, uint16_t firmware, uint16_t boot_a)
{
    *c = (struct controller){.kind = kind, .firmware = firmware, .set = boot_a, .limit_s = CHARX_NEVER, .off_ms = MS_NEVER};
    c->saved[0] = boot_a;
    c->meter.model = model_find("eastron_sdm630");
    CHECK(c->meter.model != NULL);
}

static bool is_fine(const struct controller *c)
{
    return c->firmware > 16 && (c->saved[SAVED_OPTIONS] & FINE_BIT) != 0;
}

/* What its settings allow, the vehicle left aside. */
static int32_t told_ma(const struct controller *c, int64_t now_ms)
{
    bool is_alone = c->kind == CONTROLLER_CHARX && c->limit_s != CHARX_NEVER && now_ms - c->heard_ms >= (int64_t)c->limit_s * 1000;

    if (c->kind == CONTROLLER_EVSE) {
        return (c->command & 1u) != 0 ? 0 : c->set * (is_fine(c) ? 10 : 1000);
    }
    if (is_alone) {
        return c->fallback * 1000;
    }
    return c->release != 0 ? c->set * 1000 : 0;
}

static bool is_drawing(const struct board *b)
{
    return b->drawn_ma[0] > 0 || b->drawn_ma[1] > 0 || b->drawn_ma[2] > 0;
}

/* The relay has fallen: nobody has asked anything for too long. */
static bool is_dropped(const struct controller *c, int64_t now_ms)
{
    return c->has_relay && now_ms - c->heard_ms >= CONTROLLER_RELAY_MS;
}

/* What it holds in its memory only is as after a start. */
static void restart(struct controller *c)
{
    c->set = c->saved[0];
    c->command = 0;
    c->release = 0;
    c->off_ms = MS_NEVER;
}

void controller_step(struct controller *c, struct board *b, int64_t now_ms)
{
    int32_t ma = told_ma(c, now_ms);
    bool is_good = !board_fault_is(b, BOARD_DIODE) && !board_fault_is(b, BOARD_RESIDUAL) && !board_fault_is(b, BOARD_PILOT_SHORT);

    if (c->kind == CONTROLLER_NONE) {
        return;
    }
    if (!board_has_power(b)) {
        restart(c);
        return;
    }
    ma = b->vehicle.is_plugged && is_good ? min_i32(ma, min_i32(b->rated_ma, board_cable_ma(b))) : 0;
    b->pilot_ma = ma < PILOT_MIN_MA ? 0 : ma;
    if (b->pilot_ma > 0) {
        c->off_ms = MS_NEVER;
        b->wants_closed = b->vehicle.asks && !is_dropped(c, now_ms);
        return;
    }
    /* The pilot is away: the vehicle has its time to stop, unless it must open at once. */
    c->off_ms = c->off_ms == MS_NEVER ? now_ms : c->off_ms;
    if (!is_good || is_dropped(c, now_ms) || (c->command & 1u) != 0 || !is_drawing(b) || now_ms - c->off_ms >= BOARD_OPEN_MS) {
        b->wants_closed = false;
    }
}

static uint16_t evse_register(const struct controller *c, const struct board *b, int at)
{
    uint16_t vehicle = board_fault_is(b, BOARD_PILOT_SHORT) || board_fault_is(b, BOARD_PILOT_LOST) ? 5 : !b->vehicle.is_plugged ? 1 : !b->vehicle.asks ? 2 : 3;
    uint16_t status = (uint16_t)((b->is_closed ? 0x01 : 0) | (board_fault_is(b, BOARD_DIODE) ? 0x02 : 0) | (board_fault_is(b, BOARD_RESIDUAL) ? 0x20 : 0));

    switch (at) {
    case 0:
        return c->set;
    case 1:
        return (uint16_t)(b->pilot_ma / (is_fine(c) ? 10 : 1000));
    case 2:
        return vehicle == 3 && b->vehicle.spec.is_ventilated ? 4 : vehicle;
    case 3:
        return (uint16_t)(board_cable_ma(b) / 1000);
    case 4:
        return c->command;
    case 5:
        return c->firmware;
    case 6:
        return b->pilot_ma > 0 ? 2 : 1;
    case 7:
        return status;
    default: /* nothing counts down */
        return 0;
    }
}

/* A register of an EVSE. False: it has none there. */
static bool evse_read(const struct controller *c, const struct board *b, int address, uint16_t *out)
{
    int most_n = c->firmware <= EVSE_OLD ? EVSE_FEW : EVSE_COUNT;

    if (address >= EVSE_FIRST && address < EVSE_FIRST + most_n) {
        *out = evse_register(c, b, address - EVSE_FIRST);
        return true;
    }
    if (address >= SAVED_FIRST && address < SAVED_FIRST + CONTROLLER_SAVED) {
        *out = c->saved[address - SAVED_FIRST];
        return true;
    }
    return false;
}

/* A value of several registers, high word first, from its beginning. */
static uint16_t word_of(int64_t value, int words, int at)
{
    return (uint16_t)((uint64_t)value >> (16 * (words - 1 - at)));
}

static bool charx_read(const struct controller *c, const struct board *b, int address, uint16_t *out)
{
    const char *pilot = board_pilot_text(b);
    int32_t power_mw = board_power_w(b) * 1000;

    if (address >= 1232 && address < 1238) {
        *out = word_of(b->voltage_mv[(address - 1232) / 2], 2, (address - 1232) % 2);
    } else if (address >= 1238 && address < 1244) {
        *out = word_of(b->drawn_ma[(address - 1238) / 2], 2, (address - 1238) % 2);
    } else if (address >= 1244 && address < 1246) {
        *out = word_of(power_mw, 2, address - 1244);
    } else if (address >= 1250 && address < 1254) {
        *out = word_of(b->energy_wh, 4, address - 1250);
    } else {
        const uint16_t single[] = {[0] = (uint16_t)(b->pilot_ma / 1000),
                                   [1] = (uint16_t)(board_cable_ma(b) / 1000),
                                   [2] = (uint16_t)((pilot[0] << 8) | (pilot[1] == '\0' ? ' ' : pilot[1])),
                                   [3] = c->release,
                                   [4] = c->set,
                                   [5] = 0,
                                   [6] = 0,
                                   [7] = board_fault_is(b, BOARD_PILOT_LOST),
                                   [8] = 0,
                                   [9] = c->fallback,
                                   [10] = c->limit_s};

        if (address != 1112 && (address < 1297 || address > 1307)) {
            return false;
        }
        *out = address == 1112 ? 2 : single[address - 1297];
    }
    return true;
}

/* Write one register. False: it cannot be written, or not so. */
static bool write_one(struct controller *c, int address, uint16_t value)
{
    bool is_current = value == 0 || (value >= 6 && value <= (is_fine(c) ? 8000 : 80));

    if (c->kind == CONTROLLER_EVSE) {
        if (address == EVSE_FIRST && is_current) {
            c->set = value;
        } else if (address == EVSE_FIRST + 4) {
            c->command = value;
        } else if (address >= SAVED_FIRST && address < SAVED_FIRST + CONTROLLER_SAVED) {
            c->saved[address - SAVED_FIRST] = value;
            c->saved_n++;
        } else {
            return false;
        }
        return true;
    }
    uint16_t *to = address == 1300 ? &c->release : address == 1301 ? &c->set : address == 1306 ? &c->fallback : address == 1307 ? &c->limit_s : NULL;
    if (to == NULL || (address == 1301 && (value < CHARX_LEAST_A || value > CHARX_MOST_A))) {
        return false;
    }
    *to = value;
    return true;
}

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)((p[0] << 8) | p[1]);
}

static size_t exception(uint8_t function, uint8_t code, uint8_t *out)
{
    out[0] = (uint8_t)(function | 0x80u);
    out[1] = code;
    return 2;
}

static size_t answer_read(const struct controller *c, const struct board *b, const uint8_t *pdu, uint8_t *out)
{
    uint16_t count = be16(pdu + 3);

    if (count < 1 || count > READ_MAX) {
        return exception(pdu[0], 3, out);
    }
    for (int i = 0; i < count; i++) {
        int address = be16(pdu + 1) + i;
        uint16_t value = 0;

        if (!(c->kind == CONTROLLER_EVSE ? evse_read(c, b, address, &value) : charx_read(c, b, address, &value))) {
            return exception(pdu[0], 2, out);
        }
        out[2 + 2 * i] = (uint8_t)(value >> 8);
        out[3 + 2 * i] = (uint8_t)value;
    }
    out[0] = pdu[0];
    out[1] = (uint8_t)(count * 2);
    return 2 + 2 * (size_t)count;
}

static size_t answer_write(struct controller *c, const uint8_t *pdu, size_t pdu_len, uint8_t *out)
{
    uint16_t count = be16(pdu + 3);

    if (pdu_len != 6 + 2 * (size_t)count || pdu[5] != 2 * count) {
        return exception(pdu[0], 3, out);
    }
    for (int i = 0; i < count; i++) {
        if (!write_one(c, be16(pdu + 1) + i, be16(pdu + 6 + 2 * i))) {
            return exception(pdu[0], 2, out);
        }
    }
    for (int i = 0; i < 5; i++) {
        out[i] = pdu[i];
    }
    return 5;
}

size_t controller_answer(struct controller *c, const struct board *b, int64_t now_ms, const uint8_t *pdu, size_t pdu_len, uint8_t *out)
{
    if (!board_has_power(b) || board_fault_is(b, BOARD_SILENT)) {
        return 0;
    }
    c->heard_ms = now_ms;
    if (pdu_len >= 6 && pdu[0] == 16) {
        return answer_write(c, pdu, pdu_len, out);
    }
    if (pdu_len == 5 && (pdu[0] == 3 || (pdu[0] == 4 && c->kind == CONTROLLER_CHARX))) {
        return answer_read(c, b, pdu, out);
    }
    return exception(pdu[0], 1, out);
}

size_t controller_meter_answer(struct controller *c, const struct board *b, int64_t now_ms, const uint8_t *pdu, size_t pdu_len, uint8_t *out)
{
    struct quantities q = {.frequency_mhz = 50000, .import_mwh = {b->energy_wh * 1000}};

    c->heard_ms = now_ms;                                         /* the relay hears what is on the line */
    if (!board_has_power(b) || (c->has_relay && !b->is_closed)) { /* no supply */
        return 0;
    }
    for (int i = 0; i < PHASE_N; i++) {
        q.voltage_mv[i] = b->voltage_mv[i];
        q.current_ma[i] = b->drawn_ma[i];
        q.power_mw[i] = (int64_t)b->drawn_ma[i] * b->voltage_mv[i] / 1000;
    }
    image_encode(&c->meter, &q);
    return modbus_answer(&c->meter, pdu, pdu_len, out);
}
