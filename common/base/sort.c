#include "common/base/sort.h"

/* Let the element at `at` sink until no child comes after it. */
static void sink(uint16_t *index, uint32_t n, uint32_t at, bool (*is_before)(const void *context, uint16_t a, uint16_t b), const void *context)
{
    uint16_t moved = index[at];

    for (uint32_t child = 2 * at + 1; child < n; child = 2 * at + 1) {
        if (child + 1 < n && is_before(context, index[child], index[child + 1])) {
            child++;
        }
        if (!is_before(context, moved, index[child])) {
            break;
        }
        index[at] = index[child];
        at = child;
    }
    index[at] = moved;
}

void sort_index(uint16_t *index, uint16_t n, bool (*is_before)(const void *context, uint16_t a, uint16_t b), const void *context)
{
    for (uint32_t i = n / 2u; i > 0; i--) {
        sink(index, n, i - 1, is_before, context);
    }
    for (uint32_t end = n; end > 1; end--) {
        uint16_t last = index[0];

        index[0] = index[end - 1];
        index[end - 1] = last;
        sink(index, end - 1, 0, is_before, context);
    }
}
