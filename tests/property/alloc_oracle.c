#include "tests/property/alloc_oracle.h"

#include <string.h>

#define RES_N (PHASE_N + 1)
#define WATTS PHASE_N

/* A figure for each resource; phases in mA, watts in mA x mV (W x 10^6). */
struct sums {
    int64_t at[CASE_NODE_MAX][RES_N];
};

/* What the checks need, added up afresh from the input and the result. */
struct view {
    const struct alloc_case *c;
    const struct alloc_result *r;
    bool is_above[CASE_NODE_MAX][CASE_BOX_MAX];
    struct sums cap; /* budgets; negative: no limit */
    struct sums fixed;
    struct sums given;
    struct sums least; /* all who charge at their minimum */
    bool is_competing[CASE_BOX_MAX];
    bool is_overdue[CASE_BOX_MAX];
};

static int64_t top_of(const struct alloc_box *b)
{
    int64_t top = b->demand_ma;

    top = b->max_ma < top ? b->max_ma : top;
    return b->cap_ma < top ? b->cap_ma : top;
}

/* What `ma` of wallbox b takes of resource r. */
static int64_t cost(const struct view *v, const struct alloc_box *b, int r, int64_t ma)
{
    int n = 0;

    if (r < PHASE_N) {
        return (b->used >> r & 1) ? ma : 0;
    }
    for (int phase = 0; phase < PHASE_N; phase++) {
        n += b->used >> phase & 1;
    }
    return ma * n * v->c->rules.voltage_mv;
}

/* Whether `ma` for box i fits into resource r of node n when others take `others` of it. */
static bool fits_there(const struct view *v, uint16_t i, uint16_t n, int r, int64_t others, int64_t ma)
{
    int64_t take = cost(v, &v->c->box[i], r, ma);

    return !v->is_above[n][i] || take == 0 || v->cap.at[n][r] < 0 || others + take <= v->cap.at[n][r];
}

static bool fits_beside(const struct view *v, uint16_t i, const struct sums *others, int64_t ma)
{
    for (uint16_t n = 0; n < v->c->node_n; n++) {
        for (int r = 0; r < RES_N; r++) {
            if (!fits_there(v, i, n, r, v->fixed.at[n][r] + (others ? others->at[n][r] : 0), ma)) {
                return false;
            }
        }
    }
    return true;
}

static void add_box(struct view *v, uint16_t i)
{
    const struct alloc_box *b = &v->c->box[i];

    for (uint16_t n = b->node; n != NODE_NONE; n = v->c->node[n].parent) {
        v->is_above[n][i] = true;
        for (int r = 0; r < RES_N; r++) {
            v->given.at[n][r] += cost(v, b, r, v->r[i].allocated_ma);
            v->least.at[n][r] += v->r[i].allocated_ma > 0 ? cost(v, b, r, b->min_ma) : 0;
        }
        for (int phase = 0; b->is_fixed && phase < PHASE_N; phase++) {
            v->fixed.at[n][phase] += b->fixed_ma[phase];
            v->fixed.at[n][WATTS] += (int64_t)b->fixed_ma[phase] * v->c->rules.voltage_mv;
        }
    }
}

/* Minimums that fit on one resource, higher priorities first and then the smallest, among those of at least this priority. */
static int64_t count_fitting(const struct view *v, uint16_t n, int r, int8_t priority_min)
{
    bool is_done[CASE_BOX_MAX] = {false};
    int64_t sum = v->fixed.at[n][r];
    int64_t fitting_n = 0;

    for (uint16_t round = 0; round < v->c->box_n; round++) {
        int best = -1;

        for (int i = 0; i < v->c->box_n; i++) {
            const struct alloc_box *b = &v->c->box[i];

            if (is_done[i] || !v->is_competing[i] || !v->is_above[n][i] || cost(v, b, r, 1) == 0 || b->priority < priority_min) {
                continue;
            }
            if (best < 0 || b->priority > v->c->box[best].priority || (b->priority == v->c->box[best].priority && b->min_ma < v->c->box[best].min_ma) ||
                (b->priority == v->c->box[best].priority && b->min_ma == v->c->box[best].min_ma && b->rank < v->c->box[best].rank)) {
                best = i;
            }
        }
        if (best < 0) {
            break;
        }
        is_done[best] = true;
        if (v->cap.at[n][r] < 0 || sum + cost(v, &v->c->box[best], r, v->c->box[best].min_ma) <= v->cap.at[n][r]) {
            sum += cost(v, &v->c->box[best], r, v->c->box[best].min_ma);
            fitting_n++;
        }
    }
    return fitting_n;
}

