#include "client/core/tone.h"

#include <criterion/criterion.h>

TestSuite(tone, .timeout = 10);

Test(tone, every_tone_has_its_name)
{
    cr_expect_str_eq(tone_text(TONE_NONE), "none");
    cr_expect_str_eq(tone_text(TONE_N), "none");
    for (int i = 1; i < TONE_N; i++) {
        cr_expect_str_neq(tone_text((enum tone)i), "none");
    }
}
