#include <criterion/criterion.h>
#include <stdlib.h>

#include "manager/shell/plan_divide.h"
#include "manager/shell/plan_outcome.h"
#include "manager/shell/plan_tally.h"
#include "tests/unit/manager/plan/plan_rig.h"

TestSuite(simulate, .timeout = 60);

#define BOX(id) "{'id': '" id "', 'node': 'grid'}"
#define DAYS(arrivals) "], 'simulation': {'arrivals': [" arrivals "]}}"

static void served(const struct rig_days *r, uint16_t i, int64_t delivered_wh, int64_t waited_ms)
{
    cr_expect_eq(r->outcome.session[i].delivered_wh, delivered_wh, "session %u: %lld Wh, not %lld", i, (long long)r->outcome.session[i].delivered_wh,
                 (long long)delivered_wh);
    cr_expect_eq(r->outcome.session[i].waited_ms, waited_ms, "session %u: %lld ms, not %lld", i, (long long)r->outcome.session[i].waited_ms,
                 (long long)waited_ms);
}

Test(simulate, a_vehicle_gets_exactly_what_it_needs)
{
    struct rig_days *r = rig_run(ONE_NODE(32000) BOX("A") DAYS("{'arrival_ms': 0, 'departure_ms': 7200000, 'needed_wh': 11041, 'max_ma': 16000}"));

    served(r, 0, 11041, 0);
    cr_expect_eq(r->outcome.delivered_wh, 11041);
    cr_expect_eq(r->outcome.wanted_wh, 11041);
    cr_expect_eq(r->outcome.node[0].peak_ma[2], 16000);
    cr_expect_eq(plan_used_permille(&r->outcome.node[0]), -1, "it had all that it could take");
    rig_end(r);
}

Test(simulate, a_stay_counts_to_the_millisecond)
{
    /* 22,080 W: 90 s from the start; 90 s after half a minute of waiting for the next step. */
    struct rig_days *r = rig_run(ONE_NODE(64000) BOX("A") "," BOX("B") DAYS("{'arrival_ms': 0, 'departure_ms': 90000, 'needed_wh': 1000000},"
                                                                            "{'arrival_ms': 30000, 'departure_ms': 150000, 'needed_wh': 1000000}"));

    served(r, 0, 552, 0);
    served(r, 1, 552, 30000);
    rig_end(r);
}

Test(simulate, what_is_less_than_a_wh_is_not_lost_in_the_sum)
{
    /* 1,380 W for a second: 0.383 Wh each. */
    struct rig_days *r = rig_run(ONE_NODE(32000) BOX("A") "," BOX("B") "," BOX("C") DAYS(
        "{'arrival_ms': 0, 'departure_ms': 1000, 'needed_wh': 5, 'phases': 1, 'max_ma': 6000}, {'arrival_ms': 0, 'departure_ms': 1000, 'needed_wh': 5,"
        "'phases': 1, 'max_ma': 6000}, {'arrival_ms': 0, 'departure_ms': 1000, 'needed_wh': 5, 'phases': 1, 'max_ma': 6000}"));

    served(r, 0, 0, 0);
    cr_expect_eq(r->outcome.delivered_wh, 1);
    cr_expect_eq(r->outcome.wanted_wh, 15);
    rig_end(r);
}

Test(simulate, a_vehicle_takes_the_first_free_wallbox_or_is_turned_away)
{
    struct rig_days *r = rig_run(ONE_NODE(64000) "{'id': 'A', 'node': 'grid', 'fixed_ma': 0}," BOX("B") "," BOX("C") DAYS(
        "{'arrival_ms': 0, 'departure_ms': 60000, 'needed_wh': 100}, {'arrival_ms': 1, 'departure_ms': 110000, 'needed_wh': 100},"
        "{'arrival_ms': 2, 'departure_ms': 110000, 'needed_wh': 100}, {'arrival_ms': 60000, 'departure_ms': 180000, 'needed_wh': 100},"
        "{'arrival_ms': 100000, 'departure_ms': 180000, 'needed_wh': 100, 'wallbox': 'C'}, {'arrival_ms': 110000, 'departure_ms': 180000, 'needed_wh': 100, "
        "'wallbox': 'C'}"));
    const struct plan_served *s = r->outcome.session;

    cr_expect_eq(s[0].box, 1);
    cr_expect_eq(s[1].box, 2);
    cr_expect_eq(s[2].box, BOX_MAX, "A is offline, B and C are taken");
    cr_expect_eq(s[3].box, 1, "free again at this moment");
    cr_expect_eq(s[4].box, BOX_MAX, "C is taken for another 10 s");
    cr_expect_eq(s[5].box, 2);
    served(r, 5, 100, 10000);
    cr_expect_eq(r->outcome.wanted_wh, 600);
    cr_expect_eq(r->outcome.delivered_wh, 400);
    rig_end(r);
}

