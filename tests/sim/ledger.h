/* The manager's books as the checks need them, after every step: the only place of the simulator that looks inside the manager's core.
 * (manager_view gives the same figures for people, at ten times the cost.)
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/phase.h"
#include "manager/core/allocate.h"
#include "manager/core/core.h"

struct ledger_box {
    int32_t exposure_ma[PHASE_N]; /* site order */
    int32_t excess_ma[PHASE_N];   /* drawn beyond what grants, fallback and settling values allow */
    int32_t newest_ma;            /* newest grant or adopted value, 0 none */
    int32_t demand_ma;
    uint8_t used; /* site phases */
    bool is_online;
    bool is_met;
    bool is_fixed; /* as the last division saw it */
    bool is_over;  /* draws more than is booked */
    bool is_answerable;
};

struct ledger_site {
    uint64_t epoch;
    int64_t cycled_ms; /* newest control cycle */
    bool is_granting;
    bool is_restarting;
    bool is_fenced;
};

/* All wallboxes as of the core's last step. */
void ledger_boxes(const struct manager *m, uint16_t box_n, struct ledger_box *out);

void ledger_site(const struct manager *m, struct ledger_site *out);

/* Budget in use. */
int32_t ledger_budget_ma(const struct manager *m, uint16_t node, int phase);

/* The larger of the budget in use and the one before the filter: a rise that is being held back excuses nobody, and harms nobody. */
int32_t ledger_held_ma(const struct manager *m, uint16_t node, int phase);

/* The node's budget comes from the fallback of a lost meter. */
bool ledger_is_meter_lost(const struct manager *m, uint16_t node);

/* What is held against that meter, in a word. */
const char *ledger_meter_doubt(const struct manager *m, uint16_t meter);

/* What the wallbox drew last is not counted as base load. */
bool ledger_is_subtracted(const struct manager *m, uint16_t box);

/* Input and result of the last division: [site.node_n], [site.box_n]. */
const struct alloc_node *ledger_alloc_nodes(const struct manager *m);
const struct alloc_box *ledger_alloc_boxes(const struct manager *m);
const struct alloc_result *ledger_alloc_results(const struct manager *m);

/* Why, and what the vehicle wants, in words for a failure. */
void ledger_describe(const struct manager *m, uint16_t box, char *out, size_t out_len);
