#include "tests/property/alloc_site.h"

#include "common/base/rng.h"
#include "common/base/units.h"

#define BUDGET_MAX_MA 900000 /* a document may have to add a base load */

static int32_t pick(struct rng *rng, int32_t lo, int32_t hi)
{
    return (int32_t)rng_range(rng, lo, hi);
}

static bool chance(struct rng *rng, int32_t percent)
{
    return pick(rng, 1, 100) <= percent;
}

/* What this site is like: each seed draws which difficulties it has, so that simple sites occur as well. */
struct flavour {
    bool has_priorities;
    bool has_many_priorities;
    bool has_weights;
    bool has_minimums;
    bool has_odd_currents; /* not multiples of the step */
    bool has_fixed;
    bool has_caps;
    bool has_watts;
    bool has_fallback;
    bool has_schedule;
    bool has_sun;
    bool has_imbalance;
    bool has_laxity;
    bool is_scarce;
    bool is_three_phase;
};

static struct flavour draw_flavour(struct rng *rng)
{
    return (struct flavour){
        .has_priorities = chance(rng, 40),
        .has_many_priorities = chance(rng, 25),
        .has_weights = chance(rng, 30),
        .has_minimums = chance(rng, 40),
        .has_odd_currents = chance(rng, 40),
        .has_fixed = chance(rng, 40),
        .has_caps = chance(rng, 25),
        .has_watts = chance(rng, 35),
        .has_fallback = chance(rng, 20),
        .has_schedule = chance(rng, 25),
        .has_sun = chance(rng, 35),
        .has_imbalance = chance(rng, 20),
        .has_laxity = chance(rng, 30),
        .is_scarce = chance(rng, 60),
        .is_three_phase = chance(rng, 20),
    };
}

static int32_t draw_ma(struct rng *rng, const struct flavour *f, int32_t lo, int32_t hi)
{
    int32_t ma = pick(rng, lo, hi);

    return f->has_odd_currents ? ma : max_i32(ma - ma % 100, lo);
}

static int32_t draw_budget(struct rng *rng, const struct flavour *f, int32_t box_n)
{
    int32_t kind = pick(rng, 1, 20);

    if (kind == 1) {
        return pick(rng, -20000, 0);
    }
    if (kind == 2) {
        return pick(rng, 0, 7000);
    }
    if (kind == 3) {
        return draw_ma(rng, f, 20000, BUDGET_MAX_MA);
    }
    return draw_ma(rng, f, 6000, min_i32(f->is_scarce ? 12000 + 3000 * box_n : 20000 + 20000 * box_n, BUDGET_MAX_MA));
}

/* What holds a node besides its currents. */
static void make_rules_of_node(struct alloc_node *node, struct rng *rng, const struct flavour *f, int32_t share_n)
{
    node->budget_w = f->has_watts && chance(rng, 40) ? rng_range(rng, 0, 3000 + 5000 * (int64_t)share_n) : -1;
    if (node->budget_w >= 0 && chance(rng, 10)) {
        node->budget_w = pick(rng, 0, 1) * pick(rng, 0, 2000);
    }
    node->is_fallback = f->has_fallback && chance(rng, 30);
    node->scheduled = (uint8_t)(f->has_schedule && chance(rng, 40) ? pick(rng, 1, 15) : 0);
    node->has_imbalance = f->has_imbalance && chance(rng, 60);
    if (node->has_imbalance) {
        node->imbalance_ma = chance(rng, 15) ? pick(rng, -1000, 6000) : draw_ma(rng, f, 4600, 8000 + 4000 * share_n);
    }
}

static void make_nodes(struct alloc_case *c, struct rng *rng, const struct flavour *f)
{
    int level[CASE_NODE_MAX] = {0};

    c->node_n = (uint16_t)(chance(rng, 30) ? 1 : pick(rng, 1, CASE_NODE_MAX));
    for (uint16_t i = 0; i < c->node_n; i++) {
        struct alloc_node *node = &c->node[i];
        int32_t share_n = i == 0 ? c->box_n : 1 + c->box_n / 3;

        node->parent = NODE_NONE;
        if (i > 0) {
            node->parent = (uint16_t)pick(rng, 0, i - 1);
            node->parent = level[node->parent] >= 3 ? 0 : node->parent;
            level[i] = level[node->parent] + 1;
        }
        node->budget_ma[0] = draw_budget(rng, f, share_n);
        for (int phase = 1; phase < PHASE_N; phase++) {
            node->budget_ma[phase] = chance(rng, 50) ? node->budget_ma[0] : draw_budget(rng, f, share_n);
        }
        make_rules_of_node(node, rng, f, share_n);
    }
}

/* From none at all and phases that draw from the grid to enough for everybody. */
static void make_surplus(struct alloc_rules *rules, struct rng *rng, const struct flavour *f, int32_t box_n)
{
    int32_t kind = pick(rng, 1, 10);

    rules->surplus_mode = chance(rng, 50) ? SURPLUS_PER_PHASE : SURPLUS_SUMMED;
    for (int phase = 0; f->has_sun && kind > 1 && phase < PHASE_N; phase++) {
        bool is_small = kind == 2 || chance(rng, 15);

        rules->surplus_ma[phase] = is_small ? pick(rng, -8000, 8000) : draw_ma(rng, f, 0, 8000 + 5000 * box_n);
    }
}

