#include "tests/site/controller.h"

#include <string.h>

#include <criterion/criterion.h>

#include "common/base/units.h"

TestSuite(controller, .timeout = 10);

static const int32_t mains_mv[PHASE_N] = {230000, 230000, 230000};

struct rig {
    struct board b;
    struct controller c;
    int64_t now_ms;
    uint8_t out[256];
    size_t out_len;
};

static void rig_init(struct rig *r, enum controller_kind kind, uint16_t firmware)
{
    *r = (struct rig){.now_ms = 0};
    board_init(&r->b, "W1", PHASES_L1_L2_L3, 32000);
    controller_init(&r->c, kind, firmware, 32);
}

static void run(struct rig *r, int64_t to_ms)
{
    for (; r->now_ms <= to_ms; r->now_ms += 100) {
        board_count(&r->b, r->now_ms == 0 ? 0 : 100);
        controller_step(&r->c, &r->b, r->now_ms);
        board_step(&r->b, mains_mv, r->now_ms);
    }
}

static void plug(struct rig *r)
{
    struct vehicle_spec spec;

    vehicle_spec_default(&spec);
    vehicle_plug(&r->b.vehicle, &spec);
}

/* Value of one register; -1 for an exception, -2 for silence. */
static int read_one(struct rig *r, uint16_t address)
{
    uint8_t pdu[] = {3, (uint8_t)(address >> 8), (uint8_t)address, 0, 1};

    r->out_len = controller_answer(&r->c, &r->b, r->now_ms, pdu, sizeof pdu, r->out);
    if (r->out_len == 0) {
        return -2;
    }
    return r->out[0] == 3 ? (r->out[2] << 8) + r->out[3] : -1;
}

static bool write_one(struct rig *r, uint16_t address, uint16_t value)
{
    uint8_t pdu[] = {16, (uint8_t)(address >> 8), (uint8_t)address, 0, 1, 2, (uint8_t)(value >> 8), (uint8_t)value};

    r->out_len = controller_answer(&r->c, &r->b, r->now_ms, pdu, sizeof pdu, r->out);
    return r->out_len == 5 && r->out[0] == 16;
}

Test(controller, an_evse_charges_by_itself_with_its_current_after_a_start_and_with_the_current_it_is_told)
{
    struct rig r;

    rig_init(&r, CONTROLLER_EVSE, 17);
    cr_expect_eq(read_one(&r, 1002), 1);
    plug(&r);
    run(&r, 8000);
    cr_expect(r.b.is_closed); /* as delivered it needs nobody */
    cr_expect_eq(read_one(&r, 1002), 3);
    cr_expect_eq(read_one(&r, 1006), 2);
    cr_expect_eq(read_one(&r, 1007), 1);
    cr_expect(write_one(&r, 1000, 10));
    run(&r, 12000);
    cr_expect_eq(r.b.pilot_ma, 10000);
    cr_expect(write_one(&r, 1000, 0));
    run(&r, 20000);
    cr_expect_not(r.b.is_closed);
    cr_expect_eq(read_one(&r, 1006), 1);
    cr_expect_not(write_one(&r, 1000, 5)); /* nothing can signal that */
    cr_expect(write_one(&r, 2000, 0));
    board_power_cut(&r.b, r.now_ms + 500);
    run(&r, r.now_ms + 100);
    cr_expect_eq(read_one(&r, 1000), -2);
    run(&r, r.now_ms + 1000);
    cr_expect_eq(read_one(&r, 1000), 0);
}

Test(controller, an_evse_told_to_turn_off_opens_under_load)
{
    struct rig r;

    rig_init(&r, CONTROLLER_EVSE, 17);
    plug(&r);
    r.b.vehicle.spec.is_stubborn = true;
    run(&r, 8000);
    cr_expect(write_one(&r, 1004, 1));
    run(&r, 8200);
    cr_expect_not(r.b.is_closed);
}

Test(controller, old_firmware_gives_seven_registers)
{
    struct rig r;
    uint8_t eight[] = {3, 1000 >> 8, 1000 & 0xFF, 0, 8};

    rig_init(&r, CONTROLLER_EVSE, 15);
    cr_expect_eq(read_one(&r, 1006), 1);
    cr_expect_eq(read_one(&r, 1007), -1);
    controller_answer(&r.c, &r.b, 0, eight, sizeof eight, r.out);
    cr_expect_eq(r.out[0], 0x83);
}

Test(controller, an_evse_has_no_watchdog_but_a_relay_beside_it_has)
{
    struct rig r;
    uint8_t volts[] = {4, 0, 0, 0, 2};

    rig_init(&r, CONTROLLER_EVSE, 17);
    plug(&r);
    run(&r, 60000);
    cr_expect(r.b.is_closed);
    rig_init(&r, CONTROLLER_EVSE, 17);
    r.c.has_relay = true;
    plug(&r);
    run(&r, 2000);
    cr_expect_eq(read_one(&r, 1000), 32);
    run(&r, 4900);
    cr_expect(r.b.is_closed);
    run(&r, 5200);
    cr_expect_not(r.b.is_closed);
    cr_expect_eq(controller_meter_answer(&r.c, &r.b, r.now_ms, volts, sizeof volts, r.out), 0); /* behind the contactor there is nothing */
    run(&r, 6000);
    cr_expect(r.b.is_closed); /* its question was heard */
}

Test(controller, a_charx_takes_the_current_away_when_nobody_talks_to_it)
{
    struct rig r;

    rig_init(&r, CONTROLLER_CHARX, 0);
    plug(&r);
    run(&r, 2000);
    cr_expect_not(r.b.is_closed); /* no release */
    cr_expect(write_one(&r, 1306, 0) && write_one(&r, 1307, 3));
    cr_expect(write_one(&r, 1300, 1) && write_one(&r, 1301, 16));
    cr_expect_eq(read_one(&r, 1299), 'B' << 8 | '1');
    run(&r, 4500);
    cr_expect(r.b.is_closed);
    cr_expect_eq(read_one(&r, 1299), 'C' << 8 | '2');
    cr_expect_eq(read_one(&r, 1297), 16);
    run(&r, 7400);
    cr_expect_eq(r.b.pilot_ma, 16000);
    run(&r, 7700);
    cr_expect_eq(r.b.pilot_ma, 0);
}
