#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manager/shell/sitedoc.h"

TestSuite(sitedoc, .timeout = 10);

static struct site site;
static struct site again;
static struct sitedoc_errors errors;

static json_t *parse(const char *text)
{
    json_t *document;

    cr_assert_eq(sitedoc_parse(text, strlen(text), &document, &errors), RC_OK, "%s", errors.at[0]);
    return document;
}

static enum rc read_site(const char *text)
{
    json_t *document;
    enum rc rc;

    errors = (struct sitedoc_errors){0};
    document = parse(text);
    rc = sitedoc_site(document, &site, &errors);
    json_decref(document);
    return rc;
}

static void refuses(const char *text, const char *line)
{
    cr_assert_eq(read_site(text), RC_RANGE, "%s", text);
    cr_assert_str_eq(errors.at[0], line);
}

static enum rc read_params(const char *text, struct manager_params *out)
{
    json_t *document;
    enum rc rc;

    errors = (struct sitedoc_errors){0};
    document = parse(text);
    rc = sitedoc_params(document, out, &errors);
    json_decref(document);
    return rc;
}

#define ROOT "{\"id\": \"grid\", \"limit_ma\": [63000, 62000, 61000]}"

Test(sitedoc, only_names_and_limits_are_required)
{
    cr_assert_eq(read_site("{\"nodes\": [" ROOT "], \"wallboxes\": [{\"id\": \"A\", \"node\": \"grid\"}]}"), RC_OK, "%s", errors.at[0]);
    cr_assert_eq(site.node_n, 1);
    cr_assert_eq(site.box_n, 1);
    cr_assert_eq(site.meter_n, 0);
    cr_assert_str_eq(site.timezone, "UTC");
    cr_assert_eq(site.node[0].parent, NODE_NONE);
    cr_assert_eq(site.node[0].limit_ma[2], 61000);
    cr_assert_eq(site.node[0].limit_w, 0);
    cr_assert_eq(site.node[0].reserve_ma, MA_UNSET);
    cr_assert_eq(site.node[0].base_load_ma[1], 0);
    cr_assert_eq(site.node[0].base_load_worst_ma[0], MA_UNSET);
    cr_assert_eq(site.node[0].max_imbalance_ma, 0);
    cr_assert_str_eq(site.box[0].serial, "A");
    cr_assert_str_eq(site.box[0].name, "");
    cr_assert_eq(site.box[0].phases, PHASES_L1_L2_L3);
    cr_assert_eq(site.box[0].min_ma, 6000);
    cr_assert_eq(site.box[0].max_ma, 32000);
    cr_assert_eq(site.box[0].fallback_ma, 0);
    cr_assert_eq(site.box[0].priority, 5);
    cr_assert_eq(site.box[0].weight, 1);
}

Test(sitedoc, the_example_of_wallbox_plan_is_read_and_its_own_keys_are_skipped)
{
    cr_assert_eq(
        read_site(
            "{\"nodes\": [{\"id\": \"grid\", \"limit_ma\": [63000, 63000, 63000], \"base_load_ma\": [12000, 3500, 8000], \"reserve_ma\": 0, \"limit_w\": null,"
            "\"max_imbalance_ma\": 0}, {\"id\": \"carport\", \"parent\": \"grid\", \"limit_ma\": [32000, 32000, 32000]}],"
            "\"wallboxes\": [{\"id\": \"A\", \"node\": \"carport\", \"phases\": \"L1-L2-L3\", \"phases_used\": [\"L1\"], \"min_ma\": 6000, \"max_ma\": 32000,"
            "\"demand_ma\": 32000, \"priority\": 5, \"weight\": 1, \"waiting_ms\": 0, \"running_ms\": 60000, \"current_ma\": 10000, \"needed_wh\": 20000,"
            "\"departure_ms\": 14400000, \"mode\": \"fast\", \"fixed_ma\": null}], \"plan\": {\"step_ma\": 100}, \"simulation\": 7, \"cards\": 7, \"users\": "
            "7}"),
        RC_OK, "%s", errors.at[0]);
    cr_assert_eq(site.node[0].reserve_ma, 0);
    cr_assert_eq(site.node[0].base_load_ma[1], 3500);
    cr_assert_eq(site.box[0].node, 1);
}

