/* A text that grows. Without memory it notes so and stays as it is: checked once, at the end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *at; /* ended by 0; NULL: empty */
    size_t len;
    size_t cap;
    bool is_short; /* there was no memory for all of it */
};

void buffer_add(struct buffer *b, const char *text);
void buffer_print(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The text, given back with free; NULL when there was no memory for all of it. The buffer is empty then. */
char *buffer_take(struct buffer *b);

/* A buffer that is not taken. Accepts a zeroed one. */
void buffer_drop(struct buffer *b);
