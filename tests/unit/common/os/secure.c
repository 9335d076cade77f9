#include "common/os/secure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

#include "common/base/units.h"
#include "common/os/clock.h"
#include "tests/unit/common/os/helpers.h"

TestSuite(secure, .timeout = 30);
TestSuite(gate, .timeout = 30);

#define END_MAX 600
#define LONG_LEN 300000u

struct end {
    struct secure_stream stream;
    struct net *net;
    int opened_n;
    int closed_n;
    size_t got_len;
    char why[64];
};

struct net {
    struct bench bench;
    struct scratch scratch;
    struct identity manager;
    struct identity wallbox;
    struct gate gate;
    struct tcp_listener listener;
    struct sockaddr_storage address;
    struct secure_target target;
    struct end server[END_MAX];
    int server_n;
    struct end client[GATE_MAX];
    int opened_n; /* of the server's */
    int closed_n;
    int client_opened_n;
    int client_closed_n;
    size_t echo_want_len; /* the client closes after so many bytes */
    enum rc refused;      /* last answer of secure_accept that was not RC_OK */
    bool closes_at_open;  /* the server hangs up as soon as it knows who it is */
    bool is_held_seen;
};

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 31 + i / 251);
}

static void on_server_open(struct secure_stream *s)
{
    struct end *e = s->user;

    e->opened_n++;
    e->net->opened_n++;
    if (e->net->closes_at_open) {
        secure_close(s, "enough");
        secure_close(s, "twice");
        secure_write(s, (const uint8_t *)"x", 1);
    }
}

static void on_server_bytes(struct secure_stream *s, const uint8_t *bytes, size_t len)
{
    struct end *e = s->user;

    cr_assert_eq(e->opened_n, 1, "nothing is heard before it is open");
    e->got_len += len;
    secure_write2(s, bytes, len / 2, bytes + len / 2, len - len / 2);
}

static void on_server_closed(struct secure_stream *s, const char *why)
{
    struct end *e = s->user;

    e->closed_n++;
    e->net->closed_n++;
    snprintf(e->why, sizeof e->why, "%s", why);
    memset(s, 0xAA, sizeof *s); /* the memory may go */
}

static void on_client_open(struct secure_stream *s)
{
    struct end *e = s->user;

    e->opened_n++;
    e->net->client_opened_n++;
}

static void on_client_bytes(struct secure_stream *s, const uint8_t *bytes, size_t len)
{
    struct end *e = s->user;

    for (size_t i = 0; i < len; i++) {
        cr_assert_eq(bytes[i], byte_at(e->got_len + i));
    }
    e->got_len += len;
    if (e->net->echo_want_len > 0 && e->got_len >= e->net->echo_want_len) {
        secure_close(s, NULL);
    }
}

static void on_client_closed(struct secure_stream *s, const char *why)
{
    struct end *e = s->user;

    e->closed_n++;
    e->net->client_closed_n++;
    snprintf(e->why, sizeof e->why, "%s", why);
    memset(s, 0xAA, sizeof *s);
}

static const struct secure_events server_events = {.on_open = on_server_open, .on_bytes = on_server_bytes, .on_closed = on_server_closed};
static const struct secure_events client_events = {.on_open = on_client_open, .on_bytes = on_client_bytes, .on_closed = on_client_closed};

static void on_connection(struct tcp_listener *l)
{
    struct net *n = l->user;
    enum rc rc;

    cr_assert_lt(n->server_n, END_MAX);
    n->server[n->server_n].net = n;
    rc = secure_accept(&n->gate, &n->server[n->server_n].stream, &server_events, &n->server[n->server_n]);
    if (rc == RC_OK) {
        n->server_n++;
    } else {
        n->refused = rc;
    }
    cr_assert_leq(n->gate.n, GATE_MAX);
    n->is_held_seen = n->is_held_seen || n->gate.n == GATE_MAX;
}

static struct net *begin(bool is_plain)
{
    struct net *n = calloc(1, sizeof *n);
    struct sockaddr_storage any;
    const char *why = NULL;

    cr_assert_not_null(n);
    bench_open(&n->bench);
    cr_assert_eq(uv_timer_stop(&n->bench.guard), 0); /* the suite's time-out is longer and does the same */
    scratch_open(&n->scratch);
    cr_assert_eq(identity_open(&n->manager, scratch_path(&n->scratch, "manager")), RC_OK);
    cr_assert_eq(identity_open(&n->wallbox, scratch_path(&n->scratch, "wallbox")), RC_OK);
    cr_assert_eq(tcp_parse_address("127.0.0.1:0", &any), RC_OK);
    cr_assert_eq(tcp_listen(&n->listener, &n->bench.loop, &any, on_connection, n, &why), RC_OK);
    cr_assert_eq(tcp_parse_address(n->listener.local, &n->address), RC_OK, "%s", n->listener.local);
    gate_open(&n->gate, &n->bench.loop, is_plain ? NULL : &n->manager, &n->listener);
    n->target = (struct secure_target){.address = &n->address, .self = is_plain ? NULL : &n->wallbox, .pin = is_plain ? NULL : n->manager.hash};
    return n;
}

