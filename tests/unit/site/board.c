#include <string.h>

#include <criterion/criterion.h>

#include "tests/site/board.h"

TestSuite(board, .timeout = 10);

static const int32_t mains_mv[PHASE_N] = {230000, 230000, 230000};

static void steps(struct board *b, int64_t from_ms, int64_t to_ms)
{
    for (int64_t t = from_ms; t <= to_ms; t += 100) {
        board_count(b, t == 0 ? 0 : 100);
        board_step(b, mains_mv, t);
    }
}

static void plug(struct board *b, int32_t max_ma)
{
    struct vehicle_spec spec;
    vehicle_spec_default(&spec);
    spec.max_ma = max_ma;
    vehicle_plug(&b->vehicle, &spec);
}

/* Charging with 16 A on three phases at 10 s, fed at 10 s. */
static struct board charging(void)
{
    struct board b;
    board_init(&b, "W1", PHASES_L1_L2_L3, 32000);
    plug(&b, 16000);
    for (int64_t t = 0; t <= 10000; t += 100) {
        cr_assert(board_command(&b, (uint32_t)(t / 100 + 1), 16000, true, 0, t));
        steps(&b, t, t);
    }
    cr_assert_eq(b.drawn_ma[0], 16000);
    cr_assert_eq(b.drawn_ma[2], 16000);
    cr_assert_str_eq(board_pilot_text(&b), "C2");
    return b;
}

Test(board, shows_the_pilot_states)
{
    struct board b;
    board_init(&b, "W1", PHASES_L1, 16000);
    cr_assert_str_eq(board_pilot_text(&b), "A1");
    plug(&b, 16000);
    cr_assert_str_eq(board_pilot_text(&b), "B1");
    cr_assert(board_command(&b, 1, 6000, false, 0, 0));
    steps(&b, 0, 900);
    cr_assert_str_eq(board_pilot_text(&b), "B2");
    steps(&b, 1000, 1000);
    cr_assert_str_eq(board_pilot_text(&b), "C2");
    b.vehicle.spec.is_ventilated = true;
    cr_assert_str_eq(board_pilot_text(&b), "D2");
    board_fault_set(&b, BOARD_PILOT_SHORT, true);
    cr_assert_str_eq(board_pilot_text(&b), "E");
}

Test(board, the_watchdog_does_not_fire_before_the_first_cycle)
{
    struct board b;
    board_init(&b, "W1", PHASES_L1, 16000);
    steps(&b, 0, 60000);
    cr_assert_eq(b.firing_n, 0);
    board_detach(&b, 60000);
    cr_assert_eq(b.firing_n, 0);
}

Test(board, the_watchdog_fires_three_seconds_after_the_last_cycle)
{
    struct board b = charging();
    steps(&b, 10100, 12900);
    cr_assert_eq(b.firing_n, 0);
    steps(&b, 13000, 13000);
    cr_assert_eq(b.firing_n, 1);
    cr_assert(b.is_latched);
    cr_assert_eq(b.pilot_ma, 0);
    cr_assert(b.is_closed, "under load it waits for the current to stop");
    steps(&b, 13100, 60000);
    cr_assert_eq(b.firing_n, 1, "it fires once");
}

Test(board, a_fired_watchdog_opens_the_contactor_when_the_current_has_stopped)
{
    struct board b = charging();
    steps(&b, 10100, 14500);
    cr_assert_eq(b.drawn_ma[0], 0);
    cr_assert(b.is_closed);
    steps(&b, 14600, 14600);
    cr_assert(!b.is_closed);
}

Test(board, a_fired_watchdog_opens_under_load_after_six_seconds)
{
    struct board b = charging();
    b.vehicle.spec.down_ms = VEHICLE_DOWN_MAX_MS;
    b.vehicle.follow_ma = 16000;
    steps(&b, 10100, 13000);
    b.vehicle.spec.down_ms = 60000; /* a vehicle that does not follow at all */
    steps(&b, 13100, 18900);
    cr_assert(b.is_closed);
    cr_assert_eq(b.drawn_ma[0], 16000);
    steps(&b, 19000, 19000);
    cr_assert(!b.is_closed);
    cr_assert_eq(b.drawn_ma[0], 0);
}

Test(board, a_latched_board_obeys_only_a_cycle_that_knows_of_the_firing)
{
    struct board b = charging();
    steps(&b, 10100, 20000);
    cr_assert(!board_command(&b, 500, 16000, true, 0, 20000));
    cr_assert_eq(b.pilot_ma, 0);
    cr_assert_eq(b.cycle, 101, "a refused cycle is not the newest carried out");
    cr_assert(board_command(&b, 501, 16000, true, 1, 20100));
    cr_assert(!b.is_latched);
    cr_assert_eq(b.pilot_ma, 16000);
    cr_assert_eq(b.cycle, 501);
}

Test(board, the_end_of_the_connection_fires_the_watchdog_at_once)
{
    struct board b = charging();
    board_detach(&b, 10050);
    cr_assert_eq(b.firing_n, 1);
    cr_assert_eq(b.pilot_ma, 0);
    board_detach(&b, 10060);
    cr_assert_eq(b.firing_n, 1);
}

Test(board, a_welded_contactor_goes_on_feeding_a_vehicle_that_asks)
{
    struct board b = charging();
    board_fault_set(&b, BOARD_WELDED, true);
    cr_assert(board_command(&b, 200, 16000, false, 0, 10100));
    steps(&b, 10100, 10100);
    cr_assert(b.is_closed);
    cr_assert_eq(b.drawn_ma[0], 16000);
    board_fault_set(&b, BOARD_WELDED, false);
    steps(&b, 10200, 10200);
    cr_assert(!b.is_closed);
}

