#include "tests/property/alloc_shrink.h"

#include <string.h>

#include "common/base/units.h"

/* What an edit does to a site at place `at`. Returns how much it changed: 0 nothing. The result must be a site again. */
struct edit {
    int (*make)(struct alloc_case *c, uint16_t at);
    bool is_at_node; /* places are nodes, otherwise wallboxes */
};

static int remove_box(struct alloc_case *c, uint16_t at)
{
    c->box_n--;
    memmove(&c->box[at], &c->box[at + 1], sizeof c->box[0] * (size_t)(c->box_n - at));
    return 1;
}

/* What hangs at a node goes to its parent. */
static int remove_node(struct alloc_case *c, uint16_t at)
{
    uint16_t parent = c->node[at].parent;

    if (at == 0) {
        return 0;
    }
    c->node_n--;
    memmove(&c->node[at], &c->node[at + 1], sizeof c->node[0] * (size_t)(c->node_n - at));
    for (uint16_t i = 1; i < c->node_n; i++) {
        uint16_t was = c->node[i].parent;

        c->node[i].parent = was == at ? parent : (uint16_t)(was - (was > at));
    }
    for (uint16_t i = 0; i < c->box_n; i++) {
        uint16_t was = c->box[i].node;

        c->box[i].node = was == at ? parent : (uint16_t)(was - (was > at));
    }
    return 1;
}

static int set_i32(int32_t *value, int32_t to)
{
    bool is_new = *value != to;

    *value = to;
    return is_new;
}

static int set_i64(int64_t *value, int64_t to)
{
    bool is_new = *value != to;

    *value = to;
    return is_new;
}

static int set_flag(bool *value, bool to)
{
    bool is_new = *value != to;

    *value = to;
    return is_new;
}

static int plain_rules(struct alloc_case *c, uint16_t at)
{
    (void)at;
    return set_i32(&c->rules.step_ma, 100) + set_i32(&c->rules.start_margin_ma, 500) + set_i64(&c->rules.turn_ms, 900000) +
           set_i64(&c->rules.min_run_ms, 300000) + set_i32(&c->rules.voltage_mv, 230000);
}

static int plain_step(struct alloc_case *c, uint16_t at)
{
    (void)at;
    return set_i32(&c->rules.step_ma, 100);
}

static int no_surplus(struct alloc_case *c, uint16_t at)
{
    (void)at;
    return set_i32(&c->rules.surplus_ma[0], 0) + set_i32(&c->rules.surplus_ma[1], 0) + set_i32(&c->rules.surplus_ma[2], 0);
}

static int no_watts(struct alloc_case *c, uint16_t at)
{
    return set_i64(&c->node[at].budget_w, -1);
}

static int no_rule(struct alloc_case *c, uint16_t at)
{
    bool is_scheduled = c->node[at].scheduled != 0;

    c->node[at].scheduled = 0;
    return set_flag(&c->node[at].is_fallback, false) + is_scheduled;
}

static int no_imbalance(struct alloc_case *c, uint16_t at)
{
    return set_flag(&c->node[at].has_imbalance, false) + set_i32(&c->node[at].imbalance_ma, 0);
}

static int even_budget(struct alloc_case *c, uint16_t at)
{
    return set_i32(&c->node[at].budget_ma[1], c->node[at].budget_ma[0]) + set_i32(&c->node[at].budget_ma[2], c->node[at].budget_ma[0]);
}

static int wide_budget(struct alloc_case *c, uint16_t at)
{
    int changed_n = set_i32(&c->node[at].budget_ma[0], 900000);

    return changed_n + even_budget(c, at);
}

static int round_budget(struct alloc_case *c, uint16_t at)
{
    int changed_n = 0;

    for (int phase = 0; phase < PHASE_N; phase++) {
        int32_t *ma = &c->node[at].budget_ma[phase];

        changed_n += set_i32(ma, max_i32(*ma - *ma % 1000, 0));
    }
    return changed_n;
}

static int round_others(struct alloc_case *c, uint16_t at)
{
    int changed_n = set_i64(&c->node[at].budget_w, c->node[at].budget_w < 0 ? -1 : c->node[at].budget_w - c->node[at].budget_w % 1000) +
                    set_i32(&c->node[at].imbalance_ma, c->node[at].imbalance_ma - c->node[at].imbalance_ma % 1000);

    for (int phase = 0; phase < PHASE_N; phase++) {
        changed_n += set_i32(&c->rules.surplus_ma[phase], c->rules.surplus_ma[phase] - c->rules.surplus_ma[phase] % 1000);
    }
    return changed_n;
}

static int plain_class(struct alloc_case *c, uint16_t at)
{
    struct alloc_box *box = &c->box[at];
    bool is_new = box->priority != 5 || box->weight != 1;

    box->priority = 5;
    box->weight = 1;
    return is_new;
}

