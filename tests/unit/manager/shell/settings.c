#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/os/tcp.h"
#include "manager/shell/settings.h"

TestSuite(settings, .timeout = 10);

Test(settings, the_defaults_are_valid_and_listen_on_this_machine_only)
{
    struct settings s;
    char why[SETTINGS_WHY_LEN];

    settings_defaults(&s);
    cr_expect_eq(settings_check(&s, false, why), RC_OK);
    cr_expect_eq(settings_check(&s, true, why), RC_OK);
    cr_expect_not(s.is_link_plain);
    cr_expect(tcp_is_loopback(&s.link_address));
    cr_expect(tcp_is_loopback(&s.http_address));
}

Test(settings, a_link_with_tls_may_be_anywhere)
{
    struct settings s;
    char why[SETTINGS_WHY_LEN];

    settings_defaults(&s);
    (void)snprintf(s.link, sizeof s.link, "0.0.0.0:7443");
    cr_expect_eq(settings_check(&s, true, why), RC_OK);
    s.loopback_plain = true;
    cr_expect_eq(settings_check(&s, true, why), RC_RANGE);
    cr_expect_not_null(strstr(why, "link must be a loopback address"));
    s.link_tls = true;
    cr_expect_eq(settings_check(&s, true, why), RC_OK);
    cr_expect_not(s.is_link_plain);
    (void)snprintf(s.http, sizeof s.http, "0.0.0.0:8080");
    cr_expect_eq(settings_check(&s, true, why), RC_RANGE, "http is plain all the same");
}

Test(settings, without_tls_other_addresses_than_loopback_are_refused_by_name)
{
    struct settings s;
    char why[SETTINGS_WHY_LEN];

    settings_defaults(&s);
    s.loopback_plain = true;
    (void)snprintf(s.http, sizeof s.http, "0.0.0.0:8080");
    cr_expect_eq(settings_check(&s, true, why), RC_RANGE);
    cr_expect_not_null(strstr(why, "http must be a loopback address"));
    (void)snprintf(s.http, sizeof s.http, "[::1]:8080");
    cr_expect_eq(settings_check(&s, true, why), RC_OK);
    (void)snprintf(s.link, sizeof s.link, "localhost");
    cr_expect_eq(settings_check(&s, true, why), RC_RANGE);
    cr_expect_not_null(strstr(why, "link must be"));
}

Test(settings, https_is_on_unless_loopback_is_plain_and_may_be_anywhere)
{
    struct settings s;
    char why[SETTINGS_WHY_LEN];

    settings_defaults(&s);
    cr_assert_eq(settings_check(&s, false, why), RC_OK);
    cr_expect(s.has_https);
    cr_expect(tcp_is_loopback(&s.https_address));
    s.loopback_plain = true;
    cr_assert_eq(settings_check(&s, true, why), RC_OK);
    cr_expect_not(s.has_https);
    (void)snprintf(s.https, sizeof s.https, "0.0.0.0:8443");
    cr_assert_eq(settings_check(&s, true, why), RC_OK);
    cr_expect(s.has_https);
    (void)snprintf(s.https, sizeof s.https, "everywhere");
    cr_expect_eq(settings_check(&s, true, why), RC_RANGE);
    cr_expect_not_null(strstr(why, "https must be"));
    s.https[0] = '\0';
    (void)snprintf(s.key, sizeof s.key, "/etc/key.pem");
    cr_expect_eq(settings_check(&s, true, why), RC_RANGE);
    cr_expect_not_null(strstr(why, "together"));
}

Test(settings, reads_without_login_are_for_plain_loopback_only)
{
    struct settings s;
    char why[SETTINGS_WHY_LEN];

    settings_defaults(&s);
    s.open_reads = true;
    cr_expect_eq(settings_check(&s, false, why), RC_RANGE);
    cr_expect_not_null(strstr(why, "open_reads"));
    s.loopback_plain = true;
    cr_expect_eq(settings_check(&s, true, why), RC_OK);
}

Test(settings, what_is_printed_reads_back_equal)
{
    struct settings s;
    struct settings again;
    char path[] = "/tmp/wallbox-settings-XXXXXX";
    int fd = mkstemp(path);
    FILE *to;

    cr_assert_geq(fd, 0);
    settings_defaults(&s);
    s.loopback_plain = true;
    s.log_level = 3;
    s.open_reads = true;
    (void)snprintf(s.https, sizeof s.https, "[::]:8443");
    (void)snprintf(s.serial, sizeof s.serial, "M-1");
    (void)snprintf(s.key, sizeof s.key, "/etc/a key");
    (void)snprintf(s.link, sizeof s.link, "[::1]:1");
    (void)snprintf(s.data, sizeof s.data, "/var/with \"quotes\" and \\");
    to = fdopen(fd, "w");
    settings_print(&s, to);
    cr_assert_eq(fclose(to), 0);
    settings_defaults(&again);
    cr_assert_eq(settings_read(&again, path), RC_OK);
    cr_expect_str_eq(again.link, s.link);
    cr_expect_str_eq(again.http, s.http);
    cr_expect_str_eq(again.data, s.data);
    cr_expect(again.loopback_plain);
    cr_expect(again.open_reads);
    cr_expect_str_eq(again.https, s.https);
    cr_expect_str_eq(again.serial, s.serial);
    cr_expect_str_eq(again.key, s.key);
    cr_expect_eq(again.log_level, 3);
    cr_assert_eq(unlink(path), 0);
}
