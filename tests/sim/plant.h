/* The electrical truth of the simulated site: what flows into each node and phase at this moment, and what its meters show.
 *
 * Sums are kept up to date by differences, so a change costs the depth of the tree. Site order, mA, positive flows into the node.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/phase.h"
#include "manager/core/site.h"

enum meter_fault {
    METER_FINE,
    METER_MUTE,    /* does not answer */
    METER_STUCK,   /* shows the same figures for good; the adapter notices after FROZEN_KNOWN_US and gives no more samples (spec 07) */
    METER_GARBAGE, /* figures that cannot be */
    METER_LATE,    /* answers after a second */
};

#define FROZEN_KNOWN_US INT64_C(10000000)

struct plant_meter {
    enum meter_fault fault;
    int64_t fault_us;          /* since when */
    int64_t refresh_us;        /* how often its registers are renewed */
    int64_t poll_us;           /* how often it is read */
    int32_t shown_ma[PHASE_N]; /* its registers */
};

struct plant {
    const struct site *site;
    int32_t own_ma[NODE_MAX][PHASE_N];  /* what flows into the node itself and is no wallbox; negative: sun */
    int32_t base_ma[NODE_MAX][PHASE_N]; /* the same with its subtree */
    int32_t boxes_ma[NODE_MAX][PHASE_N];
    struct plant_meter meter[METER_MAX];
};

/* Nothing flows. site is kept. */
void plant_init(struct plant *p, const struct site *site);

/* What is no wallbox at `node` itself. */
void plant_set_base(struct plant *p, uint16_t node, const int32_t ma[PHASE_N]);

/* The current of a wallbox at `node` has changed. */
void plant_move_box(struct plant *p, uint16_t node, const int32_t before_ma[PHASE_N], const int32_t after_ma[PHASE_N]);

static inline int32_t plant_true_ma(const struct plant *p, uint16_t node, int phase)
{
    return p->base_ma[node][phase] + p->boxes_ma[node][phase];
}

/* Its registers are renewed. */
void plant_refresh(struct plant *p, uint16_t meter);

/* One reading of a meter as the bus adapter hands it on; false: none came. */
bool plant_read(const struct plant *p, uint16_t meter, int64_t now_us, int32_t out_ma[PHASE_N]);
