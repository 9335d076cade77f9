/* Whether a house meter is wired as the site document says: when a wallbox draws more, the meter must show more, on the same phase.
 *
 * Decided here: from steps of the wallboxes below a meter, and from figures that change places at one moment, whether the meter runs the wrong
 * way round or has its phases exchanged, and which assignment would be right. Not here: what follows from it (meter_watch, budget).
 *
 * A step counts when the ranges of two samples (meter_past) are clearly apart. One step that fits only another wiring is a suspicion: the fallback that
 * follows makes the wallboxes move again, which confirms or refutes it. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/phase.h"
#include "manager/core/meter_past.h"
#include "manager/core/meter_sample.h"

#define WIRING_STEP_MA 4000     /* a smaller move of the wallboxes says nothing */
#define WIRING_SUSPECT_MS 60000 /* a suspicion that nothing confirms ends then */
#define WIRING_NONE 0xFFFF      /* of meter_wiring_found */
#define WIRING_REVERSED 1       /* bit of a wiring: import and export exchanged; the rest is twice the order of phases */

enum wiring_state {
    WIRING_UNSEEN,    /* nothing has moved that would tell */
    WIRING_AGREES,    /* the last step fits */
    WIRING_SUSPECTED, /* one step fits another wiring only */
    WIRING_WRONG,     /* more than one did */
};

struct meter_wiring {
    enum wiring_state state;
    uint16_t candidates;    /* set of wirings that fit all steps that fit ours not */
    int64_t suspect_end_ms; /* of WIRING_SUSPECTED */
    int64_t judged_ms;      /* samples before this are no reference any more */
    int64_t paired_ms;      /* the newest sample that was looked at for exchanged places */
    struct meter_past past;
};

void meter_wiring_init(struct meter_wiring *w);

/* Take a sample in.
 *
 * own_ma     what the wallboxes below the meter are known to draw now
 * window_ms  how old the meter's figures may be
 * phases     that the meter measures
 * does_judge false: the samples are kept for meter_past only
 */
void meter_wiring_sample(struct meter_wiring *w, const struct meter_sample *sample, const int32_t own_ma[PHASE_N], int64_t window_ms, uint8_t phases,
                         bool does_judge);

/* Something else than a step speaks against the wiring: it is the wrong way round. */
void meter_wiring_suspect_reversed(struct meter_wiring *w, int64_t now_ms);

/* ... or what is shown on phase `shown` is really one of the phases of the set `really`, `shown` not among them. */
void meter_wiring_suspect_phase(struct meter_wiring *w, int shown, uint8_t really, int64_t now_ms);

/* The likeliest wiring while it is suspected or wrong, otherwise WIRING_NONE. */
uint16_t meter_wiring_found(const struct meter_wiring *w);

/* Phase assignment that would put the found order of phases right; PHASES_UNSET: there is none among the six (two phases are exchanged), or
 * nothing is wrong with the order. */
enum phase_assign meter_wiring_suggest(const struct meter_wiring *w, enum phase_assign now);