static int plain_weight(struct alloc_case *c, uint16_t at)
{
    bool is_new = c->box[at].weight > 2;

    c->box[at].weight = 2;
    return is_new;
}

static int plain_currents(struct alloc_case *c, uint16_t at)
{
    struct alloc_box *box = &c->box[at];
    int changed_n = set_i32(&box->min_ma, 6000) + set_i32(&box->max_ma, 32000) + set_i32(&box->demand_ma, 32000) + set_i32(&box->cap_ma, MA_MAX);

    box->cap_reason = REASON_UNSET;
    box->current_ma = clamp_i32(box->current_ma, 0, box->max_ma);
    return changed_n;
}

static int no_cap(struct alloc_case *c, uint16_t at)
{
    c->box[at].cap_reason = REASON_UNSET;
    return set_i32(&c->box[at].cap_ma, MA_MAX);
}

static int round_currents(struct alloc_case *c, uint16_t at)
{
    struct alloc_box *box = &c->box[at];
    int changed_n = set_i32(&box->min_ma, max_i32(box->min_ma - box->min_ma % 1000, 6000)) +
                    set_i32(&box->max_ma, max_i32(box->max_ma - box->max_ma % 1000, 6000)) + set_i32(&box->demand_ma, box->demand_ma - box->demand_ma % 1000);

    for (int phase = 0; phase < PHASE_N; phase++) {
        changed_n += set_i32(&box->fixed_ma[phase], box->fixed_ma[phase] - box->fixed_ma[phase] % 1000);
    }
    return changed_n;
}

static int all_phases(struct alloc_case *c, uint16_t at)
{
    bool is_new = c->box[at].used != PHASE_ALL && !c->box[at].is_fixed;

    c->box[at].used = is_new ? PHASE_ALL : c->box[at].used;
    return is_new;
}

static int first_phase(struct alloc_case *c, uint16_t at)
{
    bool is_new = c->box[at].used != PHASE_BIT(0) && !c->box[at].is_fixed;

    c->box[at].used = is_new ? PHASE_BIT(0) : c->box[at].used;
    return is_new;
}

static int no_laxity(struct alloc_case *c, uint16_t at)
{
    return set_flag(&c->box[at].has_laxity, false) + set_i64(&c->box[at].laxity_ms, 0);
}

static int fast_mode(struct alloc_case *c, uint16_t at)
{
    bool is_new = c->box[at].solar != ALLOC_FAST;

    c->box[at].solar = ALLOC_FAST;
    return is_new;
}

static int no_history(struct alloc_case *c, uint16_t at)
{
    struct alloc_box *box = &c->box[at];

    return set_i32(&box->current_ma, 0) + set_i64(&box->waiting_ms, 0) + set_i64(&box->running_ms, 0) + set_i64(&box->before_turn_ms, 0) +
           set_i64(&box->served_ms, 0) + set_i64(&box->blocked_ms, 0);
}

static int less_history(struct alloc_case *c, uint16_t at)
{
    struct alloc_box *box = &c->box[at];

    return set_i32(&box->current_ma, box->current_ma > 0 ? box->min_ma : 0) + set_i64(&box->blocked_ms, 0) + set_i64(&box->before_turn_ms, 0) +
           set_i64(&box->served_ms, 0) + set_i64(&box->waiting_ms, box->waiting_ms - box->waiting_ms % 60000);
}

static const struct edit edits[] = {
    {remove_box, false},  {remove_node, true},   {plain_rules, true}, {plain_step, true},      {no_surplus, true},    {no_watts, true},
    {no_rule, true},      {no_imbalance, true},  {wide_budget, true}, {even_budget, true},     {round_budget, true},  {round_others, true},
    {plain_class, false}, {plain_weight, false}, {fast_mode, false},  {plain_currents, false}, {no_cap, false},       {round_currents, false},
    {all_phases, false},  {first_phase, false},  {no_laxity, false},  {no_history, false},     {less_history, false},
};

/* Try one edit at every place; returns whether any was kept. */
static bool try_edit(struct alloc_case *c, const struct edit *edit, bool (*is_broken)(void *context, const struct alloc_case *c), void *context)
{
    struct alloc_case next;
    bool has_kept = false;

    for (uint16_t at = edit->is_at_node ? c->node_n : c->box_n; at-- > 0;) {
        next = *c;
        if (at < (edit->is_at_node ? c->node_n : c->box_n) && edit->make(&next, at) > 0 && is_broken(context, &next)) {
            *c = next;
            has_kept = true;
        }
    }
    return has_kept;
}

void alloc_shrink(struct alloc_case *c, bool (*is_broken)(void *context, const struct alloc_case *c), void *context)
{
    bool goes_on = true;

    for (int round = 0; round < 20 && goes_on; round++) {
        goes_on = false;
        for (size_t k = 0; k < sizeof edits / sizeof edits[0]; k++) {
            goes_on = try_edit(c, &edits[k], is_broken, context) || goes_on;
        }
    }
}
