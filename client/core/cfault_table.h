/* The faults of a wallbox, one row each (spec 06 6.2; SR-054, SR-056, SR-218..SR-231): family, what it demands, how it is retried, and how
 * the status bar of a Connect shows it in each market. Texts are in cfault_text.
 *
 * Decided here: what a code means. Not here: whether a fault is present (cfault, health), when a retry is due (retry), the lights as a
 * whole (indicator).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/msg.h"

/* Codes of the manuals. */
#define CFAULT_UNPLUGGED 1     /* during the self-test, or under current (SR-220) */
#define CFAULT_OVERHEATED 3    /* charging interrupted until it has cooled (SR-046, SR-221) */
#define CFAULT_LOAD 5          /* something that is no vehicle (SR-222) */
#define CFAULT_CABLE 8         /* the plug of the cable reports an invalid state (SR-223) */
#define CFAULT_OVERDRAW 4003   /* the vehicle took more than was offered (SR-226) */
#define CFAULT_NO_CONTACT 8001 /* the contactor does not close (SR-224) */
#define CFAULT_VOLTAGE 8002    /* outside 160 V..280 V (SR-225) */
#define CFAULT_RESIDUAL 8005   /* residual current (SR-227) */
#define CFAULT_SAFETY 8007     /* safety circuit (SR-228) */

/* Codes of our own. */
#define CFAULT_BOARD_LOST 9001
#define CFAULT_STORE_FULL 9002 /* the journal refuses: no new session */
#define CFAULT_WATCHDOG 9003   /* the board's watchdog has fired and is not rearmed yet */
#define CFAULT_EARTH 9004      /* earth missing or its resistance too high (SR-014, SR-056) */
#define CFAULT_CCID 9005       /* test of the residual current device failed (SR-056) */
#define CFAULT_DIODE 9006      /* the vehicle has no diode in its pilot circuit */
#define CFAULT_PILOT 9007      /* pilot short or not available, states E and F */
#define CFAULT_WELDED 9008     /* the contactor does not open (SR-056) */
#define CFAULT_METER 9009      /* the register does not count what flows */
#define CFAULT_CLOCK 9010      /* nobody knows what time it is */
#define CFAULT_MODULE 9011     /* communication module defective (SR-062..SR-064) */

enum cfault_family {
    CFAULT_GENERAL,  /* red and white */
    CFAULT_POWER,    /* power unit, red and blue */
    CFAULT_INTERNAL, /* no code of the manuals */
};

enum cfault_severity {
    CFAULT_NOTICE,    /* charging goes on */
    CFAULT_INTERRUPT, /* contactor open at once */
    CFAULT_DANGER,    /* likewise, and the wallbox is to be cut off the mains: permanent red */
};

enum cfault_retry {
    CFAULT_RETRY_CAUSE,   /* over when its cause is: counts nothing */
    CFAULT_RETRY_COUNTED, /* an interruption: at most five retries, then it must be acknowledged (SR-035, SR-036) */
    CFAULT_RETRY_NEVER,   /* latched until the mains were off (SR-228) */
};

/* What the status bar of a Connect shows. */
enum cfault_show {
    CFAULT_SHOW_NONE,
    CFAULT_SHOW_CODE, /* low four bits of the code: red 1, the family's colour 0 (SR-219) */
    CFAULT_SHOW_HEAT, /* the code for a short time, then S3 and S4 (SR-221) */
    CFAULT_SHOW_RED,  /* permanent red */
};

enum market { MARKET_ECE, MARKET_NA, MARKET_N };

struct cfault_def {
    uint16_t code;
    const char *name; /* as in logs */
    enum cfault_family family;
    enum cfault_severity severity;
    enum cfault_retry retry;
    bool is_own; /* the client judges by itself, whatever the board reports besides */
    enum cfault_show show[MARKET_N];
};

/* Row of a code. One that no row knows has the row of unknown codes, code 0: an interruption, general (SR-218). Static. */
const struct cfault_def *cfault_def(uint16_t code);

/* All rows, that of unknown codes first. */
const struct cfault_def *cfault_defs(size_t *out_n);

/* Row of a code in a market: fault 8 exists only where there are sockets (DIFF-3), elsewhere it is an unknown code. */
const struct cfault_def *cfault_def_in(uint16_t code, enum market market);

/* Colours of the four segments for a code (SR-219, SR-221). */
void cfault_colours(uint16_t code, enum market market, enum light_colour out[4]);
