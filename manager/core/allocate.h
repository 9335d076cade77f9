/* Who gets how much: divides the budgets of a tree of nodes among wallboxes, phase by phase (spec 04 4.4).
 *
 * Decided here: admission when not all minimums fit (admit), the fair raise of all that were admitted (fill: progressive filling, max-min
 * over weight, classes of priority), and the reason of each result. Not here: budgets (budget), demands (demand), when a change is sent
 * (lease). Pure and exact: integers only, no memory of its own, equal input gives equal output, and the order of the wallboxes does not
 * matter.
 *
 * Steps: an allocation is a multiple of step_ma, the wallbox' minimum, or its top = min(demand, cap, max). A wallbox rises from one such
 * value to the next, and only when a whole step_ma is left on every node-phase and limit in watts above it, even if the move is shorter.
 * So up to one step of a node-phase may stay unused, and what is full for one wallbox of a node-phase is full for all.
 *
 * Cost: sorting is linear, admission n x depth. While filling, every wallbox joins and leaves once (n x depth), and whoever uses a resource
 * that has come to its end is looked at once for it: about n x depth x phases, a few times that when weights are mixed. Between these events
 * the level is computed, not walked. Release build, one core of a small server, three levels: 16 wallboxes 5 us, 100 30 us, 1,000 on 41
 * nodes 0.2 ms, 10,000 2.7 ms; on 256 nodes with weights from 1 to 100 0.7 and 4.1 ms.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/phase.h"
#include "common/base/rc.h"
#include "manager/core/pool.h"
#include "manager/core/site.h"
#include "proto/msg.h"

#define ALLOC_BOX_MAX 10240 /* more than a site has: the allocation is measured at ten times its size */

struct alloc_node {
    uint16_t parent;            /* index lower than its own; NODE_NONE at the root, index 0 */
    int32_t budget_ma[PHASE_N]; /* what the wallboxes below may draw, 0..MA_MAX; negative counts as 0 */
    int64_t budget_w;           /* over all phases; negative: no limit */
    bool is_fallback;           /* the budget comes from the meter fallback: said in the reason */
    uint8_t scheduled;          /* phases (bits 0..2) and watts (bit 3) whose budget comes from a schedule: said in the reason */
    bool has_imbalance;         /* one- and two-phase vehicles together may take imbalance_ma of each phase (04 4.2) */
    int32_t imbalance_ma;       /* below 0 counts as 0 */
};

/* How the sun limits a wallbox (04 4.5). */
enum alloc_solar {
    ALLOC_FAST,          /* not at all */
    ALLOC_SOLAR_MINIMUM, /* its minimum comes from the grid when need be, more only from the sun */
    ALLOC_SOLAR_ONLY,    /* all of it comes from the sun */
    ALLOC_SOLAR_LOOK,    /* like the former, but it may not start yet: only is_covered is found out */
};

enum alloc_surplus {
    SURPLUS_SUMMED,    /* what one phase exports may be used on another: bills are summed */
    SURPLUS_PER_PHASE, /* each phase by itself */
};

struct alloc_box {
    uint16_t node;   /* what is asked for again and again stands first: with 10,000 wallboxes memory is what costs time */
    uint16_t rank;   /* place in the order of serials: breaks ties, unique */
    uint8_t used;    /* site phases that the vehicle uses or may use, not empty */
    int8_t priority; /* 0..9, higher first */
    int8_t weight;   /* 1..100 */
    bool is_fixed;   /* it takes fixed_ma from every node-phase above it and gets nothing */
    enum alloc_solar solar;
    int32_t min_ma;
    int32_t current_ma;     /* its allocation so far; above 0 it is running */
    int32_t max_ma;         /* the wallbox itself */
    int32_t demand_ma;      /* below min_ma: no demand */
    int32_t cap_ma;         /* a rule holds it to this (10 A under a lost meter), otherwise at least demand_ma */
    enum reason cap_reason; /* why, when cap_ma is below demand_ma */
    int64_t waiting_ms;     /* how long it has been waiting with a demand */
    int64_t running_ms;     /* how long it has been running */
    int64_t before_turn_ms; /* of running_ms: what had passed before its present turn began (turn) */
    int64_t served_ms;      /* how long it has been running in its session: of those that have waited equally the one with most goes last */
    int64_t blocked_ms;     /* stopped for lack of current: not started again for so long, except when overdue (A7) */
    int64_t laxity_ms;      /* time left minus time needed at max current (A9) */
    bool has_laxity;
    int32_t fixed_ma[PHASE_N]; /* site order */
};

