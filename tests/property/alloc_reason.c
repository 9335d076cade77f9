#include "tests/property/alloc_reason.h"

#include "common/base/units.h"

#define NO_LIMIT LIMIT_MAX
#define PLAIN 4 /* class of a limit that nothing but the other wallboxes fill */

/* Order in which reasons apply: meter_fallback, schedule, solar, imbalance, any other. */
static int class_of(const struct view *v, const struct limit *l)
{
    const struct alloc_node *node = &v->c->node[l->node];
    int bit = l->kind == LIMIT_WATTS ? 3 : l->phase;

    if (l->kind == LIMIT_SUN) {
        return 2;
    }
    if (l->kind == LIMIT_IMBALANCE) {
        return 3;
    }
    if (node->is_fallback) {
        return 0;
    }
    return node->scheduled >> bit & 1 ? 1 : PLAIN;
}

static enum reason reason_of_class(int class, enum reason plain)
{
    static const enum reason reasons[] = {REASON_METER_FALLBACK, REASON_SCHEDULE, REASON_SOLAR, REASON_IMBALANCE};

    return class < PLAIN ? reasons[class] : plain;
}

/* Steps from the node of a wallbox up to that of a limit. */
static int distance(const struct view *v, uint16_t box, const struct limit *l)
{
    int steps = 0;

    for (uint16_t n = v->c->box[box].node; n != l->node && n != NODE_NONE; n = v->c->node[n].parent) {
        steps++;
    }
    return steps;
}

/* The limit to be named when `ma` does not fit beside `others`: class, distance, phase. NO_LIMIT: it fits. */
static uint16_t first_lacking(const struct view *v, uint16_t box, const struct sums *others, int64_t ma, enum purpose purpose)
{
    uint16_t best = NO_LIMIT;
    int64_t best_key = INT64_MAX;

    for (uint16_t k = 0; k < v->limit_n; k++) {
        const struct limit *l = &v->limit[k];
        int64_t key = class_of(v, l) * 10000 + distance(v, box, l) * 10 + (l->phase < 0 ? PHASE_N : l->phase);

        if (!view_fits_limit(v, k, box, others->at[k], ma, purpose) && key < best_key) {
            best = k;
            best_key = key;
        }
    }
    return best;
}

/* Whether a result names this limit with this reason. */
static bool names(const struct view *v, uint16_t box, uint16_t limit, enum reason plain)
{
    const struct alloc_result *r = &v->result[box];
    const struct limit *l = &v->limit[limit];

    return r->reason == reason_of_class(class_of(v, l), plain) && r->node == l->node && r->phase == l->phase;
}

static bool names_no_place(const struct view *v, uint16_t box, enum reason reason)
{
    return v->result[box].reason == reason && v->result[box].node == NODE_NONE && v->result[box].phase == -1;
}

static bool is_at_top_for(const struct view *v, uint16_t box)
{
    const struct alloc_box *b = &v->c->box[box];

    if (b->cap_ma < b->demand_ma && b->cap_ma < b->max_ma) {
        return names_no_place(v, box, b->cap_reason);
    }
    return names_no_place(v, box, v->result[box].allocated_ma >= b->demand_ma ? REASON_DEMAND_MET : REASON_WALLBOX_LIMIT);
}

bool reason_of_charging(const struct view *v, uint16_t box)
{
    const struct alloc_result *r = &v->result[box];
    int64_t step = v->c->rules.step_ma;
    struct sums others;
    uint16_t from_start;

    if (r->state != ALLOC_CHARGING) {
        return true;
    }
    if (r->allocated_ma == view_top(&v->c->box[box])) {
        return is_at_top_for(v, box);
    }
    view_least(v, &others);
    from_start = first_lacking(v, box, &others, r->allocated_ma - v->c->box[box].min_ma + step, FOR_RISE);
    view_given(v, &others);
    for (uint16_t k = 0; k < v->limit_n; k++) {
        const struct limit *l = &v->limit[k];
        bool is_full = !view_fits_limit(v, k, box, l->given, step, FOR_RISE);
        bool is_first = from_start == NO_LIMIT || class_of(v, l) <= class_of(v, &v->limit[from_start]);

        if (is_full && is_first && names(v, box, k, l->kind == LIMIT_WATTS ? REASON_WATTS : REASON_NODE_FULL)) {
            return true;
        }
    }
    return false;
}