Test(simulate, a_stay_between_two_steps_gets_nothing)
{
    struct rig_days *r = rig_run(ONE_NODE(64000) BOX("A") DAYS("{'arrival_ms': 1000, 'departure_ms': 59000, 'needed_wh': 100}"));

    served(r, 0, 0, 58000);
    rig_end(r);
}

Test(simulate, a_profile_repeats_and_base_loads_of_children_count)
{
    /* 20 A and nothing in turn below the grid connection: 12 A for a minute, 32 A for the next. */
    struct rig_days *r =
        rig_run("{'nodes': [{'id': 'grid', 'limit_ma': [32000, 32000, 32000]}, {'id': 'x', 'parent': 'grid', 'limit_ma': [19000, 19000, 19000]}],"
                "'wallboxes': [" BOX("A") "], 'simulation': {'arrivals': [{'arrival_ms': 0, 'departure_ms': 240000, 'needed_wh': 1000000}],"
                                          "'base_load': {'x': {'step_ms': 60000, 'ma': [[20000, 20000, 20000], [0, 0, 0]]}}}}");

    served(r, 0, 2 * (138 + 368), 0); /* 8,280 W and 22,080 W */
    cr_expect_eq(r->outcome.node[0].peak_ma[0], 32000);
    cr_expect_eq(r->outcome.node[0].over_limit_ms, 0);
    cr_expect_eq(r->outcome.node[1].peak_ma[0], 20000);
    cr_expect_eq(r->outcome.node[1].over_limit_ms, 120000);
    rig_end(r);
}

Test(simulate, the_share_used_counts_only_where_and_while_somebody_wants_more)
{
    /* One phase: it takes all of L1; L2 and L3 do not count. */
    struct rig_days *r = rig_run(ONE_NODE(20000) BOX("A") DAYS("{'arrival_ms': 0, 'departure_ms': 60000, 'needed_wh': 1000000, 'phases': 1}"));

    cr_expect_eq(r->outcome.node[0].offered_mams, 20000LL * 60000);
    cr_expect_eq(plan_used_permille(&r->outcome.node[0]), 1000);
    rig_end(r);
    /* Three phases, of which one is short: 3 x 20 of 100 A. */
    r = rig_run("{'nodes': [{'id': 'grid', 'limit_ma': [20000, 40000, 40000]}], 'wallboxes': [" BOX("A")
                    DAYS("{'arrival_ms': 0, 'departure_ms': 60000, 'needed_wh': 1000000}"));
    cr_expect_eq(plan_used_permille(&r->outcome.node[0]), 600);
    rig_end(r);
    /* Content. */
    r = rig_run(ONE_NODE(63000) BOX("A") DAYS("{'arrival_ms': 0, 'departure_ms': 60000, 'needed_wh': 1000000}"));
    cr_expect_eq(plan_used_permille(&r->outcome.node[0]), -1);
    rig_end(r);
}

