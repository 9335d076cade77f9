/* Simple EVSE WB/DIN: a whole charge controller with a serial line and no watchdog. Its contactor follows pilot and vehicle by itself. */
#include <stddef.h>

#include "client/shell/board_modbus_map.h"

#define SET_CURRENT 1000 /* A; 0 off */
#define ACTUAL_CURRENT 1001
#define VEHICLE 1002 /* 1 none, 2 present, 3 asks, 4 asks for ventilation, 5 failure */
#define CABLE 1003
#define COMMAND 1004 /* bit 0: turn off now */
#define FIRMWARE 1005
#define OUTPUT 1006 /* 1 steady, 2 PWM, 3 off */
#define STATUS 1007
#define TEST_COUNTDOWN 1009
#define BOOT_CURRENT 2000
#define OPTIONS 2005

#define FEW 7 /* registers that firmware up to 15 gives at once */
#define MANY 10
#define MANY_FROM 16 /* firmware */
#define FINE_FROM 17
#define FINE_BIT 0x80u
#define OUTPUT_PWM 2
#define TURN_OFF 0x01u
#define STATUS_RELAY 0x01u
#define STATUS_DIODE 0x02u
#define STATUS_TEST 0x10u /* residual current, or a test of it that runs */
#define STATUS_RESIDUAL 0x20u
#define CURRENT_MOST_MA 80000

static const struct mb_setup setup[] = {
    {SET_CURRENT, 0, "its current cannot be set to 0"}, {BOOT_CURRENT, 0, "its current after a start cannot be set to 0"}, /* kept by it: written once */
};

static enum rc learn(const struct mb_regs *r, struct mb_nature *out)
{
    uint16_t vehicle = mb_u16(r, VEHICLE);

    out->firmware = mb_u16(r, FIRMWARE);
    out->is_fine = out->firmware >= FINE_FROM && (mb_u16(r, OPTIONS) & FINE_BIT) != 0;
    return vehicle >= 1 && vehicle <= 5 ? RC_OK : RC_RANGE;
}

static void blocks(const struct mb_nature *n, struct mb_regs *out)
{
    out->n = 1;
    out->block[0] = (struct mb_block){.function = 3, .first = SET_CURRENT, .count = n->firmware >= MANY_FROM ? MANY : FEW};
}

static int32_t current_ma(const struct mb_nature *n, uint16_t value)
{
    return value * (n->is_fine ? 10 : 1000);
}

static enum rc decode(const struct mb_nature *n, const struct mb_regs *r, struct mb_reading *out)
{
    static const enum pilot_state pilots[][2] = {
        {PILOT_A1, PILOT_A2}, {PILOT_B1, PILOT_B2}, {PILOT_C1, PILOT_C2}, {PILOT_D1, PILOT_D2}, {PILOT_E, PILOT_E},
    };
    uint16_t vehicle = mb_u16(r, VEHICLE);
    uint16_t status = mb_u16(r, STATUS);
    bool has_pwm = mb_u16(r, OUTPUT) == OUTPUT_PWM;
    bool is_testing = mb_u16(r, TEST_COUNTDOWN) > 0;

    *out = (struct mb_reading){0};
    out->set_ma = current_ma(n, mb_u16(r, SET_CURRENT));
    if (vehicle < 1 || vehicle > 5 || out->set_ma > CURRENT_MOST_MA) {
        return RC_RANGE;
    }
    out->pilot = pilots[vehicle - 1][has_pwm ? 1 : 0];
    out->pilot_ma = has_pwm ? current_ma(n, mb_u16(r, ACTUAL_CURRENT)) : 0;
    out->cable_ma = mb_u16(r, CABLE) * 1000;
    /* The first firmwares do not tell: closed whenever it may be. */
    out->is_on = n->firmware >= MANY_FROM ? (status & STATUS_RELAY) != 0 : vehicle >= 3 && has_pwm;
    out->diode_failed = (status & STATUS_DIODE) != 0;
    out->residual = (status & STATUS_RESIDUAL) != 0 || ((status & STATUS_TEST) != 0 && !is_testing);
    return RC_OK;
}

static struct mb_write offer(const struct mb_nature *n, int32_t pilot_ma)
{
    return (struct mb_write){.first = SET_CURRENT, .count = 1, .value = {(uint16_t)(pilot_ma / (n->is_fine ? 10 : 1000))}};
}

static struct mb_write hold_off(bool is_off)
{
    return (struct mb_write){.first = COMMAND, .count = 1, .value = {is_off ? TURN_OFF : 0}};
}

const struct mb_map mb_evse_wb_din = {.id = "evse_wb_din",
                                      .watchdog = WATCHDOG_NONE,
                                      .needs_meter = true,
                                      .setup = setup,
                                      .setup_n = sizeof setup / sizeof setup[0],
                                      .nature = {{.function = 3, .first = SET_CURRENT, .count = FEW}, {.function = 3, .first = OPTIONS, .count = 1}},
                                      .learn = learn,
                                      .blocks = blocks,
                                      .decode = decode,
                                      .offer = offer,
                                      .hold_off = hold_off};