static void make_times(struct alloc_box *box, struct rng *rng, const struct alloc_rules *rules, const struct flavour *f)
{
    /* Round figures, so that ties and exact bounds occur. */
    box->current_ma = chance(rng, 50) ? pick(rng, box->min_ma, box->max_ma) : 0;
    box->running_ms = chance(rng, 30) ? rules->turn_ms : pick(rng, 0, 20) * 60000;
    box->waiting_ms = chance(rng, 30) ? pick(rng, 1, 6) * rules->turn_ms : pick(rng, 0, 60) * 60000;
    box->blocked_ms = chance(rng, 15) ? pick(rng, 1, 120000) : 0;
    box->has_laxity = f->has_laxity && chance(rng, 60);
    box->laxity_ms = box->has_laxity ? pick(rng, -10, 20) * 600000 : 0;
    box->served_ms = chance(rng, 30) ? pick(rng, 0, 60) * 60000 : 0;
    if (box->current_ma > 0) {
        box->before_turn_ms = chance(rng, 20) ? pick(rng, 0, 20) * box->running_ms / 20 : 0;
        box->served_ms = max_i64(box->served_ms, box->running_ms);
        box->waiting_ms = 0;
        box->blocked_ms = 0;
    } else {
        box->running_ms = 0;
    }
}

static void make_currents(struct alloc_box *box, struct rng *rng, const struct flavour *f)
{
    int32_t kind = pick(rng, 1, 20);

    if (f->has_minimums && chance(rng, 40)) {
        box->min_ma = draw_ma(rng, f, 6000, 16000);
    }
    box->max_ma = chance(rng, 50) ? max_i32(32000, box->min_ma) : draw_ma(rng, f, box->min_ma, 80000);
    box->demand_ma = box->max_ma;
    if (kind <= 2) {
        box->demand_ma = pick(rng, 0, box->min_ma - 1);
    } else if (kind <= 4) {
        box->demand_ma = box->min_ma;
    } else if (kind <= 12) {
        box->demand_ma = draw_ma(rng, f, box->min_ma, box->max_ma);
    } else if (kind == 13) {
        box->demand_ma = draw_ma(rng, f, box->max_ma, 100000);
    }
    box->cap_ma = MA_MAX;
    if (f->has_caps && chance(rng, 40)) {
        box->cap_ma = chance(rng, 50) ? 10000 : draw_ma(rng, f, 0, 40000);
        box->cap_reason = REASON_METER_FALLBACK;
    }
}

/* One that does not answer may be drawing on phases that its vehicle did not use before. */
static void make_fixed(struct alloc_box *box, struct rng *rng)
{
    uint8_t drawing = chance(rng, 80) ? box->used : PHASE_ALL;

    box->is_fixed = true;
    for (int phase = 0; phase < PHASE_N; phase++) {
        box->fixed_ma[phase] = drawing & PHASE_BIT(phase) ? pick(rng, 0, 20000) : 0;
    }
}

static void make_box(struct alloc_case *c, uint16_t i, struct rng *rng, const struct flavour *f)
{
    static const enum phase_assign three[] = {PHASES_L1_L2_L3, PHASES_L2_L3_L1, PHASES_L3_L1_L2};
    struct alloc_box *box = &c->box[i];
    enum phase_assign wired = f->is_three_phase ? three[pick(rng, 0, 2)] : (enum phase_assign)pick(rng, PHASES_L1_L2_L3, PHASES_L3);

    *box = (struct alloc_box){.node = (uint16_t)pick(rng, 0, c->node_n - 1), .priority = 5, .weight = 1, .min_ma = 6000, .rank = i};
    box->used = phase_wired(wired);
    if (box->used == PHASE_ALL && !f->is_three_phase && chance(rng, 50)) {
        box->used = phase_set_to_site(wired, (uint8_t)pick(rng, 1, PHASE_ALL));
    }
    if (f->has_priorities) {
        box->priority = (int8_t)(f->has_many_priorities ? pick(rng, 0, PRIORITY_MAX) : pick(rng, 4, 6));
    }
    box->weight = (int8_t)(f->has_weights ? (chance(rng, 80) ? pick(rng, 1, 5) : pick(rng, 1, WEIGHT_MAX)) : 1);
    box->solar = f->has_sun && chance(rng, 60) ? (enum alloc_solar)pick(rng, ALLOC_SOLAR_MINIMUM, ALLOC_SOLAR_LOOK) : ALLOC_FAST;
    make_currents(box, rng, f);
    if (f->has_fixed && chance(rng, 15)) {
        make_fixed(box, rng);
    }
    make_times(box, rng, &c->rules, f);
}

void alloc_case_make(struct alloc_case *c, uint64_t seed)
{
    static const int32_t steps[] = {100, 100, 100, 100, 1, 250, 1000};
    static const int32_t voltages[] = {230000, 230000, 231700, 400000, 120000};
    struct rng rng = {.state = seed};
    struct flavour f;

    (void)rng_next(&rng);
    f = draw_flavour(&rng);
    *c = (struct alloc_case){0};
    c->rules = (struct alloc_rules){
        .step_ma = steps[pick(&rng, 0, 6)],
        .start_margin_ma = chance(&rng, 80) ? 500 : pick(&rng, 0, 5000),
        .turn_ms = chance(&rng, 80) ? 900000 : 60000,
        .min_run_ms = chance(&rng, 80) ? 300000 : pick(&rng, 0, 1) * 1800000,
        .voltage_mv = voltages[pick(&rng, 0, 4)],
    };
    c->box_n = (uint16_t)(chance(&rng, 50) ? pick(&rng, 1, 8) : pick(&rng, 1, CASE_BOX_MAX));
    make_nodes(c, &rng, &f);
    make_surplus(&c->rules, &rng, &f, c->box_n);
    for (uint16_t i = 0; i < c->box_n; i++) {
        make_box(c, i, &rng, &f);
    }
}
