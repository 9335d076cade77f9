/* Vehicles that come and go by recorded stays: each arrival takes the first free wallbox and leaves it when its stay ends.
 *
 * Decided here: which vehicle stands where, and what kind it is (from the seed). Not here: what it draws (vehicle).
 */
#pragma once

#include <stdint.h>

#include "tests/site/dataset.h"
#include "tests/site/world.h"

struct sessions {
    struct stays stays;
    uint16_t next; /* first stay that has not arrived */
    uint32_t came_n;
    uint32_t turned_away_n; /* no wallbox was free */
    struct {
        bool is_taken;
        uint32_t plug_n; /* of the board when this stay began: another number, another vehicle */
        int64_t leave_ms;
    } at[BOX_MAX];
};

/* Kind of vehicle of stay `index`: 40 % one phase 32 A, 20 % two phases 16 A, 40 % three phases 16 A (spec 12). Its need is the recorded
 * one divided by the speed of the profiles. */
void sessions_vehicle(const struct stay *stay, uint16_t index, uint64_t seed, int32_t speed, struct vehicle_spec *out);

/* Leave and arrive as of the world's time of day. Before the first step: those that came earlier that day and are still there arrive. */
void sessions_step(struct sessions *s, struct world *w);
