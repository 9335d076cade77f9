#include "tests/site/csv.h"

#include <stdbool.h>
#include <string.h>

#define NUMBER_MAX INT64_C(9000000000000)

int csv_line(struct csv_text *rest, struct csv_text *out)
{
    if (rest->len == 0) {
        return 0;
    }
    const char *end = memchr(rest->at, '\n', rest->len);
    size_t len = end != NULL ? (size_t)(end - rest->at) : rest->len;
    size_t used = end != NULL ? len + 1 : len;
    *out = (struct csv_text){rest->at, len};
    if (len > 0 && rest->at[len - 1] == '\r') {
        out->len--;
    }
    rest->at += used;
    rest->len -= used;
    return 1;
}

static struct csv_text unquoted(struct csv_text field)
{
    if (field.len >= 2 && field.at[0] == '"' && field.at[field.len - 1] == '"') {
        field.at++;
        field.len -= 2;
    }
    return field;
}

int csv_split(struct csv_text line, char separator, struct csv_text *out, int cap)
{
    int n = 0;
    bool is_quoted = false;
    size_t begin = 0;
    for (size_t i = 0; i <= line.len; i++) {
        if (i < line.len && line.at[i] == '"') {
            is_quoted = !is_quoted;
        }
        if (i < line.len && (line.at[i] != separator || is_quoted)) {
            continue;
        }
        if (n < cap) {
            out[n] = unquoted((struct csv_text){line.at + begin, i - begin});
        }
        n++;
        begin = i + 1;
    }
    return n;
}

enum rc csv_number(struct csv_text text, int decimals, int64_t *out)
{
    bool is_negative = text.len > 0 && text.at[0] == '-';
    int64_t value = 0;
    int digits_n = 0;
    int after_n = -1; /* digits after the point; -1 before it */
    for (size_t i = is_negative ? 1 : 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '.' && after_n < 0) {
            after_n = 0;
            continue;
        }
        if (c < '0' || c > '9' || value > NUMBER_MAX / 10) {
            return RC_RANGE;
        }
        digits_n++;
        if (after_n < decimals) {
            value = value * 10 + (c - '0');
            after_n += after_n >= 0 ? 1 : 0;
        }
    }
    for (int i = after_n < 0 ? 0 : after_n; i < decimals; i++) {
        if (value > NUMBER_MAX / 10) {
            return RC_RANGE;
        }
        value *= 10;
    }
    if (digits_n == 0) {
        return RC_RANGE;
    }
    *out = is_negative ? -value : value;
    return RC_OK;
}

int csv_is(struct csv_text field, const char *text)
{
    return strlen(text) == field.len && memcmp(field.at, text, field.len) == 0;
}
