/* Phoenix Contact CHARX: a charge controller with a meter, and a watchdog that takes the current away when nobody talks to it. First charging
 * point; function 3 and 16, high word first. */
#include <stddef.h>

#include "client/shell/board_modbus_map.h"
#include "common/base/units.h"

#define METER_TYPE 1112 /* 0 and 65,535: none */
#define VOLTAGE 1232    /* mV, int32, three */
#define CURRENT 1238    /* mA, int32, three */
#define POWER 1244      /* mW, int32 */
#define ENERGY 1250     /* Wh, 64 bits */
#define SETPOINT 1297   /* A */
#define CABLE 1298      /* A */
#define STATE 1299      /* two characters: "B2" */
#define RELEASE 1300
#define MOST_CURRENT 1301 /* A */
#define STATE_F 1304
#define WATCHDOG_CURRENT 1306 /* A: what it falls back to */
#define WATCHDOG_TIME 1307    /* s; 65,535 off */

#define WATCHDOG_S 3
#define UNKNOWN (-1)
#define NO_METER 65535
#define CURRENT_LEAST_MA 6000
#define CURRENT_MOST_A 80
#define WH_MOST INT64_C(10000000000)

static const struct mb_setup setup[] = {
    {RELEASE, 0, "its release cannot be taken away: it must be that of Modbus"},
    {WATCHDOG_CURRENT, 0, "its current without a connection cannot be set to 0"},
    {WATCHDOG_TIME, WATCHDOG_S, "its watchdog cannot be set"},
};

static enum rc learn(const struct mb_regs *r, struct mb_nature *out)
{
    uint16_t type = mb_u16(r, METER_TYPE);

    *out = (struct mb_nature){0};
    return type == 0 || type == NO_METER ? RC_RANGE : RC_OK;
}

static void blocks(const struct mb_nature *n, struct mb_regs *out)
{
    static const struct mb_block all[] = {{3, VOLTAGE, 14}, {3, ENERGY, 4}, {3, SETPOINT, 3}, {3, RELEASE, 2}, {3, STATE_F, 1}};

    (void)n;
    out->n = sizeof all / sizeof all[0];
    for (uint8_t i = 0; i < out->n; i++) {
        out->block[i] = all[i];
    }
}

static enum rc pilot_of(uint16_t text, enum pilot_state *out)
{
    static const enum pilot_state pilots[][2] = {{PILOT_A1, PILOT_A2}, {PILOT_B1, PILOT_B2}, {PILOT_C1, PILOT_C2}, {PILOT_D1, PILOT_D2}};
    char letter = (char)(text >> 8);
    bool has_pwm = (text & 0xFFu) == '2';

    if (letter == 'E' || letter == 'F') {
        *out = letter == 'E' ? PILOT_E : PILOT_F;
        return RC_OK;
    }
    if (letter < 'A' || letter > 'D') {
        return RC_RANGE;
    }
    *out = pilots[letter - 'A'][has_pwm ? 1 : 0];
    return RC_OK;
}

/* Voltage and current of a phase. RC_RANGE: beyond everything that there is. */
static enum rc phase_of(const struct mb_regs *r, int phase, struct mb_reading *out)
{
    int32_t mv = mb_i32(r, (uint16_t)(VOLTAGE + 2 * phase));
    int32_t ma = mb_i32(r, (uint16_t)(CURRENT + 2 * phase));

    if (mv < UNKNOWN || mv > MV_MAX || ma < -MA_MAX || ma > MA_MAX) {
        return RC_RANGE;
    }
    out->voltage_mv[phase] = max_i32(0, mv);
    out->current_ma[phase] = ma < 0 ? -ma : ma;
    if (ma == UNKNOWN) { /* as much as it may be */
        out->current_ma[phase] = out->is_on ? out->pilot_ma : 0;
    }
    return RC_OK;
}

static enum rc decode(const struct mb_nature *n, const struct mb_regs *r, struct mb_reading *out)
{
    int64_t energy_wh = mb_i64(r, ENERGY);
    uint16_t text = mb_u16(r, STATE);
    int32_t power_mw = mb_i32(r, POWER);

    (void)n;
    *out = (struct mb_reading){.has_meter = true};
    if (pilot_of(text, &out->pilot) != RC_OK || mb_u16(r, SETPOINT) > CURRENT_MOST_A || mb_u16(r, MOST_CURRENT) > CURRENT_MOST_A) {
        return RC_RANGE;
    }
    if (energy_wh < 0 || energy_wh > WH_MOST) { /* the largest reading counts for good: an impossible one would end all counting */
        return RC_RANGE;
    }
    if (mb_u16(r, STATE_F) != 0) {
        out->pilot = PILOT_F;
    }
    out->pilot_ma = (text & 0xFFu) == '2' ? mb_u16(r, SETPOINT) * 1000 : 0;
    out->set_ma = mb_u16(r, RELEASE) != 0 ? mb_u16(r, MOST_CURRENT) * 1000 : 0;
    out->is_on = out->pilot == PILOT_C2 || out->pilot == PILOT_D2;
    out->cable_ma = mb_u16(r, CABLE) * 1000;
    for (int p = 0; p < PHASE_N; p++) {
        if (phase_of(r, p, out) != RC_OK) {
            return RC_RANGE;
        }
    }
    out->power_w = power_mw > 0 ? power_mw / 1000 : 0;
    out->energy_wh = energy_wh;
    return RC_OK;
}

static struct mb_write offer(const struct mb_nature *n, int32_t pilot_ma)
{
    (void)n;
    if (pilot_ma < CURRENT_LEAST_MA) {
        return (struct mb_write){.first = RELEASE, .count = 1, .value = {0}};
    }
    return (struct mb_write){.first = RELEASE, .count = 2, .value = {1, (uint16_t)(pilot_ma / 1000)}};
}

static struct mb_write hold_off(bool is_off)
{
    (void)is_off;
    return (struct mb_write){.count = 0};
}

const struct mb_map mb_phoenix_charx = {.id = "phoenix_charx",
                                        .watchdog = WATCHDOG_HARDWARE,
                                        .needs_meter = false,
                                        .setup = setup,
                                        .setup_n = sizeof setup / sizeof setup[0],
                                        .nature = {{.function = 3, .first = METER_TYPE, .count = 1}},
                                        .learn = learn,
                                        .blocks = blocks,
                                        .decode = decode,
                                        .offer = offer,
                                        .hold_off = hold_off};
