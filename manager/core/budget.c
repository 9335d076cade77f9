#include "manager/core/budget.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "manager/core/budget_base.h"

#define VOLTAGE_MIN_MV 50000
#define VOLTAGE_MAX_MV 500000

const char *meter_state_text(enum meter_state state)
{
    static const char *const texts[] = {[METER_NEVER] = "never", [METER_GOOD] = "good", [METER_SILENT] = "silent", [METER_IMPLAUSIBLE] = "implausible"};

    return (unsigned)state < sizeof texts / sizeof texts[0] ? texts[state] : "unknown";
}

void budget_init(struct budget *b, const struct site *site, const struct manager_params *params)
{
    CHECK(site->node_n >= 1);
    CHECK(site->node_n <= NODE_MAX);
    CHECK(site->box_n <= BOX_MAX);
    CHECK(site->meter_n <= METER_MAX);
    memset(b, 0, sizeof *b); /* too large for a literal, which would stand on the stack */
    b->site = site;
    b->params = params;
    for (uint16_t i = 0; i < METER_MAX; i++) {
        b->meter[i].good_ms = MS_NEVER;
        meter_watch_init(&b->meter[i].watch);
    }
    for (uint16_t i = 0; i < NODE_MAX; i++) {
        budget_base_reset(&b->node[i]);
        b->node[i].schedule = schedule_none();
        budget_restart(b, i);
    }
}

void budget_restart(struct budget *b, uint16_t node)
{
    for (int p = 0; p < PHASE_N; p++) {
        budget_filter_reset(&b->node[node].filter[p]);
    }
    budget_filter_reset(&b->node[node].filter_w);
}

void budget_gap(struct budget *b)
{
    for (uint16_t i = 0; i < b->site->node_n; i++) {
        for (int p = 0; p < PHASE_N; p++) {
            budget_filter_gap(&b->node[i].filter[p]);
        }
        budget_filter_gap(&b->node[i].filter_w);
    }
}

void budget_schedule(struct budget *b, uint16_t node, const struct schedule_limit *limit)
{
    CHECK(node < b->site->node_n);
    b->node[node].schedule = *limit;
}

static bool is_within(int32_t value, int32_t min, int32_t max)
{
    return value >= min && value <= max;
}

static bool is_plausible(const struct meter_sample *s)
{
    for (int p = 0; p < PHASE_N; p++) {
        bool is_voltage = s->voltage_mv[p] == 0 || is_within(s->voltage_mv[p], VOLTAGE_MIN_MV, VOLTAGE_MAX_MV);

        if (!is_voltage || !is_within(s->current_ma[p], -MA_MAX, MA_MAX) || !is_within(s->power_w[p], -POWER_MAX_W, POWER_MAX_W)) {
            return false;
        }
    }
    return is_within(s->power_total_w, -POWER_MAX_W, POWER_MAX_W) && s->import_wh >= -1 && s->export_wh >= -1 && s->frequency_mhz >= 0;
}

static void set_meter(struct budget *b, struct budget_meter *m, enum meter_state state)
{
    b->is_changed = b->is_changed || m->state != state;
    m->state = state;
}

static enum rc refuse_sample(struct budget *b, struct budget_meter *m, enum meter_doubt doubt)
{
    m->refused_n += m->refused_n < UINT32_MAX ? 1 : 0;
    m->is_refused = true;
    m->doubt = doubt;
    if (m->state != METER_GOOD || doubt >= DOUBT_FROZEN) {
        set_meter(b, m, METER_IMPLAUSIBLE);
    }
    return RC_RANGE;
}

static enum meter_doubt watch_sample(struct budget *b, uint16_t meter, const struct meter_sample *sample)
{
    const struct site_meter *s = &b->site->meter[meter];
    const struct meter_watch_rules rules = {
        .window_ms = budget_window_ms(b, meter), .is_solar = s->role == METER_SOLAR, .limit_ma = b->site->node[s->node].limit_ma};
    struct meter_watch_own own = {0};

    if (!rules.is_solar) {
        budget_own_below(b, s->node, sample->taken_ms, &own);
    }
    return meter_watch_sample(&b->meter[meter].watch, &rules, sample, &own);
}

enum rc budget_meter_sample(struct budget *b, uint16_t meter, const struct meter_sample *sample, int64_t now_ms)
{
    struct budget_meter *m;
    enum meter_doubt doubt;

