#include "client/shell/board_modbus_map.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "client/shell/board_modbus_address.h"
#include "common/base/units.h"

TestSuite(board_modbus_map, .timeout = 10);

Test(board_modbus_map, addresses_are_read_and_wrong_ones_refused_with_what_is_allowed)
{
    static const struct {
        const char *text;
        enum board_watchdog watchdog; /* WATCHDOG_UNSET: refused */
    } rows[] = {
        {"evse_wb_din,rtu:/dev/ttyUSB0:9600:N:1,meter=2", WATCHDOG_NONE},
        {"evse_wb_din,tcp:192.168.1.5:502:1,meter=247", WATCHDOG_NONE},
        {"evse_wb_din,tcp:[::1]:502:1,meter=2,watchdog=external", WATCHDOG_EXTERNAL},
        {"phoenix_charx,tcp:10.0.0.1:502:255", WATCHDOG_HARDWARE},
        {"", WATCHDOG_UNSET},
        {"evse_wb_din", WATCHDOG_UNSET},
        {"evse,tcp:10.0.0.1:502:1,meter=2", WATCHDOG_UNSET},
        {"evse_wb_din,rtu:/dev/ttyUSB0:9600:N:1", WATCHDOG_UNSET},
        {"evse_wb_din,rtu:/dev/ttyUSB0:9600:N:1,meter=1", WATCHDOG_UNSET},
        {"evse_wb_din,rtu:/dev/ttyUSB0:9600:N:1,meter=0", WATCHDOG_UNSET},
        {"evse_wb_din,rtu:/dev/ttyUSB0:9600:N:1,meter=2,", WATCHDOG_UNSET},
        {"evse_wb_din,rtu:/dev/ttyUSB0:9600:X:1,meter=2", WATCHDOG_UNSET},
        {"evse_wb_din,rtu:/dev/ttyUSB0:300:N:1,meter=2", WATCHDOG_UNSET},
        {"evse_wb_din,rtu:/dev/ttyUSB0:99999999999:N:1,meter=2", WATCHDOG_UNSET},
        {"evse_wb_din,rtu:ttyUSB0:9600:N:1,meter=2", WATCHDOG_UNSET},
        {"evse_wb_din,rtu:/dev/ttyUSB0:9600:N:0,meter=2", WATCHDOG_UNSET},
        {"evse_wb_din,tcp:wallbox.local:502:1,meter=2", WATCHDOG_UNSET},
        {"evse_wb_din,tcp:10.0.0.1:502:250,meter=2", WATCHDOG_UNSET},
        {"evse_wb_din,udp:10.0.0.1:502:1,meter=2", WATCHDOG_UNSET},
        {"phoenix_charx,tcp:10.0.0.1:502:1,meter=2", WATCHDOG_UNSET},
        {"phoenix_charx,tcp:10.0.0.1:502:1,watchdog=external", WATCHDOG_UNSET},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mb_address a;
        const char *why = NULL;
        enum rc rc = mb_address_parse(rows[i].text, &a, &why);

        cr_expect_eq(rc, rows[i].watchdog == WATCHDOG_UNSET ? RC_RANGE : RC_OK, "%s", rows[i].text);
        if (rc == RC_OK) {
            cr_expect_eq(mb_address_watchdog(&a), rows[i].watchdog, "%s", rows[i].text);
        } else {
            cr_expect_not_null(why, "%s", rows[i].text);
        }
    }
}

static struct mb_regs evse_regs(const uint16_t values[10], uint16_t count)
{
    struct mb_regs r = {.n = 1, .block = {{.function = 3, .first = 1000, .count = count}}};

    memcpy(r.value[0], values, count * sizeof values[0]);
    return r;
}

