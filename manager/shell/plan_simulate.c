#include "manager/shell/plan_simulate.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/sort.h"
#include "common/base/units.h"
#include "manager/core/params.h"
#include "manager/core/solar.h"
#include "manager/core/turn.h"
#include "manager/shell/plan_input.h"
#include "manager/shell/plan_tally.h"

/* mA x mV x ms: energy is counted in these, so that nothing is rounded on the way. */
#define NWS_PER_WH 3600000000000
#define NOBODY DAYS_SESSION_MAX

/* A wallbox and who stands there. */
struct spot {
    uint16_t session; /* NOBODY */
    uint8_t used;
    int32_t demand_ma; /* while its vehicle wants energy */
    int64_t left_nws;  /* what its vehicle still needs */
    struct turn turn;
    enum solar_mode mode;
    struct solar_box solar;
};

struct sim {
    const struct plan *plan;
    const struct plan_days *days;
    const struct plan_policy *policy;
    struct plan_outcome *out;
    struct manager_params params; /* the manager's defaults */
    struct alloc_rules rules;
    int64_t now_ms;
    int64_t rest_nws;                 /* of all sessions that left, what is less than a Wh */
    uint16_t order[DAYS_SESSION_MAX]; /* sessions as they arrive */
    uint16_t next;                    /* first in order that has not arrived */
    struct spot spot[BOX_MAX];
    struct plan_input input;
    struct alloc_result result[BOX_MAX];
    int32_t base_ma[NODE_MAX][PHASE_N];
    bool is_contended[NODE_MAX];
    struct plan_tally tally;
};

static bool wants(const struct spot *s)
{
    return s->session != NOBODY && s->left_nws > 0;
}

static const struct plan_session *session_of(const struct sim *sim, const struct spot *s)
{
    return &sim->days->session[s->session];
}

static void leave(struct sim *sim, uint16_t box)
{
    struct spot *s = &sim->spot[box];
    const struct plan_session *session = session_of(sim, s);
    int64_t delivered_nws = session->needed_wh * NWS_PER_WH - s->left_nws;

    sim->out->session[s->session].delivered_wh = delivered_nws / NWS_PER_WH;
    sim->out->delivered_wh += delivered_nws / NWS_PER_WH;
    sim->rest_nws += delivered_nws % NWS_PER_WH;
    s->session = NOBODY;
}

static void leave_until(struct sim *sim, int64_t at_ms)
{
    for (uint16_t i = 0; i < sim->plan->site.box_n; i++) {
        if (sim->spot[i].session != NOBODY && session_of(sim, &sim->spot[i])->departure_ms <= at_ms) {
            leave(sim, i);
        }
    }
}

static uint16_t free_box(const struct sim *sim, uint16_t wanted)
{
    uint16_t first = wanted == BOX_MAX ? 0 : wanted;
    uint16_t end = wanted == BOX_MAX ? sim->plan->site.box_n : (uint16_t)(wanted + 1);

    for (uint16_t i = first; i < end; i++) {
        if (sim->spot[i].session == NOBODY && !sim->plan->box[i].is_fixed) {
            return i;
        }
    }
    return BOX_MAX;
}

static void arrive(struct sim *sim, uint16_t index)
{
    const struct plan_session *session = &sim->days->session[index];
    struct plan_served *served = &sim->out->session[index];
    const struct site_box *box;
    struct spot *s;

    sim->out->wanted_wh += session->needed_wh;
    served->box = free_box(sim, session->box);
    if (served->box == BOX_MAX) {
        return;
    }
    box = &sim->plan->site.box[served->box];
    s = &sim->spot[served->box];
    *s = (struct spot){
        .session = index,
        .used = phase_set_to_site(box->phases, (uint8_t)((1u << session->phases_n) - 1)),
        .demand_ma = max_i32(min_i32(session->max_ma, box->max_ma), box->min_ma), /* it is offered the minimum even if it takes less */
        .left_nws = session->needed_wh * NWS_PER_WH,
        .mode = session->mode == SOLAR_MODE_N ? box->mode : session->mode,
    };
    solar_box_init(&s->solar);
    turn_init(&s->turn);
    s->turn.waiting_since_ms = session->arrival_ms;
    if (wants(s)) {
        served->waited_ms = min_i64(sim->now_ms, session->departure_ms) - session->arrival_ms;
    }
}

/* Bring comings and goings up to now, in the order in which they happened. */
static void move_vehicles(struct sim *sim)
{
    while (sim->next < sim->days->session_n && sim->days->session[sim->order[sim->next]].arrival_ms <= sim->now_ms) {
        uint16_t index = sim->order[sim->next++];

        leave_until(sim, sim->days->session[index].arrival_ms);
        arrive(sim, index);
    }
    leave_until(sim, sim->now_ms);
}

