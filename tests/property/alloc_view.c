#include "tests/property/alloc_view.h"

#include <string.h>

int64_t view_top(const struct alloc_box *b)
{
    int64_t top = b->demand_ma;

    top = b->max_ma < top ? b->max_ma : top;
    return b->cap_ma < top ? b->cap_ma : top;
}

int64_t view_need(const struct view *v, uint16_t box)
{
    return v->c->box[box].min_ma + (v->c->box[box].current_ma > 0 ? 0 : v->c->rules.start_margin_ma);
}

bool view_is_blocked(const struct view *v, uint16_t box)
{
    return v->c->box[box].current_ma <= 0 && v->c->box[box].blocked_ms > 0 && !v->is_overdue[box];
}

int64_t view_asks(const struct view *v, uint16_t limit, uint16_t box, int64_t ma, enum purpose purpose)
{
    bool is_guaranteed = v->limit[limit].kind == LIMIT_SUN && purpose == FOR_MINIMUM && v->c->box[box].solar == ALLOC_SOLAR_MINIMUM;

    return is_guaranteed ? 0 : ma * v->unit[limit][box];
}

bool view_fits_limit(const struct view *v, uint16_t limit, uint16_t box, int64_t others, int64_t ma, enum purpose purpose)
{
    int64_t asks = view_asks(v, limit, box, ma, purpose);

    return asks == 0 || v->limit[limit].fixed + others + asks <= v->limit[limit].cap;
}

bool view_fits(const struct view *v, uint16_t box, const struct sums *others, int64_t ma, enum purpose purpose)
{
    for (uint16_t k = 0; k < v->limit_n; k++) {
        if (!view_fits_limit(v, k, box, others->at[k], ma, purpose)) {
            return false;
        }
    }
    return true;
}

void view_given(const struct view *v, struct sums *out)
{
    for (uint16_t k = 0; k < v->limit_n; k++) {
        out->at[k] = v->limit[k].given;
    }
}

void view_least(const struct view *v, struct sums *out)
{
    for (uint16_t k = 0; k < v->limit_n; k++) {
        out->at[k] = v->limit[k].least;
    }
}

void view_nothing(struct sums *out)
{
    memset(out, 0, sizeof *out);
}

void view_add(const struct view *v, struct sums *s, uint16_t box, int64_t ma)
{
    for (uint16_t k = 0; k < v->limit_n; k++) {
        s->at[k] += ma * v->unit[k][box];
    }
}

static int phases_n(uint8_t used)
{
    static const int n[] = {0, 1, 1, 2, 1, 2, 2, 3};

    return n[used];
}

static int64_t positive(int64_t value)
{
    return value > 0 ? value : 0;
}

static void add_limit(struct view *v, enum limit_kind kind, uint16_t node, int phase, int64_t cap)
{
    v->limit[v->limit_n++] = (struct limit){.kind = kind, .node = node, .phase = (int8_t)phase, .cap = positive(cap)};
}

static void list_limits(struct view *v)
{
    const struct alloc_rules *rules = &v->c->rules;

    for (uint16_t i = 0; i < v->c->node_n; i++) {
        const struct alloc_node *node = &v->c->node[i];

        for (int phase = 0; phase < PHASE_N; phase++) {
            add_limit(v, LIMIT_PHASE, i, phase, node->budget_ma[phase]);
        }
        if (node->budget_w >= 0) {
            add_limit(v, LIMIT_WATTS, i, -1, node->budget_w * 1000000);
        }
        for (int phase = 0; node->has_imbalance && phase < PHASE_N; phase++) {
            add_limit(v, LIMIT_IMBALANCE, i, phase, node->imbalance_ma);
        }
    }
    if (rules->surplus_mode == SURPLUS_SUMMED) {
        add_limit(v, LIMIT_SUN, 0, -1, (int64_t)rules->surplus_ma[0] + rules->surplus_ma[1] + rules->surplus_ma[2]);
        return;
    }
    for (int phase = 0; phase < PHASE_N; phase++) {
        add_limit(v, LIMIT_SUN, 0, phase, rules->surplus_ma[phase]);
    }
}

