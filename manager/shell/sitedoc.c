#include "manager/shell/sitedoc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "manager/core/site_order.h"
#include "manager/shell/jsonread.h"

#define DOCUMENT_MAX (16u * 1024u * 1024u)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct int_row node_ints[] = {
    INT_ROW(site_node, limit_w, 1000, 100000000, 0, true),
    INT_ROW(site_node, reserve_ma, 0, MA_MAX, MA_UNSET, true),
    INT_ROW(site_node, max_imbalance_ma, 0, MA_MAX, 0, false),
};
static const struct int_row box_ints[] = {
    INT_ROW(site_box, min_ma, 6000, 80000, 6000, false), INT_ROW(site_box, max_ma, 6000, 80000, 32000, false),
    INT_ROW(site_box, fallback_ma, 0, 80000, 0, false),  INT_ROW(site_box, priority, 0, PRIORITY_MAX, 5, false),
    INT_ROW(site_box, weight, 1, WEIGHT_MAX, 1, false),
};
static const struct int_row meter_ints[] = {INT_ROW(site_meter, lag_ms, 0, 10000, 1000, false)};

static const char *const node_keys[] = {"id", "parent", "limit_ma", "limit_w", "reserve_ma", "base_load_ma", "base_load_worst_ma", "max_imbalance_ma", NULL};
static const char *const box_keys[] = {"id", "name", "node", "phases", "min_ma", "max_ma", "fallback_ma", "priority", "weight",
                                       /* the next ones mean something to wallbox-plan only */
                                       "phases_used", "demand_ma", "waiting_ms", "running_ms", "current_ma", "needed_wh", "departure_ms", "mode", "fixed_ma",
                                       NULL};
static const char *const meter_keys[] = {"id", "model", "node", "role", "address", "phases", "lag_ms", NULL};

void sitedoc_error(struct sitedoc_errors *errors, const char *format, ...)
{
    if (errors->n < SITEDOC_ERROR_MAX) {
        char *line = errors->at[errors->n];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(line, SITEDOC_ERROR_LEN, format, args); /* a long line is cut */
        va_end(args);
        for (size_t i = 0; line[i] != '\0'; i++) {
            if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f) {
                line[i] = '?'; /* keys and texts come from the file: one error stays one line */
            }
        }
    }
    if (errors->n < UINT16_MAX) {
        errors->n++;
    }
}

static void read_assign(const struct place *at, enum phase_assign *out)
{
    const char *text;

    *out = PHASES_L1_L2_L3;
    if (json_object_get(at->object, "phases") == NULL) {
        return;
    }
    text = read_text(at, "phases");
    if (text != NULL && phase_assign_parse(text, out) != RC_OK) {
        sitedoc_error(at->errors, "%s[%zu].phases: must be L1-L2-L3, L2-L3-L1, L3-L1-L2, L1, L2 or L3, is \"%.64s\"", at->section, at->index, text);
    }
}

static void read_node_of(const struct place *at, const struct site *site, uint16_t *out)
{
    const char *text = read_text(at, "node");

    if (text != NULL && site_node_find(site, text, out) != RC_OK) {
        sitedoc_error(at->errors, "%s[%zu].node: there is no node \"%.64s\"", at->section, at->index, text);
    }
}

/* Object `index` of a section, its keys known. */
static bool open_place(const json_t *list, const char *section, size_t index, struct sitedoc_errors *errors, struct place *out)
{
    *out = (struct place){.object = json_array_get(list, index), .section = section, .index = index, .errors = errors};
    if (!json_is_object(out->object)) {
        sitedoc_error(errors, "%s[%zu]: must be an object", section, index);
        return false;
    }
    return true;
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
        sitedoc_error(at->errors, "nodes[%zu].parent: there is no node \"%.64s\"", at->index, text);
    }
    return NODE_NONE;
}

/* Where each node of the document goes. */
static enum rc order_nodes(const json_t *list, struct site_order *out, struct sitedoc_errors *errors)
{
    static const char *const texts[] = {
        [ORDER_NO_ROOT] = "no node is the grid connection: one must have no parent",
        [ORDER_SECOND_ROOT] = "missing: only one node, the grid connection, has no parent",
        [ORDER_CIRCLE] = "leads round in a circle",
    };
    uint16_t parent[NODE_MAX];
    uint16_t n = (uint16_t)json_array_size(list);
    uint16_t before_n = errors->n;
    enum order_fault fault;
    uint16_t at;

    for (uint16_t i = 0; i < n; i++) {
        struct place p;

        if (open_place(list, "nodes", i, errors, &p)) {
            parent[i] = parent_of(list, &p);
        }
    }
    if (errors->n > before_n) {
        return RC_RANGE; /* without all parents the order means nothing */
    }
    if (site_order(parent, n, out, &fault, &at) != RC_OK) {
        sitedoc_error(errors, "nodes[%u].parent: %s", at, texts[fault]);
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
        sitedoc_error(at->errors, "nodes[%zu].limit_ma: missing", at->index);
    }
    read_phases_ma(at, "limit_ma", 1000, false, out->limit_ma);
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
}

static void read_meter(const struct place *at, const struct site *site, struct site_meter *out)
{
    const char *role = read_text(at, "role");

    read_refuse_unknown(at, meter_keys);
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
        sitedoc_error(at->errors, "meters[%zu].role: must be house or solar, is \"%.64s\"", at->index, role);
    }
}

