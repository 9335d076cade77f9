/* Whom to tell: what is refused and why, and that a password goes in and never comes out. */
#include <stdlib.h>
#include <sys/stat.h>

#include "manager/shell/alarm_settings.h"
#include "tests/unit/common/os/helpers.h"

TestSuite(alarm_settings, .timeout = 10);

static struct field_error why;

static enum rc read_into(struct alarm_settings *s, const char *text)
{
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    enum rc rc;

    cr_assert_not_null(json, "%s", text);
    why = (struct field_error){0};
    rc = alarm_settings_read(s, json, &why);
    json_decref(json);
    return rc;
}

#define MAIL "\"mail_url\":\"smtp://mail.example:587\",\"mail_from\":\"a@b\",\"mail_to\":\"c@d\""

Test(alarm_settings, what_is_wrong_is_named_and_changes_nothing)
{
    static const char *const bad[][2] = {{"{\"mail_url\":\"http://x\"}", "mail_url"},
                                         {"{\"mail_url\":\"smtp://x\"}", "mail_from"},
                                         {"{\"mail_url\":\"smtp://x\",\"mail_from\":\"a@b\"}", "mail_to"},
                                         {"{\"mail_from\":\"a@b\\r\\nBcc: c@d\"}", "mail_from"},
                                         {"{\"mail_to\":\"a@b,c@d,e@f,g@h,i@j\"}", "mail_to"},
                                         {"{\"mail_to\":\"a@b, nobody\"}", "mail_to"},
                                         {"{\"mail_to\":\"@b\"}", "mail_to"},
                                         {"{\"mail_to\":7}", "mail_to"},
                                         {"{\"hook_url\":\"file:///etc/passwd\"}", "hook_url"},
                                         {"{\"hook_url\":\"https://a b\"}", "hook_url"},
                                         {"{\"quiet_from\":\"22:00\"}", "quiet_to"},
                                         {"{\"quiet_from\":\"24:00\",\"quiet_to\":\"06:00\"}", "quiet_from"},
                                         {"{\"quiet_from\":\"9:00\",\"quiet_to\":\"06:00\"}", "quiet_from"},
                                         {"{\"least_s\":3601}", "least_s"},
                                         {"{\"hour_n\":0}", "hour_n"},
                                         {"{\"language\":\"it\"}", "language"},
                                         {"{\"tells_solved\":1}", "tells_solved"},
                                         {"{\"classes\":[{\"class\":\"weather\",\"when\":\"off\"}]}", "classes"},
                                         {"{\"classes\":[{\"class\":\"meter\",\"when\":\"never\"}]}", "classes"},
                                         {"{\"classes\":{}}", "classes"},
                                         {"{\"other\":1}", "other"}};
    struct alarm_settings s;

    alarm_settings_defaults(&s);
    cr_assert_eq(read_into(&s, "{" MAIL ",\"mail_password\":\"secret\",\"least_s\":5}"), RC_OK, "%s %s", why.field, why.text);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct alarm_settings t;

        alarm_settings_defaults(&t);
        cr_expect_eq(read_into(&t, bad[i][0]), RC_RANGE, "%s", bad[i][0]);
        cr_expect_str_eq(why.field, bad[i][1], "%s: %s", bad[i][0], why.field);
        cr_expect_neq(why.text[0], '\0');
        cr_expect_eq(read_into(&s, "{\"least_s\":9,\"language\":\"it\"}"), RC_RANGE);
    }
    cr_expect_eq(s.rules.least_ms, 5000);
}

Test(alarm_settings, a_password_stays_until_another_comes_and_is_never_shown)
{
    struct alarm_settings s;
    struct alarm_settings again;
    struct scratch dir;
    struct stat st;
    json_t *json;
    char *text;

    scratch_open(&dir);
    alarm_settings_defaults(&s);
    cr_assert_eq(read_into(&s, "{" MAIL ",\"mail_user\":\"u\",\"mail_password\":\"secret-42\",\"quiet_from\":\"22:00\",\"quiet_to\":\"06:30\","
                               "\"classes\":[{\"class\":\"offline\",\"when\":\"off\"}],\"language\":\"nb\"}"),
                 RC_OK, "%s %s", why.field, why.text);
    cr_assert_eq(read_into(&s, "{\"mail_to\":\"c@d, e@f\"}"), RC_OK);
    cr_expect_str_eq(s.mail_password, "secret-42");
    json = alarm_settings_write(&s, false);
    text = json_dumps(json, 0);
    cr_expect_null(strstr(text, "secret-42"));
    cr_expect(json_is_true(json_object_get(json, "has_password")));
    cr_expect_str_eq(json_string_value(json_object_get(json, "mail_to")), "c@d, e@f");
    cr_expect_str_eq(json_string_value(json_object_get(json, "quiet_to")), "06:30");
    free(text);
    json_decref(json);
    cr_assert_eq(alarm_settings_store(&s, dir.dir), RC_OK);
    cr_assert_eq(stat(scratch_path(&dir, ALARMS_FILE), &st), 0);
    cr_expect_eq(st.st_mode & 077, 0, "it holds a password");
    cr_assert_eq(alarm_settings_load(&again, dir.dir), RC_OK);
    cr_expect_arr_eq(&again, &s, sizeof s);
    scratch_close(&dir);
}

Test(alarm_settings, without_a_file_nobody_is_told)
{
    struct alarm_settings s;
    struct scratch dir;

    scratch_open(&dir);
    cr_assert_eq(alarm_settings_load(&s, dir.dir), RC_OK);
    cr_expect_str_empty(s.mail_url);
    cr_expect_str_empty(s.hook_url);
    scratch_close(&dir);
}
