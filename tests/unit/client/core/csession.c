#include "client/core/csession.h"

#include <criterion/criterion.h>

#include "common/base/units.h"

TestSuite(csession, .timeout = 10);

#define UTC INT64_C(1750000500000) /* 600 s into a quarter hour */
#define EVERY_MS 60000

static struct csession_now at(int64_t now_ms, int64_t wh)
{
    return (struct csession_now){.now_ms = now_ms, .utc_ms = UTC - UTC % CSESSION_QUARTER_MS + 600000 + now_ms, .kernel_boot_id = 9, .energy_wh = wh};
}

static struct csession begun(void)
{
    struct csession_now now = at(0, 1000);
    struct csession_ids ids;
    struct csession cs;

    csession_ids_init(&ids, 1, 2);
    csession_init(&cs);
    csession_begin(&cs, csession_id_next(&ids), &now);
    cr_assert_eq(csession_due(&cs, 0), CFX_JOURNAL_BEGIN);
    csession_sent(&cs, 1);
    return cs;
}

static struct csession open_one(void)
{
    struct csession cs = begun();

    cr_assert_not(csession_answer(&cs, 1, true, EVERY_MS, 0));
    cr_assert(csession_is_safe(&cs));
    return cs;
}

Test(csession, ids_differ_by_seed_boot_and_turn)
{
    struct csession_ids a;
    struct csession_ids b;
    struct session_id one;
    struct session_id two;

    csession_ids_init(&a, 1, 2);
    csession_ids_init(&b, 1, 3);
    one = csession_id_next(&a);
    two = csession_id_next(&b);
    cr_expect_not(csession_id_same(&one, &two));
    two = csession_id_next(&a);
    cr_expect_not(csession_id_same(&one, &two));
    csession_ids_init(&b, 2, 2);
    two = csession_id_next(&b);
    cr_expect_not(csession_id_same(&one, &two));
    csession_ids_init(&b, 1, 2);
    two = csession_id_next(&b);
    cr_expect(csession_id_same(&one, &two));
}

Test(csession, it_is_safe_only_when_its_begin_is_durable)
{
    struct csession cs = begun();

    cr_expect_not(csession_is_safe(&cs));
    cr_expect_eq(csession_due(&cs, 99999), CFX_UNSET); /* the answer is awaited */
    cr_expect_not(csession_answer(&cs, 77, true, EVERY_MS, 5));
    cr_expect_not(csession_is_safe(&cs)); /* the answer to something else */
    cr_expect_not(csession_answer(&cs, 1, true, EVERY_MS, 5));
    cr_expect(csession_is_safe(&cs));
}

Test(csession, a_refused_begin_is_tried_again_every_5_s)
{
    struct csession cs = begun();

    cr_expect_not(csession_answer(&cs, 1, false, EVERY_MS, 100));
    cr_expect_not(csession_is_safe(&cs));
    cr_expect_eq(csession_next_ms(&cs), 5100);
    cr_expect_eq(csession_due(&cs, 5099), CFX_UNSET);
    cr_expect_eq(csession_due(&cs, 5100), CFX_JOURNAL_BEGIN);
}

Test(csession, a_begin_that_was_refused_leaves_no_trace_when_the_vehicle_goes)
{
    struct csession cs = begun();
    struct csession_now now = at(200, 1000);

    cr_expect_not(csession_answer(&cs, 1, false, EVERY_MS, 100));
    csession_end(&cs, END_UNPLUGGED, &now);
    cr_expect_eq(cs.state, CSESSION_NONE);
}

Test(csession, a_begin_under_way_is_ended_in_the_journal)
{
    struct csession cs = begun();
    struct csession_now now = at(200, 1000);

    csession_end(&cs, END_UNPLUGGED, &now);
    cr_expect_eq(csession_due(&cs, 200), CFX_JOURNAL_END);
    csession_sent(&cs, 2);
    cr_expect_not(csession_answer(&cs, 1, true, EVERY_MS, 201)); /* of the begin */
    cr_expect(csession_answer(&cs, 2, true, EVERY_MS, 202));
    cr_expect_eq(cs.state, CSESSION_NONE);
}

