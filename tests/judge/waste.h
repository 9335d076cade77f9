/* Never waste (spec 01, 04 4.4): of what the true loads let the vehicles have, second by second, how much did they get?
 *
 * Decided here: the division of a moment's truth by the product's own allocation, and what of it was used: drawn, or offered to a vehicle
 * that could take it. Two rules of spec 04 hold for everybody, however much he knows, and therefore here, too; both are followed from the
 * record alone, never from what the manager believed:
 *   - a phase that is wired counts as used until the vehicle has drawn 5 A on another one for 60 s (4.1);
 *   - a wallbox that had to be stopped for lack of current rests for min_pause_ms (A7). It had to only if the truth of the last seconds denied it
 *     its minimum; one that was stopped without need counts as waiting at once.
 * Beside, the same is counted without these two rules: what somebody could have given who knows each vehicle's phases in advance and lets
 * contactors click.
 */
#pragma once

#include <stdint.h>

#include "manager/core/allocate.h"
#include "manager/core/params.h"
#include "tests/judge/track.h"

struct waste_box {
    uint16_t rank;            /* place in the order of serials */
    uint8_t counted;          /* site phases counted as used */
    int64_t carries_since_ms; /* it has drawn 5 A on a phase since; MS_NEVER */
    int32_t pilot_ma;         /* offered in the row before */
    int64_t denied_ms;        /* when the truth last denied it its minimum while it ran; MS_NEVER */
    int64_t rests_until_ms;   /* MS_NEVER */
    int64_t running_since_ms; /* offered current since; MS_NEVER */
    int64_t waiting_since_ms; /* wants current and has none since; MS_NEVER */
};

struct waste_sum {
    int64_t scarce_s;   /* seconds in which somebody got less than he could use */
    int64_t given_ma_s; /* what the division gives in those */
    int64_t used_ma_s;  /* what was used of it */
};

/* Big: keep it on the heap. Zeroes and waste_init make a new one. */
struct waste {
    const struct site *site;             /* kept */
    const struct manager_params *params; /* kept: rests, turns, credit for export */
    struct waste_box box[BOX_MAX];
    struct waste_sum by_rules;
    struct waste_sum all_knowing;
    struct alloc_node alloc_node[NODE_MAX];
    struct alloc_box alloc_box[BOX_MAX];
    struct alloc_result result[BOX_MAX];
    struct alloc_scratch scratch;
};

void waste_init(struct waste *w, const struct site *site, const struct manager_params *params);

/* The next row of the record. */
void waste_row(struct waste *w, const struct track *t);

/* A new second of the record has begun: judge its moment. After waste_row of the same moment. */
void waste_second(struct waste *w, const struct track *t);

/* Share that was used, 1000 when nothing was scarce. */
int64_t waste_used_permille(const struct waste_sum *sum);