Test(simulate, what_flows_below_a_node_flows_through_it)
{
    /* A and the offline B below x: 9 A and 5 A of 14 A there, with 10 A of base load; C at the grid connection. */
    struct rig_days *r =
        rig_run("{'nodes': [{'id': 'grid', 'limit_ma': [63000, 63000, 63000]}, {'id': 'x', 'parent': 'grid', 'limit_ma': [24000, 24000, 24000],"
                "'base_load_ma': 10000}], 'wallboxes': [{'id': 'A', 'node': 'x'}, {'id': 'B', 'node': 'x', 'fixed_ma': [5000, 5000, 5000]}," BOX(
                    "C") "],"
                         "'simulation': {'arrivals': [{'arrival_ms': 0, 'departure_ms': 60000, 'needed_wh': 1000000},"
                         "{'arrival_ms': 0, 'departure_ms': 60000, 'needed_wh': 1000000, 'max_ma': 16000}]}}");

    served(r, 0, 103, 0); /* 9 A */
    served(r, 1, 184, 0); /* 16 A: content */
    cr_expect_eq(r->outcome.node[1].peak_ma[1], 24000);
    cr_expect_eq(r->outcome.node[0].peak_ma[1], 40000);
    cr_expect_eq(r->outcome.node[0].over_limit_ms + r->outcome.node[1].over_limit_ms, 0);
    cr_expect_eq(plan_used_permille(&r->outcome.node[1]), 1000);
    cr_expect_eq(plan_used_permille(&r->outcome.node[0]), 566, "30 of 53 A while A wants more");
    rig_end(r);
}

Test(simulate, the_house_takes_the_sun_before_the_wallboxes)
{
    struct rig_days *r = rig_run("{'nodes': [{'id': 'grid', 'limit_ma': [63000, 63000, 63000], 'base_load_ma': [6000, 3000, 0]}], 'wallboxes': [" BOX(
        "A") "],"
             "'simulation': {'arrivals': [{'arrival_ms': 0, 'departure_ms': 60000, 'needed_wh': 1000000, 'mode': 'solar_minimum'}],"
             "'sun': {'ma': [[13000, 13000, 13000]]}}}");

    served(r, 0, 115, 0); /* 30 A over three phases */
    rig_end(r);
}

Test(simulate, large_sums_keep_their_share)
{
    cr_expect_eq(plan_used_permille(&(struct plan_node_use){.offered_mams = INT64_MAX, .used_mams = INT64_MAX / 4}), 250);
    cr_expect_eq(plan_used_permille(&(struct plan_node_use){.offered_mams = 3, .used_mams = 2}), 666);
}

Test(simulate, solar_only_starts_after_a_minute_of_sun_and_stops_after_three_without)
{
    /* 10 A of sun on each phase from 0 to 10 minutes: 9 minutes of 6,900 W, then 3 minutes of the minimum from the grid, 4,140 W. */
    struct rig_days *r = rig_run(ONE_NODE(32000) "{'id': 'A', 'node': 'grid', 'mode': 'solar_only'}],"
                                                 "'simulation': {'arrivals': [{'arrival_ms': 0, 'departure_ms': 1200000, 'needed_wh': 1000000}],"
                                                 "'sun': {'step_ms': 600000, 'ma': [[10000, 10000, 10000], [0, 0, 0]]}}}");

    served(r, 0, 1035 + 207, 60000 + 420000);
    rig_end(r);
}

Test(simulate, fast_vehicles_take_the_sun_first_and_others_get_the_rest_in_the_same_step)
{
    struct rig_days *r = rig_run(
        ONE_NODE(63000) BOX("A") "," BOX("B") "],"
                                              "'simulation': {'arrivals': [{'arrival_ms': 0, 'departure_ms': 60000, 'needed_wh': 1000000, 'max_ma': 10000},"
                                              "{'arrival_ms': 0, 'departure_ms': 60000, 'needed_wh': 1000000, 'mode': 'solar_minimum'}],"
                                              "'sun': {'ma': [[60000, 0, 0]]}}}");

    served(r, 0, 115, 0); /* 10 A */
    served(r, 1, 115, 0); /* 60 A less 3 x 10 are 3 x 10 */
    rig_end(r);
}

Test(simulate, a_vehicle_that_takes_less_than_the_minimum_is_offered_the_minimum)
{
    struct rig_days *r = rig_run(ONE_NODE(6500) BOX("A") DAYS("{'arrival_ms': 0, 'departure_ms': 3600000, 'needed_wh': 1000000, 'phases': 1, 'max_ma': 3000}"));

    served(r, 0, 690, 0);
    rig_end(r);
}

