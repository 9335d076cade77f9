/* Sites whose right division is known, as documents and expected lines. */
#include <criterion/criterion.h>

#include "tests/unit/manager/plan/plan_rig.h"

TestSuite(cases, .timeout = 20);

Test(cases, three_equal_cars_share_32_a_to_the_step)
{
    rig_expect_all(ONE_NODE(32000) "{'id': 'A', 'node': 'grid'}, {'id': 'B', 'node': 'grid'}, {'id': 'C', 'node': 'grid'}]}",
                   "A 10700 charging node_full grid:L1\n"
                   "B 10700 charging node_full grid:L1\n"
                   "C 10600 charging node_full grid:L1\n"
                   "grid used 32000 32000 32000 free 0 0 0\n");
}

Test(cases, what_a_one_phase_car_cannot_use_goes_to_the_others)
{
    /* A and B fill L1 with C; D, on L2 and L3 only, gets all that C leaves there. */
    rig_expect_all(ONE_NODE(32000) "{'id': 'A', 'node': 'grid', 'phases_used': ['L1']}, {'id': 'B', 'node': 'grid', 'phases': 'L1'},"
                                   "{'id': 'C', 'node': 'grid'}, {'id': 'D', 'node': 'grid', 'phases_used': ['L2', 'L3']}]}",
                   "A 10700 charging node_full grid:L1\n"
                   "B 10700 charging node_full grid:L1\n"
                   "C 10600 charging node_full grid:L1\n"
                   "D 21400 charging node_full grid:L2\n"
                   "grid used 32000 32000 32000 free 0 0 0\n");
    /* A stops at 16 A: the three-phase cars go on on what is left of L1. */
    rig_expect(ONE_NODE(60000) "{'id': 'A', 'node': 'grid', 'phases_used': ['L1'], 'demand_ma': 16000},"
                               "{'id': 'B', 'node': 'grid'}, {'id': 'C', 'node': 'grid'}]}",
               "A 16000 charging demand_met\n"
               "B 22000 charging node_full grid:L1\n"
               "C 22000 charging node_full grid:L1\n");
}

#define SIX(ma, p1, p2, p3, rest)                                                                                           \
    ONE_NODE(ma)                                                                                                            \
    "{'id': 'A', 'node': 'grid', 'phases': '" p1 "', " rest "}, {'id': 'B', 'node': 'grid', 'phases': '" p2 "', " rest "}," \
    "{'id': 'C', 'node': 'grid', 'phases': '" p3 "', " rest "}, {'id': 'D', 'node': 'grid', 'phases': '" p1 "', " rest "}," \
    "{'id': 'E', 'node': 'grid', 'phases': '" p2 "', " rest "}, {'id': 'F', 'node': 'grid', 'phases': '" p3 "', " rest "}]}"

Test(cases, six_wallboxes_wired_in_turn_charge_six_one_phase_cars_on_12_a)
{
    rig_expect_all(SIX(12000, "L1", "L2", "L3", "'current_ma': 6000"), "A 6000 charging node_full grid:L1\n"
                                                                       "B 6000 charging node_full grid:L2\n"
                                                                       "C 6000 charging node_full grid:L3\n"
                                                                       "D 6000 charging node_full grid:L1\n"
                                                                       "E 6000 charging node_full grid:L2\n"
                                                                       "F 6000 charging node_full grid:L3\n"
                                                                       "grid used 12000 12000 12000 free 0 0 0\n");
    /* To start, a wallbox must find its minimum and half an ampere. */
    rig_expect(SIX(12499, "L1", "L2", "L3", "'current_ma': 0"), "A 12400 charging node_full grid:L1\n"
                                                                "B 12400 charging node_full grid:L2\n"
                                                                "C 12400 charging node_full grid:L3\n"
                                                                "D 0 waiting waiting_turn grid:L1\n"
                                                                "E 0 waiting waiting_turn grid:L2\n"
                                                                "F 0 waiting waiting_turn grid:L3\n");
    rig_expect(SIX(12500, "L1", "L2", "L3", "'current_ma': 0"), "A 6300 charging node_full grid:L1\n"
                                                                "B 6300 charging node_full grid:L2\n"
                                                                "C 6300 charging node_full grid:L3\n"
                                                                "D 6200 charging node_full grid:L1\n"
                                                                "E 6200 charging node_full grid:L2\n"
                                                                "F 6200 charging node_full grid:L3\n");
}

