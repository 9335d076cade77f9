/* Frames on the link: a 4-byte big-endian length, then that many bytes, 1..FRAME_MAX of them (spec 05 5.1).
 *
 * The reader takes bytes as they come, in pieces of any size, and hands out whole frames. It never reads ahead of what it was given and
 * refuses a length before buffering for it, so a frame of 1 GiB costs nothing.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/rc.h"

#define FRAME_PREFIX_LEN 4

struct frame_reader {
    uint32_t have_len; /* bytes of prefix and body collected */
    uint32_t body_len; /* known once the prefix is complete */
    uint8_t prefix[FRAME_PREFIX_LEN];
    uint8_t *body; /* kept: capacity FRAME_MAX, given by the owner */
};

/* Start with an empty buffer. `body` holds FRAME_MAX bytes and is kept until the reader is no longer used. */
void frame_reader_init(struct frame_reader *r, uint8_t *body);

/* Take bytes until one frame is complete or the bytes are used up.
 *
 * bytes, len      what arrived, borrowed
 * out_used        how many of them were taken; call again with the rest
 * out_body, out_body_len  the frame, valid until the next call, when the result is RC_OK
 *
 * RC_AGAIN      all bytes taken, no frame complete yet
 * RC_MALFORMED  the length is 0 or above FRAME_MAX: close the connection; *out_body_len is the length that was claimed
 */
MUST_USE enum rc frame_read(struct frame_reader *r, const uint8_t *bytes, size_t len, size_t *out_used, const uint8_t **out_body, uint32_t *out_body_len);

/* Write the prefix for a body of `body_len` bytes (1..FRAME_MAX, CHECKed). */
void frame_prefix(uint32_t body_len, uint8_t out[FRAME_PREFIX_LEN]);
