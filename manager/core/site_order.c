#include "manager/core/site_order.h"

#include <stdbool.h>

#include "common/base/check.h"
#include "manager/core/site.h"

#define PLACE_NONE UINT16_MAX

static enum rc find_root(const uint16_t *parent, uint16_t n, enum order_fault *out_fault, uint16_t *out_at)
{
    uint16_t root = PLACE_NONE;

    for (uint16_t i = 0; i < n; i++) {
        if (parent[i] == NODE_NONE && root != PLACE_NONE) {
            *out_fault = ORDER_SECOND_ROOT;
            *out_at = i;
            return RC_RANGE;
        }
        root = parent[i] == NODE_NONE ? i : root;
    }
    if (root == PLACE_NONE) {
        *out_fault = ORDER_NO_ROOT;
        *out_at = 0;
        return RC_RANGE;
    }
    return RC_OK;
}

/* The first node without a place whose parent has one. */
static uint16_t next_ready(const uint16_t *parent, uint16_t n, const uint16_t *place)
{
    for (uint16_t i = 0; i < n; i++) {
        if (place[i] == PLACE_NONE && (parent[i] == NODE_NONE || place[parent[i]] != PLACE_NONE)) {
            return i;
        }
    }
    return PLACE_NONE;
}

enum rc site_order(const uint16_t *parent, uint16_t n, struct site_order *out, enum order_fault *out_fault, uint16_t *out_at)
{
    enum rc rc = find_root(parent, n, out_fault, out_at);

    CHECK(n >= 1);
    CHECK(n <= NODE_MAX);
    if (rc != RC_OK) {
        return rc;
    }
    out->n = 0;
    for (uint16_t i = 0; i < n; i++) {
        CHECK(parent[i] == NODE_NONE || parent[i] < n);
        out->place[i] = PLACE_NONE;
    }
    while (out->n < n) {
        uint16_t i = next_ready(parent, n, out->place);

        if (i == PLACE_NONE) {
            break;
        }
        out->place[i] = out->n;
        out->parent[out->n] = parent[i] == NODE_NONE ? NODE_NONE : out->place[parent[i]];
        out->order[out->n++] = i;
    }
    for (uint16_t i = 0; i < n; i++) {
        if (out->place[i] == PLACE_NONE) {
            *out_fault = ORDER_CIRCLE; /* every node but one has a parent, so what was not reached goes round */
            *out_at = i;
            return RC_RANGE;
        }
    }
    return RC_OK;
}