Test(csession, energy_is_the_difference_of_the_register_by_quarter_hours)
{
    struct csession cs = open_one();
    struct csession_now now = at(299999, 1100);

    csession_register(&cs, &now); /* one ms before the quarter ends */
    now = at(300000, 1130);
    csession_register(&cs, &now);
    now = at(300000 + 2 * CSESSION_QUARTER_MS, 1131);
    csession_register(&cs, &now);
    cr_expect_eq(csession_wh(&cs), 131);
    cr_expect_eq(cs.s.quarter_n, 4);
    cr_expect_eq(cs.s.quarter_wh[0], 100);
    cr_expect_eq(cs.s.quarter_wh[1], 30);
    cr_expect_eq(cs.s.quarter_wh[2], 0);
    cr_expect_eq(cs.s.quarter_wh[3], 1);
    cr_expect_eq(cs.s.first_quarter_utc_ms % CSESSION_QUARTER_MS, 0);
}

Test(csession, a_register_that_falls_credits_nothing)
{
    struct csession cs = open_one();
    struct csession_now now = at(1000, 900);

    csession_register(&cs, &now);
    cr_expect_eq(csession_wh(&cs), 0);
    now = at(2000, 1003);
    csession_register(&cs, &now);
    cr_expect_eq(csession_wh(&cs), 3);
}

Test(csession, a_clock_set_back_stays_in_its_quarter_and_an_unset_one_counts_from_the_start)
{
    struct csession cs = open_one();
    struct csession_now now = at(CSESSION_QUARTER_MS, 1010);

    csession_register(&cs, &now);
    cr_expect_eq(cs.s.quarter_n, 2);
    now.utc_ms -= 10 * CSESSION_QUARTER_MS;
    now.energy_wh = 1020;
    csession_register(&cs, &now);
    cr_expect_eq(cs.s.quarter_n, 2);
    cr_expect_eq(cs.s.quarter_wh[1], 20);
    now = at(5 * CSESSION_QUARTER_MS, 1021);
    now.utc_ms = CLOCK_UNSET_UTC_MS;
    csession_register(&cs, &now);
    cr_expect_eq(cs.s.quarter_n, 6);
}

Test(csession, a_session_longer_than_seven_days_adds_to_its_last_quarter)
{
    struct csession cs = open_one();
    struct csession_now now = at((QUARTER_MAX + 50) * CSESSION_QUARTER_MS, 1500);

    csession_register(&cs, &now);
    cr_expect_eq(cs.s.quarter_n, QUARTER_MAX);
    cr_expect_eq(cs.s.quarter_wh[QUARTER_MAX - 1], 500);
}

Test(csession, it_is_checkpointed_every_minute_when_energy_flowed)
{
    struct csession cs = open_one();
    struct csession_now now = at(1000, 1010);

    cr_expect_eq(csession_next_ms(&cs), MS_FOREVER); /* nothing new to write */
    csession_register(&cs, &now);
    cr_expect_eq(csession_next_ms(&cs), EVERY_MS);
    cr_expect_eq(csession_due(&cs, EVERY_MS - 1), CFX_UNSET);
    cr_expect_eq(csession_due(&cs, EVERY_MS), CFX_JOURNAL_CHECKPOINT);
    csession_sent(&cs, 2);
    cr_expect_not(csession_answer(&cs, 2, true, EVERY_MS, EVERY_MS + 3));
    cr_expect_eq(csession_next_ms(&cs), MS_FOREVER);
    csession_checkpoint(&cs);
    cr_expect_eq(csession_due(&cs, EVERY_MS + 4), CFX_JOURNAL_CHECKPOINT);
}

