#include "manager/core/meter_wiring.h"

#include <criterion/criterion.h>

#include "common/base/units.h"

TestSuite(meter_wiring, .timeout = 10);

#define WINDOW_MS 1500
#define POLL_MS 500

/* A meter that shows the house and what the wallboxes drew `lag` samples ago, wired as it may be. */
struct bench {
    struct meter_wiring w;
    int64_t now_ms;
    int32_t house_ma[PHASE_N];
    int32_t own_ma[PHASE_N];
    int32_t shown_own_ma[PHASE_N]; /* a sample behind */
    int order[PHASE_N];            /* the meter shows on phase i what flows on order[i] */
    int sign;
    uint8_t phases;
};

static struct bench bench_new(void)
{
    struct bench b = {.now_ms = 1000, .order = {0, 1, 2}, .sign = 1, .phases = PHASE_ALL};

    meter_wiring_init(&b.w);
    return b;
}

static void own(struct bench *b, int32_t l1_ma, int32_t l2_ma, int32_t l3_ma)
{
    b->own_ma[0] = l1_ma;
    b->own_ma[1] = l2_ma;
    b->own_ma[2] = l3_ma;
}

static void house(struct bench *b, int32_t l1_ma, int32_t l2_ma, int32_t l3_ma)
{
    b->house_ma[0] = l1_ma;
    b->house_ma[1] = l2_ma;
    b->house_ma[2] = l3_ma;
}

static void run(struct bench *b, int samples_n)
{
    for (int i = 0; i < samples_n; i++) {
        struct meter_sample s = {.taken_ms = b->now_ms};

        for (int p = 0; p < PHASE_N; p++) {
            int really = b->order[p];

            s.current_ma[p] = (b->phases & PHASE_BIT(p)) != 0 ? b->sign * (b->house_ma[really] + b->shown_own_ma[really]) : 0;
        }
        meter_wiring_sample(&b->w, &s, b->own_ma, WINDOW_MS, b->phases, true);
        for (int p = 0; p < PHASE_N; p++) {
            b->shown_own_ma[p] = b->own_ma[p];
        }
        b->now_ms += POLL_MS;
    }
}

static void exchange(struct bench *b, int l1, int l2, int l3)
{
    b->order[0] = l1;
    b->order[1] = l2;
    b->order[2] = l3;
}

Test(meter_wiring, wallboxes_that_begin_right_after_they_are_first_known_tell_as_well)
{
    struct bench b = bench_new();

    b.sign = -1;
    house(&b, 8000, 3000, 1000);
    run(&b, 2);
    own(&b, 16000, 0, 0);
    run(&b, 6);
    cr_assert_eq(meter_wiring_found(&b.w), WIRING_REVERSED);
}

Test(meter_wiring, nothing_moves_and_nothing_is_known)
{
    struct bench b = bench_new();
    struct past_range range;

    cr_assert_eq(meter_wiring_found(&b.w), WIRING_NONE);
    cr_assert_eq(meter_wiring_suggest(&b.w, PHASES_L1_L2_L3), PHASES_UNSET);
    run(&b, 40);
    cr_assert_eq(b.w.state, WIRING_UNSEEN);
    cr_assert(meter_past_before(&b.w.past, b.w.past.n - 1, WINDOW_MS, &range));
    cr_assert_eq(range.hi_ma[0], 0);
}

Test(meter_wiring, a_wallbox_that_starts_shows_that_the_meter_is_right)
{
    struct bench b = bench_new();

    house(&b, 8000, 3000, 1000);
    run(&b, 10);
    own(&b, 16000, 0, 0);
    run(&b, 3);
    cr_assert_eq(b.w.state, WIRING_UNSEEN, "the range of the figure still holds the time before");
    run(&b, 2);
    cr_assert_eq(b.w.state, WIRING_AGREES);
}

Test(meter_wiring, a_meter_the_wrong_way_round_is_suspected_by_the_first_step_and_proved_by_the_second)
{
    struct bench b = bench_new();

    b.sign = -1;
    house(&b, 8000, 3000, 1000);
    run(&b, 10);
    own(&b, 16000, 16000, 16000);
    run(&b, 6);
    cr_assert_eq(b.w.state, WIRING_SUSPECTED);
    cr_assert_eq(meter_wiring_found(&b.w), WIRING_REVERSED);
    cr_assert_eq(meter_wiring_suggest(&b.w, PHASES_L2_L3_L1), PHASES_UNSET, "the phases are right");
    own(&b, 10000, 10000, 10000); /* the fallback */
    run(&b, 6);
    cr_assert_eq(b.w.state, WIRING_WRONG);
    b.sign = 1; /* turned round */
    run(&b, 4);
    cr_assert_eq(b.w.state, WIRING_UNSEEN, "its figures have turned round as well");
    own(&b, 16000, 16000, 16000);
    run(&b, 6);
    cr_assert_eq(b.w.state, WIRING_AGREES);
}

