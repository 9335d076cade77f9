/* HTTP for people and programs: libmicrohttpd on a thread of its own, so that no request ever makes the control loop wait.
 *
 * Decided here: limits, time-outs and headers of HTTP, TLS, which requests wait for the desk. Not here: what is answered (routes).
 */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

#include <pthread.h>

#include "common/base/rc.h"
#include "manager/shell/desk.h"
#include "manager/shell/http_guests.h"
#include "manager/shell/routes.h"
#include "manager/shell/stream.h"

#define HTTP_CONNECTIONS_MAX 640 /* STREAM_CLIENTS_MAX, and room for others */
#define HTTP_PER_ADDRESS_MAX 400
#define HTTP_TIMEOUT_S 30 /* of silence; who is not silent has the deadlines of http_guests */

struct MHD_Daemon;
struct http_visit;

/* How to serve. */
struct http_options {
    struct routes *routes; /* kept; so the next two. NULL: every request is sent to HTTPS */
    struct desk *desk;
    struct stream *stream;
    const char *key; /* PEM, kept until http_close; NULL: without TLS */
    const char *certificate;
    unsigned redirect_port; /* of HTTPS, without routes */
};

struct http {
    struct MHD_Daemon *daemon;
    struct http_options options;
    pthread_mutex_t lock;
    struct http_visit *waiting; /* suspended for an errand */
    struct http_guests guests;
    bool is_closing;
    int last_log_s; /* http's thread: own messages are logged once a second at most */
};

/* Serve at an address.
 *
 * RC_IO  the address cannot be bound, or key and certificate do not fit: *out_why says so; nothing to close
 */
MUST_USE enum rc http_open(struct http *h, const struct sockaddr_storage *address, const struct http_options *options, const char **out_why);

/* Let go everybody whose deadline has come; to be called each second or so. Harmless when not open. */
void http_sweep(struct http *h, int64_t now_ms);

/* Port really bound. 0 when not open. */
unsigned http_port(const struct http *h);

/* End the thread; returns when it has ended. The stream was closed before, the desk is closed later. Loop. Harmless when not open. */
void http_close(struct http *h);
