#include "manager/shell/mev_queue.h"

#include "common/base/check.h"

enum rc mev_queue_push(struct mev_queue *q, const struct mev *e)
{
    CHECK(e->kind != MEV_PEER_MSG);
    CHECK(e->kind != MEV_START);
    if (q->n == MEV_QUEUE_MAX) {
        return RC_FULL;
    }
    q->at[(q->first + q->n) % MEV_QUEUE_MAX] = *e;
    q->n++;
    return RC_OK;
}

bool mev_queue_pop(struct mev_queue *q, struct mev *out)
{
    if (q->n == 0) {
        return false;
    }
    *out = q->at[q->first];
    q->first = (uint16_t)((q->first + 1) % MEV_QUEUE_MAX);
    q->n--;
    return true;
}
