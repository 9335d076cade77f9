/* Small pieces of text files: lines, fields, decimal numbers as integers. Borrowed text, no allocation, no floating point. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/rc.h"

struct csv_text {
    const char *at;
    size_t len;
};

/* Take the next line off `rest`, without its end. Returns 0 when nothing is left. */
int csv_line(struct csv_text *rest, struct csv_text *out);

/* Split a line at `separator`; quotes (") protect it and are taken off. Returns how many fields there are; at most `cap` are in out[]. */
int csv_split(struct csv_text line, char separator, struct csv_text *out, int cap);

/* A decimal number as an integer in units of 10^-decimals; further digits are cut off. "1.25", 3 -> 1250.
 *
 * RC_RANGE  no such number, or beyond +-9*10^12; *out is untouched
 */
MUST_USE enum rc csv_number(struct csv_text text, int decimals, int64_t *out);

/* True when the field is exactly `text`. */
int csv_is(struct csv_text field, const char *text);
