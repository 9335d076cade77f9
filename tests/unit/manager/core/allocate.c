#include "manager/core/allocate.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/base/units.h"

TestSuite(allocate, .timeout = 10);

#define L1 PHASE_BIT(0)
#define L2 PHASE_BIT(1)
#define L3 PHASE_BIT(2)
#define MINUTE_MS 60000

static const struct alloc_rules rules = {.step_ma = 100, .start_margin_ma = 500, .turn_ms = 15 * MINUTE_MS, .min_run_ms = 5 * MINUTE_MS, .voltage_mv = 230000};

static struct alloc_scratch scratch;
static struct alloc_node node[NODE_MAX];
static struct alloc_box box[BOX_MAX];
static struct alloc_result out[BOX_MAX];

/* A node with the same budget on all phases. */
static void set_node(uint16_t i, uint16_t parent, int32_t budget_ma)
{
    node[i] = (struct alloc_node){.parent = parent, .budget_ma = {budget_ma, budget_ma, budget_ma}, .budget_w = -1};
}

/* n wallboxes on node 0: just arrived, 6 to 32 A wanted, three phases. */
static void set_boxes(uint16_t n)
{
    for (uint16_t i = 0; i < n; i++) {
        box[i] = (struct alloc_box){.used = PHASE_ALL, .priority = 5, .weight = 1, .min_ma = 6000, .max_ma = 32000, .demand_ma = 32000};
        box[i].cap_ma = MA_MAX;
        box[i].rank = i;
    }
}

/* It has been charging for so long. */
static void set_running(uint16_t i, int64_t running_ms)
{
    box[i].current_ma = box[i].min_ma;
    box[i].running_ms = running_ms;
}

static void run(uint16_t node_n, uint16_t box_n)
{
    memset(&scratch, 0xee, sizeof scratch);
    alloc_run(&rules, node, node_n, box, box_n, &scratch, out);
}

static void expect_ma(uint16_t n, const int32_t *ma)
{
    for (uint16_t i = 0; i < n; i++) {
        cr_assert_eq(out[i].allocated_ma, ma[i], "wallbox %u has %d, expected %d", i, out[i].allocated_ma, ma[i]);
        cr_assert_eq(out[i].state == ALLOC_CHARGING, ma[i] > 0, "wallbox %u has state %d", i, (int)out[i].state);
    }
}

static void expect_reason(uint16_t i, enum reason reason, uint16_t at_node, int8_t phase)
{
    cr_assert_eq(out[i].reason, reason, "wallbox %u: %s, expected %s", i, reason_text(out[i].reason), reason_text(reason));
    cr_assert_eq(out[i].node, at_node, "wallbox %u: node %u, expected %u", i, out[i].node, at_node);
    cr_assert_eq(out[i].phase, phase, "wallbox %u: phase %d, expected %d", i, out[i].phase, phase);
}

Test(allocate, one_wallbox_at_the_edges_of_a_budget)
{
    static const struct {
        int32_t budget_ma;
        int32_t current_ma;
        int32_t ma;
        enum reason reason;
    } row[] = {
        {-32000, 0, 0, REASON_BELOW_MINIMUM},  {-1, 6000, 0, REASON_BELOW_MINIMUM},   {0, 0, 0, REASON_BELOW_MINIMUM},      {1, 6000, 0, REASON_BELOW_MINIMUM},
        {5999, 6000, 0, REASON_BELOW_MINIMUM}, {6000, 6000, 6000, REASON_NODE_FULL},  {6000, 0, 0, REASON_BELOW_MINIMUM},   {6499, 0, 0, REASON_BELOW_MINIMUM},
        {6500, 0, 6500, REASON_NODE_FULL},     {6099, 6000, 6000, REASON_NODE_FULL},  {6100, 6000, 6100, REASON_NODE_FULL}, {31999, 0, 31900, REASON_NODE_FULL},
        {32000, 0, 32000, REASON_DEMAND_MET},  {MA_MAX, 0, 32000, REASON_DEMAND_MET},
    };

    for (size_t k = 0; k < sizeof row / sizeof row[0]; k++) {
        set_node(0, NODE_NONE, row[k].budget_ma);
        run(1, 0); /* no wallbox is no work */
        set_boxes(1);
        box[0].current_ma = row[k].current_ma;
        run(1, 1);
        expect_ma(1, &row[k].ma);
        cr_assert_eq(out[0].reason, row[k].reason, "budget %d: %s", row[k].budget_ma, reason_text(out[0].reason));
        cr_assert_eq(out[0].turn_place, 0, "nobody waits for a turn alone");
    }
}

