#include "tests/sim/draw.h"

#include <stdio.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"

#define PER_16 16 /* the limits of a site of so many wallboxes; others in proportion */
#define NEED_FOREVER_WH 1000000

static void draw_node(struct sim *s, uint16_t i, bool has_meter)
{
    struct site_node *n = &s->site.node[i];
    int32_t limit_ma = (int32_t)(sim_between(s, 35, 90) * 1000 * s->options.clients_n / PER_16);

    *n = (struct site_node){.parent = i == 0 ? NODE_NONE : (uint16_t)sim_between(s, 0, i - 1), .reserve_ma = MA_UNSET};
    (void)snprintf(n->id, sizeof n->id, "node%u", i);
    if (i > 0) {
        limit_ma = (int32_t)sim_between(s, 25, 50) * 1000;
    }
    limit_ma = max_i32(limit_ma, 32000);
    for (int p = 0; p < PHASE_N; p++) {
        n->limit_ma[p] = limit_ma;
        /* Share of the node itself; what its children may draw is added below. */
        n->base_load_ma[p] = (int32_t)sim_between(s, 0, i == 0 ? limit_ma / 3 : limit_ma / 8);
        n->base_load_worst_ma[p] = has_meter ? 0 : MA_UNSET;
        s->base_most_ma[i][p] = n->base_load_ma[p];
    }
}

/* The worst base load of a node holds those of its children. */
static void sum_bases(struct sim *s)
{
    for (uint16_t i = s->site.node_n; i > 1; i--) {
        struct site_node *n = &s->site.node[i - 1];

        for (int p = 0; p < PHASE_N; p++) {
            s->site.node[n->parent].base_load_ma[p] += n->base_load_ma[p];
        }
    }
    for (uint16_t i = 0; i < s->site.node_n; i++) {
        struct site_node *n = &s->site.node[i];

        for (int p = 0; p < PHASE_N && n->base_load_worst_ma[p] != MA_UNSET; p++) {
            n->base_load_worst_ma[p] = n->base_load_ma[p];
        }
    }
}

static void draw_meter(struct sim *s, uint16_t node)
{
    struct site_meter *m = &s->site.meter[s->site.meter_n];
    struct plant_meter *pm = &s->plant.meter[s->site.meter_n];

    *m = (struct site_meter){
        .model = "tq_em300_lr", .address = "tcp:127.0.0.1:502:1", .node = node, .role = METER_HOUSE, .phases = PHASES_L1_L2_L3, .lag_ms = 1000};
    (void)snprintf(m->id, sizeof m->id, "meter%u", s->site.meter_n);
    pm->refresh_us = sim_between(s, 200, 600) * MS_US;
    pm->poll_us = sim_between(s, 250, 500) * MS_US;
    s->site.meter_n++;
}

static void draw_box(struct sim *s, uint16_t i)
{
    static const int32_t most_ma[] = {16000, 32000, 32000, 20000};
    struct site_box *b = &s->site.box[i];
    bool is_single = sim_chance(s, 250);
    enum phase_assign phases = (enum phase_assign)sim_between(s, is_single ? PHASES_L1 : PHASES_L1_L2_L3, is_single ? PHASES_L3 : PHASES_L3_L1_L2);

    *b = (struct site_box){.node = (uint16_t)sim_between(s, 0, s->site.node_n - 1), .phases = phases, .min_ma = 6000, .priority = 5, .weight = 1};
    (void)snprintf(b->serial, sizeof b->serial, "W%03u", i);
    b->max_ma = most_ma[sim_between(s, 0, 3)];
    b->priority = (int8_t)(s->is_ranked ? sim_between(s, 4, 6) : 5);
    b->weight = (int8_t)(s->is_ranked ? sim_between(s, 1, 3) : 1);
}

void draw_fallbacks(struct sim *s)
{
    struct site_error error;

    for (uint16_t i = 0; i < s->site.box_n; i++) {
        s->site.box[i].fallback_ma = sim_chance(s, 400) ? (int32_t)sim_between(s, 60, 90) * 100 : 0;
    }
    for (uint16_t i = 0; site_validate(&s->site, &error, 1) > 0; i++) {
        CHECK(i < s->site.box_n);
        s->site.box[i].fallback_ma = 0;
    }
}

