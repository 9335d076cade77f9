/* What people want of one wallbox beyond the site document in force: settings that stay, wishes for the session under way, the last command.
 *
 * Decided here: which of setting and wish counts, and how urgent a departure is (spec 04 A9). Not here: what it gets (cycle), what survives a
 * restart (the shell stores settings in the site document; wishes end with the vehicle).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "manager/core/card.h"
#include "manager/core/site.h"
#include "proto/msg.h"

struct wish_setting {
    char name[NAME_LEN]; /* empty: the serial serves */
    int8_t priority;     /* 0..PRIORITY_MAX */
    enum solar_mode mode;
    int32_t local_limit_ma; /* min_ma..max_ma; 0: none */
};

/* Fields of a wish, as a set. */
enum { WISH_DEPARTURE = 1, WISH_NEEDED = 2, WISH_MODE = 4, WISH_PRIORITY = 8, WISH_NOW = 16 };

struct wish {
    uint8_t set;              /* which of these are wished */
    int64_t departure_utc_ms; /* when the vehicle leaves */
    int32_t needed_wh;        /* in this session, above 0 */
    enum solar_mode mode;
    int8_t priority;
};

/* The last command that was sent. */
struct wish_order {
    uint32_t seq;            /* 0: none */
    int32_t command;         /* enum manager_command */
    enum result_kind result; /* RESULT_UNSET: not answered yet */
};

void wish_setting_init(struct wish_setting *s, const struct site_box *site);

/* Let the fields `set` of `from` count; those of them that are not in from->set are wished no longer. */
void wish_change(struct wish *w, uint8_t set, const struct wish *from);

/* The clock on the wall of the site, summer time included. */
struct wall_clock {
    int64_t offset_ms;     /* what it shows minus UTC */
    int64_t change_utc_ms; /* when it will next be put forward or back; 0: not within a day */
    int64_t after_ms;      /* what it shows minus UTC from then on */
};

/* What a card presets for its sessions (spec 08 8.1): departure at the next time that the clock of the site shows that minute.
 *
 * local_ms  on the clock of the site; CLOCK_UNSET_UTC_MS: no clock, no departure
 * wall      that clock: of a minute that it shows twice the first counts, one that it leaves out is an hour earlier
 */
struct wish wish_of_card(const struct fleet_card *card, int64_t local_ms, const struct wall_clock *wall);

/* What counts. WISH_NOW goes before everything: fast and first. */
enum solar_mode wish_mode(const struct wish_setting *s, const struct wish *w);
int8_t wish_priority(const struct wish_setting *s, const struct wish *w);
int32_t wish_max_ma(const struct wish_setting *s, const struct site_box *site);

/* Time left minus time needed at the most that the wallbox may get. False: no departure is known, it is over, or nothing is missing.
 *
 * utc_ms      CLOCK_UNSET_UTC_MS: no clock, no departure
 * session_wh  charged so far
 * power_w     above 0
 */
bool wish_laxity(const struct wish *w, int64_t utc_ms, int64_t session_wh, int64_t power_w, int64_t *out_ms);