/* Whether a wallbox counts at a limit at all, whatever phases it uses. */
static bool counts(const struct alloc_box *b, enum limit_kind kind)
{
    if (kind == LIMIT_IMBALANCE) {
        return phases_n(b->used) < PHASE_N;
    }
    return kind != LIMIT_SUN || b->solar != ALLOC_FAST;
}

static void take_part(struct view *v, struct limit *l, uint16_t box)
{
    const struct alloc_box *b = &v->c->box[box];
    int32_t each = l->kind == LIMIT_WATTS ? v->c->rules.voltage_mv : 1;
    int32_t *unit = &v->unit[l - v->limit][box];

    if (!counts(b, l->kind)) {
        return;
    }
    for (int phase = 0; phase < PHASE_N; phase++) {
        bool is_here = l->phase < 0 || l->phase == phase;

        *unit += is_here && (b->used >> phase & 1) ? each : 0;
        l->fixed += is_here && b->is_fixed ? (int64_t)b->fixed_ma[phase] * each : 0;
    }
    l->given += (int64_t)v->result[box].allocated_ma * *unit;
    l->least += v->result[box].allocated_ma > 0 ? (int64_t)b->min_ma * *unit : 0;
}

static void add_up(struct view *v)
{
    for (uint16_t i = 0; i < v->c->box_n; i++) {
        bool is_above[CASE_NODE_MAX] = {false};

        for (uint16_t n = v->c->box[i].node; n != NODE_NONE; n = v->c->node[n].parent) {
            is_above[n] = true;
        }
        for (uint16_t k = 0; k < v->limit_n; k++) {
            if (is_above[v->limit[k].node]) {
                take_part(v, &v->limit[k], i);
            }
        }
    }
}

static void find_competing(struct view *v)
{
    struct sums nothing;

    view_nothing(&nothing);
    for (uint16_t i = 0; i < v->c->box_n; i++) {
        const struct alloc_box *b = &v->c->box[i];

        v->is_competing[i] = !b->is_fixed && view_top(b) >= b->min_ma && view_fits(v, i, &nothing, b->min_ma, FOR_MINIMUM);
    }
}

/* Higher priority first, then the smaller minimum, then rank. */
static bool is_smaller(const struct alloc_box *a, const struct alloc_box *b)
{
    if (a->priority != b->priority) {
        return a->priority > b->priority;
    }
    return a->min_ma != b->min_ma ? a->min_ma < b->min_ma : a->rank < b->rank;
}

/* Put the competing in order; is_first(v, a, b): a stands before b. */
static uint16_t put_in_order(const struct view *v, bool (*is_first)(const struct view *v, uint16_t a, uint16_t b), uint16_t *out)
{
    uint16_t n = 0;

    for (uint16_t i = 0; i < v->c->box_n; i++) {
        uint16_t at = n;

        if (!v->is_competing[i]) {
            continue;
        }
        for (; at > 0 && is_first(v, i, out[at - 1]); at--) {
            out[at] = out[at - 1];
        }
        out[at] = i;
        n++;
    }
    return n;
}

static bool by_minimum(const struct view *v, uint16_t a, uint16_t b)
{
    return is_smaller(&v->c->box[a], &v->c->box[b]);
}

/* A full round at one limit: n competing of a priority or higher, k of which fit when their minimums are given to the smallest first. */
static void count_rounds(struct view *v, uint16_t limit, const uint16_t *order, uint16_t order_n)
{
    struct limit *l = &v->limit[limit];
    int64_t all_n = 0;
    int64_t fit_n = 0;
    int64_t sum = l->fixed;
    uint16_t at = 0;

    for (int priority = PRIORITY_MAX; priority >= 0; priority--) {
        for (; at < order_n && v->c->box[order[at]].priority == priority; at++) {
            int64_t asks = view_asks(v, limit, order[at], v->c->box[order[at]].min_ma, FOR_MINIMUM);

            all_n += asks > 0;
            if (asks > 0 && sum + asks <= l->cap) {
                sum += asks;
                fit_n++;
            }
        }
        l->turns[priority] = (all_n + (fit_n > 0 ? fit_n : 1) - 1) / (fit_n > 0 ? fit_n : 1);
    }
}