Test(allocate, demand_cap_and_the_wallbox_itself_end_the_raise_each_with_its_reason)
{
    static const struct {
        int32_t demand_ma;
        int32_t cap_ma;
        int32_t ma;
        enum alloc_state state;
        enum reason reason;
    } row[] = {
        {0, MA_MAX, 0, ALLOC_NO_DEMAND, REASON_NO_DEMAND},
        {5999, MA_MAX, 0, ALLOC_NO_DEMAND, REASON_NO_DEMAND},
        {6000, MA_MAX, 6000, ALLOC_CHARGING, REASON_DEMAND_MET},
        {6050, MA_MAX, 6050, ALLOC_CHARGING, REASON_DEMAND_MET},
        {31999, MA_MAX, 31999, ALLOC_CHARGING, REASON_DEMAND_MET},
        {32000, MA_MAX, 32000, ALLOC_CHARGING, REASON_DEMAND_MET},
        {40000, MA_MAX, 32000, ALLOC_CHARGING, REASON_WALLBOX_LIMIT},
        {32000, 10000, 10000, ALLOC_CHARGING, REASON_METER_FALLBACK},
        {10000, 10000, 10000, ALLOC_CHARGING, REASON_DEMAND_MET},
        {32000, 6000, 6000, ALLOC_CHARGING, REASON_METER_FALLBACK},
        {32000, 5999, 0, ALLOC_WAITING, REASON_METER_FALLBACK},
        {0, 5999, 0, ALLOC_NO_DEMAND, REASON_NO_DEMAND},
    };

    for (size_t k = 0; k < sizeof row / sizeof row[0]; k++) {
        set_node(0, NODE_NONE, 63000);
        set_boxes(1);
        box[0].demand_ma = row[k].demand_ma;
        box[0].cap_ma = row[k].cap_ma;
        box[0].cap_reason = REASON_METER_FALLBACK;
        run(1, 1);
        cr_assert_eq(out[0].allocated_ma, row[k].ma, "row %zu: %d", k, out[0].allocated_ma);
        cr_assert_eq(out[0].state, row[k].state, "row %zu", k);
        expect_reason(0, row[k].reason, NODE_NONE, -1);
    }
}

Test(allocate, three_equal_cars_share_32_amperes)
{
    set_node(0, NODE_NONE, 32000);
    set_boxes(3);
    run(1, 3);
    expect_ma(3, (int32_t[]){10700, 10700, 10600}); /* 10,666 each; the steps left over go by rank */
    expect_reason(2, REASON_NODE_FULL, 0, 0);
}

Test(allocate, three_phase_cars_get_what_a_one_phase_car_cannot_use)
{
    /* The one-phase car loads L1 only. The others use L2 and L3 as well, but their one current is held by L1. */
    set_node(0, NODE_NONE, 30000);
    set_boxes(4);
    box[0].used = L1;
    box[1].used = L2 | L3;
    box[2].used = PHASE_ALL;
    box[3].used = L2;
    run(1, 4);
    expect_ma(4, (int32_t[]){20000, 10000, 10000, 10000}); /* L2: 10 + 10 + 10; L1: 10, so the first may have 20 */
    expect_reason(0, REASON_NODE_FULL, 0, 0);
    expect_reason(1, REASON_NODE_FULL, 0, 1);
    expect_reason(2, REASON_NODE_FULL, 0, 1);
}