Test(simulate, announced_departures_go_first)
{
    struct rig_days *r =
        rig_run(ONE_NODE(10000) BOX("A") "," BOX("B") DAYS("{'arrival_ms': 0, 'departure_ms': 600000, 'needed_wh': 1000000},"
                                                           "{'arrival_ms': 0, 'departure_ms': 600000, 'needed_wh': 1000000, 'announced': true}"));

    served(r, 0, 0, 600000);
    served(r, 1, 1150, 0);
    rig_end(r);
    /* Both leave at the same time: who needs more has less time to spare. */
    r = rig_run(ONE_NODE(10000) BOX("A") "," BOX("B") DAYS("{'arrival_ms': 0, 'departure_ms': 300000, 'needed_wh': 574, 'announced': true},"
                                                           "{'arrival_ms': 0, 'departure_ms': 300000, 'needed_wh': 575, 'announced': true}"));
    served(r, 0, 0, 300000);
    served(r, 1, 575, 0);
    rig_end(r);
    r = rig_run(ONE_NODE(10000) BOX("A") "," BOX("B") DAYS("{'arrival_ms': 0, 'departure_ms': 600000, 'needed_wh': 1000000},"
                                                           "{'arrival_ms': 0, 'departure_ms': 600000, 'needed_wh': 1000000, 'priority': 6}"));
    served(r, 0, 0, 600000);
    served(r, 1, 1150, 0);
    rig_end(r);
}

/* Four cars of which three fit; seen at each division. */
struct watch {
    struct plan_divider divider;
    int runs_n;
    int64_t fourth_started_ms;
};

static void watch_divide(void *context, const struct alloc_rules *rules, const struct alloc_node *node, uint16_t node_n, const struct alloc_box *box,
                         uint16_t box_n, struct alloc_result *out)
{
    struct watch *w = context;
    int32_t sum_ma = 0;
    int charging_n = 0;

    plan_divide(&w->divider, rules, node, node_n, box, box_n, out);
    for (uint16_t i = 0; i < box_n; i++) {
        sum_ma += out[i].allocated_ma;
        charging_n += out[i].allocated_ma > 0;
    }
    cr_expect_eq(sum_ma, 20000);
    cr_expect_eq(charging_n, 3);
    if (w->fourth_started_ms < 0 && out[3].allocated_ma > 0) {
        w->fourth_started_ms = w->runs_n * 60000;
    }
    w->runs_n++;
}

#define STAY "{'arrival_ms': 0, 'departure_ms': 3600000, 'needed_wh': 1000000}"

Test(simulate, four_cars_on_20_a_take_turns_and_three_use_all_of_it)
{
    struct watch *w = calloc(1, sizeof *w);
    const struct plan_policy policy = {.divide = watch_divide, .context = w};
    int64_t least_wh = INT64_MAX;
    int64_t most_wh = 0;
    struct rig_days *r;

    w->fourth_started_ms = -1;
    r = rig_run_by(ONE_NODE(20000) BOX("A") "," BOX("B") "," BOX("C") "," BOX("D") DAYS(STAY "," STAY "," STAY "," STAY), &policy);
    cr_expect_eq(w->runs_n, 60);
    cr_expect_eq(w->fourth_started_ms, 900000, "its turn");
    for (uint16_t i = 0; i < 4; i++) {
        least_wh = r->outcome.session[i].delivered_wh < least_wh ? r->outcome.session[i].delivered_wh : least_wh;
        most_wh = r->outcome.session[i].delivered_wh > most_wh ? r->outcome.session[i].delivered_wh : most_wh;
    }
    cr_expect_eq(r->outcome.delivered_wh, 13800);
    /* The steps that are over go to the first: 100 mA on three phases for three turns are 52 Wh. */
    cr_expect_leq(most_wh - least_wh, 52, "all have charged equally after four turns: %lld..%lld", (long long)least_wh, (long long)most_wh);
    cr_expect_eq(plan_used_permille(&r->outcome.node[0]), 1000);
    rig_end(r);
    free(w);
}

