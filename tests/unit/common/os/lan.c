#include "common/os/lan.h"

#include <arpa/inet.h>

#include <criterion/criterion.h>

TestSuite(lan, .timeout = 10);

Test(lan, the_loopback_network_is_among_those_that_can_be_asked)
{
    struct in_addr at[LAN_MAX];
    uint8_t n = lan_broadcasts(at);
    int found_n = 0;

    cr_assert_leq(n, LAN_MAX);
    for (uint8_t i = 0; i < n; i++) {
        found_n += at[i].s_addr == inet_addr("127.255.255.255") ? 1 : 0;
    }
    cr_assert_eq(found_n, 1);
}

Test(lan, an_address_of_this_machine_has_the_broadcast_of_its_network)
{
    struct in_addr own = {.s_addr = inet_addr("127.0.0.5")};
    struct in_addr out = {.s_addr = 7};

    cr_assert_eq(lan_broadcast_of(own, &out), RC_OK);
    cr_assert_eq(out.s_addr, inet_addr("127.255.255.255"));
    own.s_addr = inet_addr("203.0.113.9"); /* of nobody (RFC 5737) */
    out.s_addr = 7;
    cr_assert_eq(lan_broadcast_of(own, &out), RC_MISSING);
    cr_assert_eq(out.s_addr, 7);
}
