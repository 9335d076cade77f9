/* Simple ways to divide current, to be measured against the manager's (spec 11). Each is a policy of plan_simulate. */
#pragma once

#include "manager/core/allocate.h"
#include "manager/core/pool.h"

/* Memory of a policy between two divisions. Zeroed at the beginning of a simulation. */
struct policy {
    struct pool left;
    uint32_t came_n;              /* vehicles so far */
    uint32_t came[ALLOC_BOX_MAX]; /* when each that wants energy has come, counted from 1; 0: it does not want any */
    uint16_t line[ALLOC_BOX_MAX];
    uint64_t step_n;             /* divisions so far */
    const struct alloc_box *box; /* of the division under way */
};

/* Whoever came first gets all he can use, the next what is left. */
void policy_first_come(void *context, const struct alloc_rules *rules, const struct alloc_node *node, uint16_t node_n, const struct alloc_box *box,
                       uint16_t box_n, struct alloc_result *out);

/* Every node-phase is divided by the number of those that want; when that is less than a minimum, by as many as can have their minimum, in the
 * order of their coming. What one does not use stays unused. */
void policy_equal(void *context, const struct alloc_rules *rules, const struct alloc_node *node, uint16_t node_n, const struct alloc_box *box, uint16_t box_n,
                  struct alloc_result *out);

/* Like first-come, but the line moves on by one each turn. */
void policy_round_robin(void *context, const struct alloc_rules *rules, const struct alloc_node *node, uint16_t node_n, const struct alloc_box *box,
                        uint16_t box_n, struct alloc_result *out);

/* Whoever can wait least gets all he can use, the next what is left: knows departures and needs, is not fair and does not look at phases. No
 * rival: it shows what fairness costs. */
void policy_laxity(void *context, const struct alloc_rules *rules, const struct alloc_node *node, uint16_t node_n, const struct alloc_box *box, uint16_t box_n,
                   struct alloc_result *out);
