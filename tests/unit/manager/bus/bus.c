#include "manager/shell/bus.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <uv.h>

#include "common/base/units.h"
#include "common/os/clock.h"
#include "tests/unit/manager/bus/fake_meter.h"

TestSuite(bus, .timeout = 30);

#define GUARD_MS 15000
#define MANY 1100
#define METERS 8

/* What the loop has seen of each meter. */
struct seen {
    int sample_n;
    int trouble_n;
    enum bus_trouble trouble;
    int64_t longest_ms; /* between two samples */
    struct meter_sample last;
    char text[BUS_TEXT_LEN];
};

struct rig {
    uv_loop_t loop;
    uv_timer_t guard;
    struct lowfd lowfd;
    struct site site;
    struct bus bus;
    bool is_late;
    bool is_closed;
    struct seen seen[METERS];
};

static void on_sample(void *user, uint16_t meter, const struct meter_sample *sample)
{
    struct rig *r = user;
    struct seen *s = &r->seen[meter];

    if (s->sample_n > 0) {
        s->longest_ms = max_i64(s->longest_ms, sample->taken_ms - s->last.taken_ms);
    }
    s->last = *sample;
    s->sample_n++;
}

static void on_trouble(void *user, uint16_t meter, enum bus_trouble trouble, const char *text)
{
    struct rig *r = user;
    struct seen *s = &r->seen[meter];

    cr_assert_neq(s->trouble, trouble, "told only when it changes");
    s->trouble = trouble;
    s->trouble_n++;
    (void)snprintf(s->text, sizeof(s->text), "%s", text);
}

static void on_guard(uv_timer_t *timer)
{
    ((struct rig *)timer->data)->is_late = true;
}

static const struct bus_events events = {.on_sample = on_sample, .on_trouble = on_trouble};

static struct rig *rig_new(void)
{
    struct rig *r = calloc(1, sizeof(*r));

    cr_assert_not_null(r);
    cr_assert_eq(uv_loop_init(&r->loop), 0);
    cr_assert_eq(uv_timer_init(&r->loop, &r->guard), 0);
    r->guard.data = r;
    cr_assert_eq(uv_timer_start(&r->guard, on_guard, GUARD_MS, 0), 0);
    cr_assert_eq(lowfd_open(&r->lowfd, METERS), RC_OK);
    return r;
}

static void add(struct rig *r, const char *model, const char *address, enum phase_assign phases)
{
    struct site_meter *m = &r->site.meter[r->site.meter_n++];

    *m = (struct site_meter){.role = METER_HOUSE, .phases = phases};
    (void)snprintf(m->id, sizeof(m->id), "M%u", (unsigned)r->site.meter_n);
    (void)snprintf(m->model, sizeof(m->model), "%s", model);
    (void)snprintf(m->address, sizeof(m->address), "%s", address);
}

static void add_tcp(struct rig *r, const char *model, const struct fake_meter *f, int unit, enum phase_assign phases)
{
    char address[TEXT_LEN];

    (void)snprintf(address, sizeof(address), "tcp:127.0.0.1:%u:%d", (unsigned)f->port, unit);
    add(r, model, address, phases);
}

static void add_rtu(struct rig *r, const struct fake_meter *f, int unit)
{
    char address[TEXT_LEN];

    (void)snprintf(address, sizeof(address), "rtu:%s:115200:N:%d", f->device, unit);
    add(r, "eastron_sdm630", address, PHASES_L1_L2_L3);
}

static void open_bus(struct rig *r)
{
    cr_assert_eq(bus_open(&r->bus, &r->loop, &r->lowfd, &r->site, &events, r), RC_OK);
}

static void until_samples(struct rig *r, uint16_t meter, int n)
{
    while (r->seen[meter].sample_n < n && !r->is_late) {
        (void)uv_run(&r->loop, UV_RUN_ONCE);
    }
    cr_assert_not(r->is_late, "meter %u gave %d samples, trouble %s", (unsigned)meter, r->seen[meter].sample_n, r->seen[meter].text);
}

static void until_trouble(struct rig *r, uint16_t meter, enum bus_trouble trouble)
{
    while (r->seen[meter].trouble != trouble && !r->is_late) {
        (void)uv_run(&r->loop, UV_RUN_ONCE);
    }
    cr_assert_not(r->is_late, "meter %u has trouble %s", (unsigned)meter, bus_trouble_text(r->seen[meter].trouble));
}

