/* Parents before children: the order in which the nodes of a document become the nodes of a site. */
#pragma once

#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/rc.h"

/* Why a node of the document has no place. */
enum order_fault { ORDER_NO_ROOT, ORDER_SECOND_ROOT, ORDER_CIRCLE };

struct site_order {
    uint16_t n;                /* how many are placed */
    uint16_t order[NODE_MAX];  /* index in the document of each placed node; nodes that stand well already keep their order */
    uint16_t place[NODE_MAX];  /* index in `order` of each node of the document */
    uint16_t parent[NODE_MAX]; /* of each placed node: index in `order`, lower than its own; NODE_NONE at the first */
};

/* Sort nodes by their parents.
 *
 * parent, n  for each node of the document the index of its parent there, NODE_NONE at the grid connection; n is 1..NODE_MAX
 *
 * RC_RANGE   *out_fault says why and *out_at names the node of the document; *out is not to be used
 */
MUST_USE enum rc site_order(const uint16_t *parent, uint16_t n, struct site_order *out, enum order_fault *out_fault, uint16_t *out_at);
