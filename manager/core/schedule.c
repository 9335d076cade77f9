#include "manager/core/schedule.h"

#include "common/base/check.h"
#include "common/base/units.h"
#include "proto/msg.h"

#define DAY_MIN 1440
#define WEEK_DAYS 7
#define FIRST_WEEKDAY 3 /* 1970-01-01 was a Thursday, counted from Monday */

struct schedule_limit schedule_none(void)
{
    return (struct schedule_limit){.limit_ma = {MA_UNSET, MA_UNSET, MA_UNSET}, .limit_w = 0};
}

void schedule_lower(struct schedule_limit *to, const struct schedule_limit *with)
{
    for (int p = 0; p < PHASE_N; p++) {
        if (with->limit_ma[p] != MA_UNSET && (to->limit_ma[p] == MA_UNSET || with->limit_ma[p] < to->limit_ma[p])) {
            to->limit_ma[p] = with->limit_ma[p];
        }
    }
    if (with->limit_w > 0 && (to->limit_w == 0 || with->limit_w < to->limit_w)) {
        to->limit_w = with->limit_w;
    }
}

static bool is_day(const struct site_window *w, int64_t day)
{
    return (w->days >> (day % WEEK_DAYS) & 1) != 0;
}

/* A window that ends before it begins, or when it begins, goes on into the next day, which belongs to the day on which it began. */
static bool is_in_force(const struct site_window *w, int64_t minute)
{
    int64_t today = minute / DAY_MIN + FIRST_WEEKDAY;
    int64_t at_min = minute % DAY_MIN;

    if (w->from_min < w->to_min) {
        return is_day(w, today) && at_min >= w->from_min && at_min < w->to_min;
    }
    return (is_day(w, today) && at_min >= w->from_min) || (is_day(w, today + WEEK_DAYS - 1) && at_min < w->to_min);
}

void schedule_run(const struct site *site, int64_t local_ms, struct schedule_limit *out)
{
    bool is_known = local_ms != CLOCK_UNSET_UTC_MS && local_ms >= 0;

    for (uint16_t i = 0; i < site->node_n; i++) {
        out[i] = schedule_none();
    }
    for (uint16_t i = 0; i < site->window_n; i++) {
        const struct site_window *w = &site->window[i];
        struct schedule_limit limit = {.limit_w = w->limit_w};

        CHECK(w->node < site->node_n);
        for (int p = 0; p < PHASE_N; p++) {
            limit.limit_ma[p] = w->limit_ma[p];
        }
        if (!is_known || is_in_force(w, local_ms / SCHEDULE_MINUTE_MS)) {
            schedule_lower(&out[w->node], &limit);
        }
    }
}

int64_t schedule_wait_ms(const struct site *site, int64_t local_ms)
{
    if (site->window_n == 0 || local_ms == CLOCK_UNSET_UTC_MS || local_ms < 0) {
        return MS_FOREVER;
    }
    return SCHEDULE_MINUTE_MS - local_ms % SCHEDULE_MINUTE_MS;
}
