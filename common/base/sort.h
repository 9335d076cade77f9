/* Sorting of index arrays in place: heapsort, so that the worst case is n log n and nothing is allocated. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Put `index` in order.
 *
 * index, n   what is sorted; n may be 0
 * is_before  whether a comes before b; must be a strict order. Equal elements may end in any order, so break ties inside.
 * context    handed to is_before, borrowed
 */
void sort_index(uint16_t *index, uint16_t n, bool (*is_before)(const void *context, uint16_t a, uint16_t b), const void *context);
