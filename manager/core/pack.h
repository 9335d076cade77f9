/* Samples of one quantity in few bytes: differences to the sample before, runs of equal ones as a count. A quantity that rests costs
 * nothing, one that moves by a few units a byte.
 *
 * Bytes: a list of numbers, 7 bits each byte, lowest first. Even: the next sample, difference to the last known one (first: to 0) times 2,
 * folded so that small negative ones are short. Odd, 1: the next sample is not known. Odd, above: the sample before so many times more.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/rc.h"

#define SAMPLE_UNKNOWN INT32_MIN
#define PACK_SAMPLE_LEN 5 /* most bytes that one sample can take */

/* Pack n samples. out is [PACK_SAMPLE_LEN * n]. Returns the bytes used. */
size_t pack_write(const int32_t *samples, uint16_t n, uint8_t *out);

/* The way back.
 *
 * out    [cap]; out_n of it are filled
 *
 * RC_MALFORMED  not written by pack_write
 * RC_FULL       there are more than cap samples; the first cap were read
 */
MUST_USE enum rc pack_read(const uint8_t *bytes, size_t len, int32_t *out, uint16_t cap, uint16_t *out_n);