Test(sitedoc, nodes_may_stand_in_any_order)
{
    cr_assert_eq(read_site("{\"nodes\": [{\"id\": \"leaf\", \"parent\": \"mid\", \"limit_ma\": [10000, 10000, 10000]},"
                           "{\"id\": \"mid\", \"parent\": \"grid\", \"limit_ma\": [20000, 20000, 20000]}, " ROOT "],"
                           "\"wallboxes\": [{\"id\": \"A\", \"node\": \"leaf\"}]}"),
                 RC_OK, "%s", errors.at[0]);
    cr_assert_str_eq(site.node[0].id, "grid");
    cr_assert_str_eq(site.node[1].id, "mid");
    cr_assert_str_eq(site.node[2].id, "leaf");
    cr_assert_eq(site.node[1].parent, 0);
    cr_assert_eq(site.node[2].parent, 1);
    cr_assert_eq(site.box[0].node, 2);
}

Test(sitedoc, an_error_names_the_node_as_it_stands_in_the_document)
{
    refuses("{\"nodes\": [{\"id\": \"a\", \"parent\": \"grid\", \"limit_ma\": [1000, 1000, 1000], \"reserve_ma\": 1001}, " ROOT "]}",
            "nodes[0].reserve_ma: must be 0..limit_ma");
    refuses("{\"nodes\": [{\"id\": \"a\", \"parent\": \"grid\", \"limit_ma\": [999, 1000, 1000]}, " ROOT "]}",
            "nodes[0].limit_ma[0]: must be 1000..1000000, is 999");
}

Test(sitedoc, a_tree_that_is_none_is_refused_with_its_path)
{
    refuses("{}", "nodes: must be a list of 1..256 objects");
    refuses("{\"nodes\": []}", "nodes: must be a list of 1..256 objects");
    refuses("{\"nodes\": {}}", "nodes: must be a list of at most 256 objects");
    refuses("{\"nodes\": [7]}", "nodes[0]: must be an object");
    refuses("{\"nodes\": [" ROOT ", {\"id\": \"b\", \"limit_ma\": [1000, 1000, 1000]}]}",
            "nodes[1].parent: missing: only one node, the grid connection, has no parent");
    refuses("{\"nodes\": [{\"id\": \"a\", \"parent\": \"a\", \"limit_ma\": [1000, 1000, 1000]}]}",
            "nodes[0].parent: no node is the grid connection: one must have no parent");
    refuses("{\"nodes\": [" ROOT ", {\"id\": \"a\", \"parent\": \"b\", \"limit_ma\": [1000, 1000, 1000]},"
            "{\"id\": \"b\", \"parent\": \"a\", \"limit_ma\": [1000, 1000, 1000]}]}",
            "nodes[1].parent: leads round in a circle");
    refuses("{\"nodes\": [" ROOT ", {\"id\": \"a\", \"parent\": \"x\", \"limit_ma\": [1000, 1000, 1000]}]}", "nodes[1].parent: there is no node \"x\"");
    refuses("{\"nodes\": [" ROOT ", {\"id\": \"grid\", \"parent\": \"grid\", \"limit_ma\": [1000, 1000, 1000]}]}",
            "nodes[1].id: is the name of another node as well");
}

Test(sitedoc, eight_levels_are_allowed_and_nine_are_not)
{
    char text[2048];

    for (int levels = 8; levels <= 9; levels++) {
        int n = snprintf(text, sizeof text, "{\"nodes\": [{\"id\": \"n0\", \"limit_ma\": [9000, 9000, 9000]}");

        for (int i = 1; i < levels; i++) {
            n += snprintf(text + n, sizeof text - (size_t)n, ", {\"id\": \"n%d\", \"parent\": \"n%d\", \"limit_ma\": [9000, 9000, 9000]}", i, i - 1);
        }
        (void)snprintf(text + n, sizeof text - (size_t)n, "]}");
        cr_assert_eq(read_site(text), levels == 8 ? RC_OK : RC_RANGE);
    }
    cr_assert_str_eq(errors.at[0], "nodes[8].parent: the tree has more than 8 levels");
}