Test(cases, wired_alike_only_two_of_them_charge)
{
    rig_expect_all(SIX(12000, "L1-L2-L3", "L1-L2-L3", "L1-L2-L3", "'phases_used': ['L1'], 'current_ma': 6000"), "A 6000 charging node_full grid:L1\n"
                                                                                                                "B 6000 charging node_full grid:L1\n"
                                                                                                                "C 0 waiting waiting_turn grid:L1\n"
                                                                                                                "D 0 waiting waiting_turn grid:L1\n"
                                                                                                                "E 0 waiting waiting_turn grid:L1\n"
                                                                                                                "F 0 waiting waiting_turn grid:L1\n"
                                                                                                                "grid used 12000 0 0 free 0 12000 12000\n");
}

Test(cases, a_refused_car_takes_nothing_from_any_node)
{
    /* B cannot have 16 A of the carport; A has all of the carport, C all that A leaves of the grid connection. */
    rig_expect_all(TWO_NODES(20000, 12000) "{'id': 'A', 'node': 'carport'}, {'id': 'B', 'node': 'carport', 'min_ma': 16000}, {'id': 'C', 'node': 'grid'}]}",
                   "A 10000 charging node_full grid:L1\n"
                   "B 0 waiting below_minimum carport:L1\n"
                   "C 10000 charging node_full grid:L1\n"
                   "grid used 20000 20000 20000 free 0 0 0\n"
                   "carport used 10000 10000 10000 free 2000 2000 2000\n");
}

Test(cases, an_offline_car_is_taken_off_each_node_above_it_once)
{
    rig_expect_all(TWO_NODES(32000, 20000) "{'id': 'A', 'node': 'carport', 'fixed_ma': 10000}, {'id': 'B', 'node': 'carport'}, {'id': 'C', 'node': 'grid'}]}",
                   "A 0 waiting offline\n"
                   "B 10000 charging node_full carport:L1\n"
                   "C 12000 charging node_full grid:L1\n"
                   "grid used 32000 32000 32000 free 0 0 0\n"
                   "carport used 20000 20000 20000 free 0 0 0\n");
    /* Per phase as it draws, and without a demand of its own it says so. */
    rig_expect_all(ONE_NODE(20000) "{'id': 'A', 'node': 'grid', 'demand_ma': 0, 'fixed_ma': [9000, 0, 1000]},"
                                   "{'id': 'B', 'node': 'grid', 'phases': 'L1'}, {'id': 'C', 'node': 'grid', 'phases': 'L2'}]}",
                   "A 0 no_demand offline\n"
                   "B 11000 charging node_full grid:L1\n"
                   "C 20000 charging node_full grid:L2\n"
                   "grid used 20000 20000 1000 free 0 0 19000\n");
    /* One figure counts on the phases that it uses. */
    rig_expect_all(ONE_NODE(20000) "{'id': 'A', 'node': 'grid', 'phases_used': ['L2'], 'fixed_ma': 5000}]}", "A 0 waiting offline\n"
                                                                                                             "grid used 0 5000 0 free 20000 15000 20000\n");
}

#define THREE_WITH(demand_a) \
    ONE_NODE(32000)          \
    "{'id': 'A', 'node': 'grid', 'demand_ma': " #demand_a "}, {'id': 'B', 'node': 'grid'}, {'id': 'C', 'node': 'grid'}]}"

Test(cases, a_finished_car_gives_its_share_back_and_gets_it_again)
{
    const char *shared = "A 10700 charging node_full grid:L1\nB 10700 charging node_full grid:L1\nC 10600 charging node_full grid:L1\n";

    rig_expect(THREE_WITH(32000), shared);
    rig_expect(THREE_WITH(0), "A 0 no_demand no_demand\nB 16000 charging node_full grid:L1\nC 16000 charging node_full grid:L1\n");
    rig_expect(THREE_WITH(7000), "A 7000 charging demand_met\nB 12500 charging node_full grid:L1\nC 12500 charging node_full grid:L1\n");
    rig_expect(THREE_WITH(32000), shared);
}

