#include "manager/shell/sitedoc.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "manager/core/site_order.h"
#include "manager/shell/jsonread.h"
#include "manager/shell/sitedoc_schedule.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Ranges of a running site, then of a what-if: there anything that can be reckoned with is allowed. */
static const struct int_row node_ints[] = {
    INT_ROW(site_node, limit_w, true, RANGE(1000, 100000000, 0), RANGE(0, 100000000, 0)),
    INT_ROW(site_node, reserve_ma, true, RANGE(0, MA_MAX, MA_UNSET), RANGE(0, MA_MAX, 0)),
    INT_ROW(site_node, max_imbalance_ma, false, RANGE(0, MA_MAX, 0), RANGE(0, MA_MAX, 0)),
};
static const struct int_row box_ints[] = {
    INT_ROW(site_box, min_ma, false, RANGE(6000, 80000, 6000), RANGE(1, 80000, 6000)),
    INT_ROW(site_box, max_ma, false, RANGE(6000, 80000, 32000), RANGE(1, 80000, 32000)),
    INT_ROW(site_box, fallback_ma, false, RANGE(0, 80000, 0), RANGE(0, 80000, 0)),
    INT_ROW(site_box, priority, false, RANGE(0, PRIORITY_MAX, 5), RANGE(0, PRIORITY_MAX, 5)),
    INT_ROW(site_box, weight, false, RANGE(1, WEIGHT_MAX, 1), RANGE(1, WEIGHT_MAX, 1)),
    INT_ROW(site_box, local_limit_ma, true, RANGE(6000, 80000, 0), RANGE(0, 80000, 0)),
};
static const struct int_row meter_ints[] = {INT_ROW(site_meter, lag_ms, false, RANGE(0, 10000, 1000), RANGE(0, 10000, 1000))};
static const int32_t lowest_limit_ma[SITEDOC_MODE_N] = {[SITEDOC_RUNNING] = 1000, [SITEDOC_WHAT_IF] = 0};

/* Each program skips the sections of the others; a name that none of them has is a mistake. */
static const char *const section_keys[] = {"nodes",      "wallboxes", "meters", "timezone", "manager", "plan",
                                           "simulation", "cards",     "users",  "keys",     "tariff",  NULL};
static const char *const node_keys[] = {"id",       "parent", "limit_ma", "limit_w", "reserve_ma", "base_load_ma", "base_load_worst_ma", "max_imbalance_ma",
                                        "schedule", NULL};
static const char *const box_keys[] = {"id", "name", "node", "phases", "min_ma", "max_ma", "fallback_ma", "priority", "weight", "mode", "local_limit_ma",
                                       /* the next ones mean something to wallbox-plan only */
                                       "phases_used", "demand_ma", "waiting_ms", "running_ms", "current_ma", "needed_wh", "departure_ms", "fixed_ma", NULL};
static const char *const meter_keys[] = {"id", "model", "node", "role", "used", "address", "phases", "lag_ms", NULL};

static void read_assign(const struct place *at, enum phase_assign *out)
{
    const char *text;

    *out = PHASES_L1_L2_L3;
    if (json_object_get(at->object, "phases") == NULL) {
        return;
    }
    text = read_text(at, "phases");
    if (text != NULL && phase_assign_parse(text, out) != RC_OK) {
        read_error(at, "phases", "must be L1-L2-L3, L2-L3-L1, L3-L1-L2, L1, L2 or L3, is \"%.64s\"", text);
    }
}

static void read_mode(const struct place *at, enum solar_mode *out)
{
    const char *text = json_object_get(at->object, "mode") != NULL ? read_text(at, "mode") : NULL;

    if (text != NULL && solar_mode_parse(text, out) != RC_OK) {
        read_error(at, "mode", "must be fast, solar_minimum or solar_only, is \"%.64s\"", text);
    }
}

static void read_node_of(const struct place *at, const struct site *site, uint16_t *out)
{
    const char *text = read_text(at, "node");

    if (text != NULL && site_node_find(site, text, out) != RC_OK) {
        read_error(at, "node", "there is no node \"%.64s\"", text);
    }
}

/* Index in the document of the parent of a node. */
static uint16_t parent_of(const json_t *list, const struct place *at)
{
    const json_t *value = json_object_get(at->object, "parent");
    const char *text;

    if (value == NULL || json_is_null(value)) {
        return NODE_NONE;
    }
    text = read_text(at, "parent");
    for (size_t i = 0; text != NULL && i < json_array_size(list); i++) {
        const char *id = json_string_value(json_object_get(json_array_get(list, i), "id"));

        if (id != NULL && text_same(id, text)) {
            return (uint16_t)i;
        }
    }
    if (text != NULL) {
        read_error(at, "parent", "there is no node \"%.64s\"", text);
    }
    return NODE_NONE;
}