Test(sitedoc, values_outside_their_range_are_said_with_path_bounds_and_value)
{
#define BOX(rest) "{\"nodes\": [" ROOT "], \"wallboxes\": [{\"id\": \"A\", \"node\": \"grid\"}, {\"id\": \"B\", \"node\": \"grid\", " rest "}]}"
    refuses(BOX("\"min_ma\": 10"), "wallboxes[1].min_ma: must be 6000..80000, is 10");
    refuses(BOX("\"min_ma\": 6000.0"), "wallboxes[1].min_ma: must be 6000..80000, is no integer");
    refuses(BOX("\"min_ma\": null"), "wallboxes[1].min_ma: must be 6000..80000, is null");
    refuses(BOX("\"max_ma\": 80001"), "wallboxes[1].max_ma: must be 6000..80000, is 80001");
    refuses(BOX("\"max_ma\": 9223372036854775807"), "wallboxes[1].max_ma: must be 6000..80000, is 9223372036854775807");
    refuses(BOX("\"priority\": 10"), "wallboxes[1].priority: must be 0..9, is 10");
    refuses(BOX("\"weight\": 0"), "wallboxes[1].weight: must be 1..100, is 0");
    refuses(BOX("\"weight\": \"1\""), "wallboxes[1].weight: must be 1..100, is a text");
    refuses(BOX("\"phases\": \"L2-L1-L3\""), "wallboxes[1].phases: must be L1-L2-L3, L2-L3-L1, L3-L1-L2, L1, L2 or L3, is \"L2-L1-L3\"");
    refuses(BOX("\"min_ma\": 16000, \"max_ma\": 15999"), "wallboxes[1].min_ma: must be 6000..max_ma");
    refuses(BOX("\"fallback_ma\": 5999"), "wallboxes[1].fallback_ma: must be 0 or min_ma..max_ma");
    refuses(BOX("\"colour\": 1"), "wallboxes[1].colour: unknown key");
    refuses(BOX("\"a\\nb\": 1"), "wallboxes[1].a?b: unknown key");
    refuses("{\"nodes\": [{\"id\": \"g\"}]}", "nodes[0].limit_ma: missing");
    refuses("{\"nodes\": [{\"id\": \"g\", \"limit_ma\": 63000}]}", "nodes[0].limit_ma: must be a list of 3 integers");
    refuses("{\"nodes\": [{\"id\": \"g\", \"limit_ma\": [63000, 63000]}]}", "nodes[0].limit_ma: must be a list of 3 integers");
    refuses("{\"nodes\": [{\"limit_ma\": [63000, 63000, 63000]}]}", "nodes[0].id: missing");
    refuses("{\"nodes\": [{\"id\": \"a b\", \"limit_ma\": [63000, 63000, 63000]}]}", "nodes[0].id: must be 1..32 of A-Z a-z 0-9 . _ -, is \"a b\"");
    refuses("{\"nodes\": [" ROOT "], \"wallboxes\": [{\"id\": \"A\"}]}", "wallboxes[0].node: missing");
    refuses("{\"nodes\": [" ROOT "], \"wallboxes\": [{\"id\": \"A\", \"node\": \"x\"}]}", "wallboxes[0].node: there is no node \"x\"");
    refuses("{\"nodes\": [" ROOT "], \"wallboxes\": [{\"id\": \"A\", \"node\": \"grid\"}, {\"id\": \"A\", \"node\": \"grid\"}]}",
            "wallboxes[1].id: is the serial number of another wallbox as well");
    refuses("{\"nodes\": [" ROOT "], \"timezone\": \"../../etc/passwd\"}", "timezone: must be an IANA name such as Europe/Berlin");
    refuses("{\"nodes\": [" ROOT "], \"timezone\": 1}", "timezone: must be an IANA name of at most 64 bytes");
}

