/* A constant house and five vehicles whose current always moves, for an hour: their ramps must not be taken for house load. */
#include "common/base/rng.h"
#include "tests/unit/manager/core/budget_site.h"

TestSuite(budget_ramps, .timeout = 120);

#define VEHICLES 5
#define HOUR_MS 3600000
#define GRAIN_MS 100
#define HOUSE_MA 12000
#define STATUS_MS 1000
#define STATUS_LEAST_MS 200 /* spec 05 5.1: at most five a second */
#define STATUS_MOVE_MA 500
#define LINK_MS 40
#define LAG_N 15 /* of the slowest meter here, in grains */

struct ramps {
    struct rng rng;
    int32_t drawn_ma[VEHICLES];
    int32_t goal_ma[VEHICLES];
    int64_t goal_until_ms[VEHICLES];
    int32_t told_ma[VEHICLES];
    int64_t told_ms[VEHICLES];
    int32_t flow_ma[LAG_N + 1]; /* what flowed, newest first */
    int32_t naive_use_ma;
    int naive_cuts;
    int cuts;
};

/* A vehicle goes to another current every 20 to 90 s with 1 to 4 A a second, as its battery and its other users want. */
static void move(struct ramps *r, int i, int64_t t)
{
    int32_t step_ma = (int32_t)rng_range(&r->rng, 100, 400);

    if (t >= r->goal_until_ms[i]) {
        r->goal_ma[i] = (int32_t)rng_range(&r->rng, 6000, 16000);
        r->goal_until_ms[i] = t + rng_range(&r->rng, 20000, 90000);
    }
    r->drawn_ma[i] += clamp_i32(r->goal_ma[i] - r->drawn_ma[i], -step_ma, step_ma);
}

static void report(struct ramps *r, int i, int64_t t)
{
    int32_t moved_ma = r->drawn_ma[i] - r->told_ma[i];

    if (t - r->told_ms[i] >= STATUS_MS || (t - r->told_ms[i] >= STATUS_LEAST_MS && (moved_ma >= STATUS_MOVE_MA || -moved_ma >= STATUS_MOVE_MA))) {
        r->told_ma[i] = r->drawn_ma[i];
        r->told_ms[i] = t;
        drawn((uint16_t)i, r->drawn_ma[i], t - LINK_MS);
    }
}

/* Each figure subtracted as it comes, for comparison: falls of its budget by the ripple are counted alike. */
static void count_naive(struct ramps *r, int32_t metered_ma)
{
    int32_t now_ma = LIMIT_MA * 2 - metered_ma;

    for (int i = 0; i < VEHICLES; i++) {
        now_ma += r->told_ma[i];
    }
    r->naive_cuts += now_ma <= r->naive_use_ma - params.ripple_ma;
    r->naive_use_ma = now_ma;
}

static void play(struct ramps *r, uint64_t seed, int lag_grains)
{
    *r = (struct ramps){.rng = {seed}};
    site = (struct site){0};
    add_node("grid", NODE_NONE, 2 * LIMIT_MA);
    add_meter(0, WORST_MA);
    for (int i = 0; i < VEHICLES; i++) {
        add_box(0);
        r->drawn_ma[i] = 6000;
        r->goal_ma[i] = 6000;
    }
    start();
    for (uint16_t i = 0; i < VEHICLES; i++) {
        budget_box_granted(&b, i, (int32_t[PHASE_N]){16000, 16000, 16000});
    }
    for (int64_t t = 0; t <= HOUR_MS; t += GRAIN_MS) {
        int32_t before_ma = use_ma(0);
        int32_t flow_ma = HOUSE_MA;

        for (int i = 0; i < VEHICLES; i++) {
            move(r, i, t);
            flow_ma += r->drawn_ma[i];
        }
        memmove(&r->flow_ma[1], &r->flow_ma[0], LAG_N * sizeof r->flow_ma[0]);
        r->flow_ma[0] = flow_ma;
        for (int i = 0; i < VEHICLES; i++) {
            report(r, i, t);
        }
        if (t % 500 == 0 && t >= LAG_N * GRAIN_MS) {
            metered_by(0, r->flow_ma[lag_grains], t);
            count_naive(r, r->flow_ma[lag_grains]);
        }
        (void)budget_run(&b, t);
        r->cuts += t > 10000 && use_ma(0) < before_ma;
    }
}

Test(budget_ramps, a_constant_house_and_five_ramping_vehicles_lead_to_at_most_one_needless_cut_an_hour)
{
    int naive_n = 0;

    for (uint64_t seed = 1; seed <= 20; seed++) {
        for (int lag_grains = 2; lag_grains <= LAG_N; lag_grains++) { /* the model says one second; the meters are up to half a second off it */
            struct ramps r;

            play(&r, seed, lag_grains);
            cr_expect_leq(r.cuts, 1, "%d needless cuts with seed %d and a lag of %d ms", r.cuts, (int)seed, lag_grains * GRAIN_MS);
            naive_n += r.naive_cuts;
        }
    }
    cr_expect_geq(naive_n, 20 * (LAG_N - 1) * 17, "the ramps are too tame to show anything: %d", naive_n);
}

/* Spec 04 4.2: nothing is overloaded, and the raise explains what the meter shows. */
Test(budget_ramps, a_raise_that_the_meter_shows_first_is_no_house_load_until_it_must_have_been_reported)
{
    start_house(1);
    drawn(0, 10000, 0);
    (void)metered(20000, 0);
    cr_assert_eq(use_ma(0), 39500);
    budget_box_granted(&b, 0, (int32_t[PHASE_N]){20000, 20000, 20000});
    (void)metered(30000, 1000);
    cr_expect_eq(use_ma(0), 39500);
    cr_expect_eq(budget_next_ms(&b, 1000), 1000 + UNTOLD_LATE_MS);
    cr_expect_not(budget_run(&b, 1000 + UNTOLD_LATE_MS - 1));
    cr_expect(budget_run(&b, 1000 + UNTOLD_LATE_MS), "it was not reported: the house takes it");
    cr_expect_eq(use_ma(0), 29500);
}

Test(budget_ramps, what_a_raise_does_not_explain_passes_at_once)
{
    start_house(1);
    drawn(0, 10000, 0);
    (void)metered(20000, 0);
    budget_box_granted(&b, 0, (int32_t[PHASE_N]){20000, 20000, 20000});
    cr_expect(metered(30001, 1000));
    cr_expect_eq(use_ma(0), 29499);
}

Test(budget_ramps, a_raise_explains_nothing_while_the_meter_shows_more_than_the_limit_less_the_reserve)
{
    start_house(1);
    drawn(0, 10000, 0);
    (void)metered(45000, 0);
    cr_assert_eq(use_ma(0), 14500);
    budget_box_granted(&b, 0, (int32_t[PHASE_N]){20000, 20000, 20000});
    (void)metered(LIMIT_MA - RESERVE_MA, 1000);
    cr_expect_eq(use_ma(0), 14500);
    cr_expect(metered(LIMIT_MA - RESERVE_MA + 1, 1100));
    cr_expect_eq(use_ma(0), 9999);
}