Test(board_modbus_map, registers_of_an_evse_mean_what_its_makers_say)
{
    static const struct {
        struct mb_nature nature;
        uint16_t values[10];
        struct mb_reading want;
    } rows[] = {
        {{17, false}, {0, 0, 1, 0, 0, 17, 1, 0, 0, 0}, {.pilot = PILOT_A1}},
        {{17, false}, {16, 16, 2, 32, 0, 17, 2, 0, 0, 0}, {.pilot = PILOT_B2, .pilot_ma = 16000, .set_ma = 16000, .cable_ma = 32000}},
        {{17, false}, {16, 13, 3, 13, 0, 17, 2, 1, 0, 0}, {.pilot = PILOT_C2, .pilot_ma = 13000, .set_ma = 16000, .cable_ma = 13000, .is_on = true}},
        {{17, true}, {1375, 1375, 3, 32, 0, 17, 2, 1, 0, 0}, {.pilot = PILOT_C2, .pilot_ma = 13750, .set_ma = 13750, .cable_ma = 32000, .is_on = true}},
        {{15, false}, {16, 16, 3, 32, 0, 15, 2, 0, 0, 0}, {.pilot = PILOT_C2, .pilot_ma = 16000, .set_ma = 16000, .cable_ma = 32000, .is_on = true}},
        {{15, false}, {0, 16, 3, 32, 0, 15, 1, 0, 0, 0}, {.pilot = PILOT_C1, .cable_ma = 32000}},
        {{17, false}, {6, 6, 4, 20, 0, 17, 2, 0, 0, 0}, {.pilot = PILOT_D2, .pilot_ma = 6000, .set_ma = 6000, .cable_ma = 20000}},
        {{17, false}, {6, 0, 5, 0, 0, 17, 3, 2, 0, 0}, {.pilot = PILOT_E, .set_ma = 6000, .diode_failed = true}},
        {{17, false}, {6, 0, 2, 20, 0, 17, 1, 0x20, 0, 0}, {.pilot = PILOT_B1, .set_ma = 6000, .cable_ma = 20000, .residual = true}},
        {{17, false}, {6, 0, 2, 20, 0, 17, 1, 0x10, 0, 0}, {.pilot = PILOT_B1, .set_ma = 6000, .cable_ma = 20000, .residual = true}},
        {{17, false}, {6, 0, 2, 20, 0, 17, 1, 0x10, 0, 25}, {.pilot = PILOT_B1, .set_ma = 6000, .cable_ma = 20000}}, /* it tests itself */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct mb_reading *want = &rows[i].want;
        struct mb_regs r = evse_regs(rows[i].values, rows[i].nature.firmware > 15 ? 10 : 7);
        struct mb_reading got;

        cr_assert_eq(mb_evse_wb_din.decode(&rows[i].nature, &r, &got), RC_OK, "row %zu", i);
        cr_expect_eq(got.pilot, want->pilot, "row %zu: %d", i, got.pilot);
        cr_expect_eq(got.pilot_ma, want->pilot_ma, "row %zu: %d", i, got.pilot_ma);
        cr_expect_eq(got.set_ma, want->set_ma, "row %zu: %d", i, got.set_ma);
        cr_expect_eq(got.cable_ma, want->cable_ma, "row %zu: %d", i, got.cable_ma);
        cr_expect_eq(got.is_on, want->is_on, "row %zu", i);
        cr_expect_eq(got.diode_failed, want->diode_failed, "row %zu", i);
        cr_expect_eq(got.residual, want->residual, "row %zu", i);
    }
}

Test(board_modbus_map, impossible_registers_of_an_evse_are_refused)
{
    static const uint16_t no_state[10] = {0, 0, 0, 0, 0, 17, 1, 0, 0, 0};
    static const uint16_t much[10] = {81, 0, 1, 0, 0, 17, 1, 0, 0, 0};
    struct mb_nature nature = {.firmware = 17};
    struct mb_reading got;
    struct mb_regs r = evse_regs(no_state, 10);

    cr_expect_eq(mb_evse_wb_din.decode(&nature, &r, &got), RC_RANGE);
    cr_expect_eq(mb_evse_wb_din.learn(&r, &nature), RC_RANGE);
    r = evse_regs(much, 10);
    cr_expect_eq(mb_evse_wb_din.decode(&nature, &r, &got), RC_RANGE);
}