static enum rc read_what_if(const char *text)
{
    json_t *document;
    enum rc rc;

    errors = (struct sitedoc_errors){0};
    document = parse(text);
    rc = sitedoc_what_if(document, &site, &errors);
    json_decref(document);
    return rc;
}

Test(sitedoc, a_what_if_may_have_any_figures_but_is_a_tree_with_names)
{
    cr_assert_eq(read_what_if("{\"nodes\": [{\"id\": \"g\", \"limit_ma\": [0, 0, 0], \"limit_w\": 1}], \"wallboxes\": [{\"id\": \"A\", \"node\": \"g\","
                              "\"min_ma\": 1, \"max_ma\": 1, \"fallback_ma\": 80000}], \"meters\": 7, \"timezone\": 7}"),
                 RC_OK, "%s", errors.at[0]);
    cr_assert_eq(site.node[0].reserve_ma, 0);
    cr_assert_eq(site.node[0].limit_w, 1);
    cr_assert_eq(site.box[0].max_ma, 1);
    cr_assert_eq(site.meter_n, 0);
    cr_assert_eq(read_what_if("{\"nodes\": [" ROOT "], \"wallboxes\": [{\"id\": \"A\", \"node\": \"grid\"}, {\"id\": \"A\", \"node\": \"grid\", \"min_ma\": 9,"
                              "\"max_ma\": 8}]}"),
                 RC_RANGE);
    cr_assert_str_eq(errors.at[0], "wallboxes[1].min_ma: must be 1..max_ma");
    cr_assert_str_eq(errors.at[1], "wallboxes[1].id: is the serial number of another wallbox as well");
}

Test(sitedoc, a_section_that_no_program_knows_is_refused)
{
    refuses("{\"nodes\": [" ROOT "], \"walboxes\": []}", "walboxes: unknown key");
}

Test(sitedoc, all_errors_are_found_in_one_pass)
{
    refuses("{\"nodes\": [{\"id\": \"g\", \"limit_ma\": [1, 2, 63000], \"x\": 1}], \"wallboxes\": [{\"node\": \"g\", \"weight\": 101}]}",
            "nodes[0].x: unknown key");
    cr_assert_eq(errors.n, 5);
    cr_assert_str_eq(errors.at[1], "nodes[0].limit_ma[0]: must be 1000..1000000, is 1");
    cr_assert_str_eq(errors.at[2], "nodes[0].limit_ma[1]: must be 1000..1000000, is 2");
    cr_assert_str_eq(errors.at[3], "wallboxes[0].id: missing");
    cr_assert_str_eq(errors.at[4], "wallboxes[0].weight: must be 1..100, is 101");
}

Test(sitedoc, more_errors_than_are_kept_are_counted)
{
    for (int i = 0; i < SITEDOC_ERROR_MAX + 8; i++) {
        sitedoc_error(&errors, "line %d", i);
    }
    cr_assert_eq(errors.n, SITEDOC_ERROR_MAX + 8);
    cr_assert_str_eq(errors.at[SITEDOC_ERROR_MAX - 1], "line 31");
}

#define METERED(node_rest, boxes)                                                                                          \
    "{\"timezone\": \"Europe/Berlin\", \"nodes\": [{\"id\": \"grid\", \"limit_ma\": [63000, 63000, 63000]" node_rest "}]," \
    "\"wallboxes\": [" boxes                                                                                               \
    "], \"meters\": [{\"id\": \"m\", \"model\": \"abc\", \"node\": \"grid\", \"role\": \"house\", \"address\": \"tcp:10.0.0.5:502:1\"}]}"
#define BOX_A "{\"id\": \"A\", \"node\": \"grid\"}"
#define BOX_B "{\"id\": \"B\", \"node\": \"grid\", \"name\": \"left\"}"

