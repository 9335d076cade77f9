/* Messages to bytes and back (protobuf, schema in fleet.proto). Both directions of each message stand next to each other in
 * codec_link.c, codec_session.c and codec_control.c.
 *
 * Decoding allocates from a fixed arena of the caller; encoding writes into the caller's buffer. No heap.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/rc.h"
#include "proto/msg.h"

#define CODEC_ARENA_LEN 262144 /* each message of this version takes less than a quarter of it; a hostile frame that needs more is refused */

struct codec_arena {
    size_t used_len;
    _Alignas(16) uint8_t at[CODEC_ARENA_LEN];
};

/* Encode a message.
 *
 * m        borrowed; checked with msg_check first
 * out      at most `out_cap` bytes are written
 * out_len  bytes written
 *
 * RC_RANGE  the message is not allowed (our mistake or a field that came from outside); nothing written
 * RC_FULL   it needs more than out_cap or FRAME_MAX bytes; nothing written
 */
MUST_USE enum rc codec_encode(const struct msg *m, uint8_t *out, size_t out_cap, size_t *out_len);

/* Decode and check a message.
 *
 * arena      reset first; borrowed parts of *out point into it and live until it is used again
 * out_field  names the field that was refused, or "envelope" when the bytes are no such message; static storage; set when not RC_OK
 *
 * RC_MALFORMED  the bytes are no message of the schema, a required field is missing, or the arena is too small
 * RC_RANGE      a field is outside its range
 * RC_MISSING    a well-formed message of a kind that this version does not know: count it and skip it
 */
MUST_USE enum rc codec_decode(struct codec_arena *arena, const uint8_t *bytes, size_t len, struct msg *out, const char **out_field);
