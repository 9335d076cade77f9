#include "client/core/cfault.h"

#include <criterion/criterion.h>

#include "common/base/units.h"

TestSuite(cfault, .timeout = 10);

Test(cfault, a_full_journal_a_fired_watchdog_and_a_lost_board_do_not_open_the_contactor)
{
    struct cfault f = {0};

    cfault_set(&f, CFAULT_STORE_FULL, true, 0, 0);
    cfault_set(&f, CFAULT_WATCHDOG, true, 0, 0);
    cfault_set(&f, CFAULT_BOARD_LOST, true, 0, 0);
    cr_expect_not(cfault_blocks(&f));
    cfault_set(&f, CFAULT_OVERDRAW, true, 0, 0);
    cr_expect(cfault_blocks(&f));
    cfault_set(&f, CFAULT_OVERDRAW, false, 0, 0);
    cr_expect_not(cfault_blocks(&f));
}

Test(cfault, the_boards_codes_follow_its_readings)
{
    struct board_sample s = {.faults_n = 2, .faults = {5, 8005}};
    struct cfault f = {0};
    uint16_t codes[FAULT_MAX];

    cfault_board(&f, &s, 0, 0);
    cr_expect_eq(cfault_list(&f, codes), 2);
    cr_expect(cfault_blocks(&f));
    s.faults_n = 1;
    cfault_board(&f, &s, 1, 0);
    cr_expect(cfault_has(&f, 5));
    cr_expect_not(cfault_has(&f, 8005));
    s.faults_n = 0;
    cfault_board(&f, &s, 2, 0);
    cr_expect_not(cfault_blocks(&f));
}

Test(cfault, each_change_is_told_once_and_again_on_a_new_connection)
{
    struct cfault f = {0};
    struct cfault_news news;

    cfault_set(&f, 5, true, 100, 0);
    cr_expect(cfault_take_news(&f, false, &news));
    cr_expect(news.note);
    cr_expect_not(news.send);
    cr_expect_not(cfault_take_news(&f, false, &news));
    cr_expect(cfault_take_news(&f, true, &news));
    cr_expect_not(news.note);
    cr_expect(news.send);
    cfault_unlinked(&f);
    cr_expect(cfault_has_news(&f, true));
    cr_expect(cfault_take_news(&f, true, &news));
    cfault_set(&f, 5, false, 200, 0);
    cr_expect(cfault_take_news(&f, true, &news));
    cr_expect(news.note && news.send);
    cr_expect_not(news.row.present);
    cr_expect_not(cfault_has_news(&f, true));
    cr_expect_eq(f.row[0].code, 0);
}

Test(cfault, more_faults_than_rows_still_block)
{
    struct cfault f = {0};
    uint16_t codes[FAULT_MAX];

    for (uint16_t code = 1; code <= CFAULT_MAX + 5; code++) {
        cfault_set(&f, code, true, 0, 0);
    }
    cr_expect(cfault_blocks(&f));
    cr_expect_eq(cfault_list(&f, codes), FAULT_MAX);
}

/* Feed a constant current every 100 ms; the moment of the fault, MS_FOREVER none. */
static int64_t fault_at_ms(int32_t pilot_ma, int32_t current_ma, int64_t until_ms)
{
    struct cfault_overdraw o;

    cfault_overdraw_init(&o);
    for (int64_t t = 0; t <= until_ms; t += 100) {
        if (cfault_overdraw(&o, pilot_ma, current_ma, t)) {
            return t;
        }
    }
    return MS_FOREVER;
}

Test(cfault, overdraw_is_a_fault_after_7_s_2_s_or_half_a_second)
{
    cr_expect_eq(fault_at_ms(10000, 11550, 60000), MS_FOREVER); /* (10 A + 0.5 A) x 1.1 */
    cr_expect_eq(fault_at_ms(10000, 11551, 60000), 7000);
    cr_expect_eq(fault_at_ms(10000, 15000, 60000), 7000);
    cr_expect_eq(fault_at_ms(10000, 15001, 60000), 2000);
    cr_expect_eq(fault_at_ms(10000, 20001, 60000), 500);
    cr_expect_eq(fault_at_ms(0, 20001, 60000), MS_FOREVER); /* stopping has its own limit */
}

Test(cfault, a_vehicle_has_5_s_to_follow_a_cut)
{
    struct cfault_overdraw o;

    cfault_overdraw_init(&o);
    cr_expect_not(cfault_overdraw(&o, 32000, 32000, 0));
    cr_expect_not(cfault_overdraw(&o, 6000, 32000, 1000));
    cr_expect_not(cfault_overdraw(&o, 6000, 32000, 5999));
    cr_expect_eq(cfault_overdraw_next_ms(&o), MS_FOREVER);
    cr_expect_not(cfault_overdraw(&o, 6000, 32000, 6000));
    cr_expect_eq(cfault_overdraw_next_ms(&o), 6500);
    cr_expect_not(cfault_overdraw(&o, 6000, 32000, 6499));
    cr_expect(cfault_overdraw(&o, 6000, 32000, 6500));
}

Test(cfault, steady_small_cuts_do_not_put_it_off_for_ever)
{
    struct cfault_overdraw o;
    bool is_fault = false;

    cfault_overdraw_init(&o);
    for (int i = 0; i < 40 && !is_fault; i++) { /* half an ampere less each second, the vehicle ignores it */
        is_fault = cfault_overdraw(&o, max_i32(6000, 32000 - 500 * i), 32000, 1000 * i);
    }
    cr_expect(is_fault);
}
