/* Random sites for the property test of the allocation: everything follows from the seed. */
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

/* Make the site of a seed. */
void alloc_case_make(struct alloc_case *c, uint64_t seed);

/* The site as JSON in the form that wallbox-plan reads, with the results, on standard error. */
void alloc_case_print(const struct alloc_case *c, const struct alloc_result *result);