Test(cases, a_base_load_above_the_limit_leaves_nothing_and_nothing_negative)
{
    rig_expect_all("{'nodes': [{'id': 'grid', 'limit_ma': [20000, 20000, 20000], 'base_load_ma': [25000, 20000, 0], 'reserve_ma': 1000}],"
                   "'wallboxes': [{'id': 'A', 'node': 'grid'}, {'id': 'B', 'node': 'grid', 'phases': 'L2'}, {'id': 'C', 'node': 'grid', 'phases': 'L3'}]}",
                   "A 0 waiting below_minimum grid:L1\n"
                   "B 0 waiting below_minimum grid:L2\n"
                   "C 19000 charging node_full grid:L3\n"
                   "grid used 0 0 19000 free 0 0 0\n");
}

Test(cases, base_loads_of_children_count_at_the_parent_when_they_are_more)
{
    const char *boxes = "'wallboxes': [{'id': 'A', 'node': 'grid', 'phases': 'L1'}, {'id': 'B', 'node': 'grid', 'phases': 'L2'}]}";
    char document[1024];

    (void)snprintf(document, sizeof document,
                   "{'nodes': [{'id': 'grid', 'limit_ma': [30000, 30000, 30000], 'base_load_ma': [5000, 12000, 0]},"
                   "{'id': 'x', 'parent': 'grid', 'limit_ma': [9000, 9000, 9000], 'base_load_ma': [4000, 4000, 4000]},"
                   "{'id': 'y', 'parent': 'grid', 'limit_ma': [9000, 9000, 9000], 'base_load_ma': 6000}], %s",
                   boxes);
    rig_expect_all(document, "A 20000 charging node_full grid:L1\n"
                             "B 18000 charging node_full grid:L2\n"
                             "grid used 20000 18000 0 free 0 0 20000\n"
                             "x used 0 0 0 free 5000 5000 5000\n"
                             "y used 0 0 0 free 3000 3000 3000\n");
}

Test(cases, who_wants_more_than_his_wallbox_can_is_limited_by_it)
{
    rig_expect(ONE_NODE(63000) "{'id': 'A', 'node': 'grid', 'max_ma': 16000, 'demand_ma': 20000}, {'id': 'B', 'node': 'grid', 'max_ma': 16000}]}",
               "A 16000 charging wallbox_limit\nB 16000 charging demand_met\n");
}

Test(cases, weights_share_in_proportion)
{
    rig_expect(ONE_NODE(32000) "{'id': 'A', 'node': 'grid', 'weight': 3}, {'id': 'B', 'node': 'grid', 'weight': 1}]}",
               "A 24000 charging node_full grid:L1\nB 8000 charging node_full grid:L1\n");
    rig_expect(ONE_NODE(32000) "{'id': 'A', 'node': 'grid', 'weight': 3}, {'id': 'B', 'node': 'grid', 'weight': 1, 'min_ma': 10000}]}",
               "A 22000 charging node_full grid:L1\nB 10000 charging node_full grid:L1\n");
}

Test(cases, a_higher_priority_fills_up_before_a_lower_one_rises)
{
    rig_expect(ONE_NODE(40000) "{'id': 'A', 'node': 'grid', 'priority': 4}, {'id': 'B', 'node': 'grid', 'priority': 9}]}",
               "A 8000 charging node_full grid:L1\nB 32000 charging demand_met\n");
    rig_expect(ONE_NODE(12000) "{'id': 'A', 'node': 'grid', 'priority': 4}, {'id': 'B', 'node': 'grid', 'priority': 9}]}",
               "A 0 waiting priority grid:L1\nB 12000 charging node_full grid:L1\n");
    /* A running one is sheltered for its first minutes, then displaced. */
    rig_expect(ONE_NODE(10000) "{'id': 'A', 'node': 'grid', 'priority': 4, 'current_ma': 6000, 'running_ms': 299999},"
                               "{'id': 'B', 'node': 'grid', 'priority': 9}]}",
               "A 10000 charging node_full grid:L1\nB 0 waiting waiting_turn grid:L1\n");
    rig_expect(ONE_NODE(10000) "{'id': 'A', 'node': 'grid', 'priority': 4, 'current_ma': 6000, 'running_ms': 300000},"
                               "{'id': 'B', 'node': 'grid', 'priority': 9}]}",
               "A 0 waiting priority grid:L1\nB 10000 charging node_full grid:L1\n");
}

