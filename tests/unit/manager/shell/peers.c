#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "manager/shell/peers.h"

TestSuite(peers, .timeout = 10);

struct bench {
    uv_loop_t loop;
    struct peers peers;
    int opened_n;
    int closed_n;
    int hello_n;
    int status_n;
    uint64_t last_status_seq;
    bool is_in_order;
    uint16_t slot;
    char serial[SERIAL_LEN];
    bool close_on_hello;
};

static void on_event(void *user, const struct mev *e)
{
    struct bench *b = user;

    switch (e->kind) {
    case MEV_PEER_OPEN:
        b->opened_n++;
        b->slot = e->peer.peer;
        break;
    case MEV_PEER_CLOSED:
        b->closed_n++;
        break;
    case MEV_PEER_MSG:
        if (e->peer_msg.msg->kind == MSG_HELLO) {
            b->hello_n++;
            memcpy(b->serial, e->peer_msg.msg->hello.serial, SERIAL_LEN);
            if (b->close_on_hello) {
                peers_close(&b->peers, e->peer_msg.peer);
            }
        } else {
            cr_assert_eq(e->peer_msg.msg->kind, MSG_STATUS);
            b->status_n++;
            b->is_in_order = b->is_in_order && e->peer_msg.msg->status.status_seq == b->last_status_seq + 1;
            b->last_status_seq = e->peer_msg.msg->status.status_seq;
        }
        break;
    default:
        cr_assert_fail("an event that no connection makes");
    }
}

static struct bench *make(int32_t hello_ms)
{
    struct bench *b = calloc(1, sizeof *b);
    struct sockaddr_storage address;
    const char *why = "";

    cr_assert_not_null(b);
    b->is_in_order = true;
    cr_assert_eq(uv_loop_init(&b->loop), 0);
    cr_assert_eq(tcp_parse_address("127.0.0.1:0", &address), RC_OK);
    peers_init(&b->peers, on_event, b);
    b->peers.hello_ms = hello_ms;
    cr_assert_eq(peers_open(&b->peers, &b->loop, &address, &why), RC_OK, "%s", why);
    return b;
}

static void finish(struct bench *b)
{
    peers_stop(&b->peers, NULL);
    cr_assert_eq(uv_run(&b->loop, UV_RUN_DEFAULT), 0);
    cr_assert_eq(uv_loop_close(&b->loop), 0);
    free(b);
}

static int dial(const struct bench *b)
{
    struct sockaddr_storage address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    cr_assert_geq(fd, 0);
    cr_assert_eq(tcp_parse_address(b->peers.listener.local, &address), RC_OK);
    cr_assert(connect(fd, (struct sockaddr *)&address, sizeof(struct sockaddr_in)) == 0 || errno == EINPROGRESS);
    return fd;
}

/* Run the loop until *what reaches `n`; the suite's time-out ends a test that waits in vain. */
static void run_until(struct bench *b, const int *what, int n)
{
    while (*what < n) {
        (void)uv_run(&b->loop, UV_RUN_ONCE);
    }
}

static int connected(struct bench *b)
{
    int before_n = b->opened_n;
    int fd = dial(b);

    run_until(b, &b->opened_n, before_n + 1);
    return fd;
}