    CHECK(meter < b->site->meter_n);
    m = &b->meter[meter];
    if (sample->taken_ms > now_ms || !is_plausible(sample)) {
        return refuse_sample(b, m, DOUBT_VALUES);
    }
    if (now_ms - sample->taken_ms >= b->params->meter_stale_ms || (m->has_sample && sample->taken_ms < m->last.taken_ms)) {
        return RC_STALE;
    }
    doubt = watch_sample(b, meter, sample);
    if (doubt != DOUBT_NONE) {
        return refuse_sample(b, m, doubt);
    }
    m->has_sample = true;
    m->is_refused = false;
    m->doubt = DOUBT_NONE;
    m->last = *sample;
    m->good_ms = now_ms;
    set_meter(b, m, METER_GOOD);
    return RC_OK;
}

/* What is known of a meter that gives no good sample now. */
static void blame(struct budget_meter *m)
{
    if (!m->is_refused || m->trouble != DOUBT_NONE) {
        m->doubt = m->trouble != DOUBT_NONE ? m->trouble : DOUBT_SILENT;
    }
}

void budget_meter_trouble(struct budget *b, uint16_t meter, enum meter_doubt trouble)
{
    struct budget_meter *m;

    CHECK(meter < b->site->meter_n);
    m = &b->meter[meter];
    m->trouble = trouble;
    if (m->state != METER_GOOD && trouble != DOUBT_NONE) {
        blame(m);
        set_meter(b, m, m->state == METER_NEVER ? METER_NEVER : (trouble == DOUBT_VALUES ? METER_IMPLAUSIBLE : METER_SILENT));
    }
}

void budget_box_drawn(struct budget *b, uint16_t box, int64_t at_ms, const int32_t ma[PHASE_N])
{
    struct budget_box *x;
    struct drawn_at *last;
    bool is_same_grain;

    CHECK(box < b->site->box_n);
    x = &b->box[box];
    if (x->is_heard && at_ms < x->newest.at_ms) {
        return;
    }
    x->is_heard = true;
    x->is_paused = false;
    x->newest.at_ms = at_ms;
    for (int p = 0; p < PHASE_N; p++) {
        x->newest.ma[p] = clamp_i32(ma[p], 0, MA_MAX);
    }
    last = &x->at[(x->first + x->n + DRAWN_KEPT - 1) % DRAWN_KEPT];
    is_same_grain = x->n > 0 && div_down(last->at_ms, DRAWN_GRAIN_MS) == div_down(at_ms, DRAWN_GRAIN_MS);
    if (is_same_grain) {
        last->at_ms = at_ms;
        for (int p = 0; p < PHASE_N; p++) {
            last->ma[p] = max_i32(last->ma[p], x->newest.ma[p]);
        }
        return;
    }
    if (x->n == DRAWN_KEPT) {
        x->first = (uint8_t)((x->first + 1) % DRAWN_KEPT);
        x->n--;
    }
    x->at[(x->first + x->n) % DRAWN_KEPT] = x->newest;
    x->n++;
}

void budget_box_granted(struct budget *b, uint16_t box, const int32_t ma[PHASE_N])
{
    CHECK(box < b->site->box_n);
    memcpy(b->box[box].granted_ma, ma, sizeof b->box[box].granted_ma);
}

void budget_box_paused(struct budget *b, uint16_t box)
{
    CHECK(box < b->site->box_n);
    b->box[box].is_paused = true;
}

void budget_box_silent(struct budget *b, uint16_t box)
{
    CHECK(box < b->site->box_n);
    b->box[box].is_heard = false;
    memset(b->box[box].granted_ma, 0, sizeof b->box[box].granted_ma);
    b->box[box].first = 0;
    b->box[box].n = 0;
}

/* The age that counts is that of the measurement: it bounds how old the picture of the house may be. */
static void retire_meters(struct budget *b, int64_t now_ms)
{
    for (uint16_t i = 0; i < b->site->meter_n; i++) {
        struct budget_meter *m = &b->meter[i];

        if (m->state == METER_GOOD && now_ms - m->last.taken_ms >= b->params->meter_stale_ms) {
            blame(m);
            set_meter(b, m, m->doubt >= DOUBT_VALUES ? METER_IMPLAUSIBLE : METER_SILENT);
        }
    }
}

/* Base load that is assumed without a meter: the larger of what is configured and what is known below. */
static void assumed_base(const struct site_node *s, const int32_t below_ma[PHASE_N], int32_t out_ma[PHASE_N])
{
    for (int p = 0; p < PHASE_N; p++) {
        out_ma[p] = max_i32(s->base_load_ma[p], below_ma[p]);
    }
}

