/* What every fuzz target supplies: libFuzzer calls it with bytes that it made up, and watches which code they reach. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Take the bytes. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes of one input as a target takes them, one after the other. */
struct fuzz_bytes {
    const uint8_t *at;
    size_t left;
};

/* The next byte, 0 behind the end. */
static inline uint8_t fuzz_u8(struct fuzz_bytes *b)
{
    if (b->left == 0) {
        return 0;
    }
    b->left--;
    return *b->at++;
}

/* The next two bytes, the high one first. */
static inline uint16_t fuzz_u16(struct fuzz_bytes *b)
{
    uint16_t high = fuzz_u8(b);

    return (uint16_t)(high << 8 | fuzz_u8(b));
}

/* At most `len` bytes; *out_len says how many there were. */
static inline const uint8_t *fuzz_take(struct fuzz_bytes *b, size_t len, size_t *out_len)
{
    const uint8_t *from = b->at;

    *out_len = len < b->left ? len : b->left;
    b->at += *out_len;
    b->left -= *out_len;
    return from;
}
