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