/* A policy with a script: what the first wallbox gets at each division, and what it must be told then. */
struct script {
    int at;
};

static void script_divide(void *context, const struct alloc_rules *rules, const struct alloc_node *node, uint16_t node_n, const struct alloc_box *box,
                          uint16_t box_n, struct alloc_result *out)
{
    static const struct {
        int32_t gets_ma;
        int32_t current_ma;
        int64_t waiting_ms;
        int64_t running_ms;
        int64_t blocked_ms;
    } rows[] = {
        {0, 0, 20000, 0, 0},                                                                                   /* it came 20 s ago */
        {9000, 0, 80000, 0, 0}, {8000, 9000, 0, 60000, 0}, {0, 8000, 0, 120000, 0},   {0, 0, 60000, 0, 60000}, /* stopped for lack of current */
        {0, 0, 120000, 0, 0},   {7000, 0, 180000, 0, 0},   {7000, 7000, 0, 60000, 0},
    };
    struct script *s = context;

    (void)rules;
    (void)node;
    (void)node_n;
    cr_assert_eq(box_n, 1);
    cr_assert_lt(s->at, 8);
    cr_expect_eq(box->demand_ma, 32000);
    cr_expect_eq(box->current_ma, rows[s->at].current_ma, "row %d", s->at);
    cr_expect_eq(box->waiting_ms, rows[s->at].waiting_ms, "row %d", s->at);
    cr_expect_eq(box->running_ms, rows[s->at].running_ms, "row %d", s->at);
    cr_expect_eq(box->blocked_ms, rows[s->at].blocked_ms, "row %d", s->at);
    *out = (struct alloc_result){.allocated_ma = rows[s->at].gets_ma};
    s->at++;
}

Test(simulate, waiting_running_and_pausing_are_told_as_the_manager_does)
{
    struct script s = {0};
    const struct plan_policy policy = {.divide = script_divide, .context = &s};
    struct rig_days *r = rig_run_by(ONE_NODE(32000) BOX("A") DAYS("{'arrival_ms': 40000, 'departure_ms': 540000, 'needed_wh': 1000000}"), &policy);

    cr_expect_eq(s.at, 8, "nobody is asked before it came");
    served(r, 0, (9000 + 8000 + 7000 + 7000) * 690LL / 60 / 1000, 20000 + 60000 + 3 * 60000);
    rig_end(r);
}

Test(simulate, the_outcome_is_told_in_the_order_of_the_document)
{
    struct rig_days *r = rig_run(ONE_NODE(20000) BOX("A") DAYS("{'arrival_ms': 60000, 'departure_ms': 120000, 'needed_wh': 1000, 'phases': 1},"
                                                               "{'arrival_ms': 0, 'departure_ms': 61000, 'needed_wh': 1, 'phases': 1}"));
    json_t *o = plan_outcome_json(&r->plan, &r->days, &r->outcome);
    char *text = json_dumps(o, JSON_PRESERVE_ORDER | JSON_COMPACT);

    cr_expect_str_eq(text, "{\"sessions\":[{\"wallbox\":null,\"arrival_ms\":60000,\"wanted_wh\":1000,\"delivered_wh\":0,\"waited_ms\":0,\"turned_away\":true},"
                           "{\"wallbox\":\"A\",\"arrival_ms\":0,\"wanted_wh\":1,\"delivered_wh\":1,\"waited_ms\":0,\"turned_away\":false}],"
                           "\"delivered_wh\":1,\"wanted_wh\":1001,\"nodes\":[{\"id\":\"grid\",\"limit_ma\":[20000,20000,20000],\"peak_ma\":[20000,0,0],"
                           "\"over_limit_ms\":0,\"used_permille\":13}],\"used_permille\":13}");
    free(text);
    json_decref(o);
    rig_end(r);
}

