#include <criterion/criterion.h>
#include <string.h>

#include "common/base/units.h"
#include "manager/core/site.h"
#include "manager/core/site_order.h"

TestSuite(site, .timeout = 10);
TestSuite(site_order, .timeout = 10);

static struct site s;
static struct site_error found[8];

static struct site_node node_of(const char *id, uint16_t parent)
{
    struct site_node n = {.parent = parent, .limit_ma = {63000, 63000, 63000}, .reserve_ma = MA_UNSET, .base_load_worst_ma = {MA_UNSET, MA_UNSET, MA_UNSET}};

    strncpy(n.id, id, sizeof n.id - 1);
    return n;
}

static struct site_box box_of(const char *serial, uint16_t node)
{
    struct site_box b = {.node = node, .phases = PHASES_L1_L2_L3, .min_ma = 6000, .max_ma = 32000, .priority = 5, .weight = 1};

    strncpy(b.serial, serial, sizeof b.serial - 1);
    return b;
}

/* grid <- hall, one wallbox at each, a house meter at the hall. */
static void make(void)
{
    memset(&s, 0, sizeof s);
    s.node_n = 2;
    s.box_n = 2;
    s.meter_n = 1;
    s.node[0] = node_of("grid", NODE_NONE);
    s.node[1] = node_of("hall", 0);
    s.box[0] = box_of("A", 0);
    s.box[1] = box_of("B", 1);
    s.meter[0] = (struct site_meter){
        .id = "m", .model = "abc", .address = "rtu:/dev/ttyS0:9600:N:1", .node = 1, .role = METER_HOUSE, .phases = PHASES_L1_L2_L3, .lag_ms = 1000};
}

static void refused(enum site_part part, uint16_t index, const char *field)
{
    cr_assert_eq(site_validate(&s, found, 8), 1, "%s", field);
    cr_assert_eq(found[0].part, part);
    cr_assert_eq(found[0].index, index);
    cr_assert_str_eq(found[0].field, field);
    make();
}

Test(site, a_sound_site_has_no_errors)
{
    make();
    cr_assert_eq(site_validate(&s, found, 8), 0);
}

Test(site, counts_outside_their_capacity_are_refused)
{
    make();
    s.node_n = 0;
    refused(SITE_PART_SITE, 0, "nodes");
    s.node_n = NODE_MAX + 1;
    refused(SITE_PART_SITE, 0, "nodes");
    s.box_n = BOX_MAX + 1;
    refused(SITE_PART_SITE, 0, "wallboxes");
    s.meter_n = METER_MAX + 1;
    refused(SITE_PART_SITE, 0, "meters");
}

Test(site, each_value_of_a_node_is_checked)
{
    make();
    s.node[1].id[0] = '\0';
    refused(SITE_PART_NODE, 1, "id");
    s.node[1] = node_of("grid", 0);
    refused(SITE_PART_NODE, 1, "id");
    s.node[1].limit_ma[2] = 999;
    refused(SITE_PART_NODE, 1, "limit_ma");
    s.node[1].limit_ma[2] = MA_MAX + 1;
    refused(SITE_PART_NODE, 1, "limit_ma");
    s.node[1].limit_w = 999;
    refused(SITE_PART_NODE, 1, "limit_w");
    s.node[1].limit_w = 100000001;
    refused(SITE_PART_NODE, 1, "limit_w");
    s.node[1].reserve_ma = 63001;
    refused(SITE_PART_NODE, 1, "reserve_ma");
    s.node[1].reserve_ma = -2;
    refused(SITE_PART_NODE, 1, "reserve_ma");
    s.node[1].base_load_ma[0] = -1;
    refused(SITE_PART_NODE, 1, "base_load_ma");
    s.node[1].base_load_worst_ma[0] = 0; /* the other two are still unset */
    refused(SITE_PART_NODE, 1, "base_load_worst_ma");
    s.node[1].max_imbalance_ma = -1;
    refused(SITE_PART_NODE, 1, "max_imbalance_ma");
}

Test(site, a_tree_that_is_none_is_refused)
{
    make();
    s.node[0].parent = 1;
    refused(SITE_PART_NODE, 0, "parent");
    s.node[1].parent = NODE_NONE;
    refused(SITE_PART_NODE, 1, "parent");
    s.node[1].parent = 1;
    refused(SITE_PART_NODE, 1, "parent");
}

