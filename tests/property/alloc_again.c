#include "tests/property/alloc_again.h"

#include <string.h>

#include "common/base/rng.h"
#include "common/base/units.h"

#define MIN_PAUSE_MS 120000
#define TICK_MS 30000
#define TURNS_EVERY 50 /* one seed in so many is played in turns: that takes long */

static struct alloc_scratch scratch;

void again_run(const struct alloc_case *c, struct alloc_result *out)
{
    alloc_run(&c->rules, c->node, c->node_n, c->box, c->box_n, &scratch, out);
}

/* Results alike, but for the numbers of their nodes. */
static bool is_same(const struct alloc_result *a, const struct alloc_result *b)
{
    return a->allocated_ma == b->allocated_ma && a->state == b->state && a->reason == b->reason && a->phase == b->phase && a->is_covered == b->is_covered &&
           a->turn_place == b->turn_place;
}

static enum verdict equal_input(const struct view *v, uint64_t seed, uint16_t *out_at)
{
    static struct alloc_result again[CASE_BOX_MAX];

    memset(&scratch, (int)(seed & 0xff), sizeof scratch);
    memset(again, 0xa5, sizeof again);
    again_run(v->c, again);
    for (uint16_t i = 0; i < v->c->box_n; i++) {
        if (!is_same(&again[i], &v->result[i]) || again[i].node != v->result[i].node) {
            *out_at = i;
            return VERDICT_BROKEN;
        }
    }
    return VERDICT_HOLDS;
}

/* The site a moment later: what was allocated is what flows. */
static void take_as_state(struct alloc_case *next, const struct alloc_case *c, const struct alloc_result *result)
{
    *next = *c;
    for (uint16_t i = 0; i < c->box_n; i++) {
        struct alloc_box *box = &next->box[i];
        bool was_running = box->current_ma > 0;

        box->current_ma = result[i].allocated_ma;
        if (was_running && result[i].allocated_ma == 0) {
            box->waiting_ms = 0;
            box->running_ms = 0;
            box->blocked_ms = MIN_PAUSE_MS;
        }
    }
}

/* Whether wallboxes whose minimum takes sun without asking for it and such as live on the sun alone are together here. */
static bool is_mixed(const struct alloc_case *c)
{
    bool has_minimum = false;
    bool has_only = false;

    for (uint16_t i = 0; i < c->box_n; i++) {
        has_minimum = has_minimum || c->box[i].solar == ALLOC_SOLAR_MINIMUM;
        has_only = has_only || c->box[i].solar == ALLOC_SOLAR_ONLY;
    }
    return has_minimum && has_only;
}

/* Those in solar_only that have started keep their minimums from then on. */
static void keep_started(struct alloc_case *c)
{
    for (uint16_t i = 0; i < c->box_n; i++) {
        if (c->box[i].solar == ALLOC_SOLAR_ONLY && c->box[i].current_ma > 0) {
            c->box[i].solar = ALLOC_SOLAR_MINIMUM;
        }
    }
}

/* Nobody is overdue, so that it does not matter how long a round is. */
static void forget_overdue(struct alloc_case *c)
{
    for (uint16_t i = 0; i < c->box_n; i++) {
        c->box[i].waiting_ms = min_i64(c->box[i].waiting_ms, c->rules.turn_ms - 1);
    }
}

static enum verdict result_as_state(const struct view *v, uint64_t seed, uint16_t *out_at)
{
    static struct alloc_result first[CASE_BOX_MAX];
    static struct alloc_result again[CASE_BOX_MAX];
    static struct alloc_case c;
    static struct alloc_case next;

    (void)seed;
    if (v->c->rules.min_run_ms <= 0) {
        return VERDICT_NO_CASE;
    }
    c = *v->c;
    if (is_mixed(&c)) {
        forget_overdue(&c);
    }
    again_run(&c, first);
    take_as_state(&next, &c, first);
    if (is_mixed(&c)) {
        keep_started(&next);
    }
    again_run(&next, again);
    for (uint16_t i = 0; i < next.box_n; i++) {
        if (again[i].allocated_ma != first[i].allocated_ma) {
            *out_at = i;
            return VERDICT_BROKEN;
        }
    }
    return VERDICT_HOLDS;
}

