/* One division by the manager's own allocation, for a site on paper.
 *
 * The running manager lets one- and two-phase vehicles exceed what they measurably draw on their least loaded phase by max_imbalance_ma
 * (spec 04 4.2). Here nobody draws: the allocation on that phase stands for the draw, 0 at first, and the division is repeated at most three
 * times. A repetition that leaves less on a least loaded phase than it was based on is dropped, so the limit always holds in the end.
 */
#pragma once

#include <stdint.h>

#include "manager/core/allocate.h"

#define PLAN_REPEATS_MAX 3

/* Working memory. Contents mean nothing between calls. Big: keep it on the heap. */
struct plan_divider {
    struct alloc_scratch scratch;
    struct alloc_node node[NODE_MAX];
    struct alloc_result kept[ALLOC_BOX_MAX];
};

/* Divide; the form is that of struct plan_policy. `context` is a struct plan_divider; the rest is that of alloc_run, with imbalance_ma of a node
 * being what is allowed between its phases. */
void plan_divide(void *context, const struct alloc_rules *rules, const struct alloc_node *node, uint16_t node_n, const struct alloc_box *box, uint16_t box_n,
                 struct alloc_result *out);
