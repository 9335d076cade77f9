#include "common/base/rc.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(rc, .timeout = 10);

Test(rc, every_code_has_a_text_of_its_own)
{
    for (int a = 0; a < RC_N; a++) {
        const char *text = rc_text((enum rc)a);

        cr_assert_gt(strlen(text), 0);
        cr_assert_str_neq(text, "unknown");
        for (int b = 0; b < a; b++) {
            cr_assert_str_neq(text, rc_text((enum rc)b));
        }
    }
}

Test(rc, a_value_outside_the_list_is_unknown)
{
    cr_assert_str_eq(rc_text(RC_N), "unknown");
    cr_assert_str_eq(rc_text((enum rc)255), "unknown");
}

Test(rc, ok_is_zero_so_that_a_zeroed_result_is_success)
{
    cr_assert_eq((int)RC_OK, 0);
    cr_assert_str_eq(rc_text(RC_OK), "ok");
}
