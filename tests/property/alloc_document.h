/* A site as a wallbox-plan document (spec 04 4.6), so that a broken property can be looked at with the program itself. */
#pragma once

#include <stdio.h>

#include "tests/property/alloc_site.h"

/* Write the document: budgets as limits without reserve, and without base load where a limit may be as small as the budget. */
void alloc_document_write(FILE *out, const struct alloc_case *c);

/* Write what the document cannot say, one line of comment each. */
void alloc_document_gaps(FILE *out, const struct alloc_case *c);