/* The list of a section; NULL when it is absent, or wrong, which is noted. */
static const json_t *section_of(const json_t *document, const char *name, size_t max, struct sitedoc_errors *errors)
{
    const json_t *list = json_object_get(document, name);

    if (list != NULL && (!json_is_array(list) || json_array_size(list) > max)) {
        sitedoc_error(errors, "%s: must be a list of at most %zu objects", name, max);
        return NULL;
    }
    return list;
}

static void read_nodes(const json_t *list, const struct site_order *order, struct site *out, struct sitedoc_errors *errors)
{
    out->node_n = order->n;
    for (uint16_t i = 0; i < order->n; i++) {
        struct place at;

        if (open_place(list, "nodes", order->order[i], errors, &at)) {
            read_node(&at, &out->node[i]);
            out->node[i].parent = order->parent[i];
        }
    }
}

static void read_leaves(const json_t *document, struct site *out, struct sitedoc_errors *errors)
{
    const json_t *boxes = section_of(document, "wallboxes", BOX_MAX, errors);
    const json_t *meters = section_of(document, "meters", METER_MAX, errors);
    struct place at;

    out->box_n = (uint16_t)json_array_size(boxes);
    for (uint16_t i = 0; i < out->box_n; i++) {
        if (open_place(boxes, "wallboxes", i, errors, &at)) {
            read_box(&at, out, &out->box[i]);
        }
    }
    out->meter_n = (uint16_t)json_array_size(meters);
    for (uint16_t i = 0; i < out->meter_n; i++) {
        if (open_place(meters, "meters", i, errors, &at)) {
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
    static const char *const sections[] = {[SITE_PART_SITE] = "", [SITE_PART_NODE] = "nodes", [SITE_PART_BOX] = "wallboxes", [SITE_PART_METER] = "meters"};
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

enum rc sitedoc_site(const json_t *document, struct site *out, struct sitedoc_errors *errors)
{
    const json_t *nodes = section_of(document, "nodes", NODE_MAX, errors);
    uint16_t before_n = errors->n;
    struct site_order order;

    memset(out, 0, sizeof *out);
    if (json_array_size(nodes) == 0) {
        sitedoc_error(errors, "nodes: must be a list of 1..%d objects", NODE_MAX);
        return RC_RANGE;
    }
    if (order_nodes(nodes, &order, errors) != RC_OK) {
        return RC_RANGE;
    }
    read_timezone(document, out, errors);
    read_nodes(nodes, &order, out, errors);
    read_leaves(document, out, errors);
    if (errors->n == before_n) {
        validate(out, &order, errors);
    }
    return errors->n == before_n ? RC_OK : RC_RANGE;
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

static enum rc parsed(json_t *document, const json_error_t *e, json_t **out, struct sitedoc_errors *errors)
{
    *out = NULL;
    if (document == NULL) {
        sitedoc_error(errors, "line %d, column %d: %s", e->line, e->column, e->text);
        return RC_MALFORMED;
    }
    if (!json_is_object(document)) {
        sitedoc_error(errors, "line 1, column 1: must be an object");
        json_decref(document);
        return RC_MALFORMED;
    }
    *out = document;
    return RC_OK;
}

enum rc sitedoc_parse(const char *text, size_t len, json_t **out, struct sitedoc_errors *errors)
{
    json_error_t e;

    *out = NULL;
    if (len > DOCUMENT_MAX) {
        sitedoc_error(errors, "the document is longer than %u bytes", DOCUMENT_MAX);
        return RC_MALFORMED;
    }
    return parsed(json_loadb(text, len, JSON_REJECT_DUPLICATES, &e), &e, out, errors);
}

/* A file on its way to the parser. */
struct source {
    FILE *file;
    size_t read_len;
    int failed; /* errno, 0 none */
};

static size_t on_more(void *buffer, size_t len, void *data)
{
    struct source *s = data;
    size_t n = fread(buffer, 1, len, s->file);

    s->read_len += n;
    if (ferror(s->file) != 0) {
        s->failed = errno;
        return (size_t)-1;
    }
    return s->read_len > DOCUMENT_MAX ? (size_t)-1 : n;
}

enum rc sitedoc_load(const char *path, json_t **out, struct sitedoc_errors *errors)
{
    bool is_input = text_same(path, "-");
    struct source s = {.file = is_input ? stdin : fopen(path, "rb")};
    json_t *document;
    json_error_t e;

    *out = NULL;
    if (s.file == NULL) {
        sitedoc_error(errors, "%.128s: %s", path, strerror(errno));
        return RC_IO;
    }
    document = json_load_callback(on_more, &s, JSON_REJECT_DUPLICATES, &e);
    if (!is_input) {
        (void)fclose(s.file); /* it was only read */
    }
    if (s.failed != 0) {
        sitedoc_error(errors, "%.128s: %s", path, strerror(s.failed));
        json_decref(document);
        return RC_IO;
    }
    if (s.read_len > DOCUMENT_MAX) {
        sitedoc_error(errors, "%.128s: the document is longer than %u bytes", path, DOCUMENT_MAX);
        json_decref(document);
        return RC_MALFORMED;
    }
    return parsed(document, &e, out, errors);
}