/* Whoever has waited for a full round wherever he needs current. */
static void find_overdue(struct view *v)
{
    uint16_t order[CASE_BOX_MAX];
    uint16_t order_n = put_in_order(v, by_minimum, order);

    for (uint16_t k = 0; k < v->limit_n; k++) {
        count_rounds(v, k, order, order_n);
    }
    for (uint16_t i = 0; i < v->c->box_n; i++) {
        const struct alloc_box *b = &v->c->box[i];
        int64_t turns = 1;

        for (uint16_t k = 0; k < v->limit_n; k++) {
            bool is_asked = view_asks(v, k, i, 1, FOR_MINIMUM) > 0;

            turns = is_asked && v->limit[k].turns[b->priority] > turns ? v->limit[k].turns[b->priority] : turns;
        }
        v->is_overdue[i] = v->is_competing[i] && b->current_ma <= 0 && b->waiting_ms >= turns * v->c->rules.turn_ms;
    }
}

bool view_is_before(const struct view *v, uint16_t a, uint16_t b)
{
    const struct alloc_rules *rules = &v->c->rules;
    const uint16_t of[2] = {a, b};
    int64_t key[2][7];

    for (int k = 0; k < 2; k++) {
        const struct alloc_box *x = &v->c->box[of[k]];
        bool runs = x->current_ma > 0;

        key[k][0] = runs && x->running_ms < rules->min_run_ms ? 0 : 1;
        key[k][1] = -x->priority;
        key[k][2] = v->is_overdue[of[k]] ? 0 : 1;
        key[k][3] = x->has_laxity ? x->laxity_ms : INT64_MAX;
        key[k][4] = !runs ? -x->waiting_ms : x->running_ms - x->before_turn_ms >= rules->turn_ms ? 0 : INT64_MIN;
        key[k][5] = x->served_ms;
        key[k][6] = x->rank;
    }
    for (int k = 0; k < 7; k++) {
        if (key[0][k] != key[1][k]) {
            return key[0][k] < key[1][k];
        }
    }
    return false;
}

/* Whether the sun alone leaves a wallbox its need beside `others`. */
static bool has_sun(const struct view *v, uint16_t box, const struct sums *others)
{
    for (uint16_t k = 0; k < v->limit_n; k++) {
        if (v->limit[k].kind == LIMIT_SUN && !view_fits_limit(v, k, box, others->at[k], view_need(v, box), FOR_RISE)) {
            return false;
        }
    }
    return true;
}

static void walk_order(struct view *v)
{
    struct sums charging;
    struct sums sunny;

    view_nothing(&charging);
    view_nothing(&sunny);
    v->order_n = put_in_order(v, view_is_before, v->order);
    for (uint16_t k = 0; k < v->order_n; k++) {
        uint16_t i = v->order[k];
        bool is_charging = v->result[i].allocated_ma > 0;

        v->fits_in_order[i] = !view_is_blocked(v, i) && view_fits(v, i, &charging, view_need(v, i), FOR_MINIMUM);
        v->is_sun_in_order[i] = v->fits_in_order[i] && v->c->box[i].solar != ALLOC_FAST && has_sun(v, i, &sunny);
        view_add(v, &charging, i, is_charging ? v->c->box[i].min_ma : 0);
        view_add(v, &sunny, i, is_charging || v->result[i].is_covered ? v->c->box[i].min_ma : 0);
    }
}

void view_make(struct view *v, const struct alloc_case *c, const struct alloc_result *result)
{
    memset(v, 0, sizeof *v);
    v->c = c;
    v->result = result;
    list_limits(v);
    add_up(v);
    find_competing(v);
    find_overdue(v);
    walk_order(v);
}
