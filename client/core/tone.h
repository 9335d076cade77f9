/* Tones of a wallbox by name; how they sound is the board's (DIFF-11: pitch rises or falls). */
#pragma once

#define TONE_LIST(X)                                                                  \
    X(TONE_READ, "read")                   /* a card was read, more is needed */      \
    X(TONE_ACCEPTED, "accepted")           /* rising (SR-092) */                      \
    X(TONE_REJECTED, "rejected")           /* falling (SR-093) */                     \
    X(TONE_SHORT, "short")                 /* registration begins (SR-116) */         \
    X(TONE_SHORT_TWICE, "short_twice")     /* registered (SR-117, SR-119) */          \
    X(TONE_LONG, "long")                   /* registration ends (SR-118) */           \
    X(TONE_BUTTON_FIRST, "button_first")   /* service button held for 2 s (SR-108) */ \
    X(TONE_BUTTON_SECOND, "button_second") /* ... for 6 s (SR-103) */

#define TONE_ENUM(name, text) name,
enum tone { TONE_NONE = 0, TONE_LIST(TONE_ENUM) TONE_N };
#undef TONE_ENUM

/* Name of a tone; "none" for 0 and values outside the list. */
const char *tone_text(enum tone tone);
