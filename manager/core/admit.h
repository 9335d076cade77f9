/* Who may charge when not all minimums fit: the order of admission, and who of that order fits (spec 04 4.4).
 *
 * Order: (1) running inside its minimum run time; (2) higher priority; (3) overdue; (4) with a departure, smallest laxity first, then
 * without; (5) longest waiting: running inside its turn is before all that wait, running after it counts as just arrived (0 ms); of equal
 * ones who has charged least in his session; (6) rank. In that order each is given its minimum if it fits beside the minimums already
 * given; one that does not fit is skipped. One that is not running must find its minimum and start_margin_ma, but takes its minimum.
 *
 * Overdue: not running, and has waited a full round = ceil(n / k) x turn_ms. n and k are counted on each node-phase (and limit in watts)
 * above the wallbox, the longest round counts. n: competing wallboxes of its priority or higher that use it. k, at least 1: how many of
 * those fit there, budget less fixed ones, when minimums are given to higher priorities first and to the smallest minimum first.
 * Competing: has a demand and its minimum fits alone. Neither n nor k depends on who is running.
 */
#pragma once

#include "manager/core/allocate.h"

/* What the parts of one allocation share. All borrowed. */
struct alloc_job {
    const struct alloc_rules *rules;
    const struct alloc_node *node;
    const struct alloc_box *box;
    struct alloc_scratch *s;
    struct alloc_result *out;
    uint16_t node_n;
    uint16_t box_n;
    uint16_t line_n; /* competing wallboxes: length of s->line and s->class */
};

/* Put `index` in order of s->key of its elements, smallest first; equal ones keep their order. Linear: the bytes of the keys one by one. */
void admit_sort(struct alloc_scratch *s, uint16_t *index, uint16_t n);

/* Current that wallbox i must find to be admitted. */
int32_t admit_need_ma(const struct alloc_job *job, uint16_t i);

/* Decide who is admitted.
 *
 * in   s->base, s->class[0..line_n) in any order
 * out  s->line, s->class sorted, s->is_overdue, s->is_admitted, s->floor
 */
void admit_run(struct alloc_job *job);