static void on_bus_closed(struct bus *b)
{
    ((struct rig *)b->user)->is_closed = true;
}

/* Close and say how long it took. */
static int64_t close_bus(struct rig *r)
{
    int64_t begun_ms = clock_boot_ms();

    bus_close(&r->bus, on_bus_closed);
    cr_assert_leq(clock_boot_ms() - begun_ms, 50, "bus_close itself does not wait");
    while (!r->is_closed && !r->is_late) {
        (void)uv_run(&r->loop, UV_RUN_ONCE);
    }
    cr_assert(r->is_closed);
    return clock_boot_ms() - begun_ms;
}

static void rig_free(struct rig *r)
{
    if (!r->is_closed) {
        (void)close_bus(r);
    }
    uv_close((uv_handle_t *)&r->guard, NULL);
    while (uv_run(&r->loop, UV_RUN_DEFAULT) != 0) {
    }
    cr_assert_eq(uv_loop_close(&r->loop), 0);
    lowfd_close(&r->lowfd);
    free(r);
}

static struct fake_meter *fake_new(enum fake_mode mode)
{
    struct fake_meter *f = calloc(1, sizeof(*f));

    cr_assert_not_null(f);
    f->unit = 1;
    atomic_store(&f->mode, mode);
    fake_fill_em300(f);
    return f;
}

static void fake_free(struct fake_meter *f)
{
    fake_stop(f);
    free(f);
}

Test(bus, a_site_without_meters_opens_and_closes)
{
    struct rig *r = rig_new();

    open_bus(r);
    (void)close_bus(r);
    bus_close(&r->bus, NULL);
    rig_free(r);
}

Test(bus, a_good_meter_is_read_twice_a_second_in_site_order)
{
    struct rig *r = rig_new();
    struct fake_meter *f = fake_new(FAKE_GOOD);

    fake_start(f);
    add_tcp(r, "tq_em300_lr", f, 1, PHASES_L2_L3_L1);
    int64_t begun_ms = clock_boot_ms();
    open_bus(r);
    until_samples(r, 0, 4);
    const struct seen *s = &r->seen[0];
    cr_assert_geq(s->last.taken_ms, begun_ms);
    cr_assert_leq(s->last.taken_ms, clock_boot_ms());
    cr_assert_leq(s->longest_ms, 650);
    cr_assert_geq(s->last.taken_ms - begun_ms, 3 * BUS_POLL_MS - 50);
    cr_assert_eq(s->last.current_ma[1], 10000, "terminal 1 of the meter is on L2");
    cr_assert_eq(s->last.current_ma[2], 11000);
    cr_assert_eq(s->last.current_ma[0], 12000);
    cr_assert_eq(s->last.voltage_mv[1], 230000);
    cr_assert_eq(s->last.power_w[1], 2300);
    cr_assert_eq(s->last.power_total_w, 7590);
    cr_assert_eq(s->last.import_wh, 12345);
    cr_assert_eq(s->trouble_n, 0);
    rig_free(r);
    fake_free(f);
}

Test(bus, a_silent_meter_is_told_and_the_other_line_keeps_its_rate)
{
    struct rig *r = rig_new();
    struct fake_meter *good = fake_new(FAKE_GOOD);
    struct fake_meter *silent = fake_new(FAKE_SILENT);

    fake_start(good);
    fake_start(silent);
    add_tcp(r, "tq_em300_lr", silent, 1, PHASES_L1_L2_L3);
    add_tcp(r, "tq_em300_lr", good, 1, PHASES_L1_L2_L3);
    open_bus(r);
    until_trouble(r, 0, BUS_SILENT);
    cr_assert_not_null(strstr(r->seen[0].text, "no complete answer in time"));
    until_samples(r, 1, 5);
    cr_assert_leq(r->seen[1].longest_ms, 650);
    cr_assert_eq(r->seen[1].trouble_n, 0);
    atomic_store(&silent->mode, FAKE_GOOD);
    until_samples(r, 0, 2);
    cr_assert_eq(r->seen[0].trouble, BUS_GOOD);
    cr_assert_eq(r->seen[0].trouble_n, 2);
    rig_free(r);
    fake_free(good);
    fake_free(silent);
}

