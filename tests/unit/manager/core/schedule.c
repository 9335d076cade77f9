/* Windows of the wall clock (spec 04 4.2). */
#include "manager/core/schedule.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/base/units.h"
#include "proto/msg.h"

TestSuite(schedule, .timeout = 10);

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define MONDAY (4 * DAY) /* 1970-01-05 */

static struct site *site_with(const struct site_window *windows, uint16_t n)
{
    static struct site site;

    memset(&site, 0, sizeof site);
    site.node_n = 2;
    site.node[0].parent = NODE_NONE;
    site.window_n = n;
    memcpy(site.window, windows, sizeof *windows * n);
    return &site;
}

static int32_t limit_at(const struct site *site, uint16_t node, int64_t local_ms)
{
    struct schedule_limit out[2];

    schedule_run(site, local_ms, out);
    return out[node].limit_ma[0];
}

Test(schedule, a_window_holds_from_its_first_minute_to_before_its_last_on_its_days)
{
    const struct site_window w = {.node = 1, .days = 1, .from_min = 17 * 60, .to_min = 20 * 60, .limit_ma = {16000, 16000, 16000}};
    const struct site *s = site_with(&w, 1);

    cr_expect_eq(limit_at(s, 1, MONDAY + 17 * HOUR - 1), MA_UNSET);
    cr_expect_eq(limit_at(s, 1, MONDAY + 17 * HOUR), 16000);
    cr_expect_eq(limit_at(s, 1, MONDAY + 20 * HOUR - 1), 16000);
    cr_expect_eq(limit_at(s, 1, MONDAY + 20 * HOUR), MA_UNSET);
    cr_expect_eq(limit_at(s, 1, MONDAY + DAY + 18 * HOUR), MA_UNSET, "Tuesday");
    cr_expect_eq(limit_at(s, 1, MONDAY + 7 * DAY + 18 * HOUR), 16000, "next Monday");
    cr_expect_eq(limit_at(s, 0, MONDAY + 18 * HOUR), MA_UNSET, "another node");
}

Test(schedule, a_window_over_midnight_belongs_to_the_day_on_which_it_begins)
{
    const struct site_window w = {.days = 1 << 6, .from_min = 22 * 60, .to_min = 6 * 60, .limit_ma = {10000, 10000, 10000}}; /* Sunday */
    const struct site *s = site_with(&w, 1);

    cr_expect_eq(limit_at(s, 0, MONDAY - HOUR), 10000, "Sunday evening");
    cr_expect_eq(limit_at(s, 0, MONDAY + 5 * HOUR), 10000, "Monday morning");
    cr_expect_eq(limit_at(s, 0, MONDAY + 6 * HOUR), MA_UNSET);
    cr_expect_eq(limit_at(s, 0, MONDAY + 23 * HOUR), MA_UNSET, "Monday evening");
    cr_expect_eq(limit_at(s, 0, MONDAY - DAY + 5 * HOUR), MA_UNSET, "Sunday morning");
}

Test(schedule, a_window_of_a_whole_day_ends_at_24_00)
{
    const struct site_window w = {.days = 1, .from_min = 0, .to_min = 1440, .limit_ma = {10000, 10000, 10000}};
    const struct site *s = site_with(&w, 1);

    cr_expect_eq(limit_at(s, 0, MONDAY), 10000);
    cr_expect_eq(limit_at(s, 0, MONDAY + DAY - 1), 10000);
    cr_expect_eq(limit_at(s, 0, MONDAY + DAY), MA_UNSET);
}

Test(schedule, of_several_windows_the_lowest_figure_counts_on_each_phase_and_in_watts)
{
    const struct site_window w[] = {{.days = 127, .from_min = 0, .to_min = 1440, .limit_ma = {10000, 30000, 20000}, .limit_w = 0},
                                    {.days = 127, .from_min = 0, .to_min = 1440, .limit_ma = {20000, 5000, 20000}, .limit_w = 11000},
                                    {.days = 127, .from_min = 0, .to_min = 1440, .limit_ma = {MA_UNSET, MA_UNSET, MA_UNSET}, .limit_w = 4200}};
    struct schedule_limit out[2];

    schedule_run(site_with(w, 3), MONDAY, out);
    cr_expect_eq(out[0].limit_ma[0], 10000);
    cr_expect_eq(out[0].limit_ma[1], 5000);
    cr_expect_eq(out[0].limit_ma[2], 20000);
    cr_expect_eq(out[0].limit_w, 4200);
}

Test(schedule, without_a_clock_every_window_counts)
{
    const struct site_window w = {.days = 1, .from_min = 17 * 60, .to_min = 20 * 60, .limit_ma = {16000, 16000, 16000}};
    const struct site *s = site_with(&w, 1);

    cr_expect_eq(limit_at(s, 0, CLOCK_UNSET_UTC_MS), 16000);
    cr_expect_eq(schedule_wait_ms(s, CLOCK_UNSET_UTC_MS), MS_FOREVER);
}

Test(schedule, it_wants_to_be_asked_when_the_next_minute_begins)
{
    const struct site_window w = {.days = 1, .from_min = 0, .to_min = 60, .limit_ma = {16000, 16000, 16000}};

    cr_expect_eq(schedule_wait_ms(site_with(&w, 1), MONDAY), MINUTE);
    cr_expect_eq(schedule_wait_ms(site_with(&w, 1), MONDAY + MINUTE - 1), 1);
    cr_expect_eq(schedule_wait_ms(site_with(&w, 0), MONDAY), MS_FOREVER);
}