Test(site, eight_levels_are_allowed_and_nine_are_not)
{
    char id[] = "n0";

    make();
    for (uint16_t i = 2; i < 9; i++) {
        id[1] = (char)('0' + i);
        s.node[i] = node_of(id, (uint16_t)(i - 1));
    }
    s.node_n = 8;
    cr_assert_eq(site_validate(&s, found, 8), 0);
    s.node_n = 9;
    refused(SITE_PART_NODE, 8, "parent");
}

Test(site, each_value_of_a_wallbox_is_checked)
{
    make();
    s.box[1] = box_of("A", 1);
    refused(SITE_PART_BOX, 1, "id");
    s.box[1] = box_of("a b", 1);
    refused(SITE_PART_BOX, 1, "id");
    s.box[1].name[0] = '\n';
    refused(SITE_PART_BOX, 1, "name");
    s.box[1].node = 2;
    refused(SITE_PART_BOX, 1, "node");
    s.box[1].phases = PHASES_UNSET;
    refused(SITE_PART_BOX, 1, "phases");
    s.box[1].phases = PHASES_N;
    refused(SITE_PART_BOX, 1, "phases");
    s.box[1].max_ma = 80001;
    refused(SITE_PART_BOX, 1, "max_ma");
    s.box[1].min_ma = 5999;
    refused(SITE_PART_BOX, 1, "min_ma");
    s.box[1].min_ma = 32001;
    refused(SITE_PART_BOX, 1, "min_ma");
    s.box[1].fallback_ma = 5999;
    refused(SITE_PART_BOX, 1, "fallback_ma");
    s.box[1].fallback_ma = 32001;
    refused(SITE_PART_BOX, 1, "fallback_ma");
    s.box[1].priority = -1;
    refused(SITE_PART_BOX, 1, "priority");
    s.box[1].priority = PRIORITY_MAX + 1;
    refused(SITE_PART_BOX, 1, "priority");
    s.box[1].weight = 0;
    refused(SITE_PART_BOX, 1, "weight");
    s.box[1].weight = WEIGHT_MAX + 1;
    refused(SITE_PART_BOX, 1, "weight");
}

Test(site, each_value_of_a_meter_is_checked)
{
    make();
    s.meter[0].id[0] = '\0';
    refused(SITE_PART_METER, 0, "id");
    s.meter[0].model[0] = '\0';
    refused(SITE_PART_METER, 0, "model");
    s.meter[0].address[0] = '\0';
    refused(SITE_PART_METER, 0, "address");
    s.meter[0].node = 2;
    refused(SITE_PART_METER, 0, "node");
    s.meter[0].role = METER_ROLE_UNSET;
    refused(SITE_PART_METER, 0, "role");
    s.meter[0].phases = PHASES_UNSET;
    refused(SITE_PART_METER, 0, "phases");
    s.meter[0].lag_ms = 10001;
    refused(SITE_PART_METER, 0, "lag_ms");
    s.meter[0].lag_ms = -1;
    refused(SITE_PART_METER, 0, "lag_ms");
}

Test(site, a_node_has_at_most_one_house_meter)
{
    make();
    s.meter_n = 2;
    s.meter[1] = s.meter[0];
    s.meter[1].id[0] = 'n';
    refused(SITE_PART_METER, 1, "node");
    s.meter_n = 2;
    s.meter[1] = s.meter[0];
    s.meter[1].id[0] = 'n';
    s.meter[1].role = METER_SOLAR;
    cr_assert_eq(site_validate(&s, found, 8), 0);
}

Test(site, a_zone_that_leads_out_of_its_directory_is_refused)
{
    make();
    memcpy(s.timezone, "../x", sizeof "../x");
    refused(SITE_PART_SITE, 0, "timezone");
    memcpy(s.timezone, "/etc/passwd", sizeof "/etc/passwd");
    refused(SITE_PART_SITE, 0, "timezone");
    memcpy(s.timezone, "Etc/GMT+2", sizeof "Etc/GMT+2");
    cr_assert_eq(site_validate(&s, found, 8), 0);
}

Test(site, a_metered_node_above_two_wallboxes_needs_its_worst_base_load)
{
    make();
    s.meter[0].node = 0; /* above both */
    refused(SITE_PART_NODE, 0, "base_load_worst_ma");
    s.meter[0].node = 0;
    s.node[0].base_load_worst_ma[0] = s.node[0].base_load_worst_ma[1] = s.node[0].base_load_worst_ma[2] = 0;
    cr_assert_eq(site_validate(&s, found, 8), 0);
}

