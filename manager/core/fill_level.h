/* How far a class may rise together: the books of progressive filling. Part of fill.
 *
 * The common level is counted in steps of the heaviest weight. A wallbox is active until it is at its top or frozen; an active one is a mover
 * from the level on that lifts it above its minimum. What movers have follows from the level: s->left is what would be left if they had
 * nothing, so that nothing has to be written when the level goes up. The highest level at which a resource still has a step for everybody
 * changes only when somebody joins or leaves there; the least of all nodes is kept in a tree.
 */
#pragma once

#include "manager/core/admit.h"

#define LEVEL_NEVER INT64_MAX

/* One class while it rises. */
struct fill {
    struct alloc_job *job;
    const uint16_t *line; /* the class, by rank */
    uint16_t line_n;
    int64_t level;      /* reached */
    int32_t weight_max; /* of those admitted */
    bool is_mixed;      /* weights differ */
    uint16_t active_n;
    uint16_t joining_n; /* of s->joining and s->topping, done up to ..._at */
    uint16_t joining_at;
    uint16_t topping_n;
    uint16_t topping_at;
    uint16_t changed_n; /* of s->changed */
};

/* Before the first class. Between the classes nothing is active, and the books are as at the start. */
void level_open(struct alloc_scratch *s, uint16_t node_n);

/* Where a level puts a mover, its top not looked at. */
int64_t level_ma(const struct fill *f, uint16_t i, int64_t level);

/* The lowest level that puts a mover at `steps` steps or higher. */
int64_t level_of(const struct fill *f, uint16_t i, int64_t steps);

/* A wallbox becomes active, at its minimum; becomes a mover; stays at out[].allocated_ma and is active no more. */
void level_enter(struct fill *f, uint16_t i);
void level_join(struct fill *f, uint16_t i);
void level_leave(struct fill *f, uint16_t i);

/* The highest level at which a resource of a node still has a step for all active ones that use it; -1 when it has none already. With mixed
 * weights it may be higher: the part of a step that a mover has not got yet is counted as if he had it. */
int64_t level_free(const struct fill *f, uint16_t node, int r);

/* Bring s->free up to date after wallboxes came or went: s->free[1] is the least of all, s->free[NODE_MAX + node] that of one node. */
void level_refresh(struct fill *f);

/* A node is known to be free up to a higher level. Holds until somebody comes or goes there. */
void level_raise(struct fill *f, uint16_t node, int64_t level);
