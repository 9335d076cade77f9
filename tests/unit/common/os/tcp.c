#include "common/os/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "common/base/units.h"
#include "tests/unit/common/os/helpers.h"

TestSuite(tcp, .timeout = 10);

#define LONG_LEN 300000u

struct end {
    struct tcp_stream stream;
    struct net *net;
    int opened_n;
    int closed_n;
    size_t got_len;
    uint64_t got_sum;
    char why[64];
};

struct net {
    struct bench bench;
    struct tcp_listener listener;
    struct sockaddr_storage address;
    struct end client;
    struct end server;
    int announced_n;
    bool is_deaf; /* the listener takes nobody */
    bool is_echoing;
    size_t want_len;     /* the client closes after so many bytes */
    bool closes_at_once; /* the server closes with the first bytes */
    int redials_n;       /* the client dials again from on_closed */
};

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 31 + i / 251);
}

static void on_open(struct tcp_stream *s)
{
    struct end *e = s->user;

    e->opened_n++;
}

static void count(struct end *e, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        cr_assert_eq(bytes[i], byte_at(e->got_len + i));
    }
    e->got_len += len;
}

static void on_server_bytes(struct tcp_stream *s, const uint8_t *bytes, size_t len)
{
    struct end *e = s->user;

    count(e, bytes, len);
    if (e->net->is_echoing) {
        tcp_write2(s, bytes, len / 2, bytes + len / 2, len - len / 2);
    }
    if (e->net->closes_at_once) {
        tcp_close(s, "enough");
        tcp_close(s, "twice");
        tcp_write(s, bytes, len);
    }
}

static void on_client_bytes(struct tcp_stream *s, const uint8_t *bytes, size_t len)
{
    struct end *e = s->user;

    count(e, bytes, len);
    if (e->got_len >= e->net->want_len) {
        tcp_close(s, NULL);
    }
}

static void on_closed(struct tcp_stream *s, const char *why);

static const struct tcp_events server_events = {.on_bytes = on_server_bytes, .on_closed = on_closed};
static const struct tcp_events client_events = {.on_open = on_open, .on_bytes = on_client_bytes, .on_closed = on_closed};

static void dial(struct net *n)
{
    cr_assert_eq(tcp_dial(&n->client.stream, &n->bench.loop, &n->address, &client_events, &n->client), RC_OK);
}

static void on_closed(struct tcp_stream *s, const char *why)
{
    struct end *e = s->user;
    struct net *n = e->net;

    cr_assert_not(s->is_open);
    e->closed_n++;
    snprintf(e->why, sizeof e->why, "%s", why);
    if (e == &n->client && n->redials_n > 0) {
        n->redials_n--;
        dial(n);
        return;
    }
    memset(s, 0xAA, sizeof *s); /* the memory may go */
    if (e == &n->client) {
        tcp_unlisten(&n->listener);
    }
}

static void on_connection(struct tcp_listener *l)
{
    struct net *n = l->user;

    n->announced_n++;
    if (!n->is_deaf) {
        cr_assert_eq(tcp_accept(l, &n->server.stream, &server_events, &n->server), RC_OK);
    }
}

static void begin(struct net *n)
{
    struct sockaddr_storage any;
    const char *why = NULL;

    *n = (struct net){.want_len = 1};
    n->client.net = n;
    n->server.net = n;
    bench_open(&n->bench);
    cr_assert_eq(tcp_parse_address("127.0.0.1:0", &any), RC_OK);
    cr_assert_eq(tcp_listen(&n->listener, &n->bench.loop, &any, on_connection, n, &why), RC_OK);
    cr_assert_eq(tcp_parse_address(n->listener.local, &n->address), RC_OK, "%s", n->listener.local);
}

static void end(struct net *n)
{
    tcp_unlisten(&n->listener);
    tcp_unlisten(&n->listener);
    bench_run(&n->bench);
    bench_close(&n->bench);
}

static uint8_t *long_bytes(size_t len)
{
    uint8_t *bytes = malloc(len);

    for (size_t i = 0; i < len; i++) {
        bytes[i] = byte_at(i);
    }
    return bytes;
}

/* A peer without a loop. */
static int connect_raw(struct net *n)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert_eq(connect(fd, (struct sockaddr *)&n->address, sizeof(struct sockaddr_in)), 0);
    return fd;
}

