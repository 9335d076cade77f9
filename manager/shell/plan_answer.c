#include "manager/shell/plan_answer.h"

#include <stdio.h>

#include "common/base/units.h"
#include "manager/shell/jsonwrite.h"

#define PLACE_LEN (ID_LEN + 8)

static const char *state_text(const struct alloc_box *box, const struct alloc_result *r)
{
    switch (r->state) {
    case ALLOC_NO_DEMAND:
        return "no_demand";
    case ALLOC_WAITING:
        return "waiting";
    case ALLOC_CHARGING:
        return "charging";
    case ALLOC_FIXED: /* whatever it draws, it was not given */
        break;
    }
    return min_i32(box->demand_ma, box->max_ma) < box->min_ma ? "no_demand" : "waiting";
}

/* "carport:L1", "carport:W", "surplus", "surplus:L1", or null. */
static json_t *limited_by(const struct site *site, const struct alloc_result *r)
{
    char text[PLACE_LEN];
    const char *place;

    if (r->node == NODE_NONE) {
        return json_null();
    }
    place = r->reason == REASON_SOLAR ? "surplus" : site->node[r->node].id;
    if (r->phase >= 0) {
        (void)snprintf(text, sizeof text, "%s:L%d", place, r->phase + 1);
    } else {
        (void)snprintf(text, sizeof text, "%s%s", place, r->reason == REASON_SOLAR ? "" : ":W");
    }
    return json_string(text);
}

static json_t *allocation(const struct plan *plan, const struct plan_work *work, uint16_t i)
{
    const struct alloc_result *r = &work->result[i];
    json_t *o = json_object();

    json_put(o, "id", json_string(plan->site.box[i].serial));
    json_put(o, "allocated_ma", json_integer(r->allocated_ma));
    json_put(o, "state", json_string(state_text(&work->input.box[i], r)));
    json_put(o, "reason", json_string(reason_text(r->state == ALLOC_FIXED ? REASON_OFFLINE : r->reason)));
    json_put(o, "limited_by", limited_by(&plan->site, r));
    return o;
}

static json_t *node_use(const struct site_node *site_node, const struct alloc_node *node, const int64_t used_ma[PHASE_N])
{
    json_t *used = json_array();
    json_t *free = json_array();
    json_t *o = json_object();

    for (int p = 0; p < PHASE_N; p++) {
        json_append(used, json_integer(used_ma[p]));
        json_append(free, json_integer(max_i64(node->budget_ma[p] - used_ma[p], 0)));
    }
    json_put(o, "id", json_string(site_node->id));
    json_put(o, "used_ma", used);
    json_put(o, "free_ma", free);
    return o;
}

json_t *plan_answer(const struct plan *plan, struct plan_work *work)
{
    const struct site *site = &plan->site;
    int64_t used_ma[NODE_MAX][PHASE_N];
    json_t *allocations = json_array();
    json_t *nodes = json_array();
    json_t *answer = json_object();

    plan_input_fill(plan, &work->input);
    plan_divide(&work->divider, &plan->rules, work->input.node, site->node_n, work->input.box, site->box_n, work->result);
    alloc_used(work->input.node, site->node_n, work->input.box, work->result, site->box_n, used_ma);
    for (uint16_t i = 0; i < site->box_n; i++) {
        json_append(allocations, allocation(plan, work, i));
    }
    for (uint16_t i = 0; i < site->node_n; i++) {
        uint16_t at = plan->node_at[i];

        json_append(nodes, node_use(&site->node[at], &work->input.node[at], used_ma[at]));
    }
    json_put(answer, "allocations", allocations);
    json_put(answer, "nodes", nodes);
    return answer;
}
