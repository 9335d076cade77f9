#include "common/os/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libconfig.h>
#include <uv.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/os/config_text.h"

#define FILE_LEN_MAX 1048576u /* a longer one is no configuration */
#define KEYS_MAX 64u
#define LINE_LEN 512
#define VALUE_LEN 96
#define ALLOWED_LEN 256
#define KNOWN_LEN 400

/* One reading of a file. */
struct reading {
    const char *path;
    const struct param_row *rows;
    size_t rows_n;
    void *base;
    const struct config_key *keys;
    size_t keys_n;
    bool has_key[KEYS_MAX];
    int errors_n;
};

/* One error line; `line` 0 when it belongs to the whole file. */
static void __attribute__((format(printf, 3, 4))) say(struct reading *r, int line, const char *format, ...)
{
    char text[LINE_LEN];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args); /* cut when longer */
    va_end(args);
    if (line > 0) {
        fprintf(stderr, "%s:%d: %s\n", r->path, line, text);
    } else {
        fprintf(stderr, "%s: %s\n", r->path, text);
    }
    r->errors_n++;
}

static const char *errno_text(int err)
{
    return uv_strerror(uv_translate_sys_error(err));
}

/* 0, or the error. *out_text ends with a zero byte and is given back with free(). */
static int read_whole(int fd, char **out_text, size_t *out_len)
{
    char *text = malloc(FILE_LEN_MAX + 1);
    size_t len = 0;
    ssize_t n = 1;

    if (text == NULL) {
        return ENOMEM;
    }
    while (n != 0 && len <= FILE_LEN_MAX) {
        n = read(fd, text + len, FILE_LEN_MAX + 1 - len);
        if (n > 0) {
            len += (size_t)n;
        } else if (n < 0 && errno != EINTR) {
            int err = errno;

            free(text);
            return err;
        }
    }
    if (len > FILE_LEN_MAX) {
        free(text);
        return EFBIG;
    }
    text[len] = '\0';
    *out_text = text;
    *out_len = len;
    return 0;
}

/* libconfig is not given the name: it ends the program when that is a directory. */
static int read_file(const char *path, char **out_text, size_t *out_len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int err;

    if (fd < 0) {
        return errno;
    }
    err = read_whole(fd, out_text, out_len);
    close(fd);
    return err;
}

/* What stands in the file, for an error line. */
static void value_text(const config_setting_t *s, char out[VALUE_LEN])
{
    switch (config_setting_type(s)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        (void)snprintf(out, VALUE_LEN, "%lld", config_setting_get_int64(s));
        return;
    case CONFIG_TYPE_FLOAT:
        (void)snprintf(out, VALUE_LEN, "%g", config_setting_get_float(s));
        return;
    case CONFIG_TYPE_BOOL:
        (void)snprintf(out, VALUE_LEN, "%s", config_setting_get_bool(s) ? "true" : "false");
        return;
    case CONFIG_TYPE_STRING:
        (void)snprintf(out, VALUE_LEN, "\"%.80s\"", config_setting_get_string(s));
        break;
    case CONFIG_TYPE_GROUP:
        (void)snprintf(out, VALUE_LEN, "a group");
        return;
    default: /* libconfig's types are plain numbers */
        (void)snprintf(out, VALUE_LEN, "a list");
        return;
    }
    for (size_t i = 0; out[i] != '\0'; i++) {
        if ((unsigned char)out[i] < 0x20 || out[i] == 0x7F) {
            out[i] = '?';
        }
    }
}

static void refuse(struct reading *r, const config_setting_t *s, const char *allowed)
{
    char value[VALUE_LEN];

    value_text(s, value);
    say(r, (int)config_setting_source_line(s), "%s must be %s, is %s", config_setting_name(s), allowed, value);
}

static void take_param(struct reading *r, const config_setting_t *s, const struct param_row *row)
{
    bool is_integer = config_setting_type(s) == CONFIG_TYPE_INT || config_setting_type(s) == CONFIG_TYPE_INT64;
    char allowed[ALLOWED_LEN];

    if (is_integer && param_set(row, r->base, config_setting_get_int64(s)) == RC_OK) {
        return;
    }
    (void)snprintf(allowed, sizeof allowed, "%ld..%ld%s%s", (long)row->min, (long)row->max, row->unit[0] != '\0' ? " " : "", row->unit);
    refuse(r, s, allowed);
}

/* `allowed` of the key, or one made of its choices or type. */
static const char *allowed_text(const struct config_key *key, char made[ALLOWED_LEN])
{
    size_t at = 0;

    if (key->allowed != NULL) {
        return key->allowed;
    }
    if (key->type != CONFIG_CHOICE) {
        return key->type == CONFIG_BOOL ? "true or false" : "a text";
    }
    made[0] = '\0';
    for (size_t i = 0; key->choices[i] != NULL; i++) {
        int n = snprintf(made + at, ALLOWED_LEN - at, "%s\"%s\"", i > 0 ? ", " : "", key->choices[i]);

        if (n < 0 || (size_t)n >= ALLOWED_LEN - at) {
            break; /* the list is cut, the line stays whole */
        }
        at += (size_t)n;
    }
    return made;
}

