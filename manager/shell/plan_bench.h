/* How long one allocation takes for a random site (spec 04 4.6, --bench; 11). */
#pragma once

#include <stdint.h>

#include <jansson.h>

#include "manager/core/allocate.h"

/* A random site: three levels (grid connection, groups, circuits of about 32 wallboxes), one-, two- and three-phase vehicles, three priorities,
 * weights 1, half of them running. The grid connection carries half of what they could use together; circuits carry 45 to 110 % of theirs. */
struct plan_bench_site {
    struct alloc_rules rules;
    uint16_t node_n;
    uint16_t box_n;
    struct alloc_node node[NODE_MAX];
    struct alloc_box box[ALLOC_BOX_MAX];
};

/* Make the site of a seed. box_n: 1..ALLOC_BOX_MAX. */
void plan_bench_site(struct plan_bench_site *out, uint16_t box_n, uint64_t seed);

/* Time allocations of such a site: {"wallboxes", "nodes", "runs", "median_ns", "ns_per_wallbox"}.
 *
 * Ownership: the caller gives the result back with json_decref. Never NULL.
 */
json_t *plan_bench(uint16_t box_n, uint64_t seed);
