#include "manager/shell/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netinet/in.h>
#include <uv.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "common/os/clock.h"
#include "common/os/log.h"
#include "manager/shell/http_reply.h"

#define BACKLOG_N 64
#define POOL_LEN 32768 /* memory of one connection: longer headers get 431 */
#define PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* One request from its headers to its answer. */
struct http_visit {
    struct http *http;
    struct MHD_Connection *connection;
    struct http_visit *next; /* waiting */
    struct errand *errand;   /* NULL none; the loop's while is_waiting */
    char *body;
    size_t body_len;
    size_t body_room;
    size_t body_max;
    bool is_begun; /* the body, if any, comes now */
    bool is_too_long;
    bool is_waiting;  /* suspended */
    bool is_orphaned; /* the manager ends */
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

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

/* Decode a piece of an address in place. %00 stays as it is written: decoded it would end the text, and what comes after it would be seen by nobody. */
static size_t on_unescape(void *user, struct MHD_Connection *connection, char *text)
{
    size_t len = 0;

    (void)user;
    (void)connection;
    for (const char *at = text; *at != '\0'; at++) {
        int high = at[0] == '%' ? hex_digit(at[1]) : -1;
        int low = high >= 0 ? hex_digit(at[2]) : -1;

        if (low >= 0 && high + low > 0) {
            text[len++] = (char)(unsigned char)(16 * high + low);
            at += 2;
        } else {
            text[len++] = *at;
        }
    }
    text[len] = '\0';
    return len;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* Keep a piece of a body; what is beyond the limit is only counted. */
static void take_body(struct http_visit *v, const char *bytes, size_t len)
{
    size_t room = v->body_room;
    char *larger;

    if (v->is_too_long || len > v->body_max - v->body_len) {
        v->is_too_long = true;
        return;
    }
    while (room < v->body_len + len) { /* ends: room is at least 1,024 and doubles */
        room = room == 0 ? 1024 : 2 * room;
    }
    if (room != v->body_room) {
        larger = realloc(v->body, room);
        if (larger == NULL) {
            v->is_too_long = true;
            return;
        }
        v->body = larger;
        v->body_room = room;
    }
    memcpy(v->body + v->body_len, bytes, len);
    v->body_len += len;
}

static enum MHD_Result on_argument(void *user, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct route_request *q = user;

    (void)kind;
    if (q->args_n == REQUEST_ARGS_MAX) {
        q->has_too_many_args = true;
        return MHD_NO;
    }
    q->arg[q->args_n++] = (struct field_arg){.name = name, .value = value};
    return MHD_YES;
}

static const char *address_text(struct MHD_Connection *connection, char out[INET6_LEN])
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const void *at = NULL;

    if (info == NULL || info->client_addr == NULL) {
        return NULL;
    }
    at = info->client_addr->sa_family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)(const void *)info->client_addr)->sin6_addr
                                                  : (const void *)&((const struct sockaddr_in *)(const void *)info->client_addr)->sin_addr;
    return inet_ntop(info->client_addr->sa_family, at, out, INET6_LEN);
}

static void orphan_errand(void *user, struct errand *e)
{
    (void)user;
    errand_free(e);
}

static void unlink_visit(struct http *h, struct http_visit *v)
{
    struct http_visit **at = &h->waiting;

    while (*at != v) { /* ends: it is in the list */
        at = &(*at)->next;
    }
    *at = v->next;
}

/* An errand was carried out: the request goes on. Loop. */
static void on_errand(void *user, struct errand *e)
{
    struct http_visit *v = user;
    struct http *h = v->http;

    (void)e;
    CHECK(pthread_mutex_lock(&h->lock) == 0);
    unlink_visit(h, v);
    v->is_waiting = false;
    MHD_resume_connection(v->connection);
    CHECK(pthread_mutex_unlock(&h->lock) == 0);
}

/* Suspend a request until its errand was carried out. */
static enum MHD_Result wait_for(struct http_visit *v, struct errand *e)
{
    struct http *h = v->http;
    bool is_sent;