Test(meter_wiring, a_suspicion_that_is_wrong_ends_with_the_next_step)
{
    struct bench b = bench_new();

    house(&b, 30000, 3000, 1000);
    run(&b, 10);
    own(&b, 10000, 0, 0);
    house(&b, 10000, 3000, 1000); /* the house falls by just twice as much at the same time */
    run(&b, 6);
    cr_assert_eq(b.w.state, WIRING_SUSPECTED);
    own(&b, 6000, 0, 0);
    run(&b, 6);
    cr_assert_eq(b.w.state, WIRING_AGREES);
    cr_assert_eq(meter_wiring_found(&b.w), WIRING_NONE);
}

Test(meter_wiring, a_suspicion_that_nothing_confirms_ends_after_a_minute_and_is_remembered)
{
    struct bench b = bench_new();

    b.sign = -1;
    house(&b, 8000, 3000, 1000);
    run(&b, 10);
    own(&b, 10000, 0, 0);
    run(&b, 6);
    cr_assert_eq(b.w.state, WIRING_SUSPECTED);
    run(&b, WIRING_SUSPECT_MS / POLL_MS);
    cr_assert_eq(b.w.state, WIRING_UNSEEN);
    own(&b, 16000, 0, 0);
    run(&b, 6);
    cr_assert_eq(b.w.state, WIRING_WRONG, "the second of its kind is enough");
}

Test(meter_wiring, a_cut_because_the_house_rises_is_no_evidence)
{
    struct bench b = bench_new();

    house(&b, 8000, 3000, 1000);
    own(&b, 16000, 0, 0);
    run(&b, 12);
    house(&b, 28000, 3000, 1000); /* 20 A more */
    run(&b, 1);
    own(&b, 6000, 0, 0); /* 10 A less */
    run(&b, 10);
    cr_assert_neq(b.w.state, WIRING_SUSPECTED);
    cr_assert_neq(b.w.state, WIRING_WRONG);
}

Test(meter_wiring, another_phase_than_the_wallbox_uses_is_found_and_the_assignment_that_fits_is_suggested)
{
    struct bench b = bench_new();

    exchange(&b, 1, 2, 0);
    run(&b, 10);
    own(&b, 10000, 0, 0);
    run(&b, 6);
    cr_assert_eq(b.w.state, WIRING_SUSPECTED);
    own(&b, 10000, 16000, 0);
    run(&b, 6);
    cr_assert_eq(b.w.state, WIRING_WRONG);
    cr_assert_eq(meter_wiring_suggest(&b.w, PHASES_L1_L2_L3), PHASES_L2_L3_L1);
    cr_assert_eq(meter_wiring_suggest(&b.w, PHASES_L2_L3_L1), PHASES_L3_L1_L2);
    cr_assert_eq(meter_wiring_suggest(&b.w, PHASES_L3_L1_L2), PHASES_L1_L2_L3);
}

Test(meter_wiring, two_exchanged_phases_have_no_assignment)
{
    struct bench b = bench_new();

    exchange(&b, 1, 0, 2);
    run(&b, 10);
    own(&b, 10000, 0, 0);
    run(&b, 6);
    cr_assert_eq(b.w.state, WIRING_SUSPECTED);
    cr_assert_eq(meter_wiring_suggest(&b.w, PHASES_L1_L2_L3), PHASES_L3_L1_L2, "so far a turn of all three explains it as well");
    own(&b, 10000, 0, 12000);
    run(&b, 6);
    cr_assert_eq(b.w.state, WIRING_SUSPECTED, "a phase in its place refutes the turn, not the exchange");
    cr_assert_eq(meter_wiring_suggest(&b.w, PHASES_L1_L2_L3), PHASES_UNSET);
    own(&b, 0, 0, 12000);
    run(&b, 6);
    cr_assert_eq(b.w.state, WIRING_WRONG);
    cr_assert_eq(meter_wiring_suggest(&b.w, PHASES_L1_L2_L3), PHASES_UNSET);
}

Test(meter_wiring, one_phase_of_three_equal_ones_tells_the_direction_but_not_the_order)
{
    struct bench b = bench_new();

    exchange(&b, 1, 0, 2);
    run(&b, 10);
    own(&b, 10000, 10000, 10000);
    run(&b, 6);
    cr_assert_eq(b.w.state, WIRING_AGREES);
}

