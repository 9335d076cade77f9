#include "manager/core/meter_past.h"

#include <criterion/criterion.h>

TestSuite(meter_past, .timeout = 10);

static void add(struct meter_past *h, int64_t taken_ms, int32_t own_ma)
{
    const int32_t own[PHASE_N] = {own_ma, 0, 0};
    struct meter_sample s = {.taken_ms = taken_ms};

    meter_past_add(h, &s, own);
}

Test(meter_past, the_range_holds_what_was_in_force_at_its_beginning_and_what_was_told_late)
{
    struct meter_past h = {0};
    struct past_range r;

    add(&h, 0, 6000);
    add(&h, 1000, 8000);
    add(&h, 2000, 10000);
    cr_assert_not(meter_past_before(&h, 0, 1, &r), "what was before the first is not known");
    cr_assert(meter_past_before(&h, 2, 1000, &r));
    cr_assert_eq(r.lo_ma[0], 8000);
    cr_assert_eq(r.hi_ma[0], 10000);
    cr_assert(meter_past_before(&h, 2, 1001, &r));
    cr_assert_eq(r.lo_ma[0], 6000);
    cr_assert(meter_past_around(&h, 1, 0, &r));
    cr_assert_eq(r.lo_ma[0], 8000);
    cr_assert_eq(r.hi_ma[0], 10000, "the next figure may be that of this moment");
}

Test(meter_past, nothing_at_the_beginning_is_nothing_before_it_until_the_ring_is_full)
{
    struct meter_past h = {0};
    struct past_range r;

    for (int i = 0; i < PAST_KEPT; i++) {
        add(&h, 500 * i, i == 0 ? 0 : 6000);
        cr_assert(meter_past_before(&h, h.n - 1, 60000, &r));
    }
    add(&h, 500 * PAST_KEPT, 6000);
    cr_assert_not(meter_past_before(&h, h.n - 1, 60000, &r));
    cr_assert_eq(h.n, PAST_KEPT);
    cr_assert_eq(meter_past_entry(&h, 0)->taken_ms, 500);
}

Test(meter_past, a_gap_and_a_restart_forget)
{
    struct meter_past h = {0};

    add(&h, 0, 0);
    add(&h, PAST_GAP_MS, 0);
    cr_assert_eq(h.n, 2);
    add(&h, 2 * PAST_GAP_MS + 1, 6000);
    cr_assert_eq(h.n, 1);
    cr_assert_not(h.begins_idle);
    meter_past_restart(&h);
    cr_assert_eq(h.n, 0);
}