    CHECK(pthread_mutex_lock(&h->lock) == 0);
    e->on_done = on_errand;
    e->user = v;
    v->errand = e;
    is_sent = !h->is_closing && desk_send(h->options.desk, e) == RC_OK;
    if (is_sent) {
        v->is_waiting = true;
        v->next = h->waiting;
        h->waiting = v;
        MHD_suspend_connection(v->connection); /* with the lock: it is not resumed before */
    }
    CHECK(pthread_mutex_unlock(&h->lock) == 0);
    if (!is_sent) {
        struct route_reply reply;

        e->rc = RC_IO; /* too much to do, or the end */
        routes_finish(h->options.routes, e, &reply);
        reply.retry_s = 1;
        return http_reply_send(v->connection, &reply);
    }
    return MHD_YES;
}

static struct http_guest *guest_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info != NULL ? info->socket_context : NULL;
}

/* What the visitor is at has to end after so long; MS_FOREVER: whenever it does. */
static void expect_within(struct http *h, struct MHD_Connection *connection, int64_t within_ms)
{
    http_guests_expect(&h->guests, guest_of(connection), within_ms == MS_FOREVER ? MS_FOREVER : clock_boot_ms() + within_ms);
}

static void on_connection(void *user, struct MHD_Connection *connection, void **guest, enum MHD_ConnectionNotificationCode code)
{
    struct http *h = user;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *guest = info != NULL ? http_guests_add(&h->guests, info->connect_fd, clock_boot_ms()) : NULL;
    } else {
        http_guests_remove(&h->guests, *guest);
        *guest = NULL;
    }
}

static enum MHD_Result answer(struct http_visit *v, const char *url, const char *method)
{
    struct MHD_Connection *connection = v->connection;
    struct http *h = v->http;
    struct route_reply reply;
    char address[INET6_LEN];
    struct route_request request = {.method = method,
                                    .path = url,
                                    .host = header(connection, "Host"),
                                    .origin = header(connection, "Origin"),
                                    .fetch_site = header(connection, "Sec-Fetch-Site"),
                                    .content_type = header(connection, "Content-Type"),
                                    .cookie = header(connection, "Cookie"),
                                    .authorization = header(connection, "Authorization"),
                                    .csrf = header(connection, "X-CSRF-Token"),
                                    .none_match = header(connection, "If-None-Match"),
                                    .accept_encoding = header(connection, "Accept-Encoding"),
                                    .is_secure = h->options.key != NULL,
                                    .has_content_length = header(connection, "Content-Length") != NULL,
                                    .has_transfer_encoding = header(connection, "Transfer-Encoding") != NULL,
                                    .is_too_long = v->is_too_long,
                                    .body = v->body,
                                    .body_len = v->body_len};

    request.address = address_text(connection, address);
    (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, on_argument, &request); /* how many there are is counted there */
    routes_answer(h->options.routes, &request, &reply);
    expect_within(h, connection, reply.is_stream ? MS_FOREVER : GUEST_ANSWER_MS);
    if (reply.errand != NULL) {
        return wait_for(v, reply.errand);
    }
    return reply.is_stream ? http_reply_stream(connection, h->options.stream, reply.login) : http_reply_send(connection, &reply);
}

/* The headers are there: a body that is too long or smuggled is not waited for. */
static bool is_refused_early(struct http_visit *v, const char *url)
{
    const char *length = header(v->connection, "Content-Length");

    v->body_max = routes_body_max(url);
    v->is_too_long = length != NULL && (strlen(length) > 9 || strtoull(length, NULL, 10) > v->body_max);
    return v->is_too_long || (length != NULL && header(v->connection, "Transfer-Encoding") != NULL);
}

static enum MHD_Result begin(struct http *h, struct MHD_Connection *connection, const char *url, const char *method, void **request_user)
{
    struct http_visit *v = calloc(1, sizeof *v);

    if (v == NULL) {
        return MHD_NO;
    }
    v->http = h;
    v->connection = connection;
    *request_user = v;
    expect_within(h, connection, GUEST_BODY_MS);
    return is_refused_early(v, url) ? answer(v, url, method) : MHD_YES;
}