static bool is_hung_up(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT);

    return got == 0 || (got < 0 && errno != EAGAIN);
}

Test(tcp, addresses_are_numeric_with_a_port)
{
    static const char *const good[] = {"127.0.0.1:0", "127.0.0.1:65535", "0.0.0.0:7443", "255.255.255.255:1", "[::1]:7443", "[::]:0", "[fe80::1]:65535"};
    static const char *const bad[] = {
        "",
        ":",
        "127.0.0.1",
        "127.0.0.1:",
        ":7443",
        "127.0.0.1:65536",
        "127.0.0.1:123456",
        "127.0.0.1:-1",
        "127.0.0.1:7443 ",
        "127.0.0.1: 7443",
        "127.0.0.1:0x1",
        " 127.0.0.1:1",
        "localhost:7443",
        "256.0.0.1:1",
        "1.2.3:1",
        "::1:7443",
        "[::1]",
        "[::1]:",
        "[::1]7443",
        "[::1:7443",
        "[]:7443",
        "[127.0.0.1]:7443",
        "[fe80::1%none]:1",
        "[:::1]:1",
    };
    struct sockaddr_storage out;
    char text[TCP_ADDRESS_LEN];
    char longer[200];

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        cr_assert_eq(tcp_parse_address(good[i], &out), RC_OK, "%s", good[i]);
        tcp_address_text(&out, text);
        cr_assert_str_eq(text, good[i]);
    }
    memset(&out, 0x55, sizeof out);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert_eq(tcp_parse_address(bad[i], &out), RC_RANGE, "%s", bad[i]);
    }
    memset(longer, '1', sizeof longer);
    longer[190] = ':';
    longer[199] = '\0';
    cr_assert_eq(tcp_parse_address(longer, &out), RC_RANGE);
    cr_assert_eq(((uint8_t *)&out)[0], 0x55, "the output is untouched");
}

Test(tcp, an_address_of_another_family_is_unknown)
{
    struct sockaddr_storage address = {.ss_family = AF_UNIX};
    char text[TCP_ADDRESS_LEN];

    tcp_address_text(&address, text);
    cr_assert_str_eq(text, "unknown");
    cr_assert_not(tcp_is_loopback(&address));
}

Test(tcp, loopback_is_127_and_1)
{
    static const char *const inside[] = {"127.0.0.0:1", "127.0.0.1:1", "127.255.255.255:1", "[::1]:1"};
    static const char *const outside[] = {"126.255.255.255:1", "128.0.0.0:1", "0.0.0.0:1", "[::]:1", "[::2]:1", "[::ffff:127.0.0.1]:1"};
    struct sockaddr_storage a;

    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
        cr_assert_eq(tcp_parse_address(inside[i], &a), RC_OK);
        cr_assert(tcp_is_loopback(&a), "%s", inside[i]);
    }
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        cr_assert_eq(tcp_parse_address(outside[i], &a), RC_OK);
        cr_assert_not(tcp_is_loopback(&a), "%s", outside[i]);
    }
}

Test(tcp, bytes_go_there_and_come_back)
{
    struct net n;
    uint8_t *bytes = long_bytes(LONG_LEN);

    begin(&n);
    n.is_echoing = true;
    n.want_len = LONG_LEN;
    dial(&n);
    tcp_write(&n.client.stream, bytes, 0);
    tcp_write2(&n.client.stream, bytes, 4, bytes + 4, LONG_LEN - 4); /* before the connection stands */
    free(bytes);
    cr_assert_eq(n.client.opened_n, 0, "never from inside the call");
    bench_run(&n.bench);
    cr_assert_eq(n.client.opened_n, 1);
    cr_assert_eq(n.server.got_len, LONG_LEN);
    cr_assert_eq(n.client.got_len, LONG_LEN);
    cr_assert_eq(n.client.closed_n, 1);
    cr_assert_eq(n.server.closed_n, 1);
    cr_assert_str_eq(n.client.why, "closed");
    cr_assert_str_eq(n.server.why, "peer closed");
    end(&n);
}

