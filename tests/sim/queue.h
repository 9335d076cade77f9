/* What is going to happen, in order of time; at the same time in order of insertion. A binary heap of a fixed capacity.
 *
 * Nothing is ever taken out of the middle: whoever changes his mind counts up a generation and ignores the item when it comes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define QUEUE_MAX 32768

struct item {
    int64_t at_us;
    uint64_t order; /* given by queue_push */
    uint16_t kind;
    uint16_t who;
    uint32_t generation;
};

struct queue {
    uint32_t n;
    uint64_t pushed_n;
    struct item at[QUEUE_MAX];
};

void queue_init(struct queue *q);

/* CHECKs that there is room. */
void queue_push(struct queue *q, int64_t at_us, uint16_t kind, uint16_t who, uint32_t generation);

/* Take the earliest; false when nothing is left. */
bool queue_pop(struct queue *q, struct item *out);
