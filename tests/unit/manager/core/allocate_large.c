#include <criterion/criterion.h>
#include <string.h>

#include "common/base/rng.h"
#include "common/base/units.h"
#include "manager/core/allocate.h"

TestSuite(allocate_large, .timeout = 10);

#define MINUTE_MS 60000

static const struct alloc_rules rules = {.step_ma = 100, .start_margin_ma = 500, .turn_ms = 15 * MINUTE_MS, .min_run_ms = 5 * MINUTE_MS, .voltage_mv = 230000};

static struct alloc_scratch scratch;
static struct alloc_node node[NODE_MAX];
static struct alloc_box box[BOX_MAX];
static struct alloc_result out[BOX_MAX];

/* Three levels: the grid, eight floors, four rows of each; 1,024 wallboxes of many kinds. */
static uint16_t set_large_site(uint64_t seed)
{
    struct rng rng = {.state = seed};

    for (uint16_t i = 0; i < 41; i++) {
        node[i] = (struct alloc_node){.parent = i == 0 ? NODE_NONE : (uint16_t)(i <= 8 ? 0 : 1 + i % 8), .budget_w = -1};
        for (int phase = 0; phase < PHASE_N; phase++) {
            node[i].budget_ma[phase] = (int32_t)(i == 0 ? 900000 : rng_range(&rng, i <= 8 ? 100000 : 30000, 250000));
        }
    }
    for (uint16_t i = 0; i < BOX_MAX; i++) {
        box[i] = (struct alloc_box){.priority = 5, .weight = 1, .min_ma = 6000, .max_ma = 32000, .cap_ma = MA_MAX, .rank = i};
        box[i].node = (uint16_t)rng_range(&rng, 9, 40);
        box[i].used = (uint8_t)rng_range(&rng, 1, PHASE_ALL);
        box[i].demand_ma = (int32_t)rng_range(&rng, 0, 32000);
        box[i].waiting_ms = rng_range(&rng, 0, 100) * MINUTE_MS;
        box[i].current_ma = rng_range(&rng, 0, 1) ? 6000 : 0;
        box[i].running_ms = rng_range(&rng, 0, 30) * MINUTE_MS;
    }
    return 41;
}

Test(allocate_large, one_thousand_and_twenty_four_wallboxes_stay_inside_every_budget)
{
    static int64_t used[NODE_MAX][PHASE_N];

    for (uint64_t seed = 1; seed <= 5; seed++) {
        uint16_t node_n = set_large_site(seed);
        uint32_t charging_n = 0;

        alloc_run(&rules, node, node_n, box, BOX_MAX, &scratch, out);
        alloc_used(node, node_n, box, out, BOX_MAX, used);
        for (uint16_t i = 0; i < node_n; i++) {
            for (int phase = 0; phase < PHASE_N; phase++) {
                cr_assert_leq(used[i][phase], node[i].budget_ma[phase], "node %u", i);
            }
        }
        for (uint16_t i = 0; i < BOX_MAX; i++) {
            charging_n += out[i].state == ALLOC_CHARGING;
            cr_assert_neq(out[i].reason, REASON_UNSET);
        }
        cr_assert_gt(charging_n, 100);
    }
}

Test(allocate_large, equal_input_gives_equal_output_and_its_order_does_not_matter)
{
    static struct alloc_result first[BOX_MAX];
    struct rng rng = {.state = 7};
    uint16_t node_n = set_large_site(3);

    alloc_run(&rules, node, node_n, box, BOX_MAX, &scratch, out);
    memcpy(first, out, sizeof first);
    memset(&scratch, 0x11, sizeof scratch);
    memset(out, 0x11, sizeof out);
    alloc_run(&rules, node, node_n, box, BOX_MAX, &scratch, out);
    cr_assert_eq(memcmp(first, out, sizeof first), 0);
    for (uint16_t i = BOX_MAX; i > 1; i--) {
        uint16_t k = (uint16_t)rng_range(&rng, 0, i - 1);
        struct alloc_box moved = box[i - 1];

        box[i - 1] = box[k];
        box[k] = moved;
    }
    alloc_run(&rules, node, node_n, box, BOX_MAX, &scratch, out);
    for (uint16_t i = 0; i < BOX_MAX; i++) {
        cr_assert_eq(memcmp(&first[box[i].rank], &out[i], sizeof out[i]), 0, "wallbox %u", box[i].rank);
    }
}

Test(allocate_large, ten_times_as_many_with_all_weights_fill_what_there_is)
{
    static struct alloc_box many[ALLOC_BOX_MAX];
    static struct alloc_result result[ALLOC_BOX_MAX];
    static int64_t used[NODE_MAX][PHASE_N];
    struct rng rng = {.state = 11};
    uint32_t full_n = 0;

    for (uint16_t i = 0; i < NODE_MAX; i++) {
        node[i] = (struct alloc_node){.parent = (uint16_t)(i == 0 ? NODE_NONE : (i - 1) / 4), .budget_w = -1};
        for (int phase = 0; phase < PHASE_N; phase++) {
            node[i].budget_ma[phase] = (int32_t)(i < 85 ? 100000000 : rng_range(&rng, 100000, 900000)); /* the outer ones hold */
        }
    }
    for (uint16_t i = 0; i < ALLOC_BOX_MAX; i++) {
        many[i] = (struct alloc_box){.min_ma = 6000, .max_ma = 32000, .cap_ma = MA_MAX, .rank = (uint16_t)(ALLOC_BOX_MAX - 1 - i)};
        many[i].node = (uint16_t)rng_range(&rng, 85, NODE_MAX - 1);
        many[i].used = (uint8_t)rng_range(&rng, 1, PHASE_ALL);
        many[i].demand_ma = (int32_t)rng_range(&rng, 6000, 32000);
        many[i].weight = (int8_t)(i == 0 ? WEIGHT_MAX : rng_range(&rng, 1, 3)); /* one counts for a hundred steps of the others */
        many[i].current_ma = 6000;
    }
    alloc_run(&rules, node, NODE_MAX, many, ALLOC_BOX_MAX, &scratch, result);
    alloc_used(node, NODE_MAX, many, result, ALLOC_BOX_MAX, used);
    for (uint16_t i = 0; i < NODE_MAX; i++) {
        for (int phase = 0; phase < PHASE_N; phase++) {
            cr_assert_leq(used[i][phase], node[i].budget_ma[phase], "node %u", i);
            full_n += used[i][phase] > node[i].budget_ma[phase] - rules.step_ma;
        }
    }
    cr_assert_gt(full_n, 100);
}
