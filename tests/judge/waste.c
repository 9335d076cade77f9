#include "tests/judge/waste.h"

#include "common/base/text.h"
#include "common/base/units.h"

#define USED_FROM_MA 500      /* a phase that carries more is used (spec 04 4.1) */
#define CARRIES_MA 5000       /* so much on one phase ... */
#define CARRIES_FOR_MS 60000  /* ... for so long shows that the others are unused */
#define DENIED_WITHIN_MS 3000 /* from a need to the pilot that follows it: meter 1.5 s, manager and client 0.3 s, their next turn 1 s */

void waste_init(struct waste *w, const struct site *site, const struct manager_params *params)
{
    w->site = site;
    w->params = params;
    for (uint16_t i = 0; i < site->box_n; i++) {
        w->box[i] = (struct waste_box){.counted = phase_wired(site->box[i].phases),
                                       .carries_since_ms = MS_NEVER,
                                       .denied_ms = MS_NEVER,
                                       .rests_until_ms = MS_NEVER,
                                       .running_since_ms = MS_NEVER,
                                       .waiting_since_ms = MS_NEVER};
        for (uint16_t k = 0; k < site->box_n; k++) {
            w->box[i].rank = (uint16_t)(w->box[i].rank + (text_order(site->box[k].serial, site->box[i].serial) < 0 ? 1 : 0));
        }
    }
}

static void follow_phases(struct waste_box *b, const struct track_box *row, uint8_t wired, int64_t now_ms)
{
    uint8_t shown = 0;
    bool carries = false;

    for (int p = 0; p < PHASE_N; p++) {
        shown = (uint8_t)(shown | (row->drawn_ma[p] > USED_FROM_MA ? PHASE_BIT(p) : 0));
        carries = carries || row->drawn_ma[p] >= CARRIES_MA;
    }
    if (!row->contactor_closed) {
        b->counted = wired;
        b->carries_since_ms = MS_NEVER;
        return;
    }
    b->counted = (uint8_t)(b->counted | shown);
    if (!carries) {
        b->carries_since_ms = MS_NEVER;
    } else if (b->carries_since_ms == MS_NEVER) {
        b->carries_since_ms = now_ms;
    } else if (now_ms - b->carries_since_ms >= CARRIES_FOR_MS) {
        b->counted = shown;
    }
}

static void follow_offer(struct waste_box *b, int32_t pilot_ma, bool wants, int32_t rest_ms, int64_t now_ms)
{
    bool was_offered = b->pilot_ma > 0;

    b->pilot_ma = pilot_ma;
    if (pilot_ma > 0) {
        b->running_since_ms = was_offered ? b->running_since_ms : now_ms;
        b->waiting_since_ms = MS_NEVER;
        b->rests_until_ms = MS_NEVER;
        return;
    }
    b->running_since_ms = MS_NEVER;
    if (!wants) {
        b->waiting_since_ms = MS_NEVER;
        b->rests_until_ms = MS_NEVER;
        return;
    }
    if (b->waiting_since_ms == MS_NEVER) {
        b->waiting_since_ms = now_ms;
    }
    if (was_offered && b->denied_ms != MS_NEVER && now_ms - b->denied_ms <= DENIED_WITHIN_MS) {
        b->rests_until_ms = now_ms + rest_ms;
    }
}

/* What the wallboxes below a node may have by its true load. Exported current counts where a meter shows it, as far as the product may count
 * on it. */
static void fill_node(const struct waste *w, const struct track *t, uint16_t i, struct alloc_node *out)
{
    const struct site_node *s = &w->site->node[i];
    const struct track_node *n = &t->node[i];
    int32_t credit_permille = site_house_meter(w->site, i) != METER_MAX ? w->params->export_credit_permille : 0;
    int64_t left_w = s->limit_w;

    *out = (struct alloc_node){.parent = s->parent, .budget_w = -1};
    for (int p = 0; p < PHASE_N; p++) {
        int32_t credit_ma = (int32_t)((int64_t)n->limit_ma[p] * credit_permille / 1000);
        int32_t net_ma = n->house_ma[p] - n->solar_ma[p];

        out->budget_ma[p] = n->limit_ma[p] - site_reserve_ma(s, p) - max_i32(net_ma, -credit_ma);
        left_w -= watts_up(max_i32(net_ma, 0), w->params->voltage_mv);
    }
    if (s->limit_w > 0) {
        out->budget_w = max_i64(left_w, 0);
    }
}

static int64_t since_ms(int64_t at_ms, int64_t now_ms)
{
    return at_ms == MS_NEVER ? 0 : now_ms - at_ms;
}

