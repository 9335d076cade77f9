#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "manager/shell/plan_answer.h"
#include "tests/unit/manager/plan/plan_rig.h"

TestSuite(document, .timeout = 20);

/* The example of spec 04 4.6, word for word but for the limit of the carport. */
#define EXAMPLE(carport)                                                                                                                     \
    "{'nodes': [{'id': 'grid', 'limit_ma': [63000, 63000, 63000], 'base_load_ma': [12000, 3500, 8000], 'reserve_ma': 0, 'limit_w': null,"    \
    "'max_imbalance_ma': 0}, {'id': 'carport', 'parent': 'grid', 'limit_ma': [" carport "]}],"                                               \
    "'wallboxes': [{'id': 'A', 'node': 'carport', 'phases': 'L1-L2-L3', 'phases_used': ['L1', 'L2', 'L3'], 'min_ma': 6000, 'max_ma': 32000," \
    "'demand_ma': 32000, 'priority': 5, 'weight': 1, 'waiting_ms': 0, 'running_ms': 60000, 'current_ma': 10000, 'needed_wh': 20000,"         \
    "'departure_ms': 14400000, 'mode': 'fast', 'fixed_ma': null}],"                                                                          \
    "'plan': {'step_ma': 100, 'turn_ms': 900000, 'surplus_mode': 'summed', 'surplus_ma': [0, 0, 0], 'voltage_mv': 230000}}"

static struct plan *read_plan(const char *text)
{
    struct plan *plan = calloc(1, sizeof *plan);
    struct sitedoc_errors errors = {0};
    json_t *json = rig_json(text);

    cr_assert_eq(plan_read(json, plan, &errors), RC_OK, "%s", errors.at[0]);
    json_decref(json);
    return plan;
}

Test(document, the_example_of_the_contract_gives_its_figures)
{
    rig_expect_all(EXAMPLE("20000, 20000, 20000"), "A 20000 charging node_full carport:L1\n"
                                                   "grid used 20000 20000 20000 free 31000 39500 35000\n"
                                                   "carport used 20000 20000 20000 free 0 0 0\n");
    rig_expect_all(EXAMPLE("32000, 32000, 32000"), "A 32000 charging demand_met\n"
                                                   "grid used 32000 32000 32000 free 19000 27500 23000\n"
                                                   "carport used 32000 32000 32000 free 0 0 0\n");
}

Test(document, the_answer_has_its_keys_in_the_order_of_the_contract)
{
    struct plan *plan = read_plan(EXAMPLE("20000, 20000, 20000"));
    struct plan_work *work = calloc(1, sizeof *work);
    json_t *answer = plan_answer(plan, work);
    char *text = json_dumps(answer, JSON_PRESERVE_ORDER | JSON_COMPACT);

    cr_expect_str_eq(text, "{\"allocations\":[{\"id\":\"A\",\"allocated_ma\":20000,\"state\":\"charging\",\"reason\":\"node_full\","
                           "\"limited_by\":\"carport:L1\"}],\"nodes\":[{\"id\":\"grid\",\"used_ma\":[20000,20000,20000],\"free_ma\":[31000,39500,35000]},"
                           "{\"id\":\"carport\",\"used_ma\":[20000,20000,20000],\"free_ma\":[0,0,0]}]}");
    free(text);
    json_decref(answer);
    free(work);
    free(plan);
}

