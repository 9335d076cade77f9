#include <criterion/criterion.h>

#include <string.h>

#include "manager/shell/fields.h"

TestSuite(fields, .timeout = 10);

static const struct field fields[] = {
    {"n", FIELD_INT, -5, 10, NULL, false, true, ""}, {"t", FIELD_TEXT, 1, 4, NULL, false, false, ""},        {"b", FIELD_BOOL, 0, 1, NULL, false, false, ""},
    {"u", FIELD_UTC, 0, 0, NULL, false, false, ""},  {"c", FIELD_CHOICE, 0, 0, "one two", false, false, ""},
};
#define FIELDS_N (sizeof fields / sizeof fields[0])

static enum rc query(const char *name, const char *value, struct field_value *out, struct field_error *why)
{
    struct field_arg arg = {.name = name, .value = value};

    return fields_query(fields, FIELDS_N, &arg, 1, out, why);
}

Test(fields, arguments_at_their_bounds_are_taken)
{
    struct field_value v[FIELDS_N];
    struct field_error why;

    cr_assert_eq(query("n", "-5", v, &why), RC_OK);
    cr_expect_eq(v[0].number, -5);
    cr_assert_eq(query("n", "10", v, &why), RC_OK);
    cr_expect_eq(v[0].number, 10);
    cr_assert_eq(query("t", "\xc3\xa6\xc3\xb8", v, &why), RC_OK);
    cr_assert_eq(query("b", "true", v, &why), RC_OK);
    cr_expect_eq(v[2].number, 1);
    cr_assert_eq(query("c", "two", v, &why), RC_OK);
    cr_expect_eq(v[4].number, 1);
    cr_expect_not(v[0].is_set);
}

Test(fields, arguments_beyond_are_refused_by_name)
{
    static const char *const bad[][2] = {{"n", "-6"},
                                         {"n", "11"},
                                         {"n", ""},
                                         {"n", "-"},
                                         {"n", "1 "},
                                         {"n", "0x1"},
                                         {"n", "999999999999999999999"},
                                         {"t", ""},
                                         {"t", "12345"},
                                         {"t", "a\nb"},
                                         {"t", "\xff"},
                                         {"t", "\xc2\x80"},
                                         {"t", "\x7f"},
                                         {"b", "1"},
                                         {"b", "True"},
                                         {"u", "2026-02-30T00:00:00Z"},
                                         {"u", "2026-01-01T24:00:00Z"},
                                         {"u", "2026-01-01 00:00:00Z"},
                                         {"u", "2026-01-01T00:00:00+01:00"},
                                         {"c", "on"},
                                         {"c", ""},
                                         {"c", "one two"}};
    struct field_value v[FIELDS_N];
    struct field_error why;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_eq(query(bad[i][0], bad[i][1], v, &why), RC_RANGE, "%s=%s", bad[i][0], bad[i][1]);
        cr_expect_str_eq(why.field, bad[i][0]);
    }
    cr_expect_eq(query("x\x01", "1", v, &why), RC_RANGE);
    cr_expect_str_eq(why.field, "?");
}

Test(fields, times_are_read_to_the_millisecond)
{
    int64_t utc_ms = 0;

    cr_assert_eq(field_parse_utc("2026-01-31T12:00:00.250Z", &utc_ms), RC_OK);
    cr_expect_eq(utc_ms, 1769860800250);
    cr_assert_eq(field_parse_utc("1970-01-01T00:00:00Z", &utc_ms), RC_OK);
    cr_expect_eq(utc_ms, 0);
    cr_expect_eq(field_parse_utc("2026-01-31T12:00:00.25Z", &utc_ms), RC_RANGE);
    cr_expect_eq(field_parse_utc("", &utc_ms), RC_RANGE);
}

Test(fields, a_body_is_one_object_of_known_fields)
{
    static const char *const bad[] = {"", "[]", "1", "{\"n\":1", "{\"n\":1}x", "{\"n\":1,\"n\":2}", "{\"t\":\"\\u0000\"}"};
    struct field_value v[FIELDS_N];
    struct field_error why;
    json_t *json = NULL;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_eq(fields_body(fields, FIELDS_N, bad[i], strlen(bad[i]), &json, v, &why), RC_MALFORMED, "%s", bad[i]);
    }
    cr_expect_null(json);
    cr_expect_eq(fields_body(fields, FIELDS_N, "{\"n\":\"1\"}", 9, &json, v, &why), RC_RANGE);
    cr_expect_eq(fields_body(fields, FIELDS_N, "{\"t\":null}", 10, &json, v, &why), RC_RANGE);
    cr_expect_eq(fields_body(fields, FIELDS_N, "{\"y\":1}", 7, &json, v, &why), RC_RANGE);
    cr_expect_str_eq(why.field, "y");
    cr_assert_eq(fields_body(fields, FIELDS_N, "{\"n\":null,\"t\":\"ab\"}", 19, &json, v, &why), RC_OK);
    cr_expect(v[0].is_set && v[0].is_null);
    cr_expect_str_eq(v[1].text, "ab");
    json_decref(json);
}

Test(fields, what_is_required_must_be_there)
{
    static const struct field must[] = {{"m", FIELD_INT, 0, 1, NULL, true, false, ""}};
    struct field_value v[1];
    struct field_error why;
    json_t *json = NULL;

    cr_expect_eq(fields_body(must, 1, "{}", 2, &json, v, &why), RC_RANGE);
    cr_expect_str_eq(why.field, "m");
    cr_expect_eq(fields_query(must, 1, NULL, 0, v, &why), RC_RANGE);
}
