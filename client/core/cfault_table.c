#include "client/core/cfault_table.h"

#define BOTH(show)                             \
    {                                          \
        CFAULT_SHOW_##show, CFAULT_SHOW_##show \
    }
#define BITS 4

/* clang-format off */
static const struct cfault_def defs[] = {
    /* code               name             family           severity          retry                 own    Europe, North America */
    {0,                  "unknown",        CFAULT_GENERAL,  CFAULT_INTERRUPT, CFAULT_RETRY_COUNTED, false, BOTH(CODE)},
    {CFAULT_UNPLUGGED,   "unplugged",      CFAULT_GENERAL,  CFAULT_NOTICE,    CFAULT_RETRY_CAUSE,   true,  BOTH(CODE)},
    {CFAULT_OVERHEATED,  "overheated",     CFAULT_GENERAL,  CFAULT_INTERRUPT, CFAULT_RETRY_CAUSE,   true,  BOTH(HEAT)},
    {CFAULT_LOAD,        "load",           CFAULT_GENERAL,  CFAULT_INTERRUPT, CFAULT_RETRY_COUNTED, false, BOTH(CODE)},
    {CFAULT_CABLE,       "cable",          CFAULT_GENERAL,  CFAULT_INTERRUPT, CFAULT_RETRY_COUNTED, false, BOTH(CODE)},
    {CFAULT_OVERDRAW,    "overdraw",       CFAULT_POWER,    CFAULT_INTERRUPT, CFAULT_RETRY_COUNTED, true,  BOTH(CODE)},
    {CFAULT_NO_CONTACT,  "no_contact",     CFAULT_POWER,    CFAULT_INTERRUPT, CFAULT_RETRY_COUNTED, true,  BOTH(CODE)},
    {CFAULT_VOLTAGE,     "voltage",        CFAULT_POWER,    CFAULT_INTERRUPT, CFAULT_RETRY_COUNTED, true,  BOTH(CODE)},
    {CFAULT_RESIDUAL,    "residual",       CFAULT_POWER,    CFAULT_INTERRUPT, CFAULT_RETRY_COUNTED, false, BOTH(CODE)},
    {CFAULT_SAFETY,      "safety",         CFAULT_POWER,    CFAULT_INTERRUPT, CFAULT_RETRY_NEVER,   true,  {CFAULT_SHOW_CODE, CFAULT_SHOW_RED}},
    {CFAULT_BOARD_LOST,  "board_lost",     CFAULT_INTERNAL, CFAULT_NOTICE,    CFAULT_RETRY_CAUSE,   true,  BOTH(NONE)},
    {CFAULT_STORE_FULL,  "store_full",     CFAULT_INTERNAL, CFAULT_NOTICE,    CFAULT_RETRY_CAUSE,   true,  BOTH(NONE)},
    {CFAULT_WATCHDOG,    "watchdog",       CFAULT_INTERNAL, CFAULT_NOTICE,    CFAULT_RETRY_CAUSE,   true,  BOTH(NONE)},
    {CFAULT_EARTH,       "earth",          CFAULT_INTERNAL, CFAULT_DANGER,    CFAULT_RETRY_COUNTED, false, BOTH(RED)},
    {CFAULT_CCID,        "ccid",           CFAULT_INTERNAL, CFAULT_DANGER,    CFAULT_RETRY_COUNTED, false, BOTH(RED)},
    {CFAULT_DIODE,       "diode",          CFAULT_GENERAL,  CFAULT_INTERRUPT, CFAULT_RETRY_COUNTED, true,  BOTH(CODE)},
    {CFAULT_PILOT,       "pilot",          CFAULT_GENERAL,  CFAULT_INTERRUPT, CFAULT_RETRY_COUNTED, true,  BOTH(CODE)},
    {CFAULT_WELDED,      "welded",         CFAULT_INTERNAL, CFAULT_DANGER,    CFAULT_RETRY_NEVER,   true,  BOTH(RED)},
    {CFAULT_METER,       "meter",          CFAULT_INTERNAL, CFAULT_NOTICE,    CFAULT_RETRY_CAUSE,   true,  BOTH(NONE)},
    {CFAULT_CLOCK,       "clock",          CFAULT_INTERNAL, CFAULT_NOTICE,    CFAULT_RETRY_CAUSE,   true,  BOTH(NONE)},
    {CFAULT_MODULE,      "module",         CFAULT_INTERNAL, CFAULT_NOTICE,    CFAULT_RETRY_CAUSE,   false, BOTH(NONE)},
};
/* clang-format on */

const struct cfault_def *cfault_defs(size_t *out_n)
{
    *out_n = sizeof defs / sizeof defs[0];
    return defs;
}

const struct cfault_def *cfault_def(uint16_t code)
{
    for (size_t i = 1; i < sizeof defs / sizeof defs[0]; i++) {
        if (defs[i].code == code) {
            return &defs[i];
        }
    }
    return &defs[0];
}

const struct cfault_def *cfault_def_in(uint16_t code, enum market market)
{
    return code == CFAULT_CABLE && market == MARKET_NA ? &defs[0] : cfault_def(code);
}

void cfault_colours(uint16_t code, enum market market, enum light_colour out[4])
{
    const struct cfault_def *def = cfault_def_in(code, market);
    enum light_colour zero = def->family == CFAULT_POWER ? LIGHT_BLUE : LIGHT_WHITE;
    enum light_colour one = def->show[market] == CFAULT_SHOW_HEAT ? LIGHT_ORANGE : LIGHT_RED;
    unsigned bits = def->code % 1000 % (1U << BITS);

    for (unsigned i = 0; i < BITS; i++) {
        if (def->show[market] == CFAULT_SHOW_RED || def->code == 0) {
            out[i] = LIGHT_RED;
        } else {
            out[i] = (bits >> (BITS - 1 - i) & 1U) != 0 ? one : zero;
        }
    }
}
