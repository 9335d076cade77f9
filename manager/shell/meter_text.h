/* What the manager's doubts about a meter mean, in sentences for people. */
#pragma once

#include "common/base/phase.h"
#include "manager/core/meter_watch.h"
#include "manager/shell/bus_port.h"

#define METER_TEXT_LEN 320

/* What a trouble of the bus is to the core. */
enum meter_doubt meter_text_doubt(enum bus_trouble trouble);

/* One or two sentences: what is wrong and what to do. Empty for DOUBT_NONE.
 *
 * suggested  phase assignment that would be right, PHASES_UNSET when none is known
 */
void meter_text_explain(enum meter_doubt doubt, enum phase_assign suggested, char out[METER_TEXT_LEN]);

/* "unseen", "agrees", "suspected", "wrong". */
const char *meter_text_wiring(enum wiring_state state);