Test(csession, a_refused_checkpoint_does_not_stop_it_and_is_repeated)
{
    struct csession cs = open_one();
    struct csession_now now = at(1000, 1010);

    csession_register(&cs, &now);
    csession_sent(&cs, 2);
    cr_expect_not(csession_answer(&cs, 2, false, EVERY_MS, 60000));
    cr_expect(csession_is_safe(&cs));
    cr_expect_eq(csession_due(&cs, 64999), CFX_UNSET);
    cr_expect_eq(csession_due(&cs, 65000), CFX_JOURNAL_CHECKPOINT);
}

Test(csession, a_refused_end_is_repeated_until_it_is_durable)
{
    struct csession cs = open_one();
    struct csession_now now = at(1000, 1010);

    csession_end(&cs, END_UNPLUGGED, &now);
    csession_end(&cs, END_FAULT, &now); /* it has ended already */
    cr_expect_eq(cs.s.end, END_UNPLUGGED);
    cr_expect_eq(csession_wh(&cs), 10);
    csession_sent(&cs, 2);
    cr_expect_not(csession_answer(&cs, 2, false, EVERY_MS, 1000));
    cr_expect_eq(cs.state, CSESSION_ENDING);
    cr_expect_eq(csession_due(&cs, 6000), CFX_JOURNAL_END);
    csession_sent(&cs, 3);
    cr_expect(csession_answer(&cs, 3, true, EVERY_MS, 6000));
}

Test(csession, after_a_restart_what_flowed_since_the_checkpoint_is_credited)
{
    struct csession cs = open_one();
    struct journal_session on_disk = cs.s;
    struct csession_now now = at(50000, 1234);

    csession_adopt(&cs, &on_disk);
    cr_expect(csession_is_safe(&cs));
    csession_register(&cs, &now);
    cr_expect_eq(csession_wh(&cs), 234);
}

Test(csession, one_closed_after_a_power_loss_keeps_its_time_and_gets_its_energy)
{
    struct csession cs = open_one();
    struct csession_now now = at(30000, 1050);
    struct journal_session on_disk;

    csession_register(&cs, &now);
    on_disk = cs.s;
    csession_adopt(&cs, &on_disk);
    now = at(900000, 1060);
    now.kernel_boot_id = 10;
    csession_end(&cs, END_POWER_LOSS, &now);
    cr_expect_eq(cs.s.last_wh, 1060);
    cr_expect_eq(cs.s.last_boot_ms, 30000);
    cr_expect_eq(cs.s.last_utc_ms, at(30000, 0).utc_ms);
}

Test(csession, wrong_figures_from_the_disk_are_set_right)
{
    struct csession cs = open_one();
    struct journal_session on_disk = cs.s;

    on_disk.start_wh = -5;
    on_disk.last_wh = -9;
    on_disk.quarter_n = QUARTER_MAX + 1;
    on_disk.quarter_wh[3] = -1;
    csession_adopt(&cs, &on_disk);
    cr_expect_eq(cs.s.start_wh, 0);
    cr_expect_eq(cs.s.last_wh, 0);
    cr_expect_eq(cs.s.quarter_n, QUARTER_MAX);
    cr_expect_eq(cs.s.quarter_wh[3], 0);
}

Test(csession, the_message_about_the_begin_is_dated_by_age)
{
    struct csession cs = open_one();
    struct csession_now now = at(7000, 1000);
    struct msg m = csession_started_msg(&cs, &now);
    const char *field = "";

    cr_expect_eq(msg_check(&m, &field), RC_OK);
    cr_expect_eq(m.session_started.start_age_ms, 7000);
    now.kernel_boot_id = 10; /* another boot: by the calendar */
    now.now_ms = 5;
    m = csession_started_msg(&cs, &now);
    cr_expect_eq(m.session_started.start_age_ms, 7000);
    now.utc_ms = CLOCK_UNSET_UTC_MS;
    m = csession_started_msg(&cs, &now);
    cr_expect_eq(m.session_started.start_age_ms, 0);
}
