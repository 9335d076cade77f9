#include "common/base/text.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/limits.h"

/* The end of a text, looked for in at most `max` bytes. strnlen would do, but it is not C11. */
static size_t length_up_to(const char *text, size_t max)
{
    size_t n = 0;

    while (n < max && text[n] != '\0') {
        n++;
    }
    return n;
}

enum rc text_copy(char *out, size_t out_len, const char *from)
{
    size_t n;

    CHECK(out_len > 0);
    n = length_up_to(from, out_len);
    out[0] = '\0';
    if (n == out_len) {
        return RC_FULL;
    }
    memcpy(out, from, n);
    out[n] = '\0';
    return RC_OK;
}

int text_order(const char *a, const char *b)
{
    size_t i = 0;

    while (a[i] != '\0' && a[i] == b[i]) {
        i++;
    }
    return (int)(unsigned char)a[i] - (int)(unsigned char)b[i];
}

bool text_same(const char *a, const char *b)
{
    return text_order(a, b) == 0;
}

static bool is_id_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool text_is_id(const char *text)
{
    size_t n = length_up_to(text, ID_LEN);

    if (n == 0 || n == ID_LEN) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_id_char(text[i])) {
            return false;
        }
    }
    return true;
}

int64_t text_number(const char *text, int64_t max)
{
    int64_t value = 0;

    if (text[0] == '\0') {
        return -1;
    }
    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || value > max) {
            return -1;
        }
        value = value * 10 + (*at - '0');
    }
    return value <= max ? value : -1;
}
