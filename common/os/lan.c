#include "common/os/lan.h"

#include <stdbool.h>
#include <stddef.h>

#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define HOST_MASK UINT32_MAX /* a network of one address has no broadcast */

static uint32_t ip_of(const struct sockaddr *address)
{
    return ((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr;
}

/* Ask for each network: own address and mask, in network order. Ends when `each` returns false. By ioctl, because a sandbox need not allow
 * netlink for it. */
static void each_network(bool (*each)(void *user, uint32_t own, uint32_t mask), void *user)
{
    struct ifreq row[LAN_MAX] = {0};
    struct ifconf conf = {.ifc_len = (int)sizeof row, .ifc_req = row};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    size_t n = fd >= 0 && ioctl(fd, SIOCGIFCONF, &conf) == 0 ? (size_t)conf.ifc_len / sizeof row[0] : 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t own = ip_of(&row[i].ifr_addr);

        if (ioctl(fd, SIOCGIFNETMASK, &row[i]) == 0 && ip_of(&row[i].ifr_netmask) != HOST_MASK && !each(user, own, ip_of(&row[i].ifr_netmask))) {
            break;
        }
    }
    if (fd >= 0) {
        (void)close(fd); /* nothing was written */
    }
}

struct all {
    struct in_addr *out;
    uint8_t n;
};

static bool add(void *user, uint32_t own, uint32_t mask)
{
    struct all *a = user;

    a->out[a->n++].s_addr = own | ~mask;
    return a->n < LAN_MAX;
}

uint8_t lan_broadcasts(struct in_addr out[LAN_MAX])
{
    struct all a = {.out = out};

    each_network(add, &a);
    return a.n;
}

struct sought {
    uint32_t own;
    uint32_t broadcast;
    bool is_found;
};

static bool look(void *user, uint32_t own, uint32_t mask)
{
    struct sought *s = user;

    s->is_found = (own & mask) == (s->own & mask);
    s->broadcast = own | ~mask;
    return !s->is_found;
}

enum rc lan_broadcast_of(struct in_addr own, struct in_addr *out)
{
    struct sought s = {.own = own.s_addr};

    each_network(look, &s);
    if (!s.is_found) {
        return RC_MISSING;
    }
    out->s_addr = s.broadcast;
    return RC_OK;
}
