#include "common/base/rng.h"

#include "common/base/check.h"

uint64_t rng_next(struct rng *r)
{
    uint64_t z;

    r->state += 0x9E3779B97F4A7C15u;
    z = r->state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

int64_t rng_range(struct rng *r, int64_t lo, int64_t hi)
{
    uint64_t span;

    CHECK(lo <= hi);
    span = (uint64_t)hi - (uint64_t)lo + 1;
    if (span == 0) { /* the whole range of 64 bits */
        return (int64_t)rng_next(r);
    }
    return (int64_t)((uint64_t)lo + rng_next(r) % span); /* the bias is below 2^-32 for the spans used here */
}
