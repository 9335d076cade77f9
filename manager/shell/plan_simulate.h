/* Days of a site on paper in virtual time: who gets how much of what he wants, and how the connection is used (spec 04 4.6, --simulate).
 *
 * Decided here: the course of time, vehicles, energy, the figures kept. Not here: how the budgets are divided (a policy; the manager's own is
 * plan_divide), what the days are (plan_days). Budgets follow the base load alone: the sun raises none, it only feeds the solar modes.
 *
 * Time goes in steps. At the beginning of each the budgets are divided among the vehicles that are there and want energy, and each then draws
 * the lower of its allocation and its own maximum on its phases, at nominal voltage, until the step ends, it leaves, or its need is met.
 * One that comes between two steps waits for the next. Waiting, running and pausing count as in the running manager, with its default times;
 * what the manager would have to learn first - the phases that a vehicle uses, that it is full - is known at once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "manager/core/allocate.h"
#include "manager/shell/plan_days.h"
#include "manager/shell/plan_document.h"

/* How budgets are divided. `divide` gets what alloc_run gets and must set allocated_ma of every result, and is_covered where a wallbox in a solar
 * mode is to start. */
struct plan_policy {
    void (*divide)(void *context, const struct alloc_rules *rules, const struct alloc_node *node, uint16_t node_n, const struct alloc_box *box, uint16_t box_n,
                   struct alloc_result *out);
    void *context; /* borrowed */
};

/* What became of a session. */
struct plan_served {
    uint16_t box;         /* where it was; BOX_MAX: turned away, no wallbox was free */
    int64_t delivered_wh; /* rounded down */
    int64_t waited_ms;    /* it was there, wanted energy and had no current */
};

/* How a node was used. */
struct plan_node_use {
    int64_t peak_ma[PHASE_N]; /* wallboxes and base load */
    int64_t over_limit_ms;    /* some phase above limit_ma */
    int64_t offered_mams;     /* budgets of the phases on which somebody below wanted more, mA x ms */
    int64_t used_mams;        /* what was drawn of them */
};

/* Big: keep it on the heap. */
struct plan_outcome {
    int64_t wanted_wh;
    int64_t delivered_wh; /* of all together, rounded down once */
    uint16_t session_n;
    struct plan_served *session; /* owned; in the order of the sessions */
    struct plan_node_use node[NODE_MAX];
};

/* Let the days of a plan pass. */
void plan_simulate(const struct plan *plan, const struct plan_days *days, const struct plan_policy *policy, struct plan_outcome *out);

/* Accepts a zeroed object. */
void plan_outcome_free(struct plan_outcome *o);
