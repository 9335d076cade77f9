/* Whether what a meter says can be true (spec 07): frozen, phases that do not add up, wrong way round, phases exchanged.
 *
 * Decided here: which doubt there is about a reading whose values are possible each by itself. Not here: what follows (budget), how it is
 * said to people (manager/shell/meter_text). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "manager/core/meter_sample.h"
#include "manager/core/meter_wiring.h"

#define FROZEN_MOVED_MS 10000  /* all registers bit-identical for so long while the wallboxes moved is frozen */
#define FROZEN_MOVED_MA 2000   /* ... by more than this */
#define FROZEN_MS 60000        /* for so long in any case, if the meter shows ... */
#define FROZEN_STEP_MV 100     /* ... voltages that finely */
#define LIMIT_EXPORT_MS 2000   /* more export than the node may carry, for so long, is import the wrong way round */
#define LIMIT_IMPORT_MS 3000   /* an overload on a phase where no wallbox draws, for so long, may be that of another phase */
#define LIMIT_OWN_MA 4000      /* ... while wallboxes draw so much there */
#define SOLAR_IMPORT_W 500     /* a solar meter that shows more import than this ... */
#define SOLAR_IMPORT_MS 300000 /* ... for so long is the wrong way round */

/* Why a meter is not believed. The numbers are stored with events: append only. */
enum meter_doubt {
    DOUBT_NONE = 0,
    DOUBT_SILENT = 1,        /* no answer in time */
    DOUBT_UNREACHABLE = 2,   /* no connection */
    DOUBT_GARBLED = 3,       /* answers that do not fit the question */
    DOUBT_REFUSED = 4,       /* it answers with exceptions */
    DOUBT_NO_UNIT = 5,       /* the gateway finds nobody of this number */
    DOUBT_MISCONFIGURED = 6, /* model, address or phases cannot be */
    DOUBT_VALUES = 7,        /* impossible values */
    DOUBT_SUM = 8,           /* the phases do not add up to the total, or more power than voltage times current */
    DOUBT_FROZEN = 9,        /* nothing moves */
    DOUBT_SIGN = 10,         /* import and export are exchanged */
    DOUBT_PHASES = 11,       /* another phase moves than the one that a wallbox uses */
    DOUBT_N,
};

/* One word for logs and the API: "frozen". */
const char *meter_doubt_text(enum meter_doubt doubt);

/* Whether export beyond the limit is a sign of wrong wiring. */
enum export_doubt {
    EXPORT_UNSUSPECTED = 0,
    EXPORT_SUSPECTED, /* and not confirmed or refuted yet */
    EXPORT_REFUTED,   /* a step of the wallboxes showed that it is real */
};

struct meter_watch {
    enum meter_doubt doubt; /* of the newest sample */
    uint64_t digest;
    int64_t same_since_ms; /* since when the registers are those of `digest` */
    uint16_t heard_n;      /* wallboxes that the newest figure is of */
    bool has_moved;        /* the wallboxes, since then, by more than FROZEN_MOVED_MA */
    bool has_range;        /* the two below hold values */
    int32_t most_lo_ma[PHASE_N];
    int32_t least_hi_ma[PHASE_N];
    int64_t import_since_ms; /* of a solar meter; MS_NEVER */
    int64_t export_over_ms;  /* since when more is exported than the node may carry; MS_NEVER */
    enum export_doubt export_doubt;
    int64_t import_over_ms; /* since when a phase without wallboxes is overloaded; MS_NEVER */
    struct meter_wiring wiring;
};

struct meter_watch_rules {
    int64_t window_ms; /* how old the meter's figures may be */
    bool is_solar;
    const int32_t *limit_ma; /* [PHASE_N] of the node, house meters only */
};

void meter_watch_init(struct meter_watch *w);

/* What the wallboxes below a meter are known to draw now. */
struct meter_watch_own {
    int32_t ma[PHASE_N]; /* site order */
    uint16_t heard_n;    /* wallboxes that this is the sum of; one more or less is no move */
};

/* Take a reading in; taken_ms never decreases.
 *
 * Returns the doubt about it, DOUBT_NONE or one of DOUBT_SUM and above.
 */
enum meter_doubt meter_watch_sample(struct meter_watch *w, const struct meter_watch_rules *rules, const struct meter_sample *sample,
                                    const struct meter_watch_own *own);
