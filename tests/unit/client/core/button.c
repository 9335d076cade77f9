#include "client/core/button.h"

#include <criterion/criterion.h>

#include "common/base/units.h"

TestSuite(button, .timeout = 10);

/* DIFF-14: first tone at 2.0 s, second at 6.0 s. */
Test(button, released_before_2_s_does_nothing_SR_107_SR_108)
{
    struct button b;

    button_init(&b);
    cr_expect_eq(button_moved(&b, false, 0), BUTTON_NOTHING); /* was not down */
    cr_expect_eq(button_moved(&b, true, 1000), BUTTON_NOTHING);
    cr_expect_eq(button_next_ms(&b), 3000);
    cr_expect_eq(button_step(&b, 2999), BUTTON_NOTHING);
    cr_expect_eq(button_moved(&b, false, 2999), BUTTON_NOTHING);
    cr_expect_eq(button_next_ms(&b), MS_FOREVER);
}

Test(button, released_after_the_first_tone_restarts_SR_108)
{
    struct button b;

    button_init(&b);
    (void)button_moved(&b, true, 1000);
    cr_expect_eq(button_step(&b, 3000), BUTTON_FIRST_TONE);
    cr_expect_eq(button_step(&b, 3000), BUTTON_NOTHING);
    (void)button_moved(&b, true, 4000); /* bounces */
    cr_expect_eq(button_next_ms(&b), 7000);
    cr_expect_eq(button_moved(&b, false, 6999), BUTTON_RESTART);
}

Test(button, released_after_the_second_tone_erases_all_cards_SR_103_SR_107)
{
    struct button b;

    button_init(&b);
    (void)button_moved(&b, true, 1000);
    cr_expect_eq(button_step(&b, 3000), BUTTON_FIRST_TONE);
    cr_expect_eq(button_step(&b, 6999), BUTTON_NOTHING);
    cr_expect_eq(button_step(&b, 7000), BUTTON_SECOND_TONE);
    cr_expect_eq(button_next_ms(&b), MS_FOREVER); /* one that is stuck makes no more noise and does nothing */
    cr_expect_eq(button_moved(&b, false, 7000), BUTTON_ERASE);
}
