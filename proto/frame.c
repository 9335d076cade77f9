#include "proto/frame.h"

#include <stdbool.h>
#include <string.h>

#include "common/base/check.h"

void frame_reader_init(struct frame_reader *r, uint8_t *body)
{
    CHECK(body != NULL);
    *r = (struct frame_reader){.body = body};
}

/* Fill `to` (room for `want` bytes, `have` of them there) from the piece; returns how many bytes were taken. */
static uint32_t fill(uint8_t *to, uint32_t have, uint32_t want, const uint8_t *bytes, size_t len)
{
    uint32_t missing = want - have;
    uint32_t n = len < missing ? (uint32_t)len : missing;

    if (n > 0) {
        memcpy(to + have, bytes, n);
    }
    return n;
}

static uint32_t prefix_value(const uint8_t p[FRAME_PREFIX_LEN])
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static bool is_body_len(uint32_t len)
{
    return len >= 1 && len <= FRAME_MAX;
}

enum rc frame_read(struct frame_reader *r, const uint8_t *bytes, size_t len, size_t *out_used, const uint8_t **out_body, uint32_t *out_body_len)
{
    size_t used = 0;
    uint32_t got;

    CHECK(r->body != NULL);
    if (r->have_len < FRAME_PREFIX_LEN) {
        used = fill(r->prefix, r->have_len, FRAME_PREFIX_LEN, bytes, len);
        r->have_len += (uint32_t)used;
        if (r->have_len < FRAME_PREFIX_LEN) {
            *out_used = used;
            return RC_AGAIN;
        }
        r->body_len = prefix_value(r->prefix);
    }
    if (!is_body_len(r->body_len)) { /* the prefix stays, so a caller that goes on gets the same answer */
        *out_used = used;
        *out_body_len = r->body_len;
        return RC_MALFORMED;
    }
    got = fill(r->body, r->have_len - FRAME_PREFIX_LEN, r->body_len, bytes + used, len - used);
    r->have_len += got;
    *out_used = used + got;
    if (r->have_len - FRAME_PREFIX_LEN < r->body_len) {
        return RC_AGAIN;
    }
    r->have_len = 0; /* the body stays in place until the next call */
    *out_body = r->body;
    *out_body_len = r->body_len;
    return RC_OK;
}

void frame_prefix(uint32_t body_len, uint8_t out[FRAME_PREFIX_LEN])
{
    CHECK(is_body_len(body_len));
    out[0] = (uint8_t)(body_len >> 24);
    out[1] = (uint8_t)(body_len >> 16);
    out[2] = (uint8_t)(body_len >> 8);
    out[3] = (uint8_t)body_len;
}