Test(meter_wiring, a_meter_of_one_phase_is_found_on_another)
{
    struct bench b = bench_new();

    b.phases = PHASE_BIT(0);
    exchange(&b, 1, 1, 1);
    run(&b, 10);
    own(&b, 10000, 0, 0);
    run(&b, 6);
    cr_assert_eq(b.w.state, WIRING_UNSEEN, "it does not move: no evidence");
    own(&b, 10000, 16000, 0);
    run(&b, 6);
    cr_assert_eq(b.w.state, WIRING_SUSPECTED);
    cr_assert_eq(meter_wiring_suggest(&b.w, PHASES_L1), PHASES_L2);
}

Test(meter_wiring, figures_that_exchange_their_places_at_one_moment_are_suspected_and_back_in_place_trusted)
{
    struct bench b = bench_new();

    house(&b, 12000, 4000, 2000);
    own(&b, 19000, 0, 0);
    run(&b, 12);
    exchange(&b, 1, 0, 2);
    run(&b, 4);
    cr_assert_eq(b.w.state, WIRING_SUSPECTED);
    own(&b, 10000, 0, 0);
    run(&b, 6);
    cr_assert_eq(b.w.state, WIRING_WRONG);
    exchange(&b, 0, 1, 2);
    run(&b, 4);
    cr_assert_eq(b.w.state, WIRING_UNSEEN);
}

Test(meter_wiring, a_wallbox_that_stops_in_the_sunshine_turns_the_sign_and_is_not_suspected)
{
    struct bench b = bench_new();

    house(&b, -8000, -8000, -8000);
    own(&b, 16000, 16000, 16000);
    run(&b, 12);
    own(&b, 0, 0, 0); /* from 8 A import to 8 A export */
    run(&b, 12);
    cr_assert_eq(b.w.state, WIRING_AGREES);
}

Test(meter_wiring, a_suspicion_from_elsewhere_needs_a_step_to_be_proved_and_ends_by_one)
{
    struct bench b = bench_new();

    house(&b, 1000, 40000, 1000);
    own(&b, 10000, 0, 0);
    run(&b, 10);
    for (int i = 0; i < 3; i++) {
        meter_wiring_suspect_phase(&b.w, 1, PHASE_BIT(0), b.now_ms);
        cr_assert_eq(b.w.state, WIRING_SUSPECTED);
        run(&b, WIRING_SUSPECT_MS / POLL_MS + 1);
        cr_assert_eq(b.w.state, WIRING_UNSEEN, "again and again the same overload");
    }
    meter_wiring_suspect_phase(&b.w, 1, PHASE_BIT(0), b.now_ms);
    own(&b, 0, 0, 0);
    run(&b, 6);
    cr_assert_eq(b.w.state, WIRING_AGREES, "L1 is L1");
    meter_wiring_suspect_reversed(&b.w, b.now_ms);
    cr_assert_eq(meter_wiring_found(&b.w), WIRING_REVERSED);
    b.sign = -1;
    run(&b, 10);
    own(&b, 10000, 0, 0);
    run(&b, 6);
    cr_assert_eq(b.w.state, WIRING_WRONG);
}

Test(meter_wiring, after_a_gap_nothing_is_compared_with_what_was_before)
{
    struct bench b = bench_new();
    struct past_range range;

    house(&b, 8000, 3000, 1000);
    run(&b, 12);
    b.now_ms += PAST_GAP_MS + POLL_MS;
    house(&b, 0, 0, 0);
    own(&b, 10000, 0, 0);
    run(&b, 1);
    cr_assert_not(meter_past_before(&b.w.past, b.w.past.n - 1, WINDOW_MS, &range));
    b.sign = -1;
    run(&b, 8);
    cr_assert_eq(b.w.state, WIRING_UNSEEN);
}

Test(meter_wiring, a_slow_ramp_is_seen_as_well)
{
    struct bench b = bench_new();

    b.sign = -1;
    run(&b, 12);
    for (int i = 1; i <= 20; i++) {
        own(&b, 800 * i, 800 * i, 800 * i); /* 1.6 A a second */
        run(&b, 1);
    }
    cr_assert_eq(meter_wiring_found(&b.w), WIRING_REVERSED);
}

Test(meter_wiring, the_ring_goes_round_for_hours)
{
    struct bench b = bench_new();

    for (int i = 0; i < 2000; i++) {
        own(&b, i % 40 < 20 ? 16000 : 6000, 0, i % 60 < 30 ? 12000 : 0);
        run(&b, 1);
    }
    cr_assert_eq(b.w.state, WIRING_AGREES);
    cr_assert_eq(b.w.past.n, PAST_KEPT);
}
