/* The electrical truth of a simulated site: what flows in each node and phase, at every moment.
 *
 * Decided here: how loads, sun and wallboxes add up, and how the voltage sags. Not here: sockets, files, clocks: time comes in as ms
 * since the start and never decreases. Site order, integers; the same calls give the same figures.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/phase.h"
#include "common/base/rng.h"
#include "manager/core/site.h"
#include "tests/site/board.h"
#include "tests/site/profile.h"

#define WOBBLE_MV 500 /* the mains' own slow movement, either way */

/* What flows into a node, its subtree included. true = house - solar + wallboxes; negative: exports. */
struct flow {
    int32_t true_ma[PHASE_N];
    int32_t house_ma[PHASE_N];
    int32_t solar_ma[PHASE_N]; /* produced: 0 or more */
    int32_t boxes_ma[PHASE_N];
};

struct world {
    const struct site *site; /* kept, unchanged, until the world ends */
    uint64_t seed;
    int32_t speed;
    int64_t day_start_ms; /* time of day at the start */
    int32_t nominal_mv;
    int32_t sag_mohm; /* of the supply, per phase */
    int64_t now_ms;
    int64_t wobble_at_ms;
    int32_t wobble_mv[PHASE_N];
    int32_t voltage_mv[PHASE_N];
    struct rng rng;
    struct load load[NODE_MAX];
    struct sun sun[NODE_MAX];
    struct flow flow[NODE_MAX];
    struct board board[BOX_MAX];
};

struct world_options {
    uint64_t seed;
    int32_t speed;        /* 1..1,440 */
    int64_t day_start_ms; /* 0..DAY_MS - 1 */
    int32_t nominal_mv;
    int32_t sag_mohm;
};

/* A world of the site's wallboxes, nothing plugged, no loads; then set rated currents, loads and suns, and call world_begin. */
void world_init(struct world *w, const struct site *site, const struct world_options *options);

/* Start the loads' steps and take the first figures, at time 0. */
void world_begin(struct world *w);

/* Go on to now_ms: count the energy of the time between, then let everything react. The same time again lets it react to a command. */
void world_step(struct world *w, int64_t now_ms);

/* Time of the profiles, ms since midnight of the first day. */
int64_t world_day_ms(const struct world *w);

/* What a wallbox draws, in site order. */
void world_drawn_ma(const struct world *w, uint16_t box, int32_t out_ma[PHASE_N]);
