#include <stdio.h>
#include <string.h>

#include "common/os/tcp.h"

#define HOST_LEN 64

/* Digits up to the end, 0..65535. */
static bool parse_port(const char *text, uint16_t *out)
{
    uint32_t port = 0;
    size_t n = 0;

    while (text[n] >= '0' && text[n] <= '9' && n < 6) {
        port = port * 10 + (uint32_t)(text[n] - '0');
        n++;
    }
    if (n == 0 || n > 5 || text[n] != '\0' || port > UINT16_MAX) {
        return false;
    }
    *out = (uint16_t)port;
    return true;
}

/* A zone that is no interface of this machine would silently mean "any". */
static bool parse_ip6(const char *host, uint16_t port, struct sockaddr_in6 *out)
{
    return uv_ip6_addr(host, port, out) == 0 && (strchr(host, '%') == NULL || out->sin6_scope_id != 0);
}

enum rc tcp_parse_address(const char *text, struct sockaddr_storage *out)
{
    bool is_bracketed = text[0] == '[';
    const char *host = is_bracketed ? text + 1 : text;
    const char *end = strchr(host, is_bracketed ? ']' : ':');
    struct sockaddr_storage address = {0};
    char copy[HOST_LEN];
    uint16_t port;
    size_t len;

    if (end == NULL) {
        return RC_RANGE;
    }
    len = (size_t)(end - host);
    if (len == 0 || len >= sizeof copy) {
        return RC_RANGE;
    }
    memcpy(copy, host, len);
    copy[len] = '\0';
    end += is_bracketed ? 1 : 0;
    if (end[0] != ':' || !parse_port(end + 1, &port)) {
        return RC_RANGE;
    }
    if (is_bracketed ? !parse_ip6(copy, port, (struct sockaddr_in6 *)&address) : uv_ip4_addr(copy, port, (struct sockaddr_in *)&address) != 0) {
        return RC_RANGE;
    }
    *out = address;
    return RC_OK;
}

void tcp_address_text(const struct sockaddr_storage *address, char out[TCP_ADDRESS_LEN])
{
    char host[INET6_ADDRSTRLEN];
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

    if (address->ss_family == AF_INET && uv_ip4_name(v4, host, sizeof host) == 0) {
        (void)snprintf(out, TCP_ADDRESS_LEN, "%s:%u", host, (unsigned)ntohs(v4->sin_port));
    } else if (address->ss_family == AF_INET6 && uv_ip6_name(v6, host, sizeof host) == 0) {
        (void)snprintf(out, TCP_ADDRESS_LEN, "[%s]:%u", host, (unsigned)ntohs(v6->sin6_port));
    } else {
        (void)snprintf(out, TCP_ADDRESS_LEN, "unknown");
    }
}

bool tcp_is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET) {
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
    }
    return address->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}