Test(document, only_names_limits_and_nodes_are_required)
{
    struct plan *plan =
        read_plan("{'nodes': [{'id': 'g', 'limit_ma': [0, 1, 1000000]}], 'wallboxes': [{'id': 'B', 'node': 'g', 'max_ma': 16000}, {'id': 'A', 'node': 'g'}]}");
    const struct plan_box *b = &plan->box[0];

    cr_expect_eq(plan->site.node[0].reserve_ma, 0);
    cr_expect_eq(plan->site.node[0].base_load_ma[0], 0);
    cr_expect_eq(plan->site.node[0].max_imbalance_ma, 0);
    cr_expect_eq(plan->limit_w[0], -1);
    cr_expect_eq(plan->site.box[1].min_ma, 6000);
    cr_expect_eq(plan->site.box[1].max_ma, 32000);
    cr_expect_eq(plan->site.box[1].priority, 5);
    cr_expect_eq(plan->site.box[1].weight, 1);
    cr_expect_eq(plan->site.box[1].mode, SOLAR_FAST);
    cr_expect_eq(b->demand_ma, 16000, "as much as the wallbox can");
    cr_expect_eq(b->used, PHASE_ALL);
    cr_expect_eq(b->waiting_ms + b->running_ms + b->current_ma + b->needed_wh, 0);
    cr_expect_not(b->has_departure);
    cr_expect_not(b->is_fixed);
    cr_expect_eq(b->rank, 1);
    cr_expect_eq(plan->box[1].rank, 0);
    cr_expect_eq(plan->rules.step_ma, 100);
    cr_expect_eq(plan->rules.start_margin_ma, 500);
    cr_expect_eq(plan->rules.turn_ms, 900000);
    cr_expect_eq(plan->rules.min_run_ms, 300000);
    cr_expect_eq(plan->rules.voltage_mv, 230000);
    cr_expect_eq(plan->rules.surplus_mode, SURPLUS_SUMMED);
    cr_expect_eq(plan->rules.surplus_ma[2], 0);
    free(plan);
}

Test(document, phases_used_are_site_phases)
{
    struct plan *plan =
        read_plan("{'nodes': [{'id': 'g', 'limit_ma': [1, 1, 1]}], 'wallboxes': [{'id': 'A', 'node': 'g', 'phases': 'L2-L3-L1', 'phases_used': ['L2']},"
                  "{'id': 'B', 'node': 'g', 'phases': 'L3'}]}");

    cr_expect_eq(plan->box[0].used, PHASE_BIT(1));
    cr_expect_eq(plan->box[1].used, PHASE_BIT(2));
    free(plan);
}

Test(document, the_rules_of_running_sites_do_not_concern_a_what_if)
{
    rig_expect_all(
        "{'nodes': [{'id': 'grid', 'limit_ma': [500, 500, 500]}], 'wallboxes': [{'id': 'A', 'node': 'grid', 'min_ma': 1, 'max_ma': 300, 'fallback_ma': 80000},"
        "{'id': 'B', 'node': 'grid', 'min_ma': 1, 'max_ma': 300}], 'plan': {'start_margin_ma': 0, 'step_ma': 1}}",
        "A 250 charging node_full grid:L1\n"
        "B 250 charging node_full grid:L1\n"
        "grid used 500 500 500 free 0 0 0\n");
}

Test(document, sections_of_other_programs_are_skipped)
{
    rig_expect(ONE_NODE(20000) "{'id': 'A', 'node': 'grid', 'name': 'left'}], 'meters': 7, 'manager': [], 'simulation': null, 'cards': [{'uid': 'AABBCCDD'}], "
                               "'users': {}, 'timezone': {}}",
               "A 20000 charging node_full grid:L1\n");
}

Test(document, nodes_are_answered_in_the_order_of_the_document)
{
    rig_expect_all("{'nodes': [{'id': 'leaf', 'parent': 'grid', 'limit_ma': [7000, 7000, 7000], 'limit_w': 1}, {'id': 'grid', 'parent': null, 'limit_ma': "
                   "[9000, 9000, 9000]}],"
                   "'wallboxes': [{'id': 'A', 'node': 'grid'}]}",
                   "A 9000 charging node_full grid:L1\n"
                   "leaf used 0 0 0 free 7000 7000 7000\n"
                   "grid used 9000 9000 9000 free 0 0 0\n");
}

#define TWO_BOXES(rest) ONE_NODE(20000) "{'id': 'A', 'node': 'grid'}, {'id': 'B', 'node': 'grid', " rest "}]}"

