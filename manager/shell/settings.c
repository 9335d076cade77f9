#include "manager/shell/settings.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/os/config.h"
#include "common/os/log.h"
#include "common/os/tcp.h"

static const char *const level_names[] = {"err", "warn", "note", "dbg", NULL};
static const enum log_level level_values[] = {LOG_LEVEL_ERR, LOG_LEVEL_WARN, LOG_LEVEL_NOTE, LOG_LEVEL_DBG};

static bool is_address(const char *text)
{
    struct sockaddr_storage unused;

    return tcp_parse_address(text, &unused) == RC_OK;
}

static bool is_https(const char *text)
{
    return text[0] == '\0' || is_address(text);
}

static bool is_serial(const char *text)
{
    return text[0] == '\0' || text_is_id(text);
}

static bool is_path(const char *text)
{
    return text[0] != '\0';
}

void settings_defaults(struct settings *s)
{
    *s = (struct settings){.log_level = 2};
    CHECK(text_copy(s->link, sizeof s->link, "127.0.0.1:7443") == RC_OK);
    CHECK(text_copy(s->http, sizeof s->http, "127.0.0.1:8080") == RC_OK);
    CHECK(text_copy(s->data, sizeof s->data, "/var/lib/wallbox-manager") == RC_OK);
}

enum rc settings_read(struct settings *s, const char *path)
{
    static const char address[] = "a numeric address and a port, \"ADDR:PORT\" or \"[ADDR]:PORT\"";
    static const char serial[] = "1 to 32 letters, digits, points, dashes and underscores";
    const struct config_key keys[] = {
        {.name = "link", .type = CONFIG_TEXT, .out = s->link, .out_len = sizeof s->link, .allowed = address, .is_valid = is_address},
        {.name = "http", .type = CONFIG_TEXT, .out = s->http, .out_len = sizeof s->http, .allowed = address, .is_valid = is_address},
        {.name = "https", .type = CONFIG_TEXT, .out = s->https, .out_len = sizeof s->https, .allowed = address, .is_valid = is_https},
        {.name = "certificate", .type = CONFIG_TEXT, .out = s->certificate, .out_len = sizeof s->certificate, .allowed = "a file"},
        {.name = "key", .type = CONFIG_TEXT, .out = s->key, .out_len = sizeof s->key, .allowed = "a file"},
        {.name = "serial", .type = CONFIG_TEXT, .out = s->serial, .out_len = sizeof s->serial, .allowed = serial, .is_valid = is_serial},
        {.name = "open_reads", .type = CONFIG_BOOL, .out = &s->open_reads, .allowed = "true or false"},
        {.name = "data", .type = CONFIG_TEXT, .out = s->data, .out_len = sizeof s->data, .allowed = "a directory", .is_valid = is_path},
        {.name = "loopback_plain", .type = CONFIG_BOOL, .out = &s->loopback_plain, .allowed = "true or false"},
        {.name = "link_tls", .type = CONFIG_BOOL, .out = &s->link_tls, .allowed = "true or false"},
        {.name = "log_level", .type = CONFIG_CHOICE, .out = &s->log_level, .choices = level_names, .allowed = "err, warn, note or dbg"},
    };

    return config_load(path, NULL, 0, NULL, keys, sizeof keys / sizeof keys[0]);
}

static enum rc check_address(const char *what, const char *text, bool must_be_near, struct sockaddr_storage *out, char why[SETTINGS_WHY_LEN])
{
    if (tcp_parse_address(text, out) != RC_OK) {
        (void)snprintf(why, SETTINGS_WHY_LEN, "%s must be a numeric address and a port, ADDR:PORT or [ADDR]:PORT, is \"%s\"", what, text);
        return RC_RANGE;
    }
    if (must_be_near && !tcp_is_loopback(out)) {
        (void)snprintf(why, SETTINGS_WHY_LEN, "%s must be a loopback address with loopback_plain (127.0.0.1:PORT or [::1]:PORT), is \"%s\"", what, text);
        return RC_RANGE;
    }
    return RC_OK;
}

/* HTTPS may be served anywhere. */
static enum rc check_https(struct settings *s, char why[SETTINGS_WHY_LEN])
{
    const char *address = s->https[0] != '\0' ? s->https : "127.0.0.1:8443";

    s->has_https = s->https[0] != '\0' || !s->loopback_plain;
    if ((s->key[0] == '\0') != (s->certificate[0] == '\0')) {
        (void)snprintf(why, SETTINGS_WHY_LEN, "key and certificate must be given together");
        return RC_RANGE;
    }
    if (s->open_reads && !s->loopback_plain) {
        (void)snprintf(why, SETTINGS_WHY_LEN, "open_reads is allowed with loopback_plain only");
        return RC_RANGE;
    }
    return check_address("https", address, false, &s->https_address, why);
}

enum rc settings_check(struct settings *s, bool may_listen, char out_why[SETTINGS_WHY_LEN])
{
    enum rc rc;

    s->is_link_plain = s->loopback_plain && !s->link_tls;
    rc = check_address("link", s->link, may_listen && s->is_link_plain, &s->link_address, out_why);
    rc = rc == RC_OK ? check_address("http", s->http, may_listen && s->loopback_plain, &s->http_address, out_why) : rc;
    return rc == RC_OK ? check_https(s, out_why) : rc;
}

/* A text as libconfig reads it. */
static void print_text(FILE *to, const char *name, const char *text)
{
    (void)fprintf(to, "%s = \"", name);
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\') {
            (void)fputc('\\', to);
        }
        (void)fputc(*at, to);
    }
    (void)fprintf(to, "\";\n");
}

void settings_print(const struct settings *s, FILE *to)
{
    print_text(to, "link", s->link);
    print_text(to, "http", s->http);
    print_text(to, "https", s->https);
    print_text(to, "certificate", s->certificate);
    print_text(to, "key", s->key);
    print_text(to, "serial", s->serial);
    print_text(to, "data", s->data);
    (void)fprintf(to, "open_reads = %s;\n", s->open_reads ? "true" : "false");
    (void)fprintf(to, "loopback_plain = %s;\n", s->loopback_plain ? "true" : "false");
    (void)fprintf(to, "link_tls = %s;\n", s->link_tls ? "true" : "false");
    print_text(to, "log_level", level_names[s->log_level]);
}

void settings_apply_log_level(const struct settings *s)
{
    log_set_level(level_values[s->log_level]);
}
