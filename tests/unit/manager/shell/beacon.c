/* The manager's answers on the loopback network. */
#include "manager/shell/beacon.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/common/os/helpers.h"

TestSuite(beacon, .timeout = 20);

struct spot {
    struct bench bench;
    struct beacon beacon;
    struct sockaddr_in everybody; /* of the loopback network, at the beacon's port */
    int fd;
};

static uint16_t free_port(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_ANY)}};
    socklen_t len = sizeof any;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    cr_assert_geq(fd, 0);
    cr_assert_eq(bind(fd, (const struct sockaddr *)&any, sizeof any), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&any, &len), 0);
    cr_assert_eq(close(fd), 0);
    return ntohs(any.sin_port);
}

static void begin(struct spot *s, const char *host)
{
    struct timeval wait = {.tv_sec = 5};
    int yes = 1;
    char link[64];
    uint16_t port = free_port();

    memset(s, 0, sizeof *s);
    bench_open(&s->bench);
    (void)snprintf(link, sizeof link, "%s:%u", host, port);
    beacon_open(&s->beacon, &s->bench.loop, link);
    s->everybody = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = htonl(0x7fffffff)}};
    s->fd = socket(AF_INET, SOCK_DGRAM, 0);
    cr_assert_geq(s->fd, 0);
    cr_assert_eq(setsockopt(s->fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes), 0);
    cr_assert_eq(setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), 0);
}

static void end(struct spot *s)
{
    cr_assert_eq(close(s->fd), 0);
    beacon_close(&s->beacon);
    beacon_close(&s->beacon); /* harmless */
    bench_close(&s->bench);
}

static void send_it(struct spot *s, const void *bytes, size_t len)
{
    cr_assert_eq(sendto(s->fd, bytes, len, 0, (const struct sockaddr *)&s->everybody, sizeof s->everybody), (ssize_t)len);
}

/* Let the beacon read what was sent. */
static void turn(struct spot *s)
{
    for (int i = 0; i < 10; i++) {
        (void)uv_run(&s->bench.loop, UV_RUN_NOWAIT);
    }
}

static void ask(struct spot *s)
{
    static const uint8_t nonce[SEEK_NONCE_LEN] = {9, 8, 7};
    uint8_t question[SEEK_LEN];

    seek_question(nonce, question);
    send_it(s, question, sizeof question);
}

/* Answers that wait now. */
static int heard_n(struct spot *s)
{
    uint8_t bytes[BEACON_READ_LEN];
    int n = 0;

    while (recv(s->fd, bytes, sizeof bytes, MSG_DONTWAIT) == SEEK_LEN) {
        n++;
    }
    return n;
}

static void expect_answered(const char *host)
{
    static const uint8_t nonce[SEEK_NONCE_LEN] = {9, 8, 7};
    struct spot s;
    uint8_t bytes[BEACON_READ_LEN];
    uint16_t port = 0;

    begin(&s, host);
    ask(&s);
    turn(&s);
    cr_assert_eq(recv(s.fd, bytes, sizeof bytes, 0), SEEK_LEN);
    cr_assert_eq(seek_read_answer(bytes, SEEK_LEN, nonce, &port), RC_OK);
    cr_assert_eq(port, ntohs(s.everybody.sin_port));
    end(&s);
}

Test(beacon, a_question_to_everybody_is_answered_with_the_port_of_the_link)
{
    expect_answered("127.0.0.1");
    expect_answered("0.0.0.0");
    expect_answered("[::]");
}

Test(beacon, what_is_no_question_is_not_answered)
{
    struct spot s;
    uint8_t bytes[2 * BEACON_READ_LEN] = {0};
    const uint8_t nonce[SEEK_NONCE_LEN] = {0};

    begin(&s, "127.0.0.1");
    send_it(&s, "", 0);
    send_it(&s, "WBX?", 4);
    send_it(&s, bytes, SEEK_LEN);
    seek_question(nonce, bytes);
    send_it(&s, bytes, sizeof bytes);
    seek_answer(bytes, 7, bytes);
    send_it(&s, bytes, SEEK_LEN);
    turn(&s);
    cr_assert_eq(heard_n(&s), 0);
    end(&s);
}

Test(beacon, a_flood_of_questions_is_no_flood_of_answers)
{
    struct spot s;
    int n = 0;

    begin(&s, "127.0.0.1");
    for (int i = 0; i < 3 * BEACON_PER_S; i++) {
        ask(&s);
        (void)uv_run(&s.bench.loop, UV_RUN_NOWAIT);
        n += heard_n(&s);
    }
    turn(&s);
    n += heard_n(&s);
    cr_assert_geq(n, BEACON_PER_S);
    cr_assert_leq(n, 2 * BEACON_PER_S, "within a second or a little more");
    cr_assert_gt(s.beacon.unsent_n, 0);
    end(&s);
}

Test(beacon, where_it_cannot_listen_it_stays_away)
{
    struct spot s;

    begin(&s, "[::1]");
    cr_assert_not(s.beacon.is_open);
    end(&s);
    begin(&s, "203.0.113.9"); /* not of this machine */
    cr_assert_not(s.beacon.is_open);
    end(&s);
}
