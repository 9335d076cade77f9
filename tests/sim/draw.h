/* What a seed makes of the site: nodes, meters, wallboxes, clocks, vehicles, loads. */
#pragma once

#include "tests/sim/sim.h"

/* Site, parameters, boards, ways and clocks of a run; processes are not started yet. */
void draw_site(struct sim *s);

/* A vehicle for one visit. */
void draw_vehicle(struct sim *s, struct vehicle_spec *out);

/* Change what is no wallbox at a node, and say when it changes next. Returns that time. */
int64_t draw_base(struct sim *s, uint16_t node);

/* Somebody comes to a wallbox or leaves it. Returns when that is to happen next. */
int64_t draw_driver(struct sim *s, uint16_t box);

/* Other fallback currents for some wallboxes, as far as the site carries them. */
void draw_fallbacks(struct sim *s);
