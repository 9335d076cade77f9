/* Charging with sunshine (spec 04 4.5, SR-215): what the sun leaves to the wallboxes in a solar mode, and when a wallbox that charges with
 * nothing else may start and must stop.
 *
 * Decided here: the surplus, its filter, the times to start and stop. Not here: how it is divided (allocate), what comes from the grid.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/phase.h"
#include "manager/core/allocate.h"
#include "manager/core/budget_filter.h"
#include "manager/core/params.h"
#include "manager/core/site.h"

/* Of one wallbox. */
struct solar_box {
    bool is_on;         /* solar only: it has started, and its minimum is kept */
    int64_t turning_ms; /* since when the sun has said the opposite of is_on; MS_NEVER: it does not */
};

struct solar {
    struct budget_filter filter[PHASE_N]; /* surplus per phase; the sum in the first when it is summed */
    int32_t surplus_ma[PHASE_N];          /* in use; the sum in the first when it is summed */
};

void solar_init(struct solar *s);

/* Surplus of this moment: minus the base load, minus what the wallboxes in fast mode draw.
 *
 * base_ma  base load of the grid connection, negative when it exports, the sun's production included
 * fast_ma  drawn by the wallboxes that are not in a solar mode
 */
void solar_run(struct solar *s, const struct manager_params *params, const int32_t base_ma[PHASE_N], const int32_t fast_ma[PHASE_N], int64_t now_ms);

void solar_box_init(struct solar_box *b);

/* How the allocation has to treat a wallbox. */
enum alloc_solar solar_box_mode(const struct solar_box *b, enum solar_mode mode);

/* Take in what the allocation found.
 *
 * wants       it has a demand; without one nothing runs
 * is_covered  the sun covers its minimum
 */
void solar_box_note(struct solar_box *b, enum solar_mode mode, bool wants, bool is_covered, const struct manager_params *params, int64_t now_ms);

/* A wallbox that was charging when the manager first heard of it has started already. */
void solar_box_adopt(struct solar_box *b);

/* When its time to start or stop is over; MS_FOREVER none runs. */
int64_t solar_box_next_ms(const struct solar_box *b, const struct manager_params *params);