Test(board_modbus_map, a_controller_is_never_told_more_than_was_granted)
{
    static const int32_t currents_ma[] = {0, 6000, 6999, 13750, 13759, 31999, 80000};
    struct mb_nature coarse = {.firmware = 17};
    struct mb_nature fine = {.firmware = 17, .is_fine = true};

    for (size_t i = 0; i < sizeof currents_ma / sizeof currents_ma[0]; i++) {
        int32_t ma = currents_ma[i];
        struct mb_write w = mb_evse_wb_din.offer(&coarse, ma);

        cr_expect(w.first == 1000 && w.count == 1 && w.value[0] * 1000 <= ma && w.value[0] * 1000 > ma - 1000);
        cr_expect_eq(w.value[0] * 1000, mb_rounded_ma(&coarse, ma));
        w = mb_evse_wb_din.offer(&fine, ma);
        cr_expect(w.value[0] * 10 <= ma && w.value[0] * 10 > ma - 10);
        cr_expect_eq(w.value[0] * 10, mb_rounded_ma(&fine, ma));
        w = mb_phoenix_charx.offer(&coarse, ma);
        cr_expect(w.first == 1300 && w.value[0] == (ma > 0 ? 1 : 0) && w.count == (ma > 0 ? 2 : 1));
        cr_expect(ma == 0 || w.value[1] * 1000 == mb_rounded_ma(&coarse, ma));
    }
}

static void put(struct mb_regs *r, uint16_t address, int64_t value, int words)
{
    for (uint8_t i = 0; i < r->n; i++) {
        for (int k = 0; k < words; k++) {
            int at = address + k - r->block[i].first;

            if (at >= 0 && at < r->block[i].count) {
                r->value[i][at] = (uint16_t)((uint64_t)value >> (16 * (words - 1 - k)));
            }
        }
    }
}

static struct mb_regs charx_regs(void)
{
    struct mb_nature nature = {0};
    struct mb_regs r;

    memset(&r, 0, sizeof r);
    mb_phoenix_charx.blocks(&nature, &r);
    for (int p = 0; p < PHASE_N; p++) {
        put(&r, (uint16_t)(1232 + 2 * p), 230000 + p, 2);
        put(&r, (uint16_t)(1238 + 2 * p), 15900 + p, 2);
    }
    put(&r, 1244, 10971000, 2);
    put(&r, 1250, INT64_C(5000000123), 4);
    put(&r, 1297, 16, 1);
    put(&r, 1298, 32, 1);
    put(&r, 1299, 'C' << 8 | '2', 1);
    put(&r, 1300, 1, 1);
    put(&r, 1301, 16, 1);
    return r;
}

Test(board_modbus_map, registers_of_a_charx_mean_what_its_maker_says)
{
    struct mb_nature nature = {0};
    struct mb_regs r = charx_regs();
    struct mb_reading got;

    cr_assert_eq(mb_phoenix_charx.decode(&nature, &r, &got), RC_OK);
    cr_expect(got.pilot == PILOT_C2 && got.pilot_ma == 16000 && got.set_ma == 16000 && got.is_on && got.cable_ma == 32000 && got.has_meter);
    cr_expect(got.voltage_mv[2] == 230002 && got.current_ma[1] == 15901 && got.power_w == 10971 && got.energy_wh == INT64_C(5000000123));
    put(&r, 1238, -1, 2); /* it does not know: as much as it may be */
    cr_assert_eq(mb_phoenix_charx.decode(&nature, &r, &got), RC_OK);
    cr_expect_eq(got.current_ma[0], 16000);
    put(&r, 1300, 0, 1);
    put(&r, 1299, 'B' << 8 | '1', 1);
    cr_assert_eq(mb_phoenix_charx.decode(&nature, &r, &got), RC_OK);
    cr_expect(got.pilot == PILOT_B1 && got.pilot_ma == 0 && got.set_ma == 0 && !got.is_on && got.current_ma[0] == 0);
    put(&r, 1304, 1, 1);
    cr_assert_eq(mb_phoenix_charx.decode(&nature, &r, &got), RC_OK);
    cr_expect_eq(got.pilot, PILOT_F);
    put(&r, 1299, 'X' << 8 | '1', 1);
    cr_expect_eq(mb_phoenix_charx.decode(&nature, &r, &got), RC_RANGE);
    r = charx_regs();
    put(&r, 1238, INT32_MIN, 2);
    cr_expect_eq(mb_phoenix_charx.decode(&nature, &r, &got), RC_RANGE);
}