Test(allocate, six_one_phase_cars_charge_together_when_rotated_and_in_turns_when_wired_alike)
{
    set_node(0, NODE_NONE, 12000);
    set_boxes(6);
    for (uint16_t i = 0; i < 6; i++) {
        box[i].used = PHASE_BIT(i % 3);
        set_running(i, 10 * MINUTE_MS);
    }
    run(1, 6);
    expect_ma(6, (int32_t[]){6000, 6000, 6000, 6000, 6000, 6000});
    for (uint16_t i = 0; i < 6; i++) {
        box[i].used = L1;
    }
    run(1, 6);
    expect_ma(6, (int32_t[]){6000, 6000, 0, 0, 0, 0});
    for (uint16_t i = 2; i < 6; i++) {
        expect_reason(i, REASON_WAITING_TURN, 0, 0);
        cr_assert_eq(out[i].turn_place, i - 1);
    }
}

Test(allocate, three_of_four_cars_charge_with_all_of_20_amperes_and_the_fourth_waits_its_turn)
{
    set_node(0, NODE_NONE, 20000);
    set_boxes(4);
    run(1, 4);
    expect_ma(4, (int32_t[]){6700, 6700, 6600, 0});
    expect_reason(3, REASON_WAITING_TURN, 0, 0);
    cr_assert_eq(out[3].turn_place, 1);
}

Test(allocate, a_running_car_gives_way_when_its_turn_is_over_and_not_before)
{
    static const struct {
        int64_t running_ms;
        int64_t waiting_ms;
        bool is_displaced;
    } row[] = {
        {0, 10 * MINUTE_MS, false},
        {5 * MINUTE_MS, 10 * MINUTE_MS, false}, /* minimum run time over, turn not */
        {15 * MINUTE_MS - 1, 15 * MINUTE_MS, false},
        {15 * MINUTE_MS, 1, true},
        {15 * MINUTE_MS, 0, false},                 /* both just arrived: rank */
        {5 * MINUTE_MS - 1, 30 * MINUTE_MS, false}, /* overdue, but the other is inside its minimum run time */
        {5 * MINUTE_MS, 30 * MINUTE_MS - 1, false},
        {5 * MINUTE_MS, 30 * MINUTE_MS, true}, /* overdue: a round of two is two turns */
    };

    for (size_t k = 0; k < sizeof row / sizeof row[0]; k++) {
        set_node(0, NODE_NONE, 10000);
        set_boxes(2);
        set_running(0, row[k].running_ms);
        box[1].waiting_ms = row[k].waiting_ms;
        run(1, 2);
        cr_assert_eq(out[0].allocated_ma, row[k].is_displaced ? 0 : 10000, "row %zu", k);
        cr_assert_eq(out[1].allocated_ma, row[k].is_displaced ? 10000 : 0, "row %zu", k);
    }
}

Test(allocate, one_that_does_not_fit_is_skipped_and_a_smaller_one_behind_it_charges)
{
    set_node(0, NODE_NONE, 16000);
    set_boxes(3);
    set_running(0, 6 * MINUTE_MS);
    box[1].min_ma = 10000;
    box[1].waiting_ms = 10 * MINUTE_MS;
    box[2].waiting_ms = 1 * MINUTE_MS;
    run(1, 3);
    expect_ma(3, (int32_t[]){8000, 0, 8000});
    expect_reason(1, REASON_WAITING_TURN, 0, 0);
}

Test(allocate, one_stopped_a_moment_ago_waits_although_it_fits_unless_overdue)
{
    set_node(0, NODE_NONE, 32000);
    set_boxes(1);
    box[0].blocked_ms = 1;
    run(1, 1);
    expect_ma(1, (int32_t[]){0});
    expect_reason(0, REASON_HOLD, NODE_NONE, -1);
    box[0].waiting_ms = rules.turn_ms;
    run(1, 1);
    expect_ma(1, (int32_t[]){32000});
}

