#include "manager/shell/sitedoc.h"

#include "manager/shell/jsonwrite.h"
#include "manager/shell/sitedoc_schedule.h"

static json_t *write_node(const struct site *site, uint16_t node)
{
    const struct site_node *n = &site->node[node];
    json_t *schedule = sitedoc_schedule_write(site, node);
    json_t *o = json_object();

    json_put(o, "id", json_string(n->id));
    if (n->parent != NODE_NONE) {
        json_put(o, "parent", json_string(site->node[n->parent].id));
    }
    json_put(o, "limit_ma", json_phases_ma(n->limit_ma));
    if (n->limit_w != 0) {
        json_put(o, "limit_w", json_integer(n->limit_w));
    }
    if (n->reserve_ma != MA_UNSET) {
        json_put(o, "reserve_ma", json_integer(n->reserve_ma));
    }
    json_put(o, "base_load_ma", json_phases_ma(n->base_load_ma));
    if (n->base_load_worst_ma[0] != MA_UNSET) {
        json_put(o, "base_load_worst_ma", json_phases_ma(n->base_load_worst_ma));
    }
    json_put(o, "max_imbalance_ma", json_integer(n->max_imbalance_ma));
    if (schedule != NULL) {
        json_put(o, "schedule", schedule);
    }
    return o;
}

static json_t *write_box(const struct site *site, const struct site_box *b)
{
    json_t *o = json_object();

    json_put(o, "id", json_string(b->serial));
    if (b->name[0] != '\0') {
        json_put(o, "name", json_string(b->name));
    }
    json_put(o, "node", json_string(site->node[b->node].id));
    json_put(o, "phases", json_string(phase_assign_text(b->phases)));
    json_put(o, "min_ma", json_integer(b->min_ma));
    json_put(o, "max_ma", json_integer(b->max_ma));
    json_put(o, "fallback_ma", json_integer(b->fallback_ma));
    json_put(o, "priority", json_integer(b->priority));
    json_put(o, "weight", json_integer(b->weight));
    json_put(o, "mode", json_string(solar_mode_text(b->mode)));
    if (b->local_limit_ma != 0) {
        json_put(o, "local_limit_ma", json_integer(b->local_limit_ma));
    }
    return o;
}

static json_t *write_meter(const struct site *site, const struct site_meter *m)
{
    json_t *o = json_object();

    json_put(o, "id", json_string(m->id));
    json_put(o, "model", json_string(m->model));
    json_put(o, "node", json_string(site->node[m->node].id));
    json_put(o, "role", json_string(site_meter_role_text(m)));
    if (m->role == METER_UNUSED) {
        json_put(o, "used", json_false());
    }
    json_put(o, "address", json_string(m->address));
    json_put(o, "phases", json_string(phase_assign_text(m->phases)));
    json_put(o, "lag_ms", json_integer(m->lag_ms));
    return o;
}

static json_t *write_params(const struct manager_params *params)
{
    json_t *o = json_object();
    size_t n;
    const struct param_row *rows = manager_param_rows(&n);

    for (size_t i = 0; i < n; i++) {
        json_put(o, rows[i].name, json_integer(param_get(&rows[i], params)));
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
        json_append(nodes, write_node(site, i));
    }
    for (uint16_t i = 0; i < site->box_n; i++) {
        json_append(boxes, write_box(site, &site->box[i]));
    }
    for (uint16_t i = 0; i < site->meter_n; i++) {
        json_append(meters, write_meter(site, &site->meter[i]));
    }
    if (site->timezone[0] != '\0') {
        json_put(document, "timezone", json_string(site->timezone));
    }
    json_put(document, "nodes", nodes);
    json_put(document, "wallboxes", boxes);
    json_put(document, "meters", meters);
    json_put(document, "manager", write_params(params));
    return document;
}
