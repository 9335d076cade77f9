/* How a wallbox without an address of its manager finds it on the local network: a question to everybody, an answer to whom asked (PROTOCOL.md 10).
 *
 * Both have the same fixed length, so that an answer is never longer than its question. Neither is believed: the keys of the connection that
 * follows say who it is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/rc.h"

#define SEEK_LEN 16      /* bytes of a datagram */
#define SEEK_NONCE_LEN 8 /* of them random: an answer repeats those of its question */

/* The question with these random bytes. */
void seek_question(const uint8_t nonce[SEEK_NONCE_LEN], uint8_t out[SEEK_LEN]);

/* True when the bytes are a question of this version. */
bool seek_is_question(const uint8_t *bytes, size_t len);

/* The answer to a question: the manager's link listens at this port of the address that the answer comes from. */
void seek_answer(const uint8_t question[SEEK_LEN], uint16_t port, uint8_t out[SEEK_LEN]);

/* The port in an answer to the question with this nonce, 1..65,535. RC_MALFORMED: the bytes are no such answer; *out is untouched. */
MUST_USE enum rc seek_read_answer(const uint8_t *bytes, size_t len, const uint8_t nonce[SEEK_NONCE_LEN], uint16_t *out);
