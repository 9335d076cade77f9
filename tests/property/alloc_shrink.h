/* Makes a site that breaks a property as small and plain as it can, so that a person sees why it is broken. */
#pragma once

#include "tests/property/alloc_site.h"

/* Shrink greedily: remove wallboxes and nodes, take defaults, round numbers, as long as is_broken says that the property is still broken. */
void alloc_shrink(struct alloc_case *c, bool (*is_broken)(void *context, const struct alloc_case *c), void *context);