Test(tcp, both_ends_know_each_other_by_address)
{
    struct net n;

    begin(&n);
    n.closes_at_once = true;
    dial(&n);
    cr_assert_str_eq(n.client.stream.peer, n.listener.local);
    tcp_write(&n.client.stream, (const uint8_t[]){byte_at(0)}, 1);
    while (n.announced_n == 0) {
        uv_run(&n.bench.loop, UV_RUN_ONCE);
    }
    cr_assert_eq(strncmp(n.server.stream.peer, "127.0.0.1:", 10), 0);
    bench_run(&n.bench);
    end(&n);
}

Test(tcp, the_first_reason_of_closing_counts_and_later_writes_are_dropped)
{
    struct net n;

    begin(&n);
    n.closes_at_once = true;
    dial(&n);
    tcp_write(&n.client.stream, (const uint8_t[]){byte_at(0)}, 1);
    bench_run(&n.bench);
    cr_assert_str_eq(n.server.why, "enough");
    cr_assert_eq(n.server.closed_n, 1);
    cr_assert_str_eq(n.client.why, "peer closed");
    cr_assert_eq(n.client.closed_n, 1);
    cr_assert_eq(n.client.got_len, 0);
    end(&n);
}

Test(tcp, what_the_socket_took_arrives_although_the_stream_is_closed_at_once)
{
    struct net n;

    begin(&n);
    n.closes_at_once = true;
    n.is_echoing = true;
    n.want_len = 1000; /* never: the server ends it */
    dial(&n);
    tcp_write(&n.client.stream, (const uint8_t[]){byte_at(0), byte_at(1)}, 2);
    bench_run(&n.bench);
    cr_assert_eq(n.client.got_len, 2);
    cr_assert_str_eq(n.client.why, "peer closed");
    end(&n);
}

Test(tcp, a_refused_dial_is_closed_with_the_systems_text)
{
    struct net n;

    begin(&n);
    tcp_unlisten(&n.listener);
    bench_run(&n.bench);
    dial(&n);
    cr_assert_eq(n.client.closed_n, 0, "never from inside the call");
    bench_run(&n.bench);
    cr_assert_eq(n.client.closed_n, 1);
    cr_assert_eq(n.client.opened_n, 0);
    cr_assert_str_eq(n.client.why, "connection refused");
    end(&n);
}

Test(tcp, a_dial_that_the_system_refuses_at_once_is_closed_later)
{
    struct net n;

    begin(&n);
    cr_assert_eq(tcp_parse_address("255.255.255.255:9", &n.address), RC_OK);
    dial(&n);
    cr_assert_eq(n.client.closed_n, 0);
    bench_run(&n.bench);
    cr_assert_eq(n.client.closed_n, 1);
    cr_assert_eq(n.client.opened_n, 0);
    end(&n);
}

Test(tcp, a_pending_dial_can_be_closed_with_bytes_waiting)
{
    struct net n;

    begin(&n);
    dial(&n);
    tcp_write(&n.client.stream, (const uint8_t *)"waiting", 7);
    tcp_close(&n.client.stream, "changed my mind");
    bench_run(&n.bench);
    cr_assert_eq(n.client.closed_n, 1);
    cr_assert_eq(n.client.opened_n, 0);
    cr_assert_str_eq(n.client.why, "changed my mind");
    cr_assert_eq(n.server.got_len, 0);
    end(&n);
}

Test(tcp, on_closed_may_dial_again_with_the_same_memory)
{
    struct net n;

    begin(&n);
    n.is_deaf = true;
    n.redials_n = 3;
    dial(&n);
    tcp_close(&n.client.stream, NULL);
    while (n.redials_n > 0) {
        uv_run(&n.bench.loop, UV_RUN_ONCE);
        tcp_close(&n.client.stream, NULL);
    }
    bench_run(&n.bench);
    cr_assert_eq(n.client.closed_n, 4);
    end(&n);
}

Test(tcp, a_stream_that_never_was_can_be_closed_and_written)
{
    struct tcp_stream s = {0};

    tcp_close(&s, "nothing");
    tcp_write(&s, (const uint8_t *)"x", 1);
    cr_assert_not(s.is_open);
}

