/* Looking for managers on the loopback network, where the tests answer. */
#include "client/shell/finder.h"

#include <arpa/inet.h>

#include "common/os/clock.h"
#include "tests/unit/common/os/helpers.h"

TestSuite(finder, .timeout = 20);

#define MANAGERS_N 3

struct plaza {
    struct bench bench;
    struct finder finder;
    uv_udp_t udp; /* hears the question and answers for all managers */
    uint8_t bytes[64];
    int managers_n; /* that answer, at the ports 1001, 1002 ... */
    bool lies;      /* they answer to another question */
    int asked_n;
    int found_n;
    int missed_n;
    int port_n[MANAGERS_N]; /* how often each was taken */
};

static void on_found(void *user, const struct sockaddr_storage *address)
{
    struct plaza *p = user;

    if (address == NULL) {
        p->missed_n++;
        return;
    }
    cr_assert_eq(address->ss_family, AF_INET);
    p->found_n++;
    p->port_n[ntohs(((const struct sockaddr_in *)address)->sin_port) - 1001]++;
}

static void on_room(uv_handle_t *handle, size_t wanted_len, uv_buf_t *out)
{
    struct plaza *p = handle->data;

    (void)wanted_len;
    *out = uv_buf_init((char *)p->bytes, sizeof p->bytes);
}

static void on_question(uv_udp_t *udp, ssize_t len, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags)
{
    struct plaza *p = udp->data;

    (void)buf;
    (void)flags;
    if (len <= 0 || from == NULL) {
        return;
    }
    cr_assert(seek_is_question(p->bytes, (size_t)len));
    p->asked_n++;
    p->bytes[SEEK_LEN - 1] ^= p->lies ? 1 : 0;
    for (int i = 0; i < 2 * p->managers_n; i++) { /* each twice: it counts once */
        uint8_t answer[SEEK_LEN];
        uv_buf_t out = uv_buf_init((char *)answer, sizeof answer);

        seek_answer(p->bytes, (uint16_t)(1001 + i % p->managers_n), answer);
        cr_assert_eq(uv_udp_try_send(udp, &out, 1, from), SEEK_LEN);
    }
}

static struct plaza *begin(int managers_n)
{
    struct plaza *p = calloc(1, sizeof *p);
    struct sockaddr_in everybody = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(0x7fffffff)}};
    struct sockaddr_in bound;
    int len = sizeof bound;

    cr_assert_not_null(p);
    p->managers_n = managers_n;
    bench_open(&p->bench);
    cr_assert_eq(uv_timer_stop(&p->bench.guard), 0); /* the suite's time-out is longer and does the same */
    cr_assert_eq(uv_udp_init(&p->bench.loop, &p->udp), 0);
    p->udp.data = p;
    cr_assert_eq(uv_udp_bind(&p->udp, (const struct sockaddr *)&everybody, 0), 0);
    cr_assert_eq(uv_udp_getsockname(&p->udp, (struct sockaddr *)&bound, &len), 0);
    cr_assert_eq(uv_udp_recv_start(&p->udp, on_room, on_question), 0);
    cr_assert_eq(finder_open(&p->finder, &p->bench.loop, ntohs(bound.sin_port), on_found, p), RC_OK);
    return p;
}

static void end(struct plaza *p)
{
    finder_close(&p->finder);
    finder_close(&p->finder); /* harmless */
    uv_close((uv_handle_t *)&p->udp, NULL);
    bench_run(&p->bench);
    bench_close(&p->bench);
    free(p);
}

static void ask(struct plaza *p)
{
    int done_n = p->found_n + p->missed_n;

    finder_ask(&p->finder, clock_boot_ms() - FINDER_WAIT_MS + 50); /* it need not wait that long here */
    finder_ask(&p->finder, clock_boot_ms());                       /* one question */
    while (p->found_n + p->missed_n == done_n) {
        (void)uv_run(&p->bench.loop, UV_RUN_ONCE);
    }
}

Test(finder, a_manager_that_answers_is_found)
{
    struct plaza *p = begin(1);

    ask(p);
    cr_assert_eq(p->asked_n, 1);
    cr_assert_eq(p->port_n[0], 1);
    end(p);
}

Test(finder, where_nobody_answers_that_is_said)
{
    struct plaza *p = begin(0);

    ask(p);
    cr_assert_eq(p->missed_n, 1);
    ask(p);
    cr_assert_eq(p->asked_n, 2);
    end(p);
}

Test(finder, an_answer_to_another_question_is_none)
{
    struct plaza *p = begin(1);

    p->lies = true;
    ask(p);
    cr_assert_eq(p->missed_n, 1);
    end(p);
}

Test(finder, of_several_each_has_its_chance)
{
    struct plaza *p = begin(MANAGERS_N);

    for (int i = 0; i < 100 && (p->port_n[0] == 0 || p->port_n[1] == 0 || p->port_n[2] == 0); i++) {
        ask(p);
        cr_assert_eq(p->finder.found_n, MANAGERS_N, "each once");
    }
    for (int i = 0; i < MANAGERS_N; i++) {
        cr_assert_gt(p->port_n[i], 0, "manager %d was never taken", i);
    }
    end(p);
}
