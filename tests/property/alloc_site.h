/* Random sites for the property tests of the allocation: everything follows from the seed. */
#pragma once

#include <stdint.h>

#include "manager/core/allocate.h"

#define CASE_BOX_MAX 60
#define CASE_NODE_MAX 16

struct alloc_case {
    struct alloc_rules rules;
    struct alloc_node node[CASE_NODE_MAX];
    struct alloc_box box[CASE_BOX_MAX];
    uint16_t node_n;
    uint16_t box_n;
};

/* Make the site of a seed: 1 to 60 wallboxes, up to four levels, the rank of each its place in the list. */
void alloc_case_make(struct alloc_case *c, uint64_t seed);