Test(document, every_wrong_value_is_named_with_its_path)
{
    static const struct {
        const char *rest;
        const char *line;
    } rows[] = {
        {"'min_ma': 0", "min_ma: must be 1..80000, is 0"},
        {"'min_ma': 9, 'max_ma': 8", "min_ma: must be 1..max_ma"},
        {"'max_ma': 80001", "max_ma: must be 1..80000, is 80001"},
        {"'demand_ma': -1", "demand_ma: must be 0..1000000, is -1"},
        {"'demand_ma': null", "demand_ma: must be 0..1000000, is null"},
        {"'current_ma': 2147483648", "current_ma: must be 0..1000000, is 2147483648"},
        {"'current_ma': 1.0", "current_ma: must be 0..1000000, is no integer"},
        {"'waiting_ms': '1'", "waiting_ms: must be 0..1000000000000, is a text"},
        {"'running_ms': -9223372036854775807", "running_ms: must be 0..1000000000000, is -9223372036854775807"},
        {"'needed_wh': true", "needed_wh: must be 0..1000000000, is true"},
        {"'departure_ms': []", "departure_ms: must be -1000000000000..1000000000000, is a list"},
        {"'mode': 'solar'", "mode: must be fast, solar_minimum or solar_only, is \"solar\""},
        {"'mode': 3", "mode: must be a text, is 3"},
        {"'priority': 10", "priority: must be 0..9, is 10"},
        {"'weight': 0", "weight: must be 1..100, is 0"},
        {"'phases': 'L1-L2'", "phases: must be L1-L2-L3, L2-L3-L1, L3-L1-L2, L1, L2 or L3, is \"L1-L2\""},
        {"'phases_used': []", "phases_used: must be a list of 1..3 site phases"},
        {"'phases_used': 'L1'", "phases_used: must be a list of 1..3 site phases"},
        {"'phases_used': ['L1', 4]", "phases_used[1]: must be \"L1\", \"L2\" or \"L3\""},
        {"'phases_used': ['L1', 'L1']", "phases_used[1]: L1 is named twice"},
        {"'phases': 'L2', 'phases_used': ['L1']", "phases_used[0]: L1 is not wired to this wallbox"},
        {"'fixed_ma': 'all'", "fixed_ma: must be a list of 3 integers or one integer"},
        {"'fixed_ma': [1, 2]", "fixed_ma: must be a list of 3 integers or one integer"},
        {"'fixed_ma': [1, 2, -3]", "fixed_ma[2]: must be 0..1000000, is -3"},
        {"'colour': 1", "colour: unknown key"},
        {"'allocated_ma': 1", "allocated_ma: unknown key"},
    };
    char document[512];
    char line[256];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(document, sizeof document, TWO_BOXES("%s"), rows[i].rest);
        (void)snprintf(line, sizeof line, "wallboxes[1].%s\n", rows[i].line);
        cr_expect_str_eq(rig_errors(document), line);
    }
}