static void dial(struct net *n, int which)
{
    n->client[which].net = n;
    cr_assert_eq(secure_dial(&n->client[which].stream, &n->bench.loop, &n->target, &client_events, &n->client[which]), RC_OK);
}

/* Run the loop until *what reaches `want_n`; the suite's time-out ends a test that waits in vain. */
static void run_until(struct net *n, const int *what, int want_n)
{
    while (*what < want_n) {
        (void)uv_run(&n->bench.loop, UV_RUN_ONCE);
    }
}

static void end(struct net *n)
{
    for (int i = 0; i < n->server_n; i++) {
        if (n->server[i].closed_n == 0) {
            secure_close(&n->server[i].stream, NULL);
        }
    }
    for (int i = 0; i < GATE_MAX; i++) {
        if (n->client[i].net != NULL && n->client[i].closed_n == 0) {
            secure_close(&n->client[i].stream, NULL);
        }
    }
    tcp_unlisten(&n->listener);
    bench_run(&n->bench);
    cr_assert_eq(n->gate.n, 0);
    gate_close(&n->gate);
    gate_close(&n->gate);
    bench_close(&n->bench);
    identity_close(&n->manager);
    identity_close(&n->wallbox);
    scratch_close(&n->scratch);
    free(n);
}

/* A stranger's socket. */
static int knock(const struct net *n, const void *bytes, size_t len)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert_geq(fd, 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&n->address, sizeof(struct sockaddr_in)), 0);
    if (len > 0) {
        cr_assert_eq(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
    }
    return fd;
}

static void talk_until_closed(struct net *n)
{
    uint8_t *bytes = malloc(LONG_LEN);

    cr_assert_not_null(bytes);
    for (size_t i = 0; i < LONG_LEN; i++) {
        bytes[i] = byte_at(i);
    }
    n->echo_want_len = LONG_LEN;
    dial(n, 0);
    run_until(n, &n->client_opened_n, 1);
    for (size_t at = 0; at < LONG_LEN; at += 60000) {
        secure_write2(&n->client[0].stream, bytes + at, 4, bytes + at + 4, 59996);
    }
    run_until(n, &n->closed_n, 1);
    run_until(n, &n->client_closed_n, 1);
    cr_assert_eq(n->client[0].got_len, LONG_LEN, "%zu %s, %zu %s", n->client[0].got_len, n->client[0].why, n->server[0].got_len, n->server[0].why);
    cr_assert_str_eq(n->client[0].why, "closed");
    cr_assert_str_eq(n->server[0].why, "peer closed");
    free(bytes);
}

Test(secure, what_one_end_says_the_other_hears)
{
    struct net *n = begin(false);

    talk_until_closed(n);
    cr_assert_eq(n->gate.done_n, 1);
    end(n);
}

Test(secure, plain_tcp_has_the_same_events)
{
    struct net *n = begin(true);

    talk_until_closed(n);
    cr_assert_eq(n->server[0].opened_n, 1);
    end(n);
}

Test(secure, each_end_knows_the_key_of_the_other)
{
    struct net *n = begin(false);

    dial(n, 0);
    run_until(n, &n->opened_n, 1);
    run_until(n, &n->client_opened_n, 1);
    cr_assert_arr_eq(n->server[0].stream.tls.peer, n->wallbox.hash, IDENTITY_HASH_LEN);
    cr_assert_arr_eq(n->client[0].stream.tls.peer, n->manager.hash, IDENTITY_HASH_LEN);
    end(n);
}

Test(secure, a_server_with_another_key_than_the_pinned_one_is_left_at_once)
{
    struct net *n = begin(false);

    n->target.pin = n->wallbox.hash;
    dial(n, 0);
    run_until(n, &n->client_closed_n, 1);
    cr_assert_eq(n->client_opened_n, 0);
    cr_assert_str_eq(n->client[0].why, "another key than the pinned one");
    end(n);
}

Test(secure, a_server_may_hang_up_when_it_learns_who_it_is)
{
    struct net *n = begin(false);

    n->closes_at_open = true;
    dial(n, 0);
    run_until(n, &n->client_closed_n, 1);
    run_until(n, &n->closed_n, 1);
    cr_assert_str_eq(n->server[0].why, "enough");
    cr_assert_str_eq(n->client[0].why, "peer closed");
    end(n);
}