/* Minimums of those charging with a higher priority. */
static void sum_higher(const struct view *v, uint16_t box, struct sums *out)
{
    view_nothing(out);
    for (uint16_t k = 0; k < v->c->box_n; k++) {
        if (v->result[k].allocated_ma > 0 && v->c->box[k].priority > v->c->box[box].priority) {
            view_add(v, out, k, v->c->box[k].min_ma);
        }
    }
}

/* Why one that could charge alone does not. */
static bool is_held_by_others(const struct view *v, uint16_t box)
{
    struct sums all;
    struct sums higher;
    uint16_t lacking;
    uint16_t lacking_beside_higher;

    view_least(v, &all);
    lacking = first_lacking(v, box, &all, view_need(v, box), FOR_MINIMUM);
    if (lacking == NO_LIMIT) {
        return names_no_place(v, box, v->c->box[box].solar == ALLOC_SOLAR_LOOK ? REASON_SOLAR : REASON_HOLD);
    }
    if (class_of(v, &v->limit[lacking]) < PLAIN) {
        return names(v, box, lacking, REASON_UNSET);
    }
    sum_higher(v, box, &higher);
    lacking_beside_higher = first_lacking(v, box, &higher, view_need(v, box), FOR_MINIMUM);
    if (lacking_beside_higher != NO_LIMIT) {
        return names(v, box, lacking_beside_higher, REASON_PRIORITY);
    }
    return names(v, box, lacking, REASON_WAITING_TURN);
}

bool reason_of_waiting(const struct view *v, uint16_t box)
{
    const struct alloc_box *b = &v->c->box[box];
    const struct alloc_result *r = &v->result[box];
    struct sums nothing;
    uint16_t alone;

    if (r->state == ALLOC_CHARGING) {
        return true;
    }
    if (b->is_fixed) {
        return names_no_place(v, box, REASON_UNSET);
    }
    if (min_i32(b->demand_ma, b->max_ma) < b->min_ma) {
        return names_no_place(v, box, REASON_NO_DEMAND);
    }
    if (b->cap_ma < b->min_ma) {
        return names_no_place(v, box, b->cap_reason);
    }
    view_nothing(&nothing);
    alone = first_lacking(v, box, &nothing, v->is_competing[box] ? view_need(v, box) : b->min_ma, FOR_MINIMUM);
    return alone == NO_LIMIT ? is_held_by_others(v, box) : names(v, box, alone, REASON_BELOW_MINIMUM);
}

static bool is_in_line(const struct view *v, uint16_t box)
{
    struct sums sums;

    if (!v->is_competing[box] || v->result[box].allocated_ma > 0) {
        return false;
    }
    view_nothing(&sums);
    if (!view_fits(v, box, &sums, view_need(v, box), FOR_MINIMUM)) {
        return false;
    }
    view_least(v, &sums);
    return v->c->box[box].solar != ALLOC_SOLAR_LOOK || !view_fits(v, box, &sums, view_need(v, box), FOR_MINIMUM);
}

bool reason_turn_place(const struct view *v, uint16_t box)
{
    uint16_t place = 0;

    for (uint16_t k = 0; k < v->order_n; k++) {
        place += is_in_line(v, v->order[k]);
        if (v->order[k] == box) {
            return v->result[box].turn_place == (is_in_line(v, box) ? place : 0);
        }
    }
    return v->result[box].turn_place == 0;
}
