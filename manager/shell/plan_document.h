/* What a document tells wallbox-plan (spec 04 4.6): the site on paper, what its vehicles ask for at this moment, and the rules.
 *
 * Decided here: keys, ranges and defaults that sitedoc does not know. Not here: budgets (plan_input), the days of --simulate (plan_days).
 * Sections of other programs (meters, manager, simulation, timezone) are skipped; any other unknown key is an error.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "common/base/limits.h"
#include "common/base/phase.h"
#include "common/base/rc.h"
#include "manager/core/allocate.h"
#include "manager/core/site.h"
#include "manager/shell/sitedoc.h"

#define PLAN_MS_MAX 1000000000000 /* longest time of a document: 31 years */
#define PLAN_WH_MAX 1000000000

/* The state of a wallbox, beside what it is. */
struct plan_box {
    uint8_t used;       /* site phases, not empty */
    uint16_t rank;      /* place in the order of ids */
    int32_t demand_ma;  /* 0..MA_MAX */
    int32_t current_ma; /* 0..MA_MAX; above 0 it is running */
    int64_t waiting_ms;
    int64_t running_ms;
    int64_t needed_wh;
    bool has_departure;
    int64_t departure_ms; /* from now; negative when it is over */
    bool is_fixed;
    int32_t fixed_ma[PHASE_N]; /* site order */
};

/* A whole document. Big: keep it on the heap. */
struct plan {
    struct site site;           /* only nodes and wallboxes */
    uint16_t node_at[NODE_MAX]; /* index in site.node of each node of the document, in the document's order */
    int64_t limit_w[NODE_MAX];  /* of each node of the site, negative: none */
    struct plan_box box[BOX_MAX];
    struct alloc_rules rules;
};

/* Read a document.
 *
 * RC_RANGE  errors were added, each with its path; *out is not to be used
 */
MUST_USE enum rc plan_read(const json_t *document, struct plan *out, struct sitedoc_errors *errors);
