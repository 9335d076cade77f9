/* HTTP for people and programs: libmicrohttpd on a thread of its own, so that no request ever makes the control loop wait.
 *
 * Decided here: limits, time-outs and headers of HTTP. Not here: what is answered (routes).
 */
#pragma once

#include <sys/socket.h>

#include "common/base/rc.h"
#include "manager/shell/routes.h"

#define HTTP_CONNECTIONS_MAX 256
#define HTTP_PER_ADDRESS_MAX 200
#define HTTP_TIMEOUT_S 30

struct MHD_Daemon;

struct http {
    struct MHD_Daemon *daemon;
    struct routes *routes;
    int last_log_s; /* http's thread: own messages are logged once a second at most */
};

/* Serve `routes` (kept) at an address. There is no login yet: whoever calls lets loopback addresses through only.
 *
 * RC_IO  the address cannot be bound: *out_why is the system's text; nothing to close
 */
MUST_USE enum rc http_open(struct http *h, const struct sockaddr_storage *address, struct routes *routes, const char **out_why);

/* Port really bound. 0 when not open. */
unsigned http_port(const struct http *h);

/* End the thread; returns when it has ended. Harmless when not open. */
void http_close(struct http *h);
