#include "client/core/tone.h"

#include <stddef.h>

const char *tone_text(enum tone tone)
{
#define NAMED(name, text) [name] = text,
    static const char *const texts[TONE_N] = {TONE_LIST(NAMED)};
#undef NAMED

    return (unsigned)tone < TONE_N && texts[tone] != NULL ? texts[tone] : "none";
}
