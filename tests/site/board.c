#include "tests/site/board.h"

#include "common/base/check.h"
#include "common/base/text.h"

struct fault_row {
    const char *name;
    uint16_t code; /* 0: seen by its effect alone */
};

static const struct fault_row fault_rows[BOARD_FAULT_N] = {
    [BOARD_WELDED] = {"welded", 0},
    [BOARD_STUCK] = {"stuck", 0},
    [BOARD_PILOT_SHORT] = {"pilot_short", 0},
    [BOARD_PILOT_LOST] = {"pilot_lost", 0},
    [BOARD_METER_STUCK] = {"meter_stuck", 0},
    [BOARD_SILENT] = {"silent", 0},
    [BOARD_RESIDUAL] = {"residual", 8005},
    [BOARD_CABLE] = {"cable", 8},
    [BOARD_LOAD] = {"load", 5},
    [BOARD_SAFETY] = {"safety", 8007},
    [BOARD_EARTH] = {"earth", 9004},
    [BOARD_CCID] = {"ccid", 9005},
    [BOARD_MODULE] = {"module", 9011},
    [BOARD_DIODE] = {"diode", 0},
};

/* Without power and before a client has said anything all lamps are dark. */
static void darken(struct board *b)
{
    for (int i = 0; i < BOARD_LAMP_N; i++) {
        rc_ignore(text_copy(b->lamp[i], BOARD_LAMP_LEN, "dark:steady"));
    }
    rc_ignore(text_copy(b->tone, sizeof b->tone, "none"));
    b->tone_n = 0;
    b->is_locked = false;
}

void board_init(struct board *b, const char *serial, enum phase_assign phases, int32_t rated_ma)
{
    *b = (struct board){.phases = phases, .rated_ma = rated_ma, .temperature_mdegc = 25000, .dark_until_ms = MS_NEVER};
    enum rc rc = text_copy(b->serial, sizeof b->serial, serial);
    CHECK(rc == RC_OK);
    vehicle_unplug(&b->vehicle);
    darken(b);
}

bool board_has_power(const struct board *b)
{
    return b->dark_until_ms == MS_NEVER;
}

bool board_fault_is(const struct board *b, enum board_fault fault)
{
    return (b->faults & (UINT32_C(1) << fault)) != 0;
}

void board_fault_set(struct board *b, enum board_fault fault, bool is_on)
{
    CHECK(fault < BOARD_FAULT_N);
    if (is_on) {
        b->faults |= UINT32_C(1) << fault;
    } else {
        b->faults &= ~(UINT32_C(1) << fault);
    }
}

enum rc board_fault_parse(const char *text, enum board_fault *out)
{
    for (int i = 0; i < BOARD_FAULT_N; i++) {
        if (text_same(fault_rows[i].name, text)) {
            *out = (enum board_fault)i;
            return RC_OK;
        }
    }
    return RC_RANGE;
}

enum rc board_code_set(struct board *b, uint16_t code, bool is_on)
{
    uint16_t at = 0;
    while (at < b->codes_n && b->codes[at] != code) {
        at++;
    }
    if (at < b->codes_n && !is_on) {
        b->codes[at] = b->codes[--b->codes_n];
    } else if (at == b->codes_n && is_on) {
        if (b->codes_n == FAULT_MAX) {
            return RC_FULL;
        }
        b->codes[b->codes_n++] = code;
    }
    return RC_OK;
}

uint16_t board_codes(const struct board *b, uint16_t out[FAULT_MAX])
{
    uint16_t n = 0;
    for (int i = 0; i < BOARD_FAULT_N && n < FAULT_MAX; i++) {
        if (board_fault_is(b, (enum board_fault)i) && fault_rows[i].code != 0) {
            out[n++] = fault_rows[i].code;
        }
    }
    for (uint16_t i = 0; i < b->codes_n && n < FAULT_MAX; i++) {
        out[n++] = b->codes[i];
    }
    return n;
}

static void fire(struct board *b, int64_t now_ms)
{
    b->firing_n++;
    b->is_armed = false;
    b->is_latched = true;
    b->fired_ms = now_ms;
    b->pilot_ma = 0;
}

enum rc board_attach(struct board *b)
{
    if (!board_has_power(b)) {
        return RC_REFUSED;
    }
    b->cycle = 0; /* the numbers of this client begin anew */
    return RC_OK;
}

void board_detach(struct board *b, int64_t now_ms)
{
    if (b->is_armed) {
        fire(b, now_ms);
    }
}

