/* Section `simulation` of a document for `wallbox-plan --simulate` (spec 04 4.6): who comes when and wants how much, what the house draws and the
 * sun makes meanwhile. The keys of wallbox-site, which uses the same section, are skipped.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "common/base/limits.h"
#include "common/base/phase.h"
#include "common/base/rc.h"
#include "manager/core/site.h"
#include "manager/shell/plan_document.h"
#include "manager/shell/sitedoc.h"

#define DAYS_SESSION_MAX 60000
#define DAYS_STEPS_MAX 20000000
#define DAYS_MS_MAX 315360000000 /* ten years */

/* A vehicle's stay. */
struct plan_session {
    int64_t arrival_ms;   /* since the start of the simulation */
    int64_t departure_ms; /* above arrival_ms */
    int64_t needed_wh;    /* 0..1,000,000 */
    int32_t max_ma;       /* what the vehicle takes at most, 1..80,000 */
    int8_t phases_n;      /* how many terminals it uses, from the first: 1..3 */
    int8_t priority;      /* negative: that of its wallbox */
    enum solar_mode mode; /* SOLAR_MODE_N: that of its wallbox */
    uint16_t box;         /* BOX_MAX: the first free one */
    bool is_announced;    /* the allocation knows departure and need */
};

/* Currents that follow each other at equal distances and begin again when they end. */
struct plan_profile {
    int64_t step_ms;
    uint32_t n;             /* 0: none */
    int32_t (*ma)[PHASE_N]; /* owned */
};

/* Everything of the section. Big: keep it on the heap. */
struct plan_days {
    int64_t step_ms;
    uint16_t session_n;
    struct plan_session *session; /* owned; in the order of the document */
    struct plan_profile base[NODE_MAX];
    struct plan_profile sun;
};

/* Read the section.
 *
 * plan  of the same document
 *
 * RC_RANGE  errors were added; *out may only be given to plan_days_free
 */
MUST_USE enum rc plan_days_read(const json_t *document, const struct plan *plan, struct plan_days *out, struct sitedoc_errors *errors);

/* Accepts a zeroed object. */
void plan_days_free(struct plan_days *d);

/* What a profile says at a moment, 0 or later; NULL when it is none. */
const int32_t *plan_profile_ma(const struct plan_profile *p, int64_t at_ms);