Test(allocate, smallest_laxity_first_then_those_without_a_departure)
{
    set_node(0, NODE_NONE, 7000);
    set_boxes(3);
    box[0].waiting_ms = 10 * MINUTE_MS;
    box[1].has_laxity = box[2].has_laxity = true;
    box[1].laxity_ms = 1;
    box[2].laxity_ms = -1;
    run(1, 3);
    expect_ma(3, (int32_t[]){0, 0, 7000});
    cr_assert_eq(out[1].turn_place, 1);
    cr_assert_eq(out[0].turn_place, 2);
}

Test(allocate, a_fixed_wallbox_counts_once_at_every_node_above_it)
{
    int64_t used[2][PHASE_N];

    set_node(0, NODE_NONE, 40000);
    set_node(1, 0, 30000);
    set_boxes(3);
    box[0].node = box[1].node = 1;
    box[0].is_fixed = true;
    memcpy(box[0].fixed_ma, (int32_t[]){16000, 8000, 0}, sizeof box[0].fixed_ma);
    run(2, 3);
    cr_assert_eq(out[0].state, ALLOC_FIXED);
    cr_assert_eq(out[0].reason, REASON_UNSET);
    expect_ma(3, (int32_t[]){0, 12000, 12000}); /* 24 A are left of the grid's 40 A */
    expect_reason(1, REASON_NODE_FULL, 0, 0);
    alloc_used(node, 2, box, out, 3, used);
    cr_assert_arr_eq(used, ((int64_t[2][PHASE_N]){{40000, 32000, 24000}, {28000, 20000, 12000}}), sizeof used);
}

Test(allocate, fixed_wallboxes_above_the_budget_stop_only_those_on_their_phase)
{
    set_node(0, NODE_NONE, 10000);
    set_boxes(3);
    box[0].is_fixed = true;
    box[0].fixed_ma[0] = 11000;
    box[1].used = L1;
    box[2].used = L2;
    set_running(1, 0);
    run(1, 3);
    expect_ma(3, (int32_t[]){0, 0, 10000});
    expect_reason(1, REASON_BELOW_MINIMUM, 0, 0);
}

Test(allocate, a_higher_priority_gets_all_it_can_use_before_a_lower_one_gets_more_than_its_minimum)
{
    set_node(0, NODE_NONE, 40000);
    set_boxes(3);
    box[1].priority = 9;
    box[2].priority = 0;
    box[1].demand_ma = 20000;
    run(1, 3);
    expect_ma(3, (int32_t[]){14000, 20000, 6000});
    expect_reason(1, REASON_DEMAND_MET, NODE_NONE, -1);
    expect_reason(2, REASON_NODE_FULL, 0, 0);
}

Test(allocate, a_higher_priority_displaces_a_lower_one_after_its_minimum_run_time)
{
    set_node(0, NODE_NONE, 10000);
    set_boxes(2);
    box[1].priority = 6;
    set_running(0, 5 * MINUTE_MS - 1);
    run(1, 2);
    expect_ma(2, (int32_t[]){10000, 0});
    expect_reason(1, REASON_WAITING_TURN, 0, 0);
    set_running(0, 5 * MINUTE_MS);
    run(1, 2);
    expect_ma(2, (int32_t[]){0, 10000});
    expect_reason(0, REASON_PRIORITY, 0, 0);
}

Test(allocate, weights_divide_in_proportion_above_the_minimums)
{
    set_node(0, NODE_NONE, 42000);
    set_boxes(3);
    box[1].weight = 2;
    box[2].weight = 3;
    run(1, 3);
    expect_ma(3, (int32_t[]){7000, 14000, 21000});
    set_node(0, NODE_NONE, 24000);
    run(1, 3);
    expect_ma(3, (int32_t[]){6000, 7200, 10800}); /* the first stands on its minimum, the others 2 to 3 */
    set_node(0, NODE_NONE, 24100);
    run(1, 3);
    expect_ma(3, (int32_t[]){6000, 7200, 10900}); /* 10,900 / 3 is below 7,300 / 2 */
}

