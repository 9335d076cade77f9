/* Bytes as letters and digits that people type: Base32 of RFC 4648 section 6, without padding. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/rc.h"

/* Letters of `len` bytes. */
#define BASE32_N(len) (((len)*8 + 4) / 5)

/* Write BASE32_N(len) letters, then the end.
 *
 * group_n  letters between dashes; 0: none
 * out      of out_len bytes; CHECKed to be enough for letters, dashes and end
 */
void base32_write(const uint8_t *bytes, size_t len, unsigned group_n, char *out, size_t out_len);

/* Read exactly `len` bytes as somebody typed them: letter case, dashes and spaces do not matter.
 *
 * RC_RANGE  another letter, too few or too many of them, or bits behind the last byte that are not 0; out is untouched
 */
MUST_USE enum rc base32_read(const char *text, uint8_t *out, size_t len);
