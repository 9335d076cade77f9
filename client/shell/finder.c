#include "client/shell/finder.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "common/os/clock.h"
#include "common/os/lan.h"
#include "common/os/log.h"

static void on_room(uv_handle_t *handle, size_t wanted_len, uv_buf_t *out)
{
    struct finder *f = handle->data;

    (void)wanted_len;
    *out = uv_buf_init((char *)f->bytes, sizeof f->bytes); /* a longer datagram is cut, and then no answer */
}

static bool is_known(const struct finder *f, const struct sockaddr_in *manager)
{
    for (uint8_t i = 0; i < f->found_n; i++) {
        if (memcmp(&f->found[i], manager, sizeof *manager) == 0) {
            return true;
        }
    }
    return false;
}

static void on_datagram(uv_udp_t *udp, ssize_t len, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags)
{
    struct finder *f = udp->data;
    struct sockaddr_in manager = {.sin_family = AF_INET};
    uint16_t port = 0;

    (void)buf;
    if (len <= 0 || from == NULL || from->sa_family != AF_INET || (flags & UV_UDP_PARTIAL) != 0 || !f->is_asking || f->found_n == FINDER_MAX ||
        seek_read_answer(f->bytes, (size_t)len, f->nonce, &port) != RC_OK) {
        return;
    }
    manager.sin_addr = ((const struct sockaddr_in *)from)->sin_addr;
    manager.sin_port = htons(port);
    if (!is_known(f, &manager)) {
        memset(&f->found[f->found_n], 0, sizeof f->found[0]);
        memcpy(&f->found[f->found_n++], &manager, sizeof manager);
    }
}

static void on_wake(struct wake *w)
{
    struct finder *f = w->user;
    uint8_t chance = 0;

    f->is_asking = false;
    clock_random(&chance, sizeof chance);
    f->on_found(f->user, f->found_n > 0 ? &f->found[chance % f->found_n] : NULL);
}

enum rc finder_open(struct finder *f, uv_loop_t *loop, uint16_t port, void (*on_found)(void *user, const struct sockaddr_storage *address), void *user)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_ANY)}};
    int err;

    memset(f, 0, sizeof *f);
    f->port = port;
    f->on_found = on_found;
    f->user = user;
    err = uv_udp_init(loop, &f->udp);
    if (err != 0) {
        log_err("finder why=\"%s\"", uv_strerror(err));
        return RC_IO;
    }
    f->udp.data = f;
    wake_open(&f->wake, loop, on_wake, f);
    f->is_open = true;
    err = uv_udp_bind(&f->udp, (const struct sockaddr *)&any, 0);
    err = err == 0 ? uv_udp_set_broadcast(&f->udp, 1) : err;
    err = err == 0 ? uv_udp_recv_start(&f->udp, on_room, on_datagram) : err;
    if (err != 0) {
        log_err("finder why=\"%s\"", uv_strerror(err));
        finder_close(f);
        return RC_IO;
    }
    return RC_OK;
}

void finder_ask(struct finder *f, int64_t now_ms)
{
    struct in_addr networks[LAN_MAX];
    uint8_t question[SEEK_LEN];
    uv_buf_t out = uv_buf_init((char *)question, sizeof question);
    uint8_t n;

    CHECK(f->is_open);
    if (f->is_asking) {
        return;
    }
    f->is_asking = true;
    f->found_n = 0;
    clock_random(f->nonce, sizeof f->nonce);
    seek_question(f->nonce, question);
    n = lan_broadcasts(networks);
    for (uint8_t i = 0; i < n; i++) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(f->port), .sin_addr = networks[i]};

        (void)uv_udp_try_send(&f->udp, &out, 1, (const struct sockaddr *)&to); /* a network that is down is asked again next time */
    }
    wake_at(&f->wake, after_ms(now_ms, FINDER_WAIT_MS), now_ms);
}

void finder_close(struct finder *f)
{
    if (f->is_open) {
        f->is_open = false;
        wake_close(&f->wake);
        uv_close((uv_handle_t *)&f->udp, NULL);
    }
}