Test(secure, a_plain_client_is_refused_with_a_reason)
{
    struct net *n = begin(false);
    int fd = knock(n, "\x00\x00\x00\x10 no encryption here", 24);

    run_until(n, &n->closed_n, 1);
    cr_assert_eq(n->opened_n, 0);
    cr_assert_eq(n->gate.failed_n, 1);
    cr_assert_str_neq(n->server[0].why, "closed");
    close(fd);
    end(n);
}

Test(secure, a_client_meets_a_server_that_speaks_no_tls)
{
    struct net *n = begin(true);

    n->target.self = &n->wallbox;
    n->target.pin = n->manager.hash;
    dial(n, 0);
    run_until(n, &n->client_closed_n, 1); /* the plain server sends the handshake back */
    cr_assert_eq(n->client_opened_n, 0);
    end(n);
}

Test(secure, a_client_that_hangs_up_half_way_leaves_the_door)
{
    struct net *n = begin(false);
    int fd = knock(n, "\x16\x03\x01\x02", 4);

    run_until(n, &n->server_n, 1);
    cr_assert_eq(n->gate.n, 1);
    close(fd);
    run_until(n, &n->closed_n, 1);
    cr_assert_eq(n->gate.n, 0);
    cr_assert_str_eq(n->server[0].why, "peer closed");
    end(n);
}

Test(gate, silence_ends_at_the_deadline)
{
    struct net *n = begin(false);
    int fd = knock(n, NULL, 0);
    int64_t begin_ms;

    run_until(n, &n->server_n, 1);
    begin_ms = clock_boot_ms();
    cr_assert_geq(n->server[0].stream.tls.until_ms, begin_ms + TLS_SHAKE_MS - 1000);
    n->server[0].stream.tls.until_ms = begin_ms + 50;
    gate_leave(&n->gate, &n->server[0].stream);
    gate_enter(&n->gate, &n->server[0].stream, begin_ms); /* the wake is set anew */
    run_until(n, &n->closed_n, 1);
    cr_assert_geq(clock_boot_ms(), begin_ms + 50);
    cr_assert_str_eq(n->server[0].why, "handshake took too long");
    cr_assert_eq(n->gate.late_n, 1);
    close(fd);
    end(n);
}

Test(gate, half_open_handshakes_make_room_for_an_honest_one)
{
    enum { KNOCKS_N = 500 };
    struct net *n = begin(false);
    static int fd[KNOCKS_N];
    int64_t begin_ms = clock_boot_ms();

    for (int i = 0; i < KNOCKS_N; i++) {
        fd[i] = knock(n, "\x16", 1);
    }
    dial(n, 0);
    run_until(n, &n->client_opened_n, 1);
    cr_assert_lt(clock_boot_ms() - begin_ms, TLS_SHAKE_MS, "before any of them has reached its deadline");
    run_until(n, &n->opened_n, 1);
    cr_assert(n->is_held_seen);
    cr_assert_gt(n->gate.late_n, KNOCKS_N - GATE_MAX);
    cr_assert_eq(n->gate.done_n, 1);
    for (int i = 0; i < KNOCKS_N; i++) {
        close(fd[i]);
    }
    end(n);
}

Test(gate, many_sources_with_one_half_open_handshake_each_make_room_too)
{
    struct net *n = begin(false);
    static int fd[GATE_MAX];
    int64_t begin_ms = clock_boot_ms();

    for (int i = 0; i < GATE_MAX; i++) {
        struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)i)};

        fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        cr_assert_eq(bind(fd[i], (const struct sockaddr *)&own, sizeof own), 0);
        cr_assert_eq(connect(fd[i], (const struct sockaddr *)&n->address, sizeof own), 0);
    }
    run_until(n, &n->server_n, GATE_MAX);
    for (int i = 0; i < 2; i++) {
        dial(n, i);
    }
    run_until(n, &n->client_opened_n, 2);
    cr_assert_lt(clock_boot_ms() - begin_ms, TLS_SHAKE_MS, "before any of them has reached its deadline");
    for (int i = 0; i < GATE_MAX; i++) {
        close(fd[i]);
    }
    end(n);
}

struct turn {
    struct net *net;
    uint64_t before_n;
    uint64_t most_n;
    int turns_n;
};

static void on_turn(uv_prepare_t *handle)
{
    struct turn *t = handle->data;
    uint64_t done_n = t->net->gate.done_n;

    t->most_n = done_n - t->before_n > t->most_n ? done_n - t->before_n : t->most_n;
    t->before_n = done_n;
    t->turns_n++;
}