/* Lower a budget at random, by at most `slack`. */
static int64_t fall(struct rng *rng, int64_t slack)
{
    return slack > 0 ? rng_range(rng, 0, slack) : 0;
}

/* Lower all budgets, but leave the fixed ones and the minimums of those charging. */
static void lower_budgets(struct alloc_case *c, const struct view *v, struct rng *rng)
{
    for (uint16_t k = 0; k < v->limit_n; k++) {
        const struct limit *l = &v->limit[k];
        struct alloc_node *node = &c->node[l->node];
        int64_t by = fall(rng, l->cap - l->fixed - l->least);

        switch (l->kind) {
        case LIMIT_PHASE:
            node->budget_ma[l->phase] -= (int32_t)by;
            break;
        case LIMIT_WATTS:
            node->budget_w -= by / 1000000;
            break;
        case LIMIT_IMBALANCE: /* one figure for three phases */
            node->imbalance_ma = max_i32(l->phase == 0 ? 0 : node->imbalance_ma, (int32_t)(l->cap - by));
            break;
        case LIMIT_SUN:
            c->rules.surplus_ma[l->phase < 0 ? 0 : l->phase] -= (int32_t)by;
            break;
        }
    }
}

static enum verdict falling_budgets(const struct view *v, uint64_t seed, uint16_t *out_at)
{
    static struct alloc_result first[CASE_BOX_MAX];
    static struct alloc_result again[CASE_BOX_MAX];
    static struct alloc_case c;
    static struct alloc_case next;
    static struct view w;
    struct rng rng = {.state = seed ^ 0x5eed};

    if (v->c->rules.min_run_ms <= 0) {
        return VERDICT_NO_CASE;
    }
    c = *v->c;
    forget_overdue(&c);
    again_run(&c, first);
    view_make(&w, &c, first);
    take_as_state(&next, &c, first);
    if (is_mixed(&c)) {
        keep_started(&next);
    }
    for (int round = 0; round < 2; round++) {
        struct alloc_case lower = next;

        lower_budgets(&lower, &w, &rng);
        again_run(&lower, again);
        for (uint16_t i = 0; i < c.box_n; i++) {
            if ((again[i].allocated_ma > 0) != (first[i].allocated_ma > 0)) {
                *out_at = i;
                return VERDICT_BROKEN;
            }
        }
    }
    return VERDICT_HOLDS;
}

static int64_t part_of(struct rng *rng, int64_t budget)
{
    return budget > 0 ? budget * rng_range(rng, 0, 100) / 100 : budget;
}

static enum verdict stops_at_once(const struct view *v, uint64_t seed, uint16_t *out_at)
{
    static struct alloc_result again[CASE_BOX_MAX];
    static struct alloc_case next;
    static struct view w;
    struct rng rng = {.state = seed ^ 0xfa11};

    take_as_state(&next, v->c, v->result);
    for (uint16_t i = 0; i < next.node_n; i++) {
        for (int phase = 0; phase < PHASE_N; phase++) {
            next.node[i].budget_ma[phase] = (int32_t)part_of(&rng, next.node[i].budget_ma[phase]);
        }
        next.node[i].budget_w = part_of(&rng, next.node[i].budget_w);
        next.node[i].imbalance_ma = (int32_t)part_of(&rng, next.node[i].imbalance_ma);
    }
    again_run(&next, again);
    view_make(&w, &next, again);
    for (uint16_t k = 0; k < w.limit_n; k++) {
        if (w.limit[k].kind != LIMIT_SUN && w.limit[k].given > 0 && w.limit[k].fixed + w.limit[k].given > w.limit[k].cap) {
            *out_at = 0;
            return VERDICT_BROKEN;
        }
    }
    return VERDICT_HOLDS;
}

static enum verdict order_of_boxes(const struct view *v, uint64_t seed, uint16_t *out_at)
{
    static struct alloc_result again[CASE_BOX_MAX];
    static struct alloc_case next;
    uint16_t from[CASE_BOX_MAX];
    struct rng rng = {.state = ~seed};