static void find_budgets(struct sim *sim)
{
    for (uint16_t i = 0; i < sim->plan->site.node_n; i++) {
        const int32_t *own_ma = plan_profile_ma(&sim->days->base[i], sim->now_ms);

        memcpy(sim->base_ma[i], own_ma != NULL ? own_ma : sim->plan->site.node[i].base_load_ma, sizeof sim->base_ma[i]);
    }
    plan_base_load(&sim->plan->site, sim->base_ma);
    for (uint16_t i = 0; i < sim->plan->site.node_n; i++) {
        plan_budget(sim->plan, i, sim->base_ma[i], &sim->input.node[i]);
    }
}

/* What is known of the departure: time left minus time needed at the most that can flow. */
static void fill_laxity(const struct sim *sim, const struct spot *s, struct alloc_box *out)
{
    const struct plan_session *session = session_of(sim, s);
    int64_t microwatts = (int64_t)min_i32(session->max_ma, out->max_ma) * phase_set_n(s->used) * sim->rules.voltage_mv;

    out->has_laxity = session->is_announced;
    out->laxity_ms = session->is_announced ? session->departure_ms - sim->now_ms - div_up(s->left_nws, microwatts) : 0;
}

static void fill_box(struct sim *sim, uint16_t i)
{
    const struct spot *s = &sim->spot[i];
    struct alloc_box *box = &sim->input.box[i];

    box->demand_ma = 0;
    box->solar = ALLOC_FAST;
    if (!wants(s)) {
        return;
    }
    box->used = s->used;
    box->demand_ma = s->demand_ma;
    box->priority = session_of(sim, s)->priority < 0 ? sim->plan->site.box[i].priority : session_of(sim, s)->priority;
    box->current_ma = s->turn.running_since_ms == MS_NEVER ? 0 : sim->result[i].allocated_ma;
    turn_fill(&s->turn, sim->now_ms, box);
    box->solar = solar_box_mode(&s->solar, s->mode);
    fill_laxity(sim, s, box);
}

/* What vehicle `i` draws of its allocation. */
static int32_t drawn_ma(const struct sim *sim, uint16_t i)
{
    return wants(&sim->spot[i]) ? min_i32(sim->result[i].allocated_ma, session_of(sim, &sim->spot[i])->max_ma) : 0;
}

/* What the sun leaves: production less base load less what vehicles in fast mode have at the moment. */
static void find_surplus(struct sim *sim)
{
    static const int32_t night_ma[PHASE_N] = {0};
    const int32_t *sun_ma = plan_profile_ma(&sim->days->sun, sim->now_ms);

    for (int p = 0; p < PHASE_N; p++) {
        sim->rules.surplus_ma[p] = (sun_ma != NULL ? sun_ma : night_ma)[p] - sim->base_ma[0][p];
    }
    for (uint16_t i = 0; i < sim->plan->site.box_n; i++) {
        for (int p = 0; p < PHASE_N && sim->spot[i].mode == SOLAR_FAST; p++) {
            sim->rules.surplus_ma[p] -= (sim->spot[i].used & PHASE_BIT(p)) != 0 ? drawn_ma(sim, i) : 0;
        }
    }
}

static void divide(struct sim *sim)
{
    find_surplus(sim);
    sim->policy->divide(sim->policy->context, &sim->rules, sim->input.node, sim->plan->site.node_n, sim->input.box, sim->plan->site.box_n, sim->result);
}

/* Let the times of solar only run. Returns whether one of them started or has to stop. */
static bool note_sun(struct sim *sim)
{
    bool is_turned = false;

    for (uint16_t i = 0; i < sim->plan->site.box_n; i++) {
        struct spot *s = &sim->spot[i];
        bool was_on = s->solar.is_on;

        solar_box_note(&s->solar, s->mode, wants(s), sim->result[i].is_covered, &sim->params, sim->now_ms);
        is_turned = is_turned || s->solar.is_on != was_on;
    }
    return is_turned;
}

static bool is_contended(const struct sim *sim, uint16_t box)
{
    for (uint16_t node = sim->plan->site.box[box].node; node != NODE_NONE; node = sim->plan->site.node[node].parent) {
        if (sim->is_contended[node]) {
            return true;
        }
    }
    return false;
}

/* How long each has been charging or waiting, as in the running manager. */
static void note_results(struct sim *sim)
{
    const struct turn_rules rules = {.turn_ms = sim->rules.turn_ms, .min_pause_ms = sim->params.min_pause_ms};

    turn_find_contended(sim->result, sim->plan->site.box_n, sim->plan->site.node_n, sim->is_contended);
    for (uint16_t i = 0; i < sim->plan->site.box_n; i++) {
        bool has_current = wants(&sim->spot[i]) && sim->result[i].allocated_ma > 0;

        turn_note(&sim->spot[i].turn, wants(&sim->spot[i]), has_current, true, is_contended(sim, i), &rules, sim->now_ms);
    }
}