Test(bus, a_dead_unit_behind_a_gateway_is_asked_rarely_and_its_neighbour_stays_fresh)
{
    struct rig *r = rig_new();
    struct fake_meter *f = fake_new(FAKE_GOOD);

    fake_start(f);
    add_tcp(r, "tq_em300_lr", f, 1, PHASES_L1_L2_L3);
    add_tcp(r, "tq_em300_lr", f, 2, PHASES_L1_L2_L3);
    open_bus(r);
    until_trouble(r, 1, BUS_SILENT);
    cr_assert_leq(r->seen[0].longest_ms, 2 * BUS_POLL_MS + 200, "with a dead neighbour one time-out late at most");
    r->seen[0].longest_ms = 0;
    until_samples(r, 0, r->seen[0].sample_n + 6);
    cr_assert_leq(r->seen[0].longest_ms, 650, "the dead one is not asked now");
    cr_assert_eq(r->seen[0].trouble_n, 0);
    rig_free(r);
    fake_free(f);
}

/* Meters that misbehave in one way, and what is said of them after three readings. */
static void misbehaves(enum fake_mode mode, int unit, enum bus_trouble trouble, const char *words)
{
    struct rig *r = rig_new();
    struct fake_meter *f = fake_new(mode);

    fake_start(f);
    add_tcp(r, "tq_em300_lr", f, unit, PHASES_L1_L2_L3);
    open_bus(r);
    until_trouble(r, 0, trouble);
    cr_assert_not_null(strstr(r->seen[0].text, words), "%s", r->seen[0].text);
    cr_assert_eq(r->seen[0].trouble_n, 1);
    cr_assert_eq(r->seen[0].sample_n, 0);
    rig_free(r);
    fake_free(f);
}

Test(bus, an_exception_is_told)
{
    misbehaves(FAKE_EXCEPTION, 1, BUS_EXCEPTION, "exception 2");
}

Test(bus, a_gateway_without_that_unit_is_told)
{
    misbehaves(FAKE_GATEWAY, 9, BUS_NO_UNIT, "no meter with this unit number");
}

Test(bus, more_registers_than_asked_are_refused)
{
    misbehaves(FAKE_TOO_MANY, 1, BUS_GARBLED, "does not fit the question");
}

Test(bus, an_answer_to_another_question_is_refused)
{
    misbehaves(FAKE_STRANGER, 1, BUS_GARBLED, "does not fit the question");
}

Test(bus, an_answer_of_another_unit_is_refused)
{
    misbehaves(FAKE_UNIT, 1, BUS_GARBLED, "another unit answers");
}

Test(bus, an_answer_to_another_function_is_refused)
{
    misbehaves(FAKE_FUNCTION, 1, BUS_GARBLED, "does not fit the question");
}

Test(bus, a_meter_that_closes_the_connection_is_told)
{
    misbehaves(FAKE_CLOSES, 1, BUS_LOST, "closed by the other side");
}

Test(bus, impossible_values_are_told)
{
    struct rig *r = rig_new();
    struct fake_meter *f = fake_new(FAKE_GOOD);

    fake_u32(f, 60, UINT32_MAX);
    fake_start(f);
    add_tcp(r, "tq_em300_lr", f, 1, PHASES_L1_L2_L3);
    open_bus(r);
    until_trouble(r, 0, BUS_IMPLAUSIBLE);
    cr_assert_not_null(strstr(r->seen[0].text, "current in mA of L1"), "%s", r->seen[0].text);
    rig_free(r);
    fake_free(f);
}

Test(bus, a_meter_without_its_optional_registers_is_read_without_them_and_not_asked_again)
{
    struct rig *r = rig_new();
    struct fake_meter *f = fake_new(FAKE_NO_MORE);

    fake_start(f);
    add_tcp(r, "tq_em300_lr", f, 1, PHASES_L1_L2_L3);
    open_bus(r);
    until_samples(r, 0, 3);
    cr_assert_eq(r->seen[0].last.import_wh, -1);
    cr_assert_eq(r->seen[0].last.power_total_w, 7590);
    cr_assert_eq(r->seen[0].trouble_n, 0);
    cr_assert_leq(atomic_load(&f->request_n), 3 + 2 + 2 + 1);
    rig_free(r);
    fake_free(f);
}

/* Gaps of a timer on the loop while meters misbehave. */
struct pulse {
    uv_timer_t timer;
    int64_t last_ms;
    int64_t worst_ms;
};

static void on_pulse(uv_timer_t *timer)
{
    struct pulse *p = timer->data;
    int64_t now_ms = clock_boot_ms();

    p->worst_ms = max_i64(p->worst_ms, now_ms - p->last_ms);
    p->last_ms = now_ms;
}

