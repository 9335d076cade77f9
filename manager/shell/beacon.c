#include "manager/shell/beacon.h"

#include <string.h>

#include "common/os/clock.h"
#include "common/os/lan.h"
#include "common/os/log.h"
#include "common/os/tcp.h"

#define SECOND_MS 1000

static void on_room(uv_handle_t *handle, size_t wanted_len, uv_buf_t *out)
{
    struct beacon *b = handle->data;

    (void)wanted_len;
    *out = uv_buf_init((char *)b->bytes, sizeof b->bytes); /* a longer datagram is cut, and then no question */
}

static bool may_answer(struct beacon *b, int64_t now_ms)
{
    if (now_ms - b->at_ms >= SECOND_MS) {
        b->at_ms = now_ms;
        b->sent_n = 0;
    }
    if (b->sent_n == BEACON_PER_S) {
        b->unsent_n++;
        return false;
    }
    b->sent_n++;
    return true;
}

static void on_datagram(uv_udp_t *udp, ssize_t len, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags)
{
    struct beacon *b = udp->data;
    uint8_t answer[SEEK_LEN];
    uv_buf_t out = uv_buf_init((char *)answer, sizeof answer);

    (void)buf;
    if (len <= 0 || from == NULL || (flags & UV_UDP_PARTIAL) != 0 || !seek_is_question(b->bytes, (size_t)len) || !may_answer(b, clock_boot_ms())) {
        return;
    }
    seek_answer(b->bytes, b->port, answer);
    (void)uv_udp_try_send(udp, &out, 1, from); /* lost like any datagram: it will be asked again */
}

/* Where to listen. False: nowhere. */
static bool find_place(const struct sockaddr_storage *link, struct sockaddr_in *out)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)link;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)link;

    *out = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = link->ss_family == AF_INET ? v4->sin_port : v6->sin6_port};
    if (link->ss_family == AF_INET6) {
        return IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr);
    }
    return v4->sin_addr.s_addr == htonl(INADDR_ANY) || lan_broadcast_of(v4->sin_addr, &out->sin_addr) == RC_OK;
}

void beacon_open(struct beacon *b, uv_loop_t *loop, const char *link)
{
    struct sockaddr_storage address;
    struct sockaddr_in place;
    int err;

    memset(b, 0, sizeof *b);
    if (tcp_parse_address(link, &address) != RC_OK || !find_place(&address, &place) || uv_udp_init(loop, &b->udp) != 0) {
        log_note("beacon why=\"the link's address has no network that could be asked\"");
        return;
    }
    b->udp.data = b;
    b->port = ntohs(place.sin_port);
    b->is_open = true;
    err = uv_udp_bind(&b->udp, (const struct sockaddr *)&place, 0);
    err = err == 0 ? uv_udp_recv_start(&b->udp, on_room, on_datagram) : err;
    if (err != 0) {
        log_warn("beacon port=%u why=\"%s: wallboxes must know the manager's address\"", b->port, uv_strerror(err));
        beacon_close(b);
    }
}

void beacon_close(struct beacon *b)
{
    if (b->is_open) {
        b->is_open = false;
        uv_close((uv_handle_t *)&b->udp, NULL);
    }
}