/* The surplus depends on what vehicles in fast mode get, and they on what the sun gives to others: a second division settles it. */
static void divide_step(struct sim *sim)
{
    bool has_sun = false;
    bool has_want = false;

    for (uint16_t i = 0; i < sim->plan->site.box_n; i++) {
        fill_box(sim, i);
        has_want = has_want || wants(&sim->spot[i]);
        has_sun = has_sun || sim->input.box[i].solar != ALLOC_FAST;
    }
    if (has_want) {
        divide(sim);
    }
    if (has_sun) {
        divide(sim);
    }
    if (has_sun && note_sun(sim)) {
        for (uint16_t i = 0; i < sim->plan->site.box_n; i++) {
            fill_box(sim, i);
        }
        divide(sim);
    }
    note_results(sim);
}

static void charge(struct sim *sim, uint16_t i, int64_t step_ms)
{
    struct spot *s = &sim->spot[i];
    uint16_t node = sim->plan->site.box[i].node;
    int64_t present_ms = min_i64(step_ms, session_of(sim, s)->departure_ms - sim->now_ms);
    int32_t ma = drawn_ma(sim, i);
    int64_t microwatts = (int64_t)ma * phase_set_n(s->used) * sim->rules.voltage_mv;
    int64_t took_nws = min_i64(microwatts * present_ms, s->left_nws);

    if (sim->result[i].allocated_ma < s->demand_ma) {
        plan_tally_want(&sim->tally, node, s->used);
    }
    if (ma == 0) {
        sim->out->session[s->session].waited_ms += present_ms;
        return;
    }
    plan_tally_draw(&sim->tally, node, s->used, ma, div_up(took_nws, microwatts));
    s->left_nws -= took_nws;
}

static void run_step(struct sim *sim, int64_t step_ms)
{
    const struct site *site = &sim->plan->site;

    move_vehicles(sim);
    find_budgets(sim);
    divide_step(sim);
    plan_tally_begin(&sim->tally, site->node_n);
    for (uint16_t i = 0; i < site->box_n; i++) {
        for (int p = 0; p < PHASE_N && sim->plan->box[i].is_fixed; p++) {
            plan_tally_draw(&sim->tally, site->box[i].node, PHASE_BIT(p), sim->plan->box[i].fixed_ma[p], step_ms);
        }
        if (wants(&sim->spot[i])) {
            charge(sim, i, step_ms);
        }
    }
    plan_tally_end(&sim->tally, sim->plan, sim->input.node, (const int32_t(*)[PHASE_N])sim->base_ma, step_ms, sim->out);
    sim->now_ms += step_ms;
}

static bool arrives_before(const void *context, uint16_t a, uint16_t b)
{
    const struct plan_session *session = context;

    return session[a].arrival_ms != session[b].arrival_ms ? session[a].arrival_ms < session[b].arrival_ms : a < b;
}

/* Everything as it is before the first step. Returns when the last vehicle leaves. */
static int64_t open(struct sim *sim)
{
    int64_t end_ms = 0;

    sim->rules = sim->plan->rules;
    manager_params_defaults(&sim->params);
    plan_input_fill(sim->plan, &sim->input);
    for (uint16_t i = 0; i < sim->plan->site.box_n; i++) {
        sim->spot[i] = (struct spot){.session = NOBODY};
        turn_init(&sim->spot[i].turn);
        sim->input.box[i].has_laxity = false;
    }
    for (uint16_t i = 0; i < sim->days->session_n; i++) {
        sim->order[i] = i;
        end_ms = max_i64(end_ms, sim->days->session[i].departure_ms);
    }
    sort_index(sim->order, sim->days->session_n, arrives_before, sim->days->session);
    return end_ms;
}

void plan_simulate(const struct plan *plan, const struct plan_days *days, const struct plan_policy *policy, struct plan_outcome *out)
{
    struct sim *sim = calloc(1, sizeof *sim);
    int64_t end_ms;

    CHECK(sim != NULL);
    memset(out, 0, sizeof *out);
    out->session_n = days->session_n;
    out->session = calloc((size_t)days->session_n + 1, sizeof out->session[0]);
    CHECK(out->session != NULL);
    sim->plan = plan;
    sim->days = days;
    sim->policy = policy;
    sim->out = out;
    end_ms = open(sim);
    while (sim->now_ms < end_ms) {
        run_step(sim, min_i64(days->step_ms, end_ms - sim->now_ms));
    }
    move_vehicles(sim);
    out->delivered_wh += sim->rest_nws / NWS_PER_WH;
    free(sim);
}

void plan_outcome_free(struct plan_outcome *o)
{
    free(o->session);
    o->session = NULL;
}