static void fill_box(const struct waste *w, const struct track *t, uint16_t i, bool by_rules, struct alloc_box *out)
{
    const struct site_box *s = &w->site->box[i];
    const struct waste_box *b = &w->box[i];
    const struct track_vehicle *v = &t->vehicle[i];
    uint8_t used = by_rules ? b->counted : v->used;
    int32_t demand_ma = v->wants ? min_i32(v->max_ma, s->max_ma) : 0;

    *out = (struct alloc_box){.node = s->node,
                              .used = used != 0 ? used : phase_wired(s->phases),
                              .priority = s->priority,
                              .weight = s->weight,
                              .min_ma = s->min_ma,
                              .max_ma = s->max_ma,
                              .demand_ma = demand_ma,
                              .cap_ma = demand_ma,
                              .current_ma = b->pilot_ma,
                              .running_ms = since_ms(b->running_since_ms, t->t_ms),
                              .waiting_ms = since_ms(b->waiting_since_ms, t->t_ms),
                              .blocked_ms = by_rules && b->rests_until_ms > t->t_ms ? b->rests_until_ms - t->t_ms : 0,
                              .rank = b->rank};
}

static void divide(struct waste *w, const struct track *t, bool by_rules)
{
    const struct manager_params *m = w->params;
    const struct alloc_rules rules = {.step_ma = m->step_ma, .turn_ms = m->turn_ms, .min_run_ms = m->min_run_ms, .voltage_mv = m->voltage_mv};

    for (uint16_t i = 0; i < w->site->node_n; i++) {
        fill_node(w, t, i, &w->alloc_node[i]);
    }
    for (uint16_t i = 0; i < w->site->box_n; i++) {
        fill_box(w, t, i, by_rules, &w->alloc_box[i]);
    }
    alloc_run(&rules, w->alloc_node, w->site->node_n, w->alloc_box, w->site->box_n, &w->scratch, w->result);
}

/* Who had to be stopped now, had he not been already. */
static void note_denied(struct waste *w, const struct track *t)
{
    divide(w, t, true);
    for (uint16_t i = 0; i < w->site->box_n; i++) {
        bool is_denied = w->box[i].pilot_ma > 0 && w->alloc_box[i].demand_ma >= w->alloc_box[i].min_ma && w->result[i].allocated_ma == 0;

        w->box[i].denied_ms = is_denied ? t->t_ms : w->box[i].denied_ms;
    }
}

void waste_row(struct waste *w, const struct track *t)
{
    for (uint16_t i = 0; i < w->site->box_n; i++) {
        follow_phases(&w->box[i], &t->box[i], phase_wired(w->site->box[i].phases), t->t_ms);
    }
    note_denied(w, t); /* as things stood in the row before */
    for (uint16_t i = 0; i < w->site->box_n; i++) {
        follow_offer(&w->box[i], t->box[i].pilot_ma, t->vehicle[i].wants, w->params->min_pause_ms, t->t_ms);
    }
}

/* What a vehicle had of a phase: drawn, or offered as far as it could take it. Below the minimum nothing can be offered. */
static int32_t had_ma(const struct alloc_box *box, const struct track_box *row, int phase)
{
    int32_t pilot_ma = (box->used & PHASE_BIT(phase)) != 0 ? row->pilot_ma : 0;

    return min_i32(max_i32(pilot_ma, row->drawn_ma[phase]), max_i32(box->demand_ma, box->min_ma));
}

static void add_second(struct waste_sum *sum, const struct waste *w, const struct track *t)
{
    int64_t given_ma[PHASE_N] = {0};
    int64_t used_ma[PHASE_N] = {0};
    bool is_scarce = false;

    for (uint16_t i = 0; i < w->site->box_n; i++) {
        const struct alloc_box *box = &w->alloc_box[i];

        is_scarce = is_scarce || (box->demand_ma >= box->min_ma && w->result[i].allocated_ma < box->demand_ma);
        for (int p = 0; p < PHASE_N; p++) {
            given_ma[p] += (box->used & PHASE_BIT(p)) != 0 ? w->result[i].allocated_ma : 0;
            used_ma[p] += t->vehicle[i].wants ? had_ma(box, &t->box[i], p) : 0;
        }
    }
    if (!is_scarce) {
        return;
    }
    sum->scarce_s++;
    for (int p = 0; p < PHASE_N; p++) {
        sum->given_ma_s += given_ma[p];
        sum->used_ma_s += min_i64(used_ma[p], given_ma[p]);
    }
}

void waste_second(struct waste *w, const struct track *t)
{
    divide(w, t, false);
    add_second(&w->all_knowing, w, t);
    divide(w, t, true);
    add_second(&w->by_rules, w, t);
}

int64_t waste_used_permille(const struct waste_sum *sum)
{
    return sum->given_ma_s == 0 ? 1000 : sum->used_ma_s * 1000 / sum->given_ma_s;
}