    next = *v->c;
    for (uint16_t i = 0; i < next.box_n; i++) {
        from[i] = (uint16_t)(next.box_n - 1 - i);
    }
    for (uint16_t i = next.box_n; seed % 2 == 0 && i > 1; i--) {
        uint16_t k = (uint16_t)rng_range(&rng, 0, i - 1);
        uint16_t moved = from[i - 1];

        from[i - 1] = from[k];
        from[k] = moved;
    }
    for (uint16_t i = 0; i < next.box_n; i++) {
        next.box[i] = v->c->box[from[i]];
    }
    again_run(&next, again);
    for (uint16_t i = 0; i < next.box_n; i++) {
        if (!is_same(&again[i], &v->result[from[i]]) || again[i].node != v->result[from[i]].node) {
            *out_at = from[i];
            return VERDICT_BROKEN;
        }
    }
    return VERDICT_HOLDS;
}

/* Draw another order of the nodes with parents first: to[] of a node is its new number. */
static void draw_order(const struct alloc_case *c, struct rng *rng, uint16_t *to)
{
    uint16_t open[CASE_NODE_MAX] = {0};
    uint16_t open_n = 1;

    for (uint16_t placed_n = 0; placed_n < c->node_n; placed_n++) {
        uint16_t k = (uint16_t)rng_range(rng, 0, open_n - 1);
        uint16_t node = open[k];

        to[node] = placed_n;
        open[k] = open[--open_n];
        for (uint16_t i = (uint16_t)(node + 1); i < c->node_n; i++) {
            if (c->node[i].parent == node) {
                open[open_n++] = i;
            }
        }
    }
}

static enum verdict order_of_nodes(const struct view *v, uint64_t seed, uint16_t *out_at)
{
    static struct alloc_result again[CASE_BOX_MAX];
    static struct alloc_case next;
    uint16_t to[CASE_NODE_MAX];
    struct rng rng = {.state = seed ^ 0x7ee5};

    if (v->c->node_n < 3) {
        return VERDICT_NO_CASE;
    }
    draw_order(v->c, &rng, to);
    next = *v->c;
    for (uint16_t i = 0; i < next.node_n; i++) {
        next.node[to[i]] = v->c->node[i];
        next.node[to[i]].parent = v->c->node[i].parent == NODE_NONE ? NODE_NONE : to[v->c->node[i].parent];
    }
    for (uint16_t i = 0; i < next.box_n; i++) {
        next.box[i].node = to[v->c->box[i].node];
    }
    again_run(&next, again);
    for (uint16_t i = 0; i < next.box_n; i++) {
        uint16_t node = v->result[i].node == NODE_NONE ? NODE_NONE : to[v->result[i].node];

        if (!is_same(&again[i], &v->result[i]) || again[i].node != node) {
            *out_at = i;
            return VERDICT_BROKEN;
        }
    }
    return VERDICT_HOLDS;
}

void again_turns_case(struct alloc_case *c, uint64_t seed)
{
    struct rng rng = {.state = seed ^ 0x7012};
    int32_t n = (int32_t)rng_range(&rng, 1, 12);
    int32_t k = (int32_t)rng_range(&rng, 1, n);
    int32_t min_ma = rng_range(&rng, 0, 1) ? 6000 : (int32_t)rng_range(&rng, 6000, 16000);
    uint8_t used = (uint8_t)rng_range(&rng, 1, PHASE_ALL);

    *c = (struct alloc_case){.node_n = 1, .box_n = (uint16_t)n};
    c->rules = (struct alloc_rules){.step_ma = 100, .start_margin_ma = 500, .turn_ms = 900000, .min_run_ms = 300000, .voltage_mv = 230000};
    c->node[0] = (struct alloc_node){.parent = NODE_NONE, .budget_w = -1};
    for (int phase = 0; phase < PHASE_N; phase++) {
        c->node[0].budget_ma[phase] = min_ma * k + 500;
    }
    for (uint16_t i = 0; i < c->box_n; i++) {
        c->box[i] = (struct alloc_box){.used = used, .priority = 5, .weight = 1, .min_ma = min_ma, .max_ma = 32000, .demand_ma = 32000, .cap_ma = MA_MAX};
        c->box[i].rank = i;
    }
}

