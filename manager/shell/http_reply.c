#include "manager/shell/http_reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STREAM_BLOCK_LEN 16384

static const struct {
    const char *name;
    const char *value;
} security_headers[] = {
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
};

static bool add(struct MHD_Response *response, const char *name, const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_security(struct MHD_Response *response, bool is_page)
{
    bool is_good = add(response, "Content-Security-Policy",
                       is_page ? "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
                               : "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'");

    for (size_t i = 0; i < sizeof security_headers / sizeof security_headers[0]; i++) {
        is_good = add(response, security_headers[i].name, security_headers[i].value) && is_good;
    }
    return is_good;
}

/* Queue and give back; without all its headers it is not sent. */
static enum MHD_Result finish(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response, bool is_good)
{
    enum MHD_Result result = is_good ? MHD_queue_response(connection, status, response) : MHD_NO;

    MHD_destroy_response(response);
    return result;
}

static struct MHD_Response *make_response(struct route_reply *reply)
{
    static const char no_memory[] = "out of memory\n";
    struct MHD_Response *response;

    if (reply->asset != NULL && reply->status == 200) {
        return MHD_create_response_from_buffer(reply->asset->gzip_len, (void *)(uintptr_t)reply->asset->gzip, MHD_RESPMEM_PERSISTENT);
    }
    if (reply->asset != NULL) {
        return MHD_create_response_from_buffer(0, (void *)(uintptr_t)no_memory, MHD_RESPMEM_PERSISTENT);
    }
    if (reply->body == NULL) {
        reply->type = "text/plain";
        return MHD_create_response_from_buffer(sizeof no_memory - 1, (void *)(uintptr_t)no_memory, MHD_RESPMEM_PERSISTENT);
    }
    response = MHD_create_response_from_buffer(reply->body_len, reply->body, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(reply->body);
    }
    reply->body = NULL;
    return response;
}

static bool add_asset(struct MHD_Response *response, const struct asset *asset, unsigned status)
{
    bool is_good = add(response, "ETag", asset->etag) && add(response, "Vary", "Accept-Encoding") &&
                   add(response, "Cache-Control", asset->is_immutable ? "public, max-age=31536000, immutable" : "no-cache");

    return is_good && (status != 200 || add(response, "Content-Encoding", "gzip"));
}

/* Headers that only some replies have. */
static bool add_special(struct MHD_Response *response, const struct route_reply *reply)
{
    const struct {
        const char *name;
        const char *value;
    } texts[] = {{"Allow", reply->allow}, {"Set-Cookie", reply->cookie}, {"Location", reply->location}};
    char number[16];
    bool is_good = true;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        is_good = (texts[i].value[0] == '\0' || add(response, texts[i].name, texts[i].value)) && is_good;
    }
    if (reply->retry_s > 0) {
        (void)snprintf(number, sizeof number, "%d", (int)reply->retry_s);
        is_good = add(response, "Retry-After", number) && is_good;
    }
    if (reply->file_name != NULL) {
        char text[96];

        (void)snprintf(text, sizeof text, "attachment; filename=\"%s\"", reply->file_name);
        is_good = add(response, "Content-Disposition", text) && is_good;
    }
    return is_good && (!reply->must_close || add(response, "Connection", "close"));
}

enum MHD_Result http_reply_send(struct MHD_Connection *connection, struct route_reply *reply)
{
    struct MHD_Response *response = make_response(reply);
    bool is_good;

    if (response == NULL) {
        return MHD_NO;
    }
    is_good = add_security(response, reply->is_page) && add_special(response, reply);
    if (reply->status != 204) {
        is_good = is_good && add(response, "Content-Type", reply->type);
    }
    if (reply->asset != NULL) {
        is_good = is_good && add_asset(response, reply->asset, reply->status);
    } else {
        is_good = is_good && add(response, "Cache-Control", "no-store");
    }
    return finish(connection, reply->status, response, is_good);
}

static ssize_t on_read(void *user, uint64_t position, char *out, size_t most)
{
    int64_t len = stream_read(user, out, most);

    (void)position;
    return len < 0 ? MHD_CONTENT_READER_END_OF_STREAM : (ssize_t)len;
}

static void on_read_end(void *user)
{
    stream_remove(user);
}

enum MHD_Result http_reply_stream(struct MHD_Connection *connection, struct stream *stream, const char *login)
{
    const char *last_id = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Last-Event-ID");
    struct stream_client *c = stream_add(stream, connection, last_id, login);
    struct MHD_Response *response;
    struct route_reply full = {.status = 503, .type = "application/problem+json", .retry_s = 10};

    if (c == NULL) {
        full.body = strdup("{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,\"detail\":\"too many listen already\"}");
        full.body_len = full.body != NULL ? strlen(full.body) : 0;
        return http_reply_send(connection, &full);
    }
    response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_LEN, on_read, c, on_read_end);
    if (response == NULL) {
        stream_remove(c);
        return MHD_NO;
    }
    return finish(connection, 200, response,
                  add_security(response, false) && add(response, "Content-Type", "text/event-stream") && add(response, "Cache-Control", "no-store"));
}

/* Length of the host without its port, when it is made of characters that a host has; 0 otherwise. */
static int host_len(const char *host)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";
    size_t len = host[0] == '[' ? 1 + strspn(host + 1, "0123456789abcdefABCDEF:.") : strspn(host, allowed);

    if (host[0] == '[') {
        len += host[len] == ']' ? 1 : 0;
        return host[len - 1] == ']' && (host[len] == '\0' || host[len] == ':') ? (int)len : 0;
    }
    return host[len] == '\0' || host[len] == ':' ? (int)len : 0;
}

enum MHD_Result http_reply_redirect(struct MHD_Connection *connection, const char *path, unsigned port)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~/-";
    const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
    struct route_reply reply = {.status = 308, .type = "text/plain", .body = strdup("this is served by HTTPS\n"), .must_close = true};
    int len = host != NULL ? host_len(host) : 0;
    bool is_plain = path[0] == '/' && path[1] != '/' && path[strspn(path, allowed)] == '\0' && strlen(path) < 64;

    reply.body_len = reply.body != NULL ? strlen(reply.body) : 0;
    if (len == 0 || len > 48) {
        reply.status = 400;
    } else {
        (void)snprintf(reply.location, sizeof reply.location, "https://%.*s:%u%s", len, host, port, is_plain ? path : "/");
    }
    return http_reply_send(connection, &reply);
}
