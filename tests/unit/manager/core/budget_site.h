/* A small site for the tests of budget and its base load, and short words for what happens at it. */
#pragma once

#include <criterion/criterion.h>
#include <string.h>

#include "common/base/units.h"
#include "manager/core/budget.h"

#define LIMIT_MA 50000
#define RESERVE_MA 500
#define WORST_MA 20000

static struct site site;
static struct manager_params params;
static struct budget b;

static inline uint16_t add_node(const char *id, uint16_t parent, int32_t limit_ma)
{
    struct site_node *n = &site.node[site.node_n];

    *n = (struct site_node){.parent = parent, .reserve_ma = RESERVE_MA};
    strncpy(n->id, id, sizeof n->id - 1);
    for (int p = 0; p < PHASE_N; p++) {
        n->limit_ma[p] = limit_ma;
        n->base_load_worst_ma[p] = MA_UNSET;
    }
    return site.node_n++;
}

static inline void add_box(uint16_t node)
{
    site.box[site.box_n++] = (struct site_box){.node = node, .phases = PHASES_L1_L2_L3, .min_ma = 6000, .max_ma = 32000, .weight = 1};
}

static inline uint16_t add_meter(uint16_t node, int32_t worst_ma)
{
    site.meter[site.meter_n] = (struct site_meter){.node = node, .role = METER_HOUSE, .phases = PHASES_L1_L2_L3, .lag_ms = 1000};
    for (int p = 0; p < PHASE_N; p++) {
        site.node[node].base_load_worst_ma[p] = worst_ma;
    }
    return site.meter_n++;
}

static inline void start(void)
{
    manager_params_defaults(&params);
    budget_init(&b, &site, &params);
}

/* One metered node and `boxes` wallboxes. */
static inline void start_house(int boxes)
{
    add_node("grid", NODE_NONE, LIMIT_MA);
    add_meter(0, WORST_MA);
    for (int i = 0; i < boxes; i++) {
        add_box(0);
    }
    start();
}

static inline struct meter_sample sample_of(int32_t ma, int64_t taken_ms)
{
    return (struct meter_sample){.taken_ms = taken_ms, .current_ma = {ma, ma, ma}, .voltage_mv = {230000, 230000, 230000}, .import_wh = -1, .export_wh = -1};
}

static inline void metered_by(uint16_t meter, int32_t ma, int64_t now_ms)
{
    struct meter_sample s = sample_of(ma, now_ms);

    cr_assert_eq(budget_meter_sample(&b, meter, &s, now_ms), RC_OK);
}

static inline bool metered(int32_t ma, int64_t now_ms)
{
    metered_by(0, ma, now_ms);
    return budget_run(&b, now_ms);
}

static inline void drawn(uint16_t box, int32_t ma, int64_t at_ms)
{
    budget_box_drawn(&b, box, at_ms, (int32_t[PHASE_N]){ma, ma, ma});
}

static inline int32_t use_ma(uint16_t node)
{
    return b.node[node].use_ma[1];
}