static void draw_client(struct sim *s, uint16_t i)
{
    struct cnode *c = &s->client[i];
    const struct site_box *b = &s->site.box[i];
    const bool *on = s->chaos.is_on;
    enum rc rc;

    client_params_defaults(&c->params);
    c->params.rated_ma = b->max_ma;
    c->params.wired_phases_n = phase_wired_n(b->phases);
    c->params.watchdog = on[FAULT_NO_DOG] && sim_chance(s, 300) ? WATCHDOG_NONE : WATCHDOG_HARDWARE;
    c->params.apply_ms = on[FAULT_SLOW_BOARD] && sim_chance(s, 500) ? (int32_t)sim_between(s, 100, 500) : 0;
    c->params.cold_start_most_s = 5;
    c->params.checkpoint_ms = 20000;
    rc = text_copy(c->params.serial, sizeof c->params.serial, b->serial);
    CHECK(rc == RC_OK);
    c->kernel_boot_id = rng_next(&s->rng) | 1;
    c->starts_n = 0;
    c->address = 0;
    c->conn = CONN_NONE;
    memset(c->drawn_ma, 0, sizeof c->drawn_ma);
    cdisk_init(&c->disk);
    board_init(&c->board, c->params.watchdog, c->params.apply_ms * MS_US, c->params.wired_phases_n);
    c->board_us = 0;
    s->way[i] = (struct way){.least_us = 500, .most_us = 5000};
    if (on[FAULT_SLOW_NET]) {
        s->way[i].most_us = (int32_t)sim_between(s, 20, 300) * 1000;
    }
    if (on[FAULT_SPLIT]) {
        s->way[i].split_permille = (int32_t)sim_between(s, 100, 1000);
    }
}

static void draw_process(struct sim *s, struct process *p)
{
    *p = (struct process){.life = p->life + 1, .wake_n = p->wake_n + 1};
    p->clock = (struct clock){.offset_us = sim_between(s, 0, 100000) * S_US, .is_utc_set = sim_chance(s, 900)};
    p->slack_us = (int32_t)sim_between(s, 0, 2000);
    if (s->chaos.is_on[FAULT_DRIFT]) {
        p->clock.drift_permillion = sim_chance(s, 500) ? (sim_chance(s, 500) ? 1000 : -1000) : (int32_t)sim_between(s, -1000, 1000);
    }
}

void draw_site(struct sim *s)
{
    s->is_ranked = sim_chance(s, 200);
    s->site.node_n = (uint16_t)(sim_chance(s, 500) ? 1 : sim_between(s, 2, 4));
    s->site.box_n = s->options.clients_n;
    s->site.meter_n = 0;
    s->site.window_n = 0;
    (void)snprintf(s->site.timezone, sizeof s->site.timezone, "UTC");
    for (uint16_t i = 0; i < s->site.node_n; i++) {
        bool has_meter = sim_chance(s, i == 0 ? 750 : 300);

        draw_node(s, i, has_meter);
        if (has_meter) {
            draw_meter(s, i);
        }
    }
    sum_bases(s);
    for (uint16_t i = 0; i < s->site.box_n; i++) {
        draw_box(s, i);
        draw_process(s, &s->client[i].p);
        draw_client(s, i);
    }
    s->has_fallbacks = sim_chance(s, 600);
    for (uint16_t i = 0; i < s->site.box_n; i++) {
        s->site.box[i].fallback_ma = 0;
    }
    if (s->has_fallbacks) {
        draw_fallbacks(s);
    }
    for (uint16_t k = 0; k < SIM_MANAGER_MAX; k++) {
        draw_process(s, &s->manager[k].p);
        manager_params_defaults(&s->manager[k].params);
        mdisk_init(&s->manager[k].disk);
        s->manager[k].is_imported = false;
    }
}

