#include "tests/property/alloc_oracle.h"

#include <string.h>

#include "tests/property/alloc_reason.h"

static bool is_charging(const struct view *v, uint16_t box)
{
    return v->result[box].allocated_ma > 0;
}

static bool is_within_cap(const struct limit *l)
{
    return l->given <= 0 || l->fixed + l->given <= l->cap;
}

static bool holds_conservation(const struct view *v, uint16_t limit)
{
    const struct limit *l = &v->limit[limit];

    return (l->kind != LIMIT_PHASE && l->kind != LIMIT_WATTS) || is_within_cap(l);
}

static bool holds_imbalance(const struct view *v, uint16_t limit)
{
    return v->limit[limit].kind != LIMIT_IMBALANCE || is_within_cap(&v->limit[limit]);
}

static bool holds_sun(const struct view *v, uint16_t limit)
{
    const struct limit *l = &v->limit[limit];
    int64_t own = 0; /* of the sun, the minimums of solar_minimum not counted */
    bool has_risen = false;

    if (l->kind != LIMIT_SUN) {
        return true;
    }
    for (uint16_t i = 0; i < v->c->box_n; i++) {
        const struct alloc_box *b = &v->c->box[i];
        int64_t ma = v->result[i].allocated_ma;

        if (v->unit[limit][i] == 0 || ma == 0) {
            continue;
        }
        own += v->unit[limit][i] * (b->solar == ALLOC_SOLAR_MINIMUM ? ma - b->min_ma : ma);
        has_risen = has_risen || ma > b->min_ma;
    }
    return (own == 0 || l->fixed + own <= l->cap) && (!has_risen || l->fixed + l->given <= l->cap);
}

static bool holds_used(const struct view *v, uint16_t limit)
{
    const struct limit *l = &v->limit[limit];
    int64_t used[CASE_NODE_MAX][PHASE_N];

    if (l->kind != LIMIT_PHASE) {
        return true;
    }
    alloc_used(v->c->node, v->c->node_n, v->c->box, v->result, v->c->box_n, used);
    return used[l->node][l->phase] == l->fixed + l->given;
}

static bool holds_validity(const struct view *v, uint16_t i)
{
    const struct alloc_box *b = &v->c->box[i];
    const struct alloc_result *r = &v->result[i];
    int64_t ma = r->allocated_ma;
    bool has_demand = b->demand_ma >= b->min_ma && b->max_ma >= b->min_ma;

    if (b->is_fixed) {
        return ma == 0 && r->state == ALLOC_FIXED;
    }
    if ((r->state == ALLOC_NO_DEMAND) == has_demand || (r->state == ALLOC_CHARGING) != (ma > 0) || r->state == ALLOC_FIXED) {
        return false;
    }
    if (ma == 0) {
        return true;
    }
    return has_demand && ma >= b->min_ma && ma <= view_top(b) && (ma % v->c->rules.step_ma == 0 || ma == b->min_ma || ma == view_top(b));
}

static bool holds_no_waste(const struct view *v, uint16_t i)
{
    const struct alloc_box *b = &v->c->box[i];
    struct sums others;

    if (is_charging(v, i)) {
        view_given(v, &others);
        return v->result[i].allocated_ma + v->c->rules.step_ma > view_top(b) || !view_fits(v, i, &others, v->c->rules.step_ma, FOR_RISE);
    }
    if (v->result[i].state != ALLOC_WAITING || view_top(b) < b->min_ma || view_is_blocked(v, i) || b->solar == ALLOC_SOLAR_LOOK) {
        return true;
    }
    view_least(v, &others);
    return !view_fits(v, i, &others, view_need(v, i), FOR_MINIMUM);
}

/* Whether wallbox y has so little that x, which a limit holds, has nothing to complain about (A4). */
static bool is_fair_pair(const struct view *v, uint16_t limit, uint16_t x, uint16_t y)
{
    const struct alloc_box *a = &v->c->box[x];
    const struct alloc_box *b = &v->c->box[y];
    int64_t step = v->c->rules.step_ma;
    int64_t ma = v->result[y].allocated_ma;

    if (x == y || ma <= b->min_ma || b->priority > a->priority || v->unit[limit][y] == 0) {
        return true;
    }
    if (v->unit[limit][y] < v->unit[limit][x]) {
        ma -= (v->unit[limit][x] * step - 1) / v->unit[limit][y];
    }
    return ma <= b->min_ma || ma * a->weight <= (v->result[x].allocated_ma + step) * b->weight;
}

