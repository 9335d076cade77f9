#include "common/os/lan.h"

#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

#define HOST_MASK UINT32_MAX /* a network of one address has no broadcast */

/* Ask for each network: own address and mask, in network order. Ends when `each` returns false. */
static void each_network(bool (*each)(void *user, uint32_t own, uint32_t mask), void *user)
{
    uv_interface_address_t *at = NULL;
    int n = 0;

    if (uv_interface_addresses(&at, &n) != 0) {
        return;
    }
    for (int i = 0; i < n; i++) {
        const struct sockaddr_in *own = &at[i].address.address4;
        const struct sockaddr_in *mask = &at[i].netmask.netmask4;

        if (own->sin_family == AF_INET && mask->sin_addr.s_addr != HOST_MASK && !each(user, own->sin_addr.s_addr, mask->sin_addr.s_addr)) {
            break;
        }
    }
    uv_free_interface_addresses(at, n);
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
