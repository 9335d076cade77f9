/* Bounded texts. Every text of the project has a capacity and an end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/rc.h"

/* Copy `from` into `out` of capacity `out_len` (1 or more), the end included.
 *
 * RC_FULL  it does not fit; out is the empty text
 */
MUST_USE enum rc text_copy(char *out, size_t out_len, const char *from);

/* Same letters. Both are borrowed until return and not NULL. */
bool text_same(const char *a, const char *b);

/* Order of two texts by bytes: below 0, 0 or above 0. Used where ties are broken by serial. */
int text_order(const char *a, const char *b);

/* The whole number 0..max that the text consists of; -1: it is none, or larger. max: below INT64_MAX / 10. */
int64_t text_number(const char *text, int64_t max);

/* True when `text` is a serial number or id: 1..32 characters out of A-Z a-z 0-9 and . _ - (spec 13: names people type and scripts use). */
bool text_is_id(const char *text);
