#include "common/base/rc.h"

const char *rc_text(enum rc rc)
{
#define RC_TEXT(name, text) [name] = text,
    static const char *const texts[] = {RC_LIST(RC_TEXT)};
#undef RC_TEXT

    return (unsigned)rc < RC_N ? texts[rc] : "unknown";
}
