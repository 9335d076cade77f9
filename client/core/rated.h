/* Steps of the rated-current switch (SR-194, SR-204; DIFF-18): which currents an electrician can set in the box.
 *
 * Two kinds of hardware: the newer Plus, set by its app, and all others with three DIP switches. A switch limits whatever anybody grants.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum rated_steps {
    RATED_ANY,  /* a board without a switch: any current */
    RATED_PLUS, /* 0, 6, 10, 12, 16, 20, 24, 32 A */
    RATED_DIP,  /* 10, 13, 16, 20, 25, 32 A */
    RATED_N,
};

/* True when the switch has this step. For RATED_ANY 0 and 6,000..80,000. */
bool rated_is_step(enum rated_steps steps, int32_t ma);

/* Largest step that is not above ma; 0 when even the smallest is. */
int32_t rated_step_down(enum rated_steps steps, int32_t ma);

/* Current of the DIP switches DSW1.6, DSW1.7, DSW1.8; 0 for a position that has none: it does not charge. */
int32_t rated_of_dip(bool is_6_on, bool is_7_on, bool is_8_on);

/* What rated_ma must be, for messages. Static. */
const char *rated_text(enum rated_steps steps);