/* Base load under a lost meter. Without a configured worst case nothing watches the house (a single wallbox, held to 10 A). */
static void fallback_base(const struct site_node *s, int32_t out_ma[PHASE_N])
{
    for (int p = 0; p < PHASE_N; p++) {
        out_ma[p] = s->base_load_worst_ma[0] == MA_UNSET ? 0 : s->base_load_worst_ma[p];
    }
}

/* Exported current is credited to a part of the limit only, so that an inverter that trips leaves a bounded overload. */
static int32_t true_budget_ma(const struct site_node *s, int p, int32_t base_ma, int32_t credit_permille)
{
    int32_t credit_ma = (int32_t)div_down((int64_t)s->limit_ma[p] * credit_permille, 1000);

    return clamp_i32(s->limit_ma[p] - site_reserve_ma(s, p) - max_i32(base_ma, -credit_ma), 0, MA_MAX);
}

/* Whether a fall looks like vehicles that have moved and were not reported yet: the meter itself shows no more than the limit less the reserve,
 * so that nothing is overloaded, and what they were granted would explain it. Otherwise each raise that a meter shows before the wallboxes
 * report it would be cut again. */
static bool may_be_vehicles(const struct budget *b, uint16_t node, uint16_t meter, const struct budget_own *own, int p)
{
    const struct site_node *s = &b->site->node[node];
    const struct budget_node *n = &b->node[node];

    return b->meter[meter].last.current_ma[p] <= s->limit_ma[p] - site_reserve_ma(s, p) && n->filter[p].use - n->true_ma[p] <= own->untold_ma[node][p];
}

/* A fall below the ripple is not passed on: the reserve covers it, and where the reserve is smaller than the ripple, the reserve is what is
 * tolerated. Into a fallback any fall is passed on. */
static void filter_phase(struct budget *b, uint16_t node, int p, int32_t rise_ma, int32_t fall_hold_ms)
{
    struct budget_node *n = &b->node[node];
    const struct budget_filter_rules rules = {.fall = n->is_fallback ? 0 : min_i32(b->params->ripple_ma, site_reserve_ma(&b->site->node[node], p)),
                                              .fall_hold_ms = fall_hold_ms,
                                              .rise = b->params->ripple_ma,
                                              .hold_ms = b->params->rise_hold_ms};
    int32_t schedule_ma = n->schedule.limit_ma[p];

    budget_filter_run(&n->filter[p], n->true_ma[p], rise_ma, &rules, b->now_ms);
    n->use_ma[p] = n->filter[p].use;
    n->scheduled = (uint8_t)(n->scheduled & ~PHASE_BIT(p));
    if (schedule_ma != MA_UNSET && schedule_ma < n->use_ma[p]) {
        n->use_ma[p] = schedule_ma;
        n->scheduled = (uint8_t)(n->scheduled | PHASE_BIT(p));
    }
}

/* Watts over all phases: the limit less what the house takes; there is no reserve, so any fall is passed on. A schedule counts as it is. */
static void filter_watts(struct budget *b, uint16_t node)
{
    const struct site_node *s = &b->site->node[node];
    struct budget_node *n = &b->node[node];
    int32_t ripple_w = watts_up(b->params->ripple_ma, b->params->voltage_mv);
    const struct budget_filter_rules rules = {.fall = 0, .rise = ripple_w, .hold_ms = b->params->rise_hold_ms};
    int64_t true_w = s->limit_w;

    n->use_w = -1;
    if (s->limit_w > 0) {
        for (int p = 0; p < PHASE_N; p++) {
            true_w -= watts_up(max_i32(n->base_ma[p], 0), b->params->voltage_mv);
        }
        budget_filter_run(&n->filter_w, (int32_t)max_i64(true_w, 0), (int32_t)max_i64(true_w, 0), &rules, b->now_ms);
        n->use_w = n->filter_w.use;
    }
    n->scheduled = (uint8_t)(n->scheduled & ~PHASE_BIT(PHASE_N));
    if (n->schedule.limit_w > 0 && (n->use_w < 0 || n->schedule.limit_w < n->use_w)) {
        n->use_w = n->schedule.limit_w;
        n->scheduled = (uint8_t)(n->scheduled | PHASE_BIT(PHASE_N));
    }
}

