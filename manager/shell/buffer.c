#include "manager/shell/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_FIRST_LEN 1024

static bool make_room(struct buffer *b, size_t more)
{
    size_t cap = b->cap > 0 ? b->cap : BUFFER_FIRST_LEN;
    char *at;

    while (cap < b->len + more + 1) { /* ends: doubles, far below the largest size */
        cap *= 2;
    }
    if (b->is_short || cap == b->cap) {
        return !b->is_short;
    }
    at = realloc(b->at, cap);
    if (at == NULL) {
        b->is_short = true;
        return false;
    }
    b->at = at;
    b->cap = cap;
    return true;
}

void buffer_add(struct buffer *b, const char *text)
{
    size_t len = strlen(text);

    if (make_room(b, len)) {
        memcpy(b->at + b->len, text, len + 1);
        b->len += len;
    }
}

void buffer_print(struct buffer *b, const char *format, ...)
{
    va_list arguments;
    va_list again;
    int len;

    va_start(arguments, format);
    va_copy(again, arguments);
    len = vsnprintf(NULL, 0, format, arguments);
    if (len >= 0 && make_room(b, (size_t)len)) {
        (void)vsnprintf(b->at + b->len, (size_t)len + 1, format, again);
        b->len += (size_t)len;
    }
    va_end(again);
    va_end(arguments);
}

char *buffer_take(struct buffer *b)
{
    char *at = NULL;

    if (make_room(b, 0)) {
        b->at[b->len] = '\0';
        at = b->at;
        b->at = NULL;
    }
    buffer_drop(b);
    return at;
}

void buffer_drop(struct buffer *b)
{
    free(b->at);
    *b = (struct buffer){0};
}