static void send_all(int fd, const uint8_t *bytes, size_t len)
{
    cr_assert_eq(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

static size_t framed(const struct msg *m, uint8_t *out, size_t cap)
{
    size_t len = 0;

    cr_assert_eq(codec_encode(m, out + FRAME_PREFIX_LEN, cap - FRAME_PREFIX_LEN, &len), RC_OK);
    frame_prefix((uint32_t)len, out);
    return len + FRAME_PREFIX_LEN;
}

static struct msg hello(void)
{
    return (struct msg){.kind = MSG_HELLO,
                        .hello = {.serial = "W01",
                                  .model = MODEL_PLUS,
                                  .wired_n = 3,
                                  .max_ma = 16000,
                                  .watchdog = WATCHDOG_HARDWARE,
                                  .firmware = "1.0",
                                  .protocol_major = LINK_PROTOCOL_MAJOR,
                                  .boot_id = 1}};
}

static struct msg status(uint64_t seq)
{
    return (struct msg){.kind = MSG_STATUS, .status = {.status_seq = seq, .boot_id = 1, .pilot = PILOT_A1, .limit_by = LIMIT_STATE, .state = BOX_IDLE}};
}

Test(peers, a_hello_in_single_bytes_is_one_message)
{
    struct bench *b = make(PEERS_HELLO_MS);
    struct msg m = hello();
    uint8_t bytes[512];
    size_t len = framed(&m, bytes, sizeof bytes);
    int fd = connected(b);

    for (size_t i = 0; i < len; i++) {
        cr_assert_eq(b->hello_n, 0);
        send_all(fd, &bytes[i], 1);
        (void)uv_run(&b->loop, UV_RUN_NOWAIT);
    }
    run_until(b, &b->hello_n, 1);
    cr_expect_str_eq(b->serial, "W01");
    close(fd);
    run_until(b, &b->closed_n, 1);
    finish(b);
}

static void refused(const uint8_t *bytes, size_t len)
{
    struct bench *b = make(PEERS_HELLO_MS);
    int fd = connected(b);

    send_all(fd, bytes, len);
    run_until(b, &b->closed_n, 1);
    cr_expect_eq(b->peers.refused_n, 1);
    cr_expect_eq(b->hello_n, 0);
    cr_expect_eq(b->peers.open_n, 0);
    close(fd);
    finish(b);
}

Test(peers, a_length_of_one_gibibyte_ends_the_connection_at_once)
{
    refused((const uint8_t[]){0x40, 0, 0, 0}, 4);
}

Test(peers, a_length_of_zero_ends_the_connection)
{
    refused((const uint8_t[]){0, 0, 0, 0}, 4);
}

Test(peers, a_length_one_above_the_limit_ends_the_connection)
{
    refused((const uint8_t[]){0, 1, 0, 1}, 4);
}

Test(peers, a_frame_of_garbage_ends_the_connection)
{
    refused((const uint8_t[]){0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0xff}, 9);
}

Test(peers, a_web_browser_is_refused)
{
    refused((const uint8_t *)"GET / HTTP/1.1\r\n\r\n", 18);
}

Test(peers, a_message_with_a_value_outside_its_range_ends_the_connection)
{
    struct msg m = hello();
    uint8_t bytes[512];
    size_t len = framed(&m, bytes, sizeof bytes);
    uint8_t *serial = memmem(bytes, len, "W01", 3);

    cr_assert_not_null(serial);
    serial[1] = '\n';
    refused(bytes, len);
}

Test(peers, a_message_of_an_unknown_kind_is_counted_and_skipped)
{
    struct bench *b = make(PEERS_HELLO_MS);
    const uint8_t unknown[] = {0, 0, 0, 4, 0xfa, 0x3e, 1, 0}; /* field 1007, one byte */
    struct msg m = hello();
    uint8_t bytes[512];
    size_t len = framed(&m, bytes, sizeof bytes);
    int fd = connected(b);

    send_all(fd, unknown, sizeof unknown);
    send_all(fd, bytes, len);
    run_until(b, &b->hello_n, 1);
    cr_expect_eq(b->peers.unknown_n, 1);
    cr_expect_eq(b->closed_n, 0);
    close(fd);
    finish(b);
}

Test(peers, a_connection_that_does_not_introduce_itself_is_closed)
{
    struct bench *b = make(1);
    int fd = connected(b);

    run_until(b, &b->closed_n, 1);
    cr_expect_eq(b->peers.open_n, 0);
    close(fd);
    finish(b);
}

Test(peers, one_that_has_introduced_itself_stays)
{
    struct bench *b = make(PEERS_HELLO_MS);
    struct msg m = hello();
    uint8_t bytes[512];
    size_t len = framed(&m, bytes, sizeof bytes);
    int fd = connected(b);

    send_all(fd, bytes, len);
    run_until(b, &b->hello_n, 1);
    cr_expect_eq(b->peers.wake.at_ms, INT64_MAX, "no alarm is left");
    cr_expect_eq(b->closed_n, 0);
    close(fd);
    finish(b);
}

Test(peers, a_flood_is_handled_in_shares_and_in_order)
{
    struct bench *b = make(PEERS_HELLO_MS);
    struct msg m = hello();
    static uint8_t bytes[65536];
    size_t len = framed(&m, bytes, sizeof bytes);
    size_t one_len = 0;
    int fd = connected(b);
    int sent_n = 0;

    while (len + 512 < sizeof bytes) {
        struct msg s = status((uint64_t)sent_n + 1);

        one_len = framed(&s, bytes + len, sizeof bytes - len);
        len += one_len;
        sent_n++;
    }
    send_all(fd, bytes, len);
    while (b->status_n < sent_n) {
        int before_n = b->status_n;

        (void)uv_run(&b->loop, UV_RUN_ONCE);
        cr_assert_leq((size_t)(b->status_n - before_n) * (one_len - 4), 2 * PEERS_TURN_LEN, "a share of the timer and one of the socket at most");
    }
    cr_expect(b->is_in_order);
    cr_expect_eq(b->last_status_seq, (uint64_t)sent_n);
    close(fd);
    run_until(b, &b->closed_n, 1);
    finish(b);
}

Test(peers, nothing_of_a_closed_connection_is_decoded_any_more)
{
    struct bench *b = make(PEERS_HELLO_MS);
    struct msg m = hello();
    uint8_t bytes[1024];
    size_t len = framed(&m, bytes, sizeof bytes);
    int fd = connected(b);

    b->close_on_hello = true;
    len += framed(&m, bytes + len, sizeof bytes - len);
    send_all(fd, bytes, len);
    run_until(b, &b->closed_n, 1);
    cr_expect_eq(b->hello_n, 1);
    close(fd);
    finish(b);
}

Test(peers, messages_leave_in_frames_and_a_free_slot_takes_none)
{
    struct bench *b = make(PEERS_HELLO_MS);
    struct msg m = {.kind = MSG_WELCOME, .welcome = {.epoch = 5, .status_ms = 1000}};
    uint8_t bytes[512];
    uint8_t expected[512];
    size_t expected_len = framed(&m, expected, sizeof expected);
    int fd = connected(b);

    peers_send(&b->peers, b->slot, &m);
    cr_assert_eq(recv(fd, bytes, sizeof bytes, 0), (ssize_t)expected_len);
    cr_expect_arr_eq(bytes, expected, expected_len);
    close(fd);
    run_until(b, &b->closed_n, 1);
    peers_send(&b->peers, b->slot, &m);
    peers_close(&b->peers, b->slot);
    cr_expect_str_eq(peers_name(&b->peers, b->slot), "?");
    finish(b);
}

Test(peers, a_slot_is_used_again)
{
    struct bench *b = make(PEERS_HELLO_MS);

    for (int i = 0; i < 3; i++) {
        int fd = connected(b);

        cr_expect_eq(b->slot, 0);
        close(fd);
        run_until(b, &b->closed_n, i + 1);
    }
    finish(b);
}

Test(peers, an_address_in_use_is_said_by_name)
{
    struct bench *b = make(PEERS_HELLO_MS);
    struct peers *other = calloc(1, sizeof *other);
    struct sockaddr_storage address;
    const char *why = "";

    cr_assert_eq(tcp_parse_address(b->peers.listener.local, &address), RC_OK);
    peers_init(other, on_event, b);
    cr_expect_eq(peers_open(other, &b->loop, &address, &why), RC_IO);
    cr_expect_str_eq(why, "address already in use");
    free(other);
    finish(b);
}

Test(peers, stopping_ends_all_connections_without_events)
{
    struct bench *b = make(PEERS_HELLO_MS);
    int one = connected(b);
    int two = connected(b);

    peers_stop(&b->peers, NULL);
    cr_assert_eq(uv_run(&b->loop, UV_RUN_DEFAULT), 0);
    cr_expect_eq(b->closed_n, 0);
    cr_expect_eq(b->peers.open_n, 0);
    cr_assert_eq(uv_loop_close(&b->loop), 0);
    free(b);
    close(one);
    close(two);
}
