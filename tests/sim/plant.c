#include "tests/sim/plant.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"

void plant_init(struct plant *p, const struct site *site)
{
    memset(p, 0, sizeof *p);
    p->site = site;
}

void plant_set_base(struct plant *p, uint16_t node, const int32_t ma[PHASE_N])
{
    CHECK(node < p->site->node_n);
    for (int i = 0; i < PHASE_N; i++) {
        int32_t moved_ma = ma[i] - p->own_ma[node][i];

        p->own_ma[node][i] = ma[i];
        for (uint16_t at = node; at != NODE_NONE; at = p->site->node[at].parent) {
            p->base_ma[at][i] += moved_ma;
        }
    }
}

void plant_move_box(struct plant *p, uint16_t node, const int32_t before_ma[PHASE_N], const int32_t after_ma[PHASE_N])
{
    for (uint16_t at = node; at != NODE_NONE; at = p->site->node[at].parent) {
        for (int i = 0; i < PHASE_N; i++) {
            p->boxes_ma[at][i] += after_ma[i] - before_ma[i];
        }
    }
}

void plant_refresh(struct plant *p, uint16_t meter)
{
    struct plant_meter *m = &p->meter[meter];

    if (m->fault == METER_STUCK) {
        return;
    }
    for (int i = 0; i < PHASE_N; i++) {
        m->shown_ma[i] = plant_true_ma(p, p->site->meter[meter].node, i);
    }
}

bool plant_read(const struct plant *p, uint16_t meter, int64_t now_us, int32_t out_ma[PHASE_N])
{
    const struct plant_meter *m = &p->meter[meter];

    if (m->fault == METER_MUTE || (m->fault == METER_STUCK && now_us - m->fault_us >= FROZEN_KNOWN_US)) {
        return false;
    }
    for (int i = 0; i < PHASE_N; i++) {
        out_ma[i] = m->fault == METER_GARBAGE ? MA_MAX + 1 + i : m->shown_ma[i];
    }
    return true;
}
