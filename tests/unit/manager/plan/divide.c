#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/rng.h"
#include "common/base/units.h"
#include "manager/shell/plan_divide.h"

TestSuite(divide, .timeout = 60);

#define BOXES_N 12

struct uneven_site {
    struct alloc_rules rules;
    struct alloc_node node[3];
    struct alloc_box box[BOXES_N];
    struct alloc_result first[BOXES_N];
    struct alloc_result last[BOXES_N];
    struct plan_divider divider;
};

static void make_site(struct uneven_site *s, struct rng *rng)
{
    s->rules = (struct alloc_rules){.step_ma = 100, .start_margin_ma = 500, .turn_ms = 900000, .min_run_ms = 300000, .voltage_mv = 230000};
    for (int i = 0; i < 3; i++) {
        s->node[i] = (struct alloc_node){.parent = i == 0 ? NODE_NONE : 0, .budget_w = -1, .has_imbalance = rng_range(rng, 0, 2) > 0};
        s->node[i].imbalance_ma = (int32_t)rng_range(rng, 6, 30) * 1000;
        for (int p = 0; p < PHASE_N; p++) {
            s->node[i].budget_ma[p] = (int32_t)rng_range(rng, 10000, 120000);
        }
    }
    for (int i = 0; i < BOXES_N; i++) {
        s->box[i] = (struct alloc_box){.node = (uint16_t)rng_range(rng, 0, 2),
                                       .used = (uint8_t)rng_range(rng, 1, PHASE_ALL),
                                       .priority = (int8_t)rng_range(rng, 4, 5),
                                       .weight = 1,
                                       .min_ma = 6000,
                                       .max_ma = 32000,
                                       .demand_ma = (int32_t)rng_range(rng, 6000, 32000),
                                       .cap_ma = MA_MAX,
                                       .current_ma = rng_range(rng, 0, 1) == 0 ? 0 : 6000,
                                       .waiting_ms = rng_range(rng, 0, 900000),
                                       .rank = (uint16_t)i};
    }
}

/* Allocations of one- and two-phase vehicles on each phase at or below a node. */
static void uneven_ma(const struct uneven_site *s, const struct alloc_result *result, uint16_t node, int64_t out[PHASE_N])
{
    memset(out, 0, sizeof(int64_t) * PHASE_N);
    for (int i = 0; i < BOXES_N; i++) {
        for (int p = 0; p < PHASE_N && (node == 0 || s->box[i].node == node) && s->box[i].used != PHASE_ALL; p++) {
            out[p] += (s->box[i].used & PHASE_BIT(p)) != 0 ? result[i].allocated_ma : 0;
        }
    }
}

Test(divide, no_phase_exceeds_the_least_loaded_one_by_more_than_the_limit)
{
    struct uneven_site *s = calloc(1, sizeof *s);
    struct rng rng = {.state = 7};
    int repeated_n = 0;

    for (int seed = 0; seed < 2000; seed++) {
        make_site(s, &rng);
        alloc_run(&s->rules, s->node, 3, s->box, BOXES_N, &s->divider.scratch, s->first);
        plan_divide(&s->divider, &s->rules, s->node, 3, s->box, BOXES_N, s->last);
        repeated_n += memcmp(s->first, s->last, sizeof s->first) != 0;
        for (uint16_t node = 0; node < 3; node++) {
            int64_t sum_ma[PHASE_N];

            uneven_ma(s, s->last, node, sum_ma);
            for (int p = 0; p < PHASE_N && s->node[node].has_imbalance; p++) {
                int64_t least_ma = min_i64(min_i64(sum_ma[0], sum_ma[1]), sum_ma[2]);

                cr_assert_leq(sum_ma[p], least_ma + s->node[node].imbalance_ma, "seed %d node %u", seed, node);
            }
        }
    }
    cr_expect_gt(repeated_n, 200, "%d", repeated_n);
    free(s);
}

Test(divide, without_imbalance_it_is_the_allocation_itself)
{
    struct uneven_site *s = calloc(1, sizeof *s);
    struct rng rng = {.state = 8};

    for (int seed = 0; seed < 200; seed++) {
        make_site(s, &rng);
        for (int i = 0; i < 3; i++) {
            s->node[i].has_imbalance = false;
        }
        alloc_run(&s->rules, s->node, 3, s->box, BOXES_N, &s->divider.scratch, s->first);
        plan_divide(&s->divider, &s->rules, s->node, 3, s->box, BOXES_N, s->last);
        cr_assert_eq(memcmp(s->first, s->last, sizeof s->first), 0);
    }
    free(s);
}

Test(divide, the_current_of_a_fixed_wallbox_counts_on_its_phase)
{
    struct uneven_site *s = calloc(1, sizeof *s);
    struct rng rng = {.state = 9};

    make_site(s, &rng);
    s->node[0].has_imbalance = true;
    s->node[0].imbalance_ma = 10000;
    s->node[0].budget_ma[0] = s->node[0].budget_ma[1] = s->node[0].budget_ma[2] = 63000;
    for (int i = 0; i < 3; i++) {
        s->box[i] = s->box[0];
        s->box[i].node = 0;
        s->box[i].used = PHASE_BIT(i);
        s->box[i].demand_ma = 32000;
        s->box[i].rank = (uint16_t)i;
        s->box[i].is_fixed = i > 0;
        s->box[i].fixed_ma[i] = i > 0 ? 4000 : 0;
    }
    plan_divide(&s->divider, &s->rules, s->node, 1, s->box, 3, s->last);
    cr_expect_eq(s->last[0].allocated_ma, 14000, "4 A on the others and 10");
    free(s);
}