struct alloc_rules {
    int32_t step_ma;         /* 100 */
    int32_t start_margin_ma; /* 500; a wallbox that is not running needs its minimum and this much */
    int64_t turn_ms;         /* 900,000 */
    int64_t min_run_ms;      /* 300,000 */
    int32_t voltage_mv;      /* nominal, for watts: 230,000 */
    enum alloc_surplus surplus_mode;
    int32_t surplus_ma[PHASE_N]; /* what the sun leaves to the wallboxes in a solar mode; negative: the phase takes from the grid */
};

enum alloc_state { ALLOC_NO_DEMAND, ALLOC_WAITING, ALLOC_CHARGING, ALLOC_FIXED };

struct alloc_result {
    int32_t allocated_ma; /* 0, or in [min_ma, top], a multiple of step_ma unless it equals one of those two */
    enum alloc_state state;
    enum reason reason;  /* never unset, except for fixed wallboxes */
    uint16_t node;       /* what limits it, when the reason is about a node; NODE_NONE otherwise */
    int8_t phase;        /* 0..2; -1 when it is not about a phase */
    bool is_covered;     /* in a solar mode: the sun covers its minimum beside those before it */
    uint16_t turn_place; /* place in the line of the waiting, from 1; 0 when it is not waiting or could not charge even alone */
};

/* Working memory, so that nothing is allocated. Contents mean nothing between calls. */
struct alloc_scratch {
    struct pool base;  /* budgets less what fixed wallboxes take */
    struct pool floor; /* ... less the minimums of all that were admitted */
    struct pool left;  /* ... less all that was given */
    struct pool trial;
    uint16_t line[ALLOC_BOX_MAX];  /* competing wallboxes in order of admission */
    uint16_t class[ALLOC_BOX_MAX]; /* the same by priority, highest first, then rank */
    int32_t top_ma[ALLOC_BOX_MAX];
    bool is_admitted[ALLOC_BOX_MAX];
    bool is_overdue[ALLOC_BOX_MAX];
    uint64_t key[ALLOC_BOX_MAX]; /* for sorting */
    uint16_t spare[ALLOC_BOX_MAX];

    /* admit: of the classes done so far */
    uint16_t competing_n[NODE_MAX][POOL_N];
    uint16_t fitting_n[NODE_MAX][POOL_N];
    int64_t round_turns[NODE_MAX][POOL_N];

    /* fill: the class that rises */
    uint16_t active[ALLOC_BOX_MAX];  /* those that still rise, node by node, then by rank */
    uint16_t first_at[NODE_MAX];     /* where those of a node begin */
    uint16_t n_at[NODE_MAX];         /* ... and how many they are */
    bool is_active[ALLOC_BOX_MAX];   /* some of them may have left meanwhile */
    bool is_moving[ALLOC_BOX_MAX];   /* above its minimum */
    uint16_t joining[ALLOC_BOX_MAX]; /* in order of the level that lifts them above their minimums */
    uint16_t topping[ALLOC_BOX_MAX]; /* ... that brings them to their tops */
    int32_t join_level[ALLOC_BOX_MAX];
    int32_t top_level[ALLOC_BOX_MAX];
    uint16_t mover[ALLOC_BOX_MAX];                            /* those that take a step one by one */
    uint16_t sharing_n[NODE_MAX][POOL_N][POOL_SHARE_MAX + 1]; /* active ones that take 0, 1, 2, 3 units of a resource for each mA */
    int32_t moving[NODE_MAX][POOL_N];                         /* weights times units of the movers */
    int64_t free[2 * NODE_MAX];                               /* highest free levels of the nodes, in the leaves of a tree of their least */
    uint16_t changed[NODE_MAX];                               /* nodes whose leaves are not up to date */
    bool is_changed[NODE_MAX];
    uint16_t tight[NODE_MAX]; /* resources, as bits, that are handed out step by step at a node or above it */
};

/* Divide the budgets.
 *
 * node, node_n  the tree, 1..NODE_MAX
 * box, box_n    0..ALLOC_BOX_MAX; any order
 * out           [box_n], same order as box
 *
 * CHECKs that the indices are sane; values were validated by whoever made them.
 */
void alloc_run(const struct alloc_rules *rules, const struct alloc_node *node, uint16_t node_n, const struct alloc_box *box, uint16_t box_n,
               struct alloc_scratch *scratch, struct alloc_result *out);

/* Current used per node and phase by a result, fixed wallboxes counted at their fixed_ma. out is [node_n][PHASE_N]. */
void alloc_used(const struct alloc_node *node, uint16_t node_n, const struct alloc_box *box, const struct alloc_result *result, uint16_t box_n,
                int64_t (*out)[PHASE_N]);
