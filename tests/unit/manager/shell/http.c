/* HTTP itself, over loopback: where visitors without TLS are sent, and that nobody is left waiting at the end. */
#include <criterion/criterion.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "common/base/units.h"
#include "common/os/clock.h"
#include "manager/shell/http.h"

TestSuite(http, .timeout = 20);

static struct http http;

static struct sockaddr_storage loopback(unsigned port)
{
    struct sockaddr_storage address = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)(void *)&address;

    in->sin_family = AF_INET;
    in->sin_port = htons((uint16_t)port);
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void begin(void)
{
    const struct http_options options = {.redirect_port = 8443};
    struct sockaddr_storage address = loopback(0);
    const char *why = "";

    cr_assert_eq(http_open(&http, &address, &options, &why), RC_OK, "%s", why);
}

static void end(void)
{
    http_close(&http);
}

/* Send a request and read until the connection ends. */
static void ask(const char *request, char *out, size_t room)
{
    struct sockaddr_storage address = loopback(http_port(&http));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t len = 0;
    ssize_t n = 1;

    cr_assert_geq(fd, 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof(struct sockaddr_in)), 0);
    cr_assert_eq(write(fd, request, strlen(request)), (ssize_t)strlen(request));
    while (n > 0 && len < room - 1) {
        n = read(fd, out + len, room - 1 - len);
        len += n > 0 ? (size_t)n : 0;
    }
    out[len] = '\0';
    (void)close(fd);
}

Test(http, a_visitor_without_tls_is_sent_to_the_same_path_with_it, .init = begin, .fini = end)
{
    static const char *const cases[][2] = {
        {"GET /wallboxes HTTP/1.1\r\nHost: charging.local:8080\r\n\r\n", "\r\nLocation: https://charging.local:8443/wallboxes\r\n"},
        {"GET /api/v1/site HTTP/1.1\r\nHost: [fe80::1]\r\n\r\n", "\r\nLocation: https://[fe80::1]:8443/api/v1/site\r\n"},
        {"GET //evil.example/ HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n", "\r\nLocation: https://192.0.2.1:8443/\r\n"},
        {"GET /a%2db%2E HTTP/1.1\r\nHost: h\r\n\r\n", "\r\nLocation: https://h:8443/a-b.\r\n"},
        {"GET /a%00b HTTP/1.1\r\nHost: h\r\n\r\n", "\r\nLocation: https://h:8443/\r\n"}, /* not /a: nothing is cut off */
        {"GET /a%zz% HTTP/1.1\r\nHost: h\r\n\r\n", "\r\nLocation: https://h:8443/\r\n"},
        {"GET /a%0d%0aX:%20y HTTP/1.1\r\nHost: h\r\n\r\n", "\r\nLocation: https://h:8443/\r\n"},
    };
    char said[4096];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ask(cases[i][0], said, sizeof said);
        cr_expect(strncmp(said, "HTTP/1.1 308 ", 13) == 0, "%s", said);
        cr_expect_not_null(strstr(said, cases[i][1]), "%s", said);
    }
}

Test(http, a_host_that_is_none_is_refused, .init = begin, .fini = end)
{
    static const char *const hosts[] = {"evil.example/", "a@b", "a b", "[::1", "", "a:b@c:1/x"};
    char request[200];
    char said[4096];

    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        (void)snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", hosts[i]);
        ask(request, said, sizeof said);
        cr_expect(strncmp(said, "HTTP/1.1 400 ", 13) == 0 || strstr(said, "https://a:8443/") != NULL, "%s: %s", hosts[i], said);
        cr_expect_null(strstr(said, "evil"));
    }
}

/* A connection that has sent this so far. */
static int come(const char *begin_of_request)
{
    struct sockaddr_storage address = loopback(http_port(&http));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert_geq(fd, 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof(struct sockaddr_in)), 0);
    cr_assert_eq(write(fd, begin_of_request, strlen(begin_of_request)), (ssize_t)strlen(begin_of_request));
    return fd;
}

/* Whether the manager has ended it, within 5 s. */
static bool is_ended(int fd)
{
    struct pollfd end = {.fd = fd, .events = POLLIN};
    char byte;

    return poll(&end, 1, 5000) == 1 && read(fd, &byte, 1) <= 0;
}

/* The connection is known once another one, which came later, was answered. */
static void be_known(void)
{
    char said[4096];

    ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n", said, sizeof said);
}

Test(http, who_never_ends_his_headers_is_let_go_at_his_deadline, .init = begin, .fini = end)
{
    static const char *const begins[] = {"", "\r\n", "GET /", "GET / HTTP/1.1\r\nHost: h\r\nX: a"};
    int fd[sizeof begins / sizeof begins[0]];
    int64_t now_ms = clock_boot_ms();
    struct pollfd end_of = {.events = POLLIN};

    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        fd[i] = come(begins[i]);
    }
    be_known();
    http_sweep(&http, now_ms + GUEST_HEADER_MS - 1);
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        end_of.fd = fd[i];
        cr_expect_eq(poll(&end_of, 1, 0), 0, "\"%s\" ended before its deadline", begins[i]);
    }
    http_sweep(&http, clock_boot_ms() + GUEST_HEADER_MS);
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        cr_expect(is_ended(fd[i]), "\"%s\" goes on", begins[i]);
        (void)close(fd[i]);
    }
}

Test(http, a_sweep_of_what_is_not_open_does_nothing)
{
    static struct http closed;

    http_sweep(&closed, MS_FOREVER);
    cr_expect_null(closed.daemon);
}

Test(http, an_address_that_is_taken_is_named, .init = begin, .fini = end)
{
    const struct http_options options = {.redirect_port = 8443};
    struct sockaddr_storage address = loopback(http_port(&http));
    struct http second;
    const char *why = "";

    cr_expect_eq(http_open(&second, &address, &options, &why), RC_IO);
    cr_expect_str_eq(why, "address already in use");
    cr_expect_eq(http_port(&second), 0);
    http_close(&second);
}

Test(http, a_key_that_is_none_is_refused)
{
    const struct http_options options = {.key = "no key", .certificate = "no certificate"};
    struct sockaddr_storage address = loopback(0);
    const char *why = "";

    cr_expect_eq(http_open(&http, &address, &options, &why), RC_IO);
    cr_expect_not_null(strstr(why, "certificate"));
}
