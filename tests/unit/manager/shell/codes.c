#include "manager/shell/codes.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/base32.h"
#include "manager/shell/trust.h"

TestSuite(codes, .timeout = 20);

#define CODE "ABCD-EFGH-IJKL-MNOP"
#define OTHER "2345-67AB-CDEF-GHIJ"

static char dir[] = "/tmp/wallbox-codes-XXXXXX";
static char path[64];
static char why[CODES_WHY_LEN];
static struct setup_codes more;
static struct setup_codes is;

static void begin(void)
{
    cr_assert_not_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/" CODES_FILE, dir);
}

static void end(void)
{
    static const char *const names[] = {CODES_FILE, TRUST_FILE, "files.lock", ".lock"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char file[80];

        (void)snprintf(file, sizeof file, "%s/%s", dir, names[i]);
        (void)unlink(file);
    }
    (void)rmdir(dir);
}

static enum rc add(const char *serial, const char *code, int64_t given_utc_ms)
{
    const char *field = "";
    const char *text = "";

    return codes_add(&more, serial, code, given_utc_ms, &field, &text);
}

static void write_file(const char *text)
{
    FILE *f = fopen(path, "w");

    cr_assert_not_null(f);
    cr_assert_geq(fputs(text, f), 0);
    cr_assert_eq(fclose(f), 0);
}

Test(codes, what_is_stored_is_found_again_and_nobody_else_may_read_it, .init = begin, .fini = end)
{
    uint8_t bytes[SETUP_CODE_LEN];
    struct stat st;

    cr_assert_eq(codes_read(&is, dir, why), RC_OK);
    cr_assert_eq(is.n, 0);
    cr_assert_eq(add("W1", CODE, 7), RC_OK);
    cr_assert_eq(add("W2", "2345 67ab cdef ghij", 8), RC_OK);
    cr_assert_eq(codes_put(dir, &more, why), RC_OK, "%s", why);
    cr_assert_eq(codes_read(&is, dir, why), RC_OK, "%s", why);
    cr_assert_eq(is.n, 2);
    cr_assert_eq(base32_read(OTHER, bytes, sizeof bytes), RC_OK);
    cr_assert_arr_eq(codes_find(&is, "W2")->code, bytes, sizeof bytes);
    cr_assert_eq(codes_find(&is, "W1")->given_utc_ms, 7);
    cr_assert_null(codes_find(&is, "W3"));
    cr_assert_eq(stat(path, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0600);
}

Test(codes, one_that_is_given_anew_counts_as_another_whatever_the_clock_did, .init = begin, .fini = end)
{
    cr_assert_eq(add("W1", CODE, 7), RC_OK);
    cr_assert_eq(codes_put(dir, &more, why), RC_OK);
    more.at[0].given_utc_ms = 3;
    cr_assert_eq(codes_put(dir, &more, why), RC_OK);
    cr_assert_eq(codes_read(&is, dir, why), RC_OK);
    cr_assert_eq(is.n, 1);
    cr_assert_eq(is.at[0].given_utc_ms, 8);
}

Test(codes, one_is_forgotten_and_the_others_stay, .init = begin, .fini = end)
{
    cr_assert_eq(add("W1", CODE, 7), RC_OK);
    cr_assert_eq(add("W2", OTHER, 7), RC_OK);
    cr_assert_eq(codes_put(dir, &more, why), RC_OK);
    cr_assert_eq(codes_drop(dir, "W1", why), RC_OK);
    cr_assert_eq(codes_drop(dir, "W1", why), RC_MISSING);
    cr_assert_eq(codes_read(&is, dir, why), RC_OK);
    cr_assert_eq(is.n, 1);
    cr_assert_str_eq(is.at[0].serial, "W2");
}

Test(codes, unpairing_takes_pin_and_code_whichever_there_are, .init = begin, .fini = end)
{
    static const uint8_t key[IDENTITY_HASH_LEN] = {1};

    cr_assert_eq(trust_unpair(dir, "W1", why), RC_MISSING);
    cr_assert_eq(add("W1", CODE, 7), RC_OK);
    cr_assert_eq(codes_put(dir, &more, why), RC_OK);
    cr_assert_eq(trust_unpair(dir, "W1", why), RC_OK);
    cr_assert_eq(pins_put(dir, "W1", key, why), RC_OK);
    cr_assert_eq(trust_unpair(dir, "W1", why), RC_OK);
    cr_assert_eq(trust_unpair(dir, "W1", why), RC_MISSING);
    cr_assert_eq(trust_unpair(dir, "no serial", why), RC_RANGE);
}

Test(codes, what_is_no_serial_number_or_no_code_is_refused_at_its_field)
{
    static const char *const bad[][3] = {{"", CODE, "serial"},
                                         {"W 1", CODE, "serial"},
                                         {"W1", "", "setup_code"},
                                         {"W1", "ABCD-EFGH-IJKL-MNO", "setup_code"},
                                         {"W1", "ABCD-EFGH-IJKL-MNOPQ", "setup_code"},
                                         {"W1", "ABCD-EFGH-IJKL-MNO1", "setup_code"}};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *field = "";
        const char *text = "";

        cr_assert_eq(codes_add(&more, bad[i][0], bad[i][1], 0, &field, &text), RC_RANGE);
        cr_assert_str_eq(field, bad[i][2]);
        cr_assert_not_null(strstr(text, "must have"));
    }
    cr_assert_eq(more.n, 0);
}

