#include "client/core/rated.h"

#include <stddef.h>

#include "common/base/check.h"

#define LEAST_MA 6000
#define MOST_MA 80000
#define STEPS_MAX 8

static const struct {
    int n;
    int32_t ma[STEPS_MAX];
    const char *text;
} tables[RATED_N] = {
    [RATED_ANY] = {0, {0}, "rated_ma must be 0 or 6000..80000"},
    [RATED_PLUS] = {8,
                    {0, 6000, 10000, 12000, 16000, 20000, 24000, 32000},
                    "rated_ma must be a step of the switch: 0, 6000, 10000, 12000, 16000, 20000, 24000 or 32000"},
    [RATED_DIP] = {6, {10000, 13000, 16000, 20000, 25000, 32000}, "rated_ma must be a step of the switch: 10000, 13000, 16000, 20000, 25000 or 32000"},
};

bool rated_is_step(enum rated_steps steps, int32_t ma)
{
    CHECK(steps < RATED_N);
    if (steps == RATED_ANY) {
        return ma == 0 || (ma >= LEAST_MA && ma <= MOST_MA);
    }
    for (int i = 0; i < tables[steps].n; i++) {
        if (tables[steps].ma[i] == ma) {
            return true;
        }
    }
    return false;
}

int32_t rated_step_down(enum rated_steps steps, int32_t ma)
{
    int32_t best_ma = 0;

    CHECK(steps < RATED_N);
    if (steps == RATED_ANY) {
        return ma < LEAST_MA ? 0 : (ma > MOST_MA ? MOST_MA : ma);
    }
    for (int i = 0; i < tables[steps].n; i++) {
        best_ma = tables[steps].ma[i] <= ma ? tables[steps].ma[i] : best_ma; /* ascending */
    }
    return best_ma;
}

int32_t rated_of_dip(bool is_6_on, bool is_7_on, bool is_8_on)
{
    static const int32_t ma[] = {10000, 13000, 16000, 20000, 25000, 32000, 0, 0}; /* switch 6 counts 1, 7 counts 2, 8 counts 4 */

    return ma[(is_6_on ? 1 : 0) + (is_7_on ? 2 : 0) + (is_8_on ? 4 : 0)];
}

const char *rated_text(enum rated_steps steps)
{
    CHECK(steps < RATED_N);
    return tables[steps].text;
}
