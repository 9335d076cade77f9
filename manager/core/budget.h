/* What the wallboxes may draw: budget of each node and phase from limits, reserve and base load (spec 04 4.2).
 *
 * Decided here: base load from a house meter and the wallboxes' own figures (low and high estimate, lag window), what happens when the
 * meter is silent or implausible (fallback), the credit for export, the filter before the allocation (budget_filter), and that a schedule
 * is the lowest.
 * Not here: reading meters (manager/shell/bus), dividing (allocate). Site order of phases throughout.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/phase.h"
#include "common/base/rc.h"
#include "manager/core/budget_filter.h"
#include "manager/core/meter_sample.h"
#include "manager/core/meter_watch.h"
#include "manager/core/params.h"
#include "manager/core/schedule.h"
#include "manager/core/site.h"

#define METER_FALLBACK_MA 10000 /* SR-050: every wallbox under a lost meter is held to this */
#define POWER_MAX_W 1000000000  /* largest power of a plausible sample */
#define DRAWN_KEPT 64           /* figures kept per wallbox ... */
#define DRAWN_GRAIN_MS 170      /* ... one for each so long, the largest: together more than the longest lag window, 10.5 s */
#define LAG_MARGIN_MS 500       /* the lag window is the lag of the meter's model and so much */
#define UNTOLD_LATE_MS 1500     /* a vehicle that has moved has been reported after this: a Status comes every second */

enum meter_state { METER_NEVER, METER_GOOD, METER_SILENT, METER_IMPLAUSIBLE };

const char *meter_state_text(enum meter_state state);

struct budget_meter {
    enum meter_state state;
    bool has_sample;
    struct meter_sample last; /* newest good one */
    int64_t good_ms;          /* when it arrived; MS_NEVER */
    uint32_t refused_n;       /* implausible samples since the start */
    bool is_refused;          /* the newest reading was one of them */
    enum meter_doubt doubt;   /* why it is not good, or why the newest reading was refused */
    enum meter_doubt trouble; /* what the bus says of it */
    struct meter_watch watch;
};

/* A wallbox' measured current at one moment. */
struct drawn_at {
    int64_t at_ms;
    int32_t ma[PHASE_N];
};

struct budget_box {
    bool is_heard;  /* false: silent, subtracts 0 */
    bool is_paused; /* silent, but its grants are booked: what it drew last is no base load, and no room either */
    struct drawn_at newest;
    int32_t granted_ma[PHASE_N]; /* what it may draw */
    uint8_t first;               /* ring of the largest figures of each DRAWN_GRAIN_MS, oldest first */
    uint8_t n;
    struct drawn_at at[DRAWN_KEPT];
};

struct budget_node {
    int32_t base_ma[PHASE_N]; /* base load as shown to people: the newest estimate, negative is export */
    int32_t true_ma[PHASE_N]; /* budget before filter and schedule */
    struct budget_filter filter[PHASE_N];
    struct budget_filter filter_w;
    int32_t use_ma[PHASE_N]; /* budget in use, never negative */
    int32_t use_w;           /* over all phases; -1: no limit */
    struct schedule_limit schedule;
    uint8_t scheduled;              /* phases (bits 0..2) and watts (bit 3) on which the schedule is the lowest */
    int64_t high_since_ms[PHASE_N]; /* since when the high estimate has stood above the low one by ripple_ma or more; MS_NEVER */
    int32_t high_ma[PHASE_N];       /* smallest distance of the two since then */
    int32_t lift_ma[PHASE_N];       /* the part of that distance that has lasted for a whole lag window */
    bool is_fallback;               /* this node's own meter is lost */
};

struct budget {
    const struct site *site;             /* kept */
    const struct manager_params *params; /* kept */
    int64_t now_ms;                      /* of the run */
    bool is_changed;                     /* a meter changed its state since the last run */
    struct budget_meter meter[METER_MAX];
    struct budget_box box[BOX_MAX];
    struct budget_node node[NODE_MAX];
};

/* Start: no meter has answered, no wallbox was heard. Both pointers are kept as long as the budget is used. */
void budget_init(struct budget *b, const struct site *site, const struct manager_params *params);

/* A reading of meter `meter` arrived.
 *
 * RC_RANGE  a value is physically impossible (current outside -MA_MAX..MA_MAX, voltage not 0 and outside 50..500 V, power outside
 *           -POWER_MAX_W..POWER_MAX_W, frequency below 0, energy below -1), it was taken in the future, or meter_watch has a doubt: not used
 * RC_STALE  taken before the last one, or meter_stale_ms ago or longer: not used
 *
 * A good sample makes the meter METER_GOOD. It is lost (budget_run) when its newest good sample was taken meter_stale_ms ago:
 * METER_IMPLAUSIBLE if the newest reading was refused with RC_RANGE, otherwise METER_SILENT. A frozen or wrongly wired meter is lost at once:
 * what it said before was no better.
 */
MUST_USE enum rc budget_meter_sample(struct budget *b, uint16_t meter, const struct meter_sample *sample, int64_t now_ms);

/* The bus has trouble reading a meter (DOUBT_SILENT .. DOUBT_VALUES), or has no more (DOUBT_NONE): the reason for its loss, not the loss. */
void budget_meter_trouble(struct budget *b, uint16_t meter, enum meter_doubt trouble);

/* A wallbox reported what it drew at `at_ms` (receipt minus its drawn_age_ms). ma in site order, clamped to 0..MA_MAX.
 * Older than the last one: ignored. */
void budget_box_drawn(struct budget *b, uint16_t box, int64_t at_ms, const int32_t ma[PHASE_N]);

/* What a wallbox was granted, in site order, 0 on phases that it is not wired to: a meter may show that it draws more before the wallbox
 * reports it (UNTOLD_LATE_MS). */
void budget_box_granted(struct budget *b, uint16_t box, const int32_t ma[PHASE_N]);

/* A wallbox has fallen silent, and what it was granted is booked: until it is heard again or that is over (budget_box_silent), the budget does
 * not fall because of what it draws, which would count it twice, and does not rise because it may have stopped. */
void budget_box_paused(struct budget *b, uint16_t box);

/* A wallbox has fallen silent: from now on it subtracts 0, its figures are forgotten. */
void budget_box_silent(struct budget *b, uint16_t box);

/* What a schedule or the grid operator allows the wallboxes below a node from the next run on; schedule_none(): nothing is limited. */
void budget_schedule(struct budget *b, uint16_t node, const struct schedule_limit *limit);

/* The next run takes the true budget of a node as it is, without holding a rise back. */
void budget_restart(struct budget *b, uint16_t node);

/* Nobody has looked for a while: what is held back as a rise was not there throughout, and begins anew. */
void budget_gap(struct budget *b);

/* Compute every node's budget as of now_ms: node[].use_ma is the result.
 * Meters that have fallen silent go to their fallback here. Returns true when any budget in use changed or a meter changed its state. */
bool budget_run(struct budget *b, int64_t now_ms);

/* Highest current that wallbox `box` may get by a meter fallback above it: METER_FALLBACK_MA, or MA_MAX when no meter above it is lost. */
int32_t budget_box_cap_ma(const struct budget *b, uint16_t box);

/* When budget_run must be called next although nothing arrives (a meter goes stale, a held rise is due). MS_FOREVER: never. */
int64_t budget_next_ms(const struct budget *b, int64_t now_ms);
