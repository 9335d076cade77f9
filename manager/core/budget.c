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
    }
    for (uint16_t i = 0; i < NODE_MAX; i++) {
        budget_base_reset(&b->node[i]);
        for (int p = 0; p < PHASE_N; p++) {
            b->node[i].rise_since_ms[p] = MS_NEVER;
            b->node[i].rise_half_ms[p] = MS_NEVER;
        }
    }
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

enum rc budget_meter_sample(struct budget *b, uint16_t meter, const struct meter_sample *sample, int64_t now_ms)
{
    struct budget_meter *m;

    CHECK(meter < b->site->meter_n);
    m = &b->meter[meter];
    if (sample->taken_ms > now_ms || !is_plausible(sample)) {
        m->refused_n += m->refused_n < UINT32_MAX ? 1 : 0;
        m->is_refused = true;
        if (m->state != METER_GOOD) {
            set_meter(b, m, METER_IMPLAUSIBLE);
        }
        return RC_RANGE;
    }
    if (now_ms - sample->taken_ms >= b->params->meter_stale_ms || (m->has_sample && sample->taken_ms < m->last.taken_ms)) {
        return RC_STALE;
    }
    m->has_sample = true;
    m->is_refused = false;
    m->last = *sample;
    m->good_ms = now_ms;
    set_meter(b, m, METER_GOOD);
    return RC_OK;
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

void budget_box_silent(struct budget *b, uint16_t box)
{
    CHECK(box < b->site->box_n);
    b->box[box].is_heard = false;
    b->box[box].first = 0;
    b->box[box].n = 0;
}

/* The age that counts is that of the measurement: it bounds how old the picture of the house may be. */
static void retire_meters(struct budget *b, int64_t now_ms)
{
    for (uint16_t i = 0; i < b->site->meter_n; i++) {
        struct budget_meter *m = &b->meter[i];

        if (m->state == METER_GOOD && now_ms - m->last.taken_ms >= b->params->meter_stale_ms) {
            set_meter(b, m, m->is_refused ? METER_IMPLAUSIBLE : METER_SILENT);
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

static void forget_rise(struct budget_node *n, int p)
{
    n->rise_since_ms[p] = MS_NEVER;
    n->rise_half_ms[p] = MS_NEVER;
}

/* Take the present true budget into the rise that is being held. */
static void note_rise(struct budget_node *n, int p, int32_t hold_ms, int64_t now_ms)
{
    int32_t ma = n->true_ma[p];

    if (n->rise_since_ms[p] == MS_NEVER) {
        n->rise_since_ms[p] = now_ms;
        n->rise_ma[p] = ma;
    }
    n->rise_ma[p] = min_i32(n->rise_ma[p], ma);
    if (n->rise_half_ms[p] == MS_NEVER && now_ms - n->rise_since_ms[p] >= hold_ms / 2) {
        n->rise_half_ms[p] = now_ms;
        n->rise_late_ma[p] = ma;
    }
    if (n->rise_half_ms[p] != MS_NEVER) {
        n->rise_late_ma[p] = min_i32(n->rise_late_ma[p], ma);
    }
}

/* Pass a rise on when it has been held for long enough, to the smallest true budget of that time: every mA of it was there throughout.
 * The newest value would be passed on unproven, and the next dip would cut the wallboxes again. When the budget went on rising meanwhile,
 * the second half of the time counts for the next rise already, so that a slow rise is followed in steps of half the time. */
static void pass_rise(struct budget_node *n, int p, const struct manager_params *params, int64_t now_ms)
{
    note_rise(n, p, params->rise_hold_ms, now_ms);
    for (int step = 0; step < 2 && now_ms - n->rise_since_ms[p] >= params->rise_hold_ms; step++) {
        n->use_ma[p] = n->rise_ma[p];
        if (n->rise_late_ma[p] <= n->use_ma[p] || n->rise_late_ma[p] - n->use_ma[p] < params->ripple_ma) {
            forget_rise(n, p);
            return;
        }
        n->rise_since_ms[p] = n->rise_half_ms[p];
        n->rise_ma[p] = n->rise_late_ma[p];
        n->rise_half_ms[p] = MS_NEVER;
        note_rise(n, p, params->rise_hold_ms, now_ms);
    }
}

/* The filter between the true budget and the one in use. A fall below the ripple is not passed on: the reserve covers it, and where the
 * reserve is smaller than the ripple, the reserve is what is tolerated. Into a fallback any fall is passed on. */
static void filter(struct budget *b, uint16_t node, int p)
{
    struct budget_node *n = &b->node[node];
    int32_t fall_ma = n->is_fallback ? 0 : min_i32(b->params->ripple_ma, site_reserve_ma(&b->site->node[node], p));

    if (!n->is_started || (n->true_ma[p] < n->use_ma[p] && n->use_ma[p] - n->true_ma[p] >= fall_ma)) {
        n->use_ma[p] = n->true_ma[p];
        forget_rise(n, p);
    }
}

static bool is_rise(const struct budget_node *n, int p, int32_t ripple_ma)
{
    return n->true_ma[p] > n->use_ma[p] && n->true_ma[p] - n->use_ma[p] >= ripple_ma;
}

/* One node, its children done before: base load, true budget, filter. True when its budget in use or its fallback changed. */
static bool run_node(struct budget *b, uint16_t node, uint16_t meter, const struct budget_own *own, const int32_t below_ma[PHASE_N], int64_t now_ms)
{
    const struct site_node *s = &b->site->node[node];
    struct budget_node *n = &b->node[node];
    bool is_good = meter != METER_MAX && b->meter[meter].state == METER_GOOD;
    bool is_fallback = meter != METER_MAX && !is_good;
    bool is_changed = !n->is_started || n->is_fallback != is_fallback;

    n->is_fallback = is_fallback;
    if (is_good) {
        budget_metered_base(b, node, meter, own, now_ms, n->base_ma);
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
        filter(b, node, p);
        if (is_rise(n, p, b->params->ripple_ma)) {
            pass_rise(n, p, b->params, now_ms);
        } else {
            forget_rise(n, p);
        }
        is_changed = is_changed || n->use_ma[p] != before_ma;
    }
    n->is_started = true;
    return is_changed;
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

    retire_meters(b, now_ms);
    is_changed = b->is_changed;
    b->is_changed = false;
    find_house_meters(b->site, house);
    budget_own(b, house, &own);
    for (uint16_t k = b->site->node_n; k > 0; k--) { /* children stand behind their parents */
        uint16_t i = (uint16_t)(k - 1);
        uint16_t parent = b->site->node[i].parent;

        if (run_node(b, i, house[i], &own, below_ma[i], now_ms)) {
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
        if (n->rise_since_ms[p] != MS_NEVER) {
            next_ms = min_i64(next_ms, after_ms(n->rise_since_ms[p], b->params->rise_hold_ms));
        }
        if (n->high_since_ms[p] != MS_NEVER) { /* only below a good meter */
            next_ms = min_i64(next_ms, after_ms(n->high_since_ms[p], budget_window_ms(b, site_house_meter(b->site, node)) + 1));
        }
    }
    return next_ms;
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