Test(tcp, the_queue_holds_its_limit_and_one_byte_more_is_stuck)
{
    struct net n;
    uint8_t *bytes = long_bytes(TCP_QUEUE_MAX);

    begin(&n);
    dial(&n); /* not connected before the loop runs, so everything waits */
    tcp_write(&n.client.stream, bytes, TCP_QUEUE_MAX - 1);
    cr_assert_not(n.client.stream.is_closing);
    tcp_write(&n.client.stream, bytes, 1);
    cr_assert_not(n.client.stream.is_closing);
    tcp_write(&n.client.stream, bytes, 1);
    cr_assert(n.client.stream.is_closing);
    free(bytes);
    bench_run(&n.bench);
    cr_assert_str_eq(n.client.why, "stuck");
    cr_assert_eq(n.client.closed_n, 1);
    end(&n);
}

Test(tcp, one_write_above_the_limit_is_stuck)
{
    struct net n;
    uint8_t *bytes = long_bytes(TCP_QUEUE_MAX + 1);

    begin(&n);
    dial(&n);
    tcp_write(&n.client.stream, bytes, TCP_QUEUE_MAX + 1);
    cr_assert(n.client.stream.is_closing);
    free(bytes);
    bench_run(&n.bench);
    end(&n);
}

Test(tcp, a_peer_that_never_reads_is_closed_as_stuck)
{
    struct net n;
    uint8_t *bytes = long_bytes(65536);
    int writes_n = 0;
    int raw;

    begin(&n);
    raw = connect_raw(&n);
    while (n.announced_n == 0) {
        uv_run(&n.bench.loop, UV_RUN_ONCE);
    }
    while (!n.server.stream.is_closing && writes_n < 1000) {
        tcp_write(&n.server.stream, bytes, 65536);
        uv_run(&n.bench.loop, UV_RUN_NOWAIT);
        writes_n++;
        if (n.server.closed_n > 0) {
            break;
        }
    }
    free(bytes);
    tcp_unlisten(&n.listener);
    bench_run(&n.bench);
    cr_assert_eq(n.server.closed_n, 1);
    cr_assert_str_eq(n.server.why, "stuck");
    cr_assert_geq(writes_n, 16);
    close(raw);
    end(&n);
}

Test(tcp, a_connection_that_nobody_takes_is_refused)
{
    struct net n;

    begin(&n);
    n.is_deaf = true;
    dial(&n);
    bench_run(&n.bench);
    cr_assert_eq(n.announced_n, 1);
    cr_assert_eq(n.client.closed_n, 1);
    cr_assert_eq(n.listener.pending_fd, -1);
    end(&n);
}

Test(tcp, a_listener_may_end_while_it_announces)
{
    struct net n;
    int a;
    int b;

    begin(&n);
    a = connect_raw(&n);
    b = connect_raw(&n);
    n.is_deaf = true;
    while (n.announced_n == 0) {
        uv_run(&n.bench.loop, UV_RUN_ONCE);
    }
    tcp_unlisten(&n.listener);
    bench_run(&n.bench);
    cr_assert(is_hung_up(a));
    cr_assert(is_hung_up(b));
    close(a);
    close(b);
    end(&n);
}

Test(tcp, an_address_in_use_is_said)
{
    struct net n;
    struct tcp_listener second;
    const char *why = NULL;

    begin(&n);
    cr_assert_eq(tcp_listen(&second, &n.bench.loop, &n.address, on_connection, &n, &why), RC_IO);
    cr_assert_str_eq(why, "address already in use");
    cr_assert_not(second.is_open);
    end(&n);
}

Test(tcp, an_address_of_another_machine_is_said)
{
    struct net n;
    struct tcp_listener second;
    struct sockaddr_storage other;
    const char *why = NULL;

    begin(&n);
    cr_assert_eq(tcp_parse_address("192.0.2.1:7443", &other), RC_OK);
    cr_assert_eq(tcp_listen(&second, &n.bench.loop, &other, on_connection, &n, &why), RC_IO);
    cr_assert_str_eq(why, "address not available");
    end(&n);
}

/* Allow no descriptor above those in use. */
static struct rlimit leave_no_files(void)
{
    struct rlimit before;
    struct rlimit none;
    int next = dup(STDERR_FILENO);

    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    close(next);
    none = before;
    none.rlim_cur = (rlim_t)next;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    return before;
}