Test(site, the_fallback_currents_fit_every_node_and_phase)
{
    make();
    s.node[0].base_load_ma[1] = 63000 - 1260 - 22000; /* 2 % reserve */
    s.box[0].fallback_ma = 10000;
    s.box[1].fallback_ma = 12000;
    cr_assert_eq(site_validate(&s, found, 8), 0);
    s.box[1].fallback_ma = 12001;
    cr_assert_eq(site_validate(&s, found, 8), 1);
    s.box[1].phases = PHASES_L1; /* not on the full phase */
    cr_assert_eq(site_validate(&s, found, 8), 0);
    s.node[1].base_load_worst_ma[0] = s.node[1].base_load_worst_ma[1] = s.node[1].base_load_worst_ma[2] = 50000;
    refused(SITE_PART_NODE, 1, "limit_ma");
}

Test(site, more_errors_than_there_is_room_for_are_counted)
{
    make();
    s.box[0].weight = 0;
    s.box[0].priority = -1;
    s.box[1].weight = 0;
    found[1].field = NULL;
    cr_assert_eq(site_validate(&s, found, 1), 3);
    cr_assert_null(found[1].field);
}

Test(site, the_reserve_is_two_percent_and_at_least_500_ma)
{
    struct site_node n = {.limit_ma = {24999, 25050, 1000000}, .reserve_ma = MA_UNSET};

    cr_assert_eq(site_reserve_ma(&n, 0), 500);
    cr_assert_eq(site_reserve_ma(&n, 1), 501);
    cr_assert_eq(site_reserve_ma(&n, 2), 20000);
    n.reserve_ma = 0;
    cr_assert_eq(site_reserve_ma(&n, 2), 0);
}

Test(site, things_are_found_by_name)
{
    uint16_t i = 77;

    make();
    cr_assert_eq(site_box_find(&s, "B", &i), RC_OK);
    cr_assert_eq(i, 1);
    cr_assert_eq(site_node_find(&s, "grid", &i), RC_OK);
    cr_assert_eq(i, 0);
    cr_assert_eq(site_meter_find(&s, "m", &i), RC_OK);
    i = 77;
    cr_assert_eq(site_box_find(&s, "C", &i), RC_MISSING);
    cr_assert_eq(site_node_find(&s, "A", &i), RC_MISSING);
    cr_assert_eq(site_meter_find(&s, "", &i), RC_MISSING);
    cr_assert_eq(i, 77);
    cr_assert_eq(site_house_meter(&s, 1), 0);
    cr_assert_eq(site_house_meter(&s, 0), METER_MAX);
    cr_assert(site_box_is_under(&s, 1, 0));
    cr_assert(site_box_is_under(&s, 1, 1));
    cr_assert_not(site_box_is_under(&s, 0, 1));
}

Test(site_order, sorted_nodes_keep_their_order_and_others_are_sorted)
{
    static const uint16_t sorted[] = {NODE_NONE, 0, 1, 0};
    static const uint16_t mixed[] = {2, NODE_NONE, 1};
    struct site_order o;
    enum order_fault fault;
    uint16_t at;

    cr_assert_eq(site_order(sorted, 4, &o, &fault, &at), RC_OK);
    for (uint16_t i = 0; i < 4; i++) {
        cr_assert_eq(o.order[i], i);
        cr_assert_eq(o.parent[i], sorted[i]);
    }
    cr_assert_eq(site_order(mixed, 3, &o, &fault, &at), RC_OK);
    cr_assert_eq(o.order[0], 1);
    cr_assert_eq(o.order[1], 2);
    cr_assert_eq(o.order[2], 0);
    cr_assert_eq(o.parent[0], NODE_NONE);
    cr_assert_eq(o.parent[1], 0);
    cr_assert_eq(o.parent[2], 1);
}

Test(site_order, what_is_no_tree_is_refused)
{
    static const uint16_t rootless[] = {1, 0};
    static const uint16_t two_roots[] = {NODE_NONE, NODE_NONE};
    static const uint16_t circle[] = {NODE_NONE, 2, 1};
    struct site_order o;
    enum order_fault fault;
    uint16_t at;

    cr_assert_eq(site_order(rootless, 2, &o, &fault, &at), RC_RANGE);
    cr_assert_eq(fault, ORDER_NO_ROOT);
    cr_assert_eq(site_order(two_roots, 2, &o, &fault, &at), RC_RANGE);
    cr_assert_eq(fault, ORDER_SECOND_ROOT);
    cr_assert_eq(at, 1);
    cr_assert_eq(site_order(circle, 3, &o, &fault, &at), RC_RANGE);
    cr_assert_eq(fault, ORDER_CIRCLE);
    cr_assert_eq(at, 1);
}
