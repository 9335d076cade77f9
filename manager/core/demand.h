/* What one wallbox can use, and why not more (spec 04 4.3).
 *
 * Decided here: when a vehicle wants energy, when it is asleep, how unused current is given back. Terminal order does not matter here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/phase.h"
#include "manager/core/params.h"
#include "proto/msg.h"

#define WANT_AFTER_PLUG_MS 120000 /* a vehicle in B counts as wanting so long after plug-in, authorization or the end of a pause */
#define ASLEEP_AFTER_MS 60000     /* offered its minimum for so long and still in B: asleep */
#define UNUSED_AFTER_MS 60000     /* drawing less than offered for so long: the rest goes back */
#define UNUSED_FOR_MS 900000      /* ... for so long at most, then it may try again */

struct demand {
    int64_t want_until_ms;    /* end of the time after plug-in; MS_NEVER */
    int64_t offered_since_ms; /* since when at least the minimum has been offered in state B; MS_NEVER */
    int64_t unused_since_ms;  /* since when it has drawn markedly less than offered; MS_NEVER */
    int64_t capped_since_ms;  /* since when the demand has been lowered to what it draws; MS_NEVER */
    int32_t capped_ma;        /* that lowered demand */
    bool is_asleep;
    bool has_stopped; /* it went from C/D to B by itself, while at least its minimum was offered */
    bool was_ready;   /* C/D in the newest Status */
    bool was_plugged;
    bool was_authorized;
    bool was_paused;
};

struct demand_now {
    int32_t demand_ma;  /* 0: none */
    enum reason reason; /* why none: no_demand, paused, unauthorized, asleep, fault, not_commissioned; unset when there is one */
};

void demand_init(struct demand *d);

/* Take in a Status and say what the wallbox can use now.
 *
 * status          the newest, as received
 * min_ma, max_ma  of the wallbox as configured
 * others_want     somebody else on the same budget has less than he could use: only then is unused current taken back
 *
 * A vehicle in B wants energy until it had its chance: at least its minimum offered for ASLEEP_AFTER_MS. Who waits in the line longer than
 * WANT_AFTER_PLUG_MS is not forgotten. One that stopped by itself after that time demands its minimum only, which suffices to wake up again.
 */
struct demand_now demand_step(struct demand *d, const struct msg_status *status, int32_t min_ma, int32_t max_ma, bool others_want, int64_t now_ms);