Test(document, a_tree_or_rules_that_are_wrong_are_named_with_their_path)
{
    static const struct {
        const char *document;
        const char *lines;
    } rows[] = {
        {"{}", "nodes: must be a list of 1..256 objects\n"},
        {"{'nodes': [{'id': 'g'}]}", "nodes[0].limit_ma: missing\n"},
        {"{'nodes': [{'limit_ma': [1, 1, 1]}]}", "nodes[0].id: missing\n"},
        {"{'nodes': [{'id': 'g', 'limit_ma': [1, 1, -1]}]}", "nodes[0].limit_ma[2]: must be 0..1000000, is -1\n"},
        {"{'nodes': [{'id': 'g', 'limit_ma': [1, 1, 1], 'limit_w': -1}]}", "nodes[0].limit_w: must be 0..100000000, is -1\n"},
        {"{'nodes': [{'id': 'g', 'limit_ma': [1, 1, 1], 'max_imbalance_ma': null}]}", "nodes[0].max_imbalance_ma: must be 0..1000000, is null\n"},
        {"{'nodes': [{'id': 'g', 'limit_ma': [1, 1, 1]}, {'id': 'b', 'parent': 'x', 'limit_ma': [1, 1, 1]}]}", "nodes[1].parent: there is no node \"x\"\n"},
        {"{'nodes': [{'id': 'a', 'parent': 'b', 'limit_ma': [1, 1, 1]}, {'id': 'b', 'parent': 'a', 'limit_ma': [1, 1, 1]}]}",
         "nodes[0].parent: no node is the grid connection: one must have no parent\n"},
        {"{'nodes': [{'id': 'g', 'limit_ma': [1, 1, 1]}, {'id': 'g', 'parent': 'g', 'limit_ma': [1, 1, 1]}]}",
         "nodes[1].id: is the name of another node as well\n"},
        {"{'nodes': [{'id': 'g', 'limit_ma': [1, 1, 1]}], 'wallboxes': [{'id': 'A', 'node': 'g'}, {'id': 'A', 'node': 'g'}]}",
         "wallboxes[1].id: is the serial number of another wallbox as well\n"},
        {"{'nodes': [{'id': 'g', 'limit_ma': [1, 1, 1]}], 'wallboxes': [{'id': 'A', 'node': 'h'}]}", "wallboxes[0].node: there is no node \"h\"\n"},
        {"{'nodes': [{'id': 'g', 'limit_ma': [1, 1, 1]}], 'wallboxes': [[]]}", "wallboxes[0]: must be an object\n"},
        {"{'nodes': [{'id': 'g', 'limit_ma': [1, 1, 1]}], 'wallboxes': {}}", "wallboxes: must be a list of at most 1024 objects\n"},
        {"{'nodes': [{'id': 'g', 'limit_ma': [1, 1, 1]}], 'walboxes': []}", "walboxes: unknown key\n"},
        {"{'nodes': [{'id': 'g', 'limit_ma': [1, 1, 1]}], 'plan': []}", "plan: must be an object\n"},
        {"{'nodes': [{'id': 'g', 'limit_ma': [1, 1, 1]}], 'plan': {'step_ma': 0, 'min_pause_ms': 1}}",
         "plan.min_pause_ms: unknown key\nplan.step_ma: must be 1..80000, is 0\n"},
        {"{'nodes': [{'id': 'g', 'limit_ma': [1, 1, 1]}], 'plan': {'voltage_mv': 999, 'turn_ms': 0}}",
         "plan.turn_ms: must be 1..1000000000000, is 0\nplan.voltage_mv: must be 1000..1000000, is 999\n"},
        {"{'nodes': [{'id': 'g', 'limit_ma': [1, 1, 1]}], 'plan': {'surplus_mode': 'all', 'surplus_ma': 3}}",
         "plan.surplus_mode: must be summed or per_phase, is \"all\"\nplan.surplus_ma: must be a list of 3 integers\n"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_expect_str_eq(rig_errors(rows[i].document), rows[i].lines);
    }
}

Test(document, all_errors_are_found_in_one_pass)
{
    cr_expect_str_eq(
        rig_errors(
            "{'nodes': [{'id': 'g', 'limit_ma': [1, 1, 1], 'x': 1}], 'wallboxes': [{'id': 'A', 'node': 'g', 'weight': 0, 'demand_ma': -1}], 'plan': {'y': 1}}"),
        "nodes[0].x: unknown key\n"
        "wallboxes[0].weight: must be 1..100, is 0\n"
        "wallboxes[0].demand_ma: must be 0..1000000, is -1\n"
        "plan.y: unknown key\n");
}

Test(document, the_largest_figures_do_no_harm)
{
    rig_expect_all(
        "{'nodes': [{'id': 'grid', 'limit_ma': [1000000, 1000000, 1000000], 'limit_w': 100000000, 'max_imbalance_ma': 1000000},"
        "{'id': 'x', 'parent': 'grid', 'limit_ma': [0, 0, 0], 'base_load_ma': 1000000, 'reserve_ma': 1000000}],"
        "'wallboxes': [{'id': 'A', 'node': 'grid', 'min_ma': 80000, 'max_ma': 80000, 'demand_ma': 1000000, 'waiting_ms': 1000000000000, 'weight': 100,"
        "'needed_wh': 1000000000, 'departure_ms': -1000000000000}, {'id': 'B', 'node': 'x', 'max_ma': 1, 'min_ma': 1, 'fixed_ma': [1000000, 1000000, 1000000],"
        "'needed_wh': 1000000000, 'departure_ms': 0}],"
        "'plan': {'voltage_mv': 1000000, 'step_ma': 80000, 'turn_ms': 1000000000000, 'surplus_ma': [-1000000, 1000000, 1000000]}}",
        "A 0 waiting below_minimum grid:L1\n"
        "B 0 waiting offline\n"
        "grid used 1000000 1000000 1000000 free 0 0 0\n"
        "x used 1000000 1000000 1000000 free 0 0 0\n");
}