bool board_command(struct board *b, uint32_t cycle, int32_t pilot_ma, bool wants_closed, uint32_t rearm, int64_t now_ms)
{
    CHECK(pilot_ma == 0 || pilot_ma >= PILOT_MIN_MA);
    if (!board_has_power(b) || board_fault_is(b, BOARD_SILENT) || (b->is_latched && rearm != b->firing_n)) {
        return false;
    }
    b->is_latched = false;
    b->is_armed = true;
    b->fed_ms = now_ms;
    b->cycle = cycle;
    b->pilot_ma = pilot_ma;
    b->wants_closed = wants_closed;
    return true;
}

void board_power_cut(struct board *b, int64_t until_ms)
{
    b->dark_until_ms = until_ms;
    b->pilot_ma = 0;
    b->is_armed = false;
    b->is_latched = false;
    b->firing_n = 0;
    b->cycle = 0;
    b->wants_closed = false;
    b->power_failed = true;
    darken(b);
}

void board_count(struct board *b, int64_t dt_ms)
{
    CHECK(dt_ms >= 0);
    int64_t mwms = 0;
    for (int i = 0; i < PHASE_N; i++) {
        mwms += (int64_t)b->drawn_ma[i] * b->voltage_mv[i] / 1000 * dt_ms;
    }
    vehicle_feed(&b->vehicle, mwms);
    if (board_fault_is(b, BOARD_METER_STUCK)) {
        return;
    }
    b->carried_mwms += mwms;
    b->energy_wh += b->carried_mwms / MWMS_PER_WH;
    b->carried_mwms %= MWMS_PER_WH;
}

static bool is_drawing(const struct board *b)
{
    return b->drawn_ma[0] > 0 || b->drawn_ma[1] > 0 || b->drawn_ma[2] > 0;
}

static void step_contactor(struct board *b, int64_t now_ms)
{
    bool wants_closed = b->wants_closed;
    if (b->is_latched && (!is_drawing(b) || now_ms - b->fired_ms >= BOARD_OPEN_MS)) {
        b->wants_closed = false;
        wants_closed = false;
    }
    if (wants_closed && !board_fault_is(b, BOARD_STUCK) && board_has_power(b)) {
        b->is_closed = true;
    }
    if (!wants_closed && !board_fault_is(b, BOARD_WELDED)) {
        b->is_closed = false;
    }
}

void board_step(struct board *b, const int32_t voltage_mv[PHASE_N], int64_t now_ms)
{
    bool has_mains = true;
    if (!board_has_power(b) && now_ms >= b->dark_until_ms) {
        b->dark_until_ms = MS_NEVER;
    }
    if (!board_has_power(b)) {
        has_mains = false; /* the whole wallbox is dark, so even a welded contactor passes nothing */
    }
    if (b->is_armed && now_ms - b->fed_ms >= BOARD_WATCHDOG_MS) {
        fire(b, now_ms);
    }
    for (int i = 0; i < PHASE_N; i++) {
        bool is_wired = phase_of_terminal(b->phases, i) >= 0;
        int32_t mv = b->forced_mv[i] > 0 ? b->forced_mv[i] : voltage_mv[i];
        b->voltage_mv[i] = is_wired && has_mains ? mv : 0;
    }
    step_contactor(b, now_ms);
    vehicle_step(&b->vehicle, b->pilot_ma, b->is_closed && has_mains, now_ms);
    int used_n = min_i32(b->vehicle.spec.phases_n, phase_wired_n(b->phases));
    bool flows = b->is_closed && has_mains;
    for (int i = 0; i < PHASE_N; i++) {
        b->drawn_ma[i] = flows && i < used_n ? vehicle_draw_ma(&b->vehicle) : 0;
    }
}

const char *board_pilot_text(const struct board *b)
{
    bool has_pwm = b->pilot_ma >= PILOT_MIN_MA;
    if (board_fault_is(b, BOARD_PILOT_SHORT)) {
        return "E";
    }
    if (board_fault_is(b, BOARD_PILOT_LOST)) {
        return "F";
    }
    if (!b->vehicle.is_plugged) {
        return has_pwm ? "A2" : "A1";
    }
    if (!b->vehicle.asks) {
        return has_pwm ? "B2" : "B1";
    }
    if (b->vehicle.spec.is_ventilated) {
        return has_pwm ? "D2" : "D1";
    }
    return has_pwm ? "C2" : "C1";
}

int32_t board_cable_ma(const struct board *b)
{
    return b->vehicle.is_plugged ? b->vehicle.spec.cable_ma : 0;
}

int32_t board_power_w(const struct board *b)
{
    int64_t uw = 0;
    for (int i = 0; i < PHASE_N; i++) {
        uw += (int64_t)b->drawn_ma[i] * b->voltage_mv[i];
    }
    return (int32_t)div_down(uw, 1000000);
}
