#include "common/base/sm.h"

#include <criterion/criterion.h>
#include <signal.h>

TestSuite(sm, .timeout = 10);

enum door { DOOR_SHUT, DOOR_OPEN, DOOR_GONE, DOORS };

static const struct sm_row rows[DOORS] = {
    [DOOR_SHUT] = {"shut", SM_BIT(DOOR_OPEN), SM_START},
    [DOOR_OPEN] = {"open", SM_BIT(DOOR_SHUT) | SM_BIT(DOOR_GONE), 0},
    [DOOR_GONE] = {"gone", 0, SM_END},
};

Test(sm, staying_is_not_a_move)
{
    cr_assert_not(sm_may(rows, DOORS, DOOR_SHUT, DOOR_SHUT));
    cr_assert_not(sm_may(rows, DOORS, DOOR_GONE, DOOR_GONE));
}

Test(sm, only_moves_of_the_table_are_allowed)
{
    cr_assert(sm_may(rows, DOORS, DOOR_SHUT, DOOR_OPEN));
    cr_assert_not(sm_may(rows, DOORS, DOOR_SHUT, DOOR_GONE));
    cr_assert_not(sm_may(rows, DOORS, DOOR_GONE, DOOR_OPEN));
}

Test(sm, an_allowed_move_changes_the_state)
{
    int state = DOOR_SHUT;

    sm_move(rows, DOORS, &state, DOOR_OPEN);
    cr_assert_eq(state, DOOR_OPEN);
    sm_move(rows, DOORS, &state, DOOR_GONE);
    cr_assert_eq(state, DOOR_GONE);
}

Test(sm, a_move_that_the_table_forbids_ends_the_program, .signal = SIGABRT)
{
    int state = DOOR_SHUT;

    sm_move(rows, DOORS, &state, DOOR_GONE);
}

Test(sm, a_state_below_the_table_ends_the_program, .signal = SIGABRT)
{
    (void)sm_may(rows, DOORS, -1, 0);
}

Test(sm, a_state_behind_the_table_ends_the_program, .signal = SIGABRT)
{
    (void)sm_may(rows, DOORS, 0, DOORS);
}

Test(sm, more_than_32_states_end_the_program, .signal = SIGABRT)
{
    int state;

    (void)sm_is_sound(rows, 33, &state);
}

Test(sm, a_sound_table_is_sound)
{
    int state = 77;

    cr_assert(sm_is_sound(rows, DOORS, &state));
    cr_assert_eq(state, 77);
}

Test(sm, a_table_without_a_start_is_not_sound)
{
    const struct sm_row t[2] = {{"a", SM_BIT(1), 0}, {"b", SM_BIT(0), 0}};
    int state = 77;

    cr_assert_not(sm_is_sound(t, 2, &state));
    cr_assert_eq(state, 0);
}

Test(sm, a_state_that_nothing_leads_to_is_found)
{
    const struct sm_row t[3] = {{"a", SM_BIT(1), SM_START}, {"b", SM_BIT(0), 0}, {"c", SM_BIT(0), 0}};
    int state = 77;

    cr_assert_not(sm_is_sound(t, 3, &state));
    cr_assert_eq(state, 2);
}

Test(sm, a_state_with_no_exit_but_itself_is_found)
{
    const struct sm_row t[2] = {{"a", SM_BIT(1), SM_START}, {"b", SM_BIT(1), 0}};
    int state = 77;

    cr_assert_not(sm_is_sound(t, 2, &state));
    cr_assert_eq(state, 1);
}

Test(sm, an_exit_out_of_the_table_is_found)
{
    const struct sm_row t[2] = {{"a", SM_BIT(1), SM_START}, {"b", SM_BIT(2), 0}};
    int state = 77;

    cr_assert_not(sm_is_sound(t, 2, &state));
    cr_assert_eq(state, 1);
}

Test(sm, a_chain_of_32_states_against_the_order_of_the_table_is_sound)
{
    struct sm_row t[32];
    int state = 77;

    for (int i = 0; i < 32; i++) {
        t[i] = (struct sm_row){"x", SM_BIT(i == 0 ? 31 : i - 1), i == 31 ? SM_START : 0};
    }
    cr_assert(sm_is_sound(t, 32, &state));
}
