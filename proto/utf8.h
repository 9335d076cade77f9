/* Texts that come from outside: UTF-8 in its shortest form (no surrogates, at most U+10FFFF) without control characters
 * (U+0000..U+001F, U+007F..U+009F), so that they may stand in logs, JSON and SQL as they are.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* True when `text` of capacity `cap` has its end (NUL) and is such a text; the empty one is. */
bool utf8_is_text(const char *text, size_t cap);