Test(bus, meters_that_misbehave_hold_up_neither_the_loop_nor_other_lines)
{
    static const enum fake_mode modes[METERS - 1] = {FAKE_SILENT, FAKE_TRICKLE, FAKE_UNIT, FAKE_FUNCTION, FAKE_EXCEPTION, FAKE_TOO_MANY, FAKE_CLOSES};
    struct rig *r = rig_new();
    struct fake_meter *fakes[METERS];
    struct pulse pulse = {.last_ms = clock_boot_ms()};

    for (int i = 0; i < METERS; i++) {
        fakes[i] = fake_new(i < METERS - 1 ? modes[i] : FAKE_GOOD);
        fake_start(fakes[i]);
        add_tcp(r, "tq_em300_lr", fakes[i], 1, PHASES_L1_L2_L3);
    }
    cr_assert_eq(uv_timer_init(&r->loop, &pulse.timer), 0);
    pulse.timer.data = &pulse;
    cr_assert_eq(uv_timer_start(&pulse.timer, on_pulse, 10, 10), 0);
    open_bus(r);
    until_samples(r, METERS - 1, 9);
    cr_assert_leq(pulse.worst_ms, 100, "the loop was held up for %d ms", (int)pulse.worst_ms);
    cr_assert_leq(r->seen[METERS - 1].longest_ms, 650);
    for (int i = 0; i < METERS - 1; i++) {
        cr_assert_neq(r->seen[i].trouble, BUS_GOOD, "meter %d", i);
    }
    uv_close((uv_handle_t *)&pulse.timer, NULL);
    rig_free(r);
    for (int i = 0; i < METERS; i++) {
        fake_free(fakes[i]);
    }
}

Test(bus, an_answer_that_comes_too_late_on_a_serial_line_is_not_taken_for_the_next_one)
{
    struct rig *r = rig_new();
    struct fake_meter *f = fake_new(FAKE_LATE);

    fake_fill_sdm630(f);
    fake_start_rtu(f);
    add_rtu(r, f, 1);
    open_bus(r);
    until_trouble(r, 0, BUS_SILENT);
    cr_assert_not_null(strstr(r->seen[0].text, "answers only after"), "%s", r->seen[0].text);
    cr_assert_eq(r->seen[0].sample_n, 0);
    atomic_store(&f->mode, FAKE_GOOD);
    until_samples(r, 0, 2);
    rig_free(r);
    fake_free(f);
}

Test(bus, a_refused_connection_is_told_and_the_meter_comes_back_when_it_listens)
{
    struct rig *r = rig_new();
    struct fake_meter *f = fake_new(FAKE_GOOD);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    /* A port that is bound and does not listen refuses. */
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, len), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    f->port = ntohs(address.sin_port);
    add_tcp(r, "tq_em300_lr", f, 1, PHASES_L1_L2_L3);
    open_bus(r);
    until_trouble(r, 0, BUS_UNREACHABLE);
    cr_assert_not_null(strstr(r->seen[0].text, "Connection refused"), "%s", r->seen[0].text);
    fake_serve_on(f, fd);
    until_samples(r, 0, 2);
    cr_assert_eq(r->seen[0].trouble, BUS_GOOD);
    rig_free(r);
    fake_free(f);
}

Test(bus, a_wrong_model_or_address_is_told_and_the_others_are_read)
{
    struct rig *r = rig_new();
    struct fake_meter *f = fake_new(FAKE_GOOD);

    fake_start(f);
    add(r, "no_such_model", "tcp:127.0.0.1:502:1", PHASES_L1_L2_L3);
    add(r, "tq_em300_lr", "tcp:127.0.0.1:502", PHASES_L1_L2_L3);
    add(r, "tq_em300_lr", "rtu:/dev/ttyS0:9600:N:1", PHASES_L1_L2_L3);
    add_tcp(r, "tq_em300_lr", f, 1, PHASES_L1_L2_L3);
    open_bus(r);
    until_samples(r, 3, 1);
    for (uint16_t i = 0; i < 3; i++) {
        until_trouble(r, i, BUS_MISCONFIGURED);
    }
    rig_free(r);
    fake_free(f);
}