Test(simulate, wrong_days_are_named_with_their_path)
{
#define SITE ONE_NODE(20000) BOX("A") "], 'simulation': "
    static const struct {
        const char *document;
        const char *lines;
    } rows[] = {
        {ONE_NODE(20000) BOX("A") "]}", "simulation: missing\n"},
        {SITE "7}", "simulation: must be an object\n"},
        {SITE "{}}", "simulation.arrivals: missing\n"},
        {SITE "{'arrivals': {}}}", "simulation.arrivals: must be a list of at most 60000 objects\n"},
        {SITE "{'arrivals': [], 'step_ms': 0, 'steps': 1}}", "simulation.steps: unknown key\nsimulation.step_ms: must be 1..3600000, is 0\n"},
        {SITE "{'arrivals': [3]}}", "simulation.arrivals[0]: must be an object\n"},
        {SITE "{'arrivals': [{}]}}",
         "simulation.arrivals[0].arrival_ms: missing\nsimulation.arrivals[0].departure_ms: missing\nsimulation.arrivals[0].needed_wh: missing\n"},
        {SITE "{'arrivals': [{'arrival_ms': 5, 'departure_ms': 5, 'needed_wh': 1}]}}", "simulation.arrivals[0].departure_ms: must be above arrival_ms\n"},
        {SITE "{'arrivals': [{'arrival_ms': 5, 'departure_ms': 6, 'needed_wh': 1000001, 'phases': 0, 'max_ma': 0, 'priority': -1}]}}",
         "simulation.arrivals[0].needed_wh: must be 0..1000000, is 1000001\nsimulation.arrivals[0].max_ma: must be 1..80000, is 0\n"
         "simulation.arrivals[0].phases: must be 1..3, is 0\nsimulation.arrivals[0].priority: must be 0..9, is -1\n"},
        {SITE "{'arrivals': [{'arrival_ms': 5, 'departure_ms': 6, 'needed_wh': 1, 'wallbox': 'B', 'mode': 'sun', 'announced': 1, 'x': 1}]}}",
         "simulation.arrivals[0].x: unknown key\nsimulation.arrivals[0].wallbox: there is no wallbox \"B\"\n"
         "simulation.arrivals[0].mode: must be fast, solar_minimum or solar_only, is \"sun\"\n"
         "simulation.arrivals[0].announced: must be true or false, is 1\n"},
        {SITE "{'arrivals': [], 'base_load': {'x': {}, 'grid': {'ma': []}}}}",
         "simulation.base_load.x: there is no such node\nsimulation.base_load.grid.ma: must be a list of 1 or more lists of 3 integers\n"},
        {SITE "{'arrivals': [], 'base_load': {'grid': {'step_ms': 0, 'ma': [[1, 2, 3], [1, 2], [0, 0, -1]], 'a': 1}}}}",
         "simulation.base_load.grid.a: unknown key\nsimulation.base_load.grid.step_ms: must be 1..315360000000, is 0\n"
         "simulation.base_load.grid.ma[1]: must be a list of 3 integers in 0..1000000\nsimulation.base_load.grid.ma[2]: must be a list of 3 integers in "
         "0..1000000\n"},
        {SITE "{'arrivals': [], 'sun': {}}}", "simulation.sun.ma: must be a list of 1 or more lists of 3 integers\n"},
        {SITE "{'step_ms': 1, 'arrivals': [{'arrival_ms': 0, 'departure_ms': 20000000, 'needed_wh': 1}]}}",
         "simulation.step_ms: the last departure would be more than 20000000 steps away\n"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_expect_str_eq(rig_day_errors(rows[i].document), rows[i].lines);
    }
}

Test(simulate, keys_of_the_simulated_site_are_skipped)
{
    struct rig_days *r =
        rig_run(ONE_NODE(20000) BOX("A") "], 'simulation': {'arrivals': [], 'seed': 1, 'tick_ms': 1, 'speed': 1, 'voltage_mv': 1, 'sag_mohm': 1,"
                                         "'start': '', 'house': 1, 'solar': 2, 'meters': 3, 'wallboxes': 4, 'sessions': 5}}");

    cr_expect_eq(r->outcome.session_n, 0);
    cr_expect_eq(r->outcome.wanted_wh, 0);
    rig_end(r);
}
