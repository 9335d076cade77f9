#include "common/base/text.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

TestSuite(text, .timeout = 10);

Test(text, copying_nothing_gives_the_empty_text)
{
    char out[2] = "x";

    cr_assert_eq(text_copy(out, sizeof out, ""), RC_OK);
    cr_assert_str_eq(out, "");
}

Test(text, a_capacity_of_one_holds_only_the_empty_text)
{
    char out[1] = {'x'};

    cr_assert_eq(text_copy(out, 1, ""), RC_OK);
    cr_assert_eq(out[0], '\0');
    cr_assert_eq(text_copy(out, 1, "a"), RC_FULL);
    cr_assert_eq(out[0], '\0');
}

Test(text, a_text_that_just_fits_is_copied_and_one_more_byte_is_refused)
{
    char out[5] = "....";

    cr_assert_eq(text_copy(out, 4, "abc"), RC_OK);
    cr_assert_str_eq(out, "abc");
    cr_assert_eq(text_copy(out, 4, "abcd"), RC_FULL);
    cr_assert_str_eq(out, "");
    cr_assert_eq(out[4], '\0');
}

Test(text, a_text_without_an_end_is_read_up_to_the_capacity_only)
{
    const char open_end[3] = {'a', 'b', 'c'};
    char out[3];

    cr_assert_eq(text_copy(out, sizeof out, open_end), RC_FULL);
}

Test(text, a_capacity_of_zero_ends_the_program, .signal = SIGABRT)
{
    char out[1];

    (void)!text_copy(out, 0, "");
}

Test(text, order_is_by_unsigned_bytes)
{
    cr_assert_eq(text_order("", ""), 0);
    cr_assert_lt(text_order("", "a"), 0);
    cr_assert_gt(text_order("a", ""), 0);
    cr_assert_lt(text_order("a", "b"), 0);
    cr_assert_lt(text_order("a", "aa"), 0);
    cr_assert_lt(text_order("z", "\xC3\xA4"), 0);
    cr_assert_lt(text_order("W10", "W9"), 0);
}

Test(text, same_means_every_byte)
{
    cr_assert(text_same("", ""));
    cr_assert(text_same("abc", "abc"));
    cr_assert_not(text_same("abc", "abC"));
    cr_assert_not(text_same("abc", "ab"));
    cr_assert_not(text_same("ab", "abc"));
}

Test(text, an_id_has_1_to_32_characters)
{
    char longest[34];

    memset(longest, 'a', sizeof longest);
    longest[33] = '\0';
    cr_assert_not(text_is_id(longest));
    longest[32] = '\0';
    cr_assert(text_is_id(longest));
    cr_assert(text_is_id("a"));
    cr_assert_not(text_is_id(""));
}

Test(text, an_id_is_made_of_letters_digits_and_three_signs)
{
    int allowed_n = 0;

    for (int c = 1; c < 256; c++) {
        char text[2] = {(char)c, '\0'};

        allowed_n += text_is_id(text) ? 1 : 0;
    }
    cr_assert_eq(allowed_n, 26 + 26 + 10 + 3);
    cr_assert(text_is_id("Az09._-"));
    cr_assert_not(text_is_id("a b"));
    cr_assert_not(text_is_id("a/b"));
    cr_assert_not(text_is_id("\xC3\xA4"));
}