static bool take_choice(const struct config_key *key, const char *text)
{
    for (int32_t i = 0; key->choices[i] != NULL; i++) {
        if (text_same(text, key->choices[i])) {
            *(int32_t *)key->out = i;
            return true;
        }
    }
    return false;
}

static bool take_text(const struct config_key *key, const char *text)
{
    if (strlen(text) >= key->out_len || (key->is_valid != NULL && !key->is_valid(text))) {
        return false;
    }
    return text_copy(key->out, key->out_len, text) == RC_OK;
}

static bool take_value(const config_setting_t *s, const struct config_key *key)
{
    int type = config_setting_type(s);

    switch (key->type) {
    case CONFIG_TEXT:
        return type == CONFIG_TYPE_STRING && take_text(key, config_setting_get_string(s));
    case CONFIG_CHOICE:
        return type == CONFIG_TYPE_STRING && take_choice(key, config_setting_get_string(s));
    case CONFIG_BOOL:
        if (type != CONFIG_TYPE_BOOL) {
            return false;
        }
        *(bool *)key->out = config_setting_get_bool(s) == CONFIG_TRUE;
        return true;
    }
    return false;
}

static void take_key(struct reading *r, const config_setting_t *s, size_t index)
{
    const struct config_key *key = &r->keys[index];
    char made[ALLOWED_LEN];
    char limited[ALLOWED_LEN];

    r->has_key[index] = true;
    if (take_value(s, key)) {
        return;
    }
    if (key->type == CONFIG_TEXT && config_setting_type(s) == CONFIG_TYPE_STRING && strlen(config_setting_get_string(s)) >= key->out_len) {
        (void)snprintf(limited, sizeof limited, "%.200s of at most %zu bytes", allowed_text(key, made), key->out_len - 1);
        refuse(r, s, limited);
        return;
    }
    refuse(r, s, allowed_text(key, made));
}

/* Names of all that may be set, as many as fit. */
static void list_known(const struct reading *r, char *out, size_t out_len)
{
    size_t at = 0;

    out[0] = '\0';
    for (size_t i = 0; i < r->keys_n + r->rows_n; i++) {
        const char *name = i < r->keys_n ? r->keys[i].name : r->rows[i - r->keys_n].name;
        int n = snprintf(out + at, out_len - at, "%s%s", i > 0 ? ", " : "", name);

        if (n < 0 || (size_t)n >= out_len - at) {
            out[at] = '\0'; /* the list is cut, the line stays whole */
            return;
        }
        at += (size_t)n;
    }
}

static void take_setting(struct reading *r, const config_setting_t *s)
{
    const char *name = config_setting_name(s);
    const struct param_row *row = param_find(r->rows, r->rows_n, name);
    char known[KNOWN_LEN];

    if (row != NULL) {
        take_param(r, s, row);
        return;
    }
    for (size_t i = 0; i < r->keys_n; i++) {
        if (text_same(r->keys[i].name, name)) {
            take_key(r, s, i);
            return;
        }
    }
    list_known(r, known, sizeof known);
    say(r, (int)config_setting_source_line(s), "%.64s is not known, must be one of: %s", name, known);
}

static void take_all(struct reading *r, const config_t *config)
{
    const config_setting_t *root = config_root_setting(config);
    char made[ALLOWED_LEN];

    for (int i = 0; i < config_setting_length(root); i++) {
        take_setting(r, config_setting_get_elem(root, (unsigned)i));
    }
    for (size_t i = 0; i < r->keys_n; i++) {
        if (r->keys[i].is_required && !r->has_key[i]) {
            say(r, 0, "%s is missing, must be %s", r->keys[i].name, allowed_text(&r->keys[i], made));
        }
    }
}

static void parse(struct reading *r, const char *text)
{
    config_t config;
    char *wide = NULL;
    int line = 0;
    enum rc rc = config_text_widen(text, &wide, &line);

    if (rc != RC_OK) {
        say(r, line, "%s", rc == RC_REFUSED ? "@include is not known" : "no memory");
        return;
    }
    config_init(&config);
    if (config_read_string(&config, wide) == CONFIG_TRUE) {
        take_all(r, &config);
    } else {
        say(r, config_error_line(&config), "%s", config_error_text(&config));
    }
    config_destroy(&config);
    free(wide);
}

enum rc config_load(const char *path, const struct param_row *rows, size_t rows_n, void *base, const struct config_key *keys, size_t keys_n)
{
    struct reading r = {.path = path, .rows = rows, .rows_n = rows_n, .base = base, .keys = keys, .keys_n = keys_n};
    char *text = NULL;
    size_t len = 0;
    int err;

    CHECK(keys_n <= KEYS_MAX);
    err = read_file(path, &text, &len);
    if (err != 0) {
        say(&r, 0, "%s", errno_text(err));
        return RC_MISSING;
    }
    CHECK(text != NULL);
    if (memchr(text, '\0', len) != NULL) {
        say(&r, 0, "has a zero byte, is no text");
    } else {
        parse(&r, text);
    }
    free(text);
    return r.errors_n == 0 ? RC_OK : RC_RANGE;
}