Test(allocate, watts_count_current_times_phases)
{
    set_node(0, NODE_NONE, 63000);
    set_boxes(2);
    node[0].budget_w = 11040; /* 48 A summed over the phases */
    run(1, 2);
    expect_ma(2, (int32_t[]){8000, 8000});
    expect_reason(0, REASON_WATTS, 0, -1);
    box[0].used = L1;
    run(1, 2);
    expect_ma(2, (int32_t[]){12000, 12000});
    node[0].budget_w = 11039; /* one watt less: no step is left for three phases, two more for one, and nothing is wasted */
    run(1, 2);
    expect_ma(2, (int32_t[]){12200, 11900});
    node[0].budget_w = 0;
    run(1, 2);
    expect_ma(2, (int32_t[]){0, 0});
    expect_reason(0, REASON_BELOW_MINIMUM, 0, -1);
    node[0].budget_w = INT64_MAX;
    run(1, 2);
    expect_ma(2, (int32_t[]){31500, 31500});
}

Test(allocate, a_node_below_holds_its_own_and_the_others_share_the_rest)
{
    set_node(0, NODE_NONE, 50000);
    set_node(1, 0, 16000);
    set_node(2, 1, 7000);
    set_boxes(4);
    box[0].node = 2;
    box[1].node = 1;
    run(3, 4);
    expect_ma(4, (int32_t[]){7000, 9000, 17000, 17000});
    expect_reason(0, REASON_NODE_FULL, 2, 0);
    expect_reason(1, REASON_NODE_FULL, 1, 0);
    expect_reason(2, REASON_NODE_FULL, 0, 0);
}

Test(allocate, a_budget_of_a_lost_meter_is_named_as_the_reason)
{
    set_node(0, NODE_NONE, 10000);
    set_node(1, 0, 10000);
    set_boxes(2);
    node[0].is_fallback = true;
    box[0].node = box[1].node = 1;
    run(2, 2);
    expect_ma(2, (int32_t[]){10000, 0});
    expect_reason(0, REASON_METER_FALLBACK, 0, 0); /* both nodes are full; the fallback is what a person must repair */
    expect_reason(1, REASON_METER_FALLBACK, 0, 0);
    cr_assert_eq(out[1].turn_place, 1);
    node[0].budget_ma[1] = 0;
    run(2, 2);
    expect_ma(2, (int32_t[]){0, 0});
    expect_reason(0, REASON_METER_FALLBACK, 0, 1);
}

Test(allocate, a_minimum_that_is_no_multiple_of_the_step_stays_or_goes_to_the_next_multiple)
{
    set_node(0, NODE_NONE, 12149);
    set_boxes(2);
    box[0].min_ma = box[1].min_ma = 6050;
    set_running(0, 0);
    set_running(1, 0);
    run(1, 2);
    expect_ma(2, (int32_t[]){6050, 6050});
    set_node(0, NODE_NONE, 12200);
    run(1, 2);
    expect_ma(2, (int32_t[]){6100, 6050}); /* the first leaves 50 mA, less than a step */
}

/* A node with a surplus of the sun. */
static struct alloc_rules sunny(enum alloc_surplus mode, int32_t l1_ma, int32_t l2_ma, int32_t l3_ma)
{
    struct alloc_rules r = rules;

    r.surplus_mode = mode;
    memcpy(r.surplus_ma, (int32_t[PHASE_N]){l1_ma, l2_ma, l3_ma}, sizeof r.surplus_ma);
    return r;
}