void draw_vehicle(struct sim *s, struct vehicle_spec *out)
{
    const bool *on = s->chaos.is_on;
    bool may_be_bad = !s->is_healing;

    *out = (struct vehicle_spec){.phases_n = (int8_t)(sim_chance(s, 300) ? sim_between(s, 1, 2) : 3),
                                 .max_ma = (int32_t)sim_between(s, 10, 32) * 1000,
                                 .need_wh = sim_chance(s, 300) ? sim_between(s, 20, 1500) : NEED_FOREVER_WH,
                                 .down_us = sim_between(s, 100, on[FAULT_SLOW_VEHICLE] ? 5000 : 2000) * MS_US,
                                 .up_us = sim_between(s, 100, on[FAULT_SLOW_VEHICLE] ? 8000 : 3000) * MS_US,
                                 .over_permille = 1000,
                                 .asleep_until_us = VEHICLE_NEVER_US,
                                 .cable_ma = sim_chance(s, 200) ? 20000 : 32000};
    out->first_phases_n = out->phases_n;
    if (may_be_bad && on[FAULT_OVERDRAW] && sim_chance(s, 300)) {
        out->over_permille = (int32_t)sim_between(s, 1050, 1900);
        out->over_after_us = sim_between(s, 0, 60) * S_US;
    }
    if (may_be_bad && on[FAULT_LATE_PHASE] && out->phases_n > 1 && sim_chance(s, 500)) {
        out->first_phases_n = 1;
        out->late_us = sim_between(s, 1, 120) * S_US;
    }
    if (may_be_bad && on[FAULT_DIP] && sim_chance(s, 500)) {
        out->dip_every_us = sim_between(s, 8, 40) * S_US;
        out->dip_us = sim_between(s, 1, 4) * S_US;
    }
    if (on[FAULT_STUBBORN] && sim_chance(s, 500)) {
        out->is_stubborn = true;
    }
    if (may_be_bad && on[FAULT_SLEEPER] && sim_chance(s, 500)) {
        out->asleep_until_us = s->now_us + sim_between(s, 5, 150) * S_US;
    }
}

int64_t draw_driver(struct sim *s, uint16_t box)
{
    struct cnode *c = &s->client[box];
    bool is_hurried = s->chaos.is_on[FAULT_CHURN] && !s->is_healing;
    struct vehicle_spec spec;

    if (c->board.vehicle.is_plugged) {
        vehicle_unplug(&c->board.vehicle);
        c->board.is_welded = c->board.is_welded && !s->is_healing; /* repaired with the vehicle away */
        sim_trace(s, TRACE_VEHICLE, box, 0, 0, 0);
        sim_board(s, box);
        return s->now_us + (is_hurried ? sim_between(s, 1, 30) : sim_between(s, 5, 120)) * S_US;
    }
    draw_vehicle(s, &spec);
    vehicle_plug(&c->board.vehicle, &spec);
    sim_trace(s, TRACE_VEHICLE, box, 1, spec.phases_n, spec.max_ma);
    sim_board(s, box);
    return s->now_us + (is_hurried ? sim_between(s, 5, 90) : sim_between(s, 60, 900)) * S_US;
}

int64_t draw_base(struct sim *s, uint16_t node)
{
    bool is_wild = s->chaos.is_on[FAULT_HOUSE] && !s->is_healing;
    int32_t ma[PHASE_N];
    bool is_rise[PHASE_N];
    bool has_sun = s->chaos.is_on[FAULT_SUN] && !s->is_healing && sim_chance(s, 600);

    for (int p = 0; p < PHASE_N; p++) {
        int32_t most_ma = s->base_most_ma[node][p];
        int32_t before_ma = s->plant.own_ma[node][p];
        int32_t house_ma = (int32_t)sim_between(s, 0, most_ma);

        /* A quiet house moves a little, a wild one from nothing to everything. */
        ma[p] = is_wild ? (sim_chance(s, 500) ? most_ma : house_ma) : clamp_i32(max_i32(before_ma, 0) + (int32_t)sim_between(s, -2000, 2000), 0, most_ma);
        ma[p] -= has_sun ? (int32_t)sim_between(s, 0, s->site.node[node].limit_ma[p]) : 0;
        is_rise[p] = ma[p] > before_ma;
    }
    sim_trace(s, TRACE_BASE, node, ma[0], ma[1], ma[2]);
    plant_set_base(&s->plant, node, ma);
    check_base(s, node, is_rise);
    return s->now_us + (is_wild ? sim_between(s, 3, 40) : sim_between(s, 10, 60)) * S_US;
}
