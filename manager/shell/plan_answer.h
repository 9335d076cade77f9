/* The answer of wallbox-plan to a document: who gets what and why, and what is left (spec 04 4.6). */
#pragma once

#include <jansson.h>

#include "manager/shell/plan_divide.h"
#include "manager/shell/plan_document.h"
#include "manager/shell/plan_input.h"

/* What an answer takes to be found. Contents mean nothing between calls. Big: keep it on the heap. */
struct plan_work {
    struct plan_input input;
    struct plan_divider divider;
    struct alloc_result result[BOX_MAX];
};

/* Divide the site of a document and say the result: {"allocations": [...], "nodes": [...]}, both in the order of the document.
 *
 * Ownership: the caller gives the result back with json_decref. Never NULL.
 */
json_t *plan_answer(const struct plan *plan, struct plan_work *work);
