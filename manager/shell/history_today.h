/* What the database knows of a day that is not over: energy of ended sessions, how many have begun, the share of the sun, the highest current.
 *
 * Not here: sessions under way, whose energy the picture of the moment has (routes_today).
 */
#pragma once

#include "manager/core/site.h"
#include "manager/shell/history.h"

struct history_today {
    int64_t energy_wh;      /* of sessions that have ended, since midnight */
    int64_t sessions_n;     /* begun since midnight */
    int64_t solar_permille; /* of the energy whose mix is known; -1: of none */
    int32_t peak_ma;        /* highest mean of a second at the grid connection, of any phase; -1 unknown */
    uint8_t peak_phase;     /* 0..2 */
};

/* midnight_utc_ms: begin of the day on the clock of the site, before now_utc_ms. RC_IO: the database cannot be read: logged. */
MUST_USE enum rc history_today(struct history *h, const char *grid, int64_t midnight_utc_ms, int64_t now_utc_ms, struct history_today *out);

/* Energy of a wallbox by its power since then, Wh; what is not known counts as nothing. */
MUST_USE enum rc history_energy(struct history *h, const char *serial, int64_t from_utc_ms, int64_t to_utc_ms, int64_t *out_wh);