static int64_t count_competing(const struct view *v, uint16_t n, int r, int8_t priority_min)
{
    int64_t all_n = 0;

    for (uint16_t i = 0; i < v->c->box_n; i++) {
        const struct alloc_box *b = &v->c->box[i];

        all_n += v->is_competing[i] && v->is_above[n][i] && cost(v, b, r, 1) > 0 && b->priority >= priority_min;
    }
    return all_n;
}

static bool has_waited_round(const struct view *v, uint16_t i)
{
    const struct alloc_box *b = &v->c->box[i];

    if (b->current_ma > 0) {
        return false;
    }
    for (uint16_t n = 0; n < v->c->node_n; n++) {
        for (int r = 0; r < RES_N && v->is_above[n][i]; r++) {
            int64_t all_n = count_competing(v, n, r, b->priority);
            int64_t fit_n = cost(v, b, r, 1) > 0 ? count_fitting(v, n, r, b->priority) : 1;
            int64_t turns = (all_n + (fit_n > 0 ? fit_n : 1) - 1) / (fit_n > 0 ? fit_n : 1);

            if (cost(v, b, r, 1) > 0 && b->waiting_ms < turns * v->c->rules.turn_ms) {
                return false;
            }
        }
    }
    return b->waiting_ms >= v->c->rules.turn_ms;
}

static void look(struct view *v, const struct alloc_case *c, const struct alloc_result *r)
{
    memset(v, 0, sizeof *v);
    v->c = c;
    v->r = r;
    for (uint16_t n = 0; n < c->node_n; n++) {
        for (int phase = 0; phase < PHASE_N; phase++) {
            v->cap.at[n][phase] = c->node[n].budget_ma[phase] < 0 ? 0 : c->node[n].budget_ma[phase];
        }
        v->cap.at[n][WATTS] = c->node[n].budget_w < 0 ? -1 : c->node[n].budget_w * 1000000;
    }
    for (uint16_t i = 0; i < c->box_n; i++) {
        add_box(v, i);
    }
    for (uint16_t i = 0; i < c->box_n; i++) {
        const struct alloc_box *b = &c->box[i];

        v->is_competing[i] = !b->is_fixed && top_of(b) >= b->min_ma && fits_beside(v, i, NULL, b->min_ma);
    }
    for (uint16_t i = 0; i < c->box_n; i++) {
        v->is_overdue[i] = v->is_competing[i] && has_waited_round(v, i);
    }
}

static bool is_blocked(const struct view *v, uint16_t i)
{
    return v->c->box[i].current_ma <= 0 && v->c->box[i].blocked_ms > 0 && !v->is_overdue[i];
}

static int64_t need_of(const struct view *v, uint16_t i)
{
    return v->c->box[i].min_ma + (v->c->box[i].current_ma > 0 ? 0 : v->c->rules.start_margin_ma);
}

static bool holds_a1(const struct view *v, uint16_t n)
{
    for (int r = 0; r < RES_N; r++) {
        if (v->cap.at[n][r] >= 0 && v->given.at[n][r] > 0 && v->fixed.at[n][r] + v->given.at[n][r] > v->cap.at[n][r]) {
            return false;
        }
    }
    return true;
}

