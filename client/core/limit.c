#include "client/core/limit.h"

#include "common/base/check.h"
#include "common/base/units.h"

#define STEP_MA 1000

int32_t limit_derated_ma(int32_t rated_ma, int32_t min_ma, int32_t temperature_mdegc)
{
    int64_t span_ma = (int64_t)rated_ma - min_ma;
    int64_t left_mdegc = (int64_t)LIMIT_SHUTOFF_MDEGC - temperature_mdegc;
    int64_t ma;

    if (temperature_mdegc <= LIMIT_DERATE_MDEGC || span_ma <= 0) {
        return LIMIT_NONE_MA;
    }
    if (left_mdegc <= 0) {
        return min_ma;
    }
    ma = span_ma * left_mdegc / (LIMIT_SHUTOFF_MDEGC - LIMIT_DERATE_MDEGC);
    return min_ma + (int32_t)(ma / STEP_MA * STEP_MA); /* whole amperes, so that a noisy sensor does not move the pilot */
}

static void lower(struct limit *l, int32_t ma, enum limit_by by)
{
    if (ma < l->ma) {
        l->ma = ma;
        l->by = by;
    }
}

struct limit limit_own(const struct limit_in *in)
{
    struct limit l = {.ma = in->rated_ma, .by = LIMIT_RATED};

    CHECK(in->min_ma > 0);
    if (in->cable_ma > 0) {
        lower(&l, in->cable_ma, LIMIT_CABLE);
    }
    lower(&l, in->derated_ma, LIMIT_DERATING);
    lower(&l, in->local_ma, LIMIT_LOCAL);
    if (l.ma < in->min_ma) {
        l.ma = 0;
    }
    return l;
}

struct limit limit_with(struct limit own, int32_t given_ma, enum limit_by by, int32_t min_ma)
{
    struct limit l = own;

    if (given_ma <= own.ma) {
        l.ma = given_ma;
        l.by = by;
    }
    if (l.ma < min_ma) {
        l.ma = 0;
    }
    return l;
}
