#include "client/core/pilot.h"

#include "common/base/check.h"
#include "common/base/units.h"

#define KNEE_MA 51000 /* up to here 0.6 A per percent, above 2.5 A per percent */
#define KNEE_PERMILLE 850
#define LOW_MA 60   /* per permille below the knee */
#define HIGH_MA 250 /* per permille above it */
#define HIGH_FROM_PERMILLE 640

enum rc pilot_duty(int32_t ma, int32_t *out_permille)
{
    int32_t permille;

    if (ma == 0) {
        *out_permille = PILOT_STEADY_PERMILLE;
        return RC_OK;
    }
    if (ma < PILOT_LEAST_MA || ma > PILOT_MOST_MA) {
        return RC_RANGE;
    }
    if (ma <= KNEE_MA) {
        *out_permille = ma / LOW_MA;
        return RC_OK;
    }
    permille = ma / HIGH_MA + HIGH_FROM_PERMILLE;
    *out_permille = max_i32(permille, KNEE_PERMILLE); /* the two lines of the table do not meet: 51.0..52.7 A cannot be said */
    return RC_OK;
}

int32_t pilot_read_ma(int32_t permille)
{
    if (permille < 80 || permille > 970) {
        return 0;
    }
    if (permille <= 100) {
        return PILOT_LEAST_MA;
    }
    if (permille <= KNEE_PERMILLE) {
        return permille * LOW_MA;
    }
    return permille <= 960 ? (permille - HIGH_FROM_PERMILLE) * HIGH_MA : PILOT_MOST_MA;
}

bool pilot_same(int32_t a_ma, int32_t b_ma)
{
    int32_t a_permille;
    int32_t b_permille;

    if (pilot_duty(a_ma, &a_permille) != RC_OK || pilot_duty(b_ma, &b_permille) != RC_OK) {
        return a_ma == b_ma;
    }
    return a_permille == b_permille;
}

void pilot_init(struct pilot *p)
{
    *p = (struct pilot){.risen_ms = MS_NEVER};
}

static int64_t rise_at_ms(const struct pilot *p, int32_t rise_ms)
{
    return p->risen_ms == MS_NEVER ? MS_NEVER : p->risen_ms + rise_ms;
}

void pilot_follow(struct pilot *p, int32_t want_ma, int32_t rise_ms, int64_t now_ms)
{
    CHECK(want_ma == 0 || want_ma >= PILOT_LEAST_MA);
    CHECK(want_ma <= PILOT_MOST_MA);
    if (want_ma < p->ma) {
        p->ma = want_ma;
    } else if (want_ma > p->ma && rise_at_ms(p, rise_ms) <= now_ms) {
        p->ma = want_ma;
        p->risen_ms = now_ms;
    }
}

int64_t pilot_next_ms(const struct pilot *p, int32_t want_ma, int32_t rise_ms)
{
    return want_ma > p->ma ? rise_at_ms(p, rise_ms) : MS_FOREVER;
}
