/* Finds managers on the local network: asks everybody on it, and takes one of those that answer (PROTOCOL.md 10).
 *
 * One is drawn by chance, so that whoever answers first each time does not keep the others from being found. Whether it is the right one is a matter
 * of its key (dialer, pairing).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <uv.h>

#include "common/base/rc.h"
#include "common/os/wake.h"
#include "proto/seek.h"

#define FINDER_WAIT_MS 500 /* for answers to a question */
#define FINDER_MAX 8       /* answers taken */
#define FINDER_READ_LEN 64

struct finder {
    uv_udp_t udp;
    struct wake wake;
    uint16_t port; /* that is asked */
    uint8_t nonce[SEEK_NONCE_LEN];
    struct sockaddr_storage found[FINDER_MAX];
    uint8_t found_n;
    uint8_t bytes[FINDER_READ_LEN];
    /* Answer to finder_ask, never from inside it. address: where a manager listens, borrowed until return; NULL: nobody has answered. */
    void (*on_found)(void *user, const struct sockaddr_storage *address);
    void *user;
    bool is_asking;
    bool is_open;
};

/* RC_IO: no socket: logged; nothing to close. */
MUST_USE enum rc finder_open(struct finder *f, uv_loop_t *loop, uint16_t port, void (*on_found)(void *user, const struct sockaddr_storage *address),
                             void *user);

/* Ask; on_found follows. Asked again meanwhile, it is one question. */
void finder_ask(struct finder *f, int64_t now_ms);

/* No callback comes any more. The memory may go when the loop has run its close callbacks. Harmless when it is not open. */
void finder_close(struct finder *f);