static bool is_fair_at(const struct view *v, uint16_t limit, uint16_t i)
{
    if (view_fits_limit(v, limit, i, v->limit[limit].given, v->c->rules.step_ma, FOR_RISE)) {
        return false;
    }
    for (uint16_t y = 0; y < v->c->box_n; y++) {
        if (!is_fair_pair(v, limit, i, y)) {
            return false;
        }
    }
    return true;
}

static bool holds_fairness(const struct view *v, uint16_t i)
{
    if (!is_charging(v, i) || v->result[i].allocated_ma == view_top(&v->c->box[i])) {
        return true;
    }
    for (uint16_t k = 0; k < v->limit_n; k++) {
        if (is_fair_at(v, k, i)) {
            return true;
        }
    }
    return false;
}

static bool holds_admission(const struct view *v, uint16_t i)
{
    bool is_due = v->is_competing[i] && v->fits_in_order[i] && v->c->box[i].solar != ALLOC_SOLAR_LOOK;

    return is_due == is_charging(v, i);
}

static bool holds_raise(const struct view *v, uint16_t i)
{
    const struct alloc_box *b = &v->c->box[i];
    struct sums others;

    if (!is_charging(v, i) || v->result[i].allocated_ma + v->c->rules.step_ma > view_top(b)) {
        return true;
    }
    view_nothing(&others);
    for (uint16_t k = 0; k < v->c->box_n; k++) {
        bool is_lower = is_charging(v, k) && v->c->box[k].priority < b->priority;

        view_add(v, &others, k, is_lower ? v->c->box[k].min_ma : v->result[k].allocated_ma);
    }
    return !view_fits(v, i, &others, v->c->rules.step_ma, FOR_RISE);
}

static bool holds_rest(const struct view *v, uint16_t i)
{
    return !view_is_blocked(v, i) || !is_charging(v, i);
}

static bool is_sheltered(const struct view *v, uint16_t i)
{
    return v->c->box[i].current_ma > 0 && v->c->box[i].running_ms < v->c->rules.min_run_ms;
}

/* Whether wallbox a, waiting, should have come before b by its departure alone, and would then have found enough. */
static bool is_passed_over(const struct view *v, uint16_t a, uint16_t b)
{
    const struct alloc_box *x = &v->c->box[a];
    const struct alloc_box *y = &v->c->box[b];
    bool is_alike = is_sheltered(v, a) == is_sheltered(v, b) && x->priority == y->priority && v->is_overdue[a] == v->is_overdue[b];

    if (!is_charging(v, b) || !is_alike || (y->has_laxity && y->laxity_ms <= x->laxity_ms)) {
        return false;
    }
    for (uint16_t k = 0; k < v->limit_n; k++) {
        if (view_asks(v, k, a, view_need(v, a), FOR_MINIMUM) > view_asks(v, k, b, view_need(v, b), FOR_MINIMUM)) {
            return false;
        }
    }
    return true;
}

static bool holds_departure(const struct view *v, uint16_t i)
{
    const struct alloc_box *b = &v->c->box[i];

    if (!v->is_competing[i] || is_charging(v, i) || !b->has_laxity || view_is_blocked(v, i) || b->solar == ALLOC_SOLAR_LOOK) {
        return true;
    }
    for (uint16_t k = 0; k < v->c->box_n; k++) {
        if (is_passed_over(v, i, k)) {
            return false;
        }
    }
    return true;
}

static bool holds_guaranteed(const struct view *v, uint16_t i)
{
    const struct alloc_box *b = &v->c->box[i];

    if (b->solar != ALLOC_SOLAR_MINIMUM || v->result[i].state != ALLOC_WAITING || view_top(b) < b->min_ma || view_is_blocked(v, i)) {
        return true;
    }
    for (uint16_t k = 0; k < v->limit_n; k++) {
        if (v->limit[k].kind != LIMIT_SUN && !view_fits_limit(v, k, i, v->limit[k].least, view_need(v, i), FOR_RISE)) {
            return true;
        }
    }
    return false;
}

