#include "common/os/config_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '*';
}

/* Length of the comment at `p`, its line end not counted; 0 when there is none. */
static size_t comment_len(const char *p)
{
    const char *end;

    if (p[0] == '#' || (p[0] == '/' && p[1] == '/')) {
        return strcspn(p, "\n");
    }
    if (p[0] != '/' || p[1] != '*') {
        return 0;
    }
    end = strstr(p + 2, "*/");
    return end == NULL ? strlen(p) : (size_t)(end - p) + 2;
}

/* Length of the string at `p` with its quotes; 0 when there is none. */
static size_t string_len(const char *p)
{
    size_t n = 1;

    if (p[0] != '"') {
        return 0;
    }
    while (p[n] != '\0' && p[n] != '"') {
        n += p[n] == '\\' && p[n + 1] != '\0' ? 2 : 1;
    }
    return p[n] == '"' ? n + 1 : n;
}

static size_t name_len(const char *p)
{
    size_t n = 0;

    if (isalpha((unsigned char)p[0]) || p[0] == '*' || p[0] == '_') {
        while (is_name(p[n])) {
            n++;
        }
    }
    return n;
}

/* Length of the number at `p`; 0 when there is none. *out_is_short: an integer that is not marked. */
static size_t number_len(const char *p, bool *out_is_short)
{
    size_t n = p[0] == '+' || p[0] == '-' ? 1 : 0;

    *out_is_short = false;
    if (p[0] == '.') {
        return 1 + strspn(p + 1, "0123456789.eE+-");
    }
    if (!is_digit(p[n])) {
        return 0;
    }
    if (p[n] == '0' && (p[n + 1] == 'x' || p[n + 1] == 'X')) {
        n += 2;
        n += strspn(p + n, "0123456789abcdefABCDEF");
    } else {
        n += strspn(p + n, "0123456789");
        if (p[n] == '.' || p[n] == 'e' || p[n] == 'E') {
            return n + strspn(p + n, "0123456789.eE+-");
        }
    }
    *out_is_short = p[n] != 'L';
    return n + strspn(p + n, "L");
}

static int line_of(const char *text, size_t at)
{
    int line = 1;

    for (size_t i = 0; i < at; i++) {
        line += text[i] == '\n' ? 1 : 0;
    }
    return line;
}

/* Length of the piece at `p` that is copied as it is, at least 1 before the end. */
static size_t plain_len(const char *p)
{
    size_t n = comment_len(p);

    if (n == 0) {
        n = string_len(p);
    }
    if (n == 0) {
        n = name_len(p);
    }
    return n > 0 ? n : 1;
}

enum rc config_text_widen(const char *text, char **out_text, int *out_line)
{
    size_t len = strlen(text);
    char *out = malloc(2 * len + 1); /* every digit may become a digit and a mark */
    size_t to = 0;
    size_t n;

    if (out == NULL) {
        return RC_IO;
    }
    for (size_t at = 0; at < len; at += n) {
        bool is_short;

        if (text[at] == '@') {
            free(out);
            *out_line = line_of(text, at);
            return RC_REFUSED;
        }
        n = number_len(text + at, &is_short);
        if (n == 0) {
            n = plain_len(text + at);
        }
        memcpy(out + to, text + at, n);
        to += n;
        if (is_short) {
            out[to++] = 'L';
        }
    }
    out[to] = '\0';
    *out_text = out;
    return RC_OK;
}