/* Called once with the headers, again with each piece of a body and at its end, and again after each suspension. */
static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url, const char *method, const char *version, const char *upload,
                                  size_t *upload_len, void **request_user)
{
    struct http *h = user;
    struct http_visit *v = *request_user;

    (void)version;
    if (v == NULL && h->options.routes == NULL) {
        return http_reply_redirect(connection, url, h->options.redirect_port);
    }
    if (v == NULL) {
        return begin(h, connection, url, method, request_user);
    }
    if (v->is_orphaned) {
        return MHD_NO;
    }
    if (*upload_len > 0) {
        take_body(v, upload, *upload_len);
        *upload_len = 0;
        return MHD_YES;
    }
    if (v->errand != NULL) {
        struct route_reply reply;

        routes_finish(h->options.routes, v->errand, &reply);
        errand_free(v->errand);
        v->errand = NULL;
        return http_reply_send(connection, &reply);
    }
    return answer(v, url, method);
}

static void on_completed(void *user, struct MHD_Connection *connection, void **request_user, enum MHD_RequestTerminationCode code)
{
    struct http_visit *v = *request_user;

    (void)code;
    expect_within(user, connection, GUEST_HEADER_MS); /* of the next */
    if (v != NULL) {
        errand_free(v->errand);
        free(v->body);
        free(v);
        *request_user = NULL;
    }
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

static struct MHD_Daemon *start(struct http *h, int fd)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME | (h->options.key != NULL ? MHD_USE_TLS : 0);
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)h->options.key},
                                   {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)h->options.certificate},
                                   {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)PRIORITIES},
                                   {MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem nothing[] = {{MHD_OPTION_END, 0, NULL}};

    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log, h, MHD_OPTION_NOTIFY_COMPLETED, on_completed, h,
                            MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
                            MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                            (unsigned)HTTP_PER_ADDRESS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            (size_t)POOL_LEN, MHD_OPTION_ARRAY, h->options.key != NULL ? tls : nothing, MHD_OPTION_END);
}

enum rc http_open(struct http *h, const struct sockaddr_storage *address, const struct http_options *options, const char **out_why)
{
    int fd = listen_at(address);

    *h = (struct http){.options = *options};
    if (fd < 0) {
        *out_why = uv_strerror(uv_translate_sys_error(errno));
        return RC_IO;
    }
    CHECK(pthread_mutex_init(&h->lock, NULL) == 0);
    http_guests_init(&h->guests);
    h->daemon = start(h, fd);
    if (h->daemon == NULL) {
        (void)close(fd); /* nothing was written to it */
        http_guests_deinit(&h->guests);
        CHECK(pthread_mutex_destroy(&h->lock) == 0);
        *out_why = options->key != NULL ? "the HTTPS thread cannot be started with this key and certificate" : "the HTTP thread cannot be started";
        return RC_IO;
    }
    return RC_OK;
}

unsigned http_port(const struct http *h)
{
    const union MHD_DaemonInfo *info = h->daemon != NULL ? MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;

    return info != NULL ? info->port : 0;
}

/* Requests that wait are let go without an answer; their errands free themselves. */
static void orphan_all(struct http *h)
{
    CHECK(pthread_mutex_lock(&h->lock) == 0);
    h->is_closing = true;
    while (h->waiting != NULL) { /* ends: each turn takes one out */
        struct http_visit *v = h->waiting;

        h->waiting = v->next;
        v->errand->on_done = orphan_errand;
        v->errand = NULL;
        v->is_orphaned = true;
        v->is_waiting = false;
        MHD_resume_connection(v->connection);
    }
    CHECK(pthread_mutex_unlock(&h->lock) == 0);
}

void http_close(struct http *h)
{
    if (h->daemon != NULL) {
        orphan_all(h);
        MHD_stop_daemon(h->daemon);
        h->daemon = NULL;
        http_guests_deinit(&h->guests);
        CHECK(pthread_mutex_destroy(&h->lock) == 0);
    }
}

void http_sweep(struct http *h, int64_t now_ms)
{
    if (h->daemon != NULL) {
        http_guests_sweep(&h->guests, now_ms);
    }
}
