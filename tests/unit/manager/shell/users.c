#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "manager/shell/certificate.h"
#include "manager/shell/users.h"

TestSuite(users, .timeout = 60);

static char dir[] = "/tmp/wallbox-users-XXXXXX";
static char path[64];

static void begin(void)
{
    cr_assert_not_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/users.db", dir);
}

static void end(void)
{
    static const char *const names[] = {"users.db", "https.key", "https.crt"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char file[80];

        (void)snprintf(file, sizeof file, "%s/%s", dir, names[i]);
        (void)unlink(file);
    }
    (void)rmdir(dir);
}

static int mode_of(const char *file)
{
    struct stat s;

    cr_assert_eq(stat(file, &s), 0);
    return (int)(s.st_mode & 0777);
}

Test(users, the_first_start_makes_one_administrator_for_good, .init = begin, .fini = end)
{
    struct users *u = NULL;
    struct users_row row;
    char serial[SERIAL_LEN];
    char key[RECOVERY_LEN];

    cr_assert_eq(users_open(&u, path, ""), RC_OK);
    cr_expect_eq(mode_of(path), 0600);
    (void)snprintf(serial, sizeof serial, "%s", users_serial(u));
    cr_expect_eq(strlen(serial), 10);
    cr_assert_eq(users_check(u, "admin", serial, &row), RC_OK);
    cr_expect_eq(row.role, ROLE_ADMIN);
    cr_expect(row.must_change);
    cr_expect_eq(users_change(u, "admin", serial, "", serial, &row), RC_RANGE);
    cr_expect_eq(users_change(u, "admin", serial, "", "admin", &row), RC_RANGE);
    cr_assert_eq(users_change(u, "admin", serial, "anna", "a new password", &row), RC_OK);
    cr_expect_not(row.must_change);
    users_close(u);
    cr_assert_eq(users_open(&u, path, "M0001"), RC_OK);
    cr_expect_str_eq(users_serial(u), "M0001", "the configuration names it from now on");
    cr_expect_eq(users_check(u, "admin", "M0001", &row), RC_REFUSED);
    cr_expect_eq(users_check(u, "anna", "a new password", &row), RC_OK);
    cr_assert_eq(users_show_recovery(u, key), RC_OK);
    cr_expect_eq(users_show_recovery(u, key), RC_MISSING);
    users_close(u);
}

Test(users, names_are_unique_and_one_administrator_stays, .init = begin, .fini = end)
{
    struct users *u = NULL;
    struct users_row row;

    cr_assert_eq(users_open(&u, path, "M0001"), RC_OK);
    cr_expect_eq(users_add(u, "bert", "M0001", ROLE_ADMIN), RC_RANGE);
    cr_assert_eq(users_add(u, "bert", "long enough", ROLE_ADMIN), RC_OK);
    cr_expect_eq(users_add(u, "bert", "long enough", ROLE_VIEWER), RC_FULL);
    cr_expect_eq(users_change(u, "bert", "long enough", "admin", "longer still", &row), RC_FULL);
    cr_expect_eq(users_check(u, "bert", "long enough", &row), RC_OK, "nothing was changed");
    cr_expect_eq(users_delete(u, "carl"), RC_MISSING);
    cr_expect_eq(users_delete(u, "admin"), RC_OK);
    cr_expect_eq(users_delete(u, "bert"), RC_REFUSED);
    users_close(u);
}

Test(users, the_first_login_asks_for_the_serial_number_that_stands_on_the_label, .init = begin, .fini = end)
{
    struct users *u = NULL;
    struct users_row row;

    cr_assert_eq(users_open(&u, path, ""), RC_OK); /* opened before the configuration told the serial number */
    users_close(u);
    cr_assert_eq(users_open(&u, path, "M0002"), RC_OK);
    cr_expect_eq(users_check(u, "admin", "M0002", &row), RC_OK);
    cr_expect(row.must_change);
    cr_assert_eq(users_change(u, "admin", "M0002", "", "a good password", &row), RC_OK);
    users_close(u);
    cr_assert_eq(users_open(&u, path, "M0003"), RC_OK);
    cr_expect_eq(users_check(u, "admin", "M0003", &row), RC_REFUSED, "it was made: no new label opens the door again");
    cr_expect_eq(users_check(u, "admin", "a good password", &row), RC_OK);
    users_close(u);
}

Test(users, who_is_added_without_a_password_gets_one_to_be_changed, .init = begin, .fini = end)
{
    char password[FIRST_PASSWORD_LEN];
    struct users *u = NULL;
    struct users_row row;

    cr_assert_eq(users_open(&u, path, "M0001"), RC_OK);
    cr_assert_eq(users_add_first(u, "anna", ROLE_OPERATOR, password), RC_OK);
    cr_assert_eq(users_check(u, "anna", password, &row), RC_OK);
    cr_expect(row.must_change);
    cr_expect_eq(row.role, ROLE_OPERATOR);
    cr_expect_eq(users_add_first(u, "anna", ROLE_ADMIN, password), RC_FULL);
    users_close(u);
}

Test(users, a_file_that_is_no_database_is_refused, .init = begin, .fini = end)
{
    struct users *u = NULL;
    FILE *f = fopen(path, "we");

    cr_assert_not_null(f);
    for (int i = 0; i < 2000; i++) {
        (void)fputs("not a database", f);
    }
    cr_assert_eq(fclose(f), 0);
    cr_expect_eq(users_open(&u, path, ""), RC_IO);
    cr_expect_null(u);
    cr_expect_eq(users_open(&u, "/nonexistent/users.db", ""), RC_IO);
}

Test(users, key_and_certificate_are_made_once_and_are_private, .init = begin, .fini = end)
{
    struct certificate first = {0};
    struct certificate again = {0};
    char file[80];

    cr_assert_eq(certificate_own(&first, dir), RC_OK);
    (void)snprintf(file, sizeof file, "%s/https.key", dir);
    cr_expect_eq(mode_of(file), 0600);
    cr_assert_eq(certificate_own(&again, dir), RC_OK);
    cr_expect_str_eq(first.key, again.key);
    cr_expect_str_eq(first.chain, again.chain);
    cr_expect_not_null(strstr(first.key, "BEGIN EC PRIVATE KEY"));
    cr_expect_not_null(strstr(first.chain, "BEGIN CERTIFICATE"));
    certificate_free(&again);
    cr_assert_eq(unlink(file), 0);
    cr_assert_eq(certificate_own(&again, dir), RC_OK);
    cr_expect_str_neq(first.key, again.key);
    cr_expect_str_neq(first.chain, again.chain);
    certificate_free(&again);
    certificate_free(&first);
    cr_expect_eq(certificate_own(&again, "/nonexistent"), RC_IO);
    cr_expect_eq(certificate_read(&again, "/nonexistent", "/nonexistent"), RC_IO);
}
