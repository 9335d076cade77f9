#include "manager/shell/bus_find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/unit/manager/bus/fake_meter.h"

TestSuite(bus_find, .timeout = 15);

struct bench {
    struct lowfd lowfd;
    struct fake_meter fake;
    struct bus_stop stop;
    struct bus_port port;
    struct regmap_plan plan;
    struct bus_fault fault;
};

static struct bench *bench_new(enum fake_mode mode)
{
    struct bench *b = calloc(1, sizeof(*b));

    cr_assert_not_null(b);
    cr_assert_eq(lowfd_open(&b->lowfd, 1), RC_OK);
    b->stop.fd = -1;
    b->fake.unit = 1;
    atomic_store(&b->fake.mode, mode);
    return b;
}

static enum rc find(struct bench *b, const char *text)
{
    struct bus_address address = {.kind = BUS_TCP, .place = "127.0.0.1"};
    struct regmap_choice choice;
    const char *why;

    fake_start(&b->fake);
    address.port = b->fake.port;
    cr_assert_eq(regmap_choose(text, &choice, &why), RC_OK);
    cr_assert_eq(bus_port_init(&b->port, &b->lowfd, &address, &b->stop), RC_OK);
    cr_assert_eq(bus_port_open(&b->port, &b->fault), RC_OK);
    return bus_find(&b->port, &choice, 1, &b->plan, &b->fault);
}

static void bench_free(struct bench *b)
{
    bus_port_deinit(&b->port);
    fake_stop(&b->fake);
    lowfd_close(&b->lowfd);
    free(b);
}

/* A mark at 0, and heads of models: id, length, id, length, ... 0xFFFF. */
static void put_chain(struct fake_meter *f, const uint16_t *heads)
{
    uint16_t at = 2;

    f->at[0] = 0x5375;
    f->at[1] = 0x6E53;
    for (int i = 0; heads[i] != 0xFFFF; i += 2) {
        f->at[at] = heads[i];
        f->at[at + 1] = heads[i + 1];
        at = (uint16_t)(at + 2 + heads[i + 1]);
    }
    f->at[at] = 0xFFFF;
}

Test(bus_find, a_model_with_one_map_needs_no_question)
{
    struct bench *b = bench_new(FAKE_SILENT);

    cr_assert_eq(find(b, "siemens_7kt1665.minus1.invert"), RC_OK);
    cr_assert_eq(atomic_load(&b->fake.request_n), 0);
    cr_assert_eq(b->plan.base, UINT16_MAX, "one less");
    cr_assert(b->plan.is_inverted);
    cr_assert_eq(b->plan.phases, PHASE_ALL);
    bench_free(b);
}

Test(bus_find, a_sunspec_meter_is_found_behind_other_models)
{
    static const uint16_t heads[] = {1, 66, 103, 50, 203, 105, 0xFFFF};
    struct bench *b = bench_new(FAKE_GOOD);

    put_chain(&b->fake, heads);
    cr_assert_eq(find(b, "sunspec_203"), RC_OK, "%s", b->fault.text);
    cr_assert_eq(b->plan.base, 2 + 68 + 52);
    cr_assert_eq(b->plan.map, regmap_find("sunspec_203")->map[0]);
    cr_assert_eq(b->plan.phases, PHASE_ALL);
    bench_free(b);
}

Test(bus_find, a_one_phase_sunspec_meter_of_floats_is_found_as_such)
{
    static const uint16_t heads[] = {1, 65, 211, 124, 0xFFFF};
    struct bench *b = bench_new(FAKE_GOOD);

    put_chain(&b->fake, heads);
    cr_assert_eq(find(b, "sunspec_203.invert"), RC_OK, "%s", b->fault.text);
    cr_assert_eq(b->plan.map, regmap_find("sunspec_203")->map[1]);
    cr_assert_eq(b->plan.phases, PHASE_BIT(0));
    cr_assert(b->plan.is_inverted);
    bench_free(b);
}

Test(bus_find, a_chain_without_a_meter_or_without_an_end_is_refused)
{
    static const uint16_t none[] = {1, 66, 103, 50, 0xFFFF};
    struct bench *b = bench_new(FAKE_GOOD);

    put_chain(&b->fake, none);
    cr_assert_eq(find(b, "sunspec_203"), RC_RANGE);
    cr_assert_eq(b->fault.trouble, BUS_IMPLAUSIBLE);
    cr_assert_not_null(strstr(b->fault.text, "no meter in its SunSpec list"), "%s", b->fault.text);
    bench_free(b);
    b = bench_new(FAKE_GOOD);
    for (int i = 0; i < FAKE_REGISTERS; i++) {
        b->fake.at[i] = 2; /* model 2 of length 2 for ever */
    }
    b->fake.at[0] = 0x5375;
    b->fake.at[1] = 0x6E53;
    cr_assert_eq(find(b, "sunspec_203"), RC_RANGE);
    cr_assert_leq(atomic_load(&b->fake.request_n), BUS_FIND_MAX);
    bench_free(b);
}

Test(bus_find, without_a_mark_it_is_no_sunspec_meter)
{
    struct bench *b = bench_new(FAKE_GOOD);

    cr_assert_eq(find(b, "keba_kecontact_e10"), RC_RANGE);
    cr_assert_not_null(strstr(b->fault.text, "no SunSpec mark"), "%s", b->fault.text);
    bench_free(b);
}

Test(bus_find, a_meter_that_does_not_answer_is_asked_once)
{
    struct bench *b = bench_new(FAKE_SILENT);

    cr_assert_eq(find(b, "sunspec_203"), RC_IO);
    cr_assert_eq(b->fault.trouble, BUS_SILENT);
    cr_assert_eq(atomic_load(&b->fake.request_n), 1);
    bench_free(b);
}

Test(bus_find, a_brand_whose_number_format_is_unknown_is_left_alone_and_another_is_tried_with_its_first_map)
{
    struct bench *b = bench_new(FAKE_EXCEPTION);

    cr_assert_eq(find(b, "janitza_ecsem114mid"), RC_REFUSED);
    cr_assert_eq(b->fault.trouble, BUS_EXCEPTION);
    cr_assert_not_null(strstr(b->fault.text, "number format is unknown"), "%s", b->fault.text);
    bench_free(b);
    b = bench_new(FAKE_EXCEPTION);
    cr_assert_eq(find(b, "abb_b23"), RC_OK);
    cr_assert_eq(b->plan.map, regmap_find("abb_b23")->map[0]);
    bench_free(b);
}