static bool holds_a2(const struct view *v, uint16_t i)
{
    const struct alloc_box *b = &v->c->box[i];
    const struct alloc_result *r = &v->r[i];
    int64_t ma = r->allocated_ma;
    bool has_demand = b->demand_ma >= b->min_ma && b->max_ma >= b->min_ma;

    if (b->is_fixed) {
        return ma == 0 && r->state == ALLOC_FIXED && r->reason == REASON_UNSET;
    }
    if (r->reason == REASON_UNSET || (r->state == ALLOC_NO_DEMAND) != !has_demand || (r->state == ALLOC_CHARGING) != (ma > 0)) {
        return false;
    }
    if (ma == 0) {
        return true;
    }
    return has_demand && ma >= b->min_ma && ma <= top_of(b) && (ma % v->c->rules.step_ma == 0 || ma == b->min_ma || ma == top_of(b));
}

static bool holds_a3(const struct view *v, uint16_t i)
{
    const struct alloc_box *b = &v->c->box[i];
    int64_t step = v->c->rules.step_ma;

    if (v->r[i].state == ALLOC_CHARGING) {
        return v->r[i].allocated_ma + step > top_of(b) || !fits_beside(v, i, &v->given, step);
    }
    return v->r[i].state != ALLOC_WAITING || top_of(b) < b->min_ma || is_blocked(v, i) || !fits_beside(v, i, &v->least, need_of(v, i));
}

/* Whether resource r of node n is a good reason for box a to have no more (A4). */
static bool is_fair_there(const struct view *v, uint16_t a, uint16_t n, int r)
{
    const struct alloc_box *x = &v->c->box[a];
    int64_t step = v->c->rules.step_ma;

    if (fits_there(v, a, n, r, v->fixed.at[n][r] + v->given.at[n][r], step)) {
        return false;
    }
    for (uint16_t i = 0; i < v->c->box_n; i++) {
        const struct alloc_box *y = &v->c->box[i];
        int64_t ma = v->r[i].allocated_ma;

        if (i == a || ma <= y->min_ma || y->priority != x->priority || !v->is_above[n][i] || cost(v, y, r, 1) == 0) {
            continue;
        }
        if (r == WATTS && cost(v, y, r, 1) < cost(v, x, r, 1)) {
            ma -= (cost(v, x, r, step) - 1) / cost(v, y, r, 1);
        }
        if (ma > y->min_ma && ma * x->weight > (v->r[a].allocated_ma + step) * y->weight) {
            return false;
        }
    }
    return true;
}

static bool holds_a4(const struct view *v, uint16_t i)
{
    if (v->r[i].state != ALLOC_CHARGING || v->r[i].allocated_ma == top_of(&v->c->box[i])) {
        return true;
    }
    for (uint16_t n = 0; n < v->c->node_n; n++) {
        for (int r = 0; r < RES_N; r++) {
            if (is_fair_there(v, i, n, r)) {
                return true;
            }
        }
    }
    return false;
}

/* Whether a comes before b in the order of admission (4.4). */
static bool comes_before(const struct view *v, uint16_t a, uint16_t b)
{
    const struct alloc_rules *rules = &v->c->rules;
    const struct alloc_box *box[2] = {&v->c->box[a], &v->c->box[b]};
    int64_t key[2][6];

    for (int k = 0; k < 2; k++) {
        const struct alloc_box *x = box[k];
        bool runs = x->current_ma > 0;

        key[k][0] = runs && x->running_ms < rules->min_run_ms ? 0 : 1;
        key[k][1] = -x->priority;
        key[k][2] = v->is_overdue[k == 0 ? a : b] ? 0 : 1;
        key[k][3] = x->has_laxity ? x->laxity_ms : INT64_MAX;
        key[k][4] = !runs ? -x->waiting_ms : x->running_ms >= rules->turn_ms ? 0 : INT64_MIN;
        key[k][5] = x->rank;
    }
    for (int k = 0; k < 6; k++) {
        if (key[0][k] != key[1][k]) {
            return key[0][k] < key[1][k];
        }
    }
    return false;
}

