/* Events that came up while effects were being carried out, kept until the core can be fed again. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/rc.h"
#include "manager/core/event.h"

#define MEV_QUEUE_MAX MFX_MAX /* each effect of a step fails at most once */

struct mev_queue {
    uint16_t first;
    uint16_t n;
    struct mev at[MEV_QUEUE_MAX];
};

/* Put an event at the end. It holds no borrowed message (CHECKed: MEV_PEER_MSG and MEV_START are never queued).
 *
 * RC_FULL  no room: nothing was kept
 */
MUST_USE enum rc mev_queue_push(struct mev_queue *q, const struct mev *e);

/* Take the oldest; false when there is none. */
bool mev_queue_pop(struct mev_queue *q, struct mev *out);
