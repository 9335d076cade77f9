#include "manager/shell/plan_outcome.h"

#include "manager/shell/jsonwrite.h"
#include "manager/shell/plan_tally.h"

static json_t *session_json(const struct plan *plan, const struct plan_session *session, const struct plan_served *served)
{
    bool is_served = served->box != BOX_MAX;
    json_t *o = json_object();

    json_put(o, "wallbox", is_served ? json_string(plan->site.box[served->box].serial) : json_null());
    json_put(o, "arrival_ms", json_integer(session->arrival_ms));
    json_put(o, "wanted_wh", json_integer(session->needed_wh));
    json_put(o, "delivered_wh", json_integer(served->delivered_wh));
    json_put(o, "waited_ms", json_integer(served->waited_ms));
    json_put(o, "turned_away", json_boolean(!is_served));
    return o;
}

static json_t *permille_json(const struct plan_node_use *use)
{
    int32_t permille = plan_used_permille(use);

    return permille < 0 ? json_null() : json_integer(permille);
}

static json_t *node_json(const struct site_node *node, const struct plan_node_use *use)
{
    json_t *peak = json_array();
    json_t *o = json_object();

    for (int p = 0; p < PHASE_N; p++) {
        json_append(peak, json_integer(use->peak_ma[p]));
    }
    json_put(o, "id", json_string(node->id));
    json_put(o, "limit_ma", json_phases_ma(node->limit_ma));
    json_put(o, "peak_ma", peak);
    json_put(o, "over_limit_ms", json_integer(use->over_limit_ms));
    json_put(o, "used_permille", permille_json(use));
    return o;
}

json_t *plan_outcome_json(const struct plan *plan, const struct plan_days *days, const struct plan_outcome *outcome)
{
    json_t *sessions = json_array();
    json_t *nodes = json_array();
    json_t *o = json_object();

    for (uint16_t i = 0; i < outcome->session_n; i++) {
        json_append(sessions, session_json(plan, &days->session[i], &outcome->session[i]));
    }
    for (uint16_t i = 0; i < plan->site.node_n; i++) {
        json_append(nodes, node_json(&plan->site.node[plan->node_at[i]], &outcome->node[plan->node_at[i]]));
    }
    json_put(o, "sessions", sessions);
    json_put(o, "delivered_wh", json_integer(outcome->delivered_wh));
    json_put(o, "wanted_wh", json_integer(outcome->wanted_wh));
    json_put(o, "nodes", nodes);
    json_put(o, "used_permille", permille_json(&outcome->node[0]));
    return o;
}