Test(board_modbus_map, figures_of_a_charx_that_cannot_be_are_no_reading)
{
    static const struct {
        uint16_t address;
        int words;
        int64_t good;
        int64_t bad;
    } edges[] = {{1232, 2, -1, -2},
                 {1234, 2, MV_MAX, MV_MAX + 1},
                 {1240, 2, MA_MAX, MA_MAX + 1},
                 {1242, 2, -MA_MAX, -MA_MAX - 1},
                 {1250, 4, 0, -1},
                 {1250, 4, INT64_C(10000000000), INT64_C(10000000001)}};
    struct mb_nature nature = {0};
    struct mb_reading got;

    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        struct mb_regs r = charx_regs();

        put(&r, edges[i].address, edges[i].good, edges[i].words);
        cr_expect_eq(mb_phoenix_charx.decode(&nature, &r, &got), RC_OK, "%zu", i);
        cr_expect_geq(got.voltage_mv[0], 0); /* not known is not measured */
        put(&r, edges[i].address, edges[i].bad, edges[i].words);
        cr_expect_eq(mb_phoenix_charx.decode(&nature, &r, &got), RC_RANGE, "%zu", i);
    }
}

Test(board_modbus_map, a_charx_without_a_meter_is_none_that_is_used)
{
    struct mb_regs r = {.n = 1, .block = {{.function = 3, .first = 1112, .count = 1}}};
    struct mb_nature nature;

    cr_expect_eq(mb_phoenix_charx.learn(&r, &nature), RC_RANGE);
    r.value[0][0] = 65535;
    cr_expect_eq(mb_phoenix_charx.learn(&r, &nature), RC_RANGE);
    r.value[0][0] = 2;
    cr_expect_eq(mb_phoenix_charx.learn(&r, &nature), RC_OK);
}

static void put_float(struct mb_regs *r, uint16_t address, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    put(r, address, bits, 2);
}

Test(board_modbus_map, the_meter_counts_in_wh_and_nonsense_is_refused)
{
    struct mb_regs r;
    struct mb_reading got;

    memset(&r, 0, sizeof r);
    mb_meter_blocks(&r);
    put_float(&r, 0, 230.5f);
    put_float(&r, 6, -15.25f); /* mounted the other way round: a current all the same */
    put_float(&r, 12, 3515.0f);
    put_float(&r, 72, 1234.567f);
    cr_assert_eq(mb_meter_decode(&r, &got), RC_OK);
    cr_expect(got.voltage_mv[0] == 230500 && got.current_ma[0] == 15250 && got.power_w == 3515 && got.has_meter);
    cr_expect_eq(got.energy_wh, 1234567);
    put(&r, 72, 0x7FC00000, 2);
    cr_expect_eq(mb_meter_decode(&r, &got), RC_RANGE);
    put_float(&r, 72, -1.0f);
    cr_expect_eq(mb_meter_decode(&r, &got), RC_RANGE);
    put_float(&r, 72, 1.0f);
    put_float(&r, 8, 1e30f);
    cr_expect_eq(mb_meter_decode(&r, &got), RC_RANGE);
}