Test(gate, many_at_once_are_served_a_few_in_each_turn)
{
    struct net *n = begin(false);
    struct turn turn = {.net = n};
    uv_prepare_t prepare;

    cr_assert_eq(uv_prepare_init(&n->bench.loop, &prepare), 0);
    prepare.data = &turn;
    cr_assert_eq(uv_prepare_start(&prepare, on_turn), 0);
    for (int i = 0; i < GATE_MAX; i++) {
        dial(n, i);
    }
    run_until(n, &n->client_opened_n, GATE_MAX);
    run_until(n, &n->opened_n, GATE_MAX);
    cr_assert_eq(n->gate.done_n, GATE_MAX);
    cr_assert_leq(turn.most_n, GATE_TURN_STEPS);
    cr_assert_eq(uv_is_active((uv_handle_t *)&n->gate.idle), 0, "an idle door does not keep the loop awake");
    uv_close((uv_handle_t *)&prepare, NULL);
    end(n);
}

static struct sockaddr_storage from(const char *text)
{
    struct sockaddr_storage out;

    cr_assert_eq(tcp_parse_address(text, &out), RC_OK);
    return out;
}

static int admitted_n(struct net *n, const char *text, int tries_n, int64_t now_ms)
{
    struct sockaddr_storage address = from(text);
    int good_n = 0;

    for (int i = 0; i < tries_n; i++) {
        good_n += gate_admit(&n->gate, &address, now_ms) == RC_OK ? 1 : 0;
    }
    return good_n;
}

Test(gate, one_source_gets_its_burst_and_then_a_trickle)
{
    struct net *n = begin(false);

    cr_assert_eq(admitted_n(n, "10.0.0.1:5", GATE_BURST + 50, 1000), GATE_BURST);
    cr_assert_eq(n->gate.refused_n, 50);
    cr_assert_eq(admitted_n(n, "10.0.0.1:6", 50, 1100), 10);
    cr_assert_eq(admitted_n(n, "10.0.0.1:6", 500, 2100), GATE_REFILL_PER_S);
    cr_assert_eq(admitted_n(n, "10.0.0.1:6", 2 * GATE_BURST, 1000000), GATE_BURST, "never more than the burst");
    cr_assert_eq(admitted_n(n, "10.0.0.2:5", 5, 1000), 5, "another source does not notice");
    end(n);
}

Test(gate, a_network_of_ipv6_is_one_source)
{
    struct net *n = begin(false);

    cr_assert_eq(admitted_n(n, "[2001:db8:1:2::1]:5", GATE_BURST, 0), GATE_BURST);
    cr_assert_eq(admitted_n(n, "[2001:db8:1:2:ffff::7]:5", 3, 0), 0);
    cr_assert_eq(admitted_n(n, "[2001:db8:1:3::1]:5", 3, 0), 3);
    end(n);
}

Test(gate, an_address_of_ipv4_is_the_same_source_in_ipv6)
{
    struct net *n = begin(false);

    cr_assert_eq(admitted_n(n, "[::ffff:10.0.0.1]:5", GATE_BURST, 0), GATE_BURST);
    cr_assert_eq(admitted_n(n, "10.0.0.1:5", 3, 0), 0);
    end(n);
}

Test(gate, more_sources_than_it_remembers_do_not_free_the_one_that_floods)
{
    struct net *n = begin(false);
    char text[TCP_ADDRESS_LEN];

    cr_assert_eq(admitted_n(n, "10.0.0.1:5", GATE_BURST, 0), GATE_BURST);
    for (int i = 0; i < 4 * GATE_SOURCE_MAX; i++) {
        snprintf(text, sizeof text, "10.1.%d.%d:7", i / 256, i % 256);
        cr_assert_eq(admitted_n(n, text, 1, 0), 1);
    }
    cr_assert_eq(admitted_n(n, "10.0.0.1:5", 3, 0), 0);
    end(n);
}

Test(gate, a_flood_of_refusals_is_not_a_flood_of_lines)
{
    struct net *n = begin(false);
    struct capture c;
    int lines_n = 0;

    capture_begin(&c, STDERR_FILENO);
    for (int i = 0; i < 100; i++) {
        gate_say(&n->gate, "10.0.0.1:5", "nonsense", 1000);
    }
    gate_say(&n->gate, "10.0.0.1:5", "nonsense", 20000);
    capture_end(&c);
    for (const char *at = c.text; (at = strstr(at, "handshake_refused")) != NULL; at++) {
        lines_n++;
    }
    cr_assert_eq(lines_n, 21);
    cr_assert_not_null(strstr(c.text, "left_out_n=80"), "%s", c.text);
    end(n);
}