Test(bus, stopping_while_a_request_waits_for_its_answer_returns_fast)
{
    struct rig *r = rig_new();
    struct fake_meter *f = fake_new(FAKE_SILENT);

    fake_start(f);
    add_tcp(r, "tq_em300_lr", f, 1, PHASES_L1_L2_L3);
    open_bus(r);
    while (atomic_load(&f->request_n) == 0 && !r->is_late) {
        (void)uv_run(&r->loop, UV_RUN_NOWAIT);
    }
    int64_t took_ms = close_bus(r);
    cr_assert_leq(took_ms, 250, "took %d ms", (int)took_ms);
    cr_assert_eq(r->seen[0].trouble_n, 0, "nothing is told after the close");
    rig_free(r);
    fake_free(f);
}

Test(bus, stopping_while_it_connects_or_idles_returns_fast)
{
    struct rig *r = rig_new();
    struct fake_meter *f = fake_new(FAKE_GOOD);

    fake_start(f);
    add_tcp(r, "tq_em300_lr", f, 1, PHASES_L1_L2_L3);
    add(r, "tq_em300_lr", "tcp:192.0.2.1:502:1", PHASES_L1_L2_L3); /* a network for documentation: nothing answers */
    open_bus(r);
    until_samples(r, 0, 1);
    int64_t took_ms = close_bus(r);
    cr_assert_leq(took_ms, 250, "took %d ms", (int)took_ms);
    rig_free(r);
    fake_free(f);
}

Test(bus, a_meter_is_read_with_1100_files_open)
{
    static int many[MANY];
    struct rig *r = rig_new();
    struct fake_meter *f = fake_new(FAKE_GOOD);
    struct fake_meter *serial = fake_new(FAKE_GOOD);
    struct rlimit limit;

    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_cur < MANY + 200 ? MANY + 200 : limit.rlim_cur;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    fake_start(f);
    fake_fill_sdm630(serial);
    fake_start_rtu(serial);
    for (int i = 0; i < MANY; i++) {
        many[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        cr_assert_geq(many[i], 0);
    }
    add_tcp(r, "tq_em300_lr", f, 1, PHASES_L1_L2_L3);
    add_rtu(r, serial, 1);
    open_bus(r);
    until_samples(r, 0, 2);
    until_samples(r, 1, 2);
    rig_free(r);
    for (int i = 0; i < MANY; i++) {
        (void)close(many[i]);
    }
    fake_free(f);
    fake_free(serial);
}

Test(bus, a_serial_line_serves_its_meter_and_forgets_the_dead_one)
{
    struct rig *r = rig_new();
    struct fake_meter *f = fake_new(FAKE_GOOD);

    fake_fill_sdm630(f);
    fake_start_rtu(f);
    add_rtu(r, f, 1);
    add_rtu(r, f, 2);
    open_bus(r);
    until_trouble(r, 1, BUS_SILENT);
    r->seen[0].longest_ms = 0;
    until_samples(r, 0, r->seen[0].sample_n + 4);
    cr_assert_leq(r->seen[0].longest_ms, 650);
    cr_assert_eq(r->seen[0].last.current_ma[0], 10000);
    cr_assert_eq(r->seen[0].last.current_ma[2], -12000);
    cr_assert_eq(r->seen[0].last.power_w[2], -2760);
    cr_assert_eq(r->seen[0].trouble_n, 0);
    cr_assert_leq(close_bus(r), BUS_RTU_WAIT_MS + 100);
    rig_free(r);
    fake_free(f);
}

Test(bus, noise_on_a_serial_line_is_told_and_passes)
{
    struct rig *r = rig_new();
    struct fake_meter *f = fake_new(FAKE_STRANGER);

    fake_fill_sdm630(f);
    fake_start_rtu(f);
    add_rtu(r, f, 1);
    open_bus(r);
    until_trouble(r, 0, BUS_GARBLED);
    atomic_store(&f->mode, FAKE_GOOD);
    until_samples(r, 0, 1);
    cr_assert_eq(r->seen[0].trouble, BUS_GOOD);
    rig_free(r);
    fake_free(f);
}

Test(bus, a_serial_device_that_is_missing_is_told)
{
    struct rig *r = rig_new();

    add(r, "eastron_sdm630", "rtu:/dev/no-such-line:9600:N:1", PHASES_L1_L2_L3);
    open_bus(r);
    until_trouble(r, 0, BUS_UNREACHABLE);
    cr_assert_not_null(strstr(r->seen[0].text, "No such file"), "%s", r->seen[0].text);
    rig_free(r);
}
