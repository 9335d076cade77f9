#include "manager/shell/http.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>
#include <netinet/in.h>
#include <uv.h>

#include "common/os/clock.h"
#include "common/os/log.h"

#define BACKLOG_N 64
#define POOL_LEN 32768 /* memory of one connection: longer headers get 431 */

static const struct {
    const char *name;
    const char *value;
} security_headers[] = {
    {"Cache-Control", "no-store"}, {"Cross-Origin-Resource-Policy", "same-origin"}, {"Referrer-Policy", "no-referrer"}, {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
};

/* libmicrohttpd tells of each visitor that went away; one line a second is enough to see that something is wrong. */
static void on_mhd_log(void *user, const char *format, va_list arguments)
{
    struct http *h = user;
    int now_s = (int)(clock_boot_ms() / 1000);
    char text[200];

    if (now_s != h->last_log_s) {
        h->last_log_s = now_s;
        (void)vsnprintf(text, sizeof text, format, arguments);
        text[strcspn(text, "\r\n")] = '\0';
        log_dbg("http_library text=\"%s\"", text);
    }
}

static enum MHD_Result queue_reply(struct MHD_Connection *connection, struct route_reply *reply)
{
    static const char no_memory[] = "out of memory\n";
    struct MHD_Response *response;
    enum MHD_Result result = MHD_YES;
    char disposition[96];

    if (reply->body != NULL) {
        response = MHD_create_response_from_buffer(reply->body_len, reply->body, MHD_RESPMEM_MUST_FREE);
    } else {
        response = MHD_create_response_from_buffer(sizeof no_memory - 1, (void *)(uintptr_t)no_memory, MHD_RESPMEM_PERSISTENT);
    }
    if (response == NULL) {
        free(reply->body);
        return MHD_NO;
    }
    result = MHD_add_response_header(response, "Content-Type", reply->body != NULL ? reply->type : "text/plain");
    for (size_t i = 0; i < sizeof security_headers / sizeof security_headers[0] && result == MHD_YES; i++) {
        result = MHD_add_response_header(response, security_headers[i].name, security_headers[i].value);
    }
    if (result == MHD_YES) {
        result = MHD_add_response_header(response, "Content-Security-Policy",
                                         reply->is_page ? "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
                                                        : "default-src 'none'; frame-ancestors 'none'");
    }
    if (result == MHD_YES && reply->file_name != NULL) {
        (void)snprintf(disposition, sizeof disposition, "attachment; filename=\"%s\"", reply->file_name);
        result = MHD_add_response_header(response, "Content-Disposition", disposition);
    }
    if (result == MHD_YES && reply->allow != NULL) {
        result = MHD_add_response_header(response, "Allow", reply->allow);
    }
    if (result == MHD_YES) {
        result = MHD_queue_response(connection, reply->status, response);
    }
    MHD_destroy_response(response);
    return result;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static const char *argument(void *user, const char *name)
{
    return MHD_lookup_connection_value(user, MHD_GET_ARGUMENT_KIND, name);
}

/* Called once with the headers and again with each piece of a body and at the end; a request is answered at its end. */
static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url, const char *method, const char *version, const char *upload,
                                  size_t *upload_len, void **request_user)
{
    static const char seen = 0;
    struct http *h = user;
    struct route_reply reply;
    struct route_request request = {.method = method,
                                    .path = url,
                                    .argument = argument,
                                    .argument_user = connection,
                                    .has_content_length = header(connection, "Content-Length") != NULL,
                                    .has_transfer_encoding = header(connection, "Transfer-Encoding") != NULL};
    bool is_smuggling = request.has_content_length && request.has_transfer_encoding;

    (void)version;
    (void)upload;
    if (*request_user == NULL && !is_smuggling) {
        *request_user = (void *)(uintptr_t)&seen;
        return MHD_YES;
    }
    if (*upload_len > 0) {
        *upload_len = 0; /* nothing here takes a body */
        return MHD_YES;
    }
    routes_answer(h->routes, &request, &reply);
    return queue_reply(connection, &reply);
}

/* A socket of our own, because the library does not say why it cannot bind. -1 with errno set. */
static int listen_at(const struct sockaddr_storage *address)
{
    socklen_t len = address->ss_family == AF_INET6 ? (socklen_t)sizeof(struct sockaddr_in6) : (socklen_t)sizeof(struct sockaddr_in);
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;

    if (fd < 0) {
        return -1;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 || bind(fd, (const struct sockaddr *)address, len) != 0 || listen(fd, BACKLOG_N) != 0) {
        int err = errno;

        (void)close(fd); /* nothing was written to it */
        errno = err;
        return -1;
    }
    return fd;
}

enum rc http_open(struct http *h, const struct sockaddr_storage *address, struct routes *routes, const char **out_why)
{
    int fd = listen_at(address);

    *h = (struct http){.routes = routes};
    if (fd < 0) {
        *out_why = uv_strerror(uv_translate_sys_error(errno));
        return RC_IO;
    }
    h->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log, h,
                                 MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX,
                                 MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)HTTP_PER_ADDRESS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_TIMEOUT_S,
                                 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_LEN, MHD_OPTION_END);
    if (h->daemon == NULL) {
        (void)close(fd); /* nothing was written to it */
        *out_why = "the HTTP thread cannot be started";
        return RC_IO;
    }
    return RC_OK;
}

unsigned http_port(const struct http *h)
{
    const union MHD_DaemonInfo *info = h->daemon != NULL ? MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;

    return info != NULL ? info->port : 0;
}

void http_close(struct http *h)
{
    if (h->daemon != NULL) {
        MHD_stop_daemon(h->daemon);
        h->daemon = NULL;
    }
}