static void play_tick(struct alloc_case *c, const struct alloc_result *result, int64_t *gap_ms)
{
    for (uint16_t i = 0; i < c->box_n; i++) {
        struct alloc_box *box = &c->box[i];
        bool was_running = box->current_ma > 0;
        bool is_running = result[i].allocated_ma > 0;

        if (result[i].state == ALLOC_NO_DEMAND) {
            continue;
        }
        box->current_ma = result[i].allocated_ma;
        if (is_running) {
            box->running_ms = was_running ? box->running_ms : 0;
            box->waiting_ms = 0;
            gap_ms[i] = 0;
        } else if (was_running) {
            box->waiting_ms = 0;
            box->blocked_ms = MIN_PAUSE_MS;
        }
        box->running_ms += is_running ? TICK_MS : 0;
        box->waiting_ms += is_running ? 0 : TICK_MS;
        gap_ms[i] += is_running ? 0 : TICK_MS;
        box->blocked_ms = max_i64(box->blocked_ms - TICK_MS, 0);
    }
}

/* In every other site the vehicles come one after the other during the first turns. */
static void draw_arrivals(uint64_t seed, const struct alloc_case *c, int64_t *out_ms)
{
    struct rng rng = {.state = seed ^ 0xa441};
    bool is_staggered = rng_range(&rng, 0, 1) == 1;

    for (uint16_t i = 0; i < c->box_n; i++) {
        out_ms[i] = is_staggered ? rng_range(&rng, 0, 3 * c->rules.turn_ms) : 0;
    }
}

static enum verdict turns(const struct view *v, uint64_t seed, uint16_t *out_at)
{
    static struct alloc_result result[CASE_BOX_MAX];
    static struct alloc_case c;
    int64_t arrival_ms[CASE_BOX_MAX] = {0};
    int64_t gap_ms[CASE_BOX_MAX] = {0};
    int64_t turns_n;

    (void)v;
    if (seed % TURNS_EVERY != 0) {
        return VERDICT_NO_CASE;
    }
    again_turns_case(&c, seed);
    draw_arrivals(seed, &c, arrival_ms);
    turns_n = div_up(c.box_n, c.node[0].budget_ma[0] / c.box[0].min_ma) + 1;
    for (int64_t at_ms = 0; at_ms < 4 * turns_n * c.rules.turn_ms; at_ms += TICK_MS) {
        for (uint16_t i = 0; i < c.box_n; i++) {
            c.box[i].demand_ma = at_ms >= arrival_ms[i] ? c.box[i].max_ma : 0;
        }
        again_run(&c, result);
        play_tick(&c, result, gap_ms);
        for (uint16_t i = 0; i < c.box_n; i++) {
            if (gap_ms[i] > turns_n * c.rules.turn_ms) {
                *out_at = i;
                return VERDICT_BROKEN;
            }
        }
    }
    return VERDICT_HOLDS;
}

static const struct {
    const char *name;
    enum verdict (*check)(const struct view *v, uint64_t seed, uint16_t *out_at);
} properties[] = {
    {"A6 no starvation", turns},
    {"A7 stability (equal input)", equal_input},
    {"A7 stability (result as state)", result_as_state},
    {"A7 stability (falling budgets)", falling_budgets},
    {"A7 stability (stops at once)", stops_at_once},
    {"A8 order free (wallboxes)", order_of_boxes},
    {"A8 order free (nodes)", order_of_nodes},
};

size_t again_n(void)
{
    return sizeof properties / sizeof properties[0];
}

const char *again_name(size_t property)
{
    return properties[property].name;
}

enum verdict again_check(size_t property, const struct view *v, uint64_t seed, uint16_t *out_at)
{
    return properties[property].check(v, seed, out_at);
}
