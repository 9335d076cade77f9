#include "client/shell/pin.h"

#include "common/os/file.h"
#include "tests/unit/common/os/helpers.h"

TestSuite(pin, .timeout = 10);

Test(pin, a_manager_stays_pinned_until_another_one_is)
{
    struct scratch s;
    uint8_t hash[IDENTITY_HASH_LEN] = {1, 2, 3};
    uint8_t back[IDENTITY_HASH_LEN] = {0};

    scratch_open(&s);
    scratch_path(&s, "data");
    cr_assert_eq(pin_read(s.path, back), RC_MISSING);
    cr_assert_eq(pin_write(s.path, hash), RC_OK);
    cr_assert_eq(pin_read(s.path, back), RC_OK);
    cr_assert_arr_eq(back, hash, sizeof back);
    hash[0] = 9;
    cr_assert_eq(pin_write(s.path, hash), RC_OK);
    cr_assert_eq(pin_read(s.path, back), RC_OK);
    cr_assert_arr_eq(back, hash, sizeof back);
    scratch_close(&s);
}

Test(pin, a_damaged_pin_is_no_pin_and_named)
{
    struct scratch s;
    struct capture c;
    const char *why = "";
    uint8_t back[IDENTITY_HASH_LEN] = {7};
    enum rc rc;

    scratch_open(&s);
    cr_assert_eq(file_write(scratch_path(&s, PIN_FILE), "abc\n", 4, &why), RC_OK);
    capture_begin(&c, STDERR_FILENO);
    rc = pin_read(s.dir, back);
    capture_end(&c);
    cr_assert_eq(rc, RC_MALFORMED);
    cr_assert_eq(back[0], 7);
    cr_assert_not_null(strstr(c.text, "manager.pin"), "%s", c.text);
    scratch_close(&s);
}