/* Where each node of the document goes. */
static enum rc order_nodes(const struct place *root, const json_t *list, struct site_order *out)
{
    static const char *const texts[] = {
        [ORDER_NO_ROOT] = "no node is the grid connection: one must have no parent",
        [ORDER_SECOND_ROOT] = "missing: only one node, the grid connection, has no parent",
        [ORDER_CIRCLE] = "leads round in a circle",
    };
    uint16_t parent[NODE_MAX];
    uint16_t n = (uint16_t)json_array_size(list);
    uint16_t before_n = root->errors->n;
    enum order_fault fault;
    uint16_t at;

    for (uint16_t i = 0; i < n; i++) {
        struct place p;

        if (place_item(root, "nodes", i, &p)) {
            parent[i] = parent_of(list, &p);
        }
    }
    if (root->errors->n > before_n) {
        return RC_RANGE; /* without all parents the order means nothing */
    }
    if (site_order(parent, n, out, &fault, &at) != RC_OK) {
        sitedoc_error(root->errors, "nodes[%u].parent: %s", at, texts[fault]);
        return RC_RANGE;
    }
    return RC_OK;
}

static void read_node(const struct place *at, struct site_node *out)
{
    read_refuse_unknown(at, node_keys);
    read_id(at, "id", out->id);
    read_ints(at, node_ints, COUNT(node_ints), out);
    if (json_object_get(at->object, "limit_ma") == NULL) {
        read_error(at, "limit_ma", "missing");
    }
    read_phases_ma(at, "limit_ma", lowest_limit_ma[at->mode], false, out->limit_ma);
    read_phases_ma(at, "base_load_ma", 0, true, out->base_load_ma);
    for (int p = 0; p < PHASE_N; p++) {
        out->base_load_worst_ma[p] = MA_UNSET;
    }
    read_phases_ma(at, "base_load_worst_ma", 0, true, out->base_load_worst_ma);
}

static void read_box(const struct place *at, const struct site *site, struct site_box *out)
{
    read_refuse_unknown(at, box_keys);
    read_id(at, "id", out->serial);
    if (json_object_get(at->object, "name") != NULL) {
        read_line(at, "name", out->name, sizeof out->name);
    }
    read_node_of(at, site, &out->node);
    read_assign(at, &out->phases);
    read_ints(at, box_ints, COUNT(box_ints), out);
    read_mode(at, &out->mode);
}

static void read_meter(const struct place *at, const struct site *site, struct site_meter *out)
{
    const char *role = read_text(at, "role");
    bool is_used = true;

    read_refuse_unknown(at, meter_keys);
    read_bool(at, "used", &is_used);
    read_id(at, "id", out->id);
    read_id(at, "model", out->model);
    read_line(at, "address", out->address, sizeof out->address);
    read_node_of(at, site, &out->node);
    read_assign(at, &out->phases);
    read_ints(at, meter_ints, COUNT(meter_ints), out);
    if (role != NULL && text_same(role, "house")) {
        out->role = METER_HOUSE;
    } else if (role != NULL && text_same(role, "solar")) {
        out->role = METER_SOLAR;
    } else if (role != NULL) {
        read_error(at, "role", "must be house or solar, is \"%.64s\"", role);
    }
    out->role_when_on = out->role;
    out->role = is_used ? out->role : METER_UNUSED;
}

static void read_nodes(const struct place *root, const struct site_order *order, struct site *out)
{
    out->node_n = order->n;
    for (uint16_t i = 0; i < order->n; i++) {
        struct place at;

        if (place_item(root, "nodes", order->order[i], &at)) {
            read_node(&at, &out->node[i]);
            out->node[i].parent = order->parent[i];
            sitedoc_schedule_read(&at, i, out);
        }
    }
}

static void read_boxes(const struct place *root, struct site *out)
{
    struct place at;

    out->box_n = (uint16_t)json_array_size(read_list(root, "wallboxes", BOX_MAX));
    for (uint16_t i = 0; i < out->box_n; i++) {
        if (place_item(root, "wallboxes", i, &at)) {
            read_box(&at, out, &out->box[i]);
        }
    }
}

static void read_meters(const struct place *root, struct site *out)
{
    struct place at;

    out->meter_n = (uint16_t)json_array_size(read_list(root, "meters", METER_MAX));
    for (uint16_t i = 0; i < out->meter_n; i++) {
        if (place_item(root, "meters", i, &at)) {
            read_meter(&at, out, &out->meter[i]);
        }
    }
}

static void read_timezone(const json_t *document, struct site *out, struct sitedoc_errors *errors)
{
    const json_t *value = json_object_get(document, "timezone");
    const char *text = value == NULL ? "UTC" : json_string_value(value);

    if (text == NULL || text_copy(out->timezone, sizeof out->timezone, text) != RC_OK) {
        sitedoc_error(errors, "timezone: must be an IANA name of at most %zu bytes", sizeof out->timezone - 1);
    }
}

