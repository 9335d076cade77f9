#include "manager/shell/bus_address.h"

#include <string.h>

#include <criterion/criterion.h>

TestSuite(bus_address, .timeout = 10);

Test(bus_address, what_is_no_address_is_refused_with_a_reason)
{
    static const char *const bad[] = {
        "",
        "tcp",
        "tcp:",
        "tcp:1.2.3.4",
        "tcp:1.2.3.4:502",
        "tcp::502:1",
        "tcp:[]:502:1",
        "tcp:1.2.3.4:0:1",
        "tcp:1.2.3.4:65536:1",
        "tcp:1.2.3.4:502:248",
        "tcp:1.2.3.4:502:256",
        "tcp:1.2.3.4:502:",
        "tcp:1.2.3.4:502:-1",
        "tcp:1.2.3.4:502:1 ",
        "tcp:1.2.3.4:99999999999999999999:1",
        "udp:1.2.3.4:502:1",
        "TCP:1.2.3.4:502:1",
        "rtu:/dev/ttyUSB0:9600:N:0",
        "rtu:/dev/ttyUSB0:9600:N:248",
        "rtu:/dev/ttyUSB0:9600:X:1",
        "rtu:/dev/ttyUSB0:9601:N:1",
        "rtu:/dev/ttyUSB0:9600:1",
        "rtu:ttyUSB0:9600:N:1",
        "rtu::9600:N:1",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct bus_address a = {.unit = 99};
        const char *why = NULL;

        cr_assert_eq(bus_address_parse(bad[i], &a, &why), RC_RANGE, "%s", bad[i]);
        cr_assert_not_null(why);
        cr_assert_eq(a.unit, 99);
    }
}

Test(bus_address, a_text_that_is_too_long_is_refused)
{
    char text[TEXT_LEN + 40];
    struct bus_address a;
    const char *why;

    memset(text, 'a', sizeof(text));
    memcpy(text, "tcp:", 4);
    memcpy(text + sizeof(text) - 7, ":502:1", 7);
    cr_assert_eq(bus_address_parse(text, &a, &why), RC_RANGE);
}

Test(bus_address, hosts_may_be_ipv4_ipv6_or_names)
{
    struct bus_address a;
    const char *why;

    cr_assert_eq(bus_address_parse("tcp:10.0.0.5:502:0", &a, &why), RC_OK);
    cr_assert_eq(a.kind, BUS_TCP);
    cr_assert_str_eq(a.place, "10.0.0.5");
    cr_assert_eq(a.port, 502);
    cr_assert_eq(a.unit, 0);
    cr_assert_eq(bus_address_parse("tcp:[fe80::1]:65535:255", &a, &why), RC_OK);
    cr_assert_str_eq(a.place, "fe80::1");
    cr_assert_eq(a.port, 65535);
    cr_assert_eq(a.unit, 255);
    cr_assert_eq(bus_address_parse("tcp:::1:1:247", &a, &why), RC_OK);
    cr_assert_str_eq(a.place, "::1");
    cr_assert_eq(bus_address_parse("tcp:meter.local:502:1", &a, &why), RC_OK);
    cr_assert_str_eq(a.place, "meter.local");
}

Test(bus_address, devices_may_hold_colons)
{
    struct bus_address a;
    const char *why;

    cr_assert_eq(bus_address_parse("rtu:/dev/serial/by-path/pci-0000:00:14.0-port0:19200:even:247", &a, &why), RC_OK);
    cr_assert_eq(a.kind, BUS_RTU);
    cr_assert_str_eq(a.place, "/dev/serial/by-path/pci-0000:00:14.0-port0");
    cr_assert_eq(a.baud, 19200);
    cr_assert_eq(a.parity, 'E');
    cr_assert_eq(a.unit, 247);
}

Test(bus_address, units_on_one_host_and_port_or_device_share_a_line)
{
    struct bus_address a;
    struct bus_address b;
    const char *why;

    cr_assert_eq(bus_address_parse("tcp:10.0.0.5:502:1", &a, &why), RC_OK);
    cr_assert_eq(bus_address_parse("tcp:10.0.0.5:502:2", &b, &why), RC_OK);
    cr_assert(bus_address_shares_line(&a, &b));
    cr_assert_eq(bus_address_parse("tcp:10.0.0.5:503:1", &b, &why), RC_OK);
    cr_assert_not(bus_address_shares_line(&a, &b));
    cr_assert_eq(bus_address_parse("rtu:/dev/ttyS0:9600:N:1", &a, &why), RC_OK);
    cr_assert_eq(bus_address_parse("rtu:/dev/ttyS0:19200:N:2", &b, &why), RC_OK);
    cr_assert(bus_address_shares_line(&a, &b));
}
