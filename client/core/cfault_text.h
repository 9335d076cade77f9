/* What a person reads about a fault: its name and what to do, in every language of the dashboard. */
#pragma once

#include <stdint.h>

enum language { LANGUAGE_EN, LANGUAGE_FR, LANGUAGE_NB, LANGUAGE_DE, LANGUAGE_N };

/* Name of a fault, at most 128 bytes of UTF-8. A code that is not known has the text of unknown faults. Static. */
const char *cfault_text(uint16_t code, enum language language);

/* What to do about it. Static. */
const char *cfault_help(uint16_t code, enum language language);