Test(tcp, without_descriptors_connections_are_refused_and_the_listener_lives)
{
    struct net n;
    struct rlimit before;
    struct capture c;
    int a;
    int b;
    int later;

    begin(&n);
    a = connect_raw(&n);
    b = connect_raw(&n);
    capture_begin(&c, STDERR_FILENO);
    before = leave_no_files();
    while (!is_hung_up(a) || !is_hung_up(b)) {
        uv_run(&n.bench.loop, UV_RUN_ONCE);
    }
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    capture_end(&c);
    cr_assert_eq(n.announced_n, 0);
    cr_assert_not_null(strstr(c.text, "connection_refused"));
    cr_assert_eq(strchr(c.text, '\n'), c.text + strlen(c.text) - 1, "said once: %s", c.text);
    later = connect_raw(&n);
    n.is_deaf = true;
    while (n.announced_n == 0) {
        uv_run(&n.bench.loop, UV_RUN_ONCE);
    }
    close(a);
    close(b);
    close(later);
    end(&n);
}

Test(tcp, without_descriptors_and_reserve_the_listener_pauses_and_comes_back)
{
    struct net n;
    struct rlimit before;
    struct capture c;
    int a;

    begin(&n);
    n.is_deaf = true;
    a = connect_raw(&n);
    capture_begin(&c, STDERR_FILENO);
    close(n.listener.reserve_fd); /* another thread was faster */
    n.listener.reserve_fd = dup(STDERR_FILENO);
    before = leave_no_files();
    n.listener.reserve_fd = -1; /* lost, its place in use */
    while (uv_is_active((uv_handle_t *)&n.listener.poll)) {
        uv_run(&n.bench.loop, UV_RUN_ONCE);
    }
    cr_assert_eq(n.announced_n, 0);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    while (n.announced_n == 0) { /* the kernel kept the connection */
        uv_run(&n.bench.loop, UV_RUN_ONCE);
    }
    capture_end(&c);
    cr_assert_geq(n.listener.reserve_fd, 0);
    close(a);
    end(&n);
}

Test(tcp, a_dial_without_descriptors_is_not_started)
{
    struct net n;
    struct rlimit before;
    struct capture c;
    enum rc rc;

    begin(&n);
    capture_begin(&c, STDERR_FILENO);
    before = leave_no_files();
    rc = tcp_dial(&n.client.stream, &n.bench.loop, &n.address, &client_events, &n.client);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    capture_end(&c);
    cr_assert_eq(rc, RC_IO);
    cr_assert_not(n.client.stream.is_open);
    end(&n);
}

Test(tcp, a_held_listener_lets_them_wait_and_takes_them_later)
{
    struct net n;

    begin(&n);
    tcp_hold(&n.listener, true);
    tcp_hold(&n.listener, true);
    cr_assert_not(tcp_has_waiting(&n.listener));
    dial(&n);
    while (n.client.opened_n == 0) {
        (void)uv_run(&n.bench.loop, UV_RUN_ONCE);
    }
    cr_assert_eq(n.announced_n, 0);
    cr_assert(tcp_has_waiting(&n.listener));
    tcp_hold(&n.listener, false);
    while (n.announced_n == 0) {
        (void)uv_run(&n.bench.loop, UV_RUN_ONCE);
    }
    cr_assert_not(tcp_has_waiting(&n.listener));
    tcp_close(&n.client.stream, NULL);
    end(&n);
    cr_assert_eq(n.server.closed_n, 1);
}

Test(tcp, a_paused_stream_hears_nothing_until_it_is_resumed)
{
    struct net n;
    static const uint8_t first = 0;

    begin(&n);
    dial(&n);
    while (n.announced_n == 0 || n.client.opened_n == 0) {
        (void)uv_run(&n.bench.loop, UV_RUN_ONCE);
    }
    tcp_pause(&n.server.stream);
    tcp_pause(&n.server.stream);
    tcp_write(&n.client.stream, &first, 1);
    for (int i = 0; i < 20; i++) {
        (void)uv_run(&n.bench.loop, UV_RUN_NOWAIT);
    }
    cr_assert_eq(n.server.got_len, 0);
    tcp_resume(&n.server.stream);
    tcp_resume(&n.server.stream);
    while (n.server.got_len == 0) {
        (void)uv_run(&n.bench.loop, UV_RUN_ONCE);
    }
    tcp_close(&n.client.stream, NULL);
    end(&n);
}
