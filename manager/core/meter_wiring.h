/* Whether a house meter is wired as the site document says: when a wallbox draws more, the meter must show more, on the same phase.
 *
 * Decided here: from steps of the wallboxes below a meter, and from figures that change places at one moment, whether the meter runs the wrong
 * way round or has its phases exchanged, and which assignment would be right. Not here: what follows from it (meter_watch, budget).
 *
 * A meter shows the past, and a wallbox' figure arrives late; so the wallboxes' current at the moment of a sample is known as a range only.
 * A step counts when the ranges of two samples are clearly apart. One step that fits only another wiring is a suspicion: the fallback that
 * follows makes the wallboxes move again, which confirms or refutes it. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/phase.h"
#include "manager/core/meter_sample.h"

#define WIRING_KEPT 32          /* samples kept, 16 s of a meter read twice a second */
#define WIRING_STEP_MA 4000     /* a smaller move of the wallboxes says nothing */
#define WIRING_GAP_MS 2500      /* samples further apart are not compared */
#define WIRING_SUSPECT_MS 60000 /* a suspicion that nothing confirms ends then */
#define WIRING_TOLD_MS 400      /* so late a figure of a wallbox may arrive: five a second at most, and its way */
#define WIRING_NONE 0xFFFF      /* of meter_wiring_found */
#define WIRING_REVERSED 1       /* bit of a wiring: import and export exchanged; the rest is twice the order of phases */

enum wiring_state {
    WIRING_UNSEEN,    /* nothing has moved that would tell */
    WIRING_AGREES,    /* the last step fits */
    WIRING_SUSPECTED, /* one step fits another wiring only */
    WIRING_WRONG,     /* more than one did */
};

/* Currents at one sample, site order. */
struct wiring_at {
    int64_t taken_ms;
    int32_t metered_ma[PHASE_N];
    int32_t own_ma[PHASE_N];
};

struct meter_wiring {
    enum wiring_state state;
    uint16_t candidates;    /* set of wirings that fit all steps that fit ours not */
    int64_t suspect_end_ms; /* of WIRING_SUSPECTED */
    int64_t judged_ms;      /* samples before this are no reference any more */
    int64_t paired_ms;      /* the newest sample that was looked at for exchanged places */
    uint8_t first;          /* ring, oldest first */
    uint8_t n;
    struct wiring_at at[WIRING_KEPT];
};

/* What the wallboxes below drew at the moment of the newest sample, as a range. */
struct wiring_range {
    int32_t lo_ma[PHASE_N];
    int32_t hi_ma[PHASE_N];
};

void meter_wiring_init(struct meter_wiring *w);

/* Forget the samples: what the wallboxes draw is known of others than before. */
void meter_wiring_restart(struct meter_wiring *w);

/* Take a sample in.
 *
 * own_ma     what the wallboxes below the meter are known to draw now
 * window_ms  how old the meter's figures may be
 * phases     that the meter measures
 * does_judge false: the samples are kept for meter_wiring_range only
 */
void meter_wiring_sample(struct meter_wiring *w, const struct meter_sample *sample, const int32_t own_ma[PHASE_N], int64_t window_ms, uint8_t phases,
                         bool does_judge);

/* Range of the wallboxes' current for the newest sample. False: not known yet. */
bool meter_wiring_range(const struct meter_wiring *w, int64_t window_ms, struct wiring_range *out);

/* The likeliest wiring while it is suspected or wrong, otherwise WIRING_NONE. */
uint16_t meter_wiring_found(const struct meter_wiring *w);

/* Phase assignment that would put the found order of phases right; PHASES_UNSET: there is none among the six (two phases are exchanged), or
 * nothing is wrong with the order. */
enum phase_assign meter_wiring_suggest(const struct meter_wiring *w, enum phase_assign now);