/* One node, its children done before: base load, true budget, filter. True when its budget in use or its fallback changed. */
static bool run_node(struct budget *b, uint16_t node, uint16_t meter, const struct budget_own *own, const int32_t below_ma[PHASE_N])
{
    const struct site_node *s = &b->site->node[node];
    struct budget_node *n = &b->node[node];
    bool is_good = meter != METER_MAX && b->meter[meter].state == METER_GOOD;
    bool is_fallback = meter != METER_MAX && !is_good;
    int32_t before_w = n->use_w;
    bool is_changed = !n->filter[0].is_started || n->is_fallback != is_fallback;
    int32_t rise_base_ma[PHASE_N];

    n->is_fallback = is_fallback;
    if (is_good) {
        budget_metered_base(b, node, meter, own, b->now_ms, n->base_ma, rise_base_ma);
    } else {
        budget_base_reset(n);
    }
    if (is_fallback) {
        fallback_base(s, n->base_ma);
    } else if (!is_good) {
        assumed_base(s, below_ma, n->base_ma);
    }
    for (int p = 0; p < PHASE_N; p++) {
        int32_t before_ma = n->use_ma[p];

        n->true_ma[p] = true_budget_ma(s, p, n->base_ma[p], b->params->export_credit_permille);
        filter_phase(b, node, p, is_good ? true_budget_ma(s, p, rise_base_ma[p], b->params->export_credit_permille) : n->true_ma[p],
                     is_good && may_be_vehicles(b, node, meter, own, p) ? UNTOLD_LATE_MS : 0);
        is_changed = is_changed || n->use_ma[p] != before_ma;
    }
    filter_watts(b, node);
    return is_changed || n->use_w != before_w;
}

static void find_house_meters(const struct site *site, uint16_t house[NODE_MAX])
{
    for (uint16_t i = 0; i < site->node_n; i++) {
        house[i] = METER_MAX;
    }
    for (uint16_t i = 0; i < site->meter_n; i++) {
        if (site->meter[i].role == METER_HOUSE) {
            house[site->meter[i].node] = i;
        }
    }
}

bool budget_run(struct budget *b, int64_t now_ms)
{
    uint16_t house[NODE_MAX];
    int32_t below_ma[NODE_MAX][PHASE_N] = {{0}};
    struct budget_own own;
    bool is_changed;

    b->now_ms = now_ms;
    retire_meters(b, now_ms);
    is_changed = b->is_changed;
    b->is_changed = false;
    find_house_meters(b->site, house);
    budget_own(b, house, &own);
    for (uint16_t k = b->site->node_n; k > 0; k--) { /* children stand behind their parents */
        uint16_t i = (uint16_t)(k - 1);
        uint16_t parent = b->site->node[i].parent;

        if (run_node(b, i, house[i], &own, below_ma[i])) {
            is_changed = true;
        }
        for (int p = 0; p < PHASE_N && parent != NODE_NONE; p++) {
            below_ma[parent][p] = min_i32(below_ma[parent][p] + max_i32(b->node[i].base_ma[p], 0), MA_MAX);
        }
    }
    return is_changed;
}

int32_t budget_box_cap_ma(const struct budget *b, uint16_t box)
{
    uint16_t at;

    CHECK(box < b->site->box_n);
    at = b->site->box[box].node;
    for (int level = 0; level < DEPTH_MAX && at != NODE_NONE; level++) {
        if (b->node[at].is_fallback) {
            return METER_FALLBACK_MA;
        }
        at = b->site->node[at].parent;
    }
    return MA_MAX;
}

static int64_t node_next_ms(const struct budget *b, uint16_t node, int64_t next_ms)
{
    const struct budget_node *n = &b->node[node];

    for (int p = 0; p < PHASE_N; p++) {
        next_ms = min_i64(next_ms, budget_filter_next_ms(&n->filter[p], b->params->rise_hold_ms));
        if (n->high_since_ms[p] != MS_NEVER) { /* only below a good meter */
            next_ms = min_i64(next_ms, after_ms(n->high_since_ms[p], budget_window_ms(b, site_house_meter(b->site, node)) + 1));
        }
    }
    return min_i64(next_ms, budget_filter_next_ms(&n->filter_w, b->params->rise_hold_ms));
}

int64_t budget_next_ms(const struct budget *b, int64_t now_ms)
{
    int64_t next_ms = MS_FOREVER;

    for (uint16_t i = 0; i < b->site->meter_n; i++) {
        if (b->meter[i].state == METER_GOOD) {
            next_ms = min_i64(next_ms, after_ms(b->meter[i].last.taken_ms, b->params->meter_stale_ms));
        }
    }
    for (uint16_t i = 0; i < b->site->node_n; i++) {
        next_ms = node_next_ms(b, i, next_ms);
    }
    return max_i64(next_ms, now_ms);
}
