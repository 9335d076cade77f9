/* What to look at when something is not as expected although no fault is shown, and when the lights are red (SR-232..SR-242; the union of all
 * manuals, DIFF-15), in every language of the dashboard.
 */
#pragma once

#include <stddef.h>

#include "client/core/cfault_text.h"

enum trouble {
    TROUBLE_DARK,      /* no light at all */
    TROUBLE_NO_START,  /* a plugged vehicle does not charge */
    TROUBLE_SLOW,      /* not full, or slower than expected */
    TROUBLE_STUCK,     /* the plug cannot be pulled */
    TROUBLE_RED_FLASH, /* flashing red, or parts of it red */
    TROUBLE_RED,       /* permanent red */
    TROUBLE_N,
};

/* Heading of a trouble. Static. */
const char *trouble_text(enum trouble trouble, enum language language);

/* How many causes it may have. */
size_t trouble_cause_n(enum trouble trouble);

/* One of them with what to do, 0..trouble_cause_n - 1. Static. */
const char *trouble_cause(enum trouble trouble, size_t cause, enum language language);