Test(cases, watts_limit_the_sum_of_the_phases)
{
    /* 20,700 W at 230 V are 90 A over all phases: 3 x 20 + 30. */
    rig_expect_all("{'nodes': [{'id': 'grid', 'limit_ma': [63000, 63000, 63000], 'limit_w': 20700}],"
                   "'wallboxes': [{'id': 'A', 'node': 'grid', 'demand_ma': 20000}, {'id': 'B', 'node': 'grid', 'phases': 'L1'}]}",
                   "A 20000 charging demand_met\n"
                   "B 30000 charging watts grid:W\n"
                   "grid used 50000 20000 20000 free 13000 43000 43000\n");
    /* Less the base load: 10 A on each phase are 6,900 W. */
    rig_expect("{'nodes': [{'id': 'grid', 'limit_ma': [63000, 63000, 63000], 'limit_w': 20700, 'base_load_ma': [10000, 10000, 10000]}],"
               "'wallboxes': [{'id': 'A', 'node': 'grid'}]}",
               "A 20000 charging watts grid:W\n");
    /* A base load above it leaves nothing, which is not the same as no limit. */
    rig_expect("{'nodes': [{'id': 'grid', 'limit_ma': [63000, 63000, 63000], 'limit_w': 6899, 'base_load_ma': [10000, 10000, 10000]}],"
               "'wallboxes': [{'id': 'A', 'node': 'grid'}]}",
               "A 0 waiting below_minimum grid:W\n");
    /* 0 W is a limit, null is none. */
    rig_expect("{'nodes': [{'id': 'grid', 'limit_ma': [63000, 63000, 63000], 'limit_w': 0}], 'wallboxes': [{'id': 'A', 'node': 'grid'}]}",
               "A 0 waiting below_minimum grid:W\n");
    rig_expect("{'nodes': [{'id': 'grid', 'limit_ma': [63000, 63000, 63000], 'limit_w': null}], 'wallboxes': [{'id': 'A', 'node': 'grid'}]}",
               "A 32000 charging demand_met\n");
}

#define SUNNY(mode, surplus)                                                                                             \
    ONE_NODE(63000)                                                                                                      \
    "{'id': 'A', 'node': 'grid', 'mode': '" mode "'}, {'id': 'B', 'node': 'grid', 'phases': 'L1', 'demand_ma': 10000}]," \
    "'plan': {" surplus "}}"

Test(cases, the_sun_limits_only_those_that_charge_with_it)
{
    const char *fast = "A 32000 charging demand_met\nB 10000 charging demand_met\n";

    rig_expect(SUNNY("fast", "'surplus_ma': [0, 0, 0]"), fast);
    rig_expect(SUNNY("solar_minimum", "'surplus_ma': [0, 0, 0]"), "A 6000 charging solar surplus\nB 10000 charging demand_met\n");
    /* Summed: 27 A over all phases are 9 A on each, wherever they are. */
    rig_expect(SUNNY("solar_minimum", "'surplus_ma': [30000, -3000, 0]"), "A 9000 charging solar surplus\nB 10000 charging demand_met\n");
    rig_expect(SUNNY("solar_only", "'surplus_ma': [30000, -3000, 0]"), "A 9000 charging solar surplus\nB 10000 charging demand_met\n");
    rig_expect(SUNNY("solar_only", "'surplus_ma': [17999, 0, 0]"), "A 0 waiting solar surplus\nB 10000 charging demand_met\n");
    /* Per phase: the least of the three. */
    rig_expect(SUNNY("solar_only", "'surplus_mode': 'per_phase', 'surplus_ma': [30000, 8000, 9000]"),
               "A 8000 charging solar surplus:L2\nB 10000 charging demand_met\n");
    rig_expect(SUNNY("solar_minimum", "'surplus_mode': 'per_phase', 'surplus_ma': [30000, 30000, -1000]"),
               "A 6000 charging solar surplus:L3\nB 10000 charging demand_met\n");
}