static bool holds_solar_only(const struct view *v, uint16_t i)
{
    if (v->c->box[i].solar == ALLOC_SOLAR_LOOK) {
        return !is_charging(v, i);
    }
    for (uint16_t k = 0; k < v->limit_n && v->c->box[i].solar == ALLOC_SOLAR_ONLY && is_charging(v, i); k++) {
        if (v->limit[k].kind == LIMIT_SUN && !view_fits_limit(v, k, i, 0, v->result[i].allocated_ma, FOR_RISE)) {
            return false;
        }
    }
    return true;
}

static bool holds_covered(const struct view *v, uint16_t i)
{
    return v->result[i].is_covered == v->is_sun_in_order[i];
}

static bool has_boxes(const struct view *v)
{
    return v->c->box_n > 0;
}

static bool has_imbalance(const struct view *v)
{
    for (uint16_t i = 0; i < v->c->node_n; i++) {
        if (v->c->node[i].has_imbalance) {
            return true;
        }
    }
    return false;
}

static bool has_no_imbalance(const struct view *v)
{
    return !has_imbalance(v);
}

static bool has_solar(const struct view *v)
{
    for (uint16_t i = 0; i < v->c->box_n; i++) {
        if (v->c->box[i].solar != ALLOC_FAST) {
            return true;
        }
    }
    return false;
}

static bool has_departures(const struct view *v)
{
    for (uint16_t i = 0; i < v->c->box_n; i++) {
        if (v->c->box[i].has_laxity) {
            return true;
        }
    }
    return false;
}

static bool has_blocked(const struct view *v)
{
    for (uint16_t i = 0; i < v->c->box_n; i++) {
        if (view_is_blocked(v, i)) {
            return true;
        }
    }
    return false;
}

static const struct {
    const char *name;
    bool (*applies)(const struct view *v);
    bool (*holds)(const struct view *v, uint16_t i);
    bool is_per_limit;
} properties[] = {
    {"A1 conservation", has_boxes, holds_conservation, true},
    {"A1 conservation (sun)", has_solar, holds_sun, true},
    {"A1 conservation (imbalance)", has_imbalance, holds_imbalance, true},
    {"A1 conservation (reported use)", has_boxes, holds_used, true},
    {"A2 validity", has_boxes, holds_validity, false},
    {"A3 no waste", has_no_imbalance, holds_no_waste, false},
    {"A4 fairness", has_no_imbalance, holds_fairness, false},
    {"A5 priority (admission)", has_boxes, holds_admission, false},
    {"A5 priority (raise)", has_boxes, holds_raise, false},
    {"A7 stability (stopped ones rest)", has_blocked, holds_rest, false},
    {"A9 departure order", has_departures, holds_departure, false},
    {"solar: guaranteed minimum", has_solar, holds_guaranteed, false},
    {"solar: only from the sun", has_solar, holds_solar_only, false},
    {"solar: covered", has_solar, holds_covered, false},
    {"reason of those charging", has_boxes, reason_of_charging, false},
    {"reason of those at 0", has_boxes, reason_of_waiting, false},
    {"place in the line", has_boxes, reason_turn_place, false},
};

size_t oracle_n(void)
{
    return sizeof properties / sizeof properties[0];
}

const char *oracle_name(size_t property)
{
    return properties[property].name;
}

enum verdict oracle_check(size_t property, const struct view *v, uint16_t *out_at)
{
    uint16_t n = properties[property].is_per_limit ? v->limit_n : v->c->box_n;

    if (!properties[property].applies(v)) {
        return VERDICT_NO_CASE;
    }
    for (uint16_t i = 0; i < n; i++) {
        if (!properties[property].holds(v, i)) {
            *out_at = properties[property].is_per_limit ? v->limit[i].node : i;
            return VERDICT_BROKEN;
        }
    }
    return VERDICT_HOLDS;
}