Test(sitedoc, meters_are_read_with_their_defaults)
{
    cr_assert_eq(read_site(METERED("", BOX_A)), RC_OK, "%s", errors.at[0]);
    cr_assert_eq(site.meter_n, 1);
    cr_assert_str_eq(site.meter[0].model, "abc");
    cr_assert_str_eq(site.meter[0].address, "tcp:10.0.0.5:502:1");
    cr_assert_eq(site.meter[0].role, METER_HOUSE);
    cr_assert_eq(site.meter[0].phases, PHASES_L1_L2_L3);
    cr_assert_eq(site.meter[0].lag_ms, 1000);
}

Test(sitedoc, a_metered_node_with_two_wallboxes_needs_its_worst_base_load)
{
    refuses(METERED("", BOX_A "," BOX_B), "nodes[0].base_load_worst_ma: is needed: a meter here may be lost, and more than one wallbox hangs below");
    cr_assert_eq(read_site(METERED(", \"base_load_worst_ma\": 20000", BOX_A "," BOX_B)), RC_OK, "%s", errors.at[0]);
    cr_assert_eq(site.node[0].base_load_worst_ma[2], 20000);
    cr_assert_eq(read_site(METERED(", \"base_load_worst_ma\": [1, 2, 3]", BOX_A "," BOX_B)), RC_OK, "%s", errors.at[0]);
    cr_assert_eq(site.node[0].base_load_worst_ma[2], 3);
    refuses(METERED(", \"base_load_worst_ma\": -1", BOX_A "," BOX_B), "nodes[0].base_load_worst_ma: must be 0..1000000, is -1");
}

Test(sitedoc, a_meter_with_a_wrong_role_or_address_is_refused)
{
#define METER(rest) "{\"nodes\": [" ROOT "], \"meters\": [{\"id\": \"m\", \"model\": \"abc\", \"node\": \"grid\", " rest "}]}"
    refuses(METER("\"role\": \"roof\", \"address\": \"tcp:a:1:1\""), "meters[0].role: must be house or solar, is \"roof\"");
    refuses(METER("\"address\": \"tcp:a:1:1\""), "meters[0].role: missing");
    refuses(METER("\"role\": \"solar\", \"address\": \"usb:1\""), "meters[0].address: must be tcp:HOST:PORT:UNIT or rtu:DEVICE:BAUD:PARITY:UNIT");
    refuses(METER("\"role\": \"solar\", \"address\": \"tcp:a:1:1\", \"lag_ms\": 10001"), "meters[0].lag_ms: must be 0..10000, is 10001");
}

/* SR-182, SR-188: monitoring on or off; SR-192: a meter may be configured without it. */
Test(sitedoc, a_meter_that_is_switched_off_is_kept_but_not_used)
{
    struct manager_params params;
    json_t *document;

    manager_params_defaults(&params);
    cr_assert_eq(read_site(METER("\"role\": \"solar\", \"used\": false, \"address\": \"tcp:a:1:1\"")), RC_OK, "%s", errors.at[0]);
    cr_expect_eq(site.meter[0].role, METER_UNUSED);
    document = sitedoc_write(&site, &params);
    cr_assert_eq(sitedoc_site(document, &again, &errors), RC_OK, "%s", errors.at[0]);
    cr_expect_eq(again.meter[0].role, METER_UNUSED);
    cr_expect_str_eq(site_meter_role_text(&again.meter[0]), "solar");
    json_decref(document);
    refuses(METER("\"role\": \"house\", \"used\": 1, \"address\": \"tcp:a:1:1\""), "meters[0].used: must be true or false, is 1");
}

/* SR-193 demands a meter for monitoring: without it the node has no house meter, and no worst base load is asked for. */
Test(sitedoc, a_house_meter_that_is_switched_off_leaves_its_node_without_one)
{
    cr_assert_eq(read_site("{\"nodes\": [" ROOT "], \"wallboxes\": [" BOX_A "," BOX_B "], \"meters\": [{\"id\": \"m\", \"model\": \"abc\", "
                           "\"node\": \"grid\", \"role\": \"house\", \"used\": false, \"address\": \"tcp:a:1:1\"}]}"),
                 RC_OK, "%s", errors.at[0]);
    cr_expect_eq(site_house_meter(&site, 0), METER_MAX);
}

