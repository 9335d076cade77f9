/* The frame reader on arbitrary bytes: in pieces of any size it finds the same frames as in one. */
#include "proto/frame.h"

#include <stdbool.h>

#include "common/base/check.h"
#include "common/base/rng.h"
#include "common/base/units.h"
#include "tests/fuzz/fuzz.h"

struct found {
    uint32_t frames_n;
    uint64_t hash; /* of all bodies and their lengths */
    bool is_refused;
};

static void take(struct found *f, const uint8_t *body, uint32_t body_len)
{
    f->frames_n++;
    f->hash = (f->hash ^ body_len) * UINT64_C(0x100000001b3);
    for (uint32_t i = 0; i < body_len; i++) {
        f->hash = (f->hash ^ body[i]) * UINT64_C(0x100000001b3);
    }
}

/* Read all bytes, at most `piece` (0: a random number) at a time. */
static struct found read_all(const uint8_t *bytes, size_t len, size_t piece, struct rng *rng)
{
    static uint8_t buffer[FRAME_MAX];
    struct frame_reader reader;
    struct found f = {.hash = UINT64_C(0xcbf29ce484222325)};
    size_t at = 0;

    frame_reader_init(&reader, buffer);
    while (at < len && !f.is_refused) {
        size_t most = piece > 0 ? piece : (size_t)rng_range(rng, 1, 64);
        size_t offered = (size_t)min_i64((int64_t)most, (int64_t)(len - at));
        size_t used = 0;
        const uint8_t *body = NULL;
        uint32_t body_len = 0;
        enum rc rc = frame_read(&reader, bytes + at, offered, &used, &body, &body_len);

        CHECK(used <= offered);
        CHECK(rc == RC_OK || rc == RC_AGAIN || rc == RC_MALFORMED);
        CHECK(rc != RC_AGAIN || used == offered);
        if (rc == RC_OK) {
            CHECK(body_len >= 1);
            CHECK(body_len <= FRAME_MAX);
            take(&f, body, body_len);
        }
        f.is_refused = rc == RC_MALFORMED;
        at += used;
    }
    return f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rng rng = {.state = size > 0 ? data[size - 1] : 0};
    struct found whole = read_all(data, size, size, &rng);
    struct found single = read_all(data, size, 1, &rng);
    struct found pieces = read_all(data, size, 0, &rng);

    CHECK(whole.frames_n == single.frames_n && whole.frames_n == pieces.frames_n);
    CHECK(whole.hash == single.hash && whole.hash == pieces.hash);
    CHECK(whole.is_refused == single.is_refused && whole.is_refused == pieces.is_refused);
    return 0;
}
