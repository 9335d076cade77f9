#include "common/base/sm.h"

#include "common/base/check.h"

#define SM_STATES_MAX 32

bool sm_may(const struct sm_row *rows, int n, int from, int to)
{
    CHECK(n <= SM_STATES_MAX);
    CHECK(from >= 0);
    CHECK(from < n);
    CHECK(to >= 0);
    CHECK(to < n);
    return (rows[from].next & SM_BIT(to)) != 0;
}

void sm_move(const struct sm_row *rows, int n, int *state, int to)
{
    CHECK(sm_may(rows, n, *state, to));
    *state = to;
}

bool sm_is_sound(const struct sm_row *rows, int n, int *out_state)
{
    uint32_t reached = 0;

    CHECK(n <= SM_STATES_MAX);
    for (int s = 0; s < n; s++) {
        reached |= (rows[s].flags & SM_START) != 0 ? SM_BIT(s) : 0;
    }
    for (int round = 0; round < n; round++) { /* the longest way visits each state once */
        for (int s = 0; s < n; s++) {
            reached |= (reached & SM_BIT(s)) != 0 ? rows[s].next : 0;
        }
    }
    for (int s = 0; s < n; s++) {
        bool has_exit = (rows[s].next & ~SM_BIT(s)) != 0 || (rows[s].flags & SM_END) != 0;
        bool leaves_table = n < SM_STATES_MAX && (rows[s].next >> n) != 0;

        if ((reached & SM_BIT(s)) == 0 || !has_exit || leaves_table) {
            *out_state = s;
            return false;
        }
    }
    return true;
}
