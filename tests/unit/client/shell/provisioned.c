#include "client/shell/provisioned.h"

#include "common/os/file.h"
#include "tests/unit/common/os/helpers.h"

TestSuite(provisioned, .timeout = 10);

static struct provisioned out;
static char why[PROVISIONED_WHY_LEN];

static enum rc read_it(const char *text)
{
    struct scratch s;
    const char *file_why = "";
    enum rc rc;

    scratch_open(&s);
    if (text != NULL) {
        cr_assert_eq(file_write(scratch_path(&s, PROVISIONED_FILE), text, strlen(text), &file_why), RC_OK);
    }
    rc = provisioned_read(&out, s.dir, why);
    scratch_close(&s);
    return rc;
}

Test(provisioned, serial_number_and_code_are_found_among_other_lines)
{
    static const uint8_t code[SETUP_CODE_LEN] = {0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf};

    cr_assert_eq(read_it("other = 1\nserial = WC-1.x\nsetup_code = ABCD-EFGH-IJKL-MNOP"), RC_OK, "%s", why);
    cr_assert_str_eq(out.serial, "WC-1.x");
    cr_assert_arr_eq(out.setup_code, code, sizeof code);
}

Test(provisioned, nothing_given_is_told_from_what_cannot_be_understood)
{
    static const char *const bad[] = {"",
                                      "serial = W1\n",
                                      "setup_code = ABCD-EFGH-IJKL-MNOP\n",
                                      "serial = W 1\nsetup_code = ABCD-EFGH-IJKL-MNOP\n",
                                      "serial = W1\nsetup_code = ABCD-EFGH-IJKL-MNO1\n",
                                      "serial = W1\nsetup_code =ABCD-EFGH-IJKL-MNOP\n"};

    cr_assert_eq(read_it(NULL), RC_MISSING);
    out.serial[0] = '!';
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert_eq(read_it(bad[i]), RC_MALFORMED, "%s", bad[i]);
        cr_assert_not_null(strstr(why, PROVISIONED_FILE));
        cr_assert_null(strstr(why, "ABCD"), "the code is not said");
        cr_assert_eq(out.serial[0], '!');
    }
}

Test(provisioned, a_code_is_made_once_and_is_another_one_for_each_wallbox)
{
    struct provisioned made;
    struct provisioned other;
    struct provisioned again;
    struct scratch s;
    struct scratch t;
    char before[PROVISIONED_WHY_LEN] = "";

    scratch_open(&s);
    scratch_open(&t);
    cr_assert_eq(provisioned_make(&made, s.dir, "W1", why), RC_OK, "%s", why);
    cr_assert_eq(provisioned_make(&other, t.dir, "W1", why), RC_OK, "%s", why);
    cr_expect_arr_neq(made.setup_code, other.setup_code, SETUP_CODE_LEN);
    cr_assert_eq(provisioned_read(&again, s.dir, before), RC_OK, "%s", before);
    cr_expect_str_eq(again.serial, "W1");
    cr_expect_arr_eq(again.setup_code, made.setup_code, SETUP_CODE_LEN);
    cr_expect_eq(provisioned_make(&again, s.dir, "W2", why), RC_REFUSED);
    cr_expect_not_null(strstr(why, "has a setup code already"), "%s", why);
    cr_assert_eq(provisioned_read(&again, s.dir, why), RC_OK);
    cr_expect_arr_eq(again.setup_code, made.setup_code, SETUP_CODE_LEN, "the old one counts");
    scratch_close(&s);
    scratch_close(&t);
}