static bool holds_a5_admission(const struct view *v, uint16_t i)
{
    struct sums before = {{{0}}};
    bool is_due;

    if (!v->is_competing[i]) {
        return v->r[i].allocated_ma == 0;
    }
    for (uint16_t k = 0; k < v->c->box_n; k++) {
        if (v->r[k].allocated_ma == 0 || !comes_before(v, k, i)) {
            continue;
        }
        for (uint16_t n = 0; n < v->c->node_n; n++) {
            for (int r = 0; r < RES_N && v->is_above[n][k]; r++) {
                before.at[n][r] += cost(v, &v->c->box[k], r, v->c->box[k].min_ma);
            }
        }
    }
    is_due = !is_blocked(v, i) && fits_beside(v, i, &before, need_of(v, i));
    return is_due == (v->r[i].allocated_ma > 0);
}

static bool holds_a5_raise(const struct view *v, uint16_t i)
{
    const struct alloc_box *b = &v->c->box[i];
    struct sums others = {{{0}}};

    if (v->r[i].state != ALLOC_CHARGING || v->r[i].allocated_ma + v->c->rules.step_ma > top_of(b)) {
        return true;
    }
    for (uint16_t k = 0; k < v->c->box_n; k++) {
        const struct alloc_box *y = &v->c->box[k];
        int64_t ma = v->r[k].allocated_ma > 0 && y->priority < b->priority ? y->min_ma : v->r[k].allocated_ma;

        for (uint16_t n = 0; n < v->c->node_n; n++) {
            for (int r = 0; r < RES_N && v->is_above[n][k]; r++) {
                others.at[n][r] += cost(v, y, r, ma);
            }
        }
    }
    return !fits_beside(v, i, &others, v->c->rules.step_ma);
}

/* Whether the place that a result names is one that really lacks what the wallbox would need. */
static bool holds_reason(const struct view *v, uint16_t i)
{
    const struct alloc_result *r = &v->r[i];
    bool is_watts = r->phase < 0;
    int res = is_watts ? WATTS : r->phase;
    bool charges = r->state == ALLOC_CHARGING;

    if (r->reason == REASON_DEMAND_MET || r->reason == REASON_WALLBOX_LIMIT) {
        return charges && r->node == NODE_NONE && r->allocated_ma == top_of(&v->c->box[i]);
    }
    if (r->node == NODE_NONE) {
        return r->reason != REASON_NODE_FULL && r->reason != REASON_WATTS && r->reason != REASON_PRIORITY && r->reason != REASON_WAITING_TURN;
    }
    if (v->c->node[r->node].is_fallback != (r->reason == REASON_METER_FALLBACK)) {
        return false;
    }
    if (charges) {
        return !fits_there(v, i, r->node, res, v->fixed.at[r->node][res] + v->given.at[r->node][res], v->c->rules.step_ma);
    }
    return !fits_there(v, i, r->node, res, v->fixed.at[r->node][res] + v->least.at[r->node][res], need_of(v, i));
}

const char *alloc_oracle(const struct alloc_case *c, const struct alloc_result *result, uint16_t *out_box)
{
    static const struct {
        const char *name;
        bool (*holds)(const struct view *v, uint16_t i);
        bool is_per_node;
    } property[] = {
        {"A1 conservation", holds_a1, true},
        {"A2 validity", holds_a2, false},
        {"A3 no waste", holds_a3, false},
        {"A4 fairness", holds_a4, false},
        {"A5 priority (admission)", holds_a5_admission, false},
        {"A5 priority (raise)", holds_a5_raise, false},
        {"reason", holds_reason, false},
    };
    static struct view v; /* large; the program has one thread */

    look(&v, c, result);
    for (uint16_t i = 0; i < c->box_n; i++) {
        *out_box = i;
        if (is_blocked(&v, i) && result[i].allocated_ma > 0) {
            return "A7 stability (blocked)";
        }
    }
    for (size_t p = 0; p < sizeof property / sizeof property[0]; p++) {
        uint16_t n = property[p].is_per_node ? c->node_n : c->box_n;

        for (uint16_t i = 0; i < n; i++) {
            *out_box = i;
            if (!property[p].holds(&v, i)) {
                return property[p].name;
            }
        }
    }
    return NULL;
}