Test(allocate, a_fixed_wallbox_takes_sun_and_imbalance_on_every_phase_that_it_may_be_drawing_on)
{
    struct alloc_rules r = sunny(SURPLUS_PER_PHASE, 20000, 20000, 20000);

    set_node(0, NODE_NONE, 63000);
    set_boxes(2);
    box[0].solar = box[1].solar = ALLOC_SOLAR_MINIMUM;
    box[0].used = L1; /* silent: it may be drawing on L2 as well by now */
    box[0].is_fixed = true;
    memcpy(box[0].fixed_ma, (int32_t[]){6000, 8000, 0}, sizeof box[0].fixed_ma);
    box[1].used = L2;
    alloc_run(&r, node, 1, box, 2, &scratch, out);
    expect_ma(2, (int32_t[]){0, 12000});
    expect_reason(1, REASON_SOLAR, 0, 1);
    box[0].solar = box[1].solar = ALLOC_FAST;
    node[0].has_imbalance = true;
    node[0].imbalance_ma = 20000;
    run(1, 2);
    expect_ma(2, (int32_t[]){0, 12000});
    expect_reason(1, REASON_IMBALANCE, 0, 1);
}

Test(allocate, a_met_demand_is_named_before_the_limit_of_the_wallbox)
{
    set_node(0, NODE_NONE, 63000);
    set_boxes(1);
    box[0].max_ma = box[0].demand_ma = 16000;
    run(1, 1);
    expect_reason(0, REASON_DEMAND_MET, NODE_NONE, -1);
    box[0].demand_ma = 16001;
    run(1, 1);
    expect_ma(1, (int32_t[]){16000});
    expect_reason(0, REASON_WALLBOX_LIMIT, NODE_NONE, -1);
}

Test(allocate, a_rule_is_named_before_the_company_that_does_not_leave_enough)
{
    struct alloc_rules r = sunny(SURPLUS_SUMMED, 13000, 0, 0);

    /* The node is full already with the higher priority; the sun only with the equal one as well. */
    set_node(0, NODE_NONE, 12500);
    set_boxes(3);
    for (uint16_t i = 0; i < 3; i++) {
        box[i].used = L1;
        box[i].solar = ALLOC_SOLAR_ONLY;
    }
    box[0].priority = 6;
    set_running(0, 0);
    set_running(1, 0);
    alloc_run(&r, node, 1, box, 3, &scratch, out);
    expect_ma(3, (int32_t[]){6500, 6000, 0});
    expect_reason(2, REASON_SOLAR, 0, -1);
    node[0].budget_ma[0] = 12499;
    alloc_run(&r, node, 1, box, 3, &scratch, out);
    expect_reason(2, REASON_SOLAR, 0, -1);
    r.surplus_ma[0] = 60000;
    alloc_run(&r, node, 1, box, 3, &scratch, out);
    expect_reason(2, REASON_PRIORITY, 0, 0);
    node[0].budget_ma[0] = 12500;
    alloc_run(&r, node, 1, box, 3, &scratch, out);
    expect_reason(2, REASON_WAITING_TURN, 0, 0);
    node[0].scheduled = L1;
    alloc_run(&r, node, 1, box, 3, &scratch, out);
    expect_reason(2, REASON_SCHEDULE, 0, 0);
}

Test(allocate, a_running_wallbox_that_lives_on_the_sun_stops_when_its_minimum_is_gone_and_a_guaranteed_one_does_not)
{
    struct alloc_rules r = sunny(SURPLUS_SUMMED, 5999, 0, 0);

    set_node(0, NODE_NONE, 63000);
    set_boxes(2);
    box[0].used = box[1].used = L1;
    box[0].solar = ALLOC_SOLAR_ONLY;
    box[1].solar = ALLOC_SOLAR_MINIMUM;
    set_running(0, 0);
    set_running(1, 0);
    alloc_run(&r, node, 1, box, 2, &scratch, out);
    expect_ma(2, (int32_t[]){0, 6000});
    expect_reason(0, REASON_SOLAR, 0, -1);
    expect_reason(1, REASON_SOLAR, 0, -1);
    cr_assert_not(out[1].is_covered);
}
