#include "manager/shell/bus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "common/os/clock.h"
#include "tests/unit/manager/bus/fake_meter.h"

TestSuite(bus_test, .timeout = 15);

struct bench {
    struct lowfd lowfd;
    struct fake_meter fake;
    struct bus_test result;
    char address[TEXT_LEN];
};

static struct bench *bench_new(enum fake_mode mode, int unit)
{
    struct bench *b = calloc(1, sizeof(*b));

    cr_assert_not_null(b);
    cr_assert_eq(lowfd_open(&b->lowfd, 1), RC_OK);
    b->fake.unit = 1;
    atomic_store(&b->fake.mode, mode);
    fake_fill_em300(&b->fake);
    fake_start(&b->fake);
    (void)snprintf(b->address, sizeof(b->address), "tcp:127.0.0.1:%u:%d", (unsigned)b->fake.port, unit);
    return b;
}

static void bench_free(struct bench *b)
{
    fake_stop(&b->fake);
    lowfd_close(&b->lowfd);
    free(b);
}

static void finds(enum fake_mode mode, int unit, enum rc rc, enum bus_trouble trouble, const char *words)
{
    struct bench *b = bench_new(mode, unit);

    cr_assert_eq(bus_test_once(&b->lowfd, "tq_em300_lr", b->address, &b->result), rc);
    cr_assert_eq(b->result.trouble, trouble, "%s", bus_trouble_text(b->result.trouble));
    cr_assert_not_null(strstr(b->result.text, words), "%s", b->result.text);
    bench_free(b);
}

Test(bus_test, a_model_or_address_that_does_not_exist_is_explained)
{
    static struct lowfd lowfd;
    struct bus_test t;

    cr_assert_eq(bus_test_once(&lowfd, "", "tcp:1.2.3.4:502:1", &t), RC_RANGE);
    cr_assert_not_null(strstr(t.text, "no such meter model"));
    cr_assert_eq(bus_test_once(&lowfd, "tq_em300_lr", "1.2.3.4", &t), RC_RANGE);
    cr_assert_not_null(strstr(t.text, BUS_ADDRESS_FORMS));
    cr_assert_eq(bus_test_once(&lowfd, "tq_em300_lr", "rtu:/dev/ttyS0:9600:N:1", &t), RC_RANGE);
    cr_assert_not_null(strstr(t.text, "no serial line"));
    cr_assert_eq(t.trouble, BUS_MISCONFIGURED);
}

Test(bus_test, without_a_low_descriptor_it_says_so)
{
    struct bench *b = bench_new(FAKE_GOOD, 1);
    int low;

    cr_assert_eq(lowfd_take(&b->lowfd, &low), RC_OK);
    cr_assert_eq(bus_test_once(&b->lowfd, "tq_em300_lr", b->address, &b->result), RC_FULL);
    lowfd_give(&b->lowfd, low);
    bench_free(b);
}

Test(bus_test, a_good_meter_is_read_with_its_latency)
{
    struct bench *b = bench_new(FAKE_GOOD, 1);

    cr_assert_eq(bus_test_once(&b->lowfd, "tq_em300_lr", b->address, &b->result), RC_OK, "%s", b->result.text);
    cr_assert_eq(b->result.sample.current_ma[2], 12000);
    cr_assert_geq(b->result.latency_ms, 0);
    cr_assert_leq(b->result.latency_ms, 500);
    cr_assert_eq(b->result.trouble, BUS_GOOD);
    bench_free(b);
}

Test(bus_test, a_peer_that_trickles_bytes_takes_no_longer_than_a_silent_one)
{
    struct bench *b = bench_new(FAKE_TRICKLE, 1);
    int64_t begun_ms = clock_boot_ms();

    cr_assert_eq(bus_test_once(&b->lowfd, "tq_em300_lr", b->address, &b->result), RC_IO);
    cr_assert_eq(b->result.trouble, BUS_SILENT, "%s", b->result.text);
    /* The reading and the look for another unit: two requests. */
    cr_assert_leq(clock_boot_ms() - begun_ms, 2 * BUS_TCP_WAIT_MS + 200);
    bench_free(b);
}

Test(bus_test, a_silent_meter_is_explained)
{
    finds(FAKE_SILENT, 1, RC_IO, BUS_SILENT, "no complete answer in time");
}

Test(bus_test, a_wrong_unit_number_is_explained_with_the_right_one)
{
    finds(FAKE_GOOD, 9, RC_IO, BUS_NO_UNIT, "but unit 1 answers");
}

Test(bus_test, a_wrong_unit_number_behind_a_gateway_is_explained_with_the_right_one)
{
    finds(FAKE_GATEWAY, 9, RC_REFUSED, BUS_NO_UNIT, "but unit 1 answers");
}

Test(bus_test, an_exception_is_explained)
{
    finds(FAKE_EXCEPTION, 1, RC_REFUSED, BUS_EXCEPTION, "no such registers (exception 2)");
}

Test(bus_test, too_many_registers_are_explained)
{
    finds(FAKE_TOO_MANY, 1, RC_MALFORMED, BUS_GARBLED, "does not fit the question");
}

Test(bus_test, impossible_values_are_explained)
{
    struct bench *b = bench_new(FAKE_GOOD, 1);

    fake_u32(&b->fake, 26, 1);
    cr_assert_eq(bus_test_once(&b->lowfd, "tq_em300_lr", b->address, &b->result), RC_RANGE);
    cr_assert_eq(b->result.trouble, BUS_IMPLAUSIBLE);
    cr_assert_not_null(strstr(b->result.text, "wrong model?"), "%s", b->result.text);
    bench_free(b);
}

Test(bus_test, a_port_where_nothing_listens_is_explained)
{
    struct bench *b = bench_new(FAKE_GOOD, 1);

    cr_assert_eq(bus_test_once(&b->lowfd, "tq_em300_lr", "tcp:127.0.0.1:1:1", &b->result), RC_IO);
    cr_assert_eq(b->result.trouble, BUS_UNREACHABLE);
    cr_assert_not_null(strstr(b->result.text, "cannot connect to 127.0.0.1 port 1: Connection refused"), "%s", b->result.text);
    bench_free(b);
}