Test(codes, there_is_room_for_a_whole_site_and_no_more, .init = begin, .fini = end)
{
    char serial[SERIAL_LEN];

    for (int i = 0; i < BOX_MAX; i++) {
        (void)snprintf(serial, sizeof serial, "W%031d", i);
        cr_assert_eq(add(serial, CODE, INT64_MAX / 20), RC_OK);
    }
    cr_assert_eq(add("more", CODE, 7), RC_FULL);
    cr_assert_eq(codes_put(dir, &more, why), RC_OK, "%s", why);
    cr_assert_eq(codes_read(&is, dir, why), RC_OK, "%s", why);
    cr_assert_eq(is.n, BOX_MAX);
    more.n = 0;
    cr_assert_eq(add("more", CODE, 7), RC_OK);
    cr_assert_eq(codes_put(dir, &more, why), RC_FULL);
    cr_assert_not_null(strstr(why, "1024"));
}

Test(codes, a_file_that_cannot_be_understood_says_where_and_stays, .init = begin, .fini = end)
{
    static const char *const bad[] = {"W1\n", "W1 " CODE "\n", "W1 " CODE " x\n", "W1 ABCD 7\n", "W1 " CODE " 7\nW1 " CODE " 7\n", "W/1 " CODE " 7\n"};

    write_file("# by hand\n\nW1 " CODE " 7");
    cr_assert_eq(codes_read(&is, dir, why), RC_OK, "%s", why);
    cr_assert_eq(is.n, 1);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        write_file(bad[i]);
        cr_assert_eq(codes_read(&is, dir, why), RC_MALFORMED, "%s", bad[i]);
        cr_assert_not_null(strstr(why, CODES_FILE ":"), "%s", why);
        cr_assert_null(strstr(why, "ABCD"), "the code is not said");
        cr_assert_eq(codes_put(dir, &more, why), RC_MALFORMED);
    }
}

static enum rc table(const char *text)
{
    return codes_add_csv(&more, text, strlen(text), 7, why);
}

Test(codes, a_table_has_a_serial_number_and_a_code_on_each_line)
{
    cr_assert_eq(table("serial,setup_code\r\nW1," CODE "\r\n\r\nW2,\"" OTHER "\"\r\n"), RC_OK, "%s", why);
    cr_assert_eq(more.n, 2);
    cr_assert_eq(table("W3;" CODE), RC_OK, "%s", why);
    cr_assert_eq(more.n, 3);
}

Test(codes, what_is_wrong_with_a_table_is_said_with_its_line)
{
    cr_assert_eq(table("serial,setup_code\nW1," CODE "\nW2,ABCD\n"), RC_RANGE);
    cr_assert_str_eq(why, "line 3: setup_code must have 16 letters A to Z or digits 2 to 7, as the label of the wallbox shows them");
    more.n = 0;
    cr_assert_eq(table("W1," CODE ",more\n"), RC_RANGE);
    cr_assert_str_eq(why, "line 1: must be a serial number and a setup code");
    cr_assert_eq(table("W1,\"" CODE "\n"), RC_RANGE);
    cr_assert_str_eq(why, "line 1: a quote is not closed");
    cr_assert_eq(table("serial,setup_code\n"), RC_RANGE);
    cr_assert_not_null(strstr(why, "no wallbox is in the table"));
    cr_assert_eq(table(""), RC_RANGE);
}
