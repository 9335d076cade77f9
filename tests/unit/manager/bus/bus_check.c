#include "manager/shell/bus.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

TestSuite(bus_check, .timeout = 10);

static void add(struct site *site, const char *model, const char *address, enum phase_assign phases)
{
    struct site_meter *m = &site->meter[site->meter_n++];

    *m = (struct site_meter){.role = METER_HOUSE, .phases = phases};
    (void)snprintf(m->id, sizeof(m->id), "M%u", (unsigned)site->meter_n);
    (void)snprintf(m->model, sizeof(m->model), "%s", model);
    (void)snprintf(m->address, sizeof(m->address), "%s", address);
}

static void refused(const struct site *site, uint16_t meter, const char *words)
{
    uint16_t which = METER_MAX;
    char text[BUS_TEXT_LEN] = "";

    cr_assert_eq(bus_check(site, 3000, &which, text), RC_RANGE);
    cr_assert_eq(which, meter);
    cr_assert_not_null(strstr(text, words), "%s", text);
}

static void accepted(const struct site *site)
{
    uint16_t which = METER_MAX;
    char text[BUS_TEXT_LEN] = "";

    cr_assert_eq(bus_check(site, 3000, &which, text), RC_OK, "%s", text);
}

Test(bus_check, no_meters_are_fine)
{
    static struct site site;

    accepted(&site);
    cr_assert_eq(bus_interval_ms(&site, 0), 0);
}

Test(bus_check, a_model_that_does_not_exist_and_an_address_that_is_none_are_refused)
{
    static struct site site;

    add(&site, "abc", "tcp:10.0.0.5:502:1", PHASES_L1_L2_L3);
    refused(&site, 0, "model abc: there is no such meter model");
    site.meter_n = 0;
    add(&site, "tq_em300_lr", "10.0.0.5", PHASES_L1_L2_L3);
    refused(&site, 0, "tcp:HOST:PORT:UNIT");
    cr_assert_eq(bus_interval_ms(&site, 0), 0);
    site.meter_n = 0;
    add(&site, "tq_em300_lr", "rtu:/dev/ttyS0:9600:N:1", PHASES_L1_L2_L3);
    refused(&site, 0, "no serial line");
    site.meter_n = 0;
    add(&site, "tq_em300_lr", "tcp:10.0.0.5:502:1", PHASES_UNSET);
    refused(&site, 0, "phases");
}

Test(bus_check, meters_on_one_serial_line_share_its_settings)
{
    static struct site site;

    add(&site, "eastron_sdm630", "rtu:/dev/ttyS0:9600:N:1", PHASES_L1_L2_L3);
    add(&site, "eastron_sdm630", "rtu:/dev/ttyS1:19200:E:1", PHASES_L1_L2_L3);
    accepted(&site);
    add(&site, "eastron_sdm630", "rtu:/dev/ttyS0:9600:E:2", PHASES_L1_L2_L3);
    refused(&site, 2, "must be those of meter M1");
}

Test(bus_check, a_serial_line_takes_the_sum_of_its_readings_and_at_most_a_third_of_the_stale_time)
{
    static struct site site;
    char address[TEXT_LEN];

    /* One SDM630 at 9,600 baud: 139 ms and 47 ms on the wire, two pauses of 20 ms. */
    for (int n = 1; n <= 5; n++) {
        (void)snprintf(address, sizeof(address), "rtu:/dev/ttyS0:9600:N:%d", n);
        add(&site, "eastron_sdm630", address, PHASES_L1_L2_L3);
        cr_assert_eq(bus_interval_ms(&site, 0), n * 226 > 500 ? n * 226 : 500);
        if (n <= 4) {
            accepted(&site);
        }
    }
    refused(&site, 0, "every 1130 ms (sum of its line), but at most a third of meter_stale_ms is allowed, 1000 ms");
}

Test(bus_check, a_model_for_serial_lines_may_stand_behind_a_gateway)
{
    static struct site site;

    add(&site, "eastron_sdm630", "tcp:10.0.0.5:502:7", PHASES_L1);
    accepted(&site);
    cr_assert_eq(bus_interval_ms(&site, 0), 500);
}
