#include "manager/shell/csv.h"

#include <string.h>

#include "common/base/check.h"

static char find_separator(const char *at, const char *end)
{
    bool is_quoted = false;

    for (; at < end && (is_quoted || (*at != '\n' && *at != '\r')); at++) {
        if (*at == '"') {
            is_quoted = !is_quoted;
        } else if (!is_quoted && (*at == ';' || *at == ',')) {
            return *at;
        }
    }
    return ',';
}

void csv_begin(struct csv *c, const char *text, size_t len)
{
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    *c = (struct csv){.at = text, .end = text + len, .line = 1, .separator = find_separator(text, text + len)};
}

static bool is_line_end(const struct csv *c)
{
    return *c->at == '\n' || (*c->at == '\r' && c->at + 1 < c->end && c->at[1] == '\n');
}

static void skip_line_end(struct csv *c)
{
    if (c->at < c->end) {
        c->at += *c->at == '\r' ? 2 : 1;
        c->line++;
    }
}

static void skip_line(struct csv *c)
{
    while (c->at < c->end && *c->at != '\n') {
        c->at++;
    }
    skip_line_end(c);
}

static bool is_field_end(const struct csv *c)
{
    return c->at == c->end || *c->at == c->separator || is_line_end(c);
}

/* One byte of a field. Returns what is wrong, NULL nothing. */
static const char *take(struct csv *c, struct csv_record *out, size_t *len)
{
    if (*c->at == '\0') {
        return "a zero byte";
    }
    if (*len + 2 > CSV_RECORD_LEN) {
        return "longer than 65536 bytes";
    }
    c->line += *c->at == '\n' ? 1 : 0;
    out->bytes[(*len)++] = *c->at++;
    return NULL;
}

static const char *read_plain(struct csv *c, struct csv_record *out, size_t *len)
{
    const char *why = NULL;

    while (!is_field_end(c) && why == NULL) {
        why = *c->at == '"' ? "a quote inside an unquoted field" : take(c, out, len);
    }
    return why;
}

/* From behind the opening quote to behind the closing one. */
static const char *read_quoted(struct csv *c, struct csv_record *out, size_t *len)
{
    const char *why = NULL;

    while (c->at < c->end && why == NULL) {
        bool is_quote = *c->at == '"';

        if (is_quote && (c->at + 1 == c->end || c->at[1] != '"')) {
            c->at++;
            return is_field_end(c) ? NULL : "text behind a closing quote";
        }
        c->at += is_quote ? 1 : 0; /* of a doubled one, the second counts */
        why = take(c, out, len);
    }
    return why != NULL ? why : "a quote is not closed";
}

/* One field into the record's bytes. Returns what is wrong, NULL nothing. */
static const char *read_field(struct csv *c, struct csv_record *out, size_t *len)
{
    const char *why;

    if (out->field_n == CSV_FIELD_MAX) {
        return "too many fields";
    }
    if (*len + 1 > CSV_RECORD_LEN) {
        return "longer than 65536 bytes";
    }
    out->field[out->field_n++] = out->bytes + *len;
    if (c->at < c->end && *c->at == '"') {
        c->at++;
        why = read_quoted(c, out, len);
    } else {
        why = read_plain(c, out, len);
    }
    if (why == NULL) {
        out->bytes[(*len)++] = '\0'; /* there is room: take leaves one byte */
    }
    return why;
}

enum rc csv_next(struct csv *c, struct csv_record *out, const char **out_why)
{
    size_t len = 0;

    while (c->at < c->end && is_line_end(c)) {
        skip_line_end(c);
    }
    out->line = c->line;
    out->field_n = 0;
    if (c->at == c->end) {
        return RC_MISSING;
    }
    for (int i = 0; i <= CSV_FIELD_MAX; i++) {
        const char *why = read_field(c, out, &len);

        if (why != NULL) {
            *out_why = why;
            skip_line(c);
            return RC_MALFORMED;
        }
        if (c->at == c->end || is_line_end(c)) {
            break;
        }
        c->at++; /* the separator */
    }
    skip_line_end(c);
    return RC_OK;
}

static void add(struct buffer *b, char separator, bool is_first, const char *guard, const char *text)
{
    const char stop[] = {separator, '"', '\r', '\n', '\0'};
    bool is_quoted = strpbrk(text, stop) != NULL || text[0] == ' ' || (text[0] != '\0' && text[strlen(text) - 1] == ' ');

    if (!is_first) {
        buffer_print(b, "%c", separator);
    }
    if (!is_quoted) {
        buffer_print(b, "%s%s", guard, text);
        return;
    }
    buffer_print(b, "\"%s", guard);
    for (const char *at = text; *at != '\0';) { /* ends: goes on with each piece */
        size_t n = strcspn(at, "\"");

        buffer_print(b, "%.*s%s", (int)n, at, at[n] == '"' ? "\"\"" : "");
        at += n + (at[n] == '"' ? 1 : 0);
    }
    buffer_add(b, "\"");
}

void csv_add(struct buffer *b, char separator, bool is_first, const char *text)
{
    add(b, separator, is_first, "", text);
}

void csv_add_guarded(struct buffer *b, char separator, bool is_first, const char *text)
{
    add(b, separator, is_first, text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL ? "'" : "", text);
}

void csv_end_record(struct buffer *b)
{
    buffer_add(b, "\r\n");
}
