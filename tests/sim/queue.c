#include "tests/sim/queue.h"

#include "common/base/check.h"

void queue_init(struct queue *q)
{
    q->n = 0;
    q->pushed_n = 0;
}

static bool is_before(const struct item *a, const struct item *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

void queue_push(struct queue *q, int64_t at_us, uint16_t kind, uint16_t who, uint32_t generation)
{
    struct item it = {.at_us = at_us, .order = q->pushed_n, .kind = kind, .who = who, .generation = generation};
    uint32_t i = q->n;

    CHECK(q->n < QUEUE_MAX);
    q->n++;
    q->pushed_n++;
    while (i > 0 && is_before(&it, &q->at[(i - 1) / 2])) {
        q->at[i] = q->at[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    q->at[i] = it;
}

bool queue_pop(struct queue *q, struct item *out)
{
    struct item last;
    uint32_t i = 0;

    if (q->n == 0) {
        return false;
    }
    *out = q->at[0];
    q->n--;
    last = q->at[q->n];
    for (uint32_t child = 1; child < q->n; child = 2 * i + 1) {
        if (child + 1 < q->n && is_before(&q->at[child + 1], &q->at[child])) {
            child++;
        }
        if (!is_before(&q->at[child], &last)) {
            break;
        }
        q->at[i] = q->at[child];
        i = child;
    }
    q->at[i] = last;
    return true;
}
