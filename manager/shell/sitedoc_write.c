#include "manager/shell/sitedoc.h"

#include "common/base/check.h"

/* Put a new value into an object or list. Without memory there is nothing sensible left to do: the program ends and is restarted. */
static void put(json_t *object, const char *key, json_t *value)
{
    int failed;

    CHECK(value != NULL);
    failed = json_object_set_new(object, key, value);
    CHECK(failed == 0);
}

static void append(json_t *list, json_t *value)
{
    int failed;

    CHECK(value != NULL);
    failed = json_array_append_new(list, value);
    CHECK(failed == 0);
}

static json_t *phases_ma(const int32_t ma[PHASE_N])
{
    json_t *list = json_array();

    for (int p = 0; p < PHASE_N; p++) {
        append(list, json_integer(ma[p]));
    }
    return list;
}

static json_t *write_node(const struct site *site, const struct site_node *n)
{
    json_t *o = json_object();

    put(o, "id", json_string(n->id));
    if (n->parent != NODE_NONE) {
        put(o, "parent", json_string(site->node[n->parent].id));
    }
    put(o, "limit_ma", phases_ma(n->limit_ma));
    if (n->limit_w != 0) {
        put(o, "limit_w", json_integer(n->limit_w));
    }
    if (n->reserve_ma != MA_UNSET) {
        put(o, "reserve_ma", json_integer(n->reserve_ma));
    }
    put(o, "base_load_ma", phases_ma(n->base_load_ma));
    if (n->base_load_worst_ma[0] != MA_UNSET) {
        put(o, "base_load_worst_ma", phases_ma(n->base_load_worst_ma));
    }
    put(o, "max_imbalance_ma", json_integer(n->max_imbalance_ma));
    return o;
}

static json_t *write_box(const struct site *site, const struct site_box *b)
{
    json_t *o = json_object();

    put(o, "id", json_string(b->serial));
    if (b->name[0] != '\0') {
        put(o, "name", json_string(b->name));
    }
    put(o, "node", json_string(site->node[b->node].id));
    put(o, "phases", json_string(phase_assign_text(b->phases)));
    put(o, "min_ma", json_integer(b->min_ma));
    put(o, "max_ma", json_integer(b->max_ma));
    put(o, "fallback_ma", json_integer(b->fallback_ma));
    put(o, "priority", json_integer(b->priority));
    put(o, "weight", json_integer(b->weight));
    return o;
}

static json_t *write_meter(const struct site *site, const struct site_meter *m)
{
    json_t *o = json_object();

    put(o, "id", json_string(m->id));
    put(o, "model", json_string(m->model));
    put(o, "node", json_string(site->node[m->node].id));
    put(o, "role", json_string(m->role == METER_SOLAR ? "solar" : "house"));
    put(o, "address", json_string(m->address));
    put(o, "phases", json_string(phase_assign_text(m->phases)));
    put(o, "lag_ms", json_integer(m->lag_ms));
    return o;
}

static json_t *write_params(const struct manager_params *params)
{
    json_t *o = json_object();
    size_t n;
    const struct param_row *rows = manager_param_rows(&n);

    for (size_t i = 0; i < n; i++) {
        put(o, rows[i].name, json_integer(param_get(&rows[i], params)));
    }
    return o;
}

json_t *sitedoc_write(const struct site *site, const struct manager_params *params)
{
    json_t *document = json_object();
    json_t *nodes = json_array();
    json_t *boxes = json_array();
    json_t *meters = json_array();

    for (uint16_t i = 0; i < site->node_n; i++) {
        append(nodes, write_node(site, &site->node[i]));
    }
    for (uint16_t i = 0; i < site->box_n; i++) {
        append(boxes, write_box(site, &site->box[i]));
    }
    for (uint16_t i = 0; i < site->meter_n; i++) {
        append(meters, write_meter(site, &site->meter[i]));
    }
    if (site->timezone[0] != '\0') {
        put(document, "timezone", json_string(site->timezone));
    }
    put(document, "nodes", nodes);
    put(document, "wallboxes", boxes);
    put(document, "meters", meters);
    put(document, "manager", write_params(params));
    return document;
}
