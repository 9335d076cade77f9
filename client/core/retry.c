#include "client/core/retry.h"

#include "common/base/check.h"
#include "common/base/units.h"

void retry_init(struct retry *r)
{
    *r = (struct retry){.until_ms = MS_NEVER};
}

void retry_interrupted(struct retry *r, uint16_t code, int32_t first_ms, int64_t now_ms)
{
    CHECK(first_ms > 0);
    if (r->is_exhausted || r->until_ms != MS_NEVER) {
        return;
    }
    r->code = code;
    if (r->used_n == RETRY_MAX) {
        r->is_exhausted = true;
        return;
    }
    r->until_ms = now_ms + ((int64_t)first_ms << r->used_n);
    r->used_n++;
}

bool retry_waits(const struct retry *r, int64_t now_ms)
{
    return r->is_exhausted || (r->until_ms != MS_NEVER && now_ms < r->until_ms);
}

bool retry_due(struct retry *r, int64_t now_ms)
{
    if (r->until_ms == MS_NEVER || now_ms < r->until_ms) {
        return false;
    }
    r->until_ms = MS_NEVER;
    return true;
}

int64_t retry_next_ms(const struct retry *r)
{
    return r->until_ms == MS_NEVER ? MS_FOREVER : r->until_ms;
}
