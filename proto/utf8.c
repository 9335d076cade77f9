#include "proto/utf8.h"

#include <stdint.h>

#include "common/base/check.h"

/* Bytes of a UTF-8 character by its first byte, 0 when none begins so. */
static size_t char_len(unsigned char first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xc0 || first >= 0xf8) {
        return 0;
    }
    return first >= 0xf0 ? 4 : (first >= 0xe0 ? 3 : 2);
}

/* True for a character that may stand in a text: encoded in the shortest form, no surrogate, no control character. */
static bool is_text_char(uint32_t code, size_t len)
{
    static const uint32_t lowest[] = {0, 0x20, 0xa0, 0x800, 0x10000}; /* U+0000..U+001F and U+0080..U+009F are control characters */

    return code >= lowest[len] && code != 0x7f && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

/* Bytes of the character at `s` (a NUL follows somewhere), 0 when it may not stand in a text. Stops at the NUL, which continues no character. */
static size_t text_char_len(const unsigned char *s)
{
    static const uint8_t first_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    size_t len = char_len(s[0]);
    uint32_t code = s[0] & first_mask[len];

    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0u) != 0x80) {
            return 0;
        }
        code = code << 6 | (s[i] & 0x3fu);
    }
    return len > 0 && is_text_char(code, len) ? len : 0;
}

bool utf8_is_text(const char *text, size_t cap)
{
    size_t len = 0;
    size_t step = 1;

    CHECK(text != NULL);
    while (len < cap && text[len] != '\0') {
        len++;
    }
    if (len == cap) {
        return false;
    }
    for (size_t i = 0; i < len && step > 0; i += step) {
        step = text_char_len((const unsigned char *)text + i);
    }
    return step > 0;
}