/* The rules that need the whole site. Nodes are named as they stand in the document. */
static void validate(const struct site *site, const struct site_order *order, struct sitedoc_errors *errors)
{
    static const char *const sections[] = {
        [SITE_PART_SITE] = "", [SITE_PART_NODE] = "nodes", [SITE_PART_BOX] = "wallboxes", [SITE_PART_METER] = "meters", [SITE_PART_WINDOW] = "schedule"};
    struct site_error found[SITEDOC_ERROR_MAX];
    uint16_t n = site_validate(site, found, SITEDOC_ERROR_MAX);

    for (uint16_t i = 0; i < n && i < SITEDOC_ERROR_MAX; i++) {
        const struct site_error *e = &found[i];
        uint16_t index = e->part == SITE_PART_NODE ? order->order[e->index] : e->index;

        if (e->part == SITE_PART_SITE) {
            sitedoc_error(errors, "%s: %s", e->field, e->text);
        } else {
            sitedoc_error(errors, "%s[%u].%s: %s", sections[e->part], index, e->field, e->text);
        }
    }
}

/* A what-if has to be a tree with names like any site; its figures may be what they like, so they are replaced by some that every site may
 * have before the same rules look at it. */
static void validate_what_if(const struct site *site, const struct site_order *order, struct sitedoc_errors *errors)
{
    struct site *plain = calloc(1, sizeof *plain);

    CHECK(plain != NULL);
    plain->node_n = site->node_n;
    plain->box_n = site->box_n;
    memcpy(plain->timezone, "UTC", sizeof "UTC");
    for (uint16_t i = 0; i < site->node_n; i++) {
        struct site_node *n = &plain->node[i];

        *n = (struct site_node){.parent = site->node[i].parent, .limit_ma = {MA_MAX, MA_MAX, MA_MAX}, .reserve_ma = MA_UNSET, .base_load_worst_ma = {MA_UNSET}};
        memcpy(n->id, site->node[i].id, sizeof n->id);
    }
    for (uint16_t i = 0; i < site->box_n; i++) {
        plain->box[i] = site->box[i];
        plain->box[i].min_ma = 6000;
        plain->box[i].max_ma = 80000;
        plain->box[i].fallback_ma = 0;
        if (site->box[i].min_ma > site->box[i].max_ma) {
            sitedoc_error(errors, "wallboxes[%u].min_ma: must be 1..max_ma", i);
        }
    }
    validate(plain, order, errors);
    free(plain);
}

/* The whole of a document into a site. */
static enum rc read_site(const struct place *root, struct site *out)
{
    uint16_t before_n = root->errors->n;
    const json_t *nodes = read_list(root, "nodes", NODE_MAX);
    struct site_order order;

    memset(out, 0, sizeof *out);
    read_refuse_unknown(root, section_keys);
    if (json_array_size(nodes) == 0) {
        sitedoc_error(root->errors, "nodes: must be a list of 1..%d objects", NODE_MAX);
        return RC_RANGE;
    }
    if (order_nodes(root, nodes, &order) != RC_OK) {
        return RC_RANGE;
    }
    if (root->mode == SITEDOC_RUNNING) {
        read_timezone(root->object, out, root->errors);
    }
    read_nodes(root, &order, out);
    read_boxes(root, out);
    if (root->mode == SITEDOC_RUNNING) {
        read_meters(root, out);
    }
    if (root->errors->n > before_n) {
        return RC_RANGE;
    }
    if (root->mode == SITEDOC_RUNNING) {
        validate(out, &order, root->errors);
    } else {
        validate_what_if(out, &order, root->errors);
    }
    return root->errors->n == before_n ? RC_OK : RC_RANGE;
}

enum rc sitedoc_site(const json_t *document, struct site *out, struct sitedoc_errors *errors)
{
    struct place root = place_document(document, SITEDOC_RUNNING, errors);

    return read_site(&root, out);
}

enum rc sitedoc_what_if(const json_t *document, struct site *out, struct sitedoc_errors *errors)
{
    struct place root = place_document(document, SITEDOC_WHAT_IF, errors);

    return read_site(&root, out);
}

enum rc sitedoc_params(const json_t *document, struct manager_params *out, struct sitedoc_errors *errors)
{
    const json_t *section = json_object_get(document, "manager");
    struct manager_params set = *out;
    uint16_t before_n = errors->n;
    const char *text;
    size_t rows_n;
    const struct param_row *rows = manager_param_rows(&rows_n);

    if (section != NULL && !json_is_object(section)) {
        sitedoc_error(errors, "manager: must be an object");
        return RC_RANGE;
    }
    for (void *it = json_object_iter((json_t *)section); it != NULL; it = json_object_iter_next((json_t *)section, it)) {
        const char *key = json_object_iter_key(it);
        const json_t *value = json_object_iter_value(it);
        const struct param_row *row = param_find(rows, rows_n, key);

        if (row == NULL) {
            sitedoc_error(errors, "manager.%.64s: unknown key", key);
        } else if (!json_is_integer(value) || param_set(row, &set, json_integer_value(value)) != RC_OK) {
            sitedoc_error(errors, "manager.%s: must be %d..%d %s, is %s", key, row->min, row->max, row->unit, shown(value).text);
        }
    }
    if (errors->n == before_n && manager_params_validate(&set, &text) != RC_OK) {
        sitedoc_error(errors, "manager: %s", text);
    }
    if (errors->n > before_n) {
        return RC_RANGE;
    }
    *out = set;
    return RC_OK;
}
