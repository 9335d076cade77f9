#include "common/base/phase.h"

#include <criterion/criterion.h>
#include <signal.h>

TestSuite(phase, .timeout = 10);

Test(phase, a_value_outside_the_list_reads_unset)
{
    cr_assert_str_eq(phase_assign_text(PHASES_UNSET), "unset");
    cr_assert_str_eq(phase_assign_text(PHASES_N), "unset");
    cr_assert_str_eq(phase_assign_text((enum phase_assign)99), "unset");
}

Test(phase, unset_and_unknown_texts_are_refused_and_leave_the_output_alone)
{
    static const char *const wrong[] = {"", "unset", "L4", "l1", "L1-L2", "L1-L3-L2", "L1-L2-L3 "};
    enum phase_assign out = PHASES_L2;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_assert_eq(phase_assign_parse(wrong[i], &out), RC_RANGE);
        cr_assert_eq(out, PHASES_L2);
    }
}

Test(phase, every_assignment_is_read_back_from_its_text)
{
    for (int a = PHASES_L1_L2_L3; a < PHASES_N; a++) {
        enum phase_assign out = PHASES_UNSET;

        cr_assert_eq(phase_assign_parse(phase_assign_text((enum phase_assign)a), &out), RC_OK);
        cr_assert_eq((int)out, a);
    }
}

Test(phase, a_terminal_outside_0_to_2_ends_the_program, .signal = SIGABRT)
{
    (void)phase_of_terminal(PHASES_L1, 3);
}

Test(phase, an_assignment_outside_the_list_ends_the_program, .signal = SIGABRT)
{
    (void)phase_wired_n(PHASES_N);
}

Test(phase, terminals_meet_the_site_phases_that_the_name_lists, .description = "SR-167, SR-168")
{
    cr_assert_eq(phase_of_terminal(PHASES_L2_L3_L1, 0), 1);
    cr_assert_eq(phase_of_terminal(PHASES_L2_L3_L1, 1), 2);
    cr_assert_eq(phase_of_terminal(PHASES_L2_L3_L1, 2), 0);
    cr_assert_eq(phase_of_terminal(PHASES_L3_L1_L2, 0), 2);
    cr_assert_eq(phase_of_terminal(PHASES_L3, 0), 2);
    cr_assert_eq(phase_of_terminal(PHASES_L3, 1), -1);
    cr_assert_eq(phase_of_terminal(PHASES_UNSET, 0), -1);
}

Test(phase, wired_phases_are_counted)
{
    static const int want_n[PHASES_N] = {0, 3, 3, 3, 1, 1, 1};

    for (int a = 0; a < PHASES_N; a++) {
        cr_assert_eq(phase_wired_n((enum phase_assign)a), want_n[a]);
        cr_assert_eq(phase_set_n(phase_wired((enum phase_assign)a)), want_n[a]);
    }
    cr_assert_eq(phase_wired(PHASES_L2), PHASE_BIT(1));
    cr_assert_eq(phase_set_n(0), 0);
    cr_assert_eq(phase_set_n(PHASE_ALL), 3);
    cr_assert_eq(phase_set_n(0xF8), 0, "bits beyond three phases do not count");
}

Test(phase, a_set_of_terminals_becomes_a_set_of_site_phases)
{
    cr_assert_eq(phase_set_to_site(PHASES_L2_L3_L1, 0), 0);
    cr_assert_eq(phase_set_to_site(PHASES_L2_L3_L1, PHASE_BIT(0)), PHASE_BIT(1));
    cr_assert_eq(phase_set_to_site(PHASES_L2_L3_L1, PHASE_BIT(0) | PHASE_BIT(2)), PHASE_BIT(1) | PHASE_BIT(0));
    cr_assert_eq(phase_set_to_site(PHASES_L3, PHASE_ALL), PHASE_BIT(2), "terminals that are not wired are left out");
    cr_assert_eq(phase_set_to_site(PHASES_L1_L2_L3, 0xFF), PHASE_ALL);
}

Test(phase, values_go_to_the_site_and_come_back)
{
    const int32_t in[PHASE_N] = {1000, 2000, 3000};
    int32_t site[PHASE_N];
    int32_t back[PHASE_N];

    phase_to_site(PHASES_L2_L3_L1, in, site);
    cr_assert_eq(site[0], 3000);
    cr_assert_eq(site[1], 1000);
    cr_assert_eq(site[2], 2000);
    for (int a = PHASES_L1_L2_L3; a < PHASES_N; a++) {
        phase_to_site((enum phase_assign)a, in, site);
        phase_to_terminal((enum phase_assign)a, site, back);
        for (int t = 0; t < PHASE_N; t++) {
            cr_assert_eq(back[t], phase_of_terminal((enum phase_assign)a, t) >= 0 ? in[t] : 0);
        }
    }
}

Test(phase, a_site_phase_without_a_terminal_gets_zero)
{
    const int32_t in[PHASE_N] = {1000, 2000, 3000};
    int32_t site[PHASE_N] = {-1, -1, -1};

    phase_to_site(PHASES_L2, in, site);
    cr_assert_eq(site[0], 0);
    cr_assert_eq(site[1], 1000);
    cr_assert_eq(site[2], 0);
    phase_to_site(PHASES_UNSET, in, site);
    cr_assert_eq(site[1], 0);
}