Test(sitedoc, what_was_written_reads_back_equal)
{
    struct manager_params params;
    struct manager_params params_again;
    json_t *document;

    manager_params_defaults(&params);
    manager_params_defaults(&params_again);
    params.lease_ms = 20000;
    cr_assert_eq(read_site(METERED(", \"base_load_worst_ma\": 20000, \"limit_w\": 43000, \"reserve_ma\": 700", BOX_A "," BOX_B)), RC_OK, "%s", errors.at[0]);
    document = sitedoc_write(&site, &params);
    cr_assert_eq(sitedoc_site(document, &again, &errors), RC_OK, "%s", errors.at[0]);
    cr_assert_eq(sitedoc_params(document, &params_again, &errors), RC_OK, "%s", errors.at[0]);
    json_decref(document);
    cr_assert_eq(memcmp(&site, &again, sizeof site), 0);
    cr_assert_eq(memcmp(&params, &params_again, sizeof params), 0);
}

Test(sitedoc, parameters_are_set_by_name_and_a_bad_set_changes_none)
{
    struct manager_params p;

    manager_params_defaults(&p);
    cr_assert_eq(read_params("{}", &p), RC_OK);
    cr_assert_eq(read_params("{\"manager\": {\"lease_ms\": 12000, \"ripple_ma\": 0}}", &p), RC_OK);
    cr_assert_eq(p.lease_ms, 12000);
    cr_assert_eq(p.ripple_ma, 0);
    cr_assert_eq(read_params("{\"manager\": {\"ripple_ma\": 100, \"lease_ms\": 1}}", &p), RC_RANGE);
    cr_assert_str_eq(errors.at[0], "manager.lease_ms: must be 2000..60000 ms, is 1");
    cr_assert_eq(p.ripple_ma, 0);
    cr_assert_eq(read_params("{\"manager\": {\"colour\": 1}}", &p), RC_RANGE);
    cr_assert_str_eq(errors.at[0], "manager.colour: unknown key");
    cr_assert_eq(read_params("{\"manager\": []}", &p), RC_RANGE);
    cr_assert_eq(read_params("{\"manager\": {\"lease_ms\": 2000}}", &p), RC_RANGE);
    cr_assert_eq(strncmp(errors.at[0], "manager: lease_ms must be above", 31), 0);
}

Test(sitedoc, text_that_is_no_document_is_refused_with_its_line)
{
    json_t *document;

    cr_assert_eq(sitedoc_parse("", 0, &document, &errors), RC_MALFORMED);
    cr_assert_null(document);
    cr_assert_eq(sitedoc_parse("{\n\"a\": 1,\n\"a\": 2}", 18, &document, &errors), RC_MALFORMED);
    cr_assert_eq(strncmp(errors.at[1], "line 3, ", 8), 0, "%s", errors.at[1]);
    cr_assert_eq(sitedoc_parse("[]", 2, &document, &errors), RC_MALFORMED);
    cr_assert_null(document);
    cr_assert_eq(sitedoc_parse("{} x", 4, &document, &errors), RC_MALFORMED);
}

Test(sitedoc, a_file_is_loaded_and_a_missing_one_is_named)
{
    char path[] = "/tmp/sitedoc-XXXXXX";
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "w");
    json_t *document;

    (void)fputs("{\"nodes\": []}", f);
    (void)fclose(f);
    cr_assert_eq(sitedoc_load(path, &document, &errors), RC_OK);
    json_decref(document);
    (void)remove(path);
    cr_assert_eq(sitedoc_load(path, &document, &errors), RC_IO);
    cr_assert_null(document);
    cr_assert_not_null(strstr(errors.at[0], path));
    cr_assert_eq(sitedoc_load("/", &document, &errors), RC_IO);
}
