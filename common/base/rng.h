/* Random numbers whose whole state is one word: the seed enters once, the same seed gives the same sequence (SplitMix64).
 *
 * For jitter, back-off and simulated noise. Keys and session ids come from the operating system.
 */
#pragma once

#include <stdint.h>

struct rng {
    uint64_t state;
};

/* Next 64 bits. */
uint64_t rng_next(struct rng *r);

/* Uniform in [lo, hi], both included; lo <= hi. */
int64_t rng_range(struct rng *r, int64_t lo, int64_t hi);