Test(cases, departures_decide_who_charges_first)
{
    /* 11 kWh at 32 A on three phases take 30 minutes: B has 1 hour less 30 minutes, A 2 hours. */
    rig_expect(
        ONE_NODE(10000) "{'id': 'A', 'node': 'grid', 'departure_ms': 7200000}, {'id': 'B', 'node': 'grid', 'departure_ms': 3600000, 'needed_wh': 11040}]}",
        "A 0 waiting waiting_turn grid:L1\nB 10000 charging node_full grid:L1\n");
    /* Laxity counts, not departure: A needs all of its two hours. */
    rig_expect(ONE_NODE(10000) "{'id': 'A', 'node': 'grid', 'departure_ms': 7200000, 'needed_wh': 44160},"
                               "{'id': 'B', 'node': 'grid', 'departure_ms': 3600000, 'needed_wh': 11040}]}",
               "A 10000 charging node_full grid:L1\nB 0 waiting waiting_turn grid:L1\n");
    /* On one phase 11 kWh take an hour and a half: the laxity of A is below the half hour of B. */
    rig_expect(ONE_NODE(10000) "{'id': 'B', 'node': 'grid', 'departure_ms': 3600000, 'needed_wh': 11040},"
                               "{'id': 'A', 'node': 'grid', 'phases_used': ['L1'], 'departure_ms': 6600000, 'needed_wh': 11040}]}",
               "B 0 waiting waiting_turn grid:L1\nA 10000 charging node_full grid:L1\n");
    /* Who gives a departure goes before who gives none, however long that one has waited, short of a full round. */
    rig_expect(
        ONE_NODE(10000) "{'id': 'A', 'node': 'grid', 'waiting_ms': 1799999, 'departure_ms': null}, {'id': 'B', 'node': 'grid', 'departure_ms': 36000000}]}",
        "A 0 waiting waiting_turn grid:L1\nB 10000 charging node_full grid:L1\n");
    rig_expect(
        ONE_NODE(10000) "{'id': 'A', 'node': 'grid', 'waiting_ms': 1800000, 'departure_ms': null}, {'id': 'B', 'node': 'grid', 'departure_ms': 36000000}]}",
        "A 10000 charging node_full grid:L1\nB 0 waiting waiting_turn grid:L1\n");
}

Test(cases, ties_are_broken_by_id_and_not_by_place)
{
    rig_expect(ONE_NODE(10000) "{'id': 'Z', 'node': 'grid'}, {'id': 'B', 'node': 'grid'}, {'id': 'B1', 'node': 'grid'}]}",
               "Z 0 waiting waiting_turn grid:L1\nB 10000 charging node_full grid:L1\nB1 0 waiting waiting_turn grid:L1\n");
}

#define UNEVEN(limit, rest) "{'nodes': [{'id': 'grid', 'limit_ma': [63000, 63000, 63000], 'max_imbalance_ma': " #limit "}], 'wallboxes': [" rest "]}"

Test(cases, imbalance_holds_between_the_phases)
{
    /* Nothing on L2 and L3: 20 A is all that L1 may have. A three-phase vehicle does not count. */
    rig_expect(UNEVEN(20000, "{'id': 'A', 'node': 'grid', 'phases': 'L1'}, {'id': 'B', 'node': 'grid'}"),
               "A 20000 charging imbalance grid:L1\nB 32000 charging demand_met\n");
    /* 12 A on the other phases: L1 may have 32. */
    rig_expect(UNEVEN(20000, "{'id': 'A', 'node': 'grid', 'phases': 'L1'}, {'id': 'B', 'node': 'grid', 'phases_used': ['L2', 'L3'], 'demand_ma': 12000}"),
               "A 32000 charging demand_met\nB 12000 charging demand_met\n");
    rig_expect(UNEVEN(20000, "{'id': 'A', 'node': 'grid', 'phases': 'L1'}, {'id': 'B', 'node': 'grid', 'phases_used': ['L2', 'L3'], 'demand_ma': 8000}"),
               "A 28000 charging imbalance grid:L1\nB 8000 charging demand_met\n");
    /* Each repetition lets the phases lift each other once more: 6, 12, 18, 24 A. */
    rig_expect(UNEVEN(6000, "{'id': 'A', 'node': 'grid', 'phases': 'L1', 'current_ma': 6000}, {'id': 'B', 'node': 'grid', 'phases': 'L2', 'current_ma': 6000},"
                            "{'id': 'C', 'node': 'grid', 'phases': 'L3', 'current_ma': 6000}"),
               "A 24000 charging imbalance grid:L1\nB 24000 charging imbalance grid:L2\nC 24000 charging imbalance grid:L3\n");
}
