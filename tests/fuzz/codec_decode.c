/* The codec on arbitrary bytes: what it accepts can be encoded, and those bytes decode to a message that encodes the same. */
#include <string.h>

#include "common/base/check.h"
#include "proto/codec.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct codec_arena arena;
    static struct codec_arena arena_again;
    static uint8_t first[FRAME_MAX];
    static uint8_t second[FRAME_MAX];
    size_t first_len = 0;
    size_t second_len = 0;
    const char *field = NULL;
    struct msg msg;
    struct msg again;
    enum rc rc = codec_decode(&arena, data, size, &msg, &field);

    if (rc != RC_OK) {
        CHECK(rc == RC_MALFORMED || rc == RC_RANGE || rc == RC_MISSING);
        CHECK(field != NULL);
        return 0;
    }
    rc = codec_encode(&msg, first, sizeof first, &first_len);
    CHECK(rc == RC_OK);
    rc = codec_decode(&arena_again, first, first_len, &again, &field);
    CHECK(rc == RC_OK);
    CHECK(again.kind == msg.kind);
    rc = codec_encode(&again, second, sizeof second, &second_len);
    CHECK(rc == RC_OK);
    CHECK(first_len == second_len);
    CHECK(memcmp(first, second, first_len) == 0);
    return 0;
}