Test(board, a_stuck_contactor_does_not_close)
{
    struct board b;
    board_init(&b, "W1", PHASES_L1, 16000);
    board_fault_set(&b, BOARD_STUCK, true);
    cr_assert(board_command(&b, 1, 16000, true, 0, 0));
    steps(&b, 0, 100);
    cr_assert(!b.is_closed);
}

Test(board, current_flows_only_on_wired_terminals)
{
    struct board b;
    board_init(&b, "W1", PHASES_L2, 16000);
    plug(&b, 16000);
    for (int64_t t = 0; t <= 10000; t += 100) {
        cr_assert(board_command(&b, 1, 16000, true, 0, t));
        steps(&b, t, t);
    }
    cr_assert_eq(b.drawn_ma[0], 16000);
    cr_assert_eq(b.drawn_ma[1], 0);
    cr_assert_eq(b.voltage_mv[1], 0);
}

Test(board, the_register_counts_watt_hours_and_carries_the_rest)
{
    struct board b;
    board_init(&b, "W1", PHASES_L1, 16000);
    b.drawn_ma[0] = 16000;
    b.voltage_mv[0] = 230000; /* 3,680 W: 1 Wh in 978.3 ms */
    board_count(&b, 978);
    cr_assert_eq(b.energy_wh, 0);
    board_count(&b, 1);
    cr_assert_eq(b.energy_wh, 1);
    for (int i = 0; i < 36000; i++) {
        board_count(&b, 100);
    }
    cr_assert_eq(b.energy_wh, 3681); /* one hour more: 3,680 Wh, nothing lost to rounding */
    cr_assert_eq(b.carried_mwms, (int64_t)3680000 * (979 + 3600000) - 3681 * MWMS_PER_WH);
}

Test(board, a_power_cut_forgets_everything_but_the_register)
{
    struct board b = charging();
    int64_t wh = b.energy_wh;
    board_power_cut(&b, 13100);
    steps(&b, 10100, 13000);
    cr_assert_eq(board_attach(&b), RC_REFUSED);
    cr_assert(!b.is_closed);
    cr_assert_eq(b.drawn_ma[0], 0);
    cr_assert_eq(b.voltage_mv[0], 0);
    steps(&b, 13100, 13100);
    cr_assert_eq(board_attach(&b), RC_OK);
    cr_assert(b.power_failed);
    cr_assert_eq(b.cycle, 0);
    cr_assert_geq(b.energy_wh, wh);
}

Test(board, reports_codes_of_faults_and_of_control)
{
    struct board b;
    uint16_t codes[FAULT_MAX];
    board_init(&b, "W1", PHASES_L1, 16000);
    cr_assert_eq(board_codes(&b, codes), 0);
    board_fault_set(&b, BOARD_RESIDUAL, true);
    cr_assert_eq(board_code_set(&b, 8002, true), RC_OK);
    cr_assert_eq(board_code_set(&b, 8002, true), RC_OK);
    cr_assert_eq(board_codes(&b, codes), 2);
    cr_assert_eq(codes[0], 8005); /* SR-227 */
    cr_assert_eq(codes[1], 8002);
    cr_assert_eq(board_code_set(&b, 8002, false), RC_OK);
    for (uint16_t i = 0; i < FAULT_MAX; i++) {
        cr_assert_eq(board_code_set(&b, (uint16_t)(100 + i), true), RC_OK);
    }
    cr_assert_eq(board_code_set(&b, 200, true), RC_FULL);
    cr_assert_eq(board_codes(&b, codes), FAULT_MAX);
}

Test(board, names_of_faults_are_read)
{
    enum board_fault f = BOARD_FAULT_N;
    cr_assert_eq(board_fault_parse("weldet", &f), RC_RANGE);
    cr_assert_eq(f, BOARD_FAULT_N);
    cr_assert_eq(board_fault_parse("load", &f), RC_OK);
    cr_assert_eq(f, BOARD_LOAD);
}

Test(board, every_fault_that_hardware_can_know_has_its_code)
{
    static const struct {
        enum board_fault fault;
        uint16_t code;
    } rows[] = {{BOARD_RESIDUAL, 8005}, {BOARD_CABLE, 8}, {BOARD_LOAD, 5}, {BOARD_SAFETY, 8007}, {BOARD_EARTH, 9004}, {BOARD_CCID, 9005}, {BOARD_MODULE, 9011}};
    struct board b;
    uint16_t codes[FAULT_MAX];
    board_init(&b, "W1", PHASES_L1, 16000);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        board_fault_set(&b, rows[i].fault, true);
        cr_assert_eq(board_codes(&b, codes), 1);
        cr_assert_eq(codes[0], rows[i].code);
        board_fault_set(&b, rows[i].fault, false);
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        board_fault_set(&b, rows[i].fault, true);
    }
    cr_assert_eq(board_code_set(&b, 1234, true), RC_OK);
    cr_assert_eq(board_code_set(&b, 1235, true), RC_OK);
    cr_assert_eq(board_codes(&b, codes), FAULT_MAX);
}

Test(board, a_power_cut_makes_it_dark)
{
    struct board b = charging();
    memcpy(b.lamp[0], "blue:flash", sizeof "blue:flash");
    b.tone_n = 3;
    board_power_cut(&b, 20000);
    cr_assert_str_eq(b.lamp[0], "dark:steady");
    cr_assert_eq(b.tone_n, 0);
}
